"""Who gets which notice, and who does not: the whole table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inbound.model.mailbox import Mailbox, Notify
from inbound.model.outcome import Outcome, Reason
from inbound.rules.notices import CAP, WINDOW, Happened, Queued, over_cap, wanted_notices, why_silent

EVERYBODY = ("originator", "contact", "additional_contacts", "primary_resource", "queue", "boss@desk.example")
MAILBOX = Mailbox(name="support", address="support@desk.example")
TOLD = replace(
    MAILBOX, notify=Notify(ticket_created=EVERYBODY, object_created=EVERYBODY, note_added=EVERYBODY, failed=EVERYBODY)
)
TICKET = Happened(
    mailbox=MAILBOX,
    outcome=Outcome.TICKET_CREATED,
    reason=Reason.NEW_TICKET,
    kind="ticket",
    author="ann@customer.example",
    is_known=True,
)
NOTE = replace(TICKET, outcome=Outcome.TICKET_NOTE_ADDED, reason=Reason.SUBJECT_NUMBER, kind="ticket_note")
NOTHING = replace(TICKET, outcome=Outcome.DISCARDED, reason=Reason.PRIVATE, kind=None)
RESOURCES = ("primary_resource", "secondary_resources")


def told(happened: Happened) -> dict[str, tuple[str, ...]]:
    """Roles by kind."""
    return {one.kind: one.to for one in wanted_notices(happened)[0]}


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        # the defaults
        (TICKET, {"ticket_created": ("originator",)}),
        (NOTE, {"note_added": RESOURCES}),
        (replace(NOTE, is_by_resource=True), {}),
        (NOTHING, {"failed": ("originator",)}),
        (replace(NOTHING, reason=Reason.SENDER_UNKNOWN), {"failed": ("originator",)}),
        (replace(NOTE, reason=Reason.INDICATOR_REJECTED), {"indicator_rejected": ("originator",)}),
        # a note on anything else is told too, a time entry is not a note
        (replace(NOTE, kind="task_note"), {"note_added": RESOURCES}),
        (replace(NOTE, kind="project_note"), {"note_added": RESOURCES}),
        (replace(NOTE, kind="ticket_time_entry", is_by_resource=True), {}),
        # what becomes nothing and nobody could change
        (replace(NOTHING, reason=Reason.BLOCKED), {}),
        (replace(NOTHING, reason=Reason.BOUNCE), {}),
        (replace(NOTHING, reason=Reason.READ_RECEIPT), {}),
        (replace(NOTHING, reason=Reason.LOOP_LIMIT), {}),
        # notes that no person wrote, or in which nothing is new
        (replace(NOTE, reason=Reason.BOUNCE), {}),
        (replace(NOTE, reason=Reason.AUTOMATIC_REPLY), {}),
        (replace(NOTE, reason=Reason.COPY_ALTERED), {}),
        (replace(NOTE, is_generated=True, silencing_sign="Auto-Submitted: auto-generated"), {}),
        # a list's mail is not answered, and its news are told inside
        (replace(NOTE, silencing_sign="a mailing list"), {"note_added": RESOURCES}),
        # the operator's
        (replace(NOTHING, outcome=Outcome.QUARANTINED, reason=Reason.OVER_GUARD), {"operator": ("operators",)}),
        (replace(NOTHING, outcome=Outcome.QUARANTINED, reason=Reason.LOOP_LIMIT), {"operator": ("operators",)}),
        (replace(NOTHING, reason=Reason.FORWARDING_CONFIRMATION), {"operator": ("operators",)}),
        (replace(TICKET, is_forwarded=True), {"operator": ("operators",), "ticket_created": ("originator",)}),
        # everybody, as far as it concerns them
        (replace(TICKET, mailbox=TOLD), {"ticket_created": EVERYBODY}),
        (
            replace(NOTE, mailbox=TOLD),
            {
                "object_created": EVERYBODY,
                "note_added": ("originator", "primary_resource", "queue", "boss@desk.example"),
            },
        ),
        (
            replace(NOTE, mailbox=TOLD, is_by_resource=True),
            {
                "object_created": EVERYBODY,
                "note_added": ("originator", "contact", "additional_contacts", "boss@desk.example"),
            },
        ),
        (
            replace(NOTE, mailbox=TOLD, is_by_resource=True, publish="internal"),
            {"object_created": EVERYBODY, "note_added": ("originator", "boss@desk.example")},
        ),
        # whoever may not be answered is not answered as the contact either
        (
            replace(TICKET, mailbox=TOLD, silencing_sign="null reverse-path"),
            {"ticket_created": ("primary_resource", "queue", "boss@desk.example")},
        ),
    ],
)
def test_who_is_told(happened: Happened, expected: dict[str, tuple[str, ...]]) -> None:
    """Kinds and roles, by what happened."""
    assert told(happened) == expected


@pytest.mark.parametrize(
    ("happened", "is_silent"),
    [
        (TICKET, False),
        # nobody to answer, or the desk itself
        (replace(TICKET, author=""), True),
        (replace(TICKET, is_own=True), True),
        # machines, lists, spam, loops, alerts
        (replace(TICKET, silencing_sign="Precedence: bulk"), True),
        (replace(TICKET, is_spam=True), True),
        (replace(TICKET, reason=Reason.LOOP_LIMIT), True),
        (replace(TICKET, mailbox=replace(MAILBOX, handler="alerts")), True),
        # strangers: proven, or where the mailbox says so
        (replace(TICKET, is_known=False), True),
        (replace(TICKET, is_known=False, is_authenticated=True), False),
        (replace(TICKET, is_known=False, mailbox=replace(MAILBOX, notify=Notify(strangers=True))), False),
        (replace(TICKET, is_known=False, is_spam=True, mailbox=replace(MAILBOX, notify=Notify(strangers=True))), True),
    ],
)
def test_who_may_be_answered(happened: Happened, *, is_silent: bool) -> None:
    """The reasons for silence; each is a trace line."""
    assert bool(why_silent(happened)) == is_silent
    assert ("ticket_created" not in told(happened)) == is_silent
    (step,) = [step for step in wanted_notices(happened)[1] if step.rule == "ticket_created"]
    assert step.is_hit != is_silent


NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def queued(*minutes: float, recipient: str = "ann@customer.example") -> list[Queued]:
    """Notices queued so long after noon, numbered from 1."""
    return [Queued(id_, recipient, NOON + timedelta(minutes=at)) for id_, at in enumerate(minutes, start=1)]


@pytest.mark.parametrize(
    ("new", "counted", "expected"),
    [
        # five at once, the sixth is too many
        (queued(*[0] * 5), [], set()),
        (queued(*[0] * 7), [], {6, 7}),
        # the window slides, and does not hold its end
        (queued(0, 2, 4, 6, 8, 9.9, 10), [], {6}),
        # what counts already counts
        (queued(5), [("ann@customer.example", NOON)] * 5, {1}),
        (queued(10), [("ann@customer.example", NOON)] * 5, set()),
        (queued(5), [("bob@customer.example", NOON)] * 5, set()),
        # queued earlier, committed later: no window may hold six
        (queued(0), [("ann@customer.example", NOON + timedelta(minutes=5))] * 5, {1}),
    ],
)
def test_the_cap(new: list[Queued], counted: list[tuple[str, datetime]], expected: set[int]) -> None:
    """At most five in any ten minutes."""
    assert over_cap(new, counted) == expected


def test_the_cap_over_time() -> None:
    """A notice every second for an hour: no window of ten minutes holds more than five that count."""
    new = queued(*(second / 60 for second in range(3600)))
    too_many = over_cap(new, [])
    times = [one.queued_at for one in new if one.id not in too_many]
    assert len(times) == CAP * 6
    assert all(sum(at <= other < at + WINDOW for other in times) <= CAP for at in times)
