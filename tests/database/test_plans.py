"""What a message costs does not grow with what is stored."""

from itertools import chain

from sqlalchemy import Connection, text

from desk import Desk, delivery, mail
from inbound.intake.understanding import understand
from inbound.pipeline.process import process

_STORED = 300


def test_a_message_reads_as_much_from_full_tables_as_from_empty_ones(desk: Desk) -> None:
    """Plans that were made while the tables were empty still find their rows by an index when they are full."""
    with desk.database.connect() as tx:
        empty = _rows_read(tx, desk, _answer("first"))
        _process(tx, desk, *(_answer(f"more-{number}") for number in range(_STORED)))
        assert _rows_read(tx, desk, _answer("last")) <= empty + 20


def _answer(name: str) -> bytes:
    return mail(author=f"{name}@customer.example", extra=f"References: <{name}-1@a.example> <{name}-2@a.example>\r\n")


def _process(tx: Connection, desk: Desk, *contents: bytes) -> None:
    understood = understand([delivery(content) for content in contents], desk.context)
    process(tx, list(chain.from_iterable(one.received for one in understood)), desk.context)


def _rows_read(tx: Connection, desk: Desk, content: bytes) -> int:
    """How many rows of all tables one message looks at."""
    before = _count(tx)
    _process(tx, desk, content)
    return _count(tx) - before


def _count(tx: Connection) -> int:
    statement = "SELECT sum(seq_tup_read) + sum(coalesce(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
    return int(tx.scalar(text(statement)) or 0)
