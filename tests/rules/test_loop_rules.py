"""Loops: what counts as the same, and what becomes of the third."""

import tracemalloc
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.message.parse import parse
from inbound.model.earlier import Recent
from inbound.model.mail import Mail
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Outcome, Reason
from inbound.model.verdict import Verdict
from inbound.rules.loops import LoopLimit, _spaced, body_key, fold_subject, limit_loops, loop_key
from people import MAILBOX

TICKET = Verdict(outcome=Outcome.TICKET_CREATED, reason=Reason.NEW_TICKET, kind="ticket")
NOTHING = Verdict(outcome=Outcome.DISCARDED, reason=Reason.BLOCKED)
COPY = Verdict(outcome=Outcome.TICKET_NOTE_ADDED, reason=Reason.COPY_ALTERED, kind="ticket_note")


def mail(header: str = "From: ann@acme.example\r\n", *, subject: str = "Printer", text: str = "Hello") -> Mail:
    return parse(f"{header}Subject: {subject}\r\n\r\n{text}\r\n".encode())


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Printer", "printer"),
        ("Re: AW: Re[3]: Printer", "printer"),
        ("  PRINTER   on\tfire ", "printer on fire"),
        ("Ｐｒｉｎｔｅｒ", "printer"),
        ("Straße", "strasse"),
        # numbers stay, and what was forwarded is something else
        ("Re: [T20260131.0042] Printer", "[t20260131.0042] printer"),
        ("[T20260131.0042] Re: Printer", "[t20260131.0042] printer"),
        ("Fwd: Printer", "fwd: printer"),
        ("", ""),
    ],
)
def test_folded_subjects(subject: str, expected: str) -> None:
    """Reply prefixes, case and space make no difference."""
    assert fold_subject(subject) == expected


FORM = "From: form@web.example\r\nReply-To: {}@acme.example\r\n"
LIST = "From: support@desk.example\r\nX-Original-From: {}@acme.example\r\n"
BLOCK = "Hi\r\n\r\n---------- Forwarded message ---------\r\nFrom: {}@acme.example\r\nSubject: x\r\n\r\nHelp"
FORMS = replace(MAILBOX, originator="reply_to")


@pytest.mark.parametrize(
    ("one", "other", "mailbox", "is_same"),
    [
        (mail(), mail("From: Ann Smith <ANN@acme.example>\r\n"), MAILBOX, True),
        (mail(), mail("From: bob@acme.example\r\n"), MAILBOX, False),
        (mail(), mail(subject="Scanner"), MAILBOX, False),
        (mail(), mail(text="Something else"), MAILBOX, True),
        # who really wrote it: a web form's visitor, the author behind a list, of a forwarded mail
        (mail(FORM.format("a")), mail(FORM.format("b")), FORMS, False),
        (mail(FORM.format("a")), mail(FORM.format("b")), MAILBOX, True),
        (mail(LIST.format("a")), mail(LIST.format("b")), MAILBOX, False),
        (
            mail(subject="Fwd: x", text=BLOCK.format("a")),
            mail(subject="Fwd: x", text=BLOCK.format("b")),
            MAILBOX,
            False,
        ),
        (mail(subject="Fwd: x", text=BLOCK.format("a")), mail(subject="Fwd: x", text=BLOCK.format("a")), MAILBOX, True),
    ],
)
def test_what_is_of_one_loop(one: Mail, other: Mail, mailbox: Mailbox, *, is_same: bool) -> None:
    """Originator and subject, in one mailbox."""
    assert (loop_key(one, mailbox, "") == loop_key(other, mailbox, "")) is is_same


def test_other_keys() -> None:
    """Mailboxes count apart, alerts not at all; without an author the envelope's sender counts."""
    assert loop_key(mail(), MAILBOX, "") != loop_key(mail(), replace(MAILBOX, name="vip"), "")
    assert loop_key(mail(), replace(MAILBOX, handler="alerts"), "") is None
    assert loop_key(mail(""), MAILBOX, "a@x") != loop_key(mail(""), MAILBOX, "b@x")


def test_reports_count_with_what_they_are_about() -> None:
    """The message that came back; without it whom it did not reach, and the notice whose address it came to."""
    failed = "From: MAILER-DAEMON@mx.example\r\nX-Failed-Recipients: {}@acme.example\r\n"
    ann, bob = (mail(failed.format(who)) for who in ("ann", "bob"))
    assert loop_key(ann, MAILBOX, "") == loop_key(ann, MAILBOX, "", "support@desk.example")
    assert loop_key(ann, MAILBOX, "") != loop_key(bob, MAILBOX, "")
    notices = {loop_key(ann, MAILBOX, "", f"{who}@desk.example") for who in ("bounce+a", "BOUNCE+A", "bounce+b")}
    assert len(notices) == 2


def test_bodies() -> None:
    """Space is no difference, another word or file is."""
    assert body_key(mail(text="It  burns.\r\n")) == body_key(mail(text="It burns."))
    assert body_key(mail(text="It burns.")) != body_key(mail(text="It smokes."))
    files = [mail(scan(content)) for content in ("QUJD", "QUJE", "QUJD")]
    assert body_key(files[0]) == body_key(files[2]) != body_key(files[1])


@given(st.text(alphabet="ab \t\n\v\f\r\x1c\x1d\x1e\x1f\x1b\x00"))
def test_texts_that_are_ascii_are_read_like_others(text: str) -> None:
    """Their words are found by another way, which finds the same."""
    assert _spaced(text) == " ".join(text.split()).encode()


def test_bodies_are_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a large text is cut makes no difference, and space still is none."""
    text = " ".join(["Der", "Drucker", "brennt" * 9, "\t", "ä\xa0ö"] * 50)
    whole = body_key(mail(text=text))
    for chars in (1, 2, 7, 100):
        monkeypatch.setattr("inbound.rules.loops.PIECE_CHARS", chars)
        assert body_key(mail(text=text)) == body_key(mail(text=text.replace(" ", "  \r\n "))) == whole
        assert body_key(mail(text=f"{text} jetzt")) != whole


def test_the_words_of_a_large_body_are_not_held_at_once() -> None:
    """At no time more than the text itself is copied: as a list of words it takes ten times as much."""
    large = mail(text="Guten Tag\r\n" * 200_000)
    tracemalloc.start()
    try:
        body_key(large)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(large.text)


def scan(content: str) -> str:
    """The header of a mail that is nothing but a file."""
    return (
        "From: scan@acme.example\r\nContent-Type: application/pdf; name=a.pdf\r\n"
        f"Content-Transfer-Encoding: base64\r\nX: y\r\n\r\n{content}\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("verdict", "recent", "limit", "expected"),
    [
        # room is left
        (TICKET, Recent(), 2, Outcome.TICKET_CREATED),
        (TICKET, Recent(count=1, body_keys=frozenset({7})), 2, Outcome.TICKET_CREATED),
        # no room: the same text, another one
        (TICKET, Recent(count=2, body_keys=frozenset({7})), 2, Outcome.DISCARDED),
        (TICKET, Recent(count=2, body_keys=frozenset({8})), 2, Outcome.QUARANTINED),
        (TICKET, Recent(count=9, body_keys=frozenset({7, 8})), 2, Outcome.DISCARDED),
        # another limit, and none
        (TICKET, Recent(count=1), 1, Outcome.QUARANTINED),
        (TICKET, Recent(count=2), 3, Outcome.TICKET_CREATED),
        (TICKET, Recent(count=999, body_keys=frozenset({7})), 0, Outcome.TICKET_CREATED),
        # what makes nothing anyway, and altered copies
        (NOTHING, Recent(count=9), 2, Outcome.DISCARDED),
        (COPY, Recent(count=9), 2, Outcome.TICKET_NOTE_ADDED),
    ],
)
def test_the_limit(verdict: Verdict, recent: Recent, limit: int, expected: Outcome) -> None:
    """The third and later: discarded when its text was there, otherwise it waits."""
    limited, steps = limit_loops(verdict, recent, 7, LoopLimit(limit=limit, window=timedelta(minutes=5)))
    assert limited.outcome is expected
    is_limited = limited is not verdict
    assert [step.is_hit for step in steps] == ([True] if is_limited else [False] * len(steps))
    assert (limited.reason is Reason.LOOP_LIMIT) is is_limited
