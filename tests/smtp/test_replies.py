"""The catalogue of replies."""

import re

import pytest

from inbound.model.outcome import Answer, Committed, Deferral, Deferred
from inbound.routing import Refusal
from inbound.smtp import replies
from inbound.smtp.replies import Reply
from inbound.smtp.stream import Overrun

CATALOGUE = {name: value for name, value in vars(replies).items() if isinstance(value, Reply)}
MADE = {
    "greeting": replies.greeting("mx.desk.example"),
    "helo": replies.helo("mx.desk.example"),
    "ehlo": replies.ehlo("mx.desk.example", max_message_bytes=1_000, has_starttls=True),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_enhanced_code_is_of_the_same_class(name: str) -> None:
    """Every reply but 3yz and greetings has an enhanced status code whose class is that of the reply (RFC 2034 4)."""
    reply = CATALOGUE[name]
    if reply.code in {334, 354} or reply is replies.EARLY_TALKER:
        assert not reply.enhanced
    else:
        assert re.fullmatch(rf"{reply.code // 100}\.\d\.\d+", reply.enhanced)


@pytest.mark.parametrize("name", MADE)
def test_greeting_and_hello_have_no_enhanced_code(name: str) -> None:
    """The greeting and the replies to HELO and EHLO carry none (RFC 2034 4)."""
    assert not MADE[name].enhanced


@pytest.mark.parametrize("name", CATALOGUE | MADE)
def test_lines_are_what_a_client_can_read(name: str) -> None:
    """Every line is printable ASCII of at most 512 octets; all but the last are marked (RFC 5321 4.2.1, 4.5.3.1.5)."""
    reply = (CATALOGUE | MADE)[name]
    *first, last = reply.octets.decode("ascii").splitlines(keepends=True)
    assert all(re.fullmatch(rf"{reply.code}-[ -~]{{1,506}}\r\n", line) for line in first)
    assert re.fullmatch(rf"{reply.code} [ -~]{{0,506}}\r\n", last)


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_channel_closes_exactly_where_it_is_said(name: str) -> None:
    """421 and 221 close the connection (RFC 5321 3.8); other replies only when their text says so."""
    reply = CATALOGUE[name]
    assert reply.is_last == (reply.code in {221, 421} or reply.text.endswith("closing connection"))


def test_lines_of_a_reply_repeat_code_and_enhanced_code() -> None:
    """A reply of two lines is rendered with both codes in each line."""
    assert Reply(214, "2.0.0", "one\ntwo").octets == b"214-2.0.0 one\r\n214 2.0.0 two\r\n"


def test_nothing_tells_what_we_are() -> None:
    """No reply names product, version or language."""
    everything = b"".join(reply.octets for reply in (*CATALOGUE.values(), *MADE.values())).lower()
    assert not re.search(rb"inbound|aiosmtpd|python|postgres|\d\.\d+\.\d{2,}", everything)


def test_starttls_is_only_named_where_it_can_be_used() -> None:
    """EHLO lists STARTTLS exactly when asked to."""
    without = replies.ehlo("mx.desk.example", max_message_bytes=1_000, has_starttls=False)
    assert "STARTTLS" not in without.text.split("\n")
    assert "STARTTLS" in MADE["ehlo"].text.split("\n")
    assert "SIZE 1000" in without.text.split("\n")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (Committed(()), "250 2.0.0"),
        (Deferred(Deferral.DATABASE_UNAVAILABLE), "451 4.3.0"),
        (Deferred(Deferral.DEADLINE), "451 4.3.0"),
        (Deferred(Deferral.PIPELINE_BROKEN), "451 4.3.0"),
        (Deferred(Deferral.OVERLOADED), "452 4.3.1"),
        (Deferred(Deferral.STOPPING), "421 4.3.2"),
    ],
)
def test_answers_become_replies(answer: Answer, line: str) -> None:
    """Only what is committed is answered with 250; our trouble makes the peer try again."""
    assert str(replies.for_answer(answer)).startswith(line)


@pytest.mark.parametrize(
    ("refusal", "line"),
    [
        (Refusal.UNKNOWN_MAILBOX, "550 5.1.1"),
        (Refusal.INACTIVE_MAILBOX, "550 5.2.1"),
        (Refusal.DOMAIN_NOT_SERVED, "550 5.7.1"),
    ],
)
def test_refusals_become_replies(refusal: Refusal, line: str) -> None:
    """A recipient that leads nowhere is refused for good."""
    assert str(replies.for_refusal(refusal)).startswith(line)


def test_overruns_become_replies() -> None:
    """Too big is for good, no room is for now."""
    assert str(replies.for_overrun(Overrun.TOO_BIG)).startswith("552 5.3.4")
    assert str(replies.for_overrun(Overrun.NO_ROOM)).startswith("452 4.3.1")
