"""Who took part in an object: its people, and everybody named in the mail that made it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from inbound.database.engine import Transaction, execute, statement
from inbound.model.desk import Target, TargetKind

_FIND = statement("""
    SELECT 'ticket' AS kind, t.id, lower(a.address) AS address
    FROM tickets AS t JOIN contact_addresses AS a ON a.contact_id = t.contact_id
    WHERE t.id = ANY(CAST(:tickets AS bigint[]))
  UNION
    SELECT 'ticket', t.ticket_id, lower(a.address)
    FROM ticket_contacts AS t JOIN contact_addresses AS a ON a.contact_id = t.contact_id
    WHERE t.ticket_id = ANY(CAST(:tickets AS bigint[]))
  UNION
    SELECT 'project', p.id, lower(a.address)
    FROM projects AS p JOIN contact_addresses AS a ON a.contact_id = p.contact_id
    WHERE p.id = ANY(CAST(:projects AS bigint[]))
  UNION
    SELECT m.kind, m.id, lower(named.address)
    FROM (
        SELECT 'ticket' AS kind, ticket_id AS id, author_address, addressees, reason FROM messages
        WHERE ticket_id = ANY(CAST(:tickets AS bigint[]))
      UNION ALL
        SELECT 'task', task_id, author_address, addressees, reason FROM messages
        WHERE task_id = ANY(CAST(:tasks AS bigint[]))
      UNION ALL
        SELECT 'project', project_id, author_address, addressees, reason FROM messages
        WHERE project_id = ANY(CAST(:projects AS bigint[]))
    ) AS m
    CROSS JOIN LATERAL (
        SELECT m.author_address AS address UNION ALL SELECT jsonb_array_elements_text(m.addressees)
    ) AS named
    WHERE m.reason NOT IN ('attached_stranger', 'sender_not_authenticated')
""")


def find(tx: Transaction, targets: Sequence[Target]) -> Mapping[tuple[TargetKind, int], frozenset[str]]:
    """Lower-case addresses of those who took part; nobody becomes one by claiming to be somebody.

    Args:
        tx: the transaction.
        targets: the objects.

    Returns:
        by kind and id; empty for an object that nobody took part in.
    """
    ids: dict[TargetKind, list[int]] = {"ticket": [], "task": [], "project": []}
    for target in targets:
        ids[target.kind].append(target.id)
    found: defaultdict[tuple[TargetKind, int], set[str]] = defaultdict(set)
    wanted = {"tickets": ids["ticket"], "tasks": ids["task"], "projects": ids["project"]}
    for kind, id_, address in execute(tx, _FIND, wanted):
        found[kind, id_].add(address)
    return {(target.kind, target.id): frozenset(found[target.kind, target.id] - {""}) for target in targets}
