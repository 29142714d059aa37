"""Resolve sender: who wrote it, for which organization.

The originator is the author in From, not the envelope sender. `originator` knows when it is somebody else:

- ``originator = "reply_to"`` serves web forms.
- From is the mailbox's own public address or its list: X-Original-From, X-Original-Sender, Reply-To, in this order;
  then the author of one forwarded header block (``forwarded_not_redirected``); else nobody (``originator_is_mailbox``).
- A resource's own forward with exactly one block whose author is a contact or of a known domain: that author.

An author recovered in any of these ways never acts as a resource or approver (`proof`). Then the order of RULES: first
hit wins; every step leaves a line in the trace.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from inbound.model.authorship import Attribution, Authorship, Directory, Originator, Question, Source
from inbound.model.desk import Organization
from inbound.model.mail import Address
from inbound.model.trace import Step
from inbound.rules.domains import candidate_domains
from inbound.rules.organizations import domain_owners, owned_domains, takes_tickets, why_no_tickets
from inbound.rules.originator import acting_resource, originator_of
from inbound.rules.persons import Person, at_first_position, choose, persons_at, why_not
from inbound.values import immutable

#: a hit decides; misses only explain
Finding = tuple[Attribution | None, Step]


@immutable
class _Asked:
    """The question, with the originator it was found to be about."""

    question: Question
    directory: Directory
    originator: Originator

    @property
    def author(self) -> Address | None:
        return self.originator.author


def attribute(question: Question, directory: Directory) -> Authorship:
    """Find the originator, then ask the rules in order; the first hit wins.

    Args:
        question: about one message.
        directory: what the database knew about everybody in `originator.possible_authors`.

    Returns:
        the originator, the attribution (None: nobody is responsible), and a trace step for every rule that was asked.
    """
    originator, steps = originator_of(question, directory, lambda author: _is_known(author, question, directory))
    asked = _Asked(question=question, directory=directory, originator=originator)
    trace = list(steps)
    for rule in RULES:
        for attribution, step in rule(asked):
            trace.append(step)
            if attribution is not None:
                return Authorship(originator=originator, attribution=attribution, steps=tuple(trace))
    return Authorship(originator=originator, attribution=None, steps=tuple(trace))


def _hit(attribution: Attribution, detail: str) -> Finding:
    return attribution, Step(stage="resolve_sender", rule=attribution.rule, is_hit=True, detail=detail)


def _miss(rule: str, detail: str) -> Finding:
    return None, Step(stage="resolve_sender", rule=rule, is_hit=False, detail=detail)


def _resource(asked: _Asked) -> Iterator[Finding]:
    """1. An active resource (not a co-managing user) with that address; several: the lowest id."""
    if asked.author is None:
        yield _miss("resource", "there is no author address to look for")
        return
    target = asked.question.target
    # A resource's new ticket belongs to the local organization; a note needs none.
    owner = asked.directory.local or (target.organization if target else None)
    resource = acting_resource(asked.author, asked.directory)
    found = asked.directory.resources.get(asked.author.key, ())
    if resource is not None and owner is not None:
        attribution = Attribution(organization=owner, rule="resource", resource=resource)
        yield _hit(attribution, f"{asked.author.key} is resource {resource.id} {resource.name}")
    elif resource is not None:
        yield _miss("resource", f"resource {resource.id} {resource.name}, but there is no local organization")
    elif any(one.co_managed for one in found):
        yield _miss("resource", f"{asked.author.key} is a co-managing user, who counts like a contact")
    elif found:
        yield _miss("resource", f"{asked.author.key} is only an inactive resource, {found[0].name}")
    else:
        yield _miss("resource", f"{asked.author.key} is no resource's address")


def _contact(asked: _Asked) -> Iterator[Finding]:
    """2. An active contact of an active organization by primary address, then address 2, then address 3.

    Co-managing users of an organization count here. The positions are tried in turn and only the first that hits
    counts.
    """
    if asked.author is None:
        return
    persons = persons_at(asked.author, asked.directory)
    for person in persons:
        if not person.counts:
            yield _miss("contact", f"{person} does not count: {why_not(person)}")
    hits = at_first_position(persons)
    if not hits:
        yield _miss("contact", f"{asked.author.key} is no usable contact's address")
        return
    # Several in one organization: lowest id; in different ones: whose organization owns the sender's domain.
    chosen = choose(hits, asked.author, asked.question.public_mail_domains, asked.directory)
    if chosen is None:
        yield from _ambiguous(asked, hits)
        return
    attribution = Attribution(
        organization=chosen.organization,
        rule="contact",
        contact=chosen.contact,
        co_managing_user=chosen.co_managing_user,
    )
    detail = f"{asked.author.key} is address {chosen.position} of {chosen}, {chosen.organization.name}"
    yield _hit(attribution, detail)


def _ambiguous(asked: _Asked, hits: list[Person]) -> Iterator[Finding]:
    """Still several: fallback, with a line in the text naming them."""
    names = tuple(f"{person.known.name} ({person.organization.name})" for person in hits)
    yield _miss("contact_ambiguous", f"in different organizations: {', '.join(names)}")
    for attribution, step in _fallback_organization(asked):
        yield (replace(attribution, ambiguous=names) if attribution else None), step


def _device(asked: _Asked) -> Iterator[Finding]:
    """3. An active device with that sender address: its organization and the device, no contact."""
    if asked.author is None:
        return
    found = asked.directory.devices.get(asked.author.key, ())
    usable = [device for device in found if device.is_active and takes_tickets(device.organization)]
    if len({device.organization.id for device in usable}) == 1:
        device = min(usable, key=lambda one: one.id)
        attribution = Attribution(organization=device.organization, rule="device", device=device)
        detail = f"{asked.author.key} is device {device.id} {device.name}, {device.organization.name}"
        yield _hit(attribution, detail)
    elif usable:
        yield _miss("device", f"{asked.author.key} is the address of devices of several organizations")
    elif found:
        why = why_no_tickets(found[0].organization) if found[0].is_active else "inactive"
        yield _miss("device", f"device {found[0].id} {found[0].name} does not count: {why}")
    else:
        yield _miss("device", f"{asked.author.key} is no device's address")


def _subject_number(asked: _Asked) -> Iterator[Finding]:
    """4. Nobody, but the subject names an existing object: attach there anyway, originator kept as text."""
    target = asked.question.target
    if target is None:
        yield _miss("subject_number", "the subject names no existing object")
        return
    attribution = Attribution(organization=target.organization, rule="subject_number")
    yield _hit(attribution, f"nobody we know, but the subject names {target.kind} {target.number}")


def _organization_domain(asked: _Asked) -> Iterator[Finding]:
    """5. The sender's domain or the longest of its suffixes is a web domain of exactly one active organization.

    No contact. Several: none; shorter suffixes are not tried, as they would be a worse guess than none.
    """
    if asked.author is None:
        return
    domain, public = asked.author.domain, asked.question.public_mail_domains
    if candidate_domains(domain) and not owned_domains(domain, public):
        yield _miss("organization_domain", f"{domain} is a public mail domain")
        return
    for owner in _unusable_owners(asked):
        yield _miss("organization_domain", f"does not count: {why_no_tickets(owner)}")
    owned, owners = domain_owners(domain, public, asked.directory)
    if len(owners) == 1:
        attribution = Attribution(
            organization=owners[0], rule="organization_domain", adds_contact=_adds_contact(asked, owners[0])
        )
        yield _hit(attribution, f"{owned} is a web domain of {owners[0].name}")
    elif owners:
        names = ", ".join(owner.name for owner in owners)
        yield _miss("organization_domain", f"{owned} is a web domain of several: {names}")
    else:
        yield _miss("organization_domain", f"no usable organization has the web domain {domain}")


def _unusable_owners(asked: _Asked) -> list[Organization]:
    domains = owned_domains(asked.author.domain, asked.question.public_mail_domains) if asked.author else ()
    owners = [owner for domain in domains for owner in asked.directory.domain_owners.get(domain, ())]
    return [owner for owner in owners if not takes_tickets(owner)]


def _adds_contact(asked: _Asked, organization: Organization) -> bool:
    """``add_unknown_contacts``: not for machines, and not for somebody who was there and was deactivated."""
    if not asked.question.mailbox.add_unknown_contacts or asked.question.is_automated or asked.author is None:
        return False
    return all(person.organization.id != organization.id for person in persons_at(asked.author, asked.directory))


def _fallback_organization(asked: _Asked) -> Iterator[Finding]:
    """6. The mailbox's, else the local organization (the desk's own)."""
    name = asked.question.mailbox.fallback_organization
    if name:
        named = [one for one in asked.directory.organizations.get(name, ()) if takes_tickets(one)]
        if len(named) == 1:
            attribution = Attribution(organization=named[0], rule="fallback_organization")
            yield _hit(attribution, f"the mailbox's fallback is {name}")
            return
        count = "more than one" if named else "no"
        yield _miss("fallback_organization", f"{count} active organization that takes tickets is called {name}")
    local = asked.directory.local
    if local is None:
        yield _miss("fallback_organization", "there is no local organization")
        return
    yield _hit(Attribution(organization=local, rule="fallback_organization"), f"the local organization, {local.name}")


#: 7. None of them: ``discarded`` / ``sender_unknown``.
RULES: tuple[Callable[[_Asked], Iterator[Finding]], ...] = (
    _resource,
    _contact,
    _device,
    _subject_number,
    _organization_domain,
    _fallback_organization,
)


def _is_known(author: Address, question: Question, directory: Directory) -> bool:
    """Is it a contact's address, or of the web domain of exactly one organization?"""
    asked = _Asked(
        question=question, directory=directory, originator=Originator(author=author, source=Source.RESOURCE_FORWARD)
    )
    if acting_resource(author, directory) is not None:
        return False
    if hits := at_first_position(persons_at(author, directory)):
        return choose(hits, author, question.public_mail_domains, directory) is not None
    return any(attribution is not None for attribution, _ in _organization_domain(asked))
