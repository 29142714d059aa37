"""Who is a stranger to an object, and who else a message brings along."""

from collections.abc import Iterable, Iterator
from itertools import chain

from inbound.model.authorship import Authorship, Directory
from inbound.model.desk import Contact, Organization, Resource, Target
from inbound.model.mail import Address
from inbound.model.trace import Step, hit, miss
from inbound.rules.organizations import is_family, owned_domains
from inbound.rules.originator import acting_resource, without_sub_address
from inbound.rules.persons import persons_at
from inbound.rules.proof import is_author_proven, is_listed_approver


def is_stranger(
    authorship: Authorship,
    target: Target,
    directory: Directory,
    *,
    is_proof_needed: bool = False,
    is_proven: bool = False,
    participants: frozenset[str] = frozenset(),
    public_mail_domains: frozenset[str] = frozenset(),
) -> tuple[bool, Step]:
    """Is the author neither a resource, nor a contact of the object's organization, nor from its domains?

    A contact of its parent or children is no stranger, one of another organization is; a participant and an approver of
    the change request are none.

    Args:
        authorship: who wrote it.
        target: the object.
        directory: knows the author and the owners of the author's domain.
        is_proof_needed: whoever only claims to be a resource is one to a number, and none to a thread.
        is_proven: of the address in From.
        participants: lower-case addresses of those who took part in the object already.
        public_mail_domains: beyond the shipped ones.

    Returns:
        the answer, and the line that explains it.
    """
    if authorship.originator.author is None:
        return True, hit("classify", "stranger", "nobody is known to have written it")
    key = authorship.originator.author.key
    ties = _ties(
        authorship, target, directory, public_mail_domains, is_proof_needed=is_proof_needed, is_proven=is_proven
    )
    tie = next(chain(ties, ("took part",) if key in participants else ()), None)
    if tie is not None:
        return False, miss("classify", "stranger", f"{key} has to do with {target.number}: {tie}")
    return True, hit("classify", "stranger", f"{key} has nothing to do with {target.organization.name}")


def _ties(
    authorship: Authorship,
    target: Target,
    directory: Directory,
    public_mail_domains: frozenset[str],
    *,
    is_proof_needed: bool,
    is_proven: bool,
) -> Iterator[str]:
    """What an author has to do with an object, in words."""
    author = authorship.originator.author
    if author is None:
        return
    is_acting = not is_proof_needed or is_author_proven(authorship, is_proven=is_proven)
    if authorship.attribution is not None and authorship.attribution.resource is not None and is_acting:
        yield "a resource"
    if authorship.originator.forwarder is not None:
        yield "a resource passes it on"
    if is_listed_approver(authorship, target.approvers):
        yield "an approver"
    for person in persons_at(author, directory):
        if person.known.is_active and is_family(target.organization, person.organization):
            yield f"{person} of {person.organization.name}"
    for domain in owned_domains(author.domain, public_mail_domains):
        if any(owner.id == target.organization.id for owner in directory.domain_owners.get(domain, ())):
            yield f"{domain} is a web domain of {target.organization.name}"


def companions(
    addressed: Iterable[Address],
    organization: Organization,
    authorship: Authorship,
    directory: Directory,
    own_addresses: frozenset[str],
) -> tuple[tuple[Contact, ...], tuple[Resource, ...]]:
    """To and Cc: contacts of the same organization, and resources.

    Args:
        addressed: in To and Cc.
        organization: of the object.
        authorship: the author is no companion.
        directory: knows everybody who is addressed.
        own_addresses: lower-case addresses of all mailboxes, which are nobody.

    Returns:
        additional contacts and secondary resources, each once, in the order in which they are addressed.
    """
    contacts: dict[int, Contact] = {}
    resources: dict[int, Resource] = {}
    attribution = authorship.attribution
    for address in addressed:
        if not address.address or {address.key, without_sub_address(address.key)} & own_addresses:
            continue
        if (resource := acting_resource(address, directory)) is not None:
            resources.setdefault(resource.id, resource)
        elif (contact := _contact_of(address, organization, directory)) is not None:
            contacts.setdefault(contact.id, contact)
    if attribution is not None and attribution.contact is not None:
        contacts.pop(attribution.contact.id, None)
    authors = (attribution.resource if attribution else None, authorship.originator.forwarder)
    for author in authors:
        if author is not None:
            resources.pop(author.id, None)
    return tuple(contacts.values()), tuple(resources.values())


def _contact_of(address: Address, organization: Organization, directory: Directory) -> Contact | None:
    """The organization's contact there, by its first address that matches; several: the lowest id."""
    found = [
        contact
        for contact in directory.contacts.get(address.key, ())
        if contact.is_active and contact.organization.id == organization.id
    ]
    return min(found, key=lambda contact: (contact.position, contact.id), default=None)
