"""Who wrote a message: what is asked, what the directory knew, and what came out."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from inbound.model.desk import Contact, Device, Organization, Resource, Target
from inbound.model.mail import Address
from inbound.model.mailbox import Mailbox
from inbound.model.trace import Step
from inbound.values import immutable


@immutable
class Directory:
    """What the database knew about the people of a batch; keys are lower-case addresses and domains, names as they are.

    Inactive ones are there too: the trace says why they do not count.
    """

    #: co-managing users too
    resources: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
    devices: Mapping[str, tuple[Device, ...]] = field(default_factory=dict)
    #: organizations by web domain
    domain_owners: Mapping[str, tuple[Organization, ...]] = field(default_factory=dict)
    #: organizations by name
    organizations: Mapping[str, tuple[Organization, ...]] = field(default_factory=dict)
    #: the desk's own organization
    local: Organization | None = None


@immutable
class Question:
    """What a message says about its author, and what its mailbox makes of that."""

    mailbox: Mailbox
    #: authors, reachable or not
    from_: tuple[Address, ...]
    reply_to: tuple[Address, ...] = ()
    #: what lists write into X-Original-From and X-Original-Sender
    original_from: Address | None = None
    original_sender: Address | None = None
    #: the author that the first forwarded header block of the text names; None when it names none, or there is none
    forwarded: Address | None = None
    #: number of forwarded header blocks in the text
    block_count: int = 0
    subject: str = ""
    #: the object that the subject names
    target: Target | None = None
    #: is it proven that the author in From wrote it?
    is_proven: bool = False
    #: was it written by a machine?
    is_automated: bool = False
    #: domains that say nothing about an organization, beyond the shipped ones
    public_mail_domains: frozenset[str] = frozenset()


class Source(StrEnum):
    """Where the author was read."""

    FROM = "from"
    #: ``originator = "reply_to"``, or From is the mailbox itself
    REPLY_TO = "reply_to"
    ORIGINAL_FROM = "x_original_from"
    ORIGINAL_SENDER = "x_original_sender"
    #: somebody configured forward instead of redirect
    FORWARDED_BLOCK = "forwarded_not_redirected"
    #: a resource passed a mail on
    RESOURCE_FORWARD = "resource_forward"
    #: nowhere: From is the mailbox itself, and nothing else names an author
    MAILBOX = "originator_is_mailbox"


@immutable
class Originator:
    """Who wrote a message."""

    #: None when no author could be read
    author: Address | None
    source: Source
    #: who passed the message on, in a resource's own forward; what that resource wrote above is an internal note
    forwarder: Resource | None = None

    @property
    def is_recovered(self) -> bool:
        """Does only the message's word stand for the author? Such an author never acts as a resource or approver."""
        return self.source not in {Source.FROM, Source.MAILBOX}


@immutable
class Attribution:
    """For whose organization, and as whom there."""

    organization: Organization
    #: the rule that hit
    rule: str
    contact: Contact | None = None
    #: one of the desk's own people, never a co-managing user
    resource: Resource | None = None
    #: a customer's own technician, counted like a contact
    co_managing_user: Resource | None = None
    device: Device | None = None
    #: "name (organization)" of those in different organizations who share the address; the text names them
    ambiguous: tuple[str, ...] = ()
    #: make a contact of the author in the organization
    adds_contact: bool = False


@immutable
class Authorship:
    """The answer to a Question."""

    originator: Originator
    #: None: nobody is responsible
    attribution: Attribution | None
    #: a line for every rule that was asked
    steps: tuple[Step, ...]
