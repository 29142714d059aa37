"""Date fields."""

from datetime import UTC, datetime

import pytest

from inbound.message.dates import parse_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 5322
        (b"Mon, 12 Jan 2026 09:15:30 +0100", "2026-01-12T08:15:30"),
        (b"12 Jan 2026 09:15 -0000", "2026-01-12T09:15:00"),
        (b"Mon, 12 Jan 2026 09:15:30 +0100 (CET (Berlin))", "2026-01-12T08:15:30"),
        (b"Thu, 31 Dec 2026 23:59:60 +0000", "2027-01-01T00:00:00"),
        (b"Mon, (nested (comments)) 12 Jan 2026 09:15:30 (one (more (two))) +0100", "2026-01-12T08:15:30"),
        # RFC 5322 4.3
        (b"Mon, 12 Jan 26 09:15:30 EST", "2026-01-12T14:15:30"),
        (b"Tue, 12 Jan 99 09:15:30 GMT", "1999-01-12T09:15:30"),
        (b"12 Jan 126 09:15:30 Z", "2026-01-12T09:15:30"),
        (b"12 Jan 2026 09:15:30 XYZ", "2026-01-12T09:15:30"),
        # others
        (b"12 Jan 2026 09:15:30 GMT+0200", "2026-01-12T07:15:30"),
        (b"12 Jan 2026 09:15:30 +02:00", "2026-01-12T07:15:30"),
        (b"12 Jan 2026 09:15:30 MESZ", "2026-01-12T07:15:30"),
        (b"12-January-2026 9.15.30", "2026-01-12T09:15:30"),
        ("Do, 12 Mär 2026 09:15:30 +0100".encode(), "2026-03-12T08:15:30"),
        (b"Mon Jan 12 09:15:30 2026", "2026-01-12T09:15:30"),
        (b"Mon Jan 12 09:15:30 CET 2026 +0100", "2026-01-12T08:15:30"),
        (b"January 12, 2026, 09:15:30 PM", "2026-01-12T21:15:30"),
        (b"2026-01-12T09:15:30.123Z", "2026-01-12T09:15:30"),
        (b"2026-01-12 12:15:30 AM +0100", "2026-01-11T23:15:30"),
        (b"12 Jan 2026 09:15:30 +9999", "2026-01-12T09:15:30"),
        (b"Mon, 12, Jan 2026 09:15:30 +0100", "2026-01-12T08:15:30"),
        (b"2026.01.12 09:15:30", "2026-01-12T09:15:30"),
        (b"12 Jan 2026 09:15:30 +0580", "2026-01-12T03:45:30"),
        # no possible time
        (b"", None),
        (b"yesterday", None),
        (b"32 Jan 2026 09:15:30 +0000", None),
        (b"12 Foo 2026 09:15:30 +0000", None),
        (b"12 Jan 0000 09:15:30 +0000", None),
        (b"12 Jan 2026 25:15:30 +0000", None),
        (b"1 Jan 0001 00:00:00 +1200", None),
        (b"31 Dec 9999 23:59:60 +0000", None),
        (b"31 Dec 9999 23:00:00 -1200", None),
        (b"\xff\x00" * 100, None),
    ],
)
def test_dates(value: bytes, expected: str | None) -> None:
    """Dates of RFC 5322, obsolete and wrong ones, in UTC; what is no time is none."""
    assert parse_date(value) == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)
