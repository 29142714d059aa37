"""The supervisor: keeps the workers running, reloads, stops.

It takes no mail itself, and has neither threads nor an event loop: so it can fork a worker at any time.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from inbound import logs, metrics
from inbound.app.child import ORDER_SECONDS, Child
from inbound.app.line import LENGTH_BYTES, READY
from inbound.app.posts import Posts
from inbound.app.reload import Rehearsal, needs_restart
from inbound.app.signals import forget_signals, signals_as_octets, signals_held
from inbound.app.systemd import notify, watchdog_seconds
from inbound.config import Settings
from inbound.database.embedded import EmbeddedPostgres
from inbound.database.embedded_child import end_with_parent
from inbound.errors import InboundError

#: how often the workers and the embedded PostgreSQL are looked at
_WATCH_SECONDS = 1.0
#: a worker that says nothing for so long hangs, and is ended
_SILENCE_SECONDS = 20.0
#: how long all workers may take to accept mail
_READY_SECONDS = 60.0
#: what workers get beyond server.stop_seconds
_GRACE_SECONDS = 3.0
#: a worker that lived shorter is not started again at once
_SHORT_LIFE_SECONDS = 5.0


class Supervisor:
    """Keeps the workers running."""

    def __init__(self, settings: Settings, config: Path, embedded: EmbeddedPostgres | None, posts: Posts) -> None:
        """Prepare; nothing runs yet.

        Args:
            settings: of the file, checked.
            config: the file; read again on SIGHUP.
            embedded: the private PostgreSQL, running; None when the operator has their own.
            posts: what the processes share.
        """
        self._settings = settings
        self._config = config
        self._embedded = embedded
        self._posts = posts
        self._workers: dict[int, Child] = {}
        #: when a worker that did not live long is started again
        self._restart_at: dict[int, float] = {}
        self._rehearsal: Rehearsal | None = None
        self._selector = selectors.DefaultSelector()

    def run(self, on_running: Callable[[], None]) -> None:
        """Start the workers and keep them running until SIGTERM or SIGINT.

        Args:
            on_running: called once all of them accept mail.

        Raises:
            InboundError: a worker does not start.
        """
        with signals_as_octets() as signals:
            self._selector.register(signals, selectors.EVENT_READ)
            self._begin_counting()
            try:
                for number in range(len(self._posts.doors)):
                    self._fork(number)
                self._keep_sender()
                if self._posts.metrics_door:
                    self._fork(self._posts.reporter)
                stopped_by = self._await_ready(signals)
                if stopped_by is None:
                    on_running()
                    notify("READY=1")
                    stopped_by = self._watch(signals)
                logs.stopping(signal=signal.Signals(stopped_by).name)
            finally:
                notify("STOPPING=1")
                self._stop_workers()
                if self._rehearsal:
                    self._rehearsal.close()
                self._selector.close()

    def _begin_counting(self) -> None:
        metrics.begin(self._posts.memory, self._posts.supervisor)
        metrics.workers.set(len(self._posts.doors))
        metrics.start_time.set(time.time())

    def _await_ready(self, signals: socket.socket) -> int | None:
        """Wait until every worker accepts mail; a number when a signal says stop first."""
        deadline = time.monotonic() + _READY_SECONDS
        while not all(worker.is_ready for worker in self._workers.values()):
            received = self._wait(signals)
            if stop := received & {signal.SIGTERM, signal.SIGINT}:
                return stop.pop()
            if self._reap() or time.monotonic() > deadline:
                raise InboundError("a worker did not start; the log above says why")
        return None

    def _watch(self, signals: socket.socket) -> int:
        """Until a signal says stop: restart what died, reload on request, keep the embedded PostgreSQL alive."""
        while True:
            received = self._wait(signals)
            if stop := received & {signal.SIGTERM, signal.SIGINT}:
                return stop.pop()
            if signal.SIGHUP in received:
                self._begin_reload()
            for worker in self._reap():
                self._plan_restart(worker)
            self._end_silent()
            self._restart()
            self._revive_embedded()
            # Nothing here waits for a database or a peer, so this says: the supervisor turns.
            notify("WATCHDOG=1")

    def _wait(self, signals: socket.socket) -> set[int]:
        """Sleep until something happens, listen to the workers, and return the signals that came."""
        received: set[int] = set()
        for key, _ in self._selector.select(min(_WATCH_SECONDS, watchdog_seconds() or _WATCH_SECONDS)):
            if key.fileobj is signals:
                received |= set(signals.recv(1024))
            elif isinstance(key.data, Child):
                self._listen(key.data)
            elif self._rehearsal and self._rehearsal.read():
                self._finish_reload(self._rehearsal)
        return received

    def _listen(self, worker: Child) -> None:
        try:
            said = worker.channel.recv(1024)
        except OSError:
            said = b""
        if not said:
            # It has ended; SIGCHLD tells the rest.
            self._selector.unregister(worker.channel)
            return
        worker.heard_at = time.monotonic()
        worker.is_ready = worker.is_ready or READY in said

    # Workers

    def _fork(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        supervisor = os.getpid()
        with signals_held():
            pid = os.fork()
            if pid == 0:
                self._become_worker(number, theirs, supervisor)
        theirs.close()
        ours.settimeout(ORDER_SECONDS)
        worker = Child(number=number, pid=pid, channel=ours)
        self._workers[pid] = worker
        self._selector.register(ours, selectors.EVENT_READ, worker)

    def _become_worker(self, number: int, channel: socket.socket, supervisor: int) -> None:
        """In the new process; never returns."""
        status = 1
        try:
            forget_signals()
            # However the supervisor ends, nobody takes mail that it does not watch.
            end_with_parent(signal.SIGKILL, supervisor)
            self._selector.close()
            for worker in self._workers.values():
                worker.channel.close()
            self._posts.take(number, self._settings, channel)
            status = 0
        except BaseException as error:  # noqa: BLE001 - the process ends here, and the log is where it can say why
            logs.worker_failed(error, worker=number)
            metrics.defects.add("worker_failed")
        finally:
            sys.stderr.flush()
            # Not sys.exit: what the supervisor has on its stack is not this process's to clean up.
            os._exit(status)

    def _keep_sender(self) -> None:
        """One process sends notices while there is a smart host."""
        sender = self._posts.sender
        running = [worker for worker in self._workers.values() if worker.number == sender]
        if not self._settings.smart_host.host:
            for worker in running:
                os.kill(worker.pid, signal.SIGTERM)
        elif not running and sender not in self._restart_at:
            self._fork(sender)

    def _reap(self) -> list[Child]:
        """The workers that have ended since the last look."""
        ended: list[Child] = []
        for pid in list(self._workers):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                worker = self._workers.pop(pid)
                with contextlib.suppress(KeyError):
                    self._selector.unregister(worker.channel)
                worker.channel.close()
                self._posts.memory.vacate(worker.number)
                kind = self._posts.kind(worker.number)
                logs.worker_ended(process=kind, worker=worker.number, pid=pid, status=os.waitstatus_to_exitcode(status))
                ended.append(worker)
        return ended

    def _plan_restart(self, worker: Child) -> None:
        if worker.number == self._posts.sender and not self._settings.smart_host.host:
            return
        now = time.monotonic()
        is_short_lived = now - worker.began_at < _SHORT_LIFE_SECONDS
        self._restart_at[worker.number] = now + (_WATCH_SECONDS if is_short_lived else 0)

    def _restart(self) -> None:
        for number in [number for number, at in self._restart_at.items() if at <= time.monotonic()]:
            del self._restart_at[number]
            metrics.restarts.add(self._posts.kind(number))
            self._fork(number)

    def _end_silent(self) -> None:
        for worker in self._workers.values():
            if time.monotonic() - worker.heard_at > _SILENCE_SECONDS:
                logs.worker_hangs(worker=worker.number, pid=worker.pid, seconds=_SILENCE_SECONDS)
                os.kill(worker.pid, signal.SIGKILL)
                worker.heard_at = time.monotonic()

    def _stop_workers(self) -> None:
        """Ask them to finish; end those that do not."""
        deadline = time.monotonic() + self._settings.server.stop_seconds + _GRACE_SECONDS
        for pid in self._workers:
            os.kill(pid, signal.SIGTERM)
        while self._workers and time.monotonic() < deadline:
            self._selector.select(0.1)
            self._reap()
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    # Reload

    def _begin_reload(self) -> None:
        """SIGHUP: read and check in a process of its own, so that nothing here waits; a second one starts again."""
        notify("RELOADING=1")
        if self._rehearsal:
            self._selector.unregister(self._rehearsal.result)
            self._rehearsal.close()
        self._rehearsal = Rehearsal(self._config, self._posts.database_url)
        self._selector.register(self._rehearsal.result, selectors.EVENT_READ)

    def _finish_reload(self, rehearsal: Rehearsal) -> None:
        """Put the new settings in force, as a whole; a wrong file has said so, and changes nothing."""
        self._selector.unregister(rehearsal.result)
        self._rehearsal = None
        settings = rehearsal.settings
        rehearsal.close()
        metrics.reloads.add("refused" if settings is None else "taken")
        if settings is not None:
            before, self._settings = self._settings, settings
            order = rehearsal.octets
            for worker in list(self._workers.values()):
                worker.order(len(order).to_bytes(LENGTH_BYTES, "big") + order)
            self._keep_sender()
            logs.reloaded(config=str(self._config), needs_restart=needs_restart(before, settings))
        notify("READY=1")

    # Database

    def _revive_embedded(self) -> None:
        # In the main thread on purpose: PostgreSQL ends with the thread that started it.
        try:
            if self._embedded and self._embedded.restart_if_dead():
                logs.embedded_restarted()
        except InboundError as error:
            logs.embedded_failed(str(error))
