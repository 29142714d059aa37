"""What a technician's first line says."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from inbound.model.desk import TargetKind
from inbound.values import immutable


class Problem(StrEnum):
    """What can be wrong with an indicator."""

    HOURS_UNREADABLE = "hours_unreadable"
    #: not above 0, or over 24
    HOURS_OUT_OF_RANGE = "hours_out_of_range"
    #: projects have no time entries
    NO_TIME_ON_PROJECTS = "no_time_on_projects"
    #: complete, and ``when_complete = "prohibit"``
    TICKET_COMPLETE = "ticket_complete"
    STATUS_UNKNOWN = "status_unknown"
    ROLE_UNKNOWN = "role_unknown"
    #: the role exists, and the resource does not hold it
    ROLE_NOT_HELD = "role_not_held"
    DECISION_UNREADABLE = "decision_unreadable"
    NO_CHANGE_REQUEST = "no_change_request"
    NO_APPROVER = "no_approver"
    REPEATED = "repeated"
    UNKNOWN_INDICATOR = "unknown_indicator"


@immutable
class WrongValue:
    """One mistake in the line."""

    problem: Problem
    #: like ``#T``
    indicator: str
    #: as written, shortened, on one line
    value: str
    #: what could have stood there; empty where nothing could
    allowed: tuple[str, ...] = ()


@immutable
class Writer:
    """What the author of a line may write, and about what."""

    target: TargetKind
    #: a proven resource; False: a contact, who may only approve
    is_resource: bool
    #: names of active statuses and roles, in the order of the pick lists
    statuses: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    #: roles that the resource holds
    held_roles: tuple[str, ...] = ()
    is_change_request: bool = False
    #: listed to decide about the change request, and proven
    is_approver: bool = False
    #: the ticket is complete, and no time may be entered
    is_time_prohibited: bool = False


@immutable
class Indicated:
    """A line of indicators, understood. With anything wrong in it nothing is applied."""

    #: with two decimals; None: no time entry
    hours: Decimal | None = None
    #: "" = as it is; spelled as in the pick list
    status: str = ""
    #: "" = the mailbox's
    role: str = ""
    #: True: the change request is approved, False: rejected, None: not decided
    is_approved: bool | None = None
    wrong: tuple[WrongValue, ...] = ()
    #: what stands below the line
    text: str = ""


@immutable
class WorkTime:
    """When the work of a time entry was done; aware, UTC."""

    start_at: datetime
    stop_at: datetime
