"""The embedded PostgreSQL: a private, real server for a first run, for small sites and for the tests.

It runs as a direct child on a Unix socket below the state directory and ends with its parent, however that ends.

embedded.py            its life: start, stop, restart, and its URL
embedded_binaries.py   where the programs come from
embedded_account.py    as whom it runs
embedded_cluster.py    its files
embedded_options.py    its settings
embedded_child.py      the step between fork and exec
"""

import fcntl
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import psycopg
from psycopg import pq, sql

from inbound.database.embedded_account import (
    database_users,
    launch_command,
    require_way_to,
    server_account,
)
from inbound.database.embedded_binaries import find_binaries, reachable_binaries
from inbound.database.embedded_cluster import (
    ENVIRONMENT,
    NAME,
    Layout,
    await_orphan,
    create_data,
    data_major,
    disarm_stale_files,
    make_home,
    make_socket_directory,
    remove_unfinished_data,
    running_postmaster,
    url_of,
    wait_until,
    write_access_rules,
)
from inbound.database.embedded_options import server_options
from inbound.errors import AlreadyRunning, EmbeddedPostgresError

#: until the server answers at all
START_SECONDS = 30.0
#: until it has recovered from a crash; a shorter wait would begin the same recovery again and again
RECOVERY_SECONDS = 600.0
STOP_FAST_SECONDS = 20.0
STOP_IMMEDIATE_SECONDS = 10.0
#: a longer log is emptied at start
LONGEST_LOG_BYTES = 4_000_000
LOG_TAIL_BYTES = 2_000
#: what PostgreSQL says while backends of a postmaster that was killed are still ending
_BACKENDS_REMAIN = "pre-existing shared memory block"


class EmbeddedPostgres:
    """One private server on one state directory; the directory is locked from start to stop."""

    def __init__(self, state_directory: Path, *, binaries: str = "", durable: bool = True) -> None:
        """Prepare; nothing is touched before `start`.

        Args:
            state_directory: where the data lies; made when missing.
            binaries: directory of postgres and initdb; "" finds them.
            durable: False switches fsync and the like off, for tests: fast, and lost with the machine.
        """
        self._layout = Layout(state_directory.resolve())
        self._binaries_setting = binaries
        self._is_durable = durable
        self._lock: int | None = None
        self._socket_directory = Path()
        self._command: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._url: str | None = None
        self._log_start_bytes = 0

    @property
    def url(self) -> str:
        """The libpq URL, the same for every start on this state directory by this user.

        Raises:
            EmbeddedPostgresError: before the first start.
        """
        if self._url is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL has not been started")
        return self._url

    def start(self) -> str:
        """Start the server, on the first run after making its data directory; return its URL once it answers.

        Only on the main thread, because the kernel ends the server together with the thread that started it. Does
        nothing when the server runs.

        Raises:
            AlreadyRunning: when another process runs a server on this state directory.
            EmbeddedPostgresError: with the reason, what to do, and what PostgreSQL wrote into its log.
        """
        if self.is_alive():
            return self.url
        _require_main_thread()
        try:
            self._prepare()
            self._start_and_wait()
        except OSError as error:
            self.stop()
            raise EmbeddedPostgresError(f"cannot use server.state_directory: {error}") from error
        except BaseException:
            self.stop()
            raise
        return self.url

    def is_alive(self) -> bool:
        """Tell whether the server process runs; it may still be starting or recovering."""
        return self._process is not None and self._process.poll() is None

    def restart_if_dead(self) -> bool:
        """Launch the server again if it died since `start`, without waiting until it answers; tell whether it had died.

        Made to be called every second or so on the main thread: a launch takes some milliseconds, connections fail
        until the server has recovered, and a launch that comes to nothing is repeated by the next call.

        Raises:
            EmbeddedPostgresError: when the files in the state directory have become inaccessible.
        """
        if self._lock is None or self.is_alive():
            return False
        _require_main_thread()
        try:
            self._launch()
        except OSError as error:
            raise EmbeddedPostgresError(f"cannot restart the embedded PostgreSQL: {error}") from error
        return True

    def stop(self) -> None:
        """Stop the server and unlock the state directory: at most half a minute, then by force. May be called twice."""
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _prepare(self) -> None:
        """Do everything that comes before the launch; each step leaves alone what an earlier start has done."""
        layout = self._layout
        make_home(layout)
        if self._lock is None:
            self._lock = _locked(layout.lock)
        account = server_account(layout.data)
        require_way_to(layout.home, account)
        major = data_major(layout)
        binaries = reachable_binaries(
            find_binaries(self._binaries_setting, data_major=major), account, copies=layout.home
        )
        self._socket_directory = make_socket_directory(layout, account)
        await_orphan(layout)
        remove_unfinished_data(layout)
        if major is None:
            create_data(layout, binaries, account, is_durable=self._is_durable)
        write_access_rules(layout, database_users(account))
        self._url = url_of(self._socket_directory)
        options = server_options(layout, self._socket_directory, is_durable=self._is_durable)
        command = [str(binaries.directory / "postgres"), "-D", str(layout.data), *options]
        # SIGINT is PostgreSQL's fast shutdown: what a killed daemon leaves behind ends cleanly.
        self._command = launch_command(account, command, parent_signal=signal.SIGINT)

    def _start_and_wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        self._launch()
        while (said := self._wait_until_answering()) is not None:
            # Backends notice within moments that their postmaster is gone; until then PostgreSQL protects the data.
            if _BACKENDS_REMAIN not in said or time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"the embedded PostgreSQL ended while starting; {self._layout.log}:\n{said}"
                )
            time.sleep(0.2)
            self._launch()
        _ensure_database(self.url)

    def _launch(self) -> None:
        disarm_stale_files(self._layout, self._socket_directory)
        log = _open_log(self._layout.log)
        self._log_start_bytes = os.fstat(log).st_size
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- built above from paths that the operator chose, without a shell
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C on the terminal is for the daemon, which then stops the server
            )
        finally:
            os.close(log)

    def _wait_until_answering(self) -> str | None:
        """Wait for the server; None when it answers, the end of its log when it died.

        Raises:
            EmbeddedPostgresError: when it does neither in time.
        """
        started = time.monotonic()
        while self.is_alive():
            answer = pq.PGconn.ping(url_of(self._socket_directory, "postgres").encode())
            if answer == pq.Ping.OK:
                return None
            waited = time.monotonic() - started
            if waited > (RECOVERY_SECONDS if answer == pq.Ping.REJECT else START_SECONDS):
                raise EmbeddedPostgresError(
                    f"the embedded PostgreSQL did not answer within {waited:.0f} seconds; "
                    f"{self._layout.log}:\n{self._log_tail()}"
                )
            time.sleep(0.02)
        return self._log_tail()

    def _log_tail(self) -> str:
        """Tell the end of what the server wrote since it was launched."""
        with self._layout.log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(self._log_start_bytes, end - LOG_TAIL_BYTES))
            return file.read().decode(errors="replace").strip()


def embedded_url(state_directory: Path) -> str | None:
    """Tell the libpq URL of the server that runs on a state directory, from any process; None when none runs.

    Raises:
        EmbeddedPostgresError: when its files belong to another user: only that user and root may connect.
    """
    layout = Layout(state_directory.resolve())
    try:
        postmaster = running_postmaster(layout)
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"{layout.data} belongs to another user: ask as the user of the daemon, or as root"
        ) from error
    return url_of(postmaster.socket_directory) if postmaster is not None and postmaster.is_ready else None


def _require_main_thread() -> None:
    # prctl(2): the parent-death signal comes when the *thread* that created the process ends.
    if threading.current_thread() is not threading.main_thread():
        raise EmbeddedPostgresError("the embedded PostgreSQL can only be started on the main thread")


def _locked(path: Path) -> int:
    """Lock the state directory until the returned descriptor is closed, if need be by the end of the process."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise AlreadyRunning(f"another inbound runs on the state directory {path.parent}: stop it first") from error
    return descriptor


def _open_log(path: Path) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    if os.fstat(descriptor).st_size > LONGEST_LOG_BYTES:
        os.ftruncate(descriptor, 0)
    return descriptor


def _ensure_database(url: str) -> None:
    """Make our database in a new cluster, or in one whose first start was interrupted before."""
    try:
        with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [NAME]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
    except psycopg.Error as error:
        raise EmbeddedPostgresError(f"cannot make the database in the embedded PostgreSQL: {error}") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop a server: fast, then immediate, then by killing it; its backends then end by themselves."""
    for stop_signal, seconds in (
        (signal.SIGINT, STOP_FAST_SECONDS),
        (signal.SIGQUIT, STOP_IMMEDIATE_SECONDS),
    ):
        process.send_signal(stop_signal)
        if wait_until(lambda: process.poll() is not None, seconds):
            return
    process.kill()
    process.wait()
