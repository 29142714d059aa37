"""Which organizations take tickets, and which own a domain."""

from inbound.model.authorship import Directory
from inbound.model.desk import Organization
from inbound.rules.domains import PUBLIC_MAIL_DOMAINS, candidate_domains

#: organizations of these types take tickets; leads, prospects, dead and cancelled ones count as no match
TICKET_TAKING_TYPES = frozenset({"customer", "partner", "vendor", "local"})


def takes_tickets(organization: Organization) -> bool:
    """Is it active, and of a type that takes tickets?"""
    return organization.is_active and organization.type.casefold() in TICKET_TAKING_TYPES


def why_no_tickets(organization: Organization) -> str:
    """What keeps an organization from taking tickets, as a trace says it."""
    if not organization.is_active:
        return f"organization {organization.name} is inactive"
    return f"organization {organization.name} is a {organization.type}, which takes no tickets"


def is_family(organization: Organization, other: Organization) -> bool:
    """Is the other one the organization itself, its parent or one of its children?"""
    return other.id in {organization.id, organization.parent_id} or other.parent_id == organization.id


def is_public_mail_domain(domain: str, configured: frozenset[str]) -> bool:
    """Does the domain give an address to anybody?"""
    return domain in PUBLIC_MAIL_DOMAINS or domain in configured


def owned_domains(domain: str, configured: frozenset[str]) -> tuple[str, ...]:
    """The domains under which the owner of a mail domain is looked up, longest first.

    Args:
        domain: of an address, in lower case.
        configured: public mail domains beyond the shipped ones.

    Returns:
        the domain and its suffixes, never shorter than the registrable domain (public suffix list); none below a
        public mail domain, which belongs to nobody.
    """
    candidates = candidate_domains(domain)
    return () if any(is_public_mail_domain(one, configured) for one in candidates) else candidates


def domain_owners(domain: str, configured: frozenset[str], directory: Directory) -> tuple[str, list[Organization]]:
    """The longest suffix that an organization which takes tickets owns, and all of those that do.

    Args:
        domain: of an address, in lower case.
        configured: public mail domains beyond the shipped ones.
        directory: knows the owners of `owned_domains`.
    """
    for candidate in owned_domains(domain, configured):
        owners = [owner for owner in directory.domain_owners.get(candidate, ()) if takes_tickets(owner)]
        if owners:
            return candidate, owners
    return "", []
