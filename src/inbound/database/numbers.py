"""Ids and object numbers, allotted without holding a lock until commit: gaps are allowed, repetitions are not."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from sqlalchemy import Engine, text

from inbound.database.engine import Transaction, execute, statement, transaction
from inbound.values import immutable

#: what the first letter of a number stands for
TICKET = "T"

_ALLOT = statement("""
    SELECT ARRAY(SELECT nextval('tickets_id_seq') FROM generate_series(1, CAST(:tickets AS integer))) AS ticket_ids,
           ARRAY(SELECT nextval('ticket_numbers') FROM generate_series(1, CAST(:tickets AS integer))) AS ticket_counts,
           ARRAY(SELECT nextval('notes_id_seq') FROM generate_series(1, CAST(:notes AS integer))) AS note_ids,
           ARRAY(SELECT nextval('messages_id_seq') FROM generate_series(1, CAST(:messages AS integer))) AS message_ids,
           ARRAY(SELECT nextval('time_entries_id_seq') FROM generate_series(1, CAST(:time_entries AS integer)))
           AS time_entry_ids,
           ARRAY(SELECT nextval('contacts_id_seq') FROM generate_series(1, CAST(:contacts AS integer))) AS contact_ids
""")

_FIND_DAYS = text("SELECT day, base FROM number_counters WHERE kind = :kind AND day = ANY(CAST(:days AS date[]))")

# A race is harmless: one of the two rows stays, and both processes read that one afterwards.
_BEGIN_DAY = text("""
    INSERT INTO number_counters (kind, day, base) VALUES (:kind, :day, nextval('ticket_numbers'))
    ON CONFLICT DO NOTHING
""")

_LAST_COUNT = text("SELECT last_value FROM ticket_numbers")


@immutable
class Allotment:
    """What a batch may use up."""

    ticket_ids: list[int]
    #: raw counts of the sequence; `format_number` makes numbers of them
    ticket_counts: list[int]
    note_ids: list[int]
    message_ids: list[int]
    time_entry_ids: list[int]
    contact_ids: list[int]


@immutable
class Need:
    """How many of each a batch needs."""

    tickets: int
    notes: int
    messages: int
    time_entries: int
    contacts: int


def allot(tx: Transaction, need: Need) -> Allotment:
    """Draw ids and counts for a batch, in one statement."""
    (allotted,) = execute(tx, _ALLOT, asdict(need))
    return Allotment(**allotted._asdict())


def format_number(kind: str, day: date, count: int) -> str:
    """``T20260131.0042``: the day in the desk's time zone, counted from 0001, growing past four digits."""
    return f"{kind}{day:%Y%m%d}.{count:04d}"


class DayBases:
    """What the sequence had reached when each day began; kept, because it never changes."""

    def __init__(self, engine: Engine, *, is_rehearsal: bool = False) -> None:
        """Prepare; nothing is read yet.

        Args:
            engine: where the bases are.
            is_rehearsal: a day that nobody used yet does not begin; its numbers are only shown.
        """
        self._engine = engine
        self._is_rehearsal = is_rehearsal
        self._bases: dict[date, int] = {}

    def base(self, days: Iterable[date]) -> dict[date, int]:
        """The bases of some days; a day that nobody used yet begins now, in a short transaction of its own."""
        missing = sorted(set(days) - self._bases.keys())
        if missing:
            with transaction(self._engine) as tx:
                self._bases |= _find(tx, missing)
                unused = [day for day in missing if day not in self._bases]
                if self._is_rehearsal:
                    self._bases |= dict.fromkeys(unused, tx.execute(_LAST_COUNT).scalar_one())
                    return self._bases
                for day in unused:
                    tx.execute(_BEGIN_DAY, {"kind": TICKET, "day": day})
                self._bases |= _find(tx, unused)
        return self._bases


def _find(tx: Transaction, days: list[date]) -> dict[date, int]:
    return {row.day: row.base for row in tx.execute(_FIND_DAYS, {"kind": TICKET, "days": days})}
