"""What people work on: numbers, projects and tasks, tickets and change requests."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from inbound.database.tables.columns import (
    active_column,
    created_column,
    id_column,
    metadata,
    number_column,
    reference,
    sparse_index,
    text_column,
)

#: a number is given once, to an object of whatever kind
NUMBER_TAKEN = "object_numbers_pkey"

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
    PrimaryKeyConstraint("number", name=NUMBER_TAKEN),
)

projects = Table(
    "projects",
    metadata,
    id_column(),
    number_column(),
    reference("organization_id", "organizations"),
    reference("contact_id", "contacts", nullable=True),
    reference("primary_resource_id", "resources", nullable=True),
    Column("title", Text, nullable=False),
    text_column("description"),
    text_column("status"),
    active_column(),
    Column("completed_at", DateTime(timezone=True)),
    created_column(),
    Index("projects_organization_id_idx", "organization_id"),
)

project_resources = Table(
    "project_resources",
    metadata,
    reference("project_id", "projects"),
    reference("resource_id", "resources"),
    PrimaryKeyConstraint("project_id", "resource_id"),
)

tasks = Table(
    "tasks",
    metadata,
    id_column(),
    number_column(),
    reference("project_id", "projects"),
    reference("primary_resource_id", "resources", nullable=True),
    Column("title", Text, nullable=False),
    text_column("description"),
    text_column("status"),
    text_column("role"),
    Column("due_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    created_column(),
    Index("tasks_project_id_idx", "project_id"),
    sparse_index("tasks_primary_resource_id_idx", "primary_resource_id"),
)

task_resources = Table(
    "task_resources",
    metadata,
    reference("task_id", "tasks"),
    reference("resource_id", "resources"),
    PrimaryKeyConstraint("task_id", "resource_id"),
)

tickets = Table(
    "tickets",
    metadata,
    id_column(),
    number_column(),
    reference("organization_id", "organizations"),
    reference("contact_id", "contacts", nullable=True),
    reference("originator_resource_id", "resources", nullable=True),
    text_column("originator_name"),
    text_column("originator_address"),
    Column("title", Text, nullable=False),
    text_column("description"),
    text_column("category"),
    text_column("ticket_type"),
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    text_column("queue"),
    text_column("source"),
    text_column("issue_type"),
    text_column("sub_issue_type"),
    Column("due_at", DateTime(timezone=True)),
    created_column(),
    text_column("resolution"),
    Column("description_html", Text),
    reference("primary_resource_id", "resources", nullable=True),
    text_column("role"),
    reference("device_id", "devices", nullable=True),
    text_column("alert_source"),
    Column("alert_id", Text),
    text_column("external_ticket_source"),
    Column("external_ticket_id", Text),
    reference("merged_into_id", "tickets", nullable=True),
    reference("linked_ticket_id", "tickets", nullable=True),
    Column("completed_at", DateTime(timezone=True)),
    CheckConstraint("merged_into_id <> id", name="merged_into"),
    Index("tickets_organization_id_idx", "organization_id"),
    # The same title from the same contact a short while ago is a question about both.
    Index("tickets_contact_id_idx", "contact_id", "created_at", postgresql_where=text("contact_id IS NOT NULL")),
    sparse_index("tickets_primary_resource_id_idx", "primary_resource_id"),
    sparse_index("tickets_device_id_idx", "device_id"),
    sparse_index("tickets_alert_id_idx", "organization_id", "alert_id"),
    sparse_index("tickets_external_ticket_id_idx", "organization_id", "external_ticket_id"),
    sparse_index("tickets_merged_into_id_idx", "merged_into_id"),
    sparse_index("tickets_linked_ticket_id_idx", "linked_ticket_id"),
)

ticket_contacts = Table(
    "ticket_contacts",
    metadata,
    reference("ticket_id", "tickets"),
    reference("contact_id", "contacts"),
    PrimaryKeyConstraint("ticket_id", "contact_id"),
)

ticket_resources = Table(
    "ticket_resources",
    metadata,
    reference("ticket_id", "tickets"),
    reference("resource_id", "resources"),
    PrimaryKeyConstraint("ticket_id", "resource_id"),
    Index("ticket_resources_resource_id_idx", "resource_id"),
)

ticket_tags = Table(
    "ticket_tags",
    metadata,
    reference("ticket_id", "tickets"),
    Column("tag", Text, nullable=False),
    PrimaryKeyConstraint("ticket_id", "tag"),
)

change_requests = Table(
    "change_requests",
    metadata,
    reference("ticket_id", "tickets", primary_key=True),
    created_column(),
)

change_request_approvers = Table(
    "change_request_approvers",
    metadata,
    id_column(),
    reference("ticket_id", "change_requests.ticket_id"),
    reference("resource_id", "resources", nullable=True),
    reference("contact_id", "contacts", nullable=True),
    text_column("decision"),
    Column("decided_at", DateTime(timezone=True)),
    text_column("note"),
    CheckConstraint("num_nonnulls(resource_id, contact_id) = 1", name="one_person"),
    CheckConstraint("decision IN ('', 'approved', 'rejected')", name="decision"),
    UniqueConstraint("ticket_id", "resource_id", name="change_request_approvers_resource_key"),
    UniqueConstraint("ticket_id", "contact_id", name="change_request_approvers_contact_key"),
)
