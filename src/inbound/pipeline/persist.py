"""Stage 4: write what was decided; one multi-row insert per table."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from inbound.database import blobs, directory, messages, tickets
from inbound.database.engine import Transaction, pipelined
from inbound.database.messages import Reference
from inbound.database.numbers import TICKET, Allotment, Need, allot, format_number
from inbound.database.tickets import AttachmentRow
from inbound.model.drafts import Drafts
from inbound.model.mail import Octets
from inbound.model.outcome import Reason, Result
from inbound.model.trace import Step, hit
from inbound.pipeline.context import Context
from inbound.pipeline.drafts import NOTES, TIME_ENTRIES, Ids, draft, has_comment, makes_contact
from inbound.pipeline.message_rows import draft_message, draft_redelivery, draft_references
from inbound.pipeline.notify import plan
from inbound.pipeline.steps import Decided, Processed
from inbound.pipeline.texts import Texts, texts_of
from inbound.values import immutable


@immutable
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
    repeated = [decided for decided in batch if decided.reason is Reason.REDELIVERED]
    new = [decided for decided in batch if decided.reason is not Reason.REDELIVERED]
    # A retry that somebody else was faster with is no delivery.
    if delivered := [decided for decided in repeated if decided.received.row_id is None]:
        messages.count_redeliveries(tx, [draft_redelivery(decided) for decided in delivered])
    processed = [_processed_duplicate(decided) for decided in repeated]
    if new:
        processed += _write(tx, _assign(tx, new, context), context)
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
    allotted = allot(tx, _need(new))
    # Step by step for all of them, as `parse_all` does and for the same reason.
    texts = [_texts(decided, context) for decided in new]
    return [
        _assign_one(decided, said, local, allotted, bases[local.date()], context)
        for decided, said, local in zip(new, texts, local_times, strict=True)
    ]


def _texts(decided: Decided, context: Context) -> Texts | None:
    """What it says; None where nothing is made of it."""
    classified = decided.classified
    if classified is None or classified.verdict.kind is None:
        return None
    return texts_of(classified, context.max_description_chars)


def _need(new: Sequence[Decided]) -> Need:
    """Not all that is allotted is used: a forward without a comment needs no note."""
    made = [decided.classified for decided in new if decided.classified and decided.classified.verdict.kind]
    kinds = [one.verdict.kind for one in made]
    return Need(
        tickets=kinds.count("ticket"),
        notes=sum(one.verdict.kind in NOTES or has_comment(one) for one in made),
        messages=sum(decided.received.row_id is None for decided in new),
        time_entries=sum(kind in TIME_ENTRIES for kind in kinds),
        contacts=sum(makes_contact(one) for one in made),
    )


def _assign_one(
    decided: Decided, texts: Texts | None, local: datetime, allotted: Allotment, base: int, context: Context
) -> _Assigned:
    received, classified = decided.received, decided.classified
    sha256 = None if received.is_private else blobs.address(received.delivery.content, received.salt)
    row_id = allotted.message_ids.pop() if received.row_id is None else received.row_id
    if classified is None or texts is None:
        return _Assigned(decided=decided, texts=None, drafts=Drafts(), sha256=sha256, row_id=row_id)
    ids = Ids(contact_id=allotted.contact_ids.pop() if makes_contact(classified) else None)
    if classified.verdict.kind == "ticket":
        number = format_number(TICKET, local.date(), allotted.ticket_counts.pop() - base)
        ids = Ids(contact_id=ids.contact_id, ticket_id=allotted.ticket_ids.pop(), number=number)
    drafts = draft(classified, texts, ids, local, context)
    return _Assigned(
        decided=decided,
        texts=texts,
        drafts=drafts,
        sha256=sha256,
        row_id=row_id,
        ticket_id=ids.ticket_id,
        note_id=allotted.note_ids.pop() if drafts.note else None,
        time_entry_id=allotted.time_entry_ids.pop() if drafts.time_entry else None,
        contact_id=ids.contact_id,
    )


def _write(tx: Transaction, assigned: Sequence[_Assigned], context: Context) -> list[Processed]:
    """One insert per table, in the order of their references."""
    processed = [_processed(one, context) for one in assigned]
    attached = [pair for one in assigned for pair in _attachments(one)]
    originals = [(one.sha256, one.decided.received.delivery.content) for one in assigned if one.sha256 is not None]
    contents = originals + [(row.sha256, content) for row, content in attached]
    blobs.store_large(tx, contents)
    with pipelined(tx):
        blobs.store(tx, contents)
        _write_objects(tx, assigned)
        if attached:
            tickets.insert_attachments(tx, [row for row, _ in attached])
        messages.insert(tx, [one.message for one in processed if one.message])
        if references := [reference for one in assigned for reference in _references(one)]:
            messages.insert_references(tx, references)
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
    on_projects = [(project_id, one.drafts) for one in assigned if (project_id := _target_id(one, "project"))]
    if contacts := [(id_, contact) for id_, drafts in on_tickets for contact in drafts.contact_ids]:
        tickets.add_contacts(tx, contacts)
    if resources := [(id_, resource) for id_, drafts in on_tickets for resource in drafts.resource_ids]:
        tickets.add_resources(tx, resources)
    if resources := [(id_, resource) for id_, drafts in on_tasks for resource in drafts.resource_ids]:
        tickets.add_task_resources(tx, resources)
    if resources := [(id_, resource) for id_, drafts in on_projects for resource in drafts.resource_ids]:
        tickets.add_project_resources(tx, resources)
    if changes := [one.drafts.change for one in assigned if one.drafts.change]:
        tickets.change(tx, changes)
    if decisions := [one.drafts.decision for one in assigned if one.drafts.decision]:
        tickets.decide(tx, decisions)


def _target_id(one: _Assigned, kind: str) -> int | None:
    target = one.decided.classified.verdict.target if one.decided.classified else None
    return target.id if target is not None and target.kind == kind else None


def _references(one: _Assigned) -> list[Reference]:
    """Of a message that made nothing they would lead nowhere."""
    has_object = one.ticket_id is not None or any(_target_id(one, kind) for kind in ("ticket", "task", "project"))
    return draft_references(one.decided.received, one.row_id) if has_object else []


def _attachments(one: _Assigned) -> Iterator[tuple[AttachmentRow, Octets]]:
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


def _processed(one: _Assigned, context: Context) -> Processed:
    decided = one.decided
    target = decided.classified.verdict.target if decided.classified else None
    number = one.drafts.ticket.number if one.drafts.ticket else target.number if target else None
    notices, notice_steps = plan(decided, one.drafts, context)
    steps = (*decided.steps, _step(one, number), *notice_steps)
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
        classified=decided.classified,
        notices=notices,
    )


def _step(one: _Assigned, number: str | None) -> Step:
    if one.texts is None:
        return hit("persist", one.decided.outcome, "only the message itself")
    listed = sum(kept.is_listed for kept in one.texts.attachments.kept)
    made = one.decided.classified.verdict.kind if one.decided.classified else None
    what = (made or "nothing").replace("_", " ")
    where = f"{what} {number}" if made == "ticket" else f"{what} on {number}"
    files = "1 attachment" if listed == 1 else f"{listed or 'no'} attachments"
    return hit("persist", one.decided.outcome, f"{where} with {files}")
