"""The one timer of a connection."""

from collections.abc import Callable

from inbound.smtp.deadline import Deadline


class Timer:
    """A call to come."""

    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self._when = when
        self.callback = callback
        self.is_cancelled = False

    def when(self) -> float:
        return self._when

    def cancel(self) -> None:
        self.is_cancelled = True


class Clock:
    """Time and timers, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        self.timers.append(Timer(when, callback))
        return self.timers[-1]

    def forward(self, seconds: float) -> None:
        """Let time pass and call what is due, earliest first."""
        end = self.now + seconds
        while due := [timer for timer in self.timers if not timer.is_cancelled and timer.when() <= end]:
            timer = min(due, key=Timer.when)
            self.timers.remove(timer)
            self.now = timer.when()
            timer.callback()
        self.now = end


def test_it_expires_once_when_it_is_reached() -> None:
    """The call comes when the time is over, not earlier and not twice."""
    clock, calls = Clock(), list[float]()
    deadline = Deadline(clock, lambda: calls.append(clock.now))
    deadline.within(10)
    clock.forward(9.9)
    assert calls == []
    clock.forward(100)
    assert calls == [10]


def test_it_can_be_moved_both_ways() -> None:
    """The last word counts, whether it is later or earlier than the one before."""
    clock, calls = Clock(), list[float]()
    deadline = Deadline(clock, lambda: calls.append(clock.now))
    deadline.within(10)
    clock.forward(9)
    deadline.within(10)
    clock.forward(9)
    deadline.within(600)
    clock.forward(300)
    deadline.within(5)
    clock.forward(4)
    assert calls == []
    clock.forward(600)
    assert calls == [323]


def test_it_can_be_suspended() -> None:
    """Suspended it never expires; given a time again it does."""
    clock, calls = Clock(), list[float]()
    deadline = Deadline(clock, lambda: calls.append(clock.now))
    deadline.within(10)
    deadline.suspend()
    clock.forward(1_000)
    assert calls == []
    deadline.within(10)
    clock.forward(1_000)
    assert calls == [1_010]


def test_cancelled_it_leaves_nothing_behind() -> None:
    """A closed connection leaves no timer that would keep it in memory."""
    clock = Clock()
    deadline = Deadline(clock, lambda: None)
    deadline.within(10)
    deadline.cancel()
    assert all(timer.is_cancelled for timer in clock.timers)
