"""Organizations, resources, contacts and devices."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from inbound.config.mistakes import shown
from inbound.database.engine import Transaction
from inbound.database.imports.finding import (
    Found,
    chosen,
    organizations_called,
    referred,
    resources_called,
    resources_named,
    unrepeated,
)
from inbound.database.imports.report import Desk, Report
from inbound.database.imports.writing import Draft, Part, Shape, chunks, write
from inbound.database.tables import (
    contact_addresses,
    contacts,
    device_external_ids,
    devices,
    organization_domains,
    organization_external_ids,
    organizations,
    resource_addresses,
    resource_roles,
    resources,
)
from inbound.model.directory import Entry

_ORGANIZATION = Shape(
    table=organizations,
    defaults={"name": "", "type": "customer", "active": True, "is_local": False},
    parts=(
        Part(name="domains", table=organization_domains, owner="organization_id", columns=("domain",)),
        Part(
            name="external_ids",
            table=organization_external_ids,
            owner="organization_id",
            columns=("source", "external_id"),
        ),
    ),
)
_ORGANIZATION_LINKS = Shape(table=organizations, defaults={"parent_id": None, "account_manager_id": None})
_RESOURCE = Shape(
    table=resources,
    defaults={"name": "", "active": True, "co_managed_organization_id": None},
    parts=(
        Part(name="addresses", table=resource_addresses, owner="resource_id", columns=("address",)),
        Part(name="roles", table=resource_roles, owner="resource_id", columns=("role",)),
    ),
)
_CONTACT = Shape(
    table=contacts,
    defaults={"organization_id": None, "name": "", "active": True},
    parts=(Part(name="addresses", table=contact_addresses, owner="contact_id", columns=("position", "address")),),
)
_DEVICE = Shape(
    table=devices,
    defaults={"organization_id": None, "name": "", "address": "", "active": True},
    parts=(Part(name="external_ids", table=device_external_ids, owner="device_id", columns=("source", "external_id")),),
)

_LOCAL = select(organizations.c.id, organizations.c.name).where(organizations.c.is_local)
_FIRST_ADDRESSES = (
    select(contacts.c.organization_id, func.lower(contact_addresses.c.address), contacts.c.id)
    .join_from(contact_addresses, contacts)
    .where(
        contact_addresses.c.position == 1,
        func.lower(contact_addresses.c.address) == any_(bindparam("addresses", type_=ARRAY(Text))),
    )
    .order_by(contacts.c.id)
)
_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_CONTACT_NAMES = select(contacts.c.organization_id, contacts.c.name, contacts.c.id).where(
    contacts.c.organization_id == any_(_IDS)
)
_DEVICE_NAMES = select(devices.c.organization_id, devices.c.name, devices.c.id).where(
    devices.c.organization_id == any_(_IDS)
)

#: by organization and name
Named = Mapping[tuple[int, str], Sequence[int]]


def _kept(entry: Entry, *names: str) -> dict[str, Any]:
    """The values of some columns, as far as the entry has them."""
    return {name: entry.values[name] for name in names if name in entry.values}


def _rows_of(entry: Entry, *names: str) -> dict[str, tuple[Any, ...]]:
    """The same for lists whose elements are rows of one column."""
    return {name: tuple((one,) for one in entry.values[name]) for name in names if name in entry.values}


def _is_unclear(entry: Entry, ids: Sequence[int], report: Report) -> bool:
    """Do several rows have the name of an entry? Then it cannot be told which one is meant."""
    if len(ids) > 1:
        message = f"{len(ids)} {entry.kind} are called {shown(entry.values['name'])}: rename all but one of them first"
        report.refuse_entry(entry, "name", message)
    return len(ids) > 1


def import_organizations(tx: Transaction, entries: Sequence[Entry], desk: Desk, report: Report) -> None:
    """Write organizations; what they refer to comes later, by `link_organizations`."""
    own = unrepeated(entries, lambda entry: ("name", entry.values["name"]), report)
    found = organizations_called(tx, (entry.values["name"] for entry in own))
    local = tx.execute(_LOCAL).first()
    local_id = local.id if local else None
    drafts: list[Draft] = []
    for entry in own:
        draft = _organization(entry, found.get(entry.values["name"], ()), local_id, report)
        if draft is not None and _may_be_inactive(entry, desk, report):
            drafts.append(draft)
    write(tx, _ORGANIZATION, _one_local(drafts, local_id, report), report)


def _organization(entry: Entry, ids: Sequence[int], local_id: int | None, report: Report) -> Draft | None:
    if _is_unclear(entry, ids, report):
        return None
    values = {**_kept(entry, "name", "type", "active", "external_ids"), **_rows_of(entry, "domains")}
    draft = Draft(entry=entry, id=ids[0] if ids else None, values=values)
    if draft.id is not None and draft.id == local_id:
        return draft if _may_be_local(entry, report) else None
    if "type" in values:
        values["is_local"] = values["type"] == "local"
    return draft


def _may_be_inactive(entry: Entry, desk: Desk, report: Report) -> bool:
    """Without the organization that a mailbox falls back to, the next start would be refused."""
    if entry.values.get("active", True) or entry.values["name"] not in desk.fallbacks:
        return True
    report.refuse_entry(entry, "active", f"{shown(entry.values['name'])} is a mailbox's fallback_organization")
    return False


def _may_be_local(entry: Entry, report: Report) -> bool:
    """The desk itself stays the desk, and active: mail from nobody known goes there."""
    if entry.values.get("type", "local") != "local":
        report.refuse_entry(entry, "type", f"{shown(entry.values['name'])} is the desk itself: its type stays local")
    elif not entry.values.get("active", True):
        report.refuse_entry(entry, "active", f"{shown(entry.values['name'])} is the desk itself: it stays active")
    else:
        return True
    return False


def _one_local(drafts: list[Draft], local_id: int | None, report: Report) -> list[Draft]:
    """The drafts without those that would make a second local organization."""
    kept: list[Draft] = []
    for draft in drafts:
        if draft.values.get("is_local"):
            if local_id is not None:
                message = "there is a local organization already, and the desk is only one; give it another type"
                report.refuse_entry(draft.entry, "type", message)
                continue
            local_id = draft.id or 0
        kept.append(draft)
    return kept


def link_organizations(tx: Transaction, entries: Sequence[Entry], report: Report) -> None:
    """Write parents and account managers, which may have come with the same import."""
    linked = [entry for entry in entries if {"parent", "account_manager"} & entry.values.keys()]
    linked = [entry for entry in linked if not report.has_failed("organizations", entry.values["name"])]
    names = [entry.values["name"] for entry in linked]
    found = organizations_called(tx, [*names, *(entry.values.get("parent", "") for entry in linked)])
    managers = resources_called(tx, (entry.values.get("account_manager", "") for entry in linked))
    drafts = [_links(entry, found, managers, report) for entry in linked]
    write(tx, _ORGANIZATION_LINKS, [draft for draft in drafts if draft], report)


def _links(entry: Entry, found: Found, managers: Found, report: Report) -> Draft | None:
    ids = found.get(entry.values["name"], ())
    if len(ids) != 1:
        return None
    values = {
        **referred(entry, "parent", "parent_id", found, "organizations", report),
        **referred(entry, "account_manager", "account_manager_id", managers, "resources", report),
    }
    if values.get("parent_id") == ids[0]:
        report.refuse_entry(entry, "parent", "an organization is not its own parent")
        return None
    return Draft(entry=entry, id=ids[0], values=values)


def import_resources(tx: Transaction, entries: Sequence[Entry], report: Report) -> None:
    """Write resources with addresses and roles."""
    own = unrepeated(entries, lambda entry: ("name", entry.values["name"]), report)
    found = resources_named(tx, (entry.values["name"] for entry in own))
    customers = organizations_called(tx, (entry.values.get("co_managed_organization", "") for entry in own))
    drafts: list[Draft] = []
    for entry in own:
        ids = found.get(entry.values["name"], ())
        if _is_unclear(entry, ids, report):
            continue
        customer = "co_managed_organization"
        values = {
            **_kept(entry, "name", "active"),
            **_rows_of(entry, "addresses", "roles"),
            **referred(entry, customer, f"{customer}_id", customers, "organizations", report),
        }
        drafts.append(Draft(entry=entry, id=ids[0] if ids else None, values=values))
    write(tx, _RESOURCE, drafts, report)


def _owners(tx: Transaction, entries: Sequence[Entry], report: Report) -> list[tuple[Entry, int]]:
    """Entries with the id of their organization; without those that have none."""
    found = organizations_called(tx, (entry.values["organization"] for entry in entries))
    owned: list[tuple[Entry, int]] = []
    for entry in entries:
        name = entry.values["organization"]
        id_ = chosen(entry, "organization", name, found.get(name, ()), ("organizations",), report)
        if id_ is not None:
            owned.append((entry, id_))
    return owned


def _named(tx: Transaction, query: Any, owners: Iterable[int]) -> Named:
    found: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for chunk in chunks(sorted(set(owners))):
        for owner, name, id_ in tx.execute(query, {"ids": chunk}):
            found[owner, name].append(id_)
    return found


def _first_address(entry: Entry) -> str:
    places = dict(entry.values.get("addresses", ()))
    return str(places.get(1, "")).lower()


def _within_organization(entry: Entry) -> tuple[str, ...]:
    return "name", entry.values["organization"], entry.values["name"]


def _contact_key(entry: Entry) -> tuple[str, ...]:
    address = _first_address(entry)
    return ("addresses", entry.values["organization"], address) if address else _within_organization(entry)


def import_contacts(tx: Transaction, entries: Sequence[Entry], report: Report) -> None:
    """Write contacts with addresses.

    A contact is recognised within its organization by address 1; else by its name, if only one is called so.
    Who is recognised by address comes first: nobody else of that name takes their row.
    """
    own = unrepeated(entries, _contact_key, report)
    owned = _owners(tx, own, report)
    drafts = [
        Draft(entry=entry, id=None, values={**_kept(entry, "name", "active", "addresses"), "organization_id": owner})
        for entry, owner in owned
    ]
    taken = _match_addresses(tx, drafts)
    _match_names(tx, [draft for draft in drafts if draft.id is None], taken)
    write(tx, _CONTACT, drafts, report)


def _match_addresses(tx: Transaction, drafts: list[Draft]) -> set[int]:
    by_address: dict[tuple[int, str], int] = {}
    for chunk in chunks(sorted({_first_address(draft.entry) for draft in drafts} - {""})):
        for owner, address, id_ in tx.execute(_FIRST_ADDRESSES, {"addresses": chunk}):
            by_address.setdefault((owner, address), id_)
    for draft in drafts:
        draft.id = by_address.get((draft.values["organization_id"], _first_address(draft.entry)))
    return {draft.id for draft in drafts if draft.id is not None}


def _match_names(tx: Transaction, drafts: list[Draft], taken: set[int]) -> None:
    names = _named(tx, _CONTACT_NAMES, (draft.values["organization_id"] for draft in drafts))
    for draft in drafts:
        called = names.get((draft.values["organization_id"], draft.values["name"]), ())
        free = [id_ for id_ in called if id_ not in taken]
        # With another address 1 it is the same person only if there is no other of that name.
        if len(free) == 1 and (len(called) == 1 or not _first_address(draft.entry)):
            draft.id = free[0]
            taken.add(free[0])


def import_devices(tx: Transaction, entries: Sequence[Entry], report: Report) -> None:
    """Write devices; one is recognised within its organization by its name."""
    own = unrepeated(entries, _within_organization, report)
    owned = _owners(tx, own, report)
    names = _named(tx, _DEVICE_NAMES, (owner for _, owner in owned))
    drafts: list[Draft] = []
    for entry, owner in owned:
        ids = names.get((owner, entry.values["name"]), ())
        if _is_unclear(entry, ids, report):
            continue
        values = {**_kept(entry, "name", "address", "active", "external_ids"), "organization_id": owner}
        drafts.append(Draft(entry=entry, id=ids[0] if ids else None, values=values))
    write(tx, _DEVICE, drafts, report)
