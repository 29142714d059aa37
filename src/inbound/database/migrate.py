"""The schema: which one is there, which one this program needs, and the way from one to the other."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text

from inbound.database.engine import Transaction, transaction
from inbound.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

#: one migration at a time, whoever starts it; an arbitrary constant of this program
_MIGRATION_LOCK = 0x696E626F756E64


def migrations_directory() -> Path:
    """``migrations/`` of the checkout, or the copy inside an installed package."""
    package = Path(__file__).parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations_directory()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def needed_revision() -> str:
    """The revision this program was written for: every migration's file name begins with its own."""
    return max(path.name.partition("_")[0] for path in (migrations_directory() / "versions").glob("[0-9]*.py"))


def current_revision(tx: Transaction) -> str | None:
    """The revision of the database; None for an empty one."""
    if tx.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return None if revision is None else str(revision)


def migrate(engine: Engine, *, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the schema to a revision, forward or back.

    Returns:
        the revision before and after.

    Raises:
        SchemaMismatch: there is no such revision.
        DatabaseTrouble: PostgreSQL refuses; the role must be allowed to create tables.
    """
    # Alembic takes a quarter of a second to load, and an ordinary start needs nothing of it.
    from alembic import command
    from alembic.util.exc import CommandError

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
