"""Points in time (RFC 5322 3.3 and 4.3), and what programs write instead."""

import re
from datetime import UTC, datetime, timedelta, timezone

_MONTH_NUMBERS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar mär mrz", "apr", "may mai", "jun", "jul", "aug", "sep", "oct okt", "nov", "dec dez"), 1
    )
    for name in names.split()
}
# RFC 5322 4.3: the obsolete zones that have a known offset; military and unknown ones count as UTC there.
_ZONE_HOURS = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
# Not in the RFC, but written by mailers of their countries.
_ZONE_HOURS |= {"cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "bst": 1, "eet": 2, "eest": 3, "jst": 9}

_MAX_LENGTH = 200
# Nearly every date: as RFC 5322 3.3 wants it, with English names and a zone in digits.
_ORDINARY = re.compile(
    rb"(?:[A-Z][a-z][a-z],)? {0,3}(\d\d?) ([A-Z][a-z][a-z]) (\d{4}) (\d\d):(\d\d):([0-5]\d) ([+-])([01]\d)([0-5]\d)"
    rb"(?: \([^()]{0,40}\))?\Z"
)
_COMMENT = re.compile(r"\([^()]*+\)")
_TIME = r"(?P<hour>\d{1,2})[:.](?P<minute>\d{1,2})(?:[:.](?P<second>\d{1,2}))?(?:[.,]\d+)?(?:\s*(?P<half>[AP]M)\b)?"
_ZONE = r"(?:\s*(?:GMT|UTC)?(?P<zone>[+-]\d{1,2}:?\d{2}\b|[A-Za-z]{1,5}\b))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # RFC 5322 3.3, dashes, stray commas and full month names included
        r"(?<!\d)(?P<day>\d{1,2})[\s.,-]+(?P<month>[^\W\d]{3})\w*[\s.,-]+(?P<year>\d{2,4})[\s,]+(?:at\s+)?"
        + _TIME
        + _ZONE,
        # asctime, with the zone before or behind the year, or none
        r"(?P<month>[^\W\d]{3})\w*\s+(?P<day>\d{1,2}),?\s+" + _TIME + r"(?:\s+[A-Z]{3,4})?\s+(?P<year>\d{4})" + _ZONE,
        # month first
        r"(?P<month>[^\W\d]{3})\w*\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})[\s,]+" + _TIME + _ZONE,
        # RFC 3339, and with slashes or dots
        r"(?<!\d)(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})[T\s]+" + _TIME + _ZONE,
        # day first with dots, as only day-first countries write
        r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})[\s,]+" + _TIME + _ZONE,
    )
)


def parse_date(value: bytes) -> datetime | None:
    """Read a date field.

    Args:
        value: unfolded, as sent.

    Returns:
        aware, in UTC; None when it is missing, unreadable or no possible time.
    """
    if ordinary := _ORDINARY.match(value):
        return _build_ordinary(*ordinary.groups())
    text = value[:_MAX_LENGTH].decode("latin-1" if value.isascii() else "utf-8", "replace")
    while "(" in text and (uncommented := _COMMENT.sub(" ", text)) != text:
        # Comments nest; the length of the text bounds how often.
        text = uncommented
    for form in _FORMS:
        if found := form.search(text):
            return _build(found.groupdict())
    return None


def _build_ordinary(day: bytes, name: bytes, year: bytes, *rest: bytes) -> datetime | None:
    month = _MONTH_NUMBERS.get(name.decode("ascii").lower())
    hour, minute, second, sign, zone_hours, zone_minutes = rest
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        local = datetime(int(year), month or 0, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        return local + offset if sign == b"-" else local - offset
    except (ValueError, OverflowError):
        # No such month or day, or outside of what a calendar holds: the field says nothing.
        return None


def _build(found: dict[str, str | None]) -> datetime | None:
    month = found["month"] or ""
    number = int(month) if month.isdigit() else _MONTH_NUMBERS.get(month.lower())
    if number is None:
        return None
    second = int(found["second"] or 0)
    try:
        local = datetime(
            year=_full_year(found["year"] or ""),
            month=number,
            day=int(found["day"] or ""),
            hour=_hour(int(found["hour"] or ""), (found["half"] or "").lower()),
            minute=int(found["minute"] or ""),
            second=min(second, 59),
            tzinfo=_zone(found["zone"] or ""),
        )
        # RFC 5322 3.3 allows leap seconds, datetime does not.
        return local.astimezone(UTC) + timedelta(seconds=1 if second == 60 else 0)
    except (ValueError, OverflowError):
        # No such day, or outside of what a calendar holds: the field says nothing.
        return None


def _full_year(digits: str) -> int:
    """RFC 5322 4.3: two and three digits."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _hour(hour: int, half: str) -> int:
    if not half or hour > 12:
        return hour
    return hour % 12 + (12 if half == "pm" else 0)


def _zone(zone: str) -> timezone:
    if zone[:1] in {"+", "-"}:
        digits = zone[1:].replace(":", "").zfill(4)
        # "+0580": where there are no such minutes, the half hour is meant, as in India.
        minutes = int(digits[2:]) if int(digits[2:]) < 60 else 30
        offset = timedelta(hours=int(digits[:2]), minutes=minutes)
        # An impossible offset counts as unknown, and unknown ones as UTC (RFC 5322 4.3).
        if offset >= timedelta(days=1):
            return UTC
        return timezone(-offset if zone[0] == "-" else offset)
    return timezone(timedelta(hours=_ZONE_HOURS.get(zone.lower(), 0)))
