"""Deactivating, activating and deleting entries of the directory."""

from collections.abc import Iterator, Mapping

from sqlalchemy import ForeignKey, Table, delete, func, select, text, update

from inbound.database.directory_entries import Found
from inbound.database.engine import Transaction
from inbound.database.tables import (
    change_request_approvers,
    change_requests,
    contact_addresses,
    contacts,
    device_external_ids,
    devices,
    metadata,
    organization_domains,
    organization_external_ids,
    organizations,
    project_resources,
    projects,
    resource_addresses,
    resource_roles,
    resources,
    task_resources,
    tasks,
)
from inbound.errors import StillReferredTo
from inbound.model.directory import DirectoryKind

_TABLES: Mapping[DirectoryKind, Table] = {
    "organizations": organizations,
    "resources": resources,
    "contacts": contacts,
    "devices": devices,
    "projects": projects,
    "tasks": tasks,
    "change_requests": change_requests,
}
#: rows that are a part of what they refer to, and go with it
_PARTS: Mapping[DirectoryKind, tuple[Table, ...]] = {
    "organizations": (organization_domains, organization_external_ids),
    "resources": (resource_addresses, resource_roles),
    "contacts": (contact_addresses,),
    "devices": (device_external_ids,),
    "projects": (project_resources,),
    "tasks": (task_resources,),
    "change_requests": (change_request_approvers,),
}
#: kinds that are switched off by a status instead
_WITHOUT_FLAG = frozenset({"tasks", "change_requests"})


def has_active_flag(kind: DirectoryKind) -> bool:
    """Can entries of this kind be deactivated?"""
    return kind not in _WITHOUT_FLAG


def set_active(tx: Transaction, kind: DirectoryKind, entry: Found, *, is_active: bool) -> bool:
    """Deactivate or activate an entry.

    Returns:
        whether it was otherwise before.

    Raises:
        StillReferredTo: it is the desk's own organization, which stays active.
    """
    table = _TABLES[kind]
    if not is_active and kind == "organizations" and _is_local(tx, entry):
        raise StillReferredTo(f"{entry} is the desk itself: mail from nobody known goes there")
    statement = update(table).where(table.c.id == entry.id, table.c.active != is_active).values(active=is_active)
    return tx.execute(statement).rowcount > 0


def delete_entry(tx: Transaction, kind: DirectoryKind, entry: Found) -> None:
    """Delete an entry that nothing refers to, with what is a part of it. Numbers stay taken.

    Raises:
        StillReferredTo: with every table that refers to it, and how many rows.
    """
    table, parts = _TABLES[kind], _PARTS[kind]
    # A large table may have to be read as a whole.
    tx.execute(text("SET LOCAL statement_timeout = 0"))
    key = next(iter(table.primary_key.columns))
    tx.execute(select(key).where(key == entry.id).with_for_update())
    reasons = [*_why_kept(tx, kind, entry), *_referring(tx, table, parts, entry.id)]
    if reasons:
        hint = "; deactivate it instead" if has_active_flag(kind) else ""
        raise StillReferredTo(f"{entry} cannot be deleted: {', '.join(reasons)}{hint}")
    for part in parts:
        for column in _columns_to(part, table):
            tx.execute(delete(part).where(part.c[column] == entry.id))
    tx.execute(delete(table).where(key == entry.id))


def _is_local(tx: Transaction, entry: Found) -> bool:
    return bool(tx.scalar(select(organizations.c.is_local).where(organizations.c.id == entry.id)))


def _why_kept(tx: Transaction, kind: DirectoryKind, entry: Found) -> Iterator[str]:
    if kind == "organizations" and _is_local(tx, entry):
        yield "it is the desk itself"
    if kind == "change_requests":
        approvers = change_request_approvers.c
        query = select(func.count()).where(approvers.ticket_id == entry.id, approvers.decision != "")
        if count := tx.scalar(query):
            yield f"{count} decided about it"


def _referring(tx: Transaction, table: Table, parts: tuple[Table, ...], id_: int) -> Iterator[str]:
    """``3 contacts``, and how they refer to it when the column has another name than the table."""
    for other in metadata.tables.values():
        for name in [] if other in parts else _columns_to(other, table):
            count = tx.scalar(select(func.count()).select_from(other).where(other.c[name] == id_))
            if count:
                is_plain = name.removesuffix("_id") == table.name.removesuffix("s")
                yield f"{count} {other.name}" + ("" if is_plain else f" ({name.removesuffix('_id')})")


def _columns_to(other: Table, table: Table) -> list[str]:
    keys: set[ForeignKey] = other.foreign_keys
    return sorted(key.parent.name for key in keys if key.column.table is table)
