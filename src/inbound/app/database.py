"""The database of a configuration: the operator's own, the embedded one of a running daemon, or one for a moment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inbound import logs
from inbound.config import Settings, state_directory
from inbound.database.directory import ensure_local_organization
from inbound.database.embedded import EmbeddedPostgres, embedded_url
from inbound.database.engine import Database, check_connection, open_engine, transaction
from inbound.database.migrate import check_schema, is_current, migrate
from inbound.errors import AlreadyRunning, NotFound

#: together fifteen seconds, longer than a start or a stop takes
_JOIN_ATTEMPTS = 150
_JOIN_PAUSE_SECONDS = 0.1
#: together five seconds, longer than most commands take
_ALONE_ATTEMPTS = 50


def embedded_for(settings: Settings, config: Path) -> EmbeddedPostgres | None:
    """The embedded PostgreSQL of a configuration, not started; None when the operator has their own."""
    if settings.database.url:
        return None
    return EmbeddedPostgres(state_directory(settings, config), binaries=settings.database.embedded_binaries)


@contextmanager
def database_url(settings: Settings, config: Path) -> Iterator[str]:
    """Where the database is; an embedded one that does not run yet runs for the length of the block.

    Raises:
        EmbeddedPostgresError: it cannot be started.
    """
    url = settings.database.url or embedded_url(state_directory(settings, config))
    embedded = None if url else embedded_for(settings, config)
    try:
        yield url or (_start_or_join(embedded, state_directory(settings, config)) if embedded else "")
    finally:
        if embedded:
            embedded.stop()


def _start_or_join(embedded: EmbeddedPostgres, directory: Path) -> str:
    """Start it; while another command or a daemon is busy starting or stopping it, wait a while."""
    for _ in range(_JOIN_ATTEMPTS):
        try:
            return embedded.start()
        except AlreadyRunning:
            url = embedded_url(directory)
            if url:
                return url
            time.sleep(_JOIN_PAUSE_SECONDS)
    return embedded.start()


def start_alone(embedded: EmbeddedPostgres) -> str:
    """Start it for a daemon; a command that runs it for a moment is given the time to end.

    Returns:
        its URL.

    Raises:
        AlreadyRunning: another daemon runs it.
        EmbeddedPostgresError: it cannot be started.
    """
    for _ in range(_ALONE_ATTEMPTS):
        try:
            return embedded.start()
        except AlreadyRunning:
            time.sleep(_JOIN_PAUSE_SECONDS)
    return embedded.start()


@contextmanager
def opened_database(settings: Settings, config: Path) -> Iterator[Database]:
    """A database that is ready for a command: reachable, safe, with the right schema.

    Raises:
        DatabaseError: it is not, and what to do.
        EmbeddedPostgresError: the embedded one cannot be started.
    """
    with database_url(settings, config) as url:
        engine = open_engine(url)
        try:
            make_ready(engine, settings)
            yield engine
        finally:
            engine.dispose()


def make_ready(engine: Database, settings: Settings) -> str:
    """Check the server and the schema, and see that the desk's own organization exists.

    Returns:
        the version of PostgreSQL.

    Raises:
        DatabaseError: with what to do.
    """
    version = check_connection(engine, is_unsafe_allowed=settings.database.allow_unsafe_durability)
    if not settings.database.url and not is_current(engine):
        # The embedded database is ours alone: nobody else decides when it changes.
        before, after = migrate(engine)
        logs.migrated(before=before, after=after)
    check_schema(engine)
    if settings.desk.local_organization:
        with transaction(engine) as tx:
            ensure_local_organization(tx, settings.desk.local_organization)
    return version


def running_url(settings: Settings, config: Path) -> str:
    """The URL of a database that runs without our help.

    Raises:
        NotFound: the embedded one does not run.
    """
    url = settings.database.url or embedded_url(state_directory(settings, config))
    if not url:
        raise NotFound(
            f"the embedded PostgreSQL of {state_directory(settings, config)} is not running: start `inbound serve`"
        )
    return url
