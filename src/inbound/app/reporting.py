"""The process that shows metrics: its own, so that whoever asks costs reception nothing."""

import asyncio
import os
import platform
import signal
import threading
import time
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from socket import socket

from inbound import __version__, metrics
from inbound.app.line import READY, follow_orders, stay_alive
from inbound.app.pages import Page, PageServer
from inbound.app.signals import leave_terminal_to_supervisor
from inbound.config import Settings
from inbound.database import outbox
from inbound.database.engine import Database, open_engine, transaction
from inbound.metrics.cells import Memory
from inbound.metrics.exposition import CONTENT_TYPE, states, text
from inbound.model.notice import KINDS
from inbound.values import immutable

#: how often the database is asked, and how long an answer says that it is there
_ASK_SECONDS = 10.0
_BELIEVED_SECONDS = 30.0
#: how much it stands back behind the processes that take mail
_NICENESS = 10


@immutable
class ReporterPost:
    """What the reporter is given when it begins."""

    settings: Settings
    database_url: str
    #: the line to the supervisor
    channel: socket
    door: socket
    memory: Memory
    #: who counts in which row
    names: tuple[str, ...]


def report(post: ReporterPost) -> None:
    """Show metrics until SIGTERM, or until the supervisor is gone.

    Args:
        post: all that this process shares with others.
    """
    leave_terminal_to_supervisor()
    os.nice(_NICENESS)
    asyncio.run(_run(post))


async def _run(post: ReporterPost) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    metrics.build_info.set(1, __version__, platform.python_version())
    watch = DatabaseWatch(open_engine(post.database_url, application_name="inbound reporter"))
    watch.start()
    reporter = Reporter(post.settings, post.memory, post.names, watch)
    company = [
        asyncio.create_task(follow_orders(post.channel, reporter.replace, stop)),
        asyncio.create_task(stay_alive(post.channel)),
    ]
    server = await PageServer(reporter.may_ask, reporter.page).start(post.door)
    post.channel.send(READY)
    await stop.wait()
    server.close()
    for task in company:
        task.cancel()


class DatabaseWatch:
    """Asks the database again and again, in a thread: it may never answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answered_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="database watch", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    @property
    def silent_seconds(self) -> float:
        """Since the last answer."""
        return time.monotonic() - self._answered_at

    def _run(self) -> None:
        while True:
            self.ask()
            time.sleep(_ASK_SECONDS)

    def ask(self) -> None:
        """Ask what waits to be sent; whatever goes wrong is no answer."""
        try:
            with transaction(self._database) as tx:
                waiting = outbox.waiting(tx)
        except Exception:  # noqa: BLE001 - the thread must live; the workers' log says what is wrong with the database
            return
        self._answered_at = time.monotonic()
        for kind in KINDS:
            metrics.notices_pending.set(waiting.counts.get(kind, 0), kind)
        metrics.notices_overdue.set(waiting.overdue_seconds)


class Reporter:
    """What is shown, and to whom."""

    def __init__(self, settings: Settings, memory: Memory, names: tuple[str, ...], watch: DatabaseWatch) -> None:
        """Prepare the pages.

        Args:
            settings: checked.
            memory: in which all processes count.
            names: of the processes, by their rows.
            watch: knows when the database answered.
        """
        self._memory = memory
        self._names = names
        self._watch = watch
        self.replace(settings)

    def replace(self, settings: Settings) -> None:
        """Follow new settings; another address or port needs a restart."""
        self._networks = settings.metrics.networks

    def may_ask(self, address: str) -> bool:
        """Is an address in `metrics.networks`?"""
        ip = ip_address(address)
        return any(ip in network for network in self._networks)

    def page(self, path: str) -> Page:
        """The page at a path."""
        match path:
            case "/metrics":
                self._look()
                return Page(text(self._memory), content_type=CONTENT_TYPE)
            case "/healthz":
                return self._health()
            case _:
                return Page(b"/metrics or /healthz\n", HTTPStatus.NOT_FOUND)

    def _health(self) -> Page:
        """Would mail be taken now? A worker listens, and the database answered lately."""
        found = [] if any(states(self._memory, metrics.listening)) else ["no worker takes mail"]
        if not self._is_database_up:
            found.append(f"the database has not answered for {self._watch.silent_seconds:.0f} seconds")
        status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
        return Page("".join(f"{line}\n" for line in found or ["ok"]).encode(), status)

    @property
    def _is_database_up(self) -> bool:
        return self._watch.silent_seconds < _BELIEVED_SECONDS

    def _look(self) -> None:
        """Report the states that nobody else does."""
        metrics.database_up.set(self._is_database_up)
        metrics.resident_memory.clear()
        for row, name in enumerate(self._names):
            pid = self._memory.pid(row)
            if pid and (octets := _resident_bytes(pid)):
                metrics.resident_memory.set(octets, name)


def _resident_bytes(pid: int) -> int:
    """Memory of a process, shared pages included; 0 when it is gone, or nobody says."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
