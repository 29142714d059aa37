"""A mailbox and the defaults it gives to what it creates.

These are also the shapes of the ``[[mailboxes]]`` tables: ``config`` lets pydantic validate them as they stand.
"""

from dataclasses import field
from datetime import timedelta
from typing import ClassVar, Literal, get_args

from inbound.values import immutable

#: what a message can become
ObjectKind = Literal["ticket", "ticket_note", "ticket_time_entry", "project_note", "task_note", "task_time_entry"]
#: who writes to a mailbox: people, or monitoring tools
Handler = Literal["desk", "alerts"]
#: who may read a note: everybody on the ticket, or only the desk
Publish = Literal["all", "internal"]
#: type of the note on a ticket that a message repeats
DUPLICATE_NOTE_TYPE = "Duplicate Ticket"
#: what a note does to a ticket that is complete
NoteWhenComplete = Literal["note", "reopen", "new_ticket"]
#: may time be entered on a ticket that is complete?
TimeWhenComplete = Literal["allow", "prohibit"]

ALL_KINDS: tuple[ObjectKind, ...] = get_args(ObjectKind)

#: read by pydantic when ``config`` validates: an unknown setting is a mistake, not a silence
_STRICT = {"extra": "forbid", "hide_input_in_errors": True}


@immutable
class TicketDefaults:
    """``[mailboxes.ticket]``: what names something names an entry of a pick list in ``[desk]``; "" = none."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    category: str = ""
    type: str = ""
    status: str = "New"
    priority: str = "Medium"
    queue: str = ""
    source: str = "Email"
    issue_type: str = ""
    sub_issue_type: str = ""
    #: address of the resource that a new ticket is assigned to; "" = nobody
    primary_resource: str = ""
    #: in which the primary resource works
    role: str = ""
    #: offset from the time of receipt; None = no due date
    due: timedelta | None = None
    #: set with or without ``auto_tag``
    tags: tuple[str, ...] = ()
    #: also set the category's tags, and those whose label or alias occurs in title or description
    auto_tag: bool = True


@immutable
class TicketNoteDefaults:
    """``[mailboxes.ticket_note]``."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    note_type: str = "Email"
    publish: Publish = "all"
    #: status of the ticket after a note by a contact, and by a resource; "" = as it was
    status_after_contact: str = ""
    status_after_resource: str = ""
    when_complete: NoteWhenComplete = "reopen"
    #: "" = the status of new tickets; on reopening it wins over status_after_*
    reopen_status: str = ""
    #: completed longer ago than this: a linked new ticket instead of reopening
    reopen_days: int = 14


@immutable
class TicketTimeEntryDefaults:
    """``[mailboxes.ticket_time_entry]``; "" = none."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    role: str = ""
    work_type: str = ""
    publish: Publish = "all"
    when_complete: TimeWhenComplete = "allow"
    #: the summary is added to the ticket's resolution
    append_to_resolution: bool = False


@immutable
class ProjectNoteDefaults:
    """``[mailboxes.project_note]``."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    note_type: str = "Email"
    publish: Publish = "all"


@immutable
class TaskNoteDefaults:
    """``[mailboxes.task_note]``."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    note_type: str = "Email"
    publish: Publish = "all"
    #: status of the task after a note by a contact, and by a resource; "" = as it was
    status_after_contact: str = ""
    status_after_resource: str = ""


@immutable
class TaskTimeEntryDefaults:
    """``[mailboxes.task_time_entry]``; "" = none."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    role: str = ""
    work_type: str = ""
    publish: Publish = "all"


@immutable
class SpamHeader:
    """One entry of ``spam_headers``: a header field by which a filter in front of us says spam.

    Either ``value`` or ``at_least`` is given.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    #: name of the field
    header: str
    #: name of the parameter in a field like ``CIP:192.0.2.1;SCL:5;SFV:SPM``; "" = the whole field
    parameter: str = ""
    #: what must stand there, whatever its case; "" = a number, see ``at_least``
    value: str = ""
    #: the smallest number that means spam; 0 = not a number, see ``value``
    at_least: int = 0


#: what `object_created` can tell about; a new ticket has a notice of its own
OTHER_KINDS: tuple[ObjectKind, ...] = ALL_KINDS[1:]


@immutable
class Notify:
    """``[mailboxes.notify]``: who gets which notice: roles (`model.notice.ROLES`) or addresses; [] = nobody."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    ticket_created: tuple[str, ...] = ("originator",)
    object_created: tuple[str, ...] = ()
    #: the kinds that `object_created` tells about
    object_kinds: tuple[ObjectKind, ...] = OTHER_KINDS
    #: resources when somebody else wrote; the contact, if named, when a resource wrote with publish = "all"
    note_added: tuple[str, ...] = ("primary_resource", "secondary_resources")
    failed: tuple[str, ...] = ("originator",)
    indicator_rejected: tuple[str, ...] = ("originator",)
    operator: tuple[str, ...] = ("operators",)
    #: an originator whom nobody knows and nothing proves may get notices too
    strangers: bool = False


#: SpamAssassin's verdict, and Microsoft's spam confidence level from 5 on
SPAM_HEADERS = (
    SpamHeader(header="X-Spam-Flag", value="YES"),
    SpamHeader(header="X-MS-Exchange-Organization-SCL", at_least=5),
    SpamHeader(header="X-Forefront-Antispam-Report", parameter="SCL", at_least=5),
)


@immutable
class Mailbox:
    """One ``[[mailboxes]]`` entry."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    #: stored with every message; never reused for something else
    name: str
    #: envelope recipient that leads here
    address: str
    aliases: tuple[str, ...] = ()
    #: what customers write to; "" = the address
    public_address: str = ""
    #: List-Id values, without brackets, of mailing lists that lead here
    own_lists: tuple[str, ...] = ()
    #: false: recipients are refused with 550 5.2.1
    active: bool = True
    handler: Handler = "desk"
    #: of an alerts mailbox: what monitoring tools write as PW; `credential:NAME` reads a systemd credential
    keys: tuple[str, ...] = field(default=(), repr=False)
    #: a kind that is not listed falls back: time entry → note → ticket; without tickets nothing could be made
    creates: tuple[ObjectKind, ...] = ALL_KINDS
    #: name of the organization that owns mail from nobody known; "" = the local organization
    fallback_organization: str = ""
    #: where the author is read: "reply_to" serves web forms, whose From is the web server
    originator: Literal["from", "reply_to"] = "from"
    #: a new contact for an unknown author from an organization's web domain
    add_unknown_contacts: bool = False
    #: cut quoted reply and signature from notes and time entries, never from a new ticket
    strip_quotes: bool = True
    #: smaller inline images are not listed as attachments
    image_attachment_min_bytes: int = 10_000
    #: of one file, and of all files of a message: what goes beyond is left out
    max_attachment_bytes: int = 5_000_000
    max_attachments_bytes: int = 10_000_000
    #: "note" = an internal note where an object is found, else discarded; "process" = like any mail
    automatic_replies: Literal["note", "discard", "process"] = "note"
    #: mail of a stranger with the number of an object; "attach" = an internal note
    strangers: Literal["attach", "new_ticket", "quarantine"] = "attach"
    #: how a reply without a number finds its object: by In-Reply-To and References too, or only by the subject
    threading: Literal["headers", "subject"] = "headers"
    #: who wrote what a resource forwards: the author of the forwarded mail, or the resource
    resource_forwards: Literal["author", "resource"] = "author"
    #: addresses, in any case; "*" = any text, "@spam.example" = "*@spam.example"
    blocked_senders: tuple[str, ...] = ()
    #: texts that occur anywhere in the subject, in any case; "*" = any text
    blocked_subjects: tuple[str, ...] = ()
    spam_headers: tuple[SpamHeader, ...] = SPAM_HEADERS
    #: "silence" = processed, but its originator hears nothing
    spam_action: Literal["silence", "quarantine", "discard"] = "silence"
    #: of the lines that the system itself writes into texts, and of notices
    language: Literal["en", "de"] = "en"
    #: directory with templates of notices that replace the shipped ones; "" = none; absolute after loading
    templates: str = ""
    notify: Notify = field(default_factory=Notify)
    ticket: TicketDefaults = field(default_factory=TicketDefaults)
    ticket_note: TicketNoteDefaults = field(default_factory=TicketNoteDefaults)
    ticket_time_entry: TicketTimeEntryDefaults = field(default_factory=TicketTimeEntryDefaults)
    project_note: ProjectNoteDefaults = field(default_factory=ProjectNoteDefaults)
    task_note: TaskNoteDefaults = field(default_factory=TaskNoteDefaults)
    task_time_entry: TaskTimeEntryDefaults = field(default_factory=TaskTimeEntryDefaults)
