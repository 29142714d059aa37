"""When a notice that was not taken is tried again, and when it is given up (RFC 5321 4.5.4.1)."""

from datetime import timedelta

#: however often it failed
LONGEST = timedelta(hours=4)
#: the smallest and largest part of the pause that is taken: what failed together does not come again together
_JITTER = (0.75, 1.25)


def pause(attempts: int, first_seconds: float, chance: float) -> timedelta:
    """How long to wait after a temporary refusal: twice as long each time, more or less.

    Args:
        attempts: so far, at least 1.
        first_seconds: the first pause.
        chance: a random number from 0 to 1.
    """
    # 2**20 times the shortest pause is beyond the longest: no number grows without end.
    seconds = min(first_seconds * 2 ** min(attempts - 1, 20), LONGEST.total_seconds())
    low, high = _JITTER
    return timedelta(seconds=seconds * (low + (high - low) * chance))


def is_given_up(attempts: int, age: timedelta, *, max_attempts: int, give_up_hours: int) -> bool:
    """Is another attempt pointless?

    Args:
        attempts: so far.
        age: since it was queued.
        max_attempts: `smart_host.max_attempts`.
        give_up_hours: `smart_host.give_up_hours`.
    """
    return attempts >= max_attempts or age >= timedelta(hours=give_up_hours)
