"""What smtp-source and smtp-sink can do on this machine, where Postfix's package is installed."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

from daemon import wait_until

#: where distributions put them, often not on the path of ordinary users
_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
_LISTENING_SECONDS = 5.0
_RUN_SECONDS = 600.0


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


def smtp_sink_limit(sink: str, load: Path, connections: int, messages: int, first_serial: int) -> str:
    """What our own load generator says about a server that throws everything away: its JSON.

    Raises:
        subprocess.CalledProcessError: smtp-sink refused something.
    """
    port = _free_port()
    # Started by root it wants to become somebody else.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    server = subprocess.Popen([sink, *user, f"127.0.0.1:{port}", str(connections)])
    try:
        wait_until(lambda: _is_listening(port), _LISTENING_SECONDS)
        arguments = [str(number) for number in (port, connections, messages, first_serial)]
        done = subprocess.run(
            [sys.executable, load, *arguments], check=True, stdout=subprocess.PIPE, text=True, timeout=_RUN_SECONDS
        )
        return done.stdout
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
