"""What people call the rows that others refer to: for output."""

from collections.abc import Iterable, Mapping

from sqlalchemy import text

from inbound.database.engine import Transaction

#: what ids in these columns stand for
KINDS: Mapping[str, str] = {
    "organization_id": "organizations",
    "contact_id": "contacts",
    "contact_ids": "contacts",
    "resource_id": "resources",
    "resource_ids": "resources",
    "originator_resource_id": "resources",
    "primary_resource_id": "resources",
    "device_id": "devices",
    "ticket_id": "tickets",
    "linked_ticket_id": "tickets",
    "task_id": "tasks",
    "project_id": "projects",
}

_FIND = text("""
    SELECT 'organizations' AS kind, id, name FROM organizations WHERE id = ANY(CAST(:organizations AS bigint[]))
  UNION ALL SELECT 'contacts', id, name FROM contacts WHERE id = ANY(CAST(:contacts AS bigint[]))
  UNION ALL SELECT 'resources', id, name FROM resources WHERE id = ANY(CAST(:resources AS bigint[]))
  UNION ALL SELECT 'devices', id, name FROM devices WHERE id = ANY(CAST(:devices AS bigint[]))
  UNION ALL SELECT 'tickets', id, number FROM tickets WHERE id = ANY(CAST(:tickets AS bigint[]))
  UNION ALL SELECT 'tasks', id, number FROM tasks WHERE id = ANY(CAST(:tasks AS bigint[]))
  UNION ALL SELECT 'projects', id, number FROM projects WHERE id = ANY(CAST(:projects AS bigint[]))
""")


def find(tx: Transaction, asked: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Names and numbers by table and id.

    Args:
        tx: the transaction.
        asked: table, one of `KINDS`, and id.
    """
    ids: dict[str, list[int]] = {kind: [] for kind in KINDS.values()}
    for kind, id_ in sorted(set(asked)):
        ids[kind].append(id_)
    return {(kind, id_): name for kind, id_, name in tx.execute(_FIND, ids)}
