"""Who wrote it, for which organization: the truth table of the order."""

from dataclasses import replace

import pytest

from inbound.model.authorship import Attribution, Directory
from inbound.model.desk import Contact, Organization, Resource
from inbound.model.trace import Step
from people import (
    ACME,
    ANN,
    BETA,
    GONE,
    LEAD,
    LOCAL,
    MAILBOX,
    TECH,
    TICKET,
    address,
    ask,
    co_managing,
    contact,
    device,
    directory,
)

FORMER = Resource(id=4, name="Former", is_active=False)


def in_(organization: Organization, rule: str) -> Attribution:
    return Attribution(organization=organization, rule=rule)


def by(known: Contact) -> Attribution:
    return Attribution(organization=known.organization, rule="contact", contact=known)


AS_TECH = Attribution(organization=LOCAL, rule="resource", resource=TECH)
IN_FALLBACK = in_(LOCAL, "fallback_organization")
AMBIGUOUS = replace(IN_FALLBACK, ambiguous=("C1 (Beta)", "C2 (Acme)"))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        # 1. resource: comes first, and a new ticket belongs to the local organization
        (directory(resources=(TECH,), contacts=(contact(1),)), AS_TECH),
        # several: the lowest id, in whatever order they come; an inactive one is none of them
        (directory(resources=(Resource(id=9, name="Z", is_active=True), TECH)), AS_TECH),
        (directory(resources=(FORMER, TECH)), AS_TECH),
        # only inactive: as if none
        (directory(resources=(FORMER,), contacts=(contact(1),)), by(contact(1))),
        (directory(resources=(FORMER,)), IN_FALLBACK),
        # 2. contact: by primary address, then address 2, then address 3
        (directory(contacts=(contact(1, position=3),)), by(contact(1, position=3))),
        (directory(contacts=(contact(1, position=2), contact(2, position=1))), by(contact(2))),
        (directory(contacts=(contact(1, position=3), contact(2, position=2))), by(contact(2, position=2))),
        # only the first position that hits counts, also over organizations: no ambiguity with address 2
        (directory(contacts=(contact(1, BETA, position=2), contact(2))), by(contact(2))),
        # several in one organization: the lowest id
        (directory(contacts=(contact(8), contact(3))), by(contact(3))),
        # in different ones: the one whose organization owns the sender's domain, and its lowest id
        (directory(contacts=(contact(1, BETA), contact(2)), owners=(ACME,)), by(contact(2))),
        (directory(contacts=(contact(1, BETA), contact(7), contact(2)), owners=(ACME,)), by(contact(2))),
        # still several: fallback, naming them; neither the domain nor a device is asked
        (directory(contacts=(contact(1, BETA), contact(2))), AMBIGUOUS),
        (directory(contacts=(contact(1, BETA), contact(2)), owners=(ACME, BETA)), AMBIGUOUS),
        (directory(contacts=(contact(1, BETA), contact(2)), owners=(Organization(id=99, name="X"),)), AMBIGUOUS),
        (directory(contacts=(contact(1, BETA), contact(2)), devices=(device(1),)), AMBIGUOUS),
        # an inactive one makes nothing ambiguous
        (directory(contacts=(contact(1, BETA, active=False), contact(2))), by(contact(2))),
        (directory(contacts=(contact(1, GONE), contact(2))), by(contact(2))),
        # inactive at address 1, active at address 2: the active one
        (directory(contacts=(contact(1, active=False), contact(2, position=2))), by(contact(2, position=2))),
        # inactive people, inactive organizations and those that take no tickets: as if none
        (directory(contacts=(contact(1, active=False),), owners=(ACME,)), in_(ACME, "organization_domain")),
        (directory(contacts=(contact(1, GONE),)), IN_FALLBACK),
        (directory(contacts=(contact(1, LEAD),)), IN_FALLBACK),
        # co-managing users count here, like a contact's primary address, never as a resource
        (
            directory(resources=(co_managing(3),)),
            Attribution(organization=ACME, rule="contact", co_managing_user=co_managing(3)),
        ),
        (directory(resources=(co_managing(3),), contacts=(contact(9),)), by(contact(9))),
        (
            directory(resources=(co_managing(3),), contacts=(contact(9, position=2),)),
            Attribution(organization=ACME, rule="contact", co_managing_user=co_managing(3)),
        ),
        (directory(resources=(co_managing(3, active=False),)), IN_FALLBACK),
        (directory(resources=(co_managing(3, GONE),)), IN_FALLBACK),
        (directory(resources=(co_managing(3), TECH)), AS_TECH),
        # 3. device: its organization and the device, no contact; after contacts, before the domain
        (
            directory(devices=(device(2), device(1)), owners=(BETA,)),
            Attribution(organization=ACME, rule="device", device=device(1)),
        ),
        (directory(devices=(device(1),), contacts=(contact(1, BETA),)), by(contact(1, BETA))),
        (directory(devices=(device(1, active=False),)), IN_FALLBACK),
        (directory(devices=(device(1, GONE),)), IN_FALLBACK),
        (directory(devices=(device(1), device(2, BETA))), IN_FALLBACK),
        # 5. organization_domain: exactly one active organization that takes tickets
        (directory(owners=(ACME,)), in_(ACME, "organization_domain")),
        (directory(owners=(ACME, BETA)), IN_FALLBACK),
        (directory(owners=(GONE, ACME, LEAD)), in_(ACME, "organization_domain")),
        (directory(owners=(GONE,)), IN_FALLBACK),
        (directory(owners=(LEAD,)), IN_FALLBACK),
        # 6. fallback: the desk's own organization; 7. none configured
        (directory(), IN_FALLBACK),
        (directory(local=None), None),
        (directory(local=None, contacts=(contact(1),)), by(contact(1))),
        # a resource without a local organization owns no ticket
        (directory(local=None, resources=(TECH,)), None),
    ],
)
def test_the_order_of_attribution(known: Directory, expected: Attribution | None) -> None:
    """The first rule that hits decides, and the last line of the trace is about it."""
    found = ask(known)
    assert found.attribution == expected
    assert found.steps[-1].is_hit is (expected is not None)
    assert expected is None or found.steps[-1].rule == expected.rule


@pytest.mark.parametrize("organization_type", ["customer", "partner", "vendor", "local", "Customer"])
def test_types_that_take_tickets(organization_type: str) -> None:
    """Customers, partners, vendors and the desk itself take tickets."""
    organization = Organization(id=9, name="X", type=organization_type)
    assert ask(directory(contacts=(contact(1, organization),))).attribution == by(contact(1, organization))
    assert ask(directory(owners=(organization,))).attribution == in_(organization, "organization_domain")


@pytest.mark.parametrize("organization_type", ["lead", "prospect", "dead", "cancelled", "", "something"])
def test_types_that_take_none(organization_type: str) -> None:
    """Leads, prospects, dead and cancelled ones are no match, and the trace says so."""
    organization = Organization(id=9, name="X", type=organization_type)
    for known in (
        directory(contacts=(contact(1, organization),)),
        directory(owners=(organization,)),
        directory(devices=(device(1, organization),)),
    ):
        found = ask(known)
        assert found.attribution == IN_FALLBACK
        assert any(f"X is a {organization_type}" in step.detail and not step.is_hit for step in found.steps)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Beta", in_(BETA, "fallback_organization")),
        # nobody of that name, two of that name, one that takes no tickets: the mail is not lost
        ("Nobody", IN_FALLBACK),
        ("Twins", IN_FALLBACK),
        ("Maybe", IN_FALLBACK),
    ],
)
def test_the_mailbox_may_name_its_own_fallback(name: str, expected: Attribution) -> None:
    """The mailbox's fallback organization, else the local one."""
    assert ask(directory(), mailbox=replace(MAILBOX, fallback_organization=name)).attribution == expected


def test_an_ambiguous_contact_goes_to_the_mailboxes_fallback() -> None:
    """The fallback is the mailbox's own, and the trace names the code."""
    known = directory(contacts=(contact(1, BETA), contact(2)))
    found = ask(known, mailbox=replace(MAILBOX, fallback_organization="Beta"))
    assert found.attribution == replace(AMBIGUOUS, organization=BETA)
    assert "contact_ambiguous" in [step.rule for step in found.steps]


def test_a_number_attaches_whom_nobody_knows() -> None:
    """4. subject_number: after devices, before the domain; the object's organization, no contact."""
    expected = in_(ACME, "subject_number")
    assert ask(directory(), target=TICKET).attribution == expected
    assert ask(directory(owners=(BETA,)), target=TICKET).attribution == expected
    assert ask(directory(local=None), target=TICKET).attribution == expected
    assert ask(directory(), author=None, target=TICKET).attribution == expected
    assert ask(directory(contacts=(contact(1, BETA),)), target=TICKET).attribution == by(contact(1, BETA))
    assert ask(directory(devices=(device(1),)), target=TICKET).attribution == Attribution(
        organization=ACME, rule="device", device=device(1)
    )


def test_a_resource_needs_no_local_organization_for_a_note() -> None:
    """With a target a resource is one, whoever owns new tickets."""
    found = ask(directory(local=None, resources=(TECH,)), target=TICKET).attribution
    assert found == Attribution(organization=ACME, rule="resource", resource=TECH)


def test_no_author_goes_to_the_fallback() -> None:
    """A mail that names no author is the desk's own."""
    assert ask(directory(), author=None).attribution == IN_FALLBACK
    assert ask(directory(), author=address("", "Only a name")).attribution == IN_FALLBACK


@pytest.mark.parametrize(
    "author",
    ["x@gmail.com", "x@icloud.com", "x@hotmail.com", "x@gmx.de", "x@public.example", "x@mail.gmx.de"],
)
def test_public_mail_domains_say_nothing(author: str) -> None:
    """A public provider's domain, shipped or configured, never leads to an organization, nor does one below it."""
    domain = author.partition("@")[2]
    known = Directory(domain_owners={domain: (ACME,), "gmx.de": (ACME,)}, local=LOCAL)
    found = ask(known, author=address(author))
    assert found.attribution == IN_FALLBACK
    assert any("public mail domain" in step.detail for step in found.steps)


def test_a_public_domain_settles_no_ambiguity() -> None:
    """Two contacts share a gmail.com address: that one of them claims gmail.com proves nothing."""
    author = address("ann@gmail.com")
    known = Directory(
        contacts={author.key: (contact(1, BETA), contact(2))}, domain_owners={"gmail.com": (ACME,)}, local=LOCAL
    )
    assert ask(known, author=author).attribution == AMBIGUOUS


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        # the longest suffix wins; several there: none, shorter ones are not tried
        ({"acme.example": (ACME,), "eu.acme.example": (BETA,)}, in_(BETA, "organization_domain")),
        ({"acme.example": (ACME,), "eu.acme.example": (BETA, LOCAL)}, IN_FALLBACK),
        # no match at all is no suffix: the shorter one is tried
        ({"acme.example": (ACME,), "eu.acme.example": (LEAD,)}, in_(ACME, "organization_domain")),
        ({"acme.example": (ACME,), "mail.eu.acme.example": (GONE,)}, in_(ACME, "organization_domain")),
        # never shorter than the registrable domain
        ({"example": (ACME,)}, IN_FALLBACK),
    ],
)
def test_suffixes_of_the_domain(owners: dict[str, tuple[Organization, ...]], expected: Attribution) -> None:
    """The sender's domain or the longest of its suffixes that is a web domain decides."""
    known = Directory(domain_owners=owners, local=LOCAL)
    assert ask(known, author=address("a@mail.eu.acme.example")).attribution == expected


@pytest.mark.parametrize(
    ("known", "is_added"),
    [
        (directory(owners=(ACME,)), True),
        # somebody who was deactivated is not made anew; an inactive contact elsewhere is somebody else
        (directory(owners=(ACME,), contacts=(contact(1, active=False),)), False),
        (directory(owners=(ACME,), contacts=(contact(1, BETA, active=False),)), True),
        # nobody is added to a fallback
        (directory(), False),
    ],
)
def test_unknown_contacts_are_added_where_the_mailbox_says_so(known: Directory, is_added: bool) -> None:  # noqa: FBT001 - a column of the table
    """``add_unknown_contacts`` makes a contact in the domain's organization."""
    found = ask(known, mailbox=replace(MAILBOX, add_unknown_contacts=True)).attribution
    assert found is not None
    assert found.adds_contact is is_added
    plain = ask(known).attribution
    assert plain is not None
    assert not plain.adds_contact


def test_every_rule_leaves_a_line() -> None:
    """Where nothing hits before the fallback, all six rules are in the trace, in their order."""
    rules = [step.rule for step in ask(directory()).steps]
    assert rules == [
        "from",
        "resource",
        "contact",
        "device",
        "subject_number",
        "organization_domain",
        "fallback_organization",
    ]


def test_the_trace_tells_inactive_people() -> None:
    """Only inactive: as if none, and the trace says so."""
    known = directory(resources=(FORMER,), contacts=(contact(1, active=False),), devices=(device(1, active=False),))
    misses: list[Step] = [step for step in ask(known).steps if "inactive" in step.detail]
    assert [step.rule for step in misses] == ["resource", "contact", "device"]


def test_addresses_compare_in_any_case() -> None:
    """Ann@ACME.example is ann@acme.example."""
    assert ask(directory(contacts=(contact(1),)), author=address(ANN.address.upper())).attribution == by(contact(1))
