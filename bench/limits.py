"""Other servers and another client, for comparison: smtp-sink and smtp-source of Postfix, stock aiosmtpd."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon import wait_until

#: where distributions put them, often not on the path of ordinary users
_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_LISTENING_SECONDS = 5.0
_RUN_SECONDS = 600.0
#: connections that may wait for smtp-sink
_BACKLOG = 1_024


def find_program(name: str) -> str | None:
    """Path of a program of Postfix."""
    return shutil.which(name, path=_SBIN)


def smtp_source_run(source: str, port: int, connections: int, messages: int) -> float:
    """Messages per second that smtp-source gets rid of; mails of 3 kB over kept connections, without PIPELINING.

    Raises:
        subprocess.CalledProcessError: a message was refused.
    """
    command = [
        *(source, "-d", "-s", str(connections), "-m", str(messages), "-l", "3000"),
        *("-f", "source@customer.example", "-t", "support@desk.example", f"127.0.0.1:{port}"),
    ]
    begun = time.perf_counter()
    subprocess.run(command, check=True, timeout=_RUN_SECONDS)
    return messages / (time.perf_counter() - begun)


@contextmanager
def smtp_sink(sink: str) -> Iterator[int]:
    """Run smtp-sink, which throws everything away; its port."""
    port = _free_port()
    # Started by root it wants to become somebody else.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with _running([sink, *user, f"127.0.0.1:{port}", str(_BACKLOG)]):
        wait_until(lambda: _is_listening(port), _LISTENING_SECONDS)
        yield port


@contextmanager
def stock_aiosmtpd() -> Iterator[int]:
    """Run stock aiosmtpd with a handler that does nothing; its port."""
    with _running([sys.executable, str(Path(__file__).with_name("null_server.py"))]) as server:
        assert server.stdout is not None  # noqa: S101 - a pipe
        yield int(server.stdout.readline())


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    server = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        yield server
    finally:
        server.terminate()
        server.communicate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
