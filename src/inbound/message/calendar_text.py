"""A calendar event as a text a person can read: for invitations that carry no other."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from inbound.model.kinds import Attendee, CalendarEvent

_MAX_ATTENDEES = 30

_ENGLISH = {
    "request": "Invitation",
    "publish": "Event",
    "reply": "Answer to an invitation",
    "cancel": "Cancelled",
    "counter": "Proposal of another time",
    "declinecounter": "Proposal of another time declined",
    "refresh": "Request for the current version of an event",
    "add": "Additional date",
    "when": "When",
    "where": "Where",
    "organizer": "Organizer",
    "attendees": "Attendees",
    "series": "recurring",
    "accepted": "accepted",
    "declined": "declined",
    "tentative": "tentatively accepted",
    "delegated": "delegated",
}
_GERMAN = {
    "request": "Einladung",
    "publish": "Termin",
    "reply": "Antwort auf eine Einladung",
    "cancel": "Abgesagt",
    "counter": "Vorschlag eines anderen Termins",
    "declinecounter": "Vorschlag eines anderen Termins abgelehnt",
    "refresh": "Bitte um den aktuellen Stand eines Termins",
    "add": "Zusätzlicher Termin",
    "when": "Wann",
    "where": "Wo",
    "organizer": "Organisator",
    "attendees": "Teilnehmer",
    "series": "Serientermin",
    "accepted": "zugesagt",
    "declined": "abgesagt",
    "tentative": "mit Vorbehalt zugesagt",
    "delegated": "delegiert",
}


def event_text(event: CalendarEvent, language: str = "en") -> str:
    r"""Write an event down: what, when with time zone, where, who.

    Args:
        event: as read.
        language: ``de`` for German, English otherwise.

    Returns:
        lines ended by ``\n``; what is not known is left out.
    """
    words = _GERMAN if language == "de" else _ENGLISH
    attendees = [_person(one, words) for one in event.attendees[:_MAX_ATTENDEES]]
    if len(event.attendees) > _MAX_ATTENDEES:
        attendees.append(f"+{len(event.attendees) - _MAX_ATTENDEES}")
    lines = [
        _headed(words.get(event.method, words["publish"]), event.summary or event.uid),
        _labelled(words["when"], _when(event, words)),
        _labelled(words["where"], event.location),
        _labelled(words["organizer"], _person(event.organizer, words) if event.organizer else ""),
        _labelled(words["attendees"], ", ".join(attendees)),
    ]
    blocks = ["\n".join(line for line in lines if line), event.comment, event.description]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _headed(label: str, summary: str) -> str:
    """Outlook puts the same word in front of the summary."""
    return summary if summary.casefold().startswith(f"{label}:".casefold()) else _labelled(label, summary)


def _labelled(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""


def _person(one: Attendee, words: Mapping[str, str]) -> str:
    named = f"{one.name} <{one.address}>" if one.name and one.address else one.name or one.address
    return f"{named} ({words[one.answer]})" if one.answer in words else named


def _when(event: CalendarEvent, words: Mapping[str, str]) -> str:
    if event.starts_at is None:
        return ""
    text = _span(event.starts_at, event.ends_at)
    if isinstance(event.starts_at, datetime) and (zone := _zone(event.starts_at, event.time_zone)):
        text += f" ({zone})"
    return f"{text}, {words['series']}" if event.is_recurring else text


def _span(start: date, end: date | None) -> str:
    """From when to when (ISO 8601, which nobody reads wrongly). The end of a whole day is exclusive."""
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if end is not None and not isinstance(end, datetime) and end > start else start
        return f"{start}" if last == start else f"{start} – {last}"
    first = f"{start:%Y-%m-%d %H:%M}"
    if not isinstance(end, datetime):
        return first
    if end.tzinfo is not None and start.tzinfo is not None:
        end = _in_zone_of(start, end)
    return f"{first} – {end:%H:%M}" if end.date() == start.date() else f"{first} – {end:%Y-%m-%d %H:%M}"


def _in_zone_of(start: datetime, end: datetime) -> datetime:
    try:
        return end.astimezone(start.tzinfo)
    except OverflowError:
        # at the end of the year 9999
        return end


def _zone(start: datetime, name: str) -> str:
    """The sender's name of the time zone, and what it means."""
    if start.tzinfo is None:
        return name
    offset = f"UTC{start:%z}"[:6] + ":" + f"{start:%z}"[3:5] if start.utcoffset() else "UTC"
    return f"{name}, {offset}" if name and name != offset else offset
