"""Who wrote it, for which organization: the truth table."""

import pytest

from inbound.model.desk import Contact, DomainOwner, Organization, Resource
from inbound.model.mail import Address
from inbound.rules.attribution import Attribution, Directory, Question, attribute

LOCAL = Organization(id=1, name="Desk")
ACME = Organization(id=2, name="Acme")
BETA = Organization(id=3, name="Beta")
ANN = Address(name="Ann", address="Ann@Acme.example")
TECH = Resource(id=5, name="Tech", is_active=True)


def contact(
    id_: int, organization: Organization = ACME, *, position: int = 1, active: bool = True, type_: str = "customer"
) -> Contact:
    return Contact(
        id=id_,
        name=f"C{id_}",
        is_active=active,
        position=position,
        organization=organization,
        is_organization_active=True,
        organization_type=type_,
    )


def owner(organization: Organization, domain: str = "acme.example", *, type_: str = "customer") -> DomainOwner:
    return DomainOwner(domain=domain, organization=organization, is_active=True, organization_type=type_)


def directory(
    *,
    resources: tuple[Resource, ...] = (),
    contacts: tuple[Contact, ...] = (),
    owners: tuple[DomainOwner, ...] = (),
    local: Organization | None = LOCAL,
) -> Directory:
    return Directory(
        resources={ANN.key: resources},
        contacts={ANN.key: contacts},
        domain_owners={"acme.example": owners},
        organizations={"Beta": (BETA,)},
        local=local,
    )


def ask(known: Directory, *, author: Address | None = ANN, fallback: str = "") -> tuple[Attribution | None, str]:
    question = Question(
        author=author, fallback_organization=fallback, public_mail_domains=frozenset({"public.example"})
    )
    attribution, steps = attribute(question, known)
    return attribution, next((step.rule for step in steps if step.is_hit), "")


IN_ACME = Attribution(organization=ACME)
IN_DESK = Attribution(organization=LOCAL)


@pytest.mark.parametrize(
    ("known", "expected", "rule"),
    [
        # 1. a resource comes first, and belongs to the desk; several: the lowest id
        (
            directory(resources=(TECH, Resource(id=9, name="Z", is_active=True)), contacts=(contact(1),)),
            Attribution(organization=LOCAL, resource=TECH),
            "resource",
        ),
        (
            directory(resources=(Resource(id=4, name="Gone", is_active=False),), contacts=(contact(1),)),
            Attribution(organization=ACME, contact=contact(1)),
            "contact",
        ),
        # 2. a contact: position 1 before 2 before 3; one organization: the lowest id
        (
            directory(contacts=(contact(1, position=2), contact(2, position=1))),
            Attribution(organization=ACME, contact=contact(2)),
            "contact",
        ),
        (
            directory(contacts=(contact(1), contact(2))),
            Attribution(organization=ACME, contact=contact(1)),
            "contact",
        ),
        # in different ones: the one that owns the domain; else the fallback, not the domain's owner
        (
            directory(contacts=(contact(1, BETA), contact(2, ACME)), owners=(owner(ACME),)),
            Attribution(organization=ACME, contact=contact(2)),
            "contact",
        ),
        (directory(contacts=(contact(1, BETA), contact(2, ACME))), IN_DESK, "fallback_organization"),
        # inactive contacts, and organizations that take no tickets, do not count
        (directory(contacts=(contact(1, active=False),), owners=(owner(ACME),)), IN_ACME, "organization_domain"),
        (directory(contacts=(contact(1, type_="lead"),)), IN_DESK, "fallback_organization"),
        # 3. the domain of exactly one organization
        (directory(owners=(owner(ACME),)), IN_ACME, "organization_domain"),
        (directory(owners=(owner(ACME), owner(BETA))), IN_DESK, "fallback_organization"),
        (directory(owners=(owner(ACME, type_="dead"),)), IN_DESK, "fallback_organization"),
        # 4. the desk itself, or nobody
        (directory(), IN_DESK, "fallback_organization"),
        (directory(local=None), None, ""),
    ],
)
def test_the_order_of_attribution(known: Directory, expected: Attribution | None, rule: str) -> None:
    """The first rule that hits decides, and the trace names it."""
    assert ask(known) == (expected, rule)


def test_the_mailbox_may_name_its_own_fallback() -> None:
    """A fallback organization wins over the local one; one that nobody knows does not lose the mail."""
    assert ask(directory(), fallback="Beta") == (Attribution(organization=BETA), "fallback_organization")
    assert ask(directory(), fallback="Nobody") == (IN_DESK, "fallback_organization")


def test_no_author_goes_to_the_fallback() -> None:
    """A mail that names no author is the desk's own."""
    assert ask(directory(), author=None) == (IN_DESK, "fallback_organization")


@pytest.mark.parametrize("address", ["x@gmail.com", "x@public.example"])
def test_public_mail_domains_say_nothing(address: str) -> None:
    """A public provider's domain never leads to an organization, shipped or configured."""
    domain = address.partition("@")[2]
    known = Directory(domain_owners={domain: (owner(ACME, domain),)}, local=LOCAL)
    assert ask(known, author=Address(name="", address=address)) == (IN_DESK, "fallback_organization")


def test_a_sub_domain_belongs_to_the_longest_owned_suffix() -> None:
    """mail.eu.acme.example is eu.acme.example's before it is acme.example's."""
    known = Directory(
        domain_owners={"acme.example": (owner(ACME),), "eu.acme.example": (owner(BETA, "eu.acme.example"),)},
        local=LOCAL,
    )
    author = Address(name="", address="a@mail.eu.acme.example")
    assert ask(known, author=author) == (Attribution(organization=BETA), "organization_domain")
