"""Stage 4: write what was decided; one multi-row insert per table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from inbound.database import blobs, messages, tickets
from inbound.database.engine import Transaction, pipelined
from inbound.database.numbers import TICKET, Allotment, allot, format_number
from inbound.database.tickets import AttachmentRow
from inbound.model.desk import NoteDraft, TicketDraft
from inbound.model.outcome import Outcome, Result
from inbound.model.trace import Step, hit
from inbound.pipeline.context import Context
from inbound.pipeline.drafts import draft_message, draft_note, draft_redelivery, draft_ticket
from inbound.pipeline.steps import Decided, Processed
from inbound.rules.titles import title_of


@dataclass(frozen=True, kw_only=True, slots=True)
class _Assigned:
    """A decision with the ids and drafts it was given."""

    decided: Decided
    sha256: bytes
    row_id: int
    ticket_id: int | None = None
    ticket: TicketDraft | None = None
    note_id: int | None = None
    note: NoteDraft | None = None


def persist(tx: Transaction, batch: Sequence[Decided], context: Context) -> list[Processed]:
    """Write a batch whose messages cannot affect each other."""
    repeated = [decided for decided in batch if decided.outcome is Outcome.DUPLICATE]
    new = [decided for decided in batch if decided.outcome is not Outcome.DUPLICATE]
    # A retry that somebody else was faster with is no delivery.
    if delivered := [decided for decided in repeated if decided.received.row_id is None]:
        messages.count_redeliveries(tx, [draft_redelivery(decided) for decided in delivered])
    processed = [_processed_duplicate(decided) for decided in repeated]
    if new:
        processed += _write(tx, _assign(tx, new, context))
    return processed


def _processed_duplicate(decided: Decided) -> Processed:
    if decided.first is None:
        raise ValueError("a duplicate has a first delivery")
    result = Result(
        mailbox=decided.received.mailbox.name,
        outcome=decided.outcome,
        reason=decided.reason,
        message_id=decided.first.row_id,
        number=decided.first.number,
    )
    return Processed(received=decided.received, result=result, steps=decided.steps)


def _assign(tx: Transaction, new: Sequence[Decided], context: Context) -> list[_Assigned]:
    """Give every message its ids, number and drafts."""
    local_times = [decided.received.delivery.received_at.astimezone(context.time_zone) for decided in new]
    bases = context.day_bases.base(local.date() for local in local_times)
    outcomes = [decided.outcome for decided in new]
    allotted = allot(
        tx,
        tickets=outcomes.count(Outcome.TICKET_CREATED),
        notes=outcomes.count(Outcome.TICKET_NOTE_ADDED),
        messages=sum(decided.received.row_id is None for decided in new),
    )
    return [
        _assign_one(decided, local, allotted, bases[local.date()], context)
        for decided, local in zip(new, local_times, strict=True)
    ]


def _assign_one(decided: Decided, local: datetime, allotted: Allotment, base: int, context: Context) -> _Assigned:
    received = decided.received
    sha256 = blobs.address(received.delivery.content, received.salt)
    row_id = allotted.message_ids.pop() if received.row_id is None else received.row_id
    if decided.outcome is Outcome.TICKET_CREATED:
        number = format_number(TICKET, local.date(), allotted.ticket_counts.pop() - base)
        title = title_of(received.mail.subject, local, context.date_format)
        ticket = draft_ticket(decided, number, title, context)
        ticket_id = allotted.ticket_ids.pop()
        return _Assigned(decided=decided, sha256=sha256, row_id=row_id, ticket_id=ticket_id, ticket=ticket)
    if decided.outcome is Outcome.TICKET_NOTE_ADDED:
        note = draft_note(decided, title_of(received.mail.subject, local, context.date_format))
        note_id = allotted.note_ids.pop()
        return _Assigned(decided=decided, sha256=sha256, row_id=row_id, note_id=note_id, note=note)
    return _Assigned(decided=decided, sha256=sha256, row_id=row_id)


def _write(tx: Transaction, assigned: Sequence[_Assigned]) -> list[Processed]:
    """One insert per table, in the order of their references."""
    attached = [pair for one in assigned for pair in _attachments(one)]
    contents = [(one.sha256, one.decided.received.delivery.content) for one in assigned]
    processed = [_processed(one) for one in assigned]
    with pipelined(tx):
        blobs.store(tx, contents + [(row.sha256, content) for row, content in attached])
        if new_tickets := [(one.ticket_id, one.ticket) for one in assigned if one.ticket_id and one.ticket]:
            tickets.insert(tx, new_tickets)
        if new_notes := [(one.note_id, one.note) for one in assigned if one.note_id and one.note]:
            tickets.insert_notes(tx, new_notes)
        if attached:
            tickets.insert_attachments(tx, [row for row, _ in attached])
        messages.insert(tx, [one.message for one in processed if one.message])
    return processed


def _attachments(one: _Assigned) -> Iterator[tuple[AttachmentRow, bytes]]:
    if one.ticket_id is None and one.note_id is None:
        return  # nothing was made: the attachments stay in the stored original
    received = one.decided.received
    for attachment in received.mail.attachments:
        row = AttachmentRow(
            ticket_id=one.ticket_id,
            note_id=one.note_id,
            name=attachment.name,
            content_type=attachment.content_type,
            size_bytes=len(attachment.content),
            content_id=attachment.content_id,
            is_inline=attachment.is_inline,
            sha256=blobs.address(attachment.content, received.salt),
        )
        yield row, attachment.content


def _processed(one: _Assigned) -> Processed:
    decided = one.decided
    target = decided.target if one.note else None
    number = one.ticket.number if one.ticket else target.number if target else None
    ticket_id = one.ticket_id if one.ticket else target.id if target else None
    steps = (*decided.steps, _step(one, number))
    return Processed(
        received=decided.received,
        result=Result(
            mailbox=decided.received.mailbox.name,
            outcome=decided.outcome,
            reason=decided.reason,
            message_id=one.row_id,
            number=number,
        ),
        steps=steps,
        ticket=one.ticket,
        note=one.note,
        message=draft_message(
            decided, row_id=one.row_id, sha256=one.sha256, ticket_id=ticket_id, note_id=one.note_id, steps=steps
        ),
    )


def _step(one: _Assigned, number: str | None) -> Step:
    attachments = f"with {len(one.decided.received.mail.attachments)} attachments"
    if one.ticket:
        return hit("persist", one.decided.outcome, f"ticket {number} {attachments}")
    if one.note:
        return hit("persist", one.decided.outcome, f"note on ticket {number} {attachments}")
    return hit("persist", one.decided.outcome, "only the message itself")
