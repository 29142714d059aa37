"""Domains, identities, titles, conflicts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.model.mail import Identity
from inbound.rules.conflicts import split
from inbound.rules.domains import PUBLIC_MAIL_DOMAINS, candidate_domains
from inbound.rules.duplicates import identity_keys, is_still_same
from inbound.rules.titles import title_of

AT = datetime(2026, 1, 31, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("domain", "candidates"),
    [
        ("example.com", ("example.com",)),
        ("a.b.example.co.uk", ("a.b.example.co.uk", "b.example.co.uk", "example.co.uk")),
        ("co.uk", ()),
        # both forms of an international domain
        ("müller.example", ("müller.example", "xn--mller-kva.example")),
        (
            "mail.xn--mller-kva.example",
            (
                *("mail.xn--mller-kva.example", "mail.müller.example"),
                *("xn--mller-kva.example", "müller.example"),
            ),
        ),
        ("straße.example", ("straße.example", "xn--strae-oqa.example")),
        ("xn--\u00e9.example", ("xn--\u00e9.example",)),
        ("xn--99999999.example", ("xn--99999999.example",)),
        ("", ()),
        ("x" * 300 + ".com", ()),
    ],
)
def test_a_domain_is_never_shortened_below_the_registrable_one(domain: str, candidates: tuple[str, ...]) -> None:
    """Candidates go from the domain itself to its registrable domain."""
    assert candidate_domains(domain) == candidates


def test_public_mail_domains_know_the_big_providers() -> None:
    """The providers that support desks meet daily are on the list, in lower case."""
    assert {"gmail.com", "icloud.com", "hotmail.com", "outlook.com", "gmx.de", "web.de", "t-online.de"} <= (
        PUBLIC_MAIL_DOMAINS
    )
    assert all(domain == domain.lower() for domain in PUBLIC_MAIL_DOMAINS)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", max_size=40))
def test_no_domain_becomes_what_the_database_refuses(label: str) -> None:
    """Whatever is behind xn--, what is looked up is text."""
    for candidate in candidate_domains(f"xn--{label}.example"):
        assert candidate.isprintable()
        candidate.encode()


@given(st.text(max_size=300))
def test_candidates_never_raise(domain: str) -> None:
    """Whatever stands behind an @, looking for its owner does not fail."""
    assert all(domain.endswith(candidate) for candidate in candidate_domains(domain.lower()) if candidate in domain)


def _identity(message_id: str | None = "a@b", digest: bytes = b"d", match_seconds: int | None = None) -> Identity:
    return Identity(message_id=message_id, digest=digest, version=1, match_seconds=match_seconds)


def test_identity_is_message_id_and_digest() -> None:
    """Two messages share a key only when Message-ID and content are the same."""
    keys = {
        identity_keys(_identity(message_id, digest), AT)
        for message_id in ("a@b", "a@c", None)
        for digest in (b"d", b"e")
    }
    assert len(keys) == 6


def test_a_weak_identity_slides_over_two_periods() -> None:
    """A match that counts for an hour is found just after the hour changed, and not a day later."""
    weak = _identity(message_id=None, match_seconds=3600)
    first = identity_keys(weak, AT.replace(minute=59))
    assert first[0] in identity_keys(weak, AT.replace(hour=10, minute=1))
    assert first[0] not in identity_keys(weak, AT + timedelta(days=1))
    assert is_still_same(weak, AT, AT + timedelta(minutes=60))
    assert not is_still_same(weak, AT, AT + timedelta(minutes=61))
    assert is_still_same(_identity(), AT, AT + timedelta(days=4000))


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Printer", "Printer"),
        ("  two \t lines\n here ", "two lines here"),
        ("", "New Ticket - 2026-01-31 09:05"),
        ("   ", "New Ticket - 2026-01-31 09:05"),
        ("x" * 300, "x" * 255),
        ("x" * 255, "x" * 255),
        # only what nobody sees
        ("\u200b\u00a0\ufeff", "New Ticket - 2026-01-31 09:05"),
        # what is one character to a reader is not torn apart
        ("x" * 254 + "e\u0301tail", "x" * 254),
        ("x" * 253 + "e\u0301\u0302tail", "x" * 253),
        ("x" * 253 + "e\u0301tail", "x" * 253 + "e\u0301"),
        ("x" * 254 + "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}tail", "x" * 254),
        ("x" * 253 + "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}tail", "x" * 253),
        ("x" * 254 + "\N{HEAVY BLACK HEART}\ufe0ftail", "x" * 254),
        # a space at the cut goes
        ("x" * 254 + " tail", "x" * 254),
        # nothing but accents
        ("e" + "\u0301" * 400, "e" + "\u0301" * 254),
    ],
)
def test_titles(subject: str, title: str) -> None:
    """The subject is the title, cut at 255 characters; without one there is a stand-in."""
    assert title_of(subject, AT, "%Y-%m-%d %H:%M") == title


@given(st.lists(st.frozensets(st.integers(0, 5), max_size=3), max_size=30))
def test_split_keeps_conflicts_apart_and_in_order(keys: list[frozenset[int]]) -> None:
    """No two items that go now share a key, nothing is lost, and what shares a key keeps its order."""
    now, later = split(list(enumerate(keys)))
    assert sorted(now + later) == list(range(len(keys)))
    assert not keys or now[0] == 0
    taken = [key for item in now for key in keys[item]]
    assert len(taken) == len(set(taken))
    assert all(keys[item] & frozenset().union(*keys[:item]) for item in later)
