"""Strangers to an object, the people a message brings along, and who may act."""

from dataclasses import replace

import pytest

from inbound.model.authorship import Attribution, Authorship, Directory, Source
from inbound.model.desk import Approvers, Organization, Resource, Target
from inbound.model.mail import Address
from inbound.model.verdict import Standing
from inbound.rules.proof import is_author_proven, is_listed_approver, standing_of
from inbound.rules.strangers import companions, is_stranger
from people import (
    ACME,
    ACME_SOUTH,
    ANN,
    BETA,
    BY_CONTACT,
    BY_RESOURCE,
    GONE,
    HOLDING,
    LEAD,
    LOCAL,
    TECH,
    TICKET,
    address,
    ask,
    authorship,
    co_managing,
    contact,
    device,
    directory,
)

OF_SOUTH = replace(TICKET, organization=ACME_SOUTH)
OF_CHILD = replace(TICKET, organization=replace(ACME, parent_id=HOLDING.id))


@pytest.mark.parametrize(
    ("known", "target", "expected"),
    [
        # a resource is no stranger; an inactive one is nobody
        (directory(resources=(Resource(id=9, name="R", is_active=True),)), TICKET, False),
        (directory(resources=(Resource(id=9, name="R", is_active=False),)), TICKET, True),
        # nor is a contact of the object's organization, by whatever address
        (directory(contacts=(contact(1),)), TICKET, False),
        (directory(contacts=(contact(1, position=3),)), TICKET, False),
        (directory(resources=(co_managing(3),)), TICKET, False),
        # also not if it is ambiguous for a new ticket
        (directory(contacts=(contact(1, BETA), contact(2))), TICKET, False),
        # of its parent, or of its children
        (directory(contacts=(contact(1, ACME),)), OF_SOUTH, False),
        (directory(contacts=(contact(1, HOLDING),)), OF_CHILD, False),
        (directory(contacts=(contact(1, ACME_SOUTH),)), TICKET, False),
        # of a sister or of a grandparent: a stranger
        (directory(contacts=(contact(1, Organization(id=8, name="North", parent_id=2)),)), OF_SOUTH, True),
        (directory(contacts=(contact(1, HOLDING),)), OF_SOUTH, True),
        # a contact of another organization is a stranger too
        (directory(contacts=(contact(1, BETA),)), TICKET, True),
        # unless the change request waits for that contact's word
        (
            directory(contacts=(contact(1, BETA),)),
            replace(TICKET, approvers=Approvers(contact_ids=frozenset({1}))),
            False,
        ),
        # an inactive contact is nobody
        (directory(contacts=(contact(1, active=False),)), TICKET, True),
        # from its web domains, also where several have it, and also by a suffix
        (directory(owners=(ACME,)), TICKET, False),
        (directory(owners=(ACME, BETA)), TICKET, False),
        (directory(owners=(BETA,)), TICKET, True),
        # an inactive contact of a known domain still comes from there
        (directory(contacts=(contact(1, active=False),), owners=(ACME,)), TICKET, False),
        # its own people, even where it takes no tickets any more
        (directory(contacts=(contact(1, LEAD),)), replace(TICKET, organization=LEAD), False),
        (directory(contacts=(contact(1, GONE),)), replace(TICKET, organization=GONE), False),
        # a device is a machine: it takes part in nothing
        (directory(devices=(device(1),)), TICKET, True),
        # nobody known
        (directory(), TICKET, True),
    ],
)
def test_who_is_a_stranger(known: Directory, target: Target, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """Neither a resource, nor of the object's organization or its parent or children, nor from its domains."""
    found, step = is_stranger(ask(known, target=target), target, known)
    assert found is expected
    assert step.is_hit is expected


def test_participants_are_no_strangers() -> None:
    """Whoever took part in the object already goes on taking part."""
    known = directory()
    found = ask(known, target=TICKET)
    assert is_stranger(found, TICKET, known)[0]
    assert not is_stranger(found, TICKET, known, participants=frozenset({ANN.key}))[0]


def test_a_public_domain_makes_nobody_known() -> None:
    """That a customer claims gmail.com as a web domain does not open its tickets to everybody."""
    known = Directory(domain_owners={"gmail.com": (ACME,), "public.example": (ACME,)}, local=LOCAL)
    for author in (address("x@gmail.com"), address("x@public.example")):
        found = ask(known, author=author, target=TICKET)
        assert is_stranger(found, TICKET, known, public_mail_domains=frozenset({"public.example"}))[0]


def test_nobody_is_a_stranger() -> None:
    """A mail that names no author has nothing to do with any object."""
    known = directory()
    assert is_stranger(ask(known, author=None, target=TICKET), TICKET, known)[0]


BOB, TOM, OTHER = address("bob@acme.example"), address("tom@desk.example"), address("o@beta.example")
TOM_RESOURCE = Resource(id=8, name="Tom", is_active=True)
EVERYBODY = Directory(
    contacts={
        ANN.key: (contact(1),),
        BOB.key: (contact(2, BETA), contact(4, position=2), contact(3, position=2)),
        OTHER.key: (contact(9, BETA),),
        "gone@acme.example": (contact(5, active=False),),
        "support@desk.example": (contact(6),),
    },
    resources={
        TOM.key: (TOM_RESOURCE,),
        "tech@desk.example": (TECH,),
        "co@acme.example": (co_managing(3),),
        "former@desk.example": (Resource(id=2, name="Former", is_active=False),),
    },
    local=LOCAL,
)
OWN_ADDRESSES = frozenset({"support@desk.example", "vip@desk.example"})


@pytest.mark.parametrize(
    ("addressed", "author", "contacts", "resources"),
    [
        # contacts of the same organization, each once, in their order, the lowest id at the first position that hits
        ((BOB, BOB), BY_CONTACT, (3,), ()),
        # contacts of another organization and inactive ones do not
        ((OTHER, address("gone@acme.example")), BY_CONTACT, (), ()),
        # the author is no companion
        ((ANN, BOB), BY_CONTACT, (3,), ()),
        # resources: active ones, no co-managing users
        ((TOM, address("former@desk.example"), address("co@acme.example")), BY_CONTACT, (), (8,)),
        ((TOM, address("tech@desk.example")), BY_RESOURCE, (), (8,)),
        # own mailbox addresses never do, whoever has them
        ((address("SUPPORT@desk.example"), address("support+x@desk.example")), BY_CONTACT, (), ()),
        # names without an address
        ((address("", "Bob"),), BY_CONTACT, (), ()),
    ],
)
def test_companions(
    addressed: tuple[Address, ...], author: Authorship, contacts: tuple[int, ...], resources: tuple[int, ...]
) -> None:
    """To and Cc: contacts of the same organization and resources."""
    found = companions(addressed, ACME, author, EVERYBODY, OWN_ADDRESSES)
    assert (tuple(one.id for one in found[0]), tuple(one.id for one in found[1])) == (contacts, resources)


def test_who_passes_a_mail_on_is_no_companion() -> None:
    """A resource that forwards to a colleague and itself brings the colleague."""
    forwarded = replace(BY_CONTACT, originator=replace(BY_CONTACT.originator, forwarder=TECH))
    _, resources = companions((TOM, address("tech@desk.example")), ACME, forwarded, EVERYBODY, OWN_ADDRESSES)
    assert resources == (TOM_RESOURCE,)


@pytest.mark.parametrize(
    ("author", "proven", "expected"),
    [
        (BY_RESOURCE, True, Standing.PROVEN_RESOURCE),
        # no verdict is not a pass
        (BY_RESOURCE, False, Standing.UNPROVEN_RESOURCE),
        # a recovered author never acts as a resource, whatever is proven about From
        *(
            (replace(BY_RESOURCE, originator=replace(BY_RESOURCE.originator, source=source)), True, standing)
            for source, standing in (
                (Source.REPLY_TO, Standing.UNPROVEN_RESOURCE),
                (Source.ORIGINAL_FROM, Standing.UNPROVEN_RESOURCE),
                (Source.ORIGINAL_SENDER, Standing.UNPROVEN_RESOURCE),
                (Source.FORWARDED_BLOCK, Standing.UNPROVEN_RESOURCE),
                (Source.RESOURCE_FORWARD, Standing.UNPROVEN_RESOURCE),
            )
        ),
        # contacts, co-managing users, nobody
        (BY_CONTACT, True, Standing.CUSTOMER),
        (
            authorship(Attribution(organization=ACME, rule="contact", co_managing_user=co_managing(3))),
            True,
            Standing.CUSTOMER,
        ),
        (authorship(None), True, Standing.CUSTOMER),
    ],
)
def test_who_may_act(author: Authorship, proven: bool, expected: Standing) -> None:  # noqa: FBT001 - a column of the table
    """Only a proven resource acts as one."""
    assert standing_of(author, is_proven=proven) is expected


@pytest.mark.parametrize(
    ("author", "approvers", "expected"),
    [
        (BY_RESOURCE, Approvers(resource_ids=frozenset({TECH.id})), True),
        (BY_CONTACT, Approvers(contact_ids=frozenset({1})), True),
        # ids of resources and contacts are different things
        (BY_CONTACT, Approvers(resource_ids=frozenset({1})), False),
        (BY_RESOURCE, Approvers(contact_ids=frozenset({TECH.id})), False),
        # a co-managing user is listed as the resource it is
        (
            authorship(Attribution(organization=ACME, rule="contact", co_managing_user=co_managing(3))),
            Approvers(resource_ids=frozenset({3})),
            True,
        ),
        # no change request, nobody listed, nobody known
        (BY_RESOURCE, None, False),
        (BY_RESOURCE, Approvers(), False),
        (authorship(None), Approvers(resource_ids=frozenset({TECH.id})), False),
    ],
)
def test_who_is_an_approver(author: Authorship, approvers: Approvers | None, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """Approvers are listed, as resources or contacts."""
    assert is_listed_approver(author, approvers) is expected


def test_proof_is_about_from() -> None:
    """What is proven about From says nothing about an author from elsewhere."""
    assert is_author_proven(BY_CONTACT, is_proven=True)
    assert not is_author_proven(BY_CONTACT, is_proven=False)
    assert not is_author_proven(authorship(BY_CONTACT.attribution, source=Source.REPLY_TO), is_proven=True)
