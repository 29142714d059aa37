"""What a message makes on tickets, tasks and projects: the objects themselves, what is added, what is changed."""

from collections.abc import Iterable, Sequence

from inbound.database import rows
from inbound.database.engine import Transaction, execute, statement
from inbound.database.numbers import TICKET
from inbound.database.tables import (
    attachments,
    notes,
    object_numbers,
    project_resources,
    task_resources,
    ticket_contacts,
    ticket_resources,
    ticket_tags,
    tickets,
    time_entries,
)
from inbound.model.drafts import Change, Decision, NoteDraft, TicketDraft, TimeEntryDraft
from inbound.values import immutable

_TICKET_COLUMNS = tuple(TicketDraft.__dataclass_fields__)
_NOTE_COLUMNS = tuple(NoteDraft.__dataclass_fields__)
_TIME_ENTRY_COLUMNS = tuple(TimeEntryDraft.__dataclass_fields__)

_REGISTER = rows.insert(object_numbers, ("number", "kind"))
_INSERT_TICKETS = rows.insert(tickets, ("id", *_TICKET_COLUMNS))
_INSERT_NOTES = rows.insert(notes, ("id", *_NOTE_COLUMNS))
_INSERT_TIME_ENTRIES = rows.insert(time_entries, ("id", *_TIME_ENTRY_COLUMNS))
_INSERT_TAGS = rows.insert(ticket_tags, ("ticket_id", "tag"))
# Who is on the ticket already stays there.
_INSERT_CONTACTS = rows.insert(ticket_contacts, ("ticket_id", "contact_id"), conflict="ON CONFLICT DO NOTHING")
_INSERT_RESOURCES = rows.insert(ticket_resources, ("ticket_id", "resource_id"), conflict="ON CONFLICT DO NOTHING")
_INSERT_TASK_RESOURCES = rows.insert(task_resources, ("task_id", "resource_id"), conflict="ON CONFLICT DO NOTHING")
_INSERT_PROJECT_RESOURCES = rows.insert(
    project_resources, ("project_id", "resource_id"), conflict="ON CONFLICT DO NOTHING"
)

# A complete ticket keeps the time of its completion, a reopened one has none.
_CHANGE_TICKETS = statement("""
    UPDATE tickets AS t SET
        status = CASE WHEN c.status = '' THEN t.status ELSE c.status END,
        completed_at = CASE WHEN c.status = '' THEN t.completed_at
                            WHEN c.is_complete THEN coalesce(t.completed_at, c.at) END,
        resolution = CASE WHEN c.resolution = '' THEN t.resolution
                          WHEN t.resolution = '' THEN c.resolution
                          ELSE t.resolution || E'\\n\\n' || c.resolution END
    FROM unnest(CAST(:id AS bigint[]), CAST(:status AS text[]), CAST(:is_complete AS boolean[]),
                CAST(:resolution AS text[]), CAST(:at AS timestamptz[])) AS c(id, status, is_complete, resolution, at)
    WHERE t.id = c.id
""")
_CHANGE_TASKS = statement("""
    UPDATE tasks AS t SET
        status = CASE WHEN c.status = '' THEN t.status ELSE c.status END,
        completed_at = CASE WHEN c.status = '' THEN t.completed_at
                            WHEN c.is_complete THEN coalesce(t.completed_at, c.at) END
    FROM unnest(CAST(:id AS bigint[]), CAST(:status AS text[]), CAST(:is_complete AS boolean[]),
                CAST(:at AS timestamptz[])) AS c(id, status, is_complete, at)
    WHERE t.id = c.id
""")
_DECIDE = statement("""
    UPDATE change_request_approvers AS a SET decision = d.decision, decided_at = d.decided_at, note = d.note
    FROM unnest(CAST(:ticket_id AS bigint[]), CAST(:resource_id AS bigint[]), CAST(:contact_id AS bigint[]),
                CAST(:decision AS text[]), CAST(:decided_at AS timestamptz[]), CAST(:note AS text[]))
         AS d(ticket_id, resource_id, contact_id, decision, decided_at, note)
    WHERE a.ticket_id = d.ticket_id AND (a.resource_id = d.resource_id OR a.contact_id = d.contact_id)
""")


@immutable
class AttachmentRow:
    """An attachment whose content is in ``blobs``; belongs to exactly one of ticket, note and time entry."""

    ticket_id: int | None
    note_id: int | None
    time_entry_id: int | None
    name: str
    content_type: str
    size_bytes: int
    content_id: str | None
    is_inline: bool
    is_listed: bool
    sha256: bytes


_ATTACHMENT_COLUMNS = tuple(AttachmentRow.__dataclass_fields__)
_INSERT_ATTACHMENTS = rows.insert(attachments, _ATTACHMENT_COLUMNS)


def insert(tx: Transaction, drafts: Sequence[tuple[int, TicketDraft]]) -> None:
    """Write tickets under ids that were allotted before, and enter their numbers in the registry."""
    numbers = [draft.number for _, draft in drafts]
    execute(tx, _REGISTER, {"number": numbers, "kind": [TICKET] * len(numbers)})
    values = rows.transpose((draft for _, draft in drafts), _TICKET_COLUMNS)
    execute(tx, _INSERT_TICKETS, {"id": [id_ for id_, _ in drafts], **values})


def insert_notes(tx: Transaction, drafts: Sequence[tuple[int, NoteDraft]]) -> None:
    """Write notes under ids that were allotted before."""
    values = rows.transpose((draft for _, draft in drafts), _NOTE_COLUMNS)
    execute(tx, _INSERT_NOTES, {"id": [id_ for id_, _ in drafts], **values})


def insert_time_entries(tx: Transaction, drafts: Sequence[tuple[int, TimeEntryDraft]]) -> None:
    """Write time entries under ids that were allotted before."""
    values = rows.transpose((draft for _, draft in drafts), _TIME_ENTRY_COLUMNS)
    execute(tx, _INSERT_TIME_ENTRIES, {"id": [id_ for id_, _ in drafts], **values})


def insert_attachments(tx: Transaction, attached: Sequence[AttachmentRow]) -> None:
    """Write attachments; their blobs are there already."""
    execute(tx, _INSERT_ATTACHMENTS, rows.transpose(attached, _ATTACHMENT_COLUMNS))


def insert_tags(tx: Transaction, tags: Iterable[tuple[int, str]]) -> None:
    """Write (ticket, tag) pairs of new tickets."""
    execute(tx, _INSERT_TAGS, rows.columns(tags, ("ticket_id", "tag")))


def add_contacts(tx: Transaction, pairs: Iterable[tuple[int, int]]) -> None:
    """Write (ticket, contact) pairs: additional contacts. Sorted, so that two batches do not deadlock."""
    execute(tx, _INSERT_CONTACTS, rows.columns(sorted(set(pairs)), ("ticket_id", "contact_id")))


def add_resources(tx: Transaction, pairs: Iterable[tuple[int, int]]) -> None:
    """Write (ticket, resource) pairs: secondary resources."""
    execute(tx, _INSERT_RESOURCES, rows.columns(sorted(set(pairs)), ("ticket_id", "resource_id")))


def add_task_resources(tx: Transaction, pairs: Iterable[tuple[int, int]]) -> None:
    """Write (task, resource) pairs: secondary resources."""
    execute(tx, _INSERT_TASK_RESOURCES, rows.columns(sorted(set(pairs)), ("task_id", "resource_id")))


def add_project_resources(tx: Transaction, pairs: Iterable[tuple[int, int]]) -> None:
    """Write (project, resource) pairs: who else works on it."""
    execute(tx, _INSERT_PROJECT_RESOURCES, rows.columns(sorted(set(pairs)), ("project_id", "resource_id")))


def change(tx: Transaction, changes: Sequence[Change]) -> None:
    """Set statuses and resolutions; at most one change per object."""
    for kind, query in (("ticket", _CHANGE_TICKETS), ("task", _CHANGE_TASKS)):
        own = [one for one in changes if one.kind == kind]
        if not own:
            continue
        values: dict[str, list[object]] = {
            "id": [one.target_id for one in own],
            "status": [one.status for one in own],
            "is_complete": [one.is_complete for one in own],
            "at": [one.at for one in own],
        }
        if kind == "ticket":
            values["resolution"] = [one.resolution for one in own]
        execute(tx, query, values)


def decide(tx: Transaction, decisions: Sequence[Decision]) -> None:
    """Write what approvers decided; a later decision of the same approver replaces the earlier one."""
    execute(tx, _DECIDE, rows.transpose(decisions, tuple(Decision.__dataclass_fields__)))
