"""Look-ups of people, organizations and domains: one question for everything a batch wants to know."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import insert, select

from inbound.database import rows
from inbound.database.engine import Transaction, execute, statement
from inbound.database.tables import contact_addresses, contacts, organizations
from inbound.model.authorship import Directory
from inbound.model.desk import Contact, Device, Organization, Resource
from inbound.model.drafts import ContactDraft

T = TypeVar("T")

# One statement of constant text: a round trip less per kind, and hardly any work to prepare it.
_LOOK_UP = statement("""
    SELECT 'resource' AS kind, lower(a.address) AS key, r.id, r.name, r.active, 0 AS position,
           o.id AS organization_id, o.name AS organization_name, o.type AS organization_type,
           o.active AS organization_active, o.parent_id,
           ARRAY(SELECT role FROM resource_roles WHERE resource_id = r.id ORDER BY role) AS roles
    FROM resource_addresses AS a JOIN resources AS r ON r.id = a.resource_id
    LEFT JOIN organizations AS o ON o.id = r.co_managed_organization_id
    WHERE lower(a.address) = ANY(CAST(:addresses AS text[]))
  UNION ALL
    SELECT 'contact', lower(a.address), c.id, c.name, c.active, a.position, o.id, o.name, o.type, o.active, o.parent_id,
           NULL
    FROM contact_addresses AS a JOIN contacts AS c ON c.id = a.contact_id
    JOIN organizations AS o ON o.id = c.organization_id
    WHERE lower(a.address) = ANY(CAST(:addresses AS text[]))
  UNION ALL
    SELECT 'device', lower(d.address), d.id, d.name, d.active, 0, o.id, o.name, o.type, o.active, o.parent_id, NULL
    FROM devices AS d JOIN organizations AS o ON o.id = d.organization_id
    WHERE lower(d.address) = ANY(CAST(:addresses AS text[]))
  UNION ALL
    SELECT 'domain', lower(d.domain), o.id, o.name, o.active, 0, o.id, o.name, o.type, o.active, o.parent_id, NULL
    FROM organization_domains AS d JOIN organizations AS o ON o.id = d.organization_id
    WHERE lower(d.domain) = ANY(CAST(:domains AS text[]))
  UNION ALL
    SELECT 'name', o.name, o.id, o.name, o.active, 0, o.id, o.name, o.type, o.active, o.parent_id, NULL
    FROM organizations AS o
    WHERE o.active AND o.name = ANY(CAST(:names AS text[]))
  UNION ALL
    SELECT 'local', o.name, o.id, o.name, o.active, 0, o.id, o.name, o.type, o.active, o.parent_id, NULL
    FROM organizations AS o
    WHERE o.active AND o.is_local
    ORDER BY id
""")


def look_up(tx: Transaction, *, addresses: Iterable[str], domains: Iterable[str], names: Iterable[str]) -> Directory:
    """Everything the attribution of a batch asks for, inactive ones too (the trace says why they do not count).

    Args:
        tx: the transaction.
        addresses: of people and devices, in lower case.
        domains: that may be an organization's web domain, in lower case.
        names: of fallback organizations, exactly.

    Returns:
        what was found, each kind in id order; of organizations by name only active ones.
    """
    found: defaultdict[str, defaultdict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    wanted = {"addresses": sorted(set(addresses)), "domains": sorted(set(domains)), "names": sorted(set(names))}
    for row in execute(tx, _LOOK_UP, wanted):
        found[row.kind][row.key].append(_MAKERS[row.kind](row))
    return Directory(
        resources=_frozen(found["resource"]),
        contacts=_frozen(found["contact"]),
        devices=_frozen(found["device"]),
        domain_owners=_frozen(found["domain"]),
        organizations=_frozen(found["name"]),
        local=next((one for named in found["local"].values() for one in named), None),
    )


def organization_of(row: Any) -> Organization:
    """The organization of a row that carries one beside something else."""
    return Organization(
        id=row.organization_id,
        name=row.organization_name,
        type=row.organization_type,
        is_active=row.organization_active,
        parent_id=row.parent_id,
    )


def _resource(row: Any) -> Resource:
    co_managed = organization_of(row) if row.organization_id is not None else None
    return Resource(id=row.id, name=row.name, is_active=row.active, roles=tuple(row.roles), co_managed=co_managed)


def contact_of(row: Any) -> Contact:
    """A row of a contact with its organization."""
    return Contact(
        id=row.id, name=row.name, is_active=row.active, position=row.position, organization=organization_of(row)
    )


def device_of(row: Any) -> Device:
    """A row of a device with its organization."""
    return Device(id=row.id, name=row.name, is_active=row.active, organization=organization_of(row))


_MAKERS: dict[str, Callable[[Any], object]] = {
    "resource": _resource,
    "contact": contact_of,
    "device": device_of,
    "domain": organization_of,
    "name": organization_of,
    "local": organization_of,
}


def _frozen(found: Mapping[str, list[T]]) -> dict[str, tuple[T, ...]]:
    return {key: tuple(values) for key, values in found.items()}


def ensure_local_organization(tx: Transaction, name: str) -> None:
    """Make the desk's own organization, unless one is marked as local already (under whatever name)."""
    if tx.scalar(select(organizations.c.id).where(organizations.c.is_local)) is None:
        tx.execute(insert(organizations).values(name=name, type="local", is_local=True))


_INSERT_CONTACTS = rows.insert(contacts, ("id", "organization_id", "name"))
_INSERT_ADDRESSES = rows.insert(contact_addresses, ("contact_id", "position", "address"))


def insert_contacts(tx: Transaction, drafts: Sequence[tuple[int, ContactDraft]]) -> None:
    """Write contacts under ids that were allotted before, each with its first address if it has one."""
    values = rows.transpose((draft for _, draft in drafts), ("organization_id", "name"))
    execute(tx, _INSERT_CONTACTS, {"id": [id_ for id_, _ in drafts], **values})
    if addressed := [(id_, draft.address) for id_, draft in drafts if draft.address]:
        ids, addresses = zip(*addressed, strict=True)
        first = {"contact_id": list(ids), "position": [1] * len(ids), "address": list(addresses)}
        execute(tx, _INSERT_ADDRESSES, first)
