"""Look-ups of people, organizations and domains: one question for everything a batch wants to know."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from sqlalchemy import insert, select, text

from inbound.database.engine import Transaction
from inbound.database.tables import organizations
from inbound.model.authorship import Directory
from inbound.model.desk import Contact, Organization, Resource

T = TypeVar("T")

# One statement of constant text: a round trip less per kind, and hardly any work to prepare it.
_LOOK_UP = text("""
    SELECT 'resource' AS kind, lower(a.address) AS key, r.id, r.name, r.active, 0 AS position,
           NULL::bigint AS organization_id, NULL AS organization_name, NULL::boolean AS organization_active,
           NULL AS organization_type
    FROM resource_addresses AS a JOIN resources AS r ON r.id = a.resource_id
    WHERE lower(a.address) = ANY(CAST(:addresses AS text[]))
  UNION ALL
    SELECT 'contact', lower(a.address), c.id, c.name, c.active, a.position, o.id, o.name, o.active, o.type
    FROM contact_addresses AS a JOIN contacts AS c ON c.id = a.contact_id
    JOIN organizations AS o ON o.id = c.organization_id
    WHERE lower(a.address) = ANY(CAST(:addresses AS text[]))
  UNION ALL
    SELECT 'domain', lower(d.domain), o.id, o.name, o.active, 0, o.id, o.name, o.active, o.type
    FROM organization_domains AS d JOIN organizations AS o ON o.id = d.organization_id
    WHERE lower(d.domain) = ANY(CAST(:domains AS text[]))
  UNION ALL
    SELECT 'name', o.name, o.id, o.name, o.active, 0, o.id, o.name, o.active, o.type
    FROM organizations AS o
    WHERE o.active AND o.name = ANY(CAST(:names AS text[]))
  UNION ALL
    SELECT 'local', o.name, o.id, o.name, o.active, 0, o.id, o.name, o.active, o.type
    FROM organizations AS o
    WHERE o.active AND o.is_local
    ORDER BY id
""")


def look_up(tx: Transaction, *, addresses: Iterable[str], domains: Iterable[str], names: Iterable[str]) -> Directory:
    """Everything the attribution of a batch asks for, inactive people too (the trace says why they do not count).

    Args:
        tx: the transaction.
        addresses: of authors, in lower case.
        domains: that may be an organization's web domain, in lower case.
        names: of fallback organizations, exactly.

    Returns:
        what was found, each kind in id order; of organizations by name only active ones.
    """
    resources: defaultdict[str, list[Resource]] = defaultdict(list)
    contacts: defaultdict[str, list[Contact]] = defaultdict(list)
    owners: defaultdict[str, list[Organization]] = defaultdict(list)
    named: defaultdict[str, list[Organization]] = defaultdict(list)
    local = None
    wanted = {"addresses": sorted(set(addresses)), "domains": sorted(set(domains)), "names": sorted(set(names))}
    for kind, key, id_, name, is_active, position, *organization in tx.execute(_LOOK_UP, wanted):
        if kind == "resource":
            resources[key].append(Resource(id=id_, name=name, is_active=is_active))
            continue
        organization_id, organization_name, is_organization_active, organization_type = organization
        owner = Organization(
            id=organization_id, name=organization_name, type=organization_type, is_active=is_organization_active
        )
        if kind == "contact":
            contact = Contact(id=id_, name=name, is_active=is_active, position=position, organization=owner)
            contacts[key].append(contact)
        elif kind == "domain":
            owners[key].append(owner)
        elif kind == "name":
            named[key].append(owner)
        else:
            local = owner
    return Directory(
        resources=_frozen(resources),
        contacts=_frozen(contacts),
        domain_owners=_frozen(owners),
        organizations=_frozen(named),
        local=local,
    )


def _frozen(found: Mapping[str, list[T]]) -> dict[str, tuple[T, ...]]:
    return {key: tuple(values) for key, values in found.items()}


def ensure_local_organization(tx: Transaction, name: str) -> None:
    """Make the desk's own organization, unless one is marked as local already (under whatever name)."""
    if tx.scalar(select(organizations.c.id).where(organizations.c.is_local)) is None:
        tx.execute(insert(organizations).values(name=name, type="local", is_local=True))
