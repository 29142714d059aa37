"""A real daemon in a process of its own, for tests that start, kill, reload and stop it."""

import json
import os
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CONFIG = """
[server]
domains = ["desk.example"]
state_directory = "state"
workers = 2
[[listeners]]
port = 0
[[peers]]
name = "loopback"
networks = ["127.0.0.0/8"]
trusted = true
[database]
url = "{url}"
allow_unsafe_durability = true
[intake]
deadline_seconds = {deadline}
{more}
[[mailboxes]]
name = "support"
address = "support@desk.example"
"""


class Daemon:
    """`inbound serve` with a configuration of its own."""

    def __init__(self, database_url: str = "", *, more: str = "", deadline: float = 20) -> None:
        # As root, the embedded PostgreSQL runs as a user who may not enter pytest's own directories.
        self.directory = Path(tempfile.mkdtemp(prefix="inbound-daemon-"))
        self.directory.chmod(0o755)
        self.config = self.directory / "inbound.toml"
        self.config.write_text(CONFIG.format(url=database_url, deadline=deadline, more=more))
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._starts = 0

    def start(self) -> None:
        """Start, and wait until it listens."""
        self._starts += 1
        command = [sys.executable, "-m", "inbound", "serve", "--config", str(self.config)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        self.port = int(self.wait_for("started", "listening")["port"])

    @property
    def log(self) -> Path:
        """What the current start wrote."""
        return self.directory / f"log.{self._starts}"

    def events(self, name: str) -> list[dict[str, Any]]:
        """Events of that name in the log of the current start."""
        lines = [line for line in self.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
        return [event for event in map(json.loads, lines) if event.get("event") == name]

    def wait_for(self, name: str, other: str | None = None, *, count: int = 1, seconds: float = 60) -> dict[str, Any]:
        """The last event of that name, or the last ``other``, once there are ``count`` of that name."""
        for _ in range(int(seconds * 20)):
            if len(self.events(name)) >= count:
                return self.events(other or name)[-1]
            assert self.process is not None
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError(f"no {name} in the log:\n{self.log.read_text()}")

    def workers(self) -> list[int]:
        """The processes that take mail."""
        assert self.process is not None
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def send(self, content: bytes, to: Sequence[str] = ("support@desk.example",)) -> None:
        """Send a mail with a real client; raises smtplib's errors."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.sendmail("ann@customer.example", list(to), content)

    def command(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run another inbound command on the same configuration."""
        command = [sys.executable, "-m", "inbound", *arguments, "--config", str(self.config)]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the daemon alone."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end."""
        assert self.process is not None
        self.send_signal(number)
        return self.process.wait(60)

    def close(self) -> None:
        """End what still runs, and remove everything."""
        if self.process is not None and self.process.poll() is None:
            self.end(signal.SIGKILL)
        for _ in range(100):
            if not list((self.directory / "state").rglob("postmaster.pid")):
                break
            time.sleep(0.1)
        shutil.rmtree(self.directory)
