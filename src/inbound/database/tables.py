"""The tables, as migrations/ makes them (a test compares the two), and the names of the constraints we react to.

docs/schema.md describes them for the people who read them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

#: the same message twice in one mailbox
MESSAGES_IDENTITY = "messages_identity_key"
#: one local organization at most: the desk itself
ORGANIZATIONS_LOCAL = "organizations_local_key"

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_name)s_idx",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _active() -> Column[bool]:
    return Column("active", Boolean, nullable=False, server_default=text("true"))


def _reference(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    # Nothing that is referred to can be deleted; it is deactivated instead.
    return Column(name, BigInteger, ForeignKey(f"{target}.id", ondelete="RESTRICT"), nullable=nullable)


organizations = Table(
    "organizations",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False, server_default=text("'customer'")),
    _active(),
    Column("is_local", Boolean, nullable=False, server_default=text("false")),
    Index(ORGANIZATIONS_LOCAL, "is_local", unique=True, postgresql_where=text("is_local")),
    Index("organizations_name_idx", "name"),
)

organization_domains = Table(
    "organization_domains",
    metadata,
    _reference("organization_id", "organizations"),
    Column("domain", Text, nullable=False),
    PrimaryKeyConstraint("organization_id", "domain"),
)
Index("organization_domains_domain_idx", func.lower(organization_domains.c.domain))

contacts = Table(
    "contacts",
    metadata,
    _id(),
    _reference("organization_id", "organizations"),
    Column("name", Text, nullable=False),
    _active(),
    Index("contacts_organization_id_idx", "organization_id"),
)

contact_addresses = Table(
    "contact_addresses",
    metadata,
    _reference("contact_id", "contacts"),
    Column("position", SmallInteger, nullable=False),
    Column("address", Text, nullable=False),
    PrimaryKeyConstraint("contact_id", "position"),
    CheckConstraint("position BETWEEN 1 AND 3", name="position"),
)
Index("contact_addresses_address_idx", func.lower(contact_addresses.c.address))

resources = Table(
    "resources",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    _active(),
)

resource_addresses = Table(
    "resource_addresses",
    metadata,
    _reference("resource_id", "resources"),
    Column("address", Text, nullable=False),
    PrimaryKeyConstraint("resource_id", "address"),
)
Index("resource_addresses_address_idx", func.lower(resource_addresses.c.address))

number_counters = Table(
    "number_counters",
    metadata,
    Column("kind", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("base", BigInteger, nullable=False),
    PrimaryKeyConstraint("kind", "day"),
)

object_numbers = Table(
    "object_numbers",
    metadata,
    Column("number", Text, nullable=False),
    Column("kind", Text, nullable=False),
    PrimaryKeyConstraint("number"),
)

tickets = Table(
    "tickets",
    metadata,
    _id(),
    Column("number", Text, ForeignKey("object_numbers.number", ondelete="RESTRICT"), nullable=False, unique=True),
    _reference("organization_id", "organizations"),
    _reference("contact_id", "contacts", nullable=True),
    _reference("originator_resource_id", "resources", nullable=True),
    _text("originator_name"),
    _text("originator_address"),
    Column("title", Text, nullable=False),
    _text("description"),
    _text("category"),
    _text("ticket_type"),
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    _text("queue"),
    _text("source"),
    _text("issue_type"),
    _text("sub_issue_type"),
    Column("due_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("tickets_organization_id_idx", "organization_id"),
    Index("tickets_contact_id_idx", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
)

notes = Table(
    "notes",
    metadata,
    _id(),
    _reference("ticket_id", "tickets"),
    _reference("contact_id", "contacts", nullable=True),
    _reference("resource_id", "resources", nullable=True),
    _text("originator_name"),
    _text("originator_address"),
    _text("title"),
    _text("text"),
    _text("note_type"),
    Column("publish", Text, nullable=False, server_default=text("'all'")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("publish IN ('all', 'internal')", name="publish"),
    Index("notes_ticket_id_idx", "ticket_id"),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("sha256"),
)

attachments = Table(
    "attachments",
    metadata,
    _id(),
    _reference("ticket_id", "tickets", nullable=True),
    _reference("note_id", "notes", nullable=True),
    Column("name", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("content_id", Text),
    Column("is_inline", Boolean, nullable=False, server_default=text("false")),
    Column("sha256", LargeBinary, ForeignKey("blobs.sha256", ondelete="RESTRICT"), nullable=False),
    CheckConstraint("num_nonnulls(ticket_id, note_id) = 1", name="one_owner"),
    Index("attachments_ticket_id_idx", "ticket_id", postgresql_where=text("ticket_id IS NOT NULL")),
    Index("attachments_note_id_idx", "note_id", postgresql_where=text("note_id IS NOT NULL")),
    Index("attachments_sha256_idx", "sha256"),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    Column("mailbox", Text, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("identity_version", SmallInteger, nullable=False),
    Column("message_id", Text),
    _text("mail_from"),
    _text("rcpt_to"),
    _text("sub_address"),
    _text("peer_address"),
    _text("peer_name"),
    _text("helo"),
    Column("tls", Text),
    _text("author_name"),
    _text("author_address"),
    _text("subject"),
    Column("sent_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _reference("ticket_id", "tickets", nullable=True),
    _reference("note_id", "notes", nullable=True),
    Column("trace", JSONB, nullable=False),
    Column("error", Text),
    Column("delivery_count", Integer, nullable=False, server_default=text("1")),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, ForeignKey("blobs.sha256", ondelete="RESTRICT"), nullable=False),
    UniqueConstraint("identity", "mailbox", name=MESSAGES_IDENTITY),
    # A hash index: a Message-ID may be longer than a B-tree entry can be.
    Index("messages_message_id_idx", "message_id", postgresql_using="hash"),
    Index("messages_received_at_idx", "received_at"),
    Index("messages_ticket_id_idx", "ticket_id"),
    Index("messages_quarantined_idx", "id", postgresql_where=text("outcome = 'quarantined'")),
)

redeliveries = Table(
    "redeliveries",
    metadata,
    _id(),
    _reference("message_row_id", "messages"),
    _text("mail_from"),
    _text("rcpt_to"),
    _text("peer_address"),
    _text("helo"),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Index("redeliveries_message_row_id_idx", "message_row_id"),
)
