"""The migrations make what the tables say."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine

from inbound.database.migrate import migrate
from inbound.database.tables import metadata


def test_migrations_and_tables_agree(database: Engine) -> None:
    """Nothing in tables.py is missing in a migrated database, and the other way round."""
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        assert compare_metadata(context, metadata) == []


def test_migrations_go_back_and_forward_again(database: Engine) -> None:
    """A downgrade removes everything that the upgrade made."""
    assert migrate(database, revision="base")[1] is None
    with database.connect() as connection:
        left = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert {row.relname for row in left} <= {"alembic_version", "alembic_version_pkc"}
    assert migrate(database)[1] == "0001"
