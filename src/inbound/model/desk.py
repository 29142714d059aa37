"""The service desk's people and objects, as far as a decision needs them."""

from datetime import datetime
from typing import Literal

from inbound.values import immutable

#: what a number in a subject can lead to
TargetKind = Literal["ticket", "task", "project"]


@immutable
class Organization:
    id: int
    name: str
    #: customer, partner, vendor, local, lead, prospect, dead, cancelled
    type: str = "customer"
    is_active: bool = True
    parent_id: int | None = None


@immutable
class Resource:
    """Somebody who works at the desk, or beside it: a co-managing user."""

    id: int
    name: str
    is_active: bool
    #: names of roles that the resource holds
    roles: tuple[str, ...] = ()
    #: of a co-managing user: the customer whose own technician it is; None for the desk's people
    co_managed: Organization | None = None


@immutable
class Contact:
    """Somebody who works at a customer."""

    id: int
    name: str
    is_active: bool
    #: which of the contact's addresses 1, 2, 3 matched
    position: int
    organization: Organization


@immutable
class Device:
    """A machine of a customer that can write mail."""

    id: int
    name: str
    is_active: bool
    organization: Organization


@immutable
class Approvers:
    """Who decides about a change request."""

    resource_ids: frozenset[int] = frozenset()
    contact_ids: frozenset[int] = frozenset()


@immutable
class Target:
    """An existing object that a message can be about."""

    kind: TargetKind
    id: int
    number: str
    #: whose ticket or project it is, or whose project the task belongs to
    organization: Organization
    status: str
    #: aware; None while it is not complete, or when nobody wrote it down
    completed_at: datetime | None = None
    #: id of the ticket that this one was merged into
    merged_into_id: int | None = None
    #: whom the desk talks to, and who works on it
    contact_id: int | None = None
    primary_resource_id: int | None = None
    #: of a ticket that is a change request; None for anything else
    approvers: Approvers | None = None
