"""Numbers that come from outside beside those that are counted here: the two must never meet."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import text

from inbound.config.mistakes import shown
from inbound.database import rows
from inbound.database.engine import Database, Transaction, execute, transaction
from inbound.database.imports.finding import taken_numbers
from inbound.database.imports.report import Desk, Report
from inbound.database.imports.writing import Draft, chunks
from inbound.database.tables import object_numbers

#: numbers that an import may skip in the counter of a day that has begun
MOST_SKIPPED = 100_000

_SEQUENCES = {"T": "ticket_numbers", "P": "project_numbers"}
_REGISTER = rows.insert(object_numbers, ("number", "kind"))
_BEGIN_DAY = text("""
    INSERT INTO number_counters (kind, day, base)
    SELECT :kind, CAST(:day AS date), nextval(CAST(:sequence AS text))
    WHERE NOT EXISTS (SELECT FROM number_counters WHERE kind = :kind AND day = CAST(:day AS date))
    ON CONFLICT DO NOTHING
""")
_SKIP = text("SELECT count(nextval(CAST(:sequence AS text))) FROM generate_series(1, CAST(:count AS bigint))")
_BASES = text("SELECT day, base FROM number_counters WHERE kind = :kind AND day = ANY(CAST(:days AS date[]))")


def day_and_count(number: str) -> tuple[date, int]:
    """``T20260131.0042`` as its day and 42."""
    day, _, count = number[1:].partition(".")
    return date(int(day[:4]), int(day[4:6]), int(day[6:])), int(count.partition(".")[0])


def usable_numbers(tx: Transaction, new: list[Draft], desk: Desk, report: Report) -> list[Draft]:
    """The new drafts whose numbers nobody has, and that nobody will be given from now on."""
    taken = taken_numbers(tx, (draft.entry.values["number"] for draft in new))
    free = [draft for draft in new if _is_free(draft, taken, desk, report)]
    behind = _count_past(tx, (draft.entry.values["number"] for draft in free), is_rehearsal=desk.is_rehearsal)
    for draft in free:
        number = draft.entry.values["number"]
        if number in behind:
            message = f"{shown(number)} is {behind[number]} numbers ahead of the counter; at most {MOST_SKIPPED}"
            report.refuse_entry(draft.entry, "number", message)
    return [draft for draft in free if draft.entry.values["number"] not in behind]


def _is_free(draft: Draft, taken: set[str], desk: Desk, report: Report) -> bool:
    number = draft.entry.values["number"]
    if number in taken:
        report.refuse_entry(draft.entry, "number", f"{shown(number)} is already the number of something else")
    elif day_and_count(number)[0] > desk.today:
        message = f"{shown(number)} is of a day that has not come; its numbers are counted when it does"
        report.refuse_entry(draft.entry, "number", message)
    else:
        return True
    return False


def register(tx: Transaction, new: list[Draft]) -> None:
    """Enter the numbers of new objects in the registry."""
    for chunk in chunks(sorted(draft.entry.values["number"] for draft in new)):
        execute(tx, _REGISTER, {"number": chunk, "kind": [number[0] for number in chunk]})


def begin_day(engine: Database, numbers: Iterable[str], today: date) -> None:
    """Begin today's count of every letter that some numbers of today have, in a short transaction of its own."""
    letters = sorted({number[0] for number in numbers if day_and_count(number)[0] == today})
    with transaction(engine) as tx:
        for letter in letters:
            tx.execute(_BEGIN_DAY, {"kind": letter, "day": today, "sequence": _SEQUENCES[letter]})


def _count_past(tx: Transaction, numbers: Iterable[str], *, is_rehearsal: bool) -> dict[str, int]:
    """Count past the numbers, on days that have begun: the counter would give them a second time.

    What a sequence has given stays given, also when the transaction is rolled back: numbers have gaps.

    Returns:
        for numbers that are too far ahead, by how much.
    """
    highest: dict[tuple[str, date], str] = {}
    for number in sorted(numbers, key=day_and_count):
        highest[number[0], day_and_count(number)[0]] = number
    too_far: dict[str, int] = {}
    for letter, sequence in _SEQUENCES.items():
        days = [day for kind, day in highest if kind == letter]
        for day, base in tx.execute(_BASES, {"kind": letter, "days": days}).all() if days else ():
            number = highest[letter, day]
            behind = base + day_and_count(number)[1] - _last_value(tx, sequence)
            if behind > MOST_SKIPPED:
                too_far[number] = behind
            elif behind > 0 and not is_rehearsal:
                tx.execute(_SKIP, {"sequence": sequence, "count": behind})
    return too_far


def _last_value(tx: Transaction, sequence: str) -> int:
    # S608: one of the two names above
    return int(tx.scalar(text(f"SELECT last_value FROM {sequence}")) or 0)  # noqa: S608
