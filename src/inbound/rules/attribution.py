"""Who wrote it, for which organization. The order of the functions in RULES is the order of the decision."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from inbound.model.desk import Contact, DomainOwner, Organization, Resource
from inbound.model.mail import Address
from inbound.model.trace import Step
from inbound.rules.domains import PUBLIC_MAIL_DOMAINS, candidate_domains

#: organizations of these types take tickets; leads, prospects, dead and cancelled ones count as no match
TICKET_TAKING_TYPES = frozenset({"customer", "partner", "vendor", "local"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """What the database knew about the authors of a batch; keys are lower-case addresses, domains and names."""

    resources: Mapping[str, tuple[Resource, ...]] = field(default_factory=dict)
    contacts: Mapping[str, tuple[Contact, ...]] = field(default_factory=dict)
    domain_owners: Mapping[str, tuple[DomainOwner, ...]] = field(default_factory=dict)
    organizations: Mapping[str, tuple[Organization, ...]] = field(default_factory=dict)
    local: Organization | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One author, and what the mailbox says about people nobody knows."""

    author: Address | None
    #: name of the mailbox's fallback organization; empty = the local one
    fallback_organization: str
    #: domains that say nothing about an organization, beyond the shipped ones
    public_mail_domains: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who a message is from, and whose organization a new ticket belongs to."""

    organization: Organization
    contact: Contact | None = None
    resource: Resource | None = None


#: a hit decides; misses only explain
Finding = tuple[Attribution | None, Step]


def attribute(question: Question, directory: Directory) -> tuple[Attribution | None, tuple[Step, ...]]:
    """Ask the rules in order; the first hit wins.

    Returns:
        the attribution, or None when nobody is responsible, and a trace step for every rule that was asked.
    """
    steps: list[Step] = []
    for rule in RULES:
        for attribution, step in rule(question, directory):
            steps.append(step)
            if attribution is not None:
                return attribution, tuple(steps)
    return None, tuple(steps)


def _step(rule: str, detail: str, *, is_hit: bool = False) -> Step:
    return Step(stage="resolve_sender", rule=rule, is_hit=is_hit, detail=detail)


def _resource(question: Question, directory: Directory) -> Iterator[Finding]:
    """An active resource with that address; several: the lowest id."""
    if question.author is None:
        yield None, _step("resource", "the message names no author address")
        return
    found = directory.resources.get(question.author.key, ())
    active = next((resource for resource in found if resource.is_active), None)
    if active is not None and directory.local is not None:
        # A resource's new ticket belongs to the desk's own organization.
        detail = f"{question.author.key} is resource {active.id} {active.name}"
        yield Attribution(organization=directory.local, resource=active), _step("resource", detail, is_hit=True)
    elif active is not None:
        yield None, _step("resource", f"resource {active.id} {active.name}, but there is no local organization")
    elif found:
        yield None, _step("resource", f"{question.author.key} is only an inactive resource, {found[0].name}")
    else:
        yield None, _step("resource", f"{question.author.key} is no resource's address")


def _contact(question: Question, directory: Directory) -> Iterator[Finding]:
    """An active contact of an active organization by address 1, then 2, then 3; only the first position counts."""
    if question.author is None:
        return
    found = directory.contacts.get(question.author.key, ())
    for contact in found:
        if not _may_own(contact):
            yield None, _step("contact", f"contact {contact.id} {contact.name} does not count: {_why_not(contact)}")
    usable = [contact for contact in found if _may_own(contact)]
    if not usable:
        yield None, _step("contact", f"{question.author.key} is no usable contact's address")
        return
    first_position = min(contact.position for contact in usable)
    hits = [contact for contact in usable if contact.position == first_position]
    chosen = _choose(hits, question.author, directory)
    if chosen is None:
        names = ", ".join(sorted({contact.organization.name for contact in hits}))
        yield from _fall_back(question, directory, f"contact_ambiguous: contacts of {names} share the address; ")
        return
    detail = f"{question.author.key} is address {first_position} of contact {chosen.id} {chosen.name}"
    attribution = Attribution(organization=chosen.organization, contact=chosen)
    yield attribution, _step("contact", f"{detail}, {chosen.organization.name}", is_hit=True)


def _may_own(contact: Contact) -> bool:
    return contact.is_active and contact.is_organization_active and contact.organization_type in TICKET_TAKING_TYPES


def _why_not(contact: Contact) -> str:
    if not contact.is_active:
        return "inactive"
    if not contact.is_organization_active:
        return f"organization {contact.organization.name} is inactive"
    return f"organization {contact.organization.name} is a {contact.organization_type}"


def _choose(hits: list[Contact], author: Address, directory: Directory) -> Contact | None:
    """Several contacts with one address: the lowest id of one organization, or of the one that owns the domain."""
    if len({contact.organization.id for contact in hits}) > 1:
        owners = {owner.organization.id for owner in _owners(author.domain, directory)}
        hits = [contact for contact in hits if contact.organization.id in owners]
        if len({contact.organization.id for contact in hits}) != 1:
            return None
    return min(hits, key=lambda contact: contact.id)


def _owners(domain: str, directory: Directory) -> list[DomainOwner]:
    """The usable owners of the longest suffix of a domain that anybody owns."""
    for candidate in candidate_domains(domain):
        usable = [
            owner
            for owner in directory.domain_owners.get(candidate, ())
            if owner.is_active and owner.organization_type in TICKET_TAKING_TYPES
        ]
        if usable:
            return usable
    return []


def _organization_domain(question: Question, directory: Directory) -> Iterator[Finding]:
    """The longest suffix of the author's domain that is a web domain of exactly one organization."""
    if question.author is None:
        return
    domain = question.author.domain
    if domain in PUBLIC_MAIL_DOMAINS or domain in question.public_mail_domains:
        yield None, _step("organization_domain", f"{domain} is a public mail domain")
        return
    owners = _owners(domain, directory)
    if len(owners) == 1:
        detail = f"{owners[0].domain} is a web domain of {owners[0].organization.name}"
        yield Attribution(organization=owners[0].organization), _step("organization_domain", detail, is_hit=True)
    elif owners:
        # Shorter suffixes are not tried: they would be a worse guess than none.
        names = ", ".join(owner.organization.name for owner in owners)
        yield None, _step("organization_domain", f"{owners[0].domain} is a web domain of several: {names}")
    else:
        yield None, _step("organization_domain", f"no usable organization has the web domain {domain}")


def _fallback_organization(question: Question, directory: Directory) -> Iterator[Finding]:
    """The mailbox's fallback, else the desk's own organization."""
    yield from _fall_back(question, directory, "")


def _fall_back(question: Question, directory: Directory, why: str) -> Iterator[Finding]:
    name = question.fallback_organization
    named = directory.organizations.get(name, ()) if name else ()
    if len(named) == 1:
        detail = f"{why}the mailbox's fallback is {name}"
        yield Attribution(organization=named[0]), _step("fallback_organization", detail, is_hit=True)
        return
    if name:
        count = "no" if not named else "more than one"
        yield None, _step("fallback_organization", f"{why}{count} active organization is called {name}")
    if directory.local is not None:
        detail = f"{why}the local organization, {directory.local.name}"
        yield Attribution(organization=directory.local), _step("fallback_organization", detail, is_hit=True)
    else:
        yield None, _step("fallback_organization", f"{why}there is no local organization")


RULES: tuple[Callable[[Question, Directory], Iterator[Finding]], ...] = (
    _resource,
    _contact,
    _organization_domain,
    _fallback_organization,
)
