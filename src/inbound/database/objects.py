"""What numbers in a subject lead to: tickets, tasks and projects, and the tickets that others were merged into."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from inbound.database.engine import Transaction
from inbound.model.desk import Approvers, Organization, Target

# The chain of merges comes along: it ends in a circle or after as many steps as the rules follow.
_FIND = text("""
    WITH RECURSIVE named AS (
        SELECT id, number, status, completed_at, merged_into_id, contact_id, primary_resource_id, organization_id,
               0 AS step
        FROM tickets WHERE number = ANY(CAST(:numbers AS text[]))
      UNION
        SELECT t.id, t.number, t.status, t.completed_at, t.merged_into_id, t.contact_id, t.primary_resource_id,
               t.organization_id, n.step + 1
        FROM named AS n JOIN tickets AS t ON t.id = n.merged_into_id
        WHERE n.step < :merges
    )
    SELECT DISTINCT ON (n.id) 'ticket' AS kind, n.id, n.number, n.status, n.completed_at, n.merged_into_id,
           n.contact_id, n.primary_resource_id,
           o.id AS organization_id, o.name, o.type, o.active, o.parent_id,
           EXISTS (SELECT FROM change_requests AS c WHERE c.ticket_id = n.id) AS is_change_request,
           ARRAY(SELECT a.resource_id FROM change_request_approvers AS a
                 WHERE a.ticket_id = n.id AND a.resource_id IS NOT NULL) AS resource_ids,
           ARRAY(SELECT a.contact_id FROM change_request_approvers AS a
                 WHERE a.ticket_id = n.id AND a.contact_id IS NOT NULL) AS contact_ids
    FROM named AS n JOIN organizations AS o ON o.id = n.organization_id
  UNION ALL
    SELECT 'task', t.id, t.number, t.status, t.completed_at, NULL, NULL, t.primary_resource_id,
           o.id, o.name, o.type, o.active, o.parent_id, false, '{}', '{}'
    FROM tasks AS t JOIN projects AS p ON p.id = t.project_id JOIN organizations AS o ON o.id = p.organization_id
    WHERE t.number = ANY(CAST(:numbers AS text[]))
  UNION ALL
    SELECT 'project', p.id, p.number, p.status, p.completed_at, NULL, p.contact_id, p.primary_resource_id,
           o.id, o.name, o.type, o.active, o.parent_id, false, '{}', '{}'
    FROM projects AS p JOIN organizations AS o ON o.id = p.organization_id
    WHERE p.number = ANY(CAST(:numbers AS text[]))
""")

# In id order: two batches that write to the same tickets wait for each other instead of deadlocking.
# The tickets that they were merged into as well: those are written to.
_LOCK = text("""
    WITH RECURSIVE named AS (
        SELECT id, merged_into_id, 0 AS step FROM tickets WHERE number = ANY(CAST(:numbers AS text[]))
      UNION
        SELECT t.id, t.merged_into_id, n.step + 1 FROM named AS n JOIN tickets AS t ON t.id = n.merged_into_id
        WHERE n.step < :merges
    )
    SELECT id FROM tickets WHERE id IN (SELECT id FROM named) ORDER BY id FOR NO KEY UPDATE
""")


def find(tx: Transaction, numbers: Iterable[str], most_merges: int) -> tuple[dict[str, Target], dict[int, Target]]:
    """Objects by number, as written in the registry (upper-case letter), and tickets by id along their merges.

    Args:
        tx: the transaction.
        numbers: as in `rules.numbers.subject_numbers`.
        most_merges: how far a chain of merged tickets is followed.
    """
    wanted = {"numbers": sorted(set(numbers)), "merges": most_merges}
    targets = [_target(row) for row in tx.execute(_FIND, wanted)]
    return (
        {target.number: target for target in targets},
        {target.id: target for target in targets if target.kind == "ticket"},
    )


def lock(tx: Transaction, numbers: Iterable[str], most_merges: int) -> None:
    """Let nobody else change these tickets until the transaction ends: what is decided about them must still hold.

    Args:
        tx: the transaction.
        numbers: as in `find`.
        most_merges: as in `find`.
    """
    tx.execute(_LOCK, {"numbers": sorted(set(numbers)), "merges": most_merges})


def _target(row: Any) -> Target:
    organization = Organization(
        id=row.organization_id, name=row.name, type=row.type, is_active=row.active, parent_id=row.parent_id
    )
    approvers = Approvers(resource_ids=frozenset(row.resource_ids), contact_ids=frozenset(row.contact_ids))
    return Target(
        kind=row.kind,
        id=row.id,
        number=row.number,
        organization=organization,
        status=row.status,
        completed_at=row.completed_at,
        merged_into_id=row.merged_into_id,
        contact_id=row.contact_id,
        primary_resource_id=row.primary_resource_id,
        approvers=approvers if row.is_change_request else None,
    )
