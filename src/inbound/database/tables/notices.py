"""What goes out: notices, and what became of each."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from inbound.database.tables.columns import (
    created_column,
    flag,
    id_column,
    metadata,
    reference,
    sparse_index,
    text_column,
)

outbox = Table(
    "outbox",
    metadata,
    id_column(),
    Column("mailbox", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    text_column("recipient_name"),
    flag("is_resource", default=False),
    Column("language", Text, nullable=False, server_default=text("'en'")),
    reference("ticket_id", "tickets", nullable=True),
    reference("task_id", "tasks", nullable=True),
    reference("project_id", "projects", nullable=True),
    reference("message_row_id", "messages", nullable=True),
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    text_column("token"),
    Column("once", Text),
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    flag("is_counted", default=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    text_column("last_error"),
    reference("digest_id", "outbox", nullable=True),
    created_column(),
    Column("sent_at", DateTime(timezone=True)),
    CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'suppressed', 'digest')", name="state"),
    CheckConstraint("num_nonnulls(ticket_id, task_id, project_id) <= 1", name="one_object"),
    UniqueConstraint("once", name="outbox_once_key"),
    Index("outbox_due_idx", "next_attempt_at", postgresql_where=text("state IN ('queued', 'sending', 'digest')")),
    sparse_index("outbox_message_row_id_idx", "message_row_id"),
)
# What was queued for somebody lately: the caps, and bounces that name only a recipient.
Index("outbox_recipient_idx", func.lower(outbox.c.recipient), outbox.c.created_at)
