"""What a monitoring tool says in the token of an alert, what the directory knew about it, and what came out."""

from enum import StrEnum

from inbound.model.desk import Contact, Device, Organization, Target
from inbound.values import immutable


@immutable
class ExternalId:
    """The name that another program gave to something."""

    #: the program; may be empty
    source: str
    name: str


@immutable
class Alert:
    """A token whose key is right; its key is no part of it. Texts are trimmed, empty = not said."""

    customer: str = ""
    email: str = ""
    #: first and last name
    contact: str = ""
    customer_id: ExternalId | None = None
    device_id: ExternalId | None = None
    alert_id: ExternalId | None = None
    ticket_id: ExternalId | None = None
    sub_issue: str = ""
    #: in upper case
    ticket_number: str = ""
    #: the body above the token, keys masked
    description: str = ""


@immutable
class AlertFindings:
    """What the database knew, inactive ones too. Each is the answer to one element of one alert."""

    by_customer_id: tuple[Organization, ...] = ()
    #: by exact name
    by_customer: tuple[Organization, ...] = ()
    by_email: tuple[Contact, ...] = ()
    #: by the name in Contact, of whatever organization
    by_contact: tuple[Contact, ...] = ()
    by_device_id: tuple[Device, ...] = ()
    #: the ticket with the number, merges followed
    target: Target | None = None
    #: the desk's own organization
    local: Organization | None = None


class Unmatched(StrEnum):
    """What in an alert led nowhere; each is a line in the description."""

    CUSTOMER = "customer"
    CUSTOMER_ID = "customer_id"
    EMAIL = "email"
    CONTACT = "contact"
    DEVICE_ID = "device_id"
    SUB_ISSUE = "sub_issue"
    TICKET_NUMBER = "ticket_number"


@immutable
class NewContact:
    """A contact that the alert asks for and nobody has made."""

    name: str
    #: empty when the alert names none
    address: str


@immutable
class AlertMatch:
    """For whom an alert is."""

    #: None: nothing matched, and there is no local organization
    organization: Organization | None
    contact: Contact | None = None
    new_contact: NewContact | None = None
    device: Device | None = None
    #: the ticket it is a note on; never reopened
    target: Target | None = None
    #: "" = the mailbox's
    issue_type: str = ""
    sub_issue_type: str = ""
    #: what did not match, with what was written
    unmatched: tuple[tuple[Unmatched, str], ...] = ()
