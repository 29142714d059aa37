"""A real PostgreSQL for the session, and a fresh copy of the migrated schema for every test that asks for one."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from desk import Desk
from inbound.database.embedded import EmbeddedPostgres
from inbound.database.engine import open_engine
from inbound.database.migrate import migrate

# No test asserts a time, so none fails because the machine is busy. Where every change is judged (CI is set), the
# examples are always the same; a find of somebody's own run becomes a test of its own.
settings.register_profile("inbound", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("inbound")

_names = (f"test_{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def log() -> None:
    """Short tracebacks, on whatever standard output is now: a command that ran in this process wrote to its own.

    Unconfigured, structlog draws a traceback with all its variables, a second for each.
    """
    levels, exceptions = structlog.processors.add_log_level, structlog.processors.format_exc_info
    structlog.configure(
        processors=[levels, exceptions, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The libpq URL of a PostgreSQL that lives as long as the tests; not durable, for speed."""
    # Not below pytest's own directory: as root, PostgreSQL runs as a user who may not enter that.
    directory = Path(tempfile.mkdtemp(prefix="inbound-tests-"))
    directory.chmod(0o755)
    server = EmbeddedPostgres(directory, durable=False)
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def admin(postgres: str) -> Iterator[Engine]:
    """Connections outside any transaction, for CREATE DATABASE."""
    engine = open_engine(postgres, application_name="tests").execution_options(isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(admin: Engine, postgres: str) -> str:
    """Name of a database with the schema and nothing in it."""
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE template_inbound"))
    engine = open_engine(_url(postgres, "template_inbound"))
    migrate(engine)
    engine.dispose()
    return "template_inbound"


@pytest.fixture
def database_url(admin: Engine, postgres: str, template: str) -> Iterator[str]:
    """The libpq URL of an own copy of the schema."""
    yield from _copies(admin, postgres, template)


@pytest.fixture
def other_database_url(admin: Engine, postgres: str, template: str) -> Iterator[str]:
    """The libpq URL of a second copy."""
    yield from _copies(admin, postgres, template)


def _copies(admin: Engine, postgres: str, template: str) -> Iterator[str]:
    name = next(_names)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield _url(postgres, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """An own copy of the schema."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def desk(database: Engine) -> Desk:
    """The same, with a local organization, and words to fill it and ask it."""
    return Desk(database)


def _url(maintenance: str, name: str) -> str:
    return make_url(maintenance).set(database=name).render_as_string(hide_password=False)
