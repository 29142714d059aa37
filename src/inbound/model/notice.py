"""What the desk writes to people by itself."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal, get_args

from inbound.values import immutable

#: what a notice says
NoticeKind = Literal[
    "ticket_created", "object_created", "note_added", "failed", "indicator_rejected", "operator", "digest"
]
#: whom settings can name besides addresses
Role = Literal[
    "originator",
    "contact",
    "additional_contacts",
    "primary_resource",
    "secondary_resources",
    "account_manager",
    "queue",
    "operators",
]
#: what became of a notice
State = Literal["queued", "sending", "sent", "failed", "suppressed", "digest"]
Language = Literal["en", "de"]

KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
ROLES: tuple[Role, ...] = get_args(Role)
LANGUAGES: tuple[Language, ...] = get_args(Language)


@immutable
class Person:
    """Somebody who can get a notice."""

    address: str
    name: str = ""
    #: of the desk: what exceeds the cap comes in a digest
    is_resource: bool = False
    #: row of the contact or resource; None for a mere address
    id: int | None = None


@immutable
class NoticeDraft:
    """A row of ``outbox``; fields named after the columns."""

    mailbox: str
    kind: NoticeKind
    recipient: str
    recipient_name: str
    is_resource: bool
    language: Language
    ticket_id: int | None = None
    task_id: int | None = None
    project_id: int | None = None
    message_row_id: int | None = None
    #: JSON text
    data: str = "{}"
    #: name of what is sent once per day, or per hour; None = as often as it happens
    once: str | None = None
    #: once per hour; what comes too soon waits for the next hour, instead of being left out
    is_hourly: bool = False


@immutable
class Notice:
    """A row that is about to be sent, with what its template needs."""

    id: int
    mailbox: str
    kind: NoticeKind
    recipient: str
    recipient_name: str
    is_resource: bool
    language: Language
    ticket_id: int | None
    task_id: int | None
    project_id: int | None
    created_at: datetime
    #: which attempt this is, from 1
    attempts: int
    data: Mapping[str, object] = field(default_factory=dict)
    #: of the object; empty without one
    number: str = ""
    title: str = ""
    #: Message-ID of the message that caused it, without brackets; empty without one
    message_id: str = ""
    subject: str = ""
    author_name: str = ""
    author_address: str = ""
    received_at: datetime | None = None
    #: of the note or time entry that it tells about
    text: str = ""
    #: of a digest: what it tells; of an operator's notice: the messages it is about
    items: tuple[Mapping[str, object], ...] = ()
    #: how many there are, with those that are too many to be listed
    total: int = 0
