"""When a notice is tried again, and when it is given up."""

from datetime import timedelta

import pytest

from inbound.rules.retries import LONGEST, is_given_up, pause


@pytest.mark.parametrize(
    ("attempts", "chance", "seconds"),
    [(1, 0.5, 60), (2, 0.5, 120), (3, 0.5, 240), (1, 0, 45), (1, 1, 75), (9, 0.5, 14_400), (10**6, 0.5, 14_400)],
)
def test_pauses(attempts: int, chance: float, seconds: float) -> None:
    """Twice as long each time, up to four hours, a quarter more or less."""
    assert pause(attempts, 60, chance) == timedelta(seconds=seconds)
    assert pause(attempts, 60, chance) <= LONGEST * 1.25


@pytest.mark.parametrize(
    ("attempts", "hours", "is_over"), [(1, 0, False), (29, 119, False), (30, 0, True), (1, 120, True)]
)
def test_the_end(attempts: int, hours: int, *, is_over: bool) -> None:
    """So many attempts, or so much time."""
    assert is_given_up(attempts, timedelta(hours=hours), max_attempts=30, give_up_hours=120) == is_over
