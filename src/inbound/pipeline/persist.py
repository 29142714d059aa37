"""Stage 4: write what was decided; one multi-row insert per table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inbound.database import blobs, directory, messages, tickets
from inbound.database.engine import Transaction, pipelined
from inbound.database.numbers import TICKET, Allotment, Need, allot, format_number
from inbound.database.tickets import AttachmentRow
from inbound.model.drafts import Drafts
from inbound.model.outcome import Outcome, Reason, Result
from inbound.model.trace import Step, hit
from inbound.pipeline.context import Context
from inbound.pipeline.drafts import draft
from inbound.pipeline.message_rows import draft_message, draft_redelivery
from inbound.pipeline.steps import Decided, Processed
from inbound.pipeline.texts import Texts, texts_of


@dataclass(frozen=True, kw_only=True, slots=True)
class _Assigned:
    """A decision with its drafts and the ids they were given."""

    decided: Decided
    texts: Texts | None
    drafts: Drafts
    #: None: nothing of the content is kept
    sha256: bytes | None
    row_id: int
    ticket_id: int | None = None
    note_id: int | None = None
    time_entry_id: int | None = None
    contact_id: int | None = None

    @property
    def is_live(self) -> bool:
        """False for a rehearsal, which touches no row that live mail might wait for."""
        return not self.decided.received.salt


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
    """Give every message its drafts, ids and number."""
    local_times = [decided.received.delivery.received_at.astimezone(context.time_zone) for decided in new]
    bases = context.day_bases.base(local.date() for local in local_times)
    # Without a number yet: what is drafted says how many of each are needed.
    drafted = [_draft(decided, local, context) for decided, local in zip(new, local_times, strict=True)]
    allotted = allot(tx, _need(drafted))
    return [
        _with_ids(one, local, allotted, bases[local.date()]) for one, local in zip(drafted, local_times, strict=True)
    ]


def _draft(decided: Decided, local: datetime, context: Context) -> _Assigned:
    received, classified = decided.received, decided.classified
    is_made = classified is not None and classified.verdict.kind is not None
    texts = texts_of(classified, context.max_description_chars) if classified and is_made else None
    return _Assigned(
        decided=decided,
        texts=texts,
        drafts=draft(classified, texts, "", local, context) if classified and texts else Drafts(),
        sha256=(None if decided.reason is Reason.PRIVATE else blobs.address(received.delivery.content, received.salt)),
        row_id=received.row_id or 0,
    )


def _need(drafted: Sequence[_Assigned]) -> Need:
    drafts = [one.drafts for one in drafted]
    return Need(
        tickets=sum(one.ticket is not None for one in drafts),
        notes=sum(one.note is not None for one in drafts),
        messages=sum(one.decided.received.row_id is None for one in drafted),
        time_entries=sum(one.time_entry is not None for one in drafts),
        contacts=sum(one.contact is not None for one in drafts),
    )


def _with_ids(one: _Assigned, local: datetime, allotted: Allotment, base: int) -> _Assigned:
    drafts, ticket_id = one.drafts, None
    contact_id = allotted.contact_ids.pop() if drafts.contact else None
    ticket, note = drafts.ticket, drafts.note
    if ticket is not None:
        ticket_id = allotted.ticket_ids.pop()
        number = format_number(TICKET, local.date(), allotted.ticket_counts.pop() - base)
        ticket = replace(ticket, number=number, contact_id=contact_id or ticket.contact_id)
        # The comment of a resource that forwarded the mail: the resource wrote it, whoever the contact is.
        note = replace(note, ticket_id=ticket_id) if note else None
    elif note is not None and contact_id is not None:
        note = replace(note, contact_id=contact_id)
    return replace(
        one,
        drafts=replace(drafts, ticket=ticket, note=note),
        row_id=one.row_id or allotted.message_ids.pop(),
        ticket_id=ticket_id,
        note_id=allotted.note_ids.pop() if note else None,
        time_entry_id=allotted.time_entry_ids.pop() if drafts.time_entry else None,
        contact_id=contact_id,
    )


def _write(tx: Transaction, assigned: Sequence[_Assigned]) -> list[Processed]:
    """One insert per table, in the order of their references."""
    processed = [_processed(one) for one in assigned]
    attached = [pair for one in assigned for pair in _attachments(one)]
    originals = [(one.sha256, one.decided.received.delivery.content) for one in assigned if one.sha256 is not None]
    with pipelined(tx):
        if contents := originals + [(row.sha256, content) for row, content in attached]:
            blobs.store(tx, contents)
        _write_objects(tx, assigned)
        if attached:
            tickets.insert_attachments(tx, [row for row, _ in attached])
        messages.insert(tx, [one.message for one in processed if one.message])
        _write_changes(tx, [one for one in assigned if one.is_live])
    return processed


def _write_objects(tx: Transaction, assigned: Sequence[_Assigned]) -> None:
    if contacts := [(one.contact_id, one.drafts.contact) for one in assigned if one.contact_id and one.drafts.contact]:
        directory.insert_contacts(tx, contacts)
    if made := [(one.ticket_id, one.drafts.ticket) for one in assigned if one.ticket_id and one.drafts.ticket]:
        tickets.insert(tx, made)
    if tags := [(one.ticket_id, tag) for one in assigned if one.ticket_id for tag in one.drafts.tags]:
        tickets.insert_tags(tx, tags)
    if notes := [(one.note_id, one.drafts.note) for one in assigned if one.note_id and one.drafts.note]:
        tickets.insert_notes(tx, notes)
    entries = [(one.time_entry_id, one.drafts.time_entry) for one in assigned]
    if timed := [(id_, entry) for id_, entry in entries if id_ and entry]:
        tickets.insert_time_entries(tx, timed)


def _write_changes(tx: Transaction, assigned: Sequence[_Assigned]) -> None:
    """What concerns rows that others may be about to change as well."""
    on_tickets = [
        (ticket_id, one.drafts) for one in assigned if (ticket_id := one.ticket_id or _target_id(one, "ticket"))
    ]
    on_tasks = [(task_id, one.drafts) for one in assigned if (task_id := _target_id(one, "task"))]
    if contacts := [(id_, contact) for id_, drafts in on_tickets for contact in drafts.contact_ids]:
        tickets.add_contacts(tx, contacts)
    if resources := [(id_, resource) for id_, drafts in on_tickets for resource in drafts.resource_ids]:
        tickets.add_resources(tx, resources)
    if resources := [(id_, resource) for id_, drafts in on_tasks for resource in drafts.resource_ids]:
        tickets.add_task_resources(tx, resources)
    if changes := [one.drafts.change for one in assigned if one.drafts.change]:
        tickets.change(tx, changes)
    if decisions := [one.drafts.decision for one in assigned if one.drafts.decision]:
        tickets.decide(tx, decisions)


def _target_id(one: _Assigned, kind: str) -> int | None:
    target = one.decided.classified.verdict.target if one.decided.classified else None
    return target.id if target is not None and target.kind == kind else None


def _attachments(one: _Assigned) -> Iterator[tuple[AttachmentRow, bytes]]:
    """What is kept of the files; of a message that makes nothing they stay in the stored original."""
    received = one.decided.received
    for kept in one.texts.attachments.kept if one.texts else ():
        row = AttachmentRow(
            ticket_id=one.ticket_id,
            note_id=one.note_id if one.ticket_id is None else None,
            time_entry_id=one.time_entry_id,
            name=kept.attachment.name,
            content_type=kept.attachment.content_type,
            size_bytes=len(kept.attachment.content),
            content_id=kept.attachment.content_id,
            is_inline=kept.attachment.is_inline,
            is_listed=kept.is_listed,
            sha256=blobs.address(kept.attachment.content, received.salt),
        )
        yield row, kept.attachment.content


def _processed(one: _Assigned) -> Processed:
    decided = one.decided
    target = decided.classified.verdict.target if decided.classified else None
    number = one.drafts.ticket.number if one.drafts.ticket else target.number if target else None
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
        drafts=one.drafts,
        attachments=one.texts.attachments.kept if one.texts else (),
        message=draft_message(
            decided,
            row_id=one.row_id,
            sha256=one.sha256,
            ticket_id=one.ticket_id or _target_id(one, "ticket"),
            note_id=one.note_id,
            time_entry_id=one.time_entry_id,
            steps=steps,
        ),
    )


def _step(one: _Assigned, number: str | None) -> Step:
    if one.texts is None:
        return hit("persist", one.decided.outcome, "only the message itself")
    listed = sum(kept.is_listed for kept in one.texts.attachments.kept)
    made = one.decided.classified.verdict.kind if one.decided.classified else None
    what = (made or "nothing").replace("_", " ")
    where = f"{what} {number}" if made == "ticket" else f"{what} on {number}"
    return hit("persist", one.decided.outcome, f"{where} with {listed} attachments")
