"""A mail server under test conditions: what was not acknowledged is sent again until it is; some of the rest too."""

import asyncio
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from client import Connection, ConnectionEnded
from mails import FIRST_SERIAL, Sent, make_mail

#: out of ten mails, so many go to two mailboxes, and so many are sent again although they were acknowledged
IN_TEN_TO_TWO_MAILBOXES = 2
IN_TEN_RESENT = 2
#: while more mails wait than this no new ones are made: what fails for long must not leave more than is sent in the end
MOST_WAITING = 500
_PAUSE_SECONDS = 0.05
_BOTH = ("support@desk.example", "vip@desk.example")


@dataclass(slots=True)
class Record:
    """What the server has experienced; written by its thread only."""

    #: by Message-ID
    acknowledged: dict[str, Sent] = field(default_factory=dict)
    #: mails that were answered 250, each answer counted
    acknowledgements: int = 0
    #: connections that ended with a mail on its way, which may or may not be stored
    interrupted: int = 0
    #: 4yz replies by code
    deferred: Counter[int] = field(default_factory=Counter)
    #: from the first command of a transaction to its 4yz
    slowest_deferral_seconds: float = 0.0
    #: permanent refusals, which none of these mails deserves
    rejected: list[str] = field(default_factory=list)


class MailServer:
    """Sends over several connections, in a thread of its own."""

    def __init__(self, port: Callable[[], int], *, connections: int, seed: int) -> None:
        """Prepare.

        Args:
            port: of the daemon, asked before every connection.
            connections: at once.
            seed: of what is resent, and what goes to two mailboxes.
        """
        self.record = Record()
        self._port = port
        self._connections = connections
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._serial = FIRST_SERIAL
        self._waiting: deque[Sent] = deque()
        self._under_way = 0
        self._is_producing = True
        self._is_stopped = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="mta")

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def await_acknowledgements(self, count: int, seconds: float) -> bool:
        """Wait for so many more 250; False when they did not come in time."""
        goal = self.record.acknowledgements + count
        deadline = time.monotonic() + seconds
        while self.record.acknowledgements < goal and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        return self.record.acknowledgements >= goal

    def hand_over(self, mail: Sent) -> None:
        """Send this mail too, until it is acknowledged."""
        self._waiting.append(mail)

    def finish(self, seconds: float) -> bool:
        """Make no new mails, send what is left; False when something was left after all."""
        self._is_producing = False
        deadline = time.monotonic() + seconds
        while (self._waiting or self._under_way) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
        is_done = not self._waiting and not self._under_way
        self.stop()
        return is_done

    def stop(self) -> None:
        """End all connections and the thread."""
        self._is_stopped = True
        if self._thread.is_alive():
            self._thread.join()

    async def _run(self) -> None:
        workers = [asyncio.ensure_future(self._work()) for _ in range(self._connections)]
        ended: set[asyncio.Future[None]] = set()
        while not self._is_stopped and not ended:
            ended, _ = await asyncio.wait(workers, timeout=_PAUSE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for worker in workers:
            worker.cancel()
        results = await asyncio.gather(*workers, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _work(self) -> None:
        connection: Connection | None = None
        while True:
            mail = self._next()
            if mail is None:
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self._under_way += 1
            try:
                connection = connection or await Connection.open(self._port())
                await self._deliver(connection, mail)
            except ConnectionEnded:
                self.record.interrupted += connection is not None
                self._waiting.append(mail)
                connection = None
                await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                self._under_way -= 1

    def _next(self) -> Sent | None:
        is_full = len(self._waiting) >= MOST_WAITING
        if self._waiting and (is_full or not self._is_producing or self._random.random() < 0.5):
            return self._waiting.popleft()
        if not self._is_producing:
            return None
        self._serial += 1
        is_for_both = self._random.randrange(10) < IN_TEN_TO_TWO_MAILBOXES
        return make_mail(self._serial, _BOTH if is_for_both else _BOTH[:1])

    async def _deliver(self, connection: Connection, mail: Sent) -> None:
        begun = time.monotonic()
        answer = await connection.deliver(mail.sender, mail.recipients, mail.content)
        if answer.code == 250:
            self._acknowledge(mail)
        elif 400 <= answer.code < 500:
            self.record.deferred[answer.code] += 1
            waited = time.monotonic() - begun
            self.record.slowest_deferral_seconds = max(self.record.slowest_deferral_seconds, waited)
            self._waiting.append(mail)
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            self.record.rejected.append(f"{mail.message_id}: {answer.code} {answer.text}")

    def _acknowledge(self, mail: Sent) -> None:
        is_first = mail.message_id not in self.record.acknowledged
        self.record.acknowledged[mail.message_id] = mail
        self.record.acknowledgements += 1
        if is_first and self._random.randrange(10) < IN_TEN_RESENT:
            self._waiting.append(mail)
