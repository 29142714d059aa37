"""Which object a message becomes: what is known before, and what is decided."""

from datetime import datetime
from enum import Enum, auto

from inbound.model.authorship import Authorship
from inbound.model.desk import Target
from inbound.model.indicated import Indicated
from inbound.model.mailbox import Mailbox, ObjectKind, Publish
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step
from inbound.values import immutable


class Standing(Enum):
    """What an author may do with an object."""

    #: a resource: indicators count
    PROVEN_RESOURCE = auto()
    #: a resource's address that anybody could have written: ``sender_not_authenticated``
    UNPROVEN_RESOURCE = auto()
    #: a contact, a device, somebody unknown: what they write is text
    CUSTOMER = auto()


class Road(Enum):
    """How a message was found to be about an object."""

    #: the subject or an alert names it
    NUMBER = auto()
    #: it answers a notice of ours
    TOKEN = auto()
    #: it answers a stored message
    MESSAGE = auto()
    #: it answers the same unseen message as a stored one
    REFERENCE = auto()


@immutable
class Picks:
    """What lines of indicators are compared with: names of active entries, in the order of the pick lists."""

    statuses: tuple[str, ...] = ()
    #: of all statuses, inactive ones too; a status the file does not know counts as not complete
    complete_statuses: frozenset[str] = frozenset()
    roles: tuple[str, ...] = ()


@immutable
class FirstLine:
    """What the first line of the new text asks for."""

    #: None: it is text
    indicated: Indicated | None = None
    #: it decides about a change request in the name of an approver who is not proven
    is_unproven_approval: bool = False


@immutable
class Case:
    """Everything that decides about one message."""

    mailbox: Mailbox
    authorship: Authorship
    standing: Standing
    #: aware
    received_at: datetime
    #: the object it is about, merges followed
    target: Target | None = None
    road: Road = Road.NUMBER
    #: with a header that leads there, but a subject that says it was passed on
    is_passed_on: bool = False
    is_complete: bool = False
    is_stranger: bool = False
    first_line: FirstLine = FirstLine()
    is_automated: bool = False
    is_calendar_reply: bool = False


@immutable
class Verdict:
    """What a message becomes."""

    outcome: Outcome
    reason: Reason
    #: None when nothing is made
    kind: ObjectKind | None = None
    #: the object that a note or time entry is added to
    target: Target | None = None
    #: a new ticket's predecessor
    linked: Target | None = None
    #: of a note or time entry
    publish: Publish = "all"
    #: new status of the target; "" = as it was
    status: str = ""
    is_reopened: bool = False
    #: what is applied of the first line; None: nothing
    indicated: Indicated | None = None
    #: what was wrong with the first line is told to its author
    rejected: Indicated | None = None
    #: the text is the whole mail, unchanged
    is_whole_mail: bool = False
    #: a stranger's new ticket has nothing to do with the target: its author is attributed as if none were named
    is_unrelated: bool = False
    steps: tuple[Step, ...] = ()
