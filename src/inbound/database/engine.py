"""Connections, transactions, and the translation of what PostgreSQL says into whose trouble it is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.string import BytesBinaryDumper, StrBinaryDumper
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from inbound.database.arrays import ArrayDumper
from inbound.database.tables import MESSAGES_IDENTITY
from inbound.errors import DatabaseError, DatabaseTrouble, IdentityTaken, UnsafeDurability

# Aliases, so that callers can name them without importing sqlalchemy themselves.
Transaction = Connection
#: Where transactions come from.
Database = Engine

#: SQLSTATE classes that are our trouble: connection, rollback (deadlock, ...), resources, intervention, system; and
#: what no message can cause because statements never change: authorization, missing or changed tables, corruption
TROUBLE_CLASSES = frozenset({"08", "40", "53", "57", "58", "26", "28", "42", "XX"})
#: the same for single states: lock not available; read-only transaction (a standby that has not been promoted yet);
#: a table changed under a prepared statement
TROUBLE_STATES = frozenset({"55P03", "25006", "0A000"})

#: with no SQLSTATE these never came to a statement: no connection, or connection settings that libpq rejects
_UNHEARD = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.ProgrammingError)

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # sqlalchemy leaves it untyped

CONNECT_SECONDS = 5
#: a statement of the pipeline takes milliseconds; one that takes this long waits for something that will not come
STATEMENT_SECONDS = 30


def open_engine(url: str, *, application_name: str = "inbound") -> Engine:
    """Prepare connections to PostgreSQL; nothing is opened yet.

    Args:
        url: libpq URL, ``postgresql://…``.
        application_name: shown in ``pg_stat_activity``.
    """
    settings = {
        "plan_cache_mode": "force_generic_plan",  # statements take arrays: one plan serves every batch size
        # Such a plan is kept for ever, also one that was made while a table was empty and a scan seemed cheap.
        # Every look-up of the pipeline has its index.
        "enable_seqscan": "off",
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{STATEMENT_SECONDS}s",
    }
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        # Without the error's own text: it may quote the password.
        raise DatabaseError("database.url cannot be read: postgresql://USER@HOST:PORT/DATABASE") from error
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        hide_parameters=True,  # else mail bodies reach the logs inside error texts
        pool_size=2,
        max_overflow=4,
        pool_timeout=CONNECT_SECONDS,
        connect_args={
            "prepare_threshold": 0,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": application_name,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": STATEMENT_SECONDS * 1000,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    )
    event.listen(engine, "connect", _use_binary_parameters)
    return engine


class _ViewDumper(BytesBinaryDumper):
    """Sends what a view shows. The driver's own dumper, in C, makes a copy first; its name is how it is found."""


def _use_binary_parameters(connection: psycopg.Connection, _record: object) -> None:
    # Measured: the text form of lists costs three times as much, and lists are all that the pipeline sends.
    connection.adapters.register_dumper(str, StrBinaryDumper)
    connection.adapters.register_dumper(list, ArrayDumper)
    connection.adapters.register_dumper(memoryview, _ViewDumper)


@contextmanager
def transaction(engine: Engine) -> Iterator[Transaction]:
    """One transaction: committed at the end of the block, rolled back by any exception.

    Raises:
        DatabaseTrouble: when PostgreSQL cannot be reached, cannot go on, or did not confirm the commit.
    """
    try:
        with engine.begin() as tx:
            yield tx
    except (DBAPIError, psycopg.Error) as error:
        raise_translated(error)


def statement(sql: str) -> str:
    """A statement for `execute`; its parameters are written ``:name``."""
    return str(text(sql).compile(dialect=_DIALECT))


def execute(tx: Transaction, statement: str, parameters: Mapping[str, object]) -> list[Any]:
    """Run one statement of the pipeline; its rows are named tuples.

    Straight to the driver: what SQLAlchemy does for a statement and its result takes as long as sending it.

    Args:
        tx: the transaction.
        statement: made by `statement`.
        parameters: by name.

    Returns:
        nothing for a statement without rows, and inside of `pipelined`.
    """
    driver: Any = tx.connection.driver_connection
    with driver.cursor(row_factory=namedtuple_row) as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def pipelined(tx: Transaction) -> Iterator[None]:
    """Send the statements of the block without waiting for each other's end: one round trip for all of them.

    None of them may return rows. What one of them fails with is raised when the block ends, or before.
    """
    driver: Any = tx.connection.driver_connection
    with driver.pipeline():
        yield


@contextmanager
def rolled_back(engine: Engine) -> Iterator[Transaction]:
    """One transaction that never commits."""
    try:
        with engine.connect() as tx:
            begun = tx.begin()
            yield tx
            begun.rollback()
    except (DBAPIError, psycopg.Error) as error:
        raise_translated(error)


def raise_translated(error: DBAPIError | psycopg.Error) -> None:
    """Raise our own error where the trouble is ours, else the error itself.

    What is not ours (a data error, a violated constraint) is the message's, and stays as it is: `intake` looks for
    the message that causes it.
    """
    # What a pipeline fails with comes as the driver raised it.
    original: Any = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None) or ""
    if getattr(getattr(original, "diag", None), "constraint_name", None) == MESSAGES_IDENTITY:
        raise IdentityTaken("another process stored the same message first") from error
    is_unheard = not state and isinstance(original, _UNHEARD)
    is_lost = getattr(error, "connection_invalidated", False) or is_unheard
    if is_lost or state[:2] in TROUBLE_CLASSES or state in TROUBLE_STATES:
        raise DatabaseTrouble(f"PostgreSQL: {describe(original)}") from error
    raise error


def describe(error: BaseException | None) -> str:
    """The first line of a database error with its SQLSTATE: for the log, never for a peer; holds no parameters."""
    state = getattr(error, "sqlstate", None)
    # The message of a database error names columns and constraints; values stand in DETAIL, a later line.
    lines = str(error).strip().splitlines()
    first = lines[0][:300] if lines else type(error).__name__
    return f"{first} (SQLSTATE {state})" if state else first


def check_connection(engine: Engine, *, is_unsafe_allowed: bool = False) -> str:
    """Connect once and look at the server.

    Returns:
        the server's version.

    Raises:
        DatabaseTrouble: PostgreSQL cannot be reached.
        DatabaseError: it is older than 15.
        UnsafeDurability: it would confirm a commit that is not on disk, and that is not allowed.
    """
    with transaction(engine) as tx:
        version = str(tx.scalar(text("SHOW server_version")))
        number = int(str(tx.scalar(text("SHOW server_version_num"))))
        names = ("fsync", "full_page_writes", "synchronous_commit")
        off = [name for name in names if tx.scalar(text(f"SHOW {name}")) == "off"]
    if number < 150_000:
        raise DatabaseError(f"PostgreSQL {version} is too old: inbound needs 15 or newer")
    if off and not is_unsafe_allowed:
        raise UnsafeDurability(
            f"PostgreSQL has {' and '.join(off)} off: a mail that was answered with 250 could be lost. "
            "Switch it on, or say database.allow_unsafe_durability = true"
        )
    return version
