"""One timer for all waits of a connection."""

import asyncio
from collections.abc import Callable
from math import inf


class Deadline:
    """Calls back when a peer takes too long.

    A connection waits several times per message and hardly ever too long. Moving this deadline is an assignment; a
    timer per wait would cost a tenth of the reception of a message.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, expire: Callable[[], None]) -> None:
        self._loop = loop
        self._expire = expire
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> None:
        """What is waited for now has this long."""
        self._at = self._loop.time() + seconds
        if self._timer is None or self._timer.when() > self._at:
            self._arm()

    def suspend(self) -> None:
        """Nothing is expected of the peer."""
        self._at = inf

    def cancel(self) -> None:
        """Never call back again."""
        self._at = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._at <= self._loop.time():
            self._expire()
        elif self._at < inf:
            self._arm()
