"""What is stored already of what a wave of messages names: the messages themselves, what they answer, loops."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inbound.database.engine import Transaction, execute, statement
from inbound.model.desk import TargetKind
from inbound.model.earlier import Earlier, ObjectKey, Recent, Stored
from inbound.values import immutable

# Message-IDs and references are joined one by one: a hash index knows no arrays. OFFSET 0 keeps the order of joins: a
# plan that was made while the tables were small would read every message since `since`. PostgreSQL's clock is read
# once, in a query of its own, so that the index on it can be used.
_LOOK_UP = statement("""
    WITH found AS (
        SELECT 'identity' AS road, encode(m.identity, 'hex') AS key, m.id, false AS is_copy
        FROM messages AS m WHERE m.identity = ANY(CAST(:identities AS bytea[]))
      UNION ALL
        SELECT 'message', w.id, max(m.id), false
        FROM unnest(CAST(:referenced AS text[])) AS w(id) JOIN messages AS m ON m.message_id = w.id
        WHERE num_nonnulls(m.ticket_id, m.task_id, m.project_id) > 0 AND m.identity <> ALL(CAST(:ignored AS bytea[]))
        GROUP BY m.mailbox, w.id
      UNION ALL
        SELECT 'reference', w.id, max(m.id), false
        FROM unnest(CAST(:referenced AS text[]) || CAST(:own_ids AS text[])) AS w(id)
        CROSS JOIN LATERAL (SELECT message_row_id FROM message_references WHERE reference = w.id OFFSET 0) AS r
        CROSS JOIN LATERAL (SELECT * FROM messages WHERE id = r.message_row_id OFFSET 0) AS m
        WHERE m.received_at >= :since
              AND num_nonnulls(m.ticket_id, m.task_id, m.project_id) > 0
              AND m.identity <> ALL(CAST(:ignored AS bytea[]))
        GROUP BY m.mailbox, w.id
      UNION ALL
        SELECT 'own', w.id, coalesce(min(m.id) FILTER (WHERE s.is_same), min(m.id)), bool_or(s.is_same)
        FROM unnest(CAST(:own_ids AS text[]), CAST(:authors AS text[]), CAST(:dates AS timestamptz[]))
             AS w(id, author, date)
        JOIN messages AS m ON m.message_id = w.id
        CROSS JOIN LATERAL (
            SELECT lower(m.author_address) = w.author AND coalesce(m.sent_at = w.date, false)
                   AND num_nonnulls(m.ticket_id, m.task_id, m.project_id) > 0
        ) AS s(is_same)
        WHERE m.identity <> ALL(CAST(:ignored AS bytea[]))
        GROUP BY m.mailbox, w.id
    )
    SELECT f.road, f.key, f.is_copy, m.id, m.mailbox, m.received_at, m.outcome, m.ticket_id, m.task_id, m.project_id,
           coalesce(t.number, a.number, p.number) AS number, 0 AS times, CAST(NULL AS bigint[]) AS bodies
    FROM found AS f JOIN messages AS m ON m.id = f.id
    LEFT JOIN tickets AS t ON t.id = m.ticket_id
    LEFT JOIN tasks AS a ON a.id = m.task_id
    LEFT JOIN projects AS p ON p.id = m.project_id
  UNION ALL
    SELECT 'loop', CAST(m.loop_key AS text), false, 0, '', NULL, '', NULL, NULL, NULL, NULL,
           count(*) FILTER (
               WHERE m.outcome NOT IN ('duplicate', 'discarded', 'quarantined') AND m.reason <> 'copy_altered'
           ), array_agg(DISTINCT m.body_key)
    FROM messages AS m
    WHERE m.loop_key = ANY(CAST(:loop_keys AS bigint[]))
      AND m.stored_at > (SELECT clock_timestamp() - make_interval(secs => :window_seconds))
      AND m.identity <> ALL(CAST(:ignored AS bytea[]))
    GROUP BY m.loop_key
""")


@immutable
class Own:
    """What a message says of itself, for comparison with others under the same Message-ID."""

    message_id: str
    #: address in From, in lower case; empty without
    author: str
    date: datetime | None


@immutable
class Wanted:
    """What is asked for a wave of messages, of which no two have an id in common."""

    identities: Sequence[bytes]
    own: Sequence[Own]
    #: Message-IDs that are referred to
    referenced: Sequence[str]
    #: what messages that came before this refer to ties nobody any more; aware
    since: datetime
    loop_keys: Sequence[int]
    #: the window of the loop limit
    window_seconds: float
    #: identities of rows that do not count: the own one of a stored message that is explained
    ignored: Sequence[bytes]


def look_up(tx: Transaction, wanted: Wanted) -> Earlier:
    """Everything that is stored of what a wave names, in one question."""
    rows = execute(
        tx,
        _LOOK_UP,
        {
            "identities": sorted(set(wanted.identities)),
            "referenced": sorted(set(wanted.referenced)),
            "own_ids": [one.message_id for one in wanted.own],
            "authors": [one.author for one in wanted.own],
            "dates": [one.date for one in wanted.own],
            "since": wanted.since,
            "loop_keys": sorted(set(wanted.loop_keys)),
            "window_seconds": wanted.window_seconds,
            "ignored": sorted(set(wanted.ignored)),
        },
    )
    by: dict[str, dict[tuple[str, str], Stored]] = {"identity": {}, "message": {}, "reference": {}, "own": {}}
    recent: dict[int, Recent] = {}
    copied: dict[tuple[str, str], Stored] = {}
    for row in rows:
        if row.road == "loop":
            recent[int(row.key)] = Recent(count=row.times, body_keys=frozenset(row.bodies) - {None})
            continue
        by[row.road][row.mailbox, row.key] = stored = _stored(row)
        if row.is_copy:
            copied[row.mailbox, row.key] = stored
    return Earlier(
        by_identity=_by_identity(by["identity"]),
        by_message_id=by["message"],
        by_reference=by["reference"],
        copied=copied,
        used_ids=frozenset(by["own"]),
        recent=recent,
    )


def _by_identity(found: Mapping[tuple[str, str], Stored]) -> dict[tuple[str, bytes], Stored]:
    return {(mailbox, bytes.fromhex(key)): stored for (mailbox, key), stored in found.items()}


def _stored(row: Any) -> Stored:
    return Stored(
        row_id=row.id,
        received_at=row.received_at,
        outcome=row.outcome,
        object=object_key(row.ticket_id, row.task_id, row.project_id),
        number=row.number,
    )


def object_key(ticket_id: int | None, task_id: int | None, project_id: int | None) -> ObjectKey | None:
    """Kind and id of the one that is not NULL."""
    pairs: tuple[tuple[TargetKind, int | None], ...] = (
        ("ticket", ticket_id),
        ("task", task_id),
        ("project", project_id),
    )
    return next(((kind, id_) for kind, id_ in pairs if id_ is not None), None)
