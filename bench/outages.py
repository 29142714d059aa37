"""What happens to mail while PostgreSQL is stopped, hangs, or finds its disk full."""

import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from daemon import Daemon, temporary_directory
from inbound.database.embedded import EmbeddedPostgres
from mails import fill_directory
from mta import MailServer
from verdict import judge

CONNECTIONS = 15
#: short, so that an outage can be longer
DEADLINE_SECONDS = 3.0
OUTAGE_SECONDS = 8.0
#: the reply has to come this long after the deadline: the daemon's own grace, and a busy machine
GRACE_SECONDS = 2.5
RESUME_SECONDS = 60.0
SETTINGS = f"[intake]\ndeadline_seconds = {DEADLINE_SECONDS}\n"
DISK_BYTES = 400_000_000


class Trial:
    """A daemon under load, and what was found wrong with it."""

    def __init__(self, daemon: Daemon, seed: int) -> None:
        self.daemon = daemon
        self.wrong: list[str] = []
        self._pid = daemon.pid
        with psycopg.connect(daemon.database_url(), autocommit=True) as connection:
            fill_directory(connection)
        self.mta = MailServer(lambda: daemon.port, connections=CONNECTIONS, seed=seed)
        self.mta.start()
        self.must(self.mta.await_acknowledgements(100, RESUME_SECONDS), "no load could be built up")

    def must(self, is_met: bool, otherwise: str) -> None:  # noqa: FBT001 - an assertion with its message
        """Note what is wrong."""
        if not is_met:
            self.wrong.append(otherwise)

    def outage(self, name: str, begin: Callable[[], None], end: Callable[[], None], *, is_deferring: bool) -> None:
        """Let something fail for a while, and see how mail fares then and afterwards.

        Args:
            name: in the report.
            begin: starts the trouble.
            end: ends it.
            is_deferring: it lasts beyond the deadline, peers have to hear 451.
        """
        record = self.mta.record
        deferred, record.slowest_deferral_seconds = record.deferred.total(), 0.0
        begun = time.monotonic()
        begin()
        if is_deferring:
            time.sleep(OUTAGE_SECONDS)
        end()
        ended = time.monotonic()
        self.must(self.mta.await_acknowledgements(100, RESUME_SECONDS), f"{name}: mail did not flow again")
        resumed = time.monotonic()
        new = record.deferred.total() - deferred
        self.must(self.daemon.is_alive and self.daemon.pid == self._pid, f"{name}: the daemon ended")
        self.must(not is_deferring or new > 0, f"{name}: nobody heard 4yz")
        slowest = record.slowest_deferral_seconds
        self.must(slowest <= DEADLINE_SECONDS + GRACE_SECONDS, f"{name}: a deferral came after {slowest:.1f} s")
        self.must(set(record.deferred) <= {451, 452}, f"{name}: replies were {dict(record.deferred)}")
        print(
            f"  {name}: {ended - begun:.1f} s of trouble, {new} deferred, the slowest after {slowest:.1f} s; "
            f"mail flowed again after {resumed - ended:.1f} s"
        )

    def finish(self) -> list[str]:
        """Send what is left and compare; what is wrong."""
        self.must(self.mta.finish(RESUME_SECONDS * 2), "mails were left that nobody acknowledged")
        verdict = judge(self.daemon.database_url(), self.mta.record.acknowledged.values())
        print(f"  {verdict}")
        for error in sorted(self._errors()):
            print(f"  the daemon met: {error}")
        return self.wrong + self.mta.record.rejected + ([] if verdict.is_good else [str(verdict)])

    def _errors(self) -> set[str]:
        """What PostgreSQL said, one text per kind."""
        texts = [str(event["error"]) for event in self.daemon.events() if str(event["event"]).startswith("database_")]
        return {re.sub(r'"[^"]*"|\d{6,}', "…", text)[:150] for text in texts}


def database_stop(stops: int, seed: int) -> list[str]:
    """Stop PostgreSQL under load so many times, in several ways, then freeze it; what is wrong."""
    return _embedded_stops(stops, seed) + _own_stops(seed)


def _embedded_stops(stops: int, seed: int) -> list[str]:
    with Daemon(settings=SETTINGS) as daemon:
        daemon.start()
        print(f"embedded PostgreSQL, deadline {DEADLINE_SECONDS:.0f} s:")
        trial = Trial(daemon, seed)
        try:
            # Fast stop, immediate stop, crash.
            ways = itertools.cycle((signal.SIGINT, signal.SIGQUIT, signal.SIGKILL))
            for count, number in enumerate(itertools.islice(ways, stops), 1):
                trial.outage(
                    f"{count} of {stops}, {number.name} to its postmaster",
                    lambda number=number: os.kill(daemon.postmaster_pid(), number),  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
                    lambda: None,
                    is_deferring=False,
                )
            trial.outage(
                "all its processes hang (SIGSTOP)",
                lambda: _signal_all(daemon.postgres_pids(), signal.SIGSTOP),
                lambda: _signal_all(daemon.postgres_pids(), signal.SIGCONT),
                is_deferring=True,
            )
            trial.outage(
                "all but its postmaster hang, new connections are taken",
                lambda: _signal_all(set(daemon.postgres_pids()) - {daemon.postmaster_pid()}, signal.SIGSTOP),
                lambda: _signal_all(daemon.postgres_pids(), signal.SIGCONT),
                is_deferring=True,
            )
            return trial.finish()
        finally:
            _signal_all(daemon.postgres_pids(), signal.SIGCONT)
            trial.mta.stop()


def _signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _own_stops(seed: int) -> list[str]:
    """The same with a PostgreSQL that the daemon cannot start again: the outage is as long as we want."""
    directory = temporary_directory()
    server = EmbeddedPostgres(directory / "postgres-of-the-operator")
    try:
        url = server.start()
        with Daemon(directory=directory, settings=f'{SETTINGS}[database]\nurl = "{url}"\n') as daemon:
            daemon.command("migrate")
            daemon.start()
            print(f"own PostgreSQL, deadline {DEADLINE_SECONDS:.0f} s:")
            trial = Trial(daemon, seed)
            try:
                trial.outage("stopped (fast)", server.stop, lambda: _ignore(server.start()), is_deferring=True)
                return trial.finish()
            finally:
                trial.mta.stop()
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", directory], check=True)


def _ignore(_: object) -> None:
    """Callbacks return nothing."""


def disk_full(seed: int) -> list[str]:
    """Fill the disk of the database under load; what is wrong."""
    directory = temporary_directory()
    try:
        with _small_disk(directory / "state") as is_real, Daemon(directory=directory, settings=SETTINGS) as daemon:
            daemon.start()
            trial = Trial(daemon, seed)
            try:
                if is_real:
                    _full_disk(trial, daemon.state / "ballast")
                else:
                    _pretended_full_disk(trial, daemon.database_url())
                return trial.finish()
            finally:
                trial.mta.stop()
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)


@contextmanager
def _small_disk(path: Path) -> Iterator[bool]:
    """A file system of its own for the database, where we may mount one; says whether it is."""
    path.mkdir(mode=0o711)
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0711", "inbound-bench", str(path)]
    is_mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", str(path)], check=True)


def _full_disk(trial: Trial, ballast: Path) -> None:
    print(f"embedded PostgreSQL on a disk of {DISK_BYTES // 1_000_000} MB, deadline {DEADLINE_SECONDS:.0f} s:")
    trial.outage("disk full", lambda: _fill(ballast), ballast.unlink, is_deferring=True)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65_536))
        except OSError:
            return


def _pretended_full_disk(trial: Trial, url: str) -> None:
    print("no file system can be mounted here: a trigger says disk_full (53100) instead")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION pretend_disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        trial.outage(
            "disk full",
            lambda: _ignore(
                connection.execute(
                    "CREATE TRIGGER disk_full BEFORE INSERT ON messages EXECUTE FUNCTION pretend_disk_full()"
                )
            ),
            lambda: _ignore(connection.execute("DROP TRIGGER disk_full ON messages")),
            is_deferring=True,
        )
