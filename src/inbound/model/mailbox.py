"""A mailbox and the defaults it gives to what it creates.

These are also the shapes of the ``[[mailboxes]]`` tables: ``config`` lets pydantic validate them as they stand.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar, Literal

#: who may read a note: everybody on the ticket, or only the desk
Publish = Literal["all", "internal"]

#: read by pydantic when ``config`` validates: an unknown setting is a mistake, not a silence
_STRICT = {"extra": "forbid", "hide_input_in_errors": True}


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketDefaults:
    """``[mailboxes.ticket]``: every value but ``due`` names an entry of a pick list in ``[desk]``; "" = none."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    category: str = ""
    type: str = ""
    status: str = "New"
    priority: str = "Medium"
    queue: str = ""
    source: str = "Email"
    issue_type: str = ""
    sub_issue_type: str = ""
    #: offset from the time of receipt; None = no due date
    due: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketNoteDefaults:
    """``[mailboxes.ticket_note]``."""

    __pydantic_config__: ClassVar[dict[str, object]] = _STRICT
    note_type: str = "Email"
    publish: Publish = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
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
    #: false: recipients are refused with 550 5.2.1
    active: bool = True
    #: name of the organization that owns mail from nobody known; "" = the local organization
    fallback_organization: str = ""
    ticket: TicketDefaults = field(default_factory=TicketDefaults)
    ticket_note: TicketNoteDefaults = field(default_factory=TicketNoteDefaults)
