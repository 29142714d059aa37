"""TZID of a calendar -> time zone: by its IANA or Windows name, else by the rules beside it (RFC 5545 3.6.5)."""

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){0,2}\Z")
# Names that programs put something in front of: /freeassociation.sourceforge.net/Europe/Berlin
_IANA_END = re.compile(r"(?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[\w+/-]+\Z")
_UTC = re.compile(r"(?:tzone://Microsoft/)?(?:Etc/)?(?:UTC|GMT|Z)\Z", re.IGNORECASE)
_UTC_OFFSET = re.compile(r"(?:UTC|GMT)([+-])(\d{1,2})(?::?(\d\d))?\Z", re.IGNORECASE)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)")
_ONSET = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)")
_MONTH = re.compile(r"BYMONTH=(\d{1,2})")
_DAY = re.compile(r"BYDAY=(-?\d)(MO|TU|WE|TH|FR|SA|SU)")
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_MAX_OBSERVANCES = 50

Lines = list[tuple[str, str]]


def zone_of(name: str, zones: list[Lines], moment: datetime) -> tzinfo | None:
    """Find the time zone that a TZID means.

    Args:
        name: the TZID; empty for a time that is meant where the reader is.
        zones: names and values of the lines of each VTIMEZONE of the object, in their order.
        moment: without time zone; at which the rules are applied.

    Returns:
        the zone, a fixed offset where only rules came with it, None when nothing is known.
    """
    name = name.replace("\\,", ",").strip()
    if not name:
        return None
    return _named(name) or _ruled(name, zones, moment) or _counted(name)


def _counted(name: str) -> tzinfo | None:
    """UTC by one of its names, or an offset from it."""
    if _UTC.match(name):
        return UTC
    found = _UTC_OFFSET.match(name)
    delta = timedelta(hours=int(found[2]), minutes=int(found[3] or 0)) if found else timedelta(hours=24)
    if found is None or delta >= timedelta(hours=24):
        return None
    return timezone(-delta if found[1] == "-" else delta)


def _named(name: str) -> tzinfo | None:
    if name in _windows_names():
        name = _windows_names()[name]
    elif found := _IANA_END.search(name):
        name = found[0]
    if not _NAME.match(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: "Europe" is a directory
        return None


@cache
def _windows_names() -> dict[str, str]:
    # Loading icalendar takes long, and few messages have an invitation.
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return dict(WINDOWS_TO_OLSON)


def _ruled(name: str, zones: list[Lines], moment: datetime) -> tzinfo | None:
    """The offset of the observance that began last before the moment."""
    lines = next((lines for lines in zones if ("TZID", name) in lines), None)
    if lines is None:
        return None
    found: list[tuple[datetime, timedelta]] = []
    for observance in _observances(lines):
        offset = _OFFSET.match(observance.get("TZOFFSETTO", ""))
        if offset:
            delta = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
            delta = -delta if offset[1] == "-" else delta
            found += [(onset, delta) for onset in _onsets(observance, moment)]
    before = [(onset, delta) for onset, delta in found if onset <= moment]
    chosen = max(before) if before else min(found, default=None)
    if chosen is None or abs(chosen[1]) >= timedelta(hours=24):
        return None
    return timezone(chosen[1])


def _observances(lines: Lines) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for name, value in lines:
        if name == "BEGIN" and value.upper() in {"STANDARD", "DAYLIGHT"} and len(found) < _MAX_OBSERVANCES:
            found.append({})
        elif found:
            found[-1].setdefault(name, value)
    return found


def _onsets(observance: dict[str, str], moment: datetime) -> list[datetime]:
    """When it begins this year and the year before; without a yearly rule, when it began."""
    first = _ONSET.match(observance.get("DTSTART", ""))
    if first is None:
        return []
    year, month, day, hour, minute = map(int, first.groups())
    by_month, by_day = _MONTH.search(observance.get("RRULE", "")), _DAY.search(observance.get("RRULE", ""))
    try:
        if by_day is None:
            return [datetime(year, month, day, hour, minute)]  # noqa: DTZ001  # local times, as the rules have them
        return [
            _nth_weekday(one, int(by_month[1]) if by_month else month, int(by_day[1]), by_day[2])
            + timedelta(hours=hour, minutes=minute)
            for one in (moment.year - 1, moment.year)
            if one >= year
        ]
    except (ValueError, OverflowError):
        return []


def _nth_weekday(year: int, month: int, nth: int, weekday: str) -> datetime:
    """The nth such day of a month; counted from its end when negative (RFC 5545 3.3.10)."""
    wanted = _WEEKDAYS.index(weekday)
    first_weekday, length = monthrange(year, month)
    days = range(1 + (wanted - first_weekday) % 7, length + 1, 7)
    return datetime(year, month, days[nth - 1 if nth > 0 else nth] if nth else 1)  # noqa: DTZ001  # a local day
