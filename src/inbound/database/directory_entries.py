"""The directory as people look at it: listed, found by name or id."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from inbound.database.engine import Transaction
from inbound.errors import NotFound
from inbound.model.directory import DirectoryKind
from inbound.values import immutable

# Every query gives id, name (what an entry is called), and in "search" all that is searched.
_ORGANIZATIONS = """
    SELECT o.id, o.name, o.type, o.active, p.name AS parent, m.name AS account_manager,
           ARRAY(SELECT domain FROM organization_domains WHERE organization_id = o.id ORDER BY domain) AS domains,
           ARRAY(SELECT concat_ws(':', nullif(source, ''), external_id) FROM organization_external_ids
                 WHERE organization_id = o.id ORDER BY source, external_id) AS external_ids
    FROM organizations o LEFT JOIN organizations p ON p.id = o.parent_id
    LEFT JOIN resources m ON m.id = o.account_manager_id
"""
_RESOURCES = """
    SELECT r.id, r.name, r.active, o.name AS co_managed_organization,
           ARRAY(SELECT address FROM resource_addresses WHERE resource_id = r.id ORDER BY address) AS addresses,
           ARRAY(SELECT role FROM resource_roles WHERE resource_id = r.id ORDER BY role) AS roles
    FROM resources r LEFT JOIN organizations o ON o.id = r.co_managed_organization_id
"""
_CONTACTS = """
    SELECT c.id, c.name, o.name AS organization, c.active,
           ARRAY(SELECT address FROM contact_addresses WHERE contact_id = c.id ORDER BY position) AS addresses
    FROM contacts c JOIN organizations o ON o.id = c.organization_id
"""
_DEVICES = """
    SELECT d.id, d.name, o.name AS organization, d.active, d.address,
           ARRAY(SELECT concat_ws(':', nullif(source, ''), external_id) FROM device_external_ids
                 WHERE device_id = d.id ORDER BY source, external_id) AS external_ids
    FROM devices d JOIN organizations o ON o.id = d.organization_id
"""
_PROJECTS = """
    SELECT p.id, p.number AS name, p.title, o.name AS organization, p.active, p.status, r.name AS primary_resource,
           ARRAY(SELECT s.name FROM project_resources JOIN resources s ON s.id = resource_id
                 WHERE project_id = p.id ORDER BY s.name) AS resources
    FROM projects p JOIN organizations o ON o.id = p.organization_id
    LEFT JOIN resources r ON r.id = p.primary_resource_id
"""
_TASKS = """
    SELECT t.id, t.number AS name, t.title, p.number AS project, t.status, t.role, r.name AS primary_resource,
           ARRAY(SELECT s.name FROM task_resources JOIN resources s ON s.id = resource_id
                 WHERE task_id = t.id ORDER BY s.name) AS resources
    FROM tasks t JOIN projects p ON p.id = t.project_id LEFT JOIN resources r ON r.id = t.primary_resource_id
"""
_CHANGE_REQUESTS = """
    SELECT t.id, t.number AS name, t.title, o.name AS organization, t.status, t.priority,
           ARRAY(SELECT concat_ws(': ', coalesce(r.name, c.name), nullif(a.decision, ''))
                 FROM change_request_approvers a LEFT JOIN resources r ON r.id = a.resource_id
                 LEFT JOIN contacts c ON c.id = a.contact_id WHERE a.ticket_id = t.id ORDER BY a.id) AS approvers
    FROM change_requests q JOIN tickets t ON t.id = q.ticket_id JOIN organizations o ON o.id = t.organization_id
"""
_QUERIES: Mapping[DirectoryKind, str] = {
    "organizations": _ORGANIZATIONS,
    "resources": _RESOURCES,
    "contacts": _CONTACTS,
    "devices": _DEVICES,
    "projects": _PROJECTS,
    "tasks": _TASKS,
    "change_requests": _CHANGE_REQUESTS,
}


_IS_UNTOUCHED = text("""
    SELECT NOT EXISTS (SELECT FROM messages) AND NOT EXISTS (SELECT FROM tickets) AND NOT EXISTS (SELECT FROM resources)
           AND NOT EXISTS (SELECT FROM contacts) AND NOT EXISTS (SELECT FROM organizations WHERE NOT is_local)
""")


@immutable
class Found:
    """One entry that a word leads to."""

    id: int
    name: str

    def __str__(self) -> str:
        return f"{self.name} (id {self.id})"


def list_entries(tx: Transaction, kind: DirectoryKind, *, search: str = "", limit: int) -> list[dict[str, Any]]:
    """The entries of a kind by name, each with all that is known about it.

    Args:
        tx: the transaction.
        kind: what to list.
        search: part of anything that is known about it, in any case of letters; empty = all.
        limit: at most so many.
    """
    query = f"""
        SELECT * FROM ({_QUERIES[kind]}) AS entry
        WHERE :search = '' OR strpos(lower(concat_ws(' ', VARIADIC ARRAY(
            SELECT value FROM jsonb_each_text(to_jsonb(entry)) WHERE key NOT IN ('id', 'active')))), lower(:search)) > 0
        ORDER BY name, id LIMIT :limit
    """  # noqa: S608 - the queries are the constants above
    return [dict(row) for row in tx.execute(text(query), {"search": search, "limit": limit}).mappings()]


def find_entry(tx: Transaction, kind: DirectoryKind, word: str) -> Found:
    """The one entry that a word names: its name or number, one of its addresses, or its id.

    Raises:
        NotFound: there is none, or more than one.
    """
    query = f"""
        SELECT id, name FROM ({_QUERIES[kind]}) AS entry
        WHERE name = :word OR lower(:word) IN (
            SELECT lower(jsonb_array_elements_text(coalesce(to_jsonb(entry)->'addresses', '[]'::jsonb)))
            UNION ALL SELECT lower(to_jsonb(entry)->>'address'))
           OR (CAST(:id AS bigint) IS NOT NULL AND id = CAST(:id AS bigint))
        ORDER BY id LIMIT 20
    """  # noqa: S608 - the queries are the constants above
    word = word.strip()
    is_id = word.isascii() and word.isdigit() and int(word) < 2**63
    rows = tx.execute(text(query), {"word": word, "id": int(word) if is_id else None}).all()
    found = [Found(id=row.id, name=row.name) for row in rows]
    named = [one for one in found if one.name == word] or found
    if len(named) == 1:
        return named[0]
    what = kind.removesuffix("s")
    if not named:
        raise NotFound(f"there is no {what} {word!r}: `inbound directory list {kind}` shows all")
    raise NotFound(f"{len(named)} {kind} are meant by {word!r}; give an id: {', '.join(map(str, named))}")


def is_untouched(tx: Transaction) -> bool:
    """Is there nothing yet but the desk's own organization?"""
    return bool(tx.scalar(_IS_UNTOUCHED))
