"""Tickets, their notes and the attachments of both."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from inbound.database import rows
from inbound.database.engine import Transaction
from inbound.database.numbers import TICKET
from inbound.database.tables import attachments, notes, object_numbers, organizations, tickets
from inbound.model.desk import NoteDraft, Organization, Target, TicketDraft

_FIND = (
    select(
        tickets.c.id,
        tickets.c.number,
        tickets.c.status,
        tickets.c.organization_id,
        organizations.c.name,
        organizations.c.type,
        organizations.c.active,
    )
    .join_from(tickets, organizations)
    .where(tickets.c.number == any_(bindparam("numbers", type_=ARRAY(Text))))
)

_REGISTRY_COLUMNS = ("number", "kind")
_TICKET_COLUMNS = (
    *("id", "number", "organization_id", "contact_id", "originator_resource_id", "originator_name"),
    *("originator_address", "title", "description", "category", "ticket_type", "status", "priority", "queue", "source"),
    *("issue_type", "sub_issue_type", "due_at", "created_at"),
)
_NOTE_COLUMNS = (
    *("id", "ticket_id", "contact_id", "resource_id", "originator_name", "originator_address", "title", "text"),
    *("note_type", "publish", "created_at"),
)
_ATTACHMENT_COLUMNS = (
    *("ticket_id", "note_id", "name", "content_type", "size_bytes", "content_id", "is_inline", "sha256"),
)
_REGISTER = rows.insert(object_numbers, _REGISTRY_COLUMNS)
_INSERT_TICKETS = rows.insert(tickets, _TICKET_COLUMNS)
_INSERT_NOTES = rows.insert(notes, _NOTE_COLUMNS)
_INSERT_ATTACHMENTS = rows.insert(attachments, _ATTACHMENT_COLUMNS)


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentRow:
    """An attachment whose content is in ``blobs``; belongs to a ticket or to a note."""

    ticket_id: int | None
    note_id: int | None
    name: str
    content_type: str
    size_bytes: int
    content_id: str | None
    is_inline: bool
    sha256: bytes


def find(tx: Transaction, numbers: Iterable[str]) -> dict[str, Target]:
    """Tickets by number, as written in the registry (upper-case T)."""
    found: dict[str, Target] = {}
    for row in tx.execute(_FIND, {"numbers": sorted(set(numbers))}):
        organization = Organization(id=row.organization_id, name=row.name, type=row.type, is_active=row.active)
        found[row.number] = Target(
            kind="ticket", id=row.id, number=row.number, organization=organization, status=row.status
        )
    return found


def insert(tx: Transaction, drafts: Sequence[tuple[int, TicketDraft]]) -> None:
    """Write tickets under ids that were allotted before, and enter their numbers in the registry."""
    numbers = [draft.number for _, draft in drafts]
    tx.execute(_REGISTER, {"number": numbers, "kind": [TICKET] * len(numbers)})
    values = rows.transpose((draft for _, draft in drafts), _TICKET_COLUMNS[1:])
    tx.execute(_INSERT_TICKETS, {"id": [id_ for id_, _ in drafts], **values})


def insert_notes(tx: Transaction, drafts: Sequence[tuple[int, NoteDraft]]) -> None:
    """Write notes under ids that were allotted before."""
    values = rows.transpose((draft for _, draft in drafts), _NOTE_COLUMNS[1:])
    tx.execute(_INSERT_NOTES, {"id": [id_ for id_, _ in drafts], **values})


def insert_attachments(tx: Transaction, attached: Sequence[AttachmentRow]) -> None:
    """Write attachments; their blobs are there already."""
    tx.execute(_INSERT_ATTACHMENTS, rows.transpose(attached, _ATTACHMENT_COLUMNS))
