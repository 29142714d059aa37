"""Projects, tasks and change requests; each is recognised by its number."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from inbound.config.mistakes import shown
from inbound.database import rows
from inbound.database.engine import Transaction, execute
from inbound.database.imports.counters import register, usable_numbers
from inbound.database.imports.finding import (
    Found,
    People,
    chosen,
    contacts_called,
    numbered,
    organizations_called,
    referred,
    resources_called,
    unrepeated,
)
from inbound.database.imports.report import Desk, Report
from inbound.database.imports.writing import Draft, Part, Shape, chunks, write
from inbound.database.tables import (
    change_request_approvers,
    change_requests,
    project_resources,
    projects,
    task_resources,
    tasks,
    tickets,
)
from inbound.model.directory import DirectoryKind, Entry
from inbound.values import immutable

_PROJECT = Shape(
    table=projects,
    defaults={
        "number": "",
        "organization_id": None,
        "contact_id": None,
        "primary_resource_id": None,
        "title": "",
        "description": "",
        "status": "",
        "active": True,
        "completed_at": None,
    },
    parts=(Part(name="resources", table=project_resources, owner="project_id", columns=("resource_id",)),),
)
_TASK = Shape(
    table=tasks,
    defaults={
        "number": "",
        "project_id": None,
        "primary_resource_id": None,
        "title": "",
        "description": "",
        "status": "",
        "role": "",
        "completed_at": None,
    },
    parts=(Part(name="resources", table=task_resources, owner="task_id", columns=("resource_id",)),),
)
_TICKET = Shape(
    table=tickets,
    defaults={
        "number": "",
        "organization_id": None,
        "contact_id": None,
        "primary_resource_id": None,
        "title": "",
        "description": "",
        "status": "",
        "priority": "",
        "category": "",
        "ticket_type": "",
        "completed_at": None,
    },
)
_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_APPROVERS = select(
    change_request_approvers.c.id,
    change_request_approvers.c.ticket_id,
    change_request_approvers.c.resource_id,
    change_request_approvers.c.contact_id,
    change_request_approvers.c.decision,
).where(change_request_approvers.c.ticket_id == any_(_IDS))
_CHANGE_REQUESTS = select(change_requests.c.ticket_id).where(change_requests.c.ticket_id == any_(_IDS))
_INSERT_CHANGE_REQUESTS = rows.insert(change_requests, ("ticket_id",))
_INSERT_APPROVERS = rows.insert(change_request_approvers, ("ticket_id", "resource_id", "contact_id"))
_DELETE_APPROVERS = text("DELETE FROM change_request_approvers WHERE id = ANY(CAST(:ids AS bigint[]))")


@immutable
class _Known:
    """What entries of one kind refer to."""

    objects: Found
    organizations: Found
    resources: Found
    projects: Found
    people: People


def import_projects(tx: Transaction, entries: Sequence[Entry], desk: Desk, report: Report) -> None:
    """Write projects."""
    _write_numbered(tx, _PROJECT, _drafts(tx, entries, "projects", desk, report), desk, report)


def import_tasks(tx: Transaction, entries: Sequence[Entry], desk: Desk, report: Report) -> None:
    """Write tasks."""
    _write_numbered(tx, _TASK, _drafts(tx, entries, "tasks", desk, report), desk, report)


def import_change_requests(tx: Transaction, entries: Sequence[Entry], desk: Desk, report: Report) -> None:
    """Write change requests: tickets, which may exist already, with their approvers."""
    drafts = _drafts(tx, entries, "change_requests", desk, report)
    for draft in drafts:
        if draft.id is None:
            draft.values = {**desk.ticket, **draft.values}
    people = _approvers_of(tx, drafts, report)
    written = _write_numbered(tx, _TICKET, drafts, desk, report)
    for chunk in chunks(written):
        _write_approvers(tx, chunk, people, report)


def _drafts(tx: Transaction, entries: Sequence[Entry], kind: DirectoryKind, desk: Desk, report: Report) -> list[Draft]:
    own = unrepeated(entries, lambda entry: ("number", entry.values["number"]), report)
    known = _look_up(tx, own, kind)
    return [draft for entry in own if (draft := _draft(entry, known, desk, report))]


def _look_up(tx: Transaction, entries: Sequence[Entry], kind: DirectoryKind) -> _Known:
    def all_of(column: str) -> list[str]:
        return [entry.values[column] for entry in entries if entry.values.get(column)]

    customers = organizations_called(tx, all_of("organization"))
    listed = [word for words in (entry.values.get("resources", ()) for entry in entries) for word in words]
    return _Known(
        objects=numbered(tx, kind, all_of("number")),
        organizations=customers,
        resources=resources_called(tx, [*all_of("primary_resource"), *listed]),
        projects=numbered(tx, "projects", all_of("project")),
        people=contacts_called(tx, all_of("contact"), (id_ for ids in customers.values() for id_ in ids)),
    )


#: columns that are stored as they stand
_PLAIN = ("number", "title", "description", "status", "active", "role", "priority", "category")


def _draft(entry: Entry, known: _Known, desk: Desk, report: Report) -> Draft | None:
    ids = known.objects.get(entry.values["number"], ())
    needed = {"projects": ("organization", "title"), "tasks": ("project", "title")}.get(
        entry.kind, ("organization", "title")
    )
    missing = [name for name in needed if name not in entry.values]
    if not ids and missing:
        report.refuse_entry(entry, missing[0], f"is missing: {shown(entry.values['number'])} is new")
        return None
    values: dict[str, Any] = {name: entry.values[name] for name in _PLAIN if name in entry.values}
    values |= referred(entry, "organization", "organization_id", known.organizations, "organizations", report)
    values |= referred(entry, "project", "project_id", known.projects, "projects", report)
    values |= referred(entry, "primary_resource", "primary_resource_id", known.resources, "resources", report)
    values |= _contact(entry, known, values.get("organization_id"), report)
    if "resources" in entry.values:
        values["resources"] = _resources(entry, known, report)
    if "status" in values:
        values["is_complete"] = values["status"] in desk.complete_statuses
    return Draft(entry=entry, id=ids[0] if ids else None, values=values)


def _contact(entry: Entry, known: _Known, organization_id: int | None, report: Report) -> dict[str, int | None]:
    word = entry.values.get("contact")
    if not word:
        return {} if word is None else {"contact_id": None}
    if organization_id is None:
        if "organization" not in entry.values:
            report.refuse_entry(entry, "contact", "needs the column organization beside it")
        return {}
    ids = known.people.find(word, organization_id)
    return {"contact_id": chosen(entry, "contact", word, ids, ("contacts",), report)}


def _resources(entry: Entry, known: _Known, report: Report) -> tuple[tuple[int], ...]:
    ids = (
        chosen(entry, "resources", word, known.resources.get(word, ()), ("resources",), report)
        for word in entry.values["resources"]
    )
    return tuple((id_,) for id_ in dict.fromkeys(ids) if id_ is not None)


def _write_numbered(tx: Transaction, shape: Shape, drafts: list[Draft], desk: Desk, report: Report) -> list[Draft]:
    """Write objects that have numbers, and enter new numbers in the registry; what was written."""
    new = usable_numbers(tx, [draft for draft in drafts if draft.id is None], desk, report)
    old = [draft for draft in drafts if draft.id is not None]
    # A reference that was not found leaves a new object without an owner: it is told, and not written.
    owner = "project_id" if shape is _TASK else "organization_id"
    new = [draft for draft in new if draft.values.get(owner) is not None]
    old = [draft for draft in old if draft.values.get(owner, 0) is not None]
    _set_completion(tx, shape, old, desk)
    for draft in new:
        draft.values["completed_at"] = desk.now if draft.values.pop("is_complete", False) else None
    register(tx, new)
    write(tx, shape, [*new, *old], report)
    return [*new, *old]


def _set_completion(tx: Transaction, shape: Shape, drafts: list[Draft], desk: Desk) -> None:
    """Stored objects become complete now, stay complete since when they are, or are open again."""
    table = shape.table
    query = select(table.c.id, table.c.completed_at).where(table.c.id == any_(_IDS))
    for chunk in chunks(draft for draft in drafts if "is_complete" in draft.values):
        stored = {row.id: row.completed_at for row in tx.execute(query, {"ids": [draft.id for draft in chunk]})}
        for draft in chunk:
            is_complete = draft.values.pop("is_complete")
            draft.values["completed_at"] = (stored[draft.id] or desk.now) if is_complete else None


#: (resource, contact): one of the two is None
Person = tuple[int | None, int | None]
#: approvers by number of the ticket, in the order of the file
Listed = dict[str, tuple[Person, ...]]


@immutable(kw_only=False)
class _Approvers:
    resources: Found
    people: People


def _approvers_of(tx: Transaction, drafts: list[Draft], report: Report) -> Listed:
    """The listed approvers, by number of the ticket."""
    words = [word for draft in drafts for word in draft.entry.values.get("approvers", ())]
    owners = [draft.values["organization_id"] for draft in drafts if draft.values.get("organization_id")]
    known = _Approvers(resources_called(tx, words), contacts_called(tx, words, owners))
    found: Listed = {}
    for draft in drafts:
        if "approvers" in draft.entry.values:
            people = [_approver(draft, word, known, report) for word in draft.entry.values["approvers"]]
            found[draft.entry.values["number"]] = tuple(person for person in people if person is not None)
    return found


def _approver(draft: Draft, word: str, known: _Approvers, report: Report) -> Person | None:
    """Somebody of the desk first, then a contact: of the ticket's organization, or by an address that is clear."""
    resource_ids = known.resources.get(word, ())
    if len(resource_ids) == 1:
        return resource_ids[0], None
    ids = resource_ids or known.people.find(word, draft.values.get("organization_id") or 0)
    id_ = chosen(draft.entry, "approvers", word, ids, ("resources", "contacts"), report)
    return None if id_ is None else (None, id_)


def _write_approvers(tx: Transaction, drafts: list[Draft], wanted: Listed, report: Report) -> None:
    """Make tickets change requests, list their approvers, and take off the list who has not decided yet."""
    ids = {draft.id: draft.entry.values["number"] for draft in drafts if draft.id is not None}
    known = set(tx.scalars(_CHANGE_REQUESTS, {"ids": list(ids)}))
    added = [id_ for id_ in ids if id_ not in known]
    if added:
        execute(tx, _INSERT_CHANGE_REQUESTS, {"ticket_id": added})
    listed: dict[tuple[int, int | None, int | None], tuple[int, bool]] = {}
    for row in tx.execute(_APPROVERS, {"ids": list(ids)}):
        listed[row.ticket_id, row.resource_id, row.contact_id] = (row.id, bool(row.decision))
    named = dict.fromkeys((id_, *person) for id_, number in ids.items() for person in wanted.get(number, ()))
    new = [key for key in named if key not in listed]
    gone = {
        key: row_id
        for key, (row_id, has_decided) in listed.items()
        if ids[key[0]] in wanted and key not in named and not has_decided
    }
    if gone:
        tx.execute(_DELETE_APPROVERS, {"ids": list(gone.values())})
    if new:
        columns = ("ticket_id", "resource_id", "contact_id")
        execute(tx, _INSERT_APPROVERS, {name: [key[place] for key in new] for place, name in enumerate(columns)})
    report.changed.setdefault("change_requests", set()).update(added, (key[0] for key in (*new, *gone)))
