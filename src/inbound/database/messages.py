"""Stored messages: every one whose DATA ended, with its outcome, reason and trace."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from inbound.database import rows
from inbound.database.earlier import object_key
from inbound.database.engine import Transaction, execute, statement
from inbound.database.tables import blobs, message_references, messages, projects, redeliveries, tasks, tickets
from inbound.model.earlier import Stored
from inbound.values import immutable


@immutable
class MessageRow:
    """A row of ``messages``; fields named after the columns."""

    id: int
    mailbox: str
    identity: bytes
    identity_version: int
    message_id: str | None
    mail_from: str
    rcpt_to: str
    sub_address: str
    peer_address: str
    peer_name: str
    helo: str
    tls: str | None
    author_name: str
    author_address: str
    subject: str
    sent_at: datetime | None
    received_at: datetime
    outcome: str
    reason: str
    ticket_id: int | None
    project_id: int | None
    task_id: int | None
    note_id: int | None
    time_entry_id: int | None
    #: JSON text
    addressees: str
    is_author_proven: bool
    #: JSON text
    trace: str
    error: str | None
    size_bytes: int
    #: None: nothing of the content is kept
    sha256: bytes | None
    #: None: never counted by the loop limit
    loop_key: int | None
    body_key: int | None


@immutable
class Reference:
    """A row of ``message_references``."""

    message_row_id: int
    position: int
    reference: str


@immutable
class Redelivery:
    """One more delivery of a stored message."""

    message_row_id: int
    mail_from: str
    rcpt_to: str
    peer_address: str
    helo: str
    received_at: datetime


#: a message, and the object that it made or wrote to
_WITH_OBJECTS = (
    messages.outerjoin(tickets, tickets.c.id == messages.c.ticket_id)
    .outerjoin(tasks, tasks.c.id == messages.c.task_id)
    .outerjoin(projects, projects.c.id == messages.c.project_id)
)
_NUMBER = func.coalesce(tickets.c.number, tasks.c.number, projects.c.number).label("number")

_COLUMNS = tuple(MessageRow.__dataclass_fields__)
_REFERENCE_COLUMNS = tuple(Reference.__dataclass_fields__)
_REDELIVERY_COLUMNS = tuple(Redelivery.__dataclass_fields__)

# A quarantined message that is retried keeps its row. New ids come from the sequence and never meet a row.
_INSERT = rows.insert(
    messages,
    _COLUMNS,
    conflict="ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(
        f"{name} = excluded.{name}"
        for name in _COLUMNS
        if name not in {"id", "mailbox", "received_at", "size_bytes", "sha256"}
    ),
)
_INSERT_REFERENCES = rows.insert(message_references, _REFERENCE_COLUMNS, conflict="ON CONFLICT DO NOTHING")
_INSERT_REDELIVERIES = rows.insert(redeliveries, _REDELIVERY_COLUMNS)

# In id order: two batches that count deliveries of the same messages wait for each other instead of deadlocking.
_LOCK_FOR_COUNT = statement("""
    SELECT id FROM messages WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE
""")
_COUNT = statement("""
    UPDATE messages SET delivery_count = delivery_count + r.times
    FROM (SELECT id, count(*) AS times FROM unnest(CAST(:ids AS bigint[])) AS u(id) GROUP BY id) AS r
    WHERE messages.id = r.id
""")


def insert(tx: Transaction, new: Sequence[MessageRow]) -> None:
    """Write messages under ids that were allotted before, or over the rows that are retried."""
    execute(tx, _INSERT, rows.transpose(new, _COLUMNS))


def insert_references(tx: Transaction, new: Sequence[Reference]) -> None:
    """Write what messages refer to; a message that is retried has written it before."""
    execute(tx, _INSERT_REFERENCES, rows.transpose(new, _REFERENCE_COLUMNS))


def count_redeliveries(tx: Transaction, repeated: Sequence[Redelivery]) -> None:
    """Count repeated deliveries with their messages, and keep who delivered them."""
    ids = [redelivery.message_row_id for redelivery in repeated]
    execute(tx, _LOCK_FOR_COUNT, {"ids": ids})
    execute(tx, _COUNT, {"ids": ids})
    execute(tx, _INSERT_REDELIVERIES, rows.transpose(repeated, _REDELIVERY_COLUMNS))


@immutable
class Search:
    """What `inbound messages list` asks for; None = anything."""

    mailbox: str | None = None
    outcome: str | None = None
    reason: str | None = None
    #: part of the author's or envelope sender's address
    sender: str | None = None
    #: part of the subject
    subject: str | None = None
    #: the whole Message-ID, without brackets
    message_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50


@immutable
class Listed:
    """A message as it is listed and shown."""

    id: int
    received_at: datetime
    mailbox: str
    outcome: str
    reason: str
    number: str | None
    author_name: str
    author_address: str
    subject: str
    message_id: str | None
    mail_from: str
    rcpt_to: str
    sub_address: str
    peer_address: str
    peer_name: str
    helo: str
    tls: str | None
    sent_at: datetime | None
    note_id: int | None
    time_entry_id: int | None
    is_author_proven: bool
    delivery_count: int
    size_bytes: int
    #: None: private mail, of which no content is kept
    sha256: bytes | None
    error: str | None
    trace: list[dict[str, object]]


_LISTED = (
    *(messages.c[name] for name in Listed.__dataclass_fields__ if name != "number"),
    _NUMBER,
)


def search(tx: Transaction, wanted: Search) -> list[Listed]:
    """Stored messages, newest first."""
    conditions = [
        column == value
        for column, value in (
            (messages.c.mailbox, wanted.mailbox),
            (messages.c.outcome, wanted.outcome),
            (messages.c.reason, wanted.reason),
            (messages.c.message_id, wanted.message_id),
        )
        if value is not None
    ]
    if wanted.sender is not None:
        columns = (messages.c.author_address, messages.c.mail_from)
        conditions.append(or_(*(column.icontains(wanted.sender, autoescape=True) for column in columns)))
    if wanted.subject is not None:
        conditions.append(messages.c.subject.icontains(wanted.subject, autoescape=True))
    if wanted.since is not None:
        conditions.append(messages.c.received_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(messages.c.received_at < wanted.until)
    query = (
        select(*_LISTED)
        .select_from(_WITH_OBJECTS)
        .where(*conditions)
        .order_by(messages.c.received_at.desc(), messages.c.id.desc())
        .limit(wanted.limit)
    )
    return [Listed(**row._asdict()) for row in tx.execute(query)]


def get(tx: Transaction, row_id: int) -> Listed | None:
    """One stored message."""
    query = select(*_LISTED).select_from(_WITH_OBJECTS).where(messages.c.id == row_id)
    row = tx.execute(query).first()
    return Listed(**row._asdict()) if row else None


def redeliveries_of(tx: Transaction, row_id: int) -> list[Redelivery]:
    """The repeated deliveries of a message, oldest first."""
    query = (
        select(*(redeliveries.c[name] for name in _REDELIVERY_COLUMNS))
        .where(redeliveries.c.message_row_id == row_id)
        .order_by(redeliveries.c.id)
    )
    return [Redelivery(**row._asdict()) for row in tx.execute(query)]


def content_of(tx: Transaction, row_id: int) -> bytes | None:
    """The original octets of a stored message."""
    query = select(blobs.c.content).join_from(messages, blobs).where(messages.c.id == row_id)
    content = tx.scalar(query)
    return None if content is None else bytes(content)


def lock_for_retry(tx: Transaction, row_ids: Sequence[int]) -> dict[int, Stored]:
    """Rows that are about to be tried again, as they are now, locked until the end of the transaction."""
    query = (
        select(
            *(messages.c[name] for name in ("id", "received_at", "outcome", "ticket_id", "task_id", "project_id")),
            _NUMBER,
        )
        .select_from(_WITH_OBJECTS)
        .where(messages.c.id.in_(row_ids))
        .order_by(messages.c.id)
        .with_for_update(of=messages)
    )
    return {
        row.id: Stored(
            row_id=row.id,
            received_at=row.received_at,
            outcome=row.outcome,
            object=object_key(row.ticket_id, row.task_id, row.project_id),
            number=row.number,
        )
        for row in tx.execute(query)
    }
