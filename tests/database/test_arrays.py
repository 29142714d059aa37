"""Lists on their way to PostgreSQL."""

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
