"""A process of the daemon, as its supervisor sees it."""

import os
import signal
import socket
import time
from dataclasses import dataclass, field

from inbound import logs

#: how long a process may take to read its new settings
ORDER_SECONDS = 5.0


@dataclass(kw_only=True, slots=True, eq=False)
class Child:
    """A worker process, or the one that sends notices."""

    number: int
    pid: int
    channel: socket.socket
    #: `time.monotonic()` of its start, and of the last sign of life
    began_at: float = field(default_factory=time.monotonic)
    heard_at: float = field(default_factory=time.monotonic)
    is_ready: bool = False

    def order(self, octets: bytes) -> None:
        """Hand new settings over; a process that does not read them is ended."""
        try:
            self.channel.sendall(octets)
        except OSError:
            # It does not read: its successor begins with the new settings.
            logs.worker_hangs(worker=self.number, pid=self.pid, seconds=ORDER_SECONDS)
            os.kill(self.pid, signal.SIGKILL)
