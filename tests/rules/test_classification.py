"""Which object a message becomes: the truth table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbound.model.authorship import Attribution, Source
from inbound.model.desk import Approvers, Target
from inbound.model.mailbox import Mailbox, TicketNoteDefaults
from inbound.model.outcome import Outcome, Reason
from inbound.model.verdict import Case, FirstLine, Picks, Road, Standing, Verdict
from inbound.rules.classification import altered_copy, decide
from inbound.rules.first_line import is_complete, read_first_line
from people import ACME, BY_CONTACT, BY_RESOURCE, LOCAL, MAILBOX, TICKET, authorship

NOW = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
TASK = replace(TICKET, kind="task")
PROJECT = replace(TICKET, kind="project", number="P20260131.0001")
DONE = replace(TICKET, status="Complete", completed_at=NOW - timedelta(days=3))
CHANGE = replace(TICKET, approvers=Approvers(resource_ids=frozenset({5}), contact_ids=frozenset({1})))
PICKS = Picks(
    statuses=("New", "Waiting Customer", "Complete"),
    complete_statuses=frozenset({"Complete"}),
    roles=("Network Engineer", "Consultant", "Manager"),
)
STATUSES = replace(
    MAILBOX,
    ticket_note=replace(MAILBOX.ticket_note, status_after_contact="Answered", status_after_resource="Waiting Customer"),
    task_note=replace(MAILBOX.task_note, status_after_contact="Task answered"),
)


def note(**fields: Any) -> Mailbox:
    """The mailbox with other rules for ticket notes."""
    rules: TicketNoteDefaults = replace(STATUSES.ticket_note, **fields)
    return replace(STATUSES, ticket_note=rules)


def case(target: Target | None = TICKET, text: str = "Hello", *, is_resource: bool = False, **fields: Any) -> Case:
    """A contact of Acme, or a proven resource, writes."""
    author = fields.pop("author", BY_RESOURCE if is_resource else BY_CONTACT)
    standing = fields.pop("standing", Standing.PROVEN_RESOURCE if is_resource else Standing.CUSTOMER)
    mailbox = fields.pop("mailbox", STATUSES)
    proven = fields.pop("is_proven", True)
    line = FirstLine()
    if target is not None:
        line = read_first_line(text, author, standing, target, mailbox, PICKS, is_proven=proven)
    return Case(
        mailbox=mailbox,
        authorship=author,
        standing=standing,
        received_at=NOW,
        target=target,
        is_complete=target is not None and is_complete(target, PICKS),
        first_line=line,
        **fields,
    )


def made(verdict: Verdict) -> tuple[Outcome, Reason, str, str]:
    """What a table compares: outcome, reason, publish, new status."""
    return verdict.outcome, verdict.reason, verdict.publish, verdict.status


TICKET_MADE, NOTE = Outcome.TICKET_CREATED, Outcome.TICKET_NOTE_ADDED
NUMBER, NEW = Reason.SUBJECT_NUMBER, Reason.NEW_TICKET
THREAD, PASSED_ON, UNKNOWN = Reason.HEADER_THREAD, Reason.FORWARD_STARTS_NEW, Reason.SENDER_UNKNOWN
THREADS = (Road.TOKEN, Road.MESSAGE, Road.REFERENCE)
NOT_PARTICIPANT = (TICKET_MADE, Reason.THREAD_NOT_PARTICIPANT, "all", "")
NO_CALENDAR_REPLY = (Outcome.DISCARDED, Reason.CALENDAR_REPLY, "all", "")
TICKETS_ONLY = replace(MAILBOX, creates=("ticket",))
UNPROVEN: dict[str, Any] = {
    "author": BY_RESOURCE,
    "standing": Standing.UNPROVEN_RESOURCE,
    "is_proven": False,
}
AMBIGUOUS = authorship(Attribution(organization=LOCAL, rule="fallback_organization", ambiguous=("C1 (Acme)",)))
NOBODY = authorship(None)
FORWARDED = replace(BY_CONTACT, originator=replace(BY_CONTACT.originator, source=Source.FORWARDED_BLOCK))
MAILBOX_ITSELF = authorship(
    AMBIGUOUS.attribution and replace(AMBIGUOUS.attribution, ambiguous=()), source=Source.MAILBOX
)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # nothing leads to an object: a ticket, always
        (case(None), (TICKET_MADE, NEW, "all", "")),
        (case(None, is_resource=True), (TICKET_MADE, NEW, "all", "")),
        (case(None, mailbox=replace(MAILBOX, creates=("ticket_note", "ticket"))), (TICKET_MADE, NEW, "all", "")),
        # ... whatever its first line says
        (case(None, "#T=1.5", is_resource=True), (TICKET_MADE, NEW, "all", "")),
        # ... unless nobody is responsible
        (case(None, author=NOBODY), (Outcome.DISCARDED, Reason.SENDER_UNKNOWN, "all", "")),
        # what shapes the ticket is its reason
        (case(None, **UNPROVEN), (TICKET_MADE, Reason.SENDER_NOT_AUTHENTICATED, "all", "")),
        (case(None, author=AMBIGUOUS), (TICKET_MADE, Reason.CONTACT_AMBIGUOUS, "all", "")),
        (case(None, author=FORWARDED), (TICKET_MADE, Reason.FORWARDED_NOT_REDIRECTED, "all", "")),
        (case(None, author=MAILBOX_ITSELF), (TICKET_MADE, Reason.ORIGINATOR_IS_MAILBOX, "all", "")),
        # ticket, task and project notes; status after a contact and after a resource
        (case(), (NOTE, NUMBER, "all", "Answered")),
        (case(is_resource=True), (NOTE, NUMBER, "all", "Waiting Customer")),
        (case(mailbox=MAILBOX), (NOTE, NUMBER, "all", "")),
        (case(TASK), (Outcome.TASK_NOTE_ADDED, NUMBER, "all", "Task answered")),
        (case(TASK, is_resource=True), (Outcome.TASK_NOTE_ADDED, NUMBER, "all", "")),
        (case(PROJECT), (Outcome.PROJECT_NOTE_ADDED, NUMBER, "all", "")),
        # publish is the mailbox's
        (case(mailbox=note(publish="internal")), (NOTE, NUMBER, "internal", "Answered")),
        # nobody known has no organization, and attaches all the same
        (case(author=NOBODY), (NOTE, NUMBER, "all", "Answered")),
        (case(author=FORWARDED), (NOTE, Reason.FORWARDED_NOT_REDIRECTED, "all", "Answered")),
        (case(author=AMBIGUOUS), (NOTE, NUMBER, "all", "Answered")),
        # an unproven resource: an internal note, whatever it writes, and nothing changes
        (case(**UNPROVEN), (NOTE, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        (case(text="#T=1", **UNPROVEN), (NOTE, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        (case(DONE, **UNPROVEN), (NOTE, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        (case(TASK, **UNPROVEN), (Outcome.TASK_NOTE_ADDED, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        # calendar replies: a note without status change, without object nothing
        (case(is_calendar_reply=True), (NOTE, Reason.CALENDAR_REPLY, "all", "")),
        (case(DONE, is_calendar_reply=True), (NOTE, Reason.CALENDAR_REPLY, "all", "")),
        (case(None, is_calendar_reply=True), (Outcome.DISCARDED, Reason.CALENDAR_REPLY, "all", "")),
        (case(None, author=NOBODY, is_calendar_reply=True), (Outcome.DISCARDED, Reason.CALENDAR_REPLY, "all", "")),
        # automated mail changes no status
        (case(is_automated=True), (NOTE, NUMBER, "all", "")),
        # a header that leads to the object does what a number does
        *((case(road=road), (NOTE, THREAD, "all", "Answered")) for road in THREADS),
        (case(TASK, road=Road.TOKEN), (Outcome.TASK_NOTE_ADDED, THREAD, "all", "Task answered")),
        (case(DONE, road=Road.TOKEN), (NOTE, THREAD, "all", "New")),
        (case(road=Road.TOKEN, mailbox=TICKETS_ONLY), (TICKET_MADE, NEW, "all", "")),
        (case(road=Road.TOKEN, **UNPROVEN), (NOTE, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        # ... but not for those who have nothing to do with it, whatever the mailbox makes of strangers
        *(
            (case(road=road, is_stranger=True, mailbox=replace(STATUSES, strangers=strangers)), NOT_PARTICIPANT)
            for road in THREADS
            for strangers in ("attach", "new_ticket", "quarantine")
        ),
        (case(DONE, road=Road.MESSAGE, is_stranger=True), NOT_PARTICIPANT),
        (case(road=Road.MESSAGE, is_stranger=True, is_passed_on=True), NOT_PARTICIPANT),
        (case(road=Road.MESSAGE, is_stranger=True, is_calendar_reply=True), NO_CALENDAR_REPLY),
        (case(road=Road.MESSAGE, is_stranger=True, author=NOBODY), (Outcome.DISCARDED, UNKNOWN, "all", "")),
        # ... and not for what is passed on; a number attaches that too
        *((case(road=road, is_passed_on=True), (TICKET_MADE, PASSED_ON, "all", "")) for road in THREADS),
        (case(road=Road.TOKEN, is_passed_on=True, author=NOBODY), (Outcome.DISCARDED, UNKNOWN, "all", "")),
        (case(is_passed_on=True), (NOTE, NUMBER, "all", "Answered")),
    ],
)
def test_what_a_message_becomes(asked: Case, expected: tuple[Outcome, Reason, str, str]) -> None:
    """Outcome, reason, who may read it, new status."""
    assert made(decide(asked)) == expected


@pytest.mark.parametrize(
    ("strangers", "asked", "expected"),
    [
        # attach: an internal note, no status change
        ("attach", case(is_stranger=True), (NOTE, Reason.ATTACHED_STRANGER, "internal", "")),
        ("attach", case(TASK, is_stranger=True), (Outcome.TASK_NOTE_ADDED, Reason.ATTACHED_STRANGER, "internal", "")),
        # judged before when_complete: a stranger neither reopens nor starts a ticket
        ("attach", case(DONE, is_stranger=True), (NOTE, Reason.ATTACHED_STRANGER, "internal", "")),
        # new_ticket, whether the other one is complete or not; nobody responsible: nothing
        ("new_ticket", case(is_stranger=True), (TICKET_MADE, NEW, "all", "")),
        ("new_ticket", case(DONE, is_stranger=True), (TICKET_MADE, NEW, "all", "")),
        (
            "new_ticket",
            case(is_stranger=True, author=NOBODY),
            (Outcome.DISCARDED, Reason.SENDER_UNKNOWN, "all", ""),
        ),
        (
            "new_ticket",
            case(is_stranger=True, is_calendar_reply=True),
            (Outcome.DISCARDED, Reason.CALENDAR_REPLY, "all", ""),
        ),
        ("quarantine", case(is_stranger=True), (Outcome.QUARANTINED, Reason.STRANGER, "all", "")),
    ],
)
def test_strangers(strangers: Any, asked: Case, expected: tuple[Outcome, Reason, str, str]) -> None:
    """A stranger with a number is what the mailbox makes of strangers."""
    verdict = decide(replace(asked, mailbox=replace(asked.mailbox, strangers=strangers)))
    assert made(verdict) == expected
    # Its ticket has nothing to do with the one it names.
    assert verdict.linked is None
    assert verdict.is_unrelated is (verdict.kind == "ticket")


LONG_AGO = replace(DONE, completed_at=NOW - timedelta(days=14, seconds=1))
JUST_IN_TIME = replace(DONE, completed_at=NOW - timedelta(days=14))
UNDATED = replace(DONE, completed_at=None)


@pytest.mark.parametrize(
    ("mailbox", "asked", "expected", "is_linked"),
    [
        # reopen, the default: at most reopen_days ago; the status of new tickets wins over status_after_*
        (STATUSES, case(DONE), (NOTE, NUMBER, "all", "New"), False),
        (STATUSES, case(DONE, is_resource=True), (NOTE, NUMBER, "all", "New"), False),
        (note(reopen_status="Reopened"), case(DONE), (NOTE, NUMBER, "all", "Reopened"), False),
        (STATUSES, case(JUST_IN_TIME), (NOTE, NUMBER, "all", "New"), False),
        (STATUSES, case(LONG_AGO), (TICKET_MADE, NEW, "all", ""), True),
        (note(reopen_days=2), case(DONE), (TICKET_MADE, NEW, "all", ""), True),
        (note(reopen_days=20), case(LONG_AGO), (NOTE, NUMBER, "all", "New"), False),
        # when nobody wrote down when
        (STATUSES, case(UNDATED), (NOTE, NUMBER, "all", "New"), False),
        # note: stays complete; new_ticket: linked, however long ago
        (note(when_complete="note"), case(DONE), (NOTE, NUMBER, "all", ""), False),
        (note(when_complete="note"), case(LONG_AGO), (NOTE, NUMBER, "all", ""), False),
        (note(when_complete="new_ticket"), case(DONE), (TICKET_MADE, NEW, "all", ""), True),
        (note(when_complete="new_ticket"), case(DONE, is_resource=True), (TICKET_MADE, NEW, "all", ""), True),
        # automated mail neither reopens nor starts one
        *(
            (note(when_complete=when), case(LONG_AGO, is_automated=True), (NOTE, NUMBER, "all", ""), False)
            for when in ("note", "reopen", "new_ticket")
        ),
        # a status that the file does not know is not complete; tasks and projects are only noted on
        (
            note(when_complete="new_ticket"),
            case(replace(DONE, status="Solved")),
            (NOTE, NUMBER, "all", "Answered"),
            False,
        ),
        (
            note(when_complete="new_ticket"),
            case(replace(DONE, kind="task")),
            (Outcome.TASK_NOTE_ADDED, NUMBER, "all", "Task answered"),
            False,
        ),
        (
            note(when_complete="new_ticket"),
            case(replace(DONE, kind="project")),
            (Outcome.PROJECT_NOTE_ADDED, NUMBER, "all", ""),
            False,
        ),
    ],
)
def test_complete_tickets(
    mailbox: Mailbox,
    asked: Case,
    expected: tuple[Outcome, Reason, str, str],
    is_linked: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """``when_complete`` = note, reopen or new_ticket."""
    verdict = decide(replace(asked, mailbox=mailbox))
    assert made(verdict) == expected
    assert verdict.linked == (asked.target if is_linked else None)
    assert (verdict.target is None) is is_linked
    assert verdict.is_reopened is (verdict.status in {"New", "Reopened"})


def creating(*kinds: Any) -> Mailbox:
    mailbox: Mailbox = replace(STATUSES, creates=kinds)
    return mailbox


@pytest.mark.parametrize(
    ("kinds", "asked", "expected"),
    [
        # time entry → note, which is internal and tells the hours; nothing is applied
        (("ticket", "ticket_note"), case(text="#T=1 #S=Complete", is_resource=True), (NOTE, NUMBER, "internal", "")),
        (
            ("ticket", "task_note"),
            case(TASK, "#T=1", is_resource=True),
            (Outcome.TASK_NOTE_ADDED, NUMBER, "internal", ""),
        ),
        # → ticket
        (("ticket",), case(text="#T=1", is_resource=True), (TICKET_MADE, NEW, "internal", "")),
        # note → ticket
        (("ticket",), case(), (TICKET_MADE, NEW, "all", "")),
        (("ticket", "task_note"), case(PROJECT), (TICKET_MADE, NEW, "all", "")),
        (("ticket", "ticket_note"), case(TASK), (TICKET_MADE, NEW, "all", "")),
        (("ticket",), case(DONE), (TICKET_MADE, NEW, "all", "")),
        (("ticket",), case(**UNPROVEN), (TICKET_MADE, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        # an answer to an invitation starts no ticket
        (("ticket",), case(is_calendar_reply=True), (Outcome.DISCARDED, Reason.CALENDAR_REPLY, "all", "")),
        # what is listed stays
        (
            ("ticket", "ticket_time_entry"),
            case(text="#T=1", is_resource=True),
            (Outcome.TICKET_TIME_ENTRY_ADDED, NUMBER, "all", ""),
        ),
    ],
)
def test_kinds_that_a_mailbox_does_not_create(
    kinds: tuple[Any, ...], asked: Case, expected: tuple[Outcome, Reason, str, str]
) -> None:
    """A kind that is not listed falls back: time entry → note → ticket."""
    verdict = decide(replace(asked, mailbox=creating(*kinds)))
    assert made(verdict) == expected
    assert verdict.linked == (asked.target if verdict.kind == "ticket" else None)
    if verdict.publish == "internal":
        assert verdict.indicated is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # a time entry, with its status or without; no status_after_*, no reopening
        (case(text="#T=1,5\nDone", is_resource=True), (Outcome.TICKET_TIME_ENTRY_ADDED, NUMBER, "all", "")),
        (
            case(text="#T=1 #S=waiting customer", is_resource=True),
            (Outcome.TICKET_TIME_ENTRY_ADDED, NUMBER, "all", "Waiting Customer"),
        ),
        (case(TASK, "#T=1", is_resource=True), (Outcome.TASK_TIME_ENTRY_ADDED, NUMBER, "all", "")),
        (case(DONE, "#T=1", is_resource=True), (Outcome.TICKET_TIME_ENTRY_ADDED, NUMBER, "all", "")),
        # a wrong value: the whole mail is an internal note, nothing is applied, also on complete tickets
        (case(text="#T=99 #S=Complete", is_resource=True), (NOTE, Reason.INDICATOR_REJECTED, "internal", "")),
        (
            case(PROJECT, "#T=1", is_resource=True),
            (Outcome.PROJECT_NOTE_ADDED, Reason.INDICATOR_REJECTED, "internal", ""),
        ),
        (case(DONE, "#T=x", is_resource=True), (NOTE, Reason.INDICATOR_REJECTED, "internal", "")),
        (
            case(
                DONE,
                "#T=1",
                is_resource=True,
                mailbox=replace(
                    MAILBOX, ticket_time_entry=replace(MAILBOX.ticket_time_entry, when_complete="prohibit")
                ),
            ),
            (NOTE, Reason.INDICATOR_REJECTED, "internal", ""),
        ),
        # #S and #R alone are text
        (case(text="#S=Nonsense", is_resource=True), (NOTE, NUMBER, "all", "Waiting Customer")),
        # from anybody else: text
        (case(text="#T=99"), (NOTE, NUMBER, "all", "Answered")),
        (case(text="#A=approve"), (NOTE, NUMBER, "all", "Answered")),
        # a decision is a note without status change, by a resource and by a contact
        (case(CHANGE, "#A=approve", is_resource=True), (NOTE, NUMBER, "all", "")),
        (case(CHANGE, "#A=genehmigt"), (NOTE, NUMBER, "all", "")),
        # together with time
        (case(CHANGE, "#T=1 #A=reject", is_resource=True), (Outcome.TICKET_TIME_ENTRY_ADDED, NUMBER, "all", "")),
        # on another ticket
        (case(text="#A=approve", is_resource=True), (NOTE, Reason.INDICATOR_REJECTED, "internal", "")),
        # an approver who is not proven decides nothing, and an ordinary mail of that contact is an ordinary note
        (case(CHANGE, "#A=approve", is_proven=False), (NOTE, Reason.SENDER_NOT_AUTHENTICATED, "internal", "")),
        (case(CHANGE, "Hello", is_proven=False), (NOTE, NUMBER, "all", "Answered")),
    ],
)
def test_indicators(asked: Case, expected: tuple[Outcome, Reason, str, str]) -> None:
    """What a technician's or approver's first line makes of a reply."""
    verdict = decide(asked)
    assert made(verdict) == expected
    is_rejected = verdict.reason is Reason.INDICATOR_REJECTED
    assert verdict.is_whole_mail is is_rejected
    assert (verdict.rejected is not None) is is_rejected


def test_a_prohibited_time_entry_is_allowed_on_open_tickets() -> None:
    """``prohibit`` is about complete tickets only, and not about tasks."""
    mailbox = replace(STATUSES, ticket_time_entry=replace(STATUSES.ticket_time_entry, when_complete="prohibit"))
    for target, outcome in (
        (TICKET, Outcome.TICKET_TIME_ENTRY_ADDED),
        (replace(DONE, kind="task"), Outcome.TASK_TIME_ENTRY_ADDED),
    ):
        assert decide(case(target, "#T=1", is_resource=True, mailbox=mailbox)).outcome is outcome


def test_a_new_tickets_owner() -> None:
    """A contact's linked ticket keeps its link and its author's organization."""
    verdict = decide(case(LONG_AGO))
    assert verdict.linked == LONG_AGO
    assert BY_CONTACT.attribution is not None
    assert BY_CONTACT.attribution.organization == ACME
    assert not verdict.is_unrelated


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        # an internal note, without any effect, on whatever the first one made
        (case(None), (NOTE, Reason.COPY_ALTERED, "internal", "")),
        (case(TICKET), (NOTE, Reason.COPY_ALTERED, "internal", "")),
        (case(None, is_resource=True), (NOTE, Reason.COPY_ALTERED, "internal", "")),
        # what shapes other objects does not shape this one
        (case(None, author=FORWARDED), (NOTE, Reason.COPY_ALTERED, "internal", "")),
        (case(None, **UNPROVEN), (NOTE, Reason.COPY_ALTERED, "internal", "")),
        # never a ticket
        (case(None, mailbox=TICKETS_ONLY), (Outcome.DUPLICATE, Reason.COPY_ALTERED, "all", "")),
    ],
)
@pytest.mark.parametrize("target", [TICKET, DONE])
def test_altered_copies(asked: Case, target: Target, expected: tuple[Outcome, Reason, str, str]) -> None:
    """The same message with other octets is for the desk's eyes; it neither reopens nor starts anything."""
    verdict = altered_copy(asked, target)
    assert (made(verdict), verdict.target, verdict.linked, verdict.is_reopened) == (expected, target, None, False)


def test_what_is_passed_on_is_linked() -> None:
    """A forward that a header leads to a ticket becomes a ticket that points there; somebody else's does not."""
    assert decide(case(road=Road.TOKEN, is_passed_on=True)).linked == TICKET
    foreign = decide(case(road=Road.TOKEN, is_passed_on=True, is_stranger=True))
    assert (foreign.linked, foreign.is_unrelated) == (None, True)
