"""One worker: an event loop that talks to peers, a committer thread, and a line to the supervisor."""

import asyncio
import contextlib
import gc
import os
import signal
import time
from mmap import mmap
from socket import socket

from inbound import logs, metrics
from inbound.app.line import ALIVE_SECONDS, READY, follow_orders, say_alive
from inbound.app.signals import leave_terminal_to_supervisor
from inbound.config import IntakeSettings, Settings
from inbound.database.engine import open_engine
from inbound.database.numbers import DayBases
from inbound.errors import InboundError
from inbound.intake import Committer, Intake
from inbound.notices.refused_peers import RefusalTeller
from inbound.pipeline.context import build_context
from inbound.security.limits import ConnectionCount
from inbound.security.refusals import RefusalTally
from inbound.smtp.listening import Doors
from inbound.smtp.server import Reception
from inbound.values import immutable

#: before the end of a stop, when peers of messages that PostgreSQL does not answer for are told to come back
_LAST_WORDS_SECONDS = 1.0


@immutable
class Post:
    """What a worker is given when it begins."""

    #: which of the workers it is, from 0
    number: int
    #: how many there are
    workers: int
    settings: Settings
    database_url: str
    secret: bytes
    doors: Doors
    #: the line to the supervisor
    channel: socket
    counters: mmap


def work(post: Post) -> None:
    """Take mail until SIGTERM, or until the supervisor is gone.

    Args:
        post: all that this process shares with others.

    Raises:
        InboundError: it cannot begin, or cannot go on.
    """
    leave_terminal_to_supervisor()
    _keep_to_one_processor(post)
    asyncio.run(_Worker(post).run())


def _keep_to_one_processor(post: Post) -> None:
    """Where every processor has a worker, each stays on its own; PostgreSQL goes where there is room.

    The threads of an interpreter run one at a time: on two processors they only wake and wait for each other.
    """
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) == post.workers:
        # A sandbox may forbid it: that costs speed only.
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, {processors[post.number]})


class _Worker:
    """The part that lives on the event loop."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._settings = post.settings
        self._database = open_engine(post.database_url)
        self._day_bases = DayBases(self._database)
        self._committer = Committer(self._database, build_context(post.settings, self._day_bases, post.secret))
        self._intake = Intake(self._committer, _own_share(post.settings, post.workers))
        refusals = RefusalTally()
        self._teller = RefusalTeller(post.settings, self._database, refusals)
        self._reception = Reception(
            post.settings,
            self._intake,
            ConnectionCount(post.counters, post.number),
            secret=post.secret,
            refusals=refusals,
        )
        self._stop = asyncio.Event()
        _count_from_zero(post.settings)

    async def run(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop.set)
        # What is there now stays: no collection of garbage needs to look through it again.
        gc.collect()
        gc.freeze()
        self._intake.start()
        company = [
            asyncio.create_task(follow_orders(self._post.channel, self._apply, self._stop)),
            asyncio.create_task(self._teller.run()),
        ]
        try:
            await self._reception.start(self._post.doors)
            metrics.listening.set(1)
            self._post.channel.send(READY)
            await self._stay_alive()
        finally:
            metrics.listening.set(0)
            for task in company:
                task.cancel()
            await self._wind_down(self._settings.server.stop_seconds)
            self._database.dispose()

    async def _stay_alive(self) -> None:
        """Until a stop is requested: tell the supervisor that the loop turns and that messages are committed."""
        while not self._stop.is_set():
            if not self._intake.is_alive:
                raise InboundError("the committer thread has ended: the worker would accept nothing any more")
            self._show()
            say_alive(self._post.channel)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), ALIVE_SECONDS)

    def _show(self) -> None:
        """Report states once a second: on the way of every message it would cost more than it tells."""
        messages, octets = self._intake.load
        metrics.queue_messages.set(messages)
        metrics.queue_bytes.set(octets)
        metrics.open_connections.set(self._reception.open_connections)

    def _apply(self, settings: Settings) -> None:
        """First the pipeline, then the doors: mail for a new mailbox must meet a pipeline that knows it."""
        before = self._committer.context
        self._committer.context = build_context(settings, self._day_bases, self._post.secret, before)
        try:
            self._reception.replace(settings)
        except InboundError as error:
            # The supervisor has loaded the same certificates a moment ago.
            self._committer.context = before
            logs.reload_failed(config=f"worker {self._post.number}", problems=str(error).splitlines())
        else:
            self._settings = self._teller.settings = settings
            _count_from_zero(settings)

    async def _wind_down(self, seconds: float) -> None:
        """First the doors, then the queue: what is being received may still end well, but a peer always hears how."""
        end = time.monotonic() + seconds
        doors = asyncio.create_task(self._reception.stop(seconds))
        _, late = await asyncio.wait({doors}, timeout=max(seconds - _LAST_WORDS_SECONDS, 0))
        if late:
            self._intake.give_up()
        await doors
        await self._intake.stop(max(end - time.monotonic(), _LAST_WORDS_SECONDS))


def _count_from_zero(settings: Settings) -> None:
    """Show every mailbox before its first message: who computes a rate sees that one too."""
    for mailbox in settings.mailboxes:
        metrics.received.add(mailbox.name, by=0)


def _own_share(settings: Settings, workers: int) -> IntakeSettings:
    """What one of several workers may keep waiting; a message of the largest size always fits."""
    intake = settings.intake
    return intake.model_copy(
        update={
            "queue_messages": max(intake.queue_messages // workers, 1),
            "queue_bytes": max(intake.queue_bytes // workers, settings.server.max_message_bytes),
        }
    )
