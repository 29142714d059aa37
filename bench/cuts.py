"""Connections cut at every step of the protocol, and killed workers: others go on, nothing is lost or doubled."""

import contextlib
import os
import random
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import psycopg

from daemon import Daemon, DaemonError, defects, wait_until
from mails import FIRST_SERIAL, Sent, fill_directory, make_mail
from mta import MailServer
from verdict import judge

CONNECTIONS = 10
FINISH_SECONDS = 120.0
#: a worker that was killed is followed by another within so many seconds
SUCCESSOR_SECONDS = 30.0
#: so many octets of a command or message are sent before a cut in the middle
HALF = 2
#: mails of this script are told from those of the other peers by their serial number
OWN_SERIAL = FIRST_SERIAL + 50_000_000


def kill_workers(kills: int, seed: int) -> list[str]:
    """Kill workers under load, one at a time; what is wrong in the end."""
    moments = random.Random(seed)  # noqa: S311 - chance, not secrets
    with Daemon(settings="") as daemon, _under_load(daemon, seed) as (mta, wrong):
        for number in range(1, kills + 1):
            if not mta.await_acknowledgements(10, FINISH_SECONDS):
                wrong.append(f"before kill {number} no mail was acknowledged")
            workers = worker_pids(daemon)
            victim = moments.choice(workers)
            os.kill(victim, signal.SIGKILL)
            count = len(workers)
            is_followed = wait_until(lambda count=count: len(worker_pids(daemon)) == count, SUCCESSOR_SECONDS)  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
            if not is_followed or not daemon.is_alive:
                wrong.append(f"worker {victim} had no successor")
            print(f"kill {number}: worker {victim}; {len(mta.record.acknowledged)} mails acknowledged so far")
    return wrong


def cut_connections(rounds: int, seed: int) -> list[str]:
    """Cut connections at every step under load, then send the same mails to their end; what is wrong."""
    with Daemon() as daemon, _under_load(daemon, seed) as (mta, wrong):
        serial = OWN_SERIAL
        for number in range(1, rounds + 1):
            for step in range(2 * len(_steps(make_mail(serial, ("support@desk.example",))))):
                serial += 1
                mail = make_mail(serial, ("support@desk.example",))
                _cut(daemon.port, mail, step)
                mta.hand_over(mail)
            if not mta.await_acknowledgements(10, FINISH_SECONDS):
                wrong.append(f"in round {number} no mail was acknowledged")
            print(f"round {number}: cut at {serial - OWN_SERIAL} steps so far, by FIN and by RST")
        if "reception_failed" in {event["event"] for event in daemon.events()}:
            wrong.append("a cut made the reception fail: see the log")
    return wrong


def worker_pids(daemon: Daemon) -> list[int]:
    """The processes that take mail: children of the daemon that are none of PostgreSQL."""
    children = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text(encoding="ascii").split()
    return sorted({int(child) for child in children} - set(daemon.postgres_pids()))


@contextlib.contextmanager
def _under_load(daemon: Daemon, seed: int) -> Iterator[tuple[MailServer, list[str]]]:
    """Mail flows; afterwards everything is sent to its end and compared."""
    wrong: list[str] = []
    daemon.start()
    with psycopg.connect(daemon.database_url(), autocommit=True) as connection:
        fill_directory(connection)
    mta = MailServer(lambda: daemon.port, connections=CONNECTIONS, seed=seed)
    mta.start()
    try:
        yield mta, wrong
        if not mta.finish(FINISH_SECONDS):
            wrong.append("mails were left that nobody acknowledged")
    except DaemonError as error:
        wrong.append(str(error))
    finally:
        mta.stop()
    verdict = judge(daemon.database_url(), mta.record.acknowledged.values())
    print(verdict)
    wrong += [] if verdict.is_good else [str(verdict)]
    # A killed worker is an error in the log; nothing else is.
    wrong += [f"log: {event}" for event in defects(daemon.events()) if event["event"] != "worker_ended"]
    wrong += mta.record.rejected


def _steps(mail: Sent) -> list[bytes]:
    """What a peer sends, one piece for each reply; the last ends the message."""
    return [
        b"EHLO cut.client.example\r\n",
        b"MAIL FROM:<%s>\r\n" % mail.sender.encode(),
        *(b"RCPT TO:<%s>\r\n" % recipient.encode() for recipient in mail.recipients),
        b"DATA\r\n",
        mail.content.replace(b"\r\n.", b"\r\n.."),
        b".\r\n",
    ]


def _cut(port: int, mail: Sent, step: int) -> None:
    """Go as far as a step, and cut before its reply; every second time in the middle of what is sent."""
    pieces = _steps(mail)
    whole, is_half = divmod(step, 2)
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as peer:
        peer.settimeout(10)
        for piece in pieces[:whole]:
            if piece is not pieces[-1] and piece is not pieces[-2]:
                peer.recv(4_096)
            peer.sendall(piece)
        peer.sendall(pieces[whole][: len(pieces[whole]) // HALF] if is_half else pieces[whole])
        if mail.message_id.count("1") % 2:
            # RST instead of FIN: what the daemon still wants to say meets an error.
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
