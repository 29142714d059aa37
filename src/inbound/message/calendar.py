"""Calendar objects in mail (RFC 5545, iTIP RFC 5546, iMIP RFC 6047): the first event, and a text a person can read."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from inbound.message.calendar_zones import zone_of
from inbound.message.charset import clean, clean_line, decode
from inbound.message.structure import Part
from inbound.model.kinds import Attendee, CalendarEvent
from inbound.values import immutable

CALENDAR_TYPES = frozenset({"text/calendar", "application/ics", "text/x-vcalendar", "text/x-vcal"})
#: octets of a calendar object that are read, lines of it, and attendees that are kept
MAX_BYTES = 500_000
MAX_LINES = 5000
MAX_ATTENDEES = 200

_LINE = re.compile(r"([A-Za-z0-9-]++)((?>(?:[^\":]+|\"[^\"]*\")*)):(.*)\Z", re.DOTALL)
_PARAMETER = re.compile(r";([A-Za-z0-9-]+)=(\"[^\"]*\"|[^;]*)")
_ESCAPE = re.compile(r"\\([\\;,nN])")
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z)?)?\Z")
_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?\Z")


@immutable(kw_only=False)
class _Property:
    name: str
    parameters: dict[str, str]
    value: str

    def text(self) -> str:
        """The value as a text (RFC 5545 3.3.11)."""
        return clean(_ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], self.value)).strip()

    def line(self) -> str:
        return clean_line(self.text())


def read_calendar(parts: Sequence[Part]) -> CalendarEvent | None:
    """Read the first calendar object of a message that has an event.

    Args:
        parts: all parts of the message, the root first.

    Returns:
        its first event; None without one. What is unreadable in it is absent.
    """
    for part in parts:
        if part.content_type in CALENDAR_TYPES:
            octets = part.content()[:MAX_BYTES]
            event = _read_object(decode(octets, part.parameters.get("charset", "")), part.parameters.get("method", ""))
            if event is not None:
                return event
    return None


def _read_object(text: str, method: str) -> CalendarEvent | None:
    """One pass over the lines: what stands in the first VEVENT, and the time zones around it."""
    path: list[str] = []
    event: list[_Property] = []
    zones: list[list[tuple[str, str]]] = []
    has_event = False
    for item in _properties(text):
        match item.name:
            case "BEGIN":
                path.append(item.value.strip().upper())
                has_event = has_event or path[-1] in {"VEVENT", "VTODO"}
                if path[-1] == "VTIMEZONE":
                    zones.append([])
            case "END":
                if path and path.pop() in {"VEVENT", "VTODO"} and event:
                    break
            case "METHOD" if path == ["VCALENDAR"]:
                method = item.value or method
            case _:
                if path and path[-1] in {"VEVENT", "VTODO"}:
                    event.append(item)
                    continue
        if "VTIMEZONE" in path and zones:
            zones[-1].append((item.name, item.value.replace("\\,", ",").strip()))
    return _event(event, clean_line(method).lower(), zones) if has_event else None


def _properties(text: str) -> Iterator[_Property]:
    unfolded = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n ", "").replace("\n\t", "")
    for line in unfolded.split("\n", MAX_LINES)[:MAX_LINES]:
        found = _LINE.match(line)
        if found:
            name, value = found[1].upper(), found[3]
            parameters = {name.upper(): value.strip('"') for name, value in _PARAMETER.findall(found[2])}
            if ":" in value and "TZID" in parameters:
                # A name with a colon (GMT+01:00) should stand in quotes; programs forget them.
                head, _, value = value.rpartition(":")
                parameters["TZID"] += f":{head}"
            yield _Property(name, parameters, value)


def _event(found: list[_Property], method: str, zones: list[list[tuple[str, str]]]) -> CalendarEvent:
    first: dict[str, _Property] = {}
    for item in found:
        first.setdefault(item.name, item)
    start = _moment(first.get("DTSTART"), zones)
    end = _moment(first.get("DTEND") or first.get("DUE"), zones) or _after(start, first.get("DURATION"))
    organizer = first.get("ORGANIZER")
    attendees = [_attendee(item) for item in found if item.name == "ATTENDEE"][:MAX_ATTENDEES]
    return CalendarEvent(
        method=method,
        uid=_line(first, "UID"),
        summary=_line(first, "SUMMARY"),
        description=first["DESCRIPTION"].text() if "DESCRIPTION" in first else "",
        location=_line(first, "LOCATION"),
        starts_at=start,
        ends_at=end,
        time_zone=clean_line(first["DTSTART"].parameters.get("TZID", "")) if "DTSTART" in first else "",
        is_recurring="RRULE" in first or "RECURRENCE-ID" in first,
        organizer=_attendee(organizer) if organizer is not None else None,
        attendees=tuple(attendees),
        comment=first["COMMENT"].text() if "COMMENT" in first else "",
    )


def _line(first: dict[str, _Property], name: str) -> str:
    return first[name].line() if name in first else ""


def _attendee(item: _Property) -> Attendee:
    kind, _, address = item.value.strip().partition(":")
    is_mail = kind.lower() == "mailto"
    return Attendee(
        address=clean_line(address.strip() if is_mail else item.parameters.get("EMAIL", "")),
        name=clean_line(item.parameters.get("CN", "")),
        answer=clean_line(item.parameters.get("PARTSTAT", "")).lower(),
    )


def _moment(item: _Property | None, zones: list[list[tuple[str, str]]]) -> date | datetime | None:
    """A DATE or DATE-TIME (RFC 5545 3.3.4, 3.3.5)."""
    found = _DATE.match(item.value.strip()) if item is not None else None
    if item is None or found is None:
        return None
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    try:
        if found[4] is None:
            return date(year, month, day)
        # RFC 5545 3.3.12: a leap second counts as the one before.
        seconds = min(int(found[6] or 0), 59)
        moment = datetime(year, month, day, int(found[4]), int(found[5]), seconds)  # noqa: DTZ001  # set below
    except ValueError:
        return None
    zone: tzinfo | None = UTC if found[7] else zone_of(item.parameters.get("TZID", ""), zones, moment)
    return moment.replace(tzinfo=zone)


def _after(start: date | datetime | None, duration: _Property | None) -> date | datetime | None:
    found = _DURATION.match(duration.value.strip().lstrip("+")) if duration is not None else None
    if start is None or found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in found.groups())
    try:
        return start + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        return None
