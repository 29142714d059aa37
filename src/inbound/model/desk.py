"""The service desk's people and objects, as far as a decision needs them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Organization:
    id: int
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """Somebody who works at the desk."""

    id: int
    name: str
    is_active: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """Somebody who works at a customer."""

    id: int
    name: str
    is_active: bool
    #: which of the contact's addresses 1, 2, 3 matched
    position: int
    organization: Organization
    is_organization_active: bool
    organization_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainOwner:
    """An organization whose web domain was looked up."""

    domain: str
    organization: Organization
    is_active: bool
    organization_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    id: int
    number: str
    organization_id: int
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketDraft:
    """A ticket about to be written; fields named after the columns."""

    number: str
    organization_id: int
    contact_id: int | None
    originator_resource_id: int | None
    originator_name: str
    originator_address: str
    title: str
    description: str
    category: str
    ticket_type: str
    status: str
    priority: str
    queue: str
    source: str
    issue_type: str
    sub_issue_type: str
    due_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteDraft:
    """A note about to be written on a ticket; fields named after the columns."""

    ticket_id: int
    contact_id: int | None
    resource_id: int | None
    originator_name: str
    originator_address: str
    title: str
    text: str
    note_type: str
    publish: str
    created_at: datetime
