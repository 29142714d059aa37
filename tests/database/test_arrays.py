"""Lists on their way to PostgreSQL."""

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from desk import Desk
from inbound.model.outcome import Outcome


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        # every type, with and without NULLs
        ("text", ["a", "", "ä\N{GRINNING FACE}", None, '{"x,}', "\\"]),
        ("text", [Outcome.TICKET_CREATED]),
        ("bigint", [0, 1, -1, 2**63 - 1, -(2**63), None]),
        ("integer", [1, 2]),
        ("smallint", [1, None]),
        ("bytea", [b"", b"\x00\xff", None]),
        ("boolean", [True, False, None]),
        (
            "timestamptz",
            [
                datetime(2026, 1, 31, 12, tzinfo=UTC),
                datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-5))),
                None,
            ],
        ),
        # what the driver writes
        ("numeric", [Decimal("1.50"), None]),
        # nothing but NULLs, and nothing at all, whatever the type
        *((type_, values) for type_ in ("text", "bigint", "bytea", "timestamptz") for values in ([None, None], [])),
    ],
)
def test_lists_arrive_as_they_are(desk: Desk, type_: str, values: list[Any]) -> None:
    """What is sent as a list comes back as the same list."""
    with desk.database.connect() as tx:
        statement = text(f"SELECT CAST(:values AS {type_}[])")
        assert tx.scalar(statement, {"values": values}) == values


def test_a_view_arrives_as_what_it_shows(desk: Desk) -> None:
    """Of a large value only the part that is meant is sent, and no copy of it is made before."""
    octets = bytes(range(256)) * 8000
    with desk.database.connect() as tx:
        sent = tx.scalar(text("SELECT CAST(:value AS bytea)"), {"value": memoryview(octets)[3:-3]})
        tracemalloc.start()
        try:
            size = tx.scalar(text("SELECT length(CAST(:value AS bytea))"), {"value": memoryview(octets)})
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (sent, size) == (octets[3:-3], len(octets))
    assert peak < len(octets)
