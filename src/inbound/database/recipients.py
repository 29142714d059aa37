"""Who has which role on an object: whom its notices go to."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from inbound.database.engine import Transaction, execute, statement
from inbound.model.desk import TargetKind
from inbound.model.notice import Person

#: by role; of a queue only its name is known here
Roles = Mapping[str, tuple[Person, ...]]

# A contact's first address; resources have no first one, so the same one every time.
_FIND = statement("""
    WITH objects AS (
        SELECT 'ticket' AS kind, id, organization_id, contact_id, primary_resource_id, queue FROM tickets
        WHERE id = ANY(CAST(:tickets AS bigint[]))
      UNION ALL
        SELECT 'task', t.id, p.organization_id, p.contact_id, t.primary_resource_id, ''
        FROM tasks AS t JOIN projects AS p ON p.id = t.project_id
        WHERE t.id = ANY(CAST(:tasks AS bigint[]))
      UNION ALL
        SELECT 'project', id, organization_id, contact_id, primary_resource_id, '' FROM projects
        WHERE id = ANY(CAST(:projects AS bigint[]))
    ), named AS (
        SELECT kind, id, 'contact' AS role, contact_id AS person_id, false AS is_resource FROM objects
      UNION
        SELECT 'ticket', ticket_id, 'additional_contacts', contact_id, false FROM ticket_contacts
        WHERE ticket_id = ANY(CAST(:tickets AS bigint[]))
      UNION
        SELECT kind, id, 'primary_resource', primary_resource_id, true FROM objects
      UNION
        SELECT 'ticket', ticket_id, 'secondary_resources', resource_id, true FROM ticket_resources
        WHERE ticket_id = ANY(CAST(:tickets AS bigint[]))
      UNION
        SELECT 'task', task_id, 'secondary_resources', resource_id, true FROM task_resources
        WHERE task_id = ANY(CAST(:tasks AS bigint[]))
      UNION
        SELECT 'project', project_id, 'secondary_resources', resource_id, true FROM project_resources
        WHERE project_id = ANY(CAST(:projects AS bigint[]))
      UNION
        SELECT o.kind, o.id, 'account_manager', a.account_manager_id, true
        FROM objects AS o JOIN organizations AS a ON a.id = o.organization_id
    )
    SELECT n.kind, n.id, n.role, n.person_id, n.is_resource, c.name,
           (SELECT address FROM contact_addresses WHERE contact_id = c.id ORDER BY position LIMIT 1) AS address
    FROM named AS n JOIN contacts AS c ON c.id = n.person_id
    WHERE NOT n.is_resource AND c.active
  UNION ALL
    SELECT n.kind, n.id, n.role, n.person_id, n.is_resource, r.name,
           (SELECT address FROM resource_addresses WHERE resource_id = r.id ORDER BY address LIMIT 1)
    FROM named AS n JOIN resources AS r ON r.id = n.person_id
    WHERE n.is_resource AND r.active
  UNION ALL
    SELECT kind, id, 'queue', NULL, true, queue, '' FROM objects WHERE queue <> ''
    ORDER BY 1, 2, 3, 4
""")


def find(tx: Transaction, objects: Iterable[tuple[TargetKind, int]]) -> Mapping[tuple[TargetKind, int], Roles]:
    """Active people by object and role; who has no address is left out.

    Args:
        tx: the transaction; what it has written counts.
        objects: by kind and id.
    """
    ids: dict[TargetKind, set[int]] = {"ticket": set(), "task": set(), "project": set()}
    for kind, id_ in objects:
        ids[kind].add(id_)
    wanted = {"tickets": sorted(ids["ticket"]), "tasks": sorted(ids["task"]), "projects": sorted(ids["project"])}
    found: dict[tuple[TargetKind, int], defaultdict[str, tuple[Person, ...]]] = defaultdict(lambda: defaultdict(tuple))
    for row in execute(tx, _FIND, wanted):
        if row.address is not None:
            found[row.kind, row.id][row.role] += (_person(row),)
    return found


def _person(row: Any) -> Person:
    return Person(address=row.address, name=row.name, is_resource=row.is_resource, id=row.person_id)
