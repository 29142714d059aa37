"""Who there is: organizations, their people and devices, and the people of the desk."""

from sqlalchemy import CheckConstraint, Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text, func, text

from inbound.database.tables.columns import (
    active_column,
    flag,
    id_column,
    metadata,
    reference,
    sparse_index,
    text_column,
)

#: one local organization at most: the desk itself
ORGANIZATIONS_LOCAL = "organizations_local_key"

organizations = Table(
    "organizations",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False, server_default=text("'customer'")),
    active_column(),
    flag("is_local", default=False),
    reference("parent_id", "organizations", nullable=True),
    reference("account_manager_id", "resources", nullable=True, is_cyclic=True),
    CheckConstraint("parent_id <> id", name="parent"),
    Index(ORGANIZATIONS_LOCAL, "is_local", unique=True, postgresql_where=text("is_local")),
    Index("organizations_name_idx", "name"),
    sparse_index("organizations_parent_id_idx", "parent_id"),
)

organization_domains = Table(
    "organization_domains",
    metadata,
    reference("organization_id", "organizations"),
    Column("domain", Text, nullable=False),
    PrimaryKeyConstraint("organization_id", "domain"),
)
Index("organization_domains_domain_idx", func.lower(organization_domains.c.domain))

organization_external_ids = Table(
    "organization_external_ids",
    metadata,
    reference("organization_id", "organizations"),
    text_column("source"),
    Column("external_id", Text, nullable=False),
    PrimaryKeyConstraint("organization_id", "source", "external_id"),
    Index("organization_external_ids_external_id_idx", "external_id", "source"),
)

contacts = Table(
    "contacts",
    metadata,
    id_column(),
    reference("organization_id", "organizations"),
    Column("name", Text, nullable=False),
    active_column(),
    Index("contacts_organization_id_idx", "organization_id"),
)

contact_addresses = Table(
    "contact_addresses",
    metadata,
    reference("contact_id", "contacts"),
    Column("position", SmallInteger, nullable=False),
    Column("address", Text, nullable=False),
    PrimaryKeyConstraint("contact_id", "position"),
    CheckConstraint("position BETWEEN 1 AND 3", name="position"),
)
Index("contact_addresses_address_idx", func.lower(contact_addresses.c.address))

resources = Table(
    "resources",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    active_column(),
    reference("co_managed_organization_id", "organizations", nullable=True),
)

resource_addresses = Table(
    "resource_addresses",
    metadata,
    reference("resource_id", "resources"),
    Column("address", Text, nullable=False),
    PrimaryKeyConstraint("resource_id", "address"),
)
Index("resource_addresses_address_idx", func.lower(resource_addresses.c.address))

resource_roles = Table(
    "resource_roles",
    metadata,
    reference("resource_id", "resources"),
    Column("role", Text, nullable=False),
    PrimaryKeyConstraint("resource_id", "role"),
)

devices = Table(
    "devices",
    metadata,
    id_column(),
    reference("organization_id", "organizations"),
    Column("name", Text, nullable=False),
    text_column("address"),
    active_column(),
    Index("devices_organization_id_idx", "organization_id"),
)
Index("devices_address_idx", func.lower(devices.c.address))

device_external_ids = Table(
    "device_external_ids",
    metadata,
    reference("device_id", "devices"),
    text_column("source"),
    Column("external_id", Text, nullable=False),
    PrimaryKeyConstraint("device_id", "source", "external_id"),
    Index("device_external_ids_external_id_idx", "external_id", "source"),
)
