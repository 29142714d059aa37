"""The bounded queue between the event loop and the committer thread.

While one batch commits, what arrives forms the next one. A connection never owns its delivery: aiosmtpd cancels the
handler when the peer disconnects, the transaction must not care.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from inbound import logs, metrics
from inbound.config import IntakeSettings
from inbound.intake.committer import Committer
from inbound.model.mail import Delivery
from inbound.model.outcome import Answer, Deferral, Deferred

#: what the event loop waits beyond the deadline, so that the committer's own, better answer arrives first
GRACE_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class _Waiting:
    """A delivery in the queue or in the committer's hands."""

    delivery: Delivery
    answer: asyncio.Future[Answer]
    #: `time.monotonic()` at which its peer hears 451
    give_up_at: float
    #: the connection is gone or was answered: its octets are accounted here until the committer lets go of them
    is_orphan: bool = False
    is_done: bool = False


class Intake:
    """Takes deliveries from reception, has them committed in batches, gives every one its answer."""

    def __init__(self, committer: Committer, settings: IntakeSettings) -> None:
        """Prepare; `start` begins.

        Args:
            committer: used by this intake's thread only.
            settings: bounds of the queue and of a batch.
        """
        self._committer = committer
        self._settings = settings
        self._queue: deque[_Waiting] = deque()
        #: whose connections still wait for an answer, in the order of their deadlines; the event loop's own
        self._open: dict[_Waiting, None] = {}
        #: one for all of them: a timer per message would cost more than everything else here
        self._timer: asyncio.TimerHandle | None = None
        #: messages in the queue or in a transaction
        self._messages = 0
        #: octets of content in memory: DATA in progress, the queue, transactions
        self._octets = 0
        self._changed = threading.Condition()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Start the committer thread."""
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Does the committer thread run? It does while a database is away: it waits that out."""
        return self._thread.is_alive()

    @property
    def load(self) -> tuple[int, int]:
        """Messages in the queue or in a transaction, and octets of content in memory."""
        return self._messages, self._octets

    def has_room(self, octets: int) -> bool:
        """Would `reserve` say yes now? It may still say no later: others come in between."""
        return self._octets + octets <= self._settings.queue_bytes

    def reserve(self, octets: int) -> bool:
        """Account octets of DATA in progress.

        Returns:
            False when there is no room: 452.
        """
        with self._changed:
            if self._octets + octets > self._settings.queue_bytes:
                return False
            self._octets += octets
            return True

    def release(self, octets: int) -> None:
        """Give back what was reserved."""
        with self._changed:
            self._octets -= octets

    async def deliver(self, delivery: Delivery) -> Answer:
        """Have a delivery committed, or hear why not, within the deadline.

        Cancelling this coroutine (a peer that hangs up) does not touch the delivery: it is committed all the same,
        and the peer's next attempt is recognised as such.

        Args:
            delivery: complete; the caller has reserved its octets and releases them afterwards.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(delivery, answer, time.monotonic() + self._settings.deadline_seconds)
        refusal = self._put(waiting)
        if refusal is not None:
            return Deferred(refusal)
        self._open[waiting] = None
        if self._timer is None:
            self._watch(waiting)
        try:
            return await answer
        finally:
            self._let_go(waiting)

    def give_up(self) -> None:
        """Tell every peer that still waits to come back: 421. What is in a transaction may be committed yet."""
        with self._changed:
            self._is_stopping = True
            self._queue.clear()
        _answer_all([(one, Deferred(Deferral.STOPPING)) for one in self._open])

    def _watch(self, waiting: _Waiting) -> None:
        at = waiting.give_up_at + GRACE_SECONDS
        # The clock of asyncio's loops is time.monotonic().
        self._timer = waiting.answer.get_loop().call_at(at, self._expire)

    def _expire(self) -> None:
        """Answer those whose deadline has passed, and watch the next one."""
        late = time.monotonic() - GRACE_SECONDS
        expired = list(takewhile(lambda waiting: waiting.give_up_at <= late, self._open))
        _answer_all([(waiting, Deferred(Deferral.DEADLINE)) for waiting in expired])
        self._timer = None
        if following := next((waiting for waiting in self._open if not waiting.answer.done()), None):
            self._watch(following)

    async def stop(self, seconds: float) -> None:
        """Take nothing more, commit what waits, end the thread.

        Args:
            seconds: after these, peers that still wait are told to come back.
        """
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        await asyncio.to_thread(self._thread.join, seconds)
        self.give_up()

    def _put(self, waiting: _Waiting) -> Deferral | None:
        with self._changed:
            if self._is_stopping:
                return Deferral.STOPPING
            if self._messages >= self._settings.queue_messages:
                return Deferral.OVERLOADED
            self._messages += 1
            self._queue.append(waiting)
            self._changed.notify_all()
            return None

    def _let_go(self, waiting: _Waiting) -> None:
        """The connection does not wait any more; should the committer still hold the content, that counts on."""
        del self._open[waiting]
        with self._changed:
            if not waiting.is_done:
                waiting.is_orphan = True
                self._octets += len(waiting.delivery.content)

    def _run(self) -> None:
        while batch := self._take():
            answers = self._commit(batch)
            with self._changed:
                self._messages -= len(batch)
                for waiting in batch:
                    waiting.is_done = True
                    self._octets -= len(waiting.delivery.content) if waiting.is_orphan else 0
            # The loop is closed when a stop had no time left: then nobody waits for these answers any more.
            with contextlib.suppress(RuntimeError):
                batch[0].answer.get_loop().call_soon_threadsafe(_answer_all, list(zip(batch, answers, strict=True)))

    def _take(self) -> list[_Waiting]:
        """Wait for deliveries and take a batch; empty when the intake stops and nothing is left."""
        batch: list[_Waiting] = []
        octets = 0
        with self._changed:
            while not self._queue and not self._is_stopping:
                self._changed.wait()
            while self._queue and len(batch) < self._settings.batch_messages:
                octets += len(self._queue[0].delivery.content)
                if batch and octets > self._settings.batch_bytes:
                    break
                batch.append(self._queue.popleft())
        return batch

    def _commit(self, batch: Sequence[_Waiting]) -> Sequence[Answer]:
        now = time.monotonic()
        seconds = self._settings.deadline_seconds
        metrics.queue_seconds.observe(*[now - (waiting.give_up_at - seconds) for waiting in batch])
        if all(waiting.give_up_at <= now for waiting in batch):
            return [Deferred(Deferral.DEADLINE)] * len(batch)
        try:
            give_up_at = max(waiting.give_up_at for waiting in batch)
            return self._committer.commit([waiting.delivery for waiting in batch], give_up_at)
        except Exception as error:  # noqa: BLE001 - the thread must live: without it the daemon is deaf
            logs.intake_failed(error)
            metrics.defects.add("intake_failed")
            return [Deferred(Deferral.PIPELINE_BROKEN)] * len(batch)


def _answer_all(answered: Sequence[tuple[_Waiting, Answer]]) -> None:
    """Runs on the event loop: one wake-up for a whole batch."""
    for waiting, answer in answered:
        if not waiting.answer.done():
            waiting.answer.set_result(answer)
