"""The token of a monitoring tool, and its key."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.model.alert import Alert, ExternalId
from inbound.rules.alert_tokens import MASK, MAX_TOKEN_CHARS, is_key, mask_keys, read_alert
from steps import count_calls

KEY = "s3cret & <more>"
ESCAPED = "s3cret &amp; &lt;more&gt;"
KEYS = ("other-key", KEY)
PW = f'<PW name="{ESCAPED}"/>'


def token(*elements: str, pw: str = PW) -> str:
    return f'<Autotask><ID name="rmm"/>{pw}{"".join(elements)}</Autotask>'


ACME = token('<Customer name="Acme"/>')


def read(text: str) -> Alert:
    alert = read_alert(text, KEYS)
    assert isinstance(alert, Alert), alert
    return alert


def test_a_whole_token() -> None:
    """Every element is read; the description is the body above."""
    body = "Disk full on SRV1\nC: 99 %\n\n"
    found = read(
        body
        + token(
            '<Customer name="M&#252;ller &amp; S&#246;hne"/>',
            '<Email name="it@acme.example"/>',
            '<Contact name="Ann  Smith"/>',
            '<CustomerID source="RMM" name=" 4711 "/>',
            '<DeviceID source="RMM" name="D-1"/>',
            '<AlertID source="" name="A-1"/>',
            '<TicketID source="Other" name="X-1"/>',
            '<SubIssue name="Backup"/>',
            "<TicketNumber>t20060213.0045</TicketNumber>",
        )
        + "\n\n-- \nSent by RMM\n"
    )
    assert found == Alert(
        customer="Müller & Söhne",
        email="it@acme.example",
        contact="Ann Smith",
        customer_id=ExternalId(source="RMM", name="4711"),
        device_id=ExternalId(source="RMM", name="D-1"),
        alert_id=ExternalId(source="", name="A-1"),
        ticket_id=ExternalId(source="Other", name="X-1"),
        sub_issue="Backup",
        ticket_number="T20060213.0045",
        description="Disk full on SRV1\nC: 99 %",
    )


@pytest.mark.parametrize(
    "text",
    [
        # one string, one element per line, with spaces and comments
        token('<Customer name="Acme"/>'),
        token('<Customer name="Acme"/>').replace("><", ">\n<"),
        token('<Customer name="Acme"/>').replace("><", ">\r\n\t<"),
        token("<!-- x -->", '<Customer name="Acme"/>'),
        # an end tag instead of "/>", text instead of an attribute, single quotes, other case
        token('<Customer name="Acme"></Customer>'),
        token("<Customer>Acme</Customer>"),
        token("<Customer name='Acme'/>"),
        token('<CUSTOMER NAME="Acme"/>'),
        token('<Customer name=" Acme "/>'),
        token('<Customer name="Acme"/>', pw=f"<PW>{ESCAPED}</PW>"),
        # the last element of a name, the last token
        token('<Customer name="Beta"/>', '<Customer name="Acme"/>'),
        token('<Customer name="Beta"/>') + "\n" + token('<Customer name="Acme"/>'),
        token('<Customer name="Beta"/>', pw='<PW name="wrong"/>') + token('<Customer name="Acme"/>'),
        # what stands around
        f"text\n{ACME}\nfooter <b>of</b> a gateway",
        f'<?xml version="1.0" encoding="utf-8"?>\n{ACME}',
        f"<!DOCTYPE html><p>quoted page\n{ACME}",
        f"<Autotasks> {ACME}",
        # elements nobody knows
        token('<Customer name="Acme"/>', '<New name="x"><Customer name="Beta"/></New>'),
    ],
)
def test_forms_of_a_token(text: str) -> None:
    """However tools write it."""
    assert read(text).customer == "Acme"


@pytest.mark.parametrize(
    ("text", "above"),
    [
        (f"Line one\n  Line two\n\n{token()}\nfooter", "Line one\n  Line two"),
        (token(), ""),
        (f'Alert\n<?xml version="1.0"?>\n{token()}', "Alert"),
        # a key in an earlier token, and wherever else it stands
        (
            f"{token()}\nagain {KEY}\n{token()}",
            f'<Autotask><ID name="rmm"/><PW name="{MASK}"/></Autotask>\nagain {MASK}',
        ),
    ],
)
def test_the_description(text: str, above: str) -> None:
    """The body above the token, without any key."""
    assert read(text).description == above


def test_no_element_shows_a_key() -> None:
    """A tool that writes its key into the wrong element does not publish it."""
    found = read(token(f'<Customer name="x {ESCAPED}"/>', f"<Contact>{ESCAPED}</Contact>", '<Email name="other-key"/>'))
    assert (found.customer, found.contact, found.email) == (f"x {MASK}", MASK, MASK)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        # no token, no end, unreadable
        ("Disk full", "no <Autotask> token"),
        ("", "no <Autotask> token"),
        (f"<Autotask>{PW}", "no end"),
        (f"{token()}<Autotask>{PW}", "no end"),
        (f"<Autotask>{PW}<Customer name=Acme/></Autotask>", "not readable"),
        (f"<Autotask>{PW}<Customer name='a'></Autotask>", "not readable"),
        (f"<autotask>{PW}</Autotask>", "not readable"),
        (f"<Autotask>{PW}<Customer name='&unknown;'/></Autotask>", "not readable"),
        (f"<Autotask>{PW}<Customer name='a' name='b'/></Autotask>", "not readable"),
        (f"<Autotask>{PW}\x01</Autotask>", "not readable"),
        (f"<Autotask>{PW}{'x' * MAX_TOKEN_CHARS}</Autotask>", "too long"),
        # the key: missing, empty, wrong, almost right
        ("<Autotask></Autotask>", "PW is missing"),
        (token(pw=""), "PW is missing"),
        (token(pw='<PW name=""/>'), "PW is missing"),
        (token(pw='<PW name="wrong"/>'), "none of the mailbox's keys"),
        (token(pw='<PW name="s3cret"/>'), "none of the mailbox's keys"),
        (token(pw='<PW name="OTHER-KEY"/>'), "none of the mailbox's keys"),
        # the last token counts, also when an earlier one would do
        (token() + token(pw='<PW name="wrong"/>'), "none of the mailbox's keys"),
        # a document type: external, internal, with entities that grow
        (f'<!DOCTYPE Autotask SYSTEM "http://evil.example/x.dtd">{token()}', "document type"),
        (f'<!DOCTYPE Autotask [<!ENTITY a "b">]>{ACME}', "document type"),
        (f"<!doctype autotask>{token()}", "document type"),
        (f'<Autotask><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>{PW}</Autotask>', "document type"),
        (f"<!DOCTYPE html [<!ENTITY a 'x'>]>{token()}", "document type"),
    ],
)
def test_what_is_no_alert(text: str, why: str) -> None:
    """Wrong, missing, unparsable or with a document type: alert_key_wrong, and the answer holds no key."""
    found = read_alert(text, KEYS)
    assert isinstance(found, str)
    assert why in found
    assert not any(key in found for key in (KEY, ESCAPED, "wrong"))


def test_a_mailbox_without_keys_takes_no_alert() -> None:
    """Neither no key nor an empty one opens anything."""
    for keys in ((), ("",)):
        assert isinstance(read_alert(token(), keys), str)
        assert isinstance(read_alert(token(pw='<PW name=""/>'), keys), str)


def test_every_key_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """In constant time: all keys, by digests of one length, without stopping at the one that is right."""
    compared: list[tuple[bytes, bytes]] = []
    compare = hmac.compare_digest

    def watch(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watch)
    assert is_key("a", ("a", "b", "c"))
    assert len(compared) == 3
    assert {len(digest) for pair in compared for digest in pair} == {hashlib.sha256().digest_size}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"key {KEY}!", f"key {MASK}!"),
        (f"key {ESCAPED}!", f"key {MASK}!"),
        ("other-key", MASK),
        # whatever stands as PW, right or wrong
        ('<PW name="typo"/>', f'<PW name="{MASK}"/>'),
        ("<PW name='typo'/>", f'<PW name="{MASK}"/>'),
        ('<pw source="x" name="typo" />', f'<PW name="{MASK}"/>'),
        ('<PW name="a>b"/>', f'<PW name="{MASK}"/>'),
        ("<PW>typo</PW>", f'<PW name="{MASK}"></PW>'),
        ('<PW name="typo', f'<PW name="{MASK}"/>'),
        ('<PW name="a"/><PW name="b"/>', f'<PW name="{MASK}"/><PW name="{MASK}"/>'),
        # what is none
        ("<PWD name='x'/>", "<PWD name='x'/>"),
        ("nothing", "nothing"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    """No key is shown, in whatever form."""
    shown = mask_keys(text, KEYS)
    assert "typo" not in shown
    assert shown == masked


def test_a_long_key_is_masked_before_one_inside_it() -> None:
    """No rest of a key is left."""
    assert mask_keys("abc-long", ("abc", "abc-long")) == MASK


@pytest.mark.parametrize(
    "piece", ["<Autotask>", "<PW", "<PW '", '<PW "', "<!DOCTYPE html>", "</Autotask>", "<PW>", "<Autotask><PW name='"]
)
def test_hostile_texts_cost_their_length(piece: str) -> None:
    """Ten times the text, at most ten times the work."""
    few = count_calls(lambda: read_alert(piece * 100, KEYS))
    assert count_calls(lambda: read_alert(piece * 1_000, KEYS)) < 12 * few
    few = count_calls(lambda: mask_keys(piece * 100, KEYS))
    assert count_calls(lambda: mask_keys(piece * 1_000, KEYS)) < 12 * few


@given(st.text(alphabet=st.sampled_from("<>/Autotask PWname=\"'&;!x\n"), max_size=100), st.text(max_size=50))
def test_no_text_is_too_strange(strange: str, value: str) -> None:
    """Reading never raises, and what is read shows no key."""
    for text in (strange, token(strange), token(f"<Customer>{value}</Customer>"), f"<Autotask>{strange}</Autotask>"):
        found = read_alert(text, KEYS)
        assert KEY not in str(found)
        assert "other-key" not in mask_keys(text, KEYS)
