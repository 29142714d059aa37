"""Indicators: what a resource writes into the first line, like ``#T=1.5 #S=In Progress #R=Network Engineer``."""

import re
import unicodedata
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import islice

from inbound.model.indicated import Indicated, Problem, WorkTime, Writer, WrongValue

TIME, STATUS, ROLE, APPROVAL = "#T", "#S", "#R", "#A"
INDICATORS = (TIME, STATUS, ROLE, APPROVAL)
MAX_HOURS = Decimal(24)
HOURS_ALLOWED = ("1.5", "1,5", "1.5h", "1:30", "1h30m", "1h", "90m")
APPROVES = frozenset({"approve", "approved", "genehmigt"})
REJECTS = frozenset({"reject", "rejected", "abgelehnt"})
DECISIONS_ALLOWED = ("approve", "approved", "genehmigt", "reject", "rejected", "abgelehnt")
#: a line with more has no meaning; what is behind them belongs to the value of the last, and makes it a wrong one
MAX_INDICATORS = 50
#: mistakes of one line that are told
MAX_WRONG = 10
#: a Date further away from the time of receipt is a wrong clock
MAX_CLOCK_ERROR = timedelta(hours=24)

_MAX_SHOWN_CHARS = 100
_LINE = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")
_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BEGINS = re.compile(r"#[TSRA]=", re.IGNORECASE)
_INDICATOR = re.compile(r"(?:^|(?<=\s))#([A-Za-z])=")
# Digits are bounded: nobody works for so long, and no number of them costs more than a look.
_DECIMAL = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,9}))?h?", re.IGNORECASE)
_CLOCK = re.compile(r"([0-9]{1,9}):([0-5][0-9])")
_HOURS_MINUTES = re.compile(r"([0-9]{1,9})h([0-5]?[0-9])m", re.IGNORECASE)
_MINUTES = re.compile(r"([0-9]{1,9})m", re.IGNORECASE)

_INVISIBLE = frozenset(
    # soft hyphen, combining grapheme joiner, zero-width and direction marks, joiners, byte-order mark
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff"
)
_DROP_INVISIBLE = dict.fromkeys(map(ord, _INVISIBLE))


def read_indicators(text: str, writer: Writer) -> Indicated | None:
    """Read the first line of a reply.

    Args:
        text: the new text: without what is quoted, and empty when everything is. Only of a mail whose subject names
            an existing object; without one the line stays text.
        writer: what its author may write.

    Returns:
        None when the line is text. Never raises.
    """
    line, below = split_first_line(text)
    if not _BEGINS.match(line):
        return None
    values = _values(line)
    names = {name for name, _ in values}
    if not _counts(names, writer):
        return None
    wrong: list[WrongValue] = []
    given = _given(values, names, wrong)
    hours = _hours(given[TIME], writer, wrong) if TIME in given else None
    return Indicated(
        hours=hours,
        status=_picked(STATUS, given[STATUS], writer.statuses, wrong) if STATUS in given else "",
        role=_role(given[ROLE], writer, wrong) if ROLE in given else "",
        is_approved=_decision(given[APPROVAL], writer, wrong) if APPROVAL in given else None,
        wrong=tuple(wrong[:MAX_WRONG]),
        text=below if TIME in names or names == {APPROVAL} else text,
    )


def begins_with_indicator(text: str) -> bool:
    """Does the first line look like indicators, whoever wrote it?"""
    return bool(_BEGINS.match(split_first_line(text)[0]))


def split_first_line(text: str) -> tuple[str, str]:
    """The first non-blank line as it is compared, and what stands below it.

    NFKC-folded, without invisible characters, non-breaking spaces as spaces: a full-width number sign counts.
    """
    for match in _LINE.finditer(text):
        line = fold(match[0])
        if line:
            end = _LINE_END.match(text, match.end())
            return line, text[end.end() if end else match.end() :].strip("\n\r")
    return "", ""


def fold(text: str) -> str:
    """What looks the same becomes the same, apart from its case."""
    folded = text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_DROP_INVISIBLE))
    return " ".join(folded.split())


def work_time(hours: Decimal, sent_at: datetime | None, received_at: datetime) -> WorkTime:
    """Stop = the message's Date (received time when absent or more than 24 hours off); start = stop - T.

    Args:
        hours: as in the time entry, so that both say the same.
        sent_at: Date, aware; None when absent.
        received_at: aware.
    """
    is_usable = sent_at is not None and abs(sent_at - received_at) <= MAX_CLOCK_ERROR
    stop_at = sent_at if sent_at is not None and is_usable else received_at
    seconds = int((hours * 3600).to_integral_value())
    return WorkTime(start_at=stop_at - timedelta(seconds=seconds), stop_at=stop_at)


def _values(line: str) -> list[tuple[str, str]]:
    """Indicators with their values, which reach to the next `` #X=`` or the end of the line."""
    marks = list(islice(_INDICATOR.finditer(line), MAX_INDICATORS))
    ends = [mark.start() for mark in marks[1:]] + [len(line)]
    return [(f"#{mark[1].upper()}", line[mark.end() : end].strip()) for mark, end in zip(marks, ends, strict=True)]


def _counts(names: set[str], writer: Writer) -> bool:
    """Is the line more than text? #S and #R only with #T; a contact only approves; what others write is text."""
    if writer.is_resource:
        return TIME in names or APPROVAL in names
    return writer.is_approver and names == {APPROVAL}


def _given(values: list[tuple[str, str]], names: set[str], wrong: list[WrongValue]) -> dict[str, str]:
    """The value of every indicator that is looked at. Without #T, #S and #R stay unchecked."""
    looked_at = set(INDICATORS) if TIME in names else {APPROVAL}
    given: dict[str, str] = {}
    for name, value in values:
        if name not in INDICATORS:
            wrong.append(_wrong(Problem.UNKNOWN_INDICATOR, name, value, tuple(f"{one}=" for one in INDICATORS)))
        elif name in given:
            wrong.append(_wrong(Problem.REPEATED, name, value))
        elif name in looked_at:
            given[name] = value
    return given


def _hours(value: str, writer: Writer, wrong: list[WrongValue]) -> Decimal | None:
    if writer.target == "project":
        wrong.append(_wrong(Problem.NO_TIME_ON_PROJECTS, TIME, value))
        return None
    if writer.is_time_prohibited:
        wrong.append(_wrong(Problem.TICKET_COMPLETE, TIME, value))
        return None
    exact = parse_hours(value)
    if exact is None:
        wrong.append(_wrong(Problem.HOURS_UNREADABLE, TIME, value, HOURS_ALLOWED))
        return None
    hours = exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    if hours <= 0 or exact > MAX_HOURS:
        wrong.append(_wrong(Problem.HOURS_OUT_OF_RANGE, TIME, value, HOURS_ALLOWED))
        return None
    return hours


def parse_hours(value: str) -> Decimal | None:
    """``1.5``, ``1,5``, ``1.5h``, ``1:30``, ``1h30m``, ``1h``, ``90m`` as hours; None for anything else."""
    if match := _DECIMAL.fullmatch(value):
        return Decimal(f"{match[1]}.{match[2] or 0}")
    if match := _CLOCK.fullmatch(value) or _HOURS_MINUTES.fullmatch(value):
        return Decimal(match[1]) + Decimal(match[2]) / 60
    if match := _MINUTES.fullmatch(value):
        return Decimal(match[1]) / 60
    return None


def _picked(name: str, value: str, allowed: tuple[str, ...], wrong: list[WrongValue]) -> str:
    found = find_entry(value, allowed)
    if found is None:
        wrong.append(_wrong(Problem.STATUS_UNKNOWN, name, value, allowed))
    return found or ""


def _role(value: str, writer: Writer, wrong: list[WrongValue]) -> str:
    """The resource must hold the role; what is allowed is what it holds."""
    usable = tuple(role for role in writer.roles if find_entry(role, writer.held_roles) is not None)
    if (found := find_entry(value, usable)) is not None:
        return found
    exists = find_entry(value, writer.roles) is not None
    wrong.append(_wrong(Problem.ROLE_NOT_HELD if exists else Problem.ROLE_UNKNOWN, ROLE, value, usable))
    return ""


def find_entry(value: str, entries: tuple[str, ...]) -> str | None:
    """The entry of a pick list that a value means, whatever its case; spelled as in the list."""
    wanted = fold(value).casefold()
    return next((entry for entry in entries if fold(entry).casefold() == wanted), None)


def _decision(value: str, writer: Writer, wrong: list[WrongValue]) -> bool | None:
    if not writer.is_change_request:
        wrong.append(_wrong(Problem.NO_CHANGE_REQUEST, APPROVAL, value))
        return None
    if not writer.is_approver:
        wrong.append(_wrong(Problem.NO_APPROVER, APPROVAL, value))
        return None
    decision = value.casefold()
    if decision not in APPROVES | REJECTS:
        wrong.append(_wrong(Problem.DECISION_UNREADABLE, APPROVAL, value, DECISIONS_ALLOWED))
        return None
    return decision in APPROVES


def _wrong(problem: Problem, indicator: str, value: str, allowed: tuple[str, ...] = ()) -> WrongValue:
    shown = value if len(value) <= _MAX_SHOWN_CHARS else f"{value[: _MAX_SHOWN_CHARS - 1]}…"
    return WrongValue(problem=problem, indicator=indicator, value=shown, allowed=allowed)
