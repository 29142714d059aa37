"""Tickets that would repeat others, and messages that come to two mailboxes, on a real PostgreSQL."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from desk import NOON, SETTINGS, Desk, delivery, mail, results
from inbound.config import Settings
from inbound.model.outcome import Committed, Outcome, Reason, Result

KEY = "key-of-sixteen-letters"
TICKET, NOTE, DUPLICATE = Outcome.TICKET_CREATED, Outcome.TICKET_NOTE_ADDED, Outcome.DUPLICATE
REPEATED = Reason.TICKET_DUPLICATE


def desk_with(database: Engine, **desk: Any) -> Desk:
    """A desk with an alerts mailbox beside two for people."""
    alerts = {"name": "alerts", "address": "alerts@desk.example", "handler": "alerts", "keys": [KEY]}
    settings = SETTINGS.model_dump() | {"desk": {"loops": {"limit": 0}} | desk}
    return Desk(database, Settings.model_validate(settings | {"mailboxes": [*settings["mailboxes"], alerts]}))


def alert(ids: str, *, subject: str = "Disk full") -> bytes:
    """An alert with these elements."""
    return mail(subject=subject, body=f'Disk\r\n<Autotask><PW name="{KEY}"/>{ids}</Autotask>')


def made(result: Result) -> tuple[str, str, str | None]:
    return result.outcome, result.reason, result.number


ALERT_ID = '<AlertID source="rmm" name="4711"/>'
TICKET_ID = '<TicketID source="psa" name="x-1"/>'


@pytest.mark.parametrize("ids", [ALERT_ID, TICKET_ID])
def test_what_an_alert_repeats(database: Engine, ids: str) -> None:
    """The same AlertID or TicketID of the same organization: by the action; otherwise nothing is repeated."""
    desk = desk_with(database, duplicates={"action": "note"})
    first = desk.receive(alert(ids), "alerts")
    assert made(desk.receive(alert(ids), "alerts")) == (NOTE, REPEATED, first.number)
    assert desk.rows("SELECT note_type, publish FROM notes") == [("Duplicate Ticket", "all")]
    for other in (ids.replace("4711", "4712").replace("x-1", "x-2"), ids.replace("rmm", "a").replace("psa", "a"), ""):
        assert desk.receive(alert(other), "alerts").outcome is TICKET
    beta = desk.add_organization("Beta")
    assert desk.receive(alert(f'{ids}<Customer name="Beta"/>'), "alerts").outcome is TICKET
    assert desk.value("SELECT count(*) FROM tickets WHERE organization_id = :b", b=beta) == 1


@pytest.mark.parametrize(
    ("duplicates", "is_complete", "expected", "status"),
    [
        # the default, whatever holds
        ({}, False, TICKET, "New"),
        # a note, or nothing
        ({"action": "note"}, False, NOTE, "New"),
        ({"action": "note_and_reopen"}, False, NOTE, "New"),
        ({"action": "ignore"}, False, DUPLICATE, "New"),
        # the condition is off
        ({"action": "ignore", "alert_id": False}, False, TICKET, "New"),
        # a complete ticket is asked first
        ({"action": "note"}, True, TICKET, "Complete"),
        ({"action": "ignore"}, True, TICKET, "Complete"),
        ({"action": "note", "when_complete": "same"}, True, NOTE, "Complete"),
        ({"action": "note_and_reopen", "when_complete": "same"}, True, NOTE, "New"),
        ({"action": "ignore", "when_complete": "same"}, True, DUPLICATE, "Complete"),
    ],
)
def test_actions(
    database: Engine, duplicates: dict[str, object], expected: Outcome, status: str, *, is_complete: bool
) -> None:
    """What becomes of a repeated ticket, and of the one that it repeats."""
    desk = desk_with(database, duplicates=duplicates)
    first = desk.receive(alert(ALERT_ID), "alerts")
    if is_complete:
        desk.run("UPDATE tickets SET status = 'Complete', completed_at = :at", at=NOON)
    content = alert(ALERT_ID)
    second = desk.receive(content, "alerts")
    reason = Reason.NEW_TICKET if expected is TICKET else REPEATED
    assert (second.outcome, second.reason, second.number == first.number) == (expected, reason, expected is not TICKET)
    assert desk.value("SELECT status FROM tickets WHERE number = :n", n=first.number) == status
    # Every message has its row, and is known when it comes again.
    assert desk.value("SELECT count(*) FROM messages") == 2
    assert desk.receive(content, "alerts").reason is Reason.REDELIVERED


def test_title_and_contact(database: Engine) -> None:
    """The same title from the same contact within the window; not from others, not later, not another title."""
    desk = desk_with(
        database, duplicates={"title_and_contact": True, "title_window": timedelta(hours=1), "action": "note"}
    )
    acme = desk.add_organization("Acme", "customer.example")
    desk.add_contact(acme, "Ann", "ann@customer.example")
    desk.add_contact(acme, "Bob", "bob@customer.example")
    first = desk.receive(mail())
    assert made(desk.receive(mail(subject="re: PRINTER"), at=NOON + timedelta(minutes=59))) == (
        NOTE,
        REPEATED,
        first.number,
    )
    assert desk.receive(mail(author="bob@customer.example")).outcome is TICKET
    assert desk.receive(mail(subject="Printers")).outcome is TICKET
    assert desk.receive(mail(), at=NOON + timedelta(minutes=61)).outcome is TICKET


def test_a_number_that_makes_a_ticket(database: Engine) -> None:
    """A complete ticket, named by one who would get a linked new one: a note with ``same``, which is asked first."""
    desk = desk_with(database, duplicates={"action": "note", "when_complete": "same"})
    acme = desk.add_organization("Acme")
    desk.add_contact(acme, "Ann", "ann@customer.example")
    first = desk.receive(mail())
    desk.run("UPDATE tickets SET status = 'Complete', completed_at = :at", at=NOON - timedelta(days=30))
    assert made(desk.receive(mail(subject=f"Re: {first.number}"))) == (NOTE, REPEATED, first.number)


def test_repeats_within_one_batch(database: Engine) -> None:
    """Five alerts about the same thing at once: one ticket, four notes, as one by one."""
    desk = desk_with(database, duplicates={"action": "note"})
    batch = results(desk.commit(*(delivery(alert(ALERT_ID), "alerts") for _ in range(5))))
    assert [one.outcome for one in batch] == [TICKET] + [NOTE] * 4
    assert desk.value("SELECT count(*) FROM notes") == 4


def test_each_mailbox_or_the_first(database: Engine) -> None:
    """``first``: the mailbox that stands first in the file makes something, whatever the order of recipients."""
    desk = desk_with(database, same_message_in_two_mailboxes="first")
    (answer,) = desk.commit(delivery(mail(), "vip", "support"))
    assert isinstance(answer, Committed)
    assert [(one.mailbox, one.outcome, one.reason) for one in answer.results] == [
        ("support", TICKET, Reason.NEW_TICKET),
        ("vip", DUPLICATE, Reason.OTHER_MAILBOX),
    ]
    assert desk.value("SELECT count(*) FROM tickets") == 1


def test_the_second_mailbox_later(database: Engine) -> None:
    """Later too, altered too; a mailbox that made nothing of it does not count; a redelivery is one."""
    desk = desk_with(database, same_message_in_two_mailboxes="first")
    content = mail()
    desk.receive(content, "vip")
    assert desk.receive(content).reason is Reason.OTHER_MAILBOX
    assert desk.receive(content).reason is Reason.REDELIVERED
    altered = mail()
    desk.receive(altered, "vip")
    assert desk.receive(altered.replace(b"burns", b"burns!")).reason is Reason.OTHER_MAILBOX
    desk.run("UPDATE messages SET outcome = 'discarded', ticket_id = NULL")
    other = mail()
    desk.receive(other, "vip")
    desk.run("UPDATE messages SET outcome = 'discarded', ticket_id = NULL WHERE mailbox = 'vip'")
    assert desk.receive(other).outcome is TICKET
