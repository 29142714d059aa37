"""What is about to be written: one type per table, fields named after the columns."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from inbound.model.desk import TargetKind
from inbound.model.mailbox import Publish
from inbound.values import immutable


@immutable
class TicketDraft:
    """A new ticket."""

    number: str
    organization_id: int
    contact_id: int | None
    originator_resource_id: int | None
    originator_name: str
    originator_address: str
    title: str
    description: str
    #: sanitised; None when the mail had no HTML
    description_html: str | None
    category: str
    ticket_type: str
    status: str
    priority: str
    queue: str
    source: str
    issue_type: str
    sub_issue_type: str
    primary_resource_id: int | None
    role: str
    device_id: int | None
    alert_source: str
    alert_id: str | None
    external_ticket_source: str
    external_ticket_id: str | None
    #: the older ticket that this one continues
    linked_ticket_id: int | None
    due_at: datetime | None
    created_at: datetime


@immutable
class NoteDraft:
    """A new note; exactly one of ticket, task and project is set, or none while the ticket itself is new."""

    ticket_id: int | None
    task_id: int | None
    project_id: int | None
    contact_id: int | None
    resource_id: int | None
    originator_name: str
    originator_address: str
    title: str
    text: str
    quoted_text: str
    signature: str
    html: str | None
    note_type: str
    publish: Publish
    created_at: datetime


@immutable
class TimeEntryDraft:
    """A new time entry on a ticket or a task."""

    ticket_id: int | None
    task_id: int | None
    resource_id: int
    role: str
    work_type: str
    started_at: datetime
    stopped_at: datetime
    hours: Decimal
    summary: str
    quoted_text: str
    signature: str
    html: str | None
    publish: Publish
    append_to_resolution: bool
    created_at: datetime


@immutable
class ContactDraft:
    """A new contact with at most one address."""

    organization_id: int
    name: str
    #: empty: none
    address: str


@immutable
class Change:
    """What a message changes on the object it is about."""

    kind: TargetKind
    target_id: int
    #: "" = as it was
    status: str = ""
    #: with a new status: is the object done now?
    is_complete: bool = False
    #: added to a ticket's resolution; "" = nothing
    resolution: str = ""
    at: datetime


@immutable
class Decision:
    """What an approver says about a change request; exactly one of resource and contact is set."""

    ticket_id: int
    resource_id: int | None
    contact_id: int | None
    decision: Literal["approved", "rejected"]
    decided_at: datetime
    #: what the approver wrote
    note: str


@immutable
class Drafts:
    """Everything one message makes."""

    ticket: TicketDraft | None = None
    tags: tuple[str, ...] = ()
    #: a note on the target, or beside a new ticket what a resource wrote above a mail that it forwarded
    note: NoteDraft | None = None
    time_entry: TimeEntryDraft | None = None
    contact: ContactDraft | None = None
    change: Change | None = None
    decision: Decision | None = None
    #: additional contacts and secondary resources
    contact_ids: tuple[int, ...] = ()
    resource_ids: tuple[int, ...] = ()
