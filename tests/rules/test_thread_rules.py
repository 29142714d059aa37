"""What a message answers, by the ids in its header."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inbound.message.parse import parse
from inbound.message.tokens import Token, mailbox_mark, make_token
from inbound.model.desk import Target
from inbound.model.earlier import Earlier, ObjectKey, Stored
from inbound.model.mail import Mail
from inbound.model.mailbox import Mailbox
from inbound.model.verdict import Road
from inbound.rules.threads import ROOT_DAYS, is_passed_on, leads_of, thread_ids, thread_target, ways_of
from people import MAILBOX, TICKET

AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SECRET = b"the desk's secret"

DANISH = (
    "Se her\n\nFra: Bo <bo@x.example>\nSendt: 1. januar 2026 10:00\nTil: A <a@x.example>\nEmne: Printer\n\nDen brænder."
)


def token(object_id: int, secret: bytes = SECRET) -> str:
    """What a notice about a ticket has as its Message-ID."""
    made = Token(kind="ticket", object_id=object_id, notice_id=1, mailbox_mark=mailbox_mark("support"))
    return f"{make_token(made, secret)}@desk.example"


def mail(header: str = "", *, subject: str = "Re: Printer", text: str = "Hello") -> Mail:
    return parse(f"From: a@b.example\r\nSubject: {subject}\r\nMessage-ID: <own@x>\r\n{header}\r\n{text}\r\n".encode())


def stored(ticket_id: int | None, row_id: int = 1, *, days: int = 1) -> Stored:
    key: ObjectKey | None = None if ticket_id is None else ("ticket", ticket_id)
    at = AT - timedelta(days=days)
    return Stored(row_id=row_id, received_at=at, outcome="ticket_created", object=key, number=None)


EARLIER = Earlier(
    by_message_id={("support", "one@x"): stored(1), ("support", "two@x"): stored(2), ("vip", "three@x"): stored(3)},
    by_reference={
        ("support", "root@x"): stored(4),
        ("support", "old@x"): stored(5, days=31),
        ("support", "own@x"): stored(6),
        ("vip", "other@x"): stored(7),
    },
    used_ids=frozenset({("support", "used@x")}),
)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ()),
        # In-Reply-To first, then References from the newest on, each once, without the own one
        ("In-Reply-To: <c@x>\r\nReferences: <a@x> <b@x> <c@x>\r\n", ("c@x", "b@x", "a@x")),
        ("In-Reply-To: <c@x>\r\n", ("c@x",)),
        ("References: <a@x> <own@x> <b@x>\r\n", ("b@x", "a@x")),
        # the newest thirty, of which the first is always one
        (
            "References: " + " ".join(f"<{i}@x>" for i in range(60)) + "\r\n",
            (*(f"{i}@x" for i in range(59, 30, -1)), "0@x"),
        ),
    ],
)
def test_ids(header: str, expected: tuple[str, ...]) -> None:
    """The nearest is tried first."""
    assert thread_ids(mail(header)) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        # stored messages of the mailbox, the nearest first; another mailbox's is nobody's here
        ("In-Reply-To: <one@x>\r\nReferences: <two@x> <one@x>\r\n", [(1, Road.MESSAGE), (2, Road.MESSAGE)]),
        ("References: <two@x> <lost@x>\r\n", [(2, Road.MESSAGE)]),
        ("In-Reply-To: <three@x>\r\n", []),
        # a token is one of them, in its place; a forged one is an unknown id
        (f"In-Reply-To: <{token(9)}>\r\nReferences: <one@x>\r\n", [(9, Road.TOKEN), (1, Road.MESSAGE)]),
        (f"In-Reply-To: <one@x>\r\nReferences: <{token(9)}> <one@x>\r\n", [(1, Road.MESSAGE), (9, Road.TOKEN)]),
        (f"In-Reply-To: <{token(9, b'another')}>\r\n", []),
        # what others refer to comes last, and counts for a month
        ("In-Reply-To: <root@x>\r\nReferences: <two@x>\r\n", [(2, Road.MESSAGE), (4, Road.REFERENCE)]),
        ("In-Reply-To: <old@x>\r\n", []),
        ("In-Reply-To: <other@x>\r\n", []),
    ],
)
def test_ways(header: str, expected: list[tuple[int, Road]]) -> None:
    """What leads to an object, in the order in which it counts."""
    earlier = replace(EARLIER, used_ids=frozenset({("support", "own@x")}))
    ways = ways_of(leads_of(mail(header), "a@desk.example", MAILBOX, (SECRET,)), mail(header), MAILBOX, AT, earlier)
    assert [(way.key[1], way.road) for way in ways] == expected


def test_the_first_mail_after_its_answer() -> None:
    """A Message-ID that others refer to, and that nobody had, leads to what they are about."""
    assert [way.key for way in ways_of((), mail(), MAILBOX, AT, EARLIER)] == [("ticket", 6)]
    used = replace(EARLIER, used_ids=frozenset({("support", "own@x")}))
    assert ways_of((), mail(), MAILBOX, AT, used) == ()
    assert ways_of((), mail(), replace(MAILBOX, threading="subject"), AT, EARLIER) == ()
    assert ways_of((), mail(), MAILBOX, AT + ROOT_DAYS, EARLIER) == ()


@pytest.mark.parametrize("mailbox", [replace(MAILBOX, threading="subject"), replace(MAILBOX, handler="alerts")])
def test_where_headers_do_not_count(mailbox: Mailbox) -> None:
    """By subject only, and for alerts: only an address with our token leads anywhere."""
    header = f"In-Reply-To: <one@x>\r\nReferences: <{token(9)}>\r\n"
    assert leads_of(mail(header), "support@desk.example", mailbox, (SECRET,)) == ()
    word = token(9).partition("@")[0]
    leads = leads_of(mail(header), f"bounce+{word}@desk.example", mailbox, (SECRET,))
    assert [lead.token and lead.token.object_id for lead in leads] == [9]


def test_the_first_that_exists() -> None:
    """An object that is gone is passed over; merges are followed."""
    survivor = replace(TICKET, id=2, number="T20260131.0002")
    merged = replace(TICKET, id=1, merged_into_id=2)
    leads = leads_of(mail(f"In-Reply-To: <{token(99)}> <one@x>\r\n"), "a@desk.example", MAILBOX, (SECRET,))
    ways = ways_of(leads, mail(), MAILBOX, AT, EARLIER)
    by_key: dict[ObjectKey, Target] = {("ticket", 1): merged}
    target, road, steps = thread_target(ways, by_key, {1: merged, 2: survivor}, has_leads=True)
    assert (target, road, [step.rule for step in steps]) == (survivor, Road.MESSAGE, ["header_thread", "merged"])
    nothing = thread_target(ways, {}, {}, has_leads=True)
    assert (nothing[0], [step.is_hit for step in nothing[2]]) == (None, [False])


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("Fwd: Printer", "Hello", True),
        ("WG: Printer", "Hello", True),
        ("[list] Fwd: Re: Printer", "Hello", True),
        # a reply to a forward is a reply
        ("Re: Fwd: Printer", "Hello", False),
        ("Printer", "Hello", False),
        # Danish forwards with what Finnish replies with: the text says which
        ("VS: Printer", "Tak!", False),
        ("VS: Printer", DANISH, True),
    ],
)
def test_what_is_passed_on(subject: str, text: str, *, expected: bool) -> None:
    """The outermost prefix decides."""
    assert is_passed_on(mail(subject=subject, text=text)) is expected
