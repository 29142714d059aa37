"""What numbers and ids lead to: tickets, tasks and projects, and the tickets that others were merged into."""

from collections.abc import Collection, Mapping
from typing import Any

from inbound.database.engine import Transaction, execute, statement
from inbound.model.desk import Approvers, Organization, Target
from inbound.model.earlier import ObjectKey
from inbound.values import immutable

# The chain of merges comes along: it ends in a circle or after as many steps as the rules follow.
_FIND = statement("""
    WITH RECURSIVE named AS (
        SELECT id, number, status, completed_at, merged_into_id, contact_id, primary_resource_id, organization_id,
               0 AS step
        FROM tickets WHERE number = ANY(CAST(:numbers AS text[])) OR id = ANY(CAST(:tickets AS bigint[]))
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
    WHERE t.number = ANY(CAST(:numbers AS text[])) OR t.id = ANY(CAST(:tasks AS bigint[]))
  UNION ALL
    SELECT 'project', p.id, p.number, p.status, p.completed_at, NULL, p.contact_id, p.primary_resource_id,
           o.id, o.name, o.type, o.active, o.parent_id, false, '{}', '{}'
    FROM projects AS p JOIN organizations AS o ON o.id = p.organization_id
    WHERE p.number = ANY(CAST(:numbers AS text[])) OR p.id = ANY(CAST(:projects AS bigint[]))
""")

# In id order: two batches that write to the same tickets wait for each other instead of deadlocking.
# The tickets that they were merged into as well: those are written to.
_LOCK = statement("""
    WITH RECURSIVE named AS (
        SELECT id, merged_into_id, 0 AS step FROM tickets
        WHERE number = ANY(CAST(:numbers AS text[])) OR id = ANY(CAST(:tickets AS bigint[]))
      UNION
        SELECT t.id, t.merged_into_id, n.step + 1 FROM named AS n JOIN tickets AS t ON t.id = n.merged_into_id
        WHERE n.step < :merges
    )
    SELECT id FROM tickets WHERE id IN (SELECT id FROM named) ORDER BY id FOR NO KEY UPDATE
""")


@immutable
class Found:
    """The objects that exist."""

    #: by number, as written in the registry: the letter in upper case
    by_number: Mapping[str, Target]
    by_key: Mapping[ObjectKey, Target]

    @property
    def tickets(self) -> Mapping[int, Target]:
        """By id, also those that others were merged into."""
        return {id_: target for (kind, id_), target in self.by_key.items() if kind == "ticket"}


NOTHING = Found(by_number={}, by_key={})


def find(tx: Transaction, numbers: Collection[str], keys: Collection[ObjectKey], most_merges: int) -> Found:
    """Objects by number and by kind and id, and tickets along their merges.

    Args:
        tx: the transaction.
        numbers: as in `rules.numbers.subject_numbers`.
        keys: kind and id.
        most_merges: how far a chain of merged tickets is followed.
    """
    wanted = {**_named(numbers, keys), "tasks": _ids(keys, "task"), "projects": _ids(keys, "project")}
    targets = [_target(row) for row in execute(tx, _FIND, {**wanted, "merges": most_merges})]
    return Found(
        by_number={target.number: target for target in targets},
        by_key={(target.kind, target.id): target for target in targets},
    )


def lock(tx: Transaction, numbers: Collection[str], keys: Collection[ObjectKey], most_merges: int) -> None:
    """Let nobody else change these tickets until the transaction ends: what is decided about them must still hold.

    Args:
        tx: the transaction.
        numbers: as in `find`.
        keys: as in `find`.
        most_merges: as in `find`.
    """
    execute(tx, _LOCK, {**_named(numbers, keys), "merges": most_merges})


def _named(numbers: Collection[str], keys: Collection[ObjectKey]) -> dict[str, list[Any]]:
    return {"numbers": sorted(set(numbers)), "tickets": _ids(keys, "ticket")}


def _ids(keys: Collection[ObjectKey], kind: str) -> list[int]:
    return sorted({id_ for of, id_ in keys if of == kind})


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
