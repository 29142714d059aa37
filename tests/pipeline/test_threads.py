"""Replies find their object by what In-Reply-To and References name, on a real PostgreSQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from desk import NOON, SETTINGS, Desk, delivery, mail, results
from inbound.config import Settings
from inbound.message.tokens import Token, mailbox_mark, make_token
from inbound.model.outcome import Outcome, Reason, Result

NOTE, TICKET = Outcome.TICKET_NOTE_ADDED, Outcome.TICKET_CREATED
ANN, BOB, EVE = "Ann <ann@customer.example>", "Bob <bob@customer.example>", "Eve <eve@elsewhere.example>"


@pytest.fixture
def acme(desk: Desk) -> int:
    """A customer with two contacts and a web domain."""
    acme = desk.add_organization("Acme", "customer.example")
    desk.add_contact(acme, "Ann", "ann@customer.example")
    desk.add_contact(acme, "Bob", "bob@customer.example")
    return acme


def made(result: Result) -> tuple[str, str, str | None]:
    """What a table compares."""
    return result.outcome, result.reason, result.number


def identified(message_id: str, *, author: str = ANN, subject: str = "Printer", **headers: str) -> bytes:
    """A mail with this Message-ID and these fields, ``in_reply_to`` for In-Reply-To."""
    fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    content = mail(author=author, subject=subject, extra=fields).decode()
    start, _, rest = content.partition("Message-ID: <")
    return f"{start}Message-ID: <{message_id}{rest[rest.index('>') :]}".encode()


def token_of(desk: Desk, number: str | None, secret: bytes = b"the desk's secret") -> str:
    """What a notice about a ticket would have as its Message-ID."""
    ticket_id = desk.value("SELECT id FROM tickets WHERE number = :n", n=number)
    token = Token(kind="ticket", object_id=ticket_id, notice_id=1, mailbox_mark=mailbox_mark("support"))
    return f"{make_token(token, secret)}@desk.example"


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    "headers",
    [
        # a reply to our notice, as programs write it
        lambda token: {"in_reply_to": f"<{token}>", "references": f"<first@x> <{token}>"},
        # ... whose Message-ID a relay replaced
        lambda token: {
            "in_reply_to": "<0102@relay.example>",
            "references": f"<{token}> <first@x> <0102@relay.example>",
        },
        # ... of which a program kept only one field, in upper case
        lambda token: {"references": f"<{token.upper()}>"},
        # a reply to the mail that made the ticket, and one to that
        lambda _: {"in_reply_to": "<one@customer.example>"},
        lambda _: {
            "in_reply_to": "<lost@customer.example>",
            "references": "<one@customer.example> <lost@customer.example>",
        },
        # more references than are looked up: the first is always among them
        lambda _: {"references": "<one@customer.example> " + " ".join(f"<{i}@lost.example>" for i in range(90))},
        # the common root that never came here
        lambda _: {"in_reply_to": "<root@customer.example>"},
        lambda _: {"references": "<root@customer.example> <another@customer.example>"},
    ],
)
def test_a_reply_is_a_note(desk: Desk, headers: Callable[[str], dict[str, str]]) -> None:
    """A reply without a number finds its ticket by our token, by the thread's messages, or by their common root."""
    first = desk.receive(identified("one@customer.example", in_reply_to="<root@customer.example>"))
    fields = headers(token_of(desk, first.number))
    assert made(desk.receive(identified("two@x", author=BOB, subject="Re: Printer", **fields))) == (
        NOTE,
        Reason.HEADER_THREAD,
        first.number,
    )


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("headers", "author"),
    [
        # nothing that is known here
        ({"in_reply_to": "<unknown@customer.example>"}, ANN),
        ({}, ANN),
        # a token of another desk is an unknown Message-ID
        ({"in_reply_to": "<FORGED>"}, ANN),
    ],
)
def test_what_leads_nowhere_is_a_ticket(desk: Desk, headers: dict[str, str], author: str) -> None:
    """A reply to a mail that nobody knows is a ticket; a forged token leads nowhere."""
    first = desk.receive(identified("one@customer.example"))
    forged = token_of(desk, first.number, b"another desk's secret")
    fields = {name: value.replace("FORGED", forged) for name, value in headers.items()}
    result = desk.receive(identified("two@x", author=author, **fields))
    assert (result.outcome, result.reason) == (TICKET, Reason.NEW_TICKET)


@pytest.mark.usefixtures("acme")
def test_a_number_goes_before_a_header(desk: Desk) -> None:
    """The subject names one ticket and the header another: the subject wins; a number nobody has is none."""
    first, second = desk.receive(identified("one@x")), desk.receive(identified("two@x", subject="Scanner"))
    reply = identified("three@x", subject=f"Re: {second.number}", in_reply_to="<one@x>")
    assert made(desk.receive(reply)) == (NOTE, Reason.SUBJECT_NUMBER, second.number)
    unknown = identified("four@x", subject="Re: T20200101.0001", in_reply_to="<one@x>")
    assert made(desk.receive(unknown)) == (NOTE, Reason.HEADER_THREAD, first.number)


@pytest.mark.usefixtures("acme")
def test_strangers_do_not_enter_a_thread(desk: Desk) -> None:
    """Whoever has nothing to do with the ticket gets one of their own; whoever was addressed belongs to it."""
    first = desk.receive(identified("one@x"))
    stranger = desk.receive(identified("two@x", author=EVE, in_reply_to="<one@x>"))
    assert (stranger.outcome, stranger.reason) == (TICKET, Reason.THREAD_NOT_PARTICIPANT)
    assert desk.rows("SELECT linked_ticket_id FROM tickets WHERE number = :n", n=stranger.number) == [(None,)]
    addressed = identified("three@x", author=BOB, in_reply_to="<one@x>", cc="eve@elsewhere.example")
    assert desk.receive(addressed).reason is Reason.HEADER_THREAD
    assert made(desk.receive(identified("four@x", author=EVE, in_reply_to="<one@x>"))) == (
        NOTE,
        Reason.HEADER_THREAD,
        first.number,
    )


@pytest.mark.usefixtures("acme")
def test_a_forward_starts_something_new(desk: Desk) -> None:
    """Passed on with the old header: a new ticket, linked to the old one."""
    first = desk.receive(identified("one@x"))
    result = desk.receive(identified("two@x", subject="WG: Printer", in_reply_to="<one@x>", references="<one@x>"))
    assert (result.outcome, result.reason) == (TICKET, Reason.FORWARD_STARTS_NEW)
    query = "SELECT o.number FROM tickets t JOIN tickets o ON o.id = t.linked_ticket_id WHERE t.number = :n"
    assert desk.value(query, n=result.number) == first.number
    # An answer to the forward is about the new one, although both stand in its References.
    reply = identified("three@x", subject="AW: WG: Printer", in_reply_to="<two@x>", references="<one@x> <two@x>")
    assert made(desk.receive(reply)) == (NOTE, Reason.HEADER_THREAD, result.number)


@pytest.mark.usefixtures("acme")
def test_merged_and_complete_tickets(desk: Desk) -> None:
    """A header leads through merges, and to a complete ticket as a number does: reopened, or a linked new one."""
    first, second = desk.receive(identified("one@x")), desk.receive(identified("two@x", subject="Scanner"))
    desk.run(
        "UPDATE tickets SET merged_into_id = (SELECT id FROM tickets WHERE number = :b) WHERE number = :a",
        a=first.number,
        b=second.number,
    )
    assert desk.receive(identified("three@x", in_reply_to="<one@x>")).number == second.number
    desk.run("UPDATE tickets SET status = 'Complete', completed_at = :at", at=NOON)
    assert desk.receive(identified("four@x", in_reply_to="<one@x>")).outcome is NOTE
    assert desk.value("SELECT status FROM tickets WHERE number = :n", n=second.number) == "New"
    desk.run("UPDATE tickets SET status = 'Complete', completed_at = :at", at=NOON - timedelta(days=15))
    result = desk.receive(identified("five@x", in_reply_to="<one@x>"))
    assert (result.outcome, result.reason) == (TICKET, Reason.NEW_TICKET)
    assert desk.value("SELECT linked_ticket_id IS NOT NULL FROM tickets WHERE number = :n", n=result.number)


@pytest.mark.usefixtures("acme")
def test_a_common_root_ties_for_thirty_days(desk: Desk) -> None:
    """Two answers to an unseen mail are about the same thing, unless a month lies between them."""
    first = desk.receive(identified("one@x", in_reply_to="<root@x>"))
    late = desk.receive(identified("two@x", in_reply_to="<root@x>"), at=NOON + timedelta(days=29))
    assert late.number == first.number
    too_late = desk.receive(identified("three@x", references="<root@x>"), at=NOON + timedelta(days=60))
    assert too_late.outcome is TICKET


@pytest.mark.usefixtures("acme")
def test_threads_stay_in_their_mailbox(desk: Desk) -> None:
    """A Message-ID counts for the mailbox it was stored in; a token counts in all of them."""
    first = desk.receive(identified("one@x", in_reply_to="<root@x>"))
    for headers in ({"in_reply_to": "<one@x>"}, {"in_reply_to": "<root@x>"}):
        assert desk.receive(identified(f"{headers['in_reply_to'][1:4]}@y", **headers), "vip").outcome is TICKET
    token = token_of(desk, first.number)
    assert desk.receive(identified("three@x", in_reply_to=f"<{token}>"), "vip").number == first.number


def test_a_subject_only_mailbox(database: Engine) -> None:
    """``threading = "subject"``: only a number leads anywhere."""
    settings = SETTINGS.model_dump() | {
        "mailboxes": [{"name": "support", "address": "support@desk.example", "threading": "subject"}]
    }
    desk = Desk(database, Settings.model_validate(settings))
    first = desk.receive(identified("one@x"))
    assert desk.receive(identified("two@x", in_reply_to="<one@x>")).outcome is TICKET
    assert desk.receive(identified("three@x", references=f"<{token_of(desk, first.number)}>")).outcome is TICKET
    assert desk.value("SELECT count(*) FROM message_references") == 0


@pytest.mark.usefixtures("acme")
def test_a_reply_all_storm_is_one_ticket(desk: Desk) -> None:
    """Everybody answers to all before we answered: one ticket, in one batch and with the first mail coming last."""
    storm = [
        identified(f"{i}@x", author=(ANN, BOB)[i % 2], in_reply_to="<root@x>", cc="bob@customer.example")
        for i in range(5)
    ]
    late = identified("root@x", author=BOB)
    numbers = {one.number for one in results(desk.commit(*map(delivery, [*storm, late])))}
    assert len(numbers) == 1
    assert desk.value("SELECT count(*) FROM tickets") == 1
    assert desk.value("SELECT count(*) FROM notes") == 5


@pytest.mark.usefixtures("acme")
def test_unproven_resources_are_no_participants(desk: Desk) -> None:
    """Whoever only claims to be a technician is led nowhere by a header, and to an internal note by a number."""
    desk.add_resource("Tom", "tom@desk.example")
    desk.add_resource("Tim", "tim@desk.example")
    first = desk.receive(identified("one@x"))
    reply = identified("two@x", author="tom@desk.example", in_reply_to="<one@x>")
    assert desk.receive(reply).reason is Reason.HEADER_THREAD
    again = delivery(identified("three@x", author="tim@desk.example", in_reply_to="<one@x>"))
    unproven = results(desk.commit(replace(again, peer=replace(again.peer, is_trusted=False))))[0]
    assert (unproven.outcome, unproven.reason) == (TICKET, Reason.THREAD_NOT_PARTICIPANT)
    assert first.number != unproven.number


def test_a_line_of_indicators_needs_a_number_in_the_subject(desk: Desk) -> None:
    """Found by a header alone, a technician's answer is a note, and its first line stays text."""
    desk.add_resource("Tom", "tom@desk.example")
    first = desk.receive(identified("one@customer.example"))
    answer = identified("two@desk.example", author="tom@desk.example", in_reply_to="<one@customer.example>")
    result = desk.receive(answer.replace(b"It burns.", b"#T=1.5\r\nDone."))
    assert made(result) == (NOTE, Reason.HEADER_THREAD, first.number)
    assert desk.value("SELECT text FROM notes") == "#T=1.5\nDone."
    assert desk.rows("SELECT id FROM time_entries") == []
