"""The tables, as migrations/ makes them (a test compares the two), and the names of the constraints we react to.

docs/schema.md describes them for the people who read them. Columns that a later migration added stand at the end.
"""

from inbound.database.tables.columns import metadata
from inbound.database.tables.directory import (
    ORGANIZATIONS_LOCAL,
    contact_addresses,
    contacts,
    device_external_ids,
    devices,
    organization_domains,
    organization_external_ids,
    organizations,
    resource_addresses,
    resource_roles,
    resources,
)
from inbound.database.tables.mail import (
    MESSAGES_IDENTITY,
    attachments,
    blobs,
    message_references,
    messages,
    notes,
    redeliveries,
    time_entries,
)
from inbound.database.tables.notices import outbox
from inbound.database.tables.objects import (
    NUMBER_TAKEN,
    change_request_approvers,
    change_requests,
    number_counters,
    object_numbers,
    project_resources,
    projects,
    task_resources,
    tasks,
    ticket_contacts,
    ticket_resources,
    ticket_tags,
    tickets,
)

__all__ = [
    "MESSAGES_IDENTITY",
    "NUMBER_TAKEN",
    "ORGANIZATIONS_LOCAL",
    "attachments",
    "blobs",
    "change_request_approvers",
    "change_requests",
    "contact_addresses",
    "contacts",
    "device_external_ids",
    "devices",
    "message_references",
    "messages",
    "metadata",
    "notes",
    "number_counters",
    "object_numbers",
    "organization_domains",
    "organization_external_ids",
    "organizations",
    "outbox",
    "project_resources",
    "projects",
    "redeliveries",
    "resource_addresses",
    "resource_roles",
    "resources",
    "task_resources",
    "tasks",
    "ticket_contacts",
    "ticket_resources",
    "ticket_tags",
    "tickets",
    "time_entries",
]
