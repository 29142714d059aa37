"""Classify: which object a message becomes."""

from dataclasses import replace
from datetime import timedelta

from inbound.model.authorship import Source
from inbound.model.desk import Target
from inbound.model.mailbox import Mailbox, ObjectKind, Publish
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Case, Road, Standing, Verdict
from inbound.rules.reasons import first_reason

#: kinds fall back when a mailbox does not create them: time entry → note → ticket
FALLBACKS: dict[ObjectKind, ObjectKind] = {
    "ticket_time_entry": "ticket_note",
    "task_time_entry": "task_note",
    "ticket_note": "ticket",
    "task_note": "ticket",
    "project_note": "ticket",
}
OUTCOMES: dict[ObjectKind, Outcome] = {
    "ticket": Outcome.TICKET_CREATED,
    "ticket_note": Outcome.TICKET_NOTE_ADDED,
    "ticket_time_entry": Outcome.TICKET_TIME_ENTRY_ADDED,
    "project_note": Outcome.PROJECT_NOTE_ADDED,
    "task_note": Outcome.TASK_NOTE_ADDED,
    "task_time_entry": Outcome.TASK_TIME_ENTRY_ADDED,
}
_NOTES: dict[str, ObjectKind] = {"ticket": "ticket_note", "task": "task_note", "project": "project_note"}
_TIME_ENTRIES: dict[str, ObjectKind] = {"ticket": "ticket_time_entry", "task": "task_time_entry"}
#: reasons that a ticket of its own does not have
_ABOUT_THE_OBJECT = frozenset({Reason.SUBJECT_NUMBER, Reason.HEADER_THREAD, Reason.ATTACHED_STRANGER})
#: reasons of tickets that nothing but the lack of an object explains
_NEW = frozenset({Reason.NEW_TICKET, Reason.THREAD_NOT_PARTICIPANT})
_MARKS = {
    Source.FORWARDED_BLOCK: Reason.FORWARDED_NOT_REDIRECTED,
    Source.MAILBOX: Reason.ORIGINATOR_IS_MAILBOX,
}


def decide(case: Case) -> Verdict:
    """What a message becomes. The stranger rule is judged first, and a complete object last."""
    if case.target is None:
        return _without_object(case)
    if case.road is not Road.NUMBER and case.is_stranger:
        return _not_participant(case, case.target)
    if case.road is not Road.NUMBER and case.is_passed_on:
        return _passed_on(case, case.target)
    if case.is_stranger:
        return _of_stranger(case, case.target)
    return _of_participant(case, case.target)


def _of_participant(case: Case, target: Target) -> Verdict:
    """Somebody who has to do with the object."""
    indicated = case.first_line.indicated
    if case.standing is Standing.UNPROVEN_RESOURCE or case.first_line.is_unproven_approval:
        return internal_note(case, target, Reason.SENDER_NOT_AUTHENTICATED)
    if case.is_calendar_reply:
        step = hit("classify", "calendar_reply", "an answer to an invitation changes no status")
        note = _made(case, target, _NOTES[target.kind], reason=Reason.CALENDAR_REPLY, steps=(step,))
        return note if note.target is not None else _without_object(case)
    if indicated is not None and indicated.wrong:
        verdict = internal_note(case, target, Reason.INDICATOR_REJECTED)
        return replace(verdict, rejected=indicated, is_whole_mail=True)
    if indicated is not None:
        return _indicated(case, target)
    return _plain_note(case, target)


def _without_object(case: Case, reason: Reason = Reason.NEW_TICKET) -> Verdict:
    """Nothing leads to an object: a ticket, always."""
    if case.is_calendar_reply:
        step = hit("classify", "calendar_reply", "an answer to an invitation, about no object")
        return Verdict(outcome=Outcome.DISCARDED, reason=Reason.CALENDAR_REPLY, steps=(step,))
    if case.authorship.attribution is None:
        return of_nobody()
    step = hit("classify", "ticket", "nothing leads to an existing object")
    return Verdict(outcome=Outcome.TICKET_CREATED, reason=_reason(case, reason), kind="ticket", steps=(step,))


def _not_participant(case: Case, target: Target) -> Verdict:
    """Headers are no secret: they lead only those to an object who have to do with it."""
    step = hit("classify", "thread_not_participant", f"a header leads to {target.number}, of which it is no part")
    verdict = _without_object(case, Reason.THREAD_NOT_PARTICIPANT)
    return replace(verdict, is_unrelated=verdict.kind == "ticket", steps=(step, *verdict.steps))


def _passed_on(case: Case, target: Target) -> Verdict:
    """A forwarded mail asks something new; a number in its subject would have attached it."""
    step = hit("classify", "forward_starts_new", f"a header leads to {target.number}, but the subject says forwarded")
    verdict = _without_object(case, Reason.FORWARD_STARTS_NEW)
    return replace(verdict, linked=target if verdict.kind else None, steps=(step, *verdict.steps))


def of_nobody(steps: tuple[Step, ...] = ()) -> Verdict:
    """``sender_unknown``.

    Args:
        steps: what was decided before.
    """
    step = hit("classify", "sender_unknown", "nobody is responsible: no fallback organization is configured")
    return Verdict(outcome=Outcome.DISCARDED, reason=Reason.SENDER_UNKNOWN, steps=(*steps, step))


def _of_stranger(case: Case, target: Target) -> Verdict:
    """``strangers``: attach as an internal note, without status change and notice; a new ticket; or quarantine."""
    match case.mailbox.strangers:
        case "attach":
            return internal_note(case, target, Reason.ATTACHED_STRANGER)
        case "quarantine":
            step = hit("classify", "strangers", f"the mailbox quarantines strangers with the number {target.number}")
            return Verdict(outcome=Outcome.QUARANTINED, reason=Reason.STRANGER, steps=(step,))
        case "new_ticket":
            step = hit("classify", "strangers", f"a stranger with the number {target.number} gets a ticket")
            verdict = _without_object(case)
            is_ticket = verdict.kind == "ticket"
            return replace(verdict, is_unrelated=is_ticket, steps=(step, *verdict.steps))


def internal_note(case: Case, target: Target, reason: Reason) -> Verdict:
    """Something is not as it should be: only the desk reads it, and nothing changes."""
    step = hit("classify", reason, f"an internal note on {target.kind} {target.number}, without status change")
    return _made(case, target, _NOTES[target.kind], reason=reason, publish="internal", steps=(step,))


def altered_copy(case: Case, target: Target) -> Verdict:
    """The same message again, changed on its way: for the desk's eyes, without any effect, and never a ticket."""
    verdict = internal_note(case, target, Reason.COPY_ALTERED)
    if verdict.target is None:
        step = miss("classify", "copy_altered", "the mailbox creates no note, and a copy starts no ticket")
        return Verdict(
            outcome=Outcome.DUPLICATE, reason=Reason.COPY_ALTERED, target=target, steps=(*verdict.steps, step)
        )
    return replace(verdict, reason=Reason.COPY_ALTERED, is_whole_mail=True)


def _indicated(case: Case, target: Target) -> Verdict:
    """A time entry, a decision, or both."""
    indicated = case.first_line.indicated
    if indicated is None or indicated.hours is None:
        step = hit("classify", "indicators", f"a decision about change request {target.number}")
        note = _made(case, target, _NOTES[target.kind], steps=(step,))
        # A ticket of its own keeps the line, and decides nothing.
        return note if note.target is None else replace(note, indicated=indicated)
    step = hit("classify", "indicators", f"{indicated.hours} hours on {target.kind} {target.number}")
    verdict = _made(case, target, _TIME_ENTRIES[target.kind], steps=(step,))
    if verdict.kind not in _TIME_ENTRIES.values():
        # Not created here, so the line says it: the hours are not lost.
        return replace(verdict, publish="internal", is_whole_mail=True)
    return replace(verdict, indicated=indicated, status=indicated.status)


def _plain_note(case: Case, target: Target) -> Verdict:
    note = _made(case, target, _NOTES[target.kind])
    if case.is_complete and target.kind == "ticket":
        return _on_complete(case, target, note)
    if case.is_automated or note.target is None:
        return note
    return replace(note, status=_status_after(case, target))


def _on_complete(case: Case, target: Target, note: Verdict) -> Verdict:
    """``when_complete``: a note; reopen, when completed at most ``reopen_days`` ago; or a linked new ticket."""
    defaults = case.mailbox.ticket_note
    if case.is_automated:
        step = miss("classify", "when_complete", "automated mail neither reopens nor starts a ticket")
        return replace(note, steps=(*note.steps, step))
    if defaults.when_complete == "note" or note.target is None:
        return replace(note, steps=(*note.steps, hit("classify", "when_complete", "the ticket stays complete")))
    if defaults.when_complete == "reopen" and _is_recent(case, target):
        status = defaults.reopen_status or case.mailbox.ticket.status
        step = hit("classify", "when_complete", f"reopened: {status}")
        return replace(note, status=status, is_reopened=True, steps=(*note.steps, step))
    since = f"{target.completed_at:%Y-%m-%d %H:%M %Z}" if target.completed_at else "some time"
    step = hit("classify", "when_complete", f"{target.number} is complete since {since}: a linked new ticket")
    return Verdict(
        outcome=Outcome.TICKET_CREATED,
        reason=_reason(case, Reason.NEW_TICKET),
        kind="ticket",
        linked=target,
        steps=(*note.steps, step),
    )


def _is_recent(case: Case, target: Target) -> bool:
    """Completed at most ``reopen_days`` ago; what nobody wrote down is no obstacle."""
    days = timedelta(days=case.mailbox.ticket_note.reopen_days)
    return target.completed_at is None or case.received_at - target.completed_at <= days


def _status_after(case: Case, target: Target) -> str:
    """``status_after_contact`` or ``status_after_resource``; projects have none."""
    if target.kind == "project":
        return ""
    defaults = case.mailbox.ticket_note if target.kind == "ticket" else case.mailbox.task_note
    is_resource = case.standing is Standing.PROVEN_RESOURCE
    return defaults.status_after_resource if is_resource else defaults.status_after_contact


def _made(
    case: Case,
    target: Target,
    wanted: ObjectKind,
    *,
    reason: Reason | None = None,
    publish: Publish | None = None,
    steps: tuple[Step, ...] = (),
) -> Verdict:
    """The wanted kind, or what it falls back to."""
    kind, trace = wanted, list(steps)
    while kind not in case.mailbox.creates and kind != "ticket":
        trace.append(miss("classify", "creates", f"mailbox {case.mailbox.name} creates no {kind}"))
        kind = FALLBACKS[kind]
    is_ticket = kind == "ticket"
    reason = reason or (Reason.SUBJECT_NUMBER if case.road is Road.NUMBER else Reason.HEADER_THREAD)
    plain = Reason.NEW_TICKET if is_ticket and reason in _ABOUT_THE_OBJECT else reason
    return Verdict(
        outcome=OUTCOMES[kind],
        reason=_reason(case, plain),
        kind=kind,
        target=None if is_ticket else target,
        linked=target if is_ticket and not case.is_stranger else None,
        publish=publish or _publish(case.mailbox, kind),
        is_unrelated=is_ticket and case.is_stranger,
        steps=tuple(trace),
    )


def _publish(mailbox: Mailbox, kind: ObjectKind) -> Publish:
    match kind:
        case "ticket":
            return "all"
        case "ticket_note":
            return mailbox.ticket_note.publish
        case "ticket_time_entry":
            return mailbox.ticket_time_entry.publish
        case "project_note":
            return mailbox.project_note.publish
        case "task_note":
            return mailbox.task_note.publish
        case "task_time_entry":
            return mailbox.task_time_entry.publish


def _reason(case: Case, plain: Reason) -> Reason:
    """What shaped the object, if anything did."""
    true = [plain]
    if (mark := _MARKS.get(case.authorship.originator.source)) is not None:
        true.append(mark)
    if case.standing is Standing.UNPROVEN_RESOURCE:
        true.append(Reason.SENDER_NOT_AUTHENTICATED)
    attribution = case.authorship.attribution
    if plain in _NEW and attribution is not None and attribution.ambiguous:
        true.append(Reason.CONTACT_AMBIGUOUS)
    return first_reason(true)
