"""The schema: which one is there, which one this program needs, and the way from one to the other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, text

from inbound.database.engine import Transaction, transaction
from inbound.errors import SchemaMismatch

#: one migration at a time, whoever starts it; an arbitrary constant of this program
_MIGRATION_LOCK = 0x696E626F756E64


def migrations_directory() -> Path:
    """``migrations/`` of the checkout, or the copy inside an installed package."""
    package = Path(__file__).parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_directory()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def needed_revision() -> str:
    """The revision this program was written for."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current_revision(tx: Transaction) -> str | None:
    """The revision of the database; None for an empty one."""
    return MigrationContext.configure(tx).get_current_revision()


def migrate(engine: Engine, *, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the schema to a revision, forward or back.

    Returns:
        the revision before and after.

    Raises:
        SchemaMismatch: there is no such revision.
        DatabaseTrouble: PostgreSQL refuses; the role must be allowed to create tables.
    """
    config = _config()
    with transaction(engine) as tx:
        # A migration may take longer than any statement of the pipeline.
        tx.execute(text("SET LOCAL statement_timeout = 0"))
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        before = current_revision(tx)
        config.attributes["connection"] = tx
        try:
            if revision in {"head", needed_revision()}:
                command.upgrade(config, "head")
            else:
                command.downgrade(config, revision)
        except CommandError as error:
            raise SchemaMismatch(f"cannot migrate to revision {revision!r}: {error}") from error
        after = current_revision(tx)
    return before, after


def is_current(engine: Engine) -> bool:
    """Is the schema the one this program needs?"""
    with transaction(engine) as tx:
        return current_revision(tx) == needed_revision()


def check_schema(engine: Engine) -> None:
    """Refuse to run on another schema than the one this program was written for.

    Raises:
        SchemaMismatch: with what to do.
    """
    needed = needed_revision()
    with transaction(engine) as tx:
        current = current_revision(tx)
    if current is None:
        raise SchemaMismatch("the database holds no inbound schema yet: run `inbound migrate`")
    if current != needed:
        raise SchemaMismatch(
            f"the database has schema {current}, this inbound needs {needed}: "
            "run `inbound migrate`, or the version of inbound that made it"
        )
