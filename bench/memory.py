"""How much memory the daemon takes when peers or PostgreSQL do their worst, beside the bound of docs/security.md.

    .venv/bin/python bench/memory.py [--hang SECONDS] [SCENE...]

Each scene has a daemon of its own, with default settings but for the number of connections. What its processes hold is
looked at five times a second: memory that is theirs alone, and their share of what is shared (PSS in Linux). PostgreSQL
is shown beside it; its memory is a matter of its own settings. Exits with 1 when a peak is above the bound.
"""

import argparse
import contextlib
import os
import resource
import shutil
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from daemon import Daemon, defects, temporary_directory
from inbound.config import IntakeSettings, Server
from mails import FIRST_SERIAL, make_mail

MEGABYTE = 1_000_000
CONNECTIONS = 2_000
BIG_MAILS = 50
BIG_BYTES = 29 * MEGABYTE
ENDLESS_LINES = 20
ENDLESS_BYTES = 100 * MEGABYTE
HANG_SECONDS = 40.0
SETTLE_SECONDS = 3.0
SAMPLE_SECONDS = 0.2
REPLY_SECONDS = 600.0
UNREAD_SECONDS = 0.2
RCPT = b"RCPT TO:<support@desk.example>"
#: the listener with TLS stands first and is the one that is used
SETTINGS = f"""
[[listeners]]
port = 0
tls = "starttls"
certificate = "certificate.pem"
key = "key.pem"

[limits]
connections = {CONNECTIONS + 100}
connections_per_network = {CONNECTIONS + 100}
"""


def bound_bytes(workers: int) -> int:
    """The bound that docs/security.md states, for these settings."""
    intake, server = IntakeSettings(), Server()
    held = max(intake.queue_bytes, workers * server.max_message_bytes)
    batches = workers * max(intake.batch_bytes, server.max_message_bytes)
    return (1 + workers) * 100 * MEGABYTE + (CONNECTIONS + 100) * MEGABYTE // 2 + held + 8 * batches


@dataclass(slots=True)
class Peaks:
    """The most that was seen, in bytes."""

    daemon: int = 0
    postgres: int = 0
    #: of one process of the daemon
    one: int = 0
    events: list[str] = field(default_factory=list)


class Watch:
    """Samples the memory of a daemon while its `with` block runs."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.peaks = Peaks()

    def __enter__(self) -> Peaks:
        self._thread.start()
        return self.peaks

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            postgres = set(self._daemon.postgres_pids())
            own = [pss_bytes(pid) for pid in tree(self._daemon.pid) if pid not in postgres]
            self.peaks.daemon = max(self.peaks.daemon, sum(own))
            self.peaks.one = max(self.peaks.one, *own)
            self.peaks.postgres = max(self.peaks.postgres, sum(map(pss_bytes, postgres)))


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        children = []
    return [pid, *(below for child in children for below in tree(int(child)))]


def pss_bytes(pid: int) -> int:
    """What a process holds, its share of shared pages included; 0 when it is gone."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1_024 for line in rollup.splitlines() if line.startswith("Pss:"))


class Peer:
    """A connection that has heard the greeting."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), REPLY_SECONDS)
        self._lines = self._socket.makefile("rb")
        self.reply()

    def reply(self) -> str:
        """The last line of the next reply; empty at the end."""
        line = self._lines.readline()
        while line[3:4] == b"-":
            line = self._lines.readline()
        return line.decode().rstrip()

    def say(self, octets: bytes) -> str:
        """Send octets and hear the reply; "cut" when the connection breaks."""
        try:
            self._socket.sendall(octets)
            return self.reply()
        except OSError:
            return "cut"

    def begin(self) -> None:
        """Up to the reply to DATA."""
        for line in (b"EHLO load.example", b"MAIL FROM:<a@customer.example>", RCPT, b"DATA"):
            self.say(line + b"\r\n")

    def send(self, octets: bytes) -> None:
        """Send octets and hear nothing; what does not fit within a moment stays unsent."""
        self._socket.settimeout(UNREAD_SECONDS)
        with contextlib.suppress(OSError):
            self._socket.sendall(octets)
        self._socket.settimeout(REPLY_SECONDS)

    def start_tls(self) -> None:
        """STARTTLS and the handshake; the certificate is anybody's."""
        self.say(b"STARTTLS\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._lines.close()
        self._socket = context.wrap_socket(self._socket)
        self._lines = self._socket.makefile("rb")

    def close(self) -> None:
        """Hang up."""
        self._lines.close()
        self._socket.close()


@contextlib.contextmanager
def peers(port: int, number: int) -> Iterator[list[Peer]]:
    """So many connections at the same time."""
    opened: list[Peer] = []
    try:
        opened.extend(Peer(port) for _ in range(number))
        yield opened
    finally:
        for peer in opened:
            peer.close()


def at_once(number: int, act: Callable[[int], str]) -> str:
    """Act in so many threads; how often which reply was heard."""
    with ThreadPoolExecutor(number) as threads:
        replies = list(threads.map(act, range(number)))
    kinds = sorted({reply[:9] for reply in replies})
    return ", ".join(f"{sum(reply[:9] == kind for reply in replies)} times {kind or 'the end'}" for kind in kinds)


def idle(daemon: Daemon, _hang_seconds: float) -> str:
    """Connections that said EHLO and nothing more."""
    with peers(daemon.port, CONNECTIONS) as opened:
        replies = [peer.say(b"EHLO idle.example\r\n")[:3] for peer in opened]
        time.sleep(SETTLE_SECONDS)
    return f"{replies.count('250')} connections"


def half_lines(daemon: Daemon, _hang_seconds: float) -> str:
    """Connections each of which has sent as much of a command line as it may."""
    with peers(daemon.port, CONNECTIONS) as opened:
        for peer in opened:
            peer.send(b"x" * 60_000)
        time.sleep(SETTLE_SECONDS)
    return f"{len(opened)} connections with 60 kB of a line each"


def idle_tls(daemon: Daemon, _hang_seconds: float) -> str:
    """Connections under TLS that said EHLO and nothing more."""
    with peers(daemon.port, CONNECTIONS) as opened:
        for peer in opened:
            peer.start_tls()
        replies = [peer.say(b"EHLO idle.example\r\n")[:3] for peer in opened]
        time.sleep(SETTLE_SECONDS)
    return f"{replies.count('250')} connections"


def sent_ahead(daemon: Daemon, _hang_seconds: float) -> str:
    """Connections that send on and on while PostgreSQL stands still and their message waits for it."""
    with peers(daemon.port, CONNECTIONS // 4) as opened, frozen(daemon):
        for number, peer in enumerate(opened):
            peer.begin()
            peer.send(make_mail(FIRST_SERIAL + number).content + b".\r\n" + b"NOOP\r\n" * 200_000)
        time.sleep(SETTLE_SECONDS)
    return f"{len(opened)} connections with 1.2 MB of commands each"


def endless_commands(daemon: Daemon, _hang_seconds: float) -> str:
    """Command lines without end."""

    def send(_number: int) -> str:
        with peers(daemon.port, 1) as (peer,):
            return peer.say(b"x" * ENDLESS_BYTES)

    return at_once(ENDLESS_LINES, send)


def endless_data(daemon: Daemon, _hang_seconds: float) -> str:
    """Lines without end within messages."""

    def send(_number: int) -> str:
        with peers(daemon.port, 1) as (peer,):
            peer.begin()
            return peer.say(b"x" * ENDLESS_BYTES + b"\r\n.\r\n")

    return at_once(ENDLESS_LINES, send)


def big_mails(kind: str) -> Callable[[Daemon, float], str]:
    """Mails of 29 MB at the same time."""

    def scene(daemon: Daemon, _hang_seconds: float) -> str:
        def send(number: int) -> str:
            with peers(daemon.port, 1) as (peer,):
                peer.begin()
                return peer.say(big(kind, number))

        return at_once(BIG_MAILS, send)

    return scene


def big(kind: str, number: int) -> bytes:
    """A mail of 29 MB, distinct from the others, with the dot behind it."""
    head = f"From: a{number}@customer.example\r\nSubject: big {number}\r\nMessage-ID: <{number}@customer.example>\r\n"
    if kind == "file":
        head += "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    if kind == "html":
        head += "Content-Type: text/html; charset=utf-8\r\n"
    line = {
        "file": b"QUJD" * 19 + b"\r\n",
        "text": "Der Drucker läuft nicht mehr. 🖨\r\n".encode(),
        "html": "<p>Guten <b>Tag</b>, 🖨 läuft nicht</p>\r\n".encode(),
    }[kind]
    return head.encode() + b"\r\n" + line * (BIG_BYTES // len(line)) + b"\r\n.\r\n"


def hang(daemon: Daemon, seconds: float) -> str:
    """PostgreSQL stands still while mail of all sizes keeps coming."""
    end = time.monotonic() + seconds
    with frozen(daemon):
        return at_once(BIG_MAILS, lambda number: keep_sending(daemon.port, number, end))


@contextlib.contextmanager
def frozen(daemon: Daemon) -> Iterator[None]:
    """PostgreSQL stands still."""
    processes = daemon.postgres_pids()
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


def keep_sending(port: int, number: int, end: float) -> str:
    """One message after the other until it is time; the last reply."""
    reply, serial = "", FIRST_SERIAL + number * 1_000_000
    while time.monotonic() < end:
        serial += 1
        content = big("file", serial) if number % 5 == 0 else make_mail(serial).content + b".\r\n"
        with peers(port, 1) as (peer,):
            peer.begin()
            reply = peer.say(content)
    return reply


SCENES: dict[str, Callable[[Daemon, float], str]] = {
    "idle": idle,
    "idle-tls": idle_tls,
    "half-lines": half_lines,
    "endless-commands": endless_commands,
    "endless-data": endless_data,
    "big-files": big_mails("file"),
    "big-texts": big_mails("text"),
    "big-html": big_mails("html"),
    "hang": hang,
    "sent-ahead": sent_ahead,
}


def play(name: str, hang_seconds: float) -> bool:
    """Play a scene and print what it took; False when that is above the bound, or something broke."""
    directory = temporary_directory()
    issued = trustme.CA().issue_cert("localhost")
    (directory / "certificate.pem").write_bytes(issued.cert_chain_pems[0].bytes())
    (directory / "key.pem").write_bytes(issued.private_key_pem.bytes())
    try:
        with Daemon(directory=directory, settings=SETTINGS) as daemon:
            daemon.start()
            return watch(name, daemon, hang_seconds)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def watch(name: str, daemon: Daemon, hang_seconds: float) -> bool:
    """Play a scene with a daemon that runs."""
    workers = next(event["workers"] for event in daemon.events() if event["event"] == "started")
    bound = bound_bytes(workers)
    with Watch(daemon) as peaks:
        what = SCENES[name](daemon, hang_seconds)
        time.sleep(SETTLE_SECONDS)
    broken = [event for event in defects(daemon.events()) if event["event"] != "database_unavailable"]
    is_good = peaks.daemon <= bound and not broken
    print(
        f"{name:<17} {peaks.daemon // MEGABYTE:>5} MB of {bound // MEGABYTE}, one process "
        f"{peaks.one // MEGABYTE} MB; PostgreSQL {peaks.postgres // MEGABYTE} MB; "
        f"{'ok' if is_good else 'BAD'}; {what}",
        flush=True,
    )
    for event in broken[:5]:
        print(f"  {event}")
    return is_good


def main() -> int:
    """Play the scenes that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="*", choices=[*SCENES, []], metavar="SCENE", help=", ".join(SCENES))
    parser.add_argument("--hang", type=float, default=HANG_SECONDS, metavar="SECONDS", help="how long PostgreSQL hangs")
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    verdicts = [play(name, arguments.hang) for name in arguments.scenes or SCENES]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
