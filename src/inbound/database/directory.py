"""Look-ups of people, organizations and domains: one question per kind for a whole batch."""

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Text, any_, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from inbound.database.engine import Transaction
from inbound.database.tables import (
    contact_addresses,
    contacts,
    organization_domains,
    organizations,
    resource_addresses,
    resources,
)
from inbound.model.desk import Contact, DomainOwner, Organization, Resource

_addresses = bindparam("addresses", type_=ARRAY(Text))
_domains = bindparam("domains", type_=ARRAY(Text))
_names = bindparam("names", type_=ARRAY(Text))

_RESOURCES = (
    select(func.lower(resource_addresses.c.address).label("key"), resources.c.id, resources.c.name, resources.c.active)
    .join_from(resource_addresses, resources)
    .where(func.lower(resource_addresses.c.address) == any_(_addresses))
    .order_by(resources.c.id)
)

_CONTACTS = (
    select(
        func.lower(contact_addresses.c.address).label("key"),
        contact_addresses.c.position,
        contacts.c.id,
        contacts.c.name,
        contacts.c.active,
        organizations.c.id.label("organization_id"),
        organizations.c.name.label("organization_name"),
        organizations.c.active.label("organization_active"),
        organizations.c.type.label("organization_type"),
    )
    .join_from(contact_addresses, contacts)
    .join(organizations, organizations.c.id == contacts.c.organization_id)
    .where(func.lower(contact_addresses.c.address) == any_(_addresses))
    .order_by(contacts.c.id)
)

_DOMAINS = (
    select(
        func.lower(organization_domains.c.domain).label("key"),
        organizations.c.id,
        organizations.c.name,
        organizations.c.active,
        organizations.c.type,
    )
    .join_from(organization_domains, organizations)
    .where(func.lower(organization_domains.c.domain) == any_(_domains))
    .order_by(organizations.c.id)
)

_BY_NAME = (
    select(organizations.c.id, organizations.c.name)
    .where(organizations.c.active, organizations.c.name == any_(_names))
    .order_by(organizations.c.id)
)

_LOCAL = select(organizations.c.id, organizations.c.name).where(organizations.c.is_local, organizations.c.active)


def find_resources(tx: Transaction, addresses: Iterable[str]) -> dict[str, tuple[Resource, ...]]:
    """Resources by lower-case address, in id order, inactive ones too (the trace says why they do not count)."""
    found: defaultdict[str, list[Resource]] = defaultdict(list)
    for row in tx.execute(_RESOURCES, {"addresses": sorted(set(addresses))}):
        found[row.key].append(Resource(id=row.id, name=row.name, is_active=row.active))
    return {key: tuple(values) for key, values in found.items()}


def find_contacts(tx: Transaction, addresses: Iterable[str]) -> dict[str, tuple[Contact, ...]]:
    """Contacts by lower-case address, in id order, inactive ones too."""
    found: defaultdict[str, list[Contact]] = defaultdict(list)
    for row in tx.execute(_CONTACTS, {"addresses": sorted(set(addresses))}):
        contact = Contact(
            id=row.id,
            name=row.name,
            is_active=row.active,
            position=row.position,
            organization=Organization(id=row.organization_id, name=row.organization_name),
            is_organization_active=row.organization_active,
            organization_type=row.organization_type,
        )
        found[row.key].append(contact)
    return {key: tuple(values) for key, values in found.items()}


def find_domain_owners(tx: Transaction, domains: Iterable[str]) -> dict[str, tuple[DomainOwner, ...]]:
    """Organizations by lower-case web domain, in id order, inactive ones too."""
    found: defaultdict[str, list[DomainOwner]] = defaultdict(list)
    for row in tx.execute(_DOMAINS, {"domains": sorted(set(domains))}):
        organization = Organization(id=row.id, name=row.name)
        found[row.key].append(
            DomainOwner(domain=row.key, organization=organization, is_active=row.active, organization_type=row.type)
        )
    return {key: tuple(values) for key, values in found.items()}


def find_organizations(tx: Transaction, names: Iterable[str]) -> dict[str, tuple[Organization, ...]]:
    """Active organizations by exact name, in id order."""
    found: defaultdict[str, list[Organization]] = defaultdict(list)
    for row in tx.execute(_BY_NAME, {"names": sorted(set(names))}):
        found[row.name].append(Organization(id=row.id, name=row.name))
    return {key: tuple(values) for key, values in found.items()}


def find_local_organization(tx: Transaction) -> Organization | None:
    """The organization that is the desk itself, when there is an active one."""
    row = tx.execute(_LOCAL).first()
    return Organization(id=row.id, name=row.name) if row else None


def ensure_local_organization(tx: Transaction, name: str) -> None:
    """Make the desk's own organization, unless one is marked as local already (under whatever name)."""
    if tx.scalar(select(organizations.c.id).where(organizations.c.is_local)) is None:
        tx.execute(insert(organizations).values(name=name, type="local", is_local=True))
