"""One daemon under load: what was sent, what was stored, how long it took, and what it cost."""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import psycopg

from cpu import daemon_cpu, family_seconds
from daemon import Daemon
from mails import CONTACTS, FIRST_SERIAL

LOAD = Path(__file__).with_name("load.py")
_RUN_SECONDS = 900.0


class CountError(Exception):
    """The objects made differ from the mails sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a load generator does."""

    connections: int
    messages: int
    #: size of the file in each mail; 0 = none
    file_bytes: int = 0
    #: one connection per message
    is_renewing: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What a run has stored."""

    messages: int
    message_ids: int
    tickets: int
    numbers: int
    notes: int
    #: transactions that wrote the messages
    transactions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One measurement, its costs per message."""

    what: str
    per_second: float
    #: messages in a transaction
    batch: float = 0.0
    #: of the daemon: its event loops, its committers
    loop_us: float = 0.0
    committer_us: float = 0.0
    postgres_us: float = 0.0
    client_us: float = 0.0
    median_ms: float = 0.0
    p99_ms: float = 0.0

    @property
    def daemon_us(self) -> float:
        """CPU of the daemon, in microseconds."""
        return self.loop_us + self.committer_us


def run_client(port: int, work: Work, first_serial: int, contacts: int = CONTACTS) -> dict[str, float]:
    """Let the load generator work.

    Raises:
        CountError: a mail was refused, or a connection lost.
    """
    command = [
        *(sys.executable, str(LOAD), str(port), str(work.connections), str(work.messages), str(first_serial)),
        *("--contacts", str(contacts), "--file-bytes", str(work.file_bytes)),
        *(["--new-connections"] if work.is_renewing else []),
    ]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, timeout=_RUN_SECONDS)
    if done.returncode != 0:
        raise CountError("the load generator failed: a mail was refused, or a connection was lost")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def run_of(what: str, work: Work, figures: dict[str, float], **costs: float) -> Run:
    """What the load generator has measured."""
    return Run(
        what=what,
        per_second=work.messages / figures["seconds"],
        client_us=figures["cpu_seconds"] / work.messages * 1e6,
        median_ms=figures["median_seconds"] * 1e3,
        p99_ms=figures["p99_seconds"] * 1e3,
        **costs,
    )


class Serials:
    """Numbers of mails: no two of all runs are alike."""

    def __init__(self) -> None:
        self._next = FIRST_SERIAL

    def take(self, count: int) -> int:
        """The first of so many that nobody used yet."""
        first, self._next = self._next, self._next + count
        return first


class Bench:
    """One daemon under measurement."""

    def __init__(self, daemon: Daemon, serials: Serials, contacts: int = CONTACTS) -> None:
        """Connect to its database.

        Args:
            daemon: running.
            serials: shared by all that are measured side by side.
            contacts: of its directory.
        """
        self.daemon = daemon
        self.serials = serials
        self.contacts = contacts
        self.url = daemon.database_url()
        self.connection = psycopg.connect(self.url, autocommit=True)

    def run_load(self, what: str, work: Work) -> Run:
        """Send messages and compare what was made.

        Raises:
            CountError: it is not one ticket per mail, or not every mail was answered 250.
        """
        self.settle()
        last = self._last_rows()
        cpu_before, postgres_before = daemon_cpu(self.daemon.pid), family_seconds(self.daemon.postgres_pids())
        figures = run_client(self.daemon.port, work, self.serials.take(work.messages), self.contacts)
        cpu = daemon_cpu(self.daemon.pid) - cpu_before
        postgres = family_seconds(self.daemon.postgres_pids()) - postgres_before
        new = self._counts_since(last)
        _compare(work.messages, int(figures["acknowledged"]), new)
        return run_of(
            what,
            work,
            figures,
            batch=work.messages / new.transactions,
            loop_us=cpu.loops / work.messages * 1e6,
            committer_us=cpu.committers / work.messages * 1e6,
            postgres_us=postgres / work.messages * 1e6,
        )

    def settle(self) -> None:
        """Begin every run with the same debts: none."""
        self.connection.execute("CHECKPOINT")

    def free_connections(self) -> int:
        """Connections that the server has left."""
        row = self.connection.execute(
            "SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend'"
        ).fetchone()
        return int(row[0]) if row else 0

    def server(self) -> dict[str, str]:
        """What every commit means here."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        return {name: str(self.connection.execute(f"SHOW {name}").fetchone()[0]) for name in names}  # type: ignore[index]  # SHOW has a row

    def _last_rows(self) -> dict[str, int]:
        row = self.connection.execute(
            "SELECT (SELECT coalesce(max(id), 0) FROM messages), (SELECT coalesce(max(id), 0) FROM tickets), "
            "(SELECT coalesce(max(id), 0) FROM notes)"
        ).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM has a row
        return dict(zip(("message", "ticket", "note"), row, strict=True))

    def _counts_since(self, last: dict[str, int]) -> Counts:
        row = self.connection.execute(
            "SELECT (SELECT count(*) FROM messages WHERE id > %(message)s), "
            "(SELECT count(DISTINCT message_id) FROM messages WHERE id > %(message)s), "
            "(SELECT count(*) FROM tickets WHERE id > %(ticket)s), "
            "(SELECT count(DISTINCT number) FROM tickets WHERE id > %(ticket)s), "
            "(SELECT count(*) FROM notes WHERE id > %(note)s), "
            "(SELECT count(DISTINCT xmin::text) FROM messages WHERE id > %(message)s)",
            last,
        ).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM has a row
        names = ("messages", "message_ids", "tickets", "numbers", "notes", "transactions")
        return Counts(**dict(zip(names, row, strict=True)))


def _compare(sent: int, acknowledged: int, new: Counts) -> None:
    made = {
        "acknowledged": acknowledged,
        "messages": new.messages,
        "distinct Message-IDs": new.message_ids,
        "tickets": new.tickets,
        "distinct numbers": new.numbers,
    }
    wrong = {name: count for name, count in made.items() if count != sent}
    if wrong or new.notes:
        raise CountError(f"{sent} mails were sent, but there are: {made}, notes: {new.notes}")


def medians(runs: Iterable[Run]) -> dict[str, Run]:
    """One run per kind of run, each figure the median of its rounds."""
    kinds: dict[str, list[Run]] = {}
    for run in runs:
        kinds.setdefault(run.what, []).append(run)
    names = [field.name for field in fields(Run) if field.name != "what"]
    return {
        what: Run(what=what, **{name: statistics.median(getattr(run, name) for run in same) for name in names})
        for what, same in kinds.items()
    }
