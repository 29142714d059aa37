"""Invitations, answers and cancellations; and their text."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.message.calendar import MAX_ATTENDEES
from inbound.message.calendar_text import event_text
from inbound.message.parse import parse
from inbound.model.kinds import Attendee, CalendarEvent
from steps import count_calls

BERLIN = ZoneInfo("Europe/Berlin")

ZONE = """\
BEGIN:VTIMEZONE
TZID:Kundenzeit
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
"""
INVITATION = """\
DTSTART;TZID=Europe/Berlin:20260131T090000
DTEND;TZID=Europe/Berlin:20260131T101500
UID:42@example.com
SUMMARY;LANGUAGE=de:Drucker\\, Raum 2: Übergabe
LOCATION:Besprechungsraum\\; 2. Stock
DESCRIPTION:Guten Tag\\,\\nwir treffen uns
  im zweiten Stock.
ORGANIZER;CN="Muster, Petra":mailto:petra@example.com
ATTENDEE;CN=Support;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:support@example.net
ATTENDEE;CN=Jane Roe;PARTSTAT=ACCEPTED:MAILTO:jane@example.org
"""


def event(lines: str, *, method: str = "REQUEST", around: str = "") -> CalendarEvent | None:
    """The event of a mail with this VEVENT."""
    text = (
        f"BEGIN:VCALENDAR\nPRODID:x\nMETHOD:{method}\n{around}BEGIN:VEVENT\n{lines}BEGIN:VALARM\nSUMMARY:Alarm\n"
        "TRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
    ).replace("\n", "\r\n")
    content = f"From: a@example.com\nContent-Type: text/calendar; charset=utf-8; method={method}\n\n{text}"
    return parse(content.encode()).calendar


def test_an_invitation_is_read_whole() -> None:
    """What, when with time zone, where, who asks, who is asked."""
    assert event(INVITATION) == CalendarEvent(
        method="request",
        uid="42@example.com",
        summary="Drucker, Raum 2: Übergabe",
        description="Guten Tag,\nwir treffen uns im zweiten Stock.",
        location="Besprechungsraum; 2. Stock",
        starts_at=datetime(2026, 1, 31, 9, tzinfo=BERLIN),
        ends_at=datetime(2026, 1, 31, 10, 15, tzinfo=BERLIN),
        time_zone="Europe/Berlin",
        is_recurring=False,
        organizer=Attendee(address="petra@example.com", name="Muster, Petra", answer=""),
        attendees=(
            Attendee(address="support@example.net", name="Support", answer="needs-action"),
            Attendee(address="jane@example.org", name="Jane Roe", answer="accepted"),
        ),
        comment="",
    )


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # RFC 5545 3.3.5: UTC, local, with time zone; 3.3.4: a whole day
        ("DTSTART:20260131T080000Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("DTSTART:20260131T080000", datetime(2026, 1, 31, 8)),  # noqa: DTZ001  # meant where the reader is
        ("DTSTART;VALUE=DATE:20260131", date(2026, 1, 31)),
        # names of Windows and of programs that put something in front
        ("DTSTART;TZID=W. Europe Standard Time:20260131T090000", datetime(2026, 1, 31, 9, tzinfo=BERLIN)),
        ('DTSTART;TZID="W. Europe Standard Time":20260131T090000', datetime(2026, 1, 31, 9, tzinfo=BERLIN)),
        ("DTSTART;TZID=/example.net/1/Europe/Berlin:20260131T090000", datetime(2026, 1, 31, 9, tzinfo=BERLIN)),
        # UTC and what is counted from it; a colon that should be in quotes
        ("DTSTART;TZID=tzone://Microsoft/Utc:20260131T080000", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("DTSTART;TZID=GMT+01:00:20260131T090000", datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1)))),
        ('DTSTART;TZID="UTC-0330":20260131T090000', datetime(2026, 1, 31, 9, tzinfo=timezone(-timedelta(hours=3.5)))),
        ("DTSTART;TZID=GMT+99:20260131T090000", datetime(2026, 1, 31, 9)),  # noqa: DTZ001  # there is none
        (
            "DTSTART;TZID=(UTC+01:00) Nord\\, Süd:20260731T090000",
            datetime(2026, 7, 31, 9, tzinfo=timezone(timedelta(hours=2))),
        ),
        # a zone that only the message knows, in winter and in summer
        ("DTSTART;TZID=Kundenzeit:20260131T090000", datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1)))),
        ("DTSTART;TZID=Kundenzeit:20260731T090000", datetime(2026, 7, 31, 9, tzinfo=timezone(timedelta(hours=2)))),
        # unknown zones, no path leads out of the time zones
        ("DTSTART;TZID=Nirgendwo:20260131T090000", datetime(2026, 1, 31, 9)),  # noqa: DTZ001  # nothing is known
        ("DTSTART;TZID=../../etc/passwd:20260131T090000", datetime(2026, 1, 31, 9)),  # noqa: DTZ001  # the same
        ("DTSTART;TZID=Europe:20260131T090000", datetime(2026, 1, 31, 9)),  # noqa: DTZ001  # the same
        # what is no time is absent
        ("DTSTART:20261331T090000", None),
        ("DTSTART:20260131T250000", None),
        ("DTSTART:00000000", None),
        ("DTSTART:tomorrow", None),
        ("X-OTHER:1", None),
    ],
)
def test_times(start: str, expected: date | datetime | None) -> None:
    """A time is what it says, in the time zone it names."""
    found = event(f"{start}\n", around=ZONE + ZONE.replace("Kundenzeit", "(UTC+01:00) Nord\\, Süd"))
    assert found is not None
    assert found.starts_at == expected
    if isinstance(found.starts_at, datetime) and isinstance(expected, datetime):
        assert found.starts_at.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    ("duration", "minutes"),
    [("PT1H30M", 90), ("P1D", 24 * 60), ("P1W", 7 * 24 * 60), ("soon", None), ("P99999D", 99999 * 24 * 60)],
)
def test_durations(duration: str, minutes: int | None) -> None:
    """An event that says how long it is ends then."""
    found = event(f"DTSTART:20260131T080000Z\nDURATION:{duration}\n")
    assert found is not None
    start = datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert found.ends_at == (None if minutes is None else start + timedelta(minutes=minutes))


def test_an_answer_says_who_answers_what() -> None:
    """A reply (iTIP 3.2.3) carries the attendee's answer and comment."""
    found = event("UID:1\nATTENDEE;PARTSTAT=DECLINED:mailto:jane@example.org\nCOMMENT:Bin krank.\n", method="REPLY")
    assert found is not None
    assert (found.method, found.attendees[0].answer, found.comment) == ("reply", "declined", "Bin krank.")


def test_the_calendar_may_be_an_attachment() -> None:
    """Beside other text an invitation is found as well."""
    content = (
        'From: a@example.com\nContent-Type: multipart/mixed; boundary="m"\n\n--m\n\nBitte kommen.\n--m\n'
        "Content-Type: application/ics; name=termin.ics\n\nBEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\n"
        "SUMMARY:Termin\nEND:VEVENT\nEND:VCALENDAR\n--m--\n"
    )
    found = parse(content.encode()).calendar
    assert found is not None
    assert (found.method, found.summary) == ("cancel", "Termin")


@pytest.mark.parametrize("text", ["", "BEGIN:VCALENDAR\nEND:VCALENDAR", "SUMMARY:x", "no calendar at all"])
def test_no_event_is_none(text: str) -> None:
    """A calendar part without an event says nothing."""
    assert parse(f"Content-Type: text/calendar\n\n{text}\n".encode()).calendar is None


def test_german_text() -> None:
    """A German desk reads an invitation in German."""
    found = event(INVITATION)
    assert found is not None
    assert event_text(found, "de") == (
        "Einladung: Drucker, Raum 2: Übergabe\n"
        "Wann: 2026-01-31 09:00 – 10:15 (Europe/Berlin, UTC+01:00)\n"
        "Wo: Besprechungsraum; 2. Stock\n"
        "Organisator: Muster, Petra <petra@example.com>\n"
        "Teilnehmer: Support <support@example.net>, Jane Roe <jane@example.org> (zugesagt)\n"
        "\n"
        "Guten Tag,\nwir treffen uns im zweiten Stock.\n"
    )


@pytest.mark.parametrize(
    ("lines", "method", "expected"),
    [
        # over midnight, whole days, in UTC, without anything
        ("SUMMARY:A\nDTSTART:20260131T230000Z\nDTEND:20260201T010000Z\n", "REQUEST",
         "Invitation: A\nWhen: 2026-01-31 23:00 – 2026-02-01 01:00 (UTC)\n"),
        ("SUMMARY:A\nDTSTART;VALUE=DATE:20260131\nDTEND;VALUE=DATE:20260201\n", "CANCEL",
         "Cancelled: A\nWhen: 2026-01-31\n"),
        ("SUMMARY:A\nDTSTART;VALUE=DATE:20260131\nDTEND;VALUE=DATE:20260203\n", "PUBLISH",
         "Event: A\nWhen: 2026-01-31 – 2026-02-02\n"),
        ("SUMMARY:A\nDTSTART:20260131T080000\nRRULE:FREQ=DAILY\n", "COUNTER",
         "Proposal of another time: A\nWhen: 2026-01-31 08:00, recurring\n"),
        ("SUMMARY:A\nATTENDEE;CN=Jane;PARTSTAT=TENTATIVE:mailto:j@example.org\n", "REPLY",
         "Answer to an invitation: A\nAttendees: Jane <j@example.org> (tentatively accepted)\n"),
        ("UID:7\n", "OTHER", "Event: 7\n"),
        # Outlook says it in the summary; a zone that is UTC is not named twice
        ("SUMMARY:Cancelled: A\nDTSTART;TZID=UTC:20260131T080000\n", "CANCEL",
         "Cancelled: A\nWhen: 2026-01-31 08:00 (UTC)\n"),
    ],
)  # fmt: skip
def test_english_text(lines: str, method: str, expected: str) -> None:
    """Every kind of event says what it is; what is not known is left out."""
    found = event(lines, method=method)
    assert found is not None
    assert event_text(found) == expected


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from([
            "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VTIMEZONE", "END:VTIMEZONE", "BEGIN:STANDARD", "TZID:x",
            "TZOFFSETTO:+9999",
            "RRULE:FREQ=YEARLY;BYDAY=5SU;BYMONTH=99", "DTSTART;TZID=x:99991231T235959", "DTEND:00010101T000000Z",
            "DURATION:P9999W", "ATTENDEE:x", "DTSTART:20260101T000000", 'A;B="', "\ud800", "\0", " x", "METHOD:",
        ]),
        max_size=12,
    ),
    st.binary(max_size=60),
)  # fmt: skip
def test_any_calendar_is_survived(lines: list[str], octets: bytes) -> None:
    """Whatever stands in a calendar, reading and writing it never raises, and what comes out is clean."""
    text = "\n".join(["BEGIN:VCALENDAR", *lines]).encode("utf-8", "surrogatepass") + b"\nSUMMARY:" + octets
    found = parse(b"Content-Type: text/calendar\n\n" + text).calendar
    if found is not None:
        written = event_text(found)
        assert "\0" not in written
        written.encode()


def test_attendees_are_capped() -> None:
    """A list of thousands is cut, and its text even more."""
    found = event("ATTENDEE:mailto:a@example.org\n" * (MAX_ATTENDEES + 50))
    assert found is not None
    assert len(found.attendees) == MAX_ATTENDEES
    assert event_text(found).endswith(f", +{MAX_ATTENDEES - 30}\n")


@pytest.mark.parametrize(
    "line", ["ATTENDEE;CN=x:mailto:a@b.de\n", 'X;A="\n', "A:b\n c\n", "BEGIN:VEVENT\n", "BEGIN:VTIMEZONE\n"]
)
def test_hostile_calendars_cost_no_more_than_their_length(line: str) -> None:
    """Twice the lines cost at most two and a half times the steps."""
    head = "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n"
    small, large = ((head + line * count).encode() for count in (1000, 2000))
    assert count_calls(lambda: parse(large)) <= 2.5 * count_calls(lambda: parse(small))
