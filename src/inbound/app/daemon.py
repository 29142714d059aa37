"""`inbound serve`: everything started in order, watched, reloaded, and stopped in the reverse order."""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path

from inbound import __version__, logs
from inbound.app.checks import check_stored
from inbound.app.database import embedded_for, make_ready
from inbound.app.systemd import notify, watchdog_seconds
from inbound.config import Settings, load_settings
from inbound.database.embedded import EmbeddedPostgres
from inbound.database.engine import Database, open_engine
from inbound.database.numbers import DayBases
from inbound.errors import InboundError
from inbound.intake import Committer, Intake
from inbound.pipeline.context import build_context
from inbound.smtp.server import Reception

#: how often the embedded PostgreSQL and the committer are looked at
_WATCH_SECONDS = 1.0
#: before the end of a stop, when peers of messages that PostgreSQL does not answer for are told to come back
_LAST_WORDS_SECONDS = 1.0
#: settings that only a restart applies
_RESTART_SETTINGS = ("server.hostname", "server.state_directory", "server.stop_seconds", "intake", "database", "logs")


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What a caller may tell its user once everything is up."""

    settings: Settings
    config: Path
    database_url: str
    addresses: tuple[tuple[str, int], ...]


def serve(settings: Settings, config: Path, on_running: Callable[[Running], None]) -> None:
    """Run the daemon until SIGTERM or SIGINT. Must be called in the main thread.

    Args:
        settings: of the file, checked.
        config: the file; read again on SIGHUP.
        on_running: called once everything is up.

    Raises:
        InboundError: something cannot be started; everything that was is stopped.
    """
    embedded = embedded_for(settings, config)
    with contextlib.ExitStack() as stack:
        if embedded:
            stack.callback(embedded.stop)
        url = embedded.start() if embedded else settings.database.url
        database = open_engine(url)
        stack.callback(database.dispose)
        make_ready(database, settings)
        check_stored(settings, database, str(config))
        asyncio.run(_Daemon(settings, config, database, embedded).run(url, on_running))
    logs.stopped()


class _Daemon:
    """The part that lives on the event loop."""

    def __init__(self, settings: Settings, config: Path, database: Database, embedded: EmbeddedPostgres | None) -> None:
        self._settings = settings
        self._config = config
        self._database = database
        self._embedded = embedded
        self._day_bases = DayBases(database)
        self._committer = Committer(database, build_context(settings, self._day_bases))
        self._intake = Intake(self._committer, settings.intake)
        self._reception = Reception(settings, self._intake)
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()

    async def run(self, url: str, on_running: Callable[[Running], None]) -> None:
        self._handle_signals()
        self._intake.start()
        try:
            await self._reception.start()
            addresses = tuple(self._reception.addresses)
            logs.started(version=__version__, config=str(self._config), database=self._database_name())
            on_running(Running(settings=self._settings, config=self._config, database_url=url, addresses=addresses))
            notify("READY=1")
            await self._watch()
        finally:
            notify("STOPPING=1")
            await self._wind_down(self._settings.server.stop_seconds)

    async def _wind_down(self, seconds: float) -> None:
        """First the doors, then the queue: what is being received may still end well, but a peer always hears how."""
        end = time.monotonic() + seconds
        doors = asyncio.create_task(self._reception.stop(seconds))
        _, late = await asyncio.wait({doors}, timeout=max(seconds - _LAST_WORDS_SECONDS, 0))
        if late:
            self._intake.give_up()
        await doors
        await self._intake.stop(max(end - time.monotonic(), _LAST_WORDS_SECONDS))

    def _database_name(self) -> str:
        """Where the database is, for the log: never the URL, it may hold a password."""
        return "embedded" if self._embedded else f"{self._database.url.host}/{self._database.url.database}"

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._request_stop, signal.Signals(number).name)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    def _request_stop(self, name: str) -> None:
        logs.stopping(signal=name)
        self._stop.set()

    async def _watch(self) -> None:
        """Until a stop is requested: reload on request, feed the watchdog, keep the embedded PostgreSQL alive."""
        pause = min(_WATCH_SECONDS, watchdog_seconds() or _WATCH_SECONDS)
        reloading: asyncio.Task[None] | None = None
        while not self._stop.is_set():
            if self._reload.is_set() and (reloading is None or reloading.done()):
                self._reload.clear()
                # Beside this loop: a slow database must not keep the watchdog hungry.
                reloading = asyncio.create_task(self._follow_new_settings())
            if not self._intake.is_alive:
                raise InboundError("the committer thread has ended: the daemon would accept nothing any more")
            # Only a loop that turns says this; a hanging one is ended by systemd.
            notify("WATCHDOG=1")
            self._revive_embedded()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
        if reloading is not None:
            reloading.cancel()

    async def _follow_new_settings(self) -> None:
        """SIGHUP: read, check, and only then replace; a wrong file changes nothing."""
        notify("RELOADING=1")
        try:
            settings = load_settings(self._config)
            await _in_thread(partial(check_stored, settings, self._database, str(self._config)))
            self._apply(settings)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new file, the old one stays in force
            logs.reload_failed(config=str(self._config), problems=str(error).splitlines())
        else:
            logs.reloaded(config=str(self._config), needs_restart=needs_restart(self._settings, settings))
        notify("READY=1")

    def _apply(self, settings: Settings) -> None:
        """First the pipeline, then the doors: mail for a new mailbox must meet a pipeline that knows it."""
        before = self._committer.context
        self._committer.context = build_context(settings, self._day_bases, before)
        try:
            self._reception.replace(settings)
        except InboundError:
            self._committer.context = before
            raise

    def _revive_embedded(self) -> None:
        # In the main thread on purpose: PostgreSQL ends with the thread that started it.
        try:
            if self._embedded and self._embedded.restart_if_dead():
                logs.embedded_restarted()
        except InboundError as error:
            logs.embedded_failed(str(error))


async def _in_thread(run: Callable[[], None]) -> None:
    """Run something in a thread that nobody waits for at the end: PostgreSQL may never answer."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def work() -> None:
        failure: Exception | None = None
        try:
            run()
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            failure = error
        # The loop is closed when the daemon ended first.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(finish, failure)

    def finish(failure: Exception | None) -> None:
        if done.cancelled():
            return
        if failure is None:
            done.set_result(None)
        else:
            done.set_exception(failure)

    threading.Thread(target=work, name="reload", daemon=True).start()
    await done


def needs_restart(old: Settings, new: Settings) -> list[str]:
    """Names of the settings that differ and that a reload does not apply."""
    different = [name for name in _RESTART_SETTINGS if attrgetter(name)(old) != attrgetter(name)(new)]
    old_doors, new_doors = ([(door.address, door.port) for door in settings.listeners] for settings in (old, new))
    return [*different, *(["listeners"] if old_doors != new_doors else [])]
