"""Durations as operators write them: 30m, 8h, 2d, 1w."""

import re
from datetime import timedelta

_DURATION = re.compile(r"([1-9][0-9]{0,6})([mhdw])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=3660)


def parse_duration(text: str) -> timedelta | None:
    """Read a positive whole number of minutes, hours, days or weeks; None for anything else or above ten years."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    duration = int(match[1]) * _UNITS[match[2]]
    return duration if duration <= _LONGEST else None
