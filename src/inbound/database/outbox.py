"""The outbox: what is queued, and what an operator sees of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select, text

from inbound.database import rows
from inbound.database.earlier import object_key
from inbound.database.engine import Transaction, execute, statement
from inbound.database.tables import outbox, projects, tasks, tickets
from inbound.model.earlier import ObjectKey
from inbound.model.notice import NoticeDraft, State
from inbound.values import immutable

_COLUMNS = tuple(NoticeDraft.__dataclass_fields__)

# In order of their names: two batches that queue the same wait for each other instead of deadlocking. What is sent
# once per hour and comes too soon waits for the next hour, what is sent once per day is left out. Hours are those of
# UTC: in others one comes twice a year.
_INSERT = statement("""
    WITH named AS (
        SELECT r.*, r.once || to_char(now() AT TIME ZONE r.zone, r.form) AS this_time,
               CASE WHEN r.is_hourly THEN r.once || to_char((now() + interval '1 hour') AT TIME ZONE r.zone, r.form)
               END AS next_time
        FROM (
            SELECT *, CASE WHEN is_hourly THEN ' YYYY-MM-DD HH24' ELSE ' YYYY-MM-DD' END AS form,
                   CASE WHEN is_hourly THEN 'UTC' ELSE CAST(:time_zone AS text) END AS zone
            FROM unnest(
                CAST(:mailbox AS text[]), CAST(:kind AS text[]), CAST(:recipient AS text[]),
                CAST(:recipient_name AS text[]), CAST(:is_resource AS boolean[]), CAST(:language AS text[]),
                CAST(:ticket_id AS bigint[]), CAST(:task_id AS bigint[]), CAST(:project_id AS bigint[]),
                CAST(:message_row_id AS bigint[]), CAST(:data AS text[]), CAST(:once AS text[]),
                CAST(:is_hourly AS boolean[])
            ) AS u(mailbox, kind, recipient, recipient_name, is_resource, language, ticket_id, task_id, project_id,
                   message_row_id, data, once, is_hourly)
        ) AS r
    ), placed AS (
        SELECT named.*, next_time IS NOT NULL
               AND EXISTS (SELECT FROM outbox AS o WHERE o.once = named.this_time) AS is_late
        FROM named
    )
    INSERT INTO outbox (mailbox, kind, recipient, recipient_name, is_resource, language, ticket_id, task_id, project_id,
                        message_row_id, data, once, next_attempt_at)
    SELECT mailbox, kind, recipient, recipient_name, is_resource, language, ticket_id, task_id, project_id,
           message_row_id, CAST(data AS jsonb), CASE WHEN is_late THEN next_time ELSE this_time END,
           CASE WHEN is_late THEN date_trunc('hour', now(), 'UTC') + interval '1 hour' ELSE now() END
    FROM placed ORDER BY this_time, is_late
    ON CONFLICT (once) DO NOTHING
""")


# Whoever got two could mean either.
_SOLE = statement("""
    SELECT lower(recipient) AS address, max(ticket_id) AS ticket_id, max(task_id) AS task_id,
           max(project_id) AS project_id
    FROM outbox
    WHERE lower(recipient) = ANY(CAST(:addresses AS text[])) AND created_at > now() - interval '5 days'
      AND sent_at IS NOT NULL
    GROUP BY 1 HAVING count(*) = 1
""")


def insert(tx: Transaction, drafts: Sequence[NoticeDraft], time_zone: str) -> None:
    """Queue notices, at least one.

    Args:
        tx: the message's own transaction.
        drafts: of any number of messages.
        time_zone: the desk's, in which days begin.
    """
    execute(tx, _INSERT, {**rows.transpose(drafts, _COLUMNS), "time_zone": time_zone})


_WAITING = text("""
    SELECT kind, count(*) AS notices,
           coalesce(extract(epoch FROM now() - min(next_attempt_at) FILTER (WHERE state = 'queued')), 0) AS overdue
    FROM outbox WHERE state IN ('queued', 'sending', 'digest') GROUP BY kind
""")


@immutable(kw_only=False)
class Waiting:
    """Notices that are not sent yet."""

    #: by kind
    counts: dict[str, int]
    #: since when the first of them should have been sent; 0 when none should
    overdue_seconds: float


def waiting(tx: Transaction) -> Waiting:
    """What waits to be sent, by this daemon or another."""
    found = tx.execute(_WAITING).all()
    overdue = max((float(row.overdue) for row in found), default=0.0)
    return Waiting({row.kind: row.notices for row in found}, max(overdue, 0.0))


@immutable
class Listed:
    """A notice as it is listed."""

    id: int
    created_at: datetime
    state: State
    kind: str
    mailbox: str
    recipient: str
    #: of the object; None without one
    number: str | None
    message_row_id: int | None
    attempts: int
    next_attempt_at: datetime
    sent_at: datetime | None
    last_error: str
    digest_id: int | None


@immutable
class Search:
    """What `inbound notices list` asks for; None = anything."""

    state: State | None = None
    kind: str | None = None
    mailbox: str | None = None
    #: part of the address
    recipient: str | None = None
    limit: int = 50


_NUMBER = text("coalesce(tickets.number, tasks.number, projects.number) AS number")
_WITH_OBJECTS = (
    outbox.outerjoin(tickets, tickets.c.id == outbox.c.ticket_id)
    .outerjoin(tasks, tasks.c.id == outbox.c.task_id)
    .outerjoin(projects, projects.c.id == outbox.c.project_id)
)


def search(tx: Transaction, wanted: Search) -> list[Listed]:
    """Notices, newest first."""
    conditions = [
        column == value
        for column, value in (
            (outbox.c.state, wanted.state),
            (outbox.c.kind, wanted.kind),
            (outbox.c.mailbox, wanted.mailbox),
        )
        if value is not None
    ]
    if wanted.recipient is not None:
        conditions.append(outbox.c.recipient.icontains(wanted.recipient, autoescape=True))
    query = (
        select(*(outbox.c[name] for name in Listed.__dataclass_fields__ if name != "number"), _NUMBER)
        .select_from(_WITH_OBJECTS)
        .where(*conditions)
        .order_by(outbox.c.id.desc())
        .limit(wanted.limit)
    )
    return [Listed(**row._asdict()) for row in tx.execute(query)]


# A notice that waits for its turn is not counted again; one that was over the cap is sent now, whatever the cap.
_RETRY = text("""
    UPDATE outbox SET state = 'queued', is_counted = true, attempts = 0, next_attempt_at = now()
    WHERE (CAST(:id AS bigint) IS NULL OR id = CAST(:id AS bigint))
      AND (state IN ('failed', 'suppressed') OR (state = 'queued' AND CAST(:id AS bigint) IS NOT NULL))
      AND (CAST(:id AS bigint) IS NOT NULL OR state = 'failed')
    RETURNING id
""")


def sole_objects(tx: Transaction, addresses: Collection[str]) -> dict[str, ObjectKey]:
    """What the only notice of the last days to each of these was about, where there was exactly one.

    Args:
        tx: the transaction.
        addresses: of recipients, in lower case.
    """
    rows_found = execute(tx, _SOLE, {"addresses": sorted(set(addresses))})
    keys = {row.address: object_key(row.ticket_id, row.task_id, row.project_id) for row in rows_found}
    return {address: key for address, key in keys.items() if key is not None}


def retry(tx: Transaction, row_id: int | None) -> list[int]:
    """Have notices sent as soon as possible.

    Args:
        tx: the transaction.
        row_id: one that failed, was suppressed, or waits for its next attempt; None = every one that failed.

    Returns:
        ids of those that are queued now.
    """
    return [row.id for row in tx.execute(_RETRY, {"id": row_id})]
