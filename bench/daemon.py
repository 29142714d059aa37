"""A real daemon for a script: its own configuration, state and port below a temporary directory; ended by its pid."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: the first start makes a database, later ones may recover one
START_SECONDS = 90.0
#: draining, and then a fast shutdown of PostgreSQL
STOP_SECONDS = 60.0
INBOUND = Path(sys.executable).with_name("inbound")

CONFIGURATION = """\
[server]
hostname = "bench.desk.example"
domains = ["desk.example"]
state_directory = "state"

[[listeners]]
address = "127.0.0.1"
port = 0

[[peers]]
name = "loopback"
networks = ["127.0.0.0/8"]
trusted = true

[logs]
format = "json"

[[mailboxes]]
name = "support"
address = "support@desk.example"

[[mailboxes]]
name = "vip"
address = "vip@desk.example"
"""


class DaemonError(Exception):
    """The daemon did not do what a script needs; the text holds the end of its log."""


def temporary_directory() -> Path:
    """Make a directory that the unprivileged user of the embedded PostgreSQL can walk through."""
    directory = Path(tempfile.mkdtemp(prefix="inbound-bench-"))
    directory.chmod(0o711)
    return directory


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it did not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_met


class Daemon:
    """`inbound serve` on a directory; as a context manager it stops, and its directory goes."""

    def __init__(self, *, directory: Path | None = None, settings: str = "", workers: int = 0) -> None:
        """Write the configuration; nothing is started.

        Args:
            directory: of configuration, state and log; None makes a temporary one that is removed in the end.
            settings: further TOML, its tables complete, a line feed at the end.
            workers: processes that take mail; 0 = as many as the daemon thinks right.
        """
        self._is_temporary = directory is None
        self.directory = directory or temporary_directory()
        self.config = self.directory / "inbound.toml"
        self.config.write_text(f"{settings}\n{CONFIGURATION}", encoding="utf-8")
        self.log = self.directory / "daemon.log"
        self.state = self.directory / "state"
        self.port = 0
        self._workers = workers
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running daemon."""
        if self._process is None:
            raise DaemonError("the daemon was not started")
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Does the process run?"""
        return self._process is not None and self._process.poll() is None

    def start(self) -> float:
        """Start, and wait until it listens.

        Returns:
            the seconds that took.

        Raises:
            DaemonError: it ended, or did not listen in time.
        """
        begun = time.monotonic()
        begin_bytes = self.log.stat().st_size if self.log.exists() else 0
        # Straight into a file: a pipe would cost the script, and so the measurement, a reader.
        with self.log.open("ab") as log, self.directory.joinpath("daemon.out").open("ab") as out:
            command = [str(INBOUND), "serve", "--config", str(self.config), "--workers", str(self._workers)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=log)
        # From here on something runs that has to be ended, whatever happens.
        is_up = wait_until(lambda: not self.is_alive or self._has_started(begin_bytes), START_SECONDS)
        if not is_up or not self.is_alive:
            self.kill()
            raise DaemonError(f"the daemon did not start; the end of its log:\n{self._log_text()[-3000:]}")
        return time.monotonic() - begun

    def stop(self) -> None:
        """SIGTERM, and wait for the end.

        Raises:
            DaemonError: it did not end in time and was killed, or ended with another status than 0.
        """
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise DaemonError(f"the daemon did not stop within {STOP_SECONDS:.0f} seconds") from error
        self._process = None
        if status != 0:
            raise DaemonError(f"the daemon ended with status {status}; the end of its log:\n{self._log_text()[-3000:]}")

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def command(self, *arguments: str) -> str:
        """Run another `inbound` command on this configuration; its standard output.

        Raises:
            DaemonError: it failed.
        """
        done = subprocess.run(
            [str(INBOUND), *arguments, "--config", str(self.config)],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise DaemonError(f"inbound {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def database_url(self) -> str:
        """The libpq URL of the daemon's database."""
        return self.command("database", "url")

    def events(self) -> list[dict[str, Any]]:
        """The log so far; a line that is no JSON object becomes the event ``not_json``."""
        return [_event(line) for line in self._log_text().splitlines() if line]

    def postgres_pids(self) -> list[int]:
        """Processes of PostgreSQL on this state directory: all of them work in its data directory."""
        pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - numbers, not paths
        return sorted(pid for pid in pids if self._works_in_data(pid))

    def postmaster_pid(self) -> int:
        """The first process of PostgreSQL, as it says itself."""
        return int((self._data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self.kill()
            if self._is_temporary:
                # The server of a killed daemon may still be writing its last files.
                wait_until(lambda: not self.postgres_pids(), STOP_SECONDS)
                shutil.rmtree(self.directory)

    @property
    def _data(self) -> Path:
        return self.state / "postgres" / "data"

    def _works_in_data(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self._data
        except OSError:
            return False

    def _has_started(self, begin_bytes: int) -> bool:
        with self.log.open("rb") as file:
            file.seek(begin_bytes)
            complete = file.read().decode(errors="replace").rpartition("\n")[0]
        events = [_event(line) for line in complete.splitlines()]
        self.port = next((event["port"] for event in events if event["event"] == "listening"), self.port)
        return any(event["event"] == "started" for event in events)

    def _log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def defects(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events of a log that tell of a defect: errors, tracebacks, lines that are not JSON."""
    return [
        event
        for event in events
        if event["event"] == "not_json" or "exception" in event or event.get("level") in {"error", "critical"}
    ]


def _event(line: str) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        return {"event": "not_json", "line": line}
    return event if isinstance(event, dict) and "event" in event else {"event": "not_json", "line": line}
