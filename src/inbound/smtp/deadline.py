"""One timer for all waits of a connection."""

from collections.abc import Callable
from math import inf
from typing import Protocol


class Timer(Protocol):
    """A call to come."""

    def when(self) -> float: ...
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What is needed of an event loop."""

    def time(self) -> float: ...
    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer: ...


class Deadline:
    """Calls back when a peer takes too long.

    A connection waits several times per message and hardly ever too long. Moving this deadline is an assignment; a
    timer per wait would cost a tenth of the reception of a message.
    """

    def __init__(self, clock: Clock, expire: Callable[[], None]) -> None:
        self._clock = clock
        self._expire = expire
        self._at = inf
        self._timer: Timer | None = None

    def now(self) -> float:
        """The time of the clock, in seconds."""
        return self._clock.time()

    def within(self, seconds: float, latest: float = inf) -> None:
        """What is waited for now has this long, and no longer than to a time of the clock."""
        self._at = min(self._clock.time() + seconds, latest)
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
        self._timer = self._clock.call_at(self._at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._at <= self._clock.time():
            self._expire()
        elif self._at < inf:
            self._arm()
