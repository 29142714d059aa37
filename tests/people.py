"""Words for tests of rules: organizations, people, mailboxes, questions."""

from inbound.model.authorship import Attribution, Authorship, Directory, Originator, Question, Source
from inbound.model.desk import Contact, Device, Organization, Resource, Target
from inbound.model.mail import Address
from inbound.model.mailbox import Mailbox
from inbound.rules.attribution import attribute

LOCAL = Organization(id=1, name="Desk", type="local")
ACME = Organization(id=2, name="Acme")
BETA = Organization(id=3, name="Beta")
#: Acme belongs to it
HOLDING = Organization(id=4, name="Holding")
ACME_SOUTH = Organization(id=5, name="Acme South", parent_id=2)
LEAD = Organization(id=6, name="Maybe", type="lead")
GONE = Organization(id=7, name="Gone", is_active=False)

MAILBOX = Mailbox(
    name="support",
    address="support@desk.example",
    aliases=("help@desk.example",),
    public_address="Hilfe@Customer-Facing.example",
    own_lists=("team.lists.example",),
)
TECH = Resource(id=5, name="Tech", is_active=True, roles=("Network Engineer", "Consultant"))
TICKET = Target(kind="ticket", id=70, number="T20260131.0042", organization=ACME, status="New")


def address(text: str, name: str = "") -> Address:
    return Address(name=name, address=text)


ANN = address("Ann@Acme.example", "Ann")


def contact(id_: int, organization: Organization = ACME, *, position: int = 1, active: bool = True) -> Contact:
    return Contact(id=id_, name=f"C{id_}", is_active=active, position=position, organization=organization)


def device(id_: int, organization: Organization = ACME, *, active: bool = True) -> Device:
    return Device(id=id_, name=f"D{id_}", is_active=active, organization=organization)


def co_managing(id_: int, organization: Organization = ACME, *, active: bool = True) -> Resource:
    return Resource(id=id_, name=f"U{id_}", is_active=active, co_managed=organization)


def directory(
    *,
    resources: tuple[Resource, ...] = (),
    contacts: tuple[Contact, ...] = (),
    devices: tuple[Device, ...] = (),
    owners: tuple[Organization, ...] = (),
    local: Organization | None = LOCAL,
) -> Directory:
    """What is known about Ann and her domain, besides tech@desk.example."""
    return Directory(
        resources={ANN.key: resources, "tech@desk.example": (TECH,)},
        contacts={ANN.key: contacts},
        devices={ANN.key: devices},
        domain_owners={"acme.example": owners},
        organizations={"Beta": (BETA,), "Maybe": (LEAD,), "Twins": (ACME, BETA)},
        local=local,
    )


def ask(
    known: Directory, *, author: Address | None = ANN, mailbox: Mailbox = MAILBOX, target: Target | None = None
) -> Authorship:
    question = Question(
        mailbox=mailbox,
        from_=(author,) if author else (),
        target=target,
        is_proven=True,
        public_mail_domains=frozenset({"public.example"}),
    )
    return attribute(question, known)


def authorship(attribution: Attribution | None, *, source: Source = Source.FROM, author: Address = ANN) -> Authorship:
    """What `attribute` would have said."""
    return Authorship(originator=Originator(author=author, source=source), attribution=attribution, steps=())


BY_CONTACT = authorship(Attribution(organization=ACME, rule="contact", contact=contact(1)))
BY_RESOURCE = authorship(Attribution(organization=LOCAL, rule="resource", resource=TECH))
