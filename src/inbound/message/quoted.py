"""The new text of a mail, told from what it quotes and from its signature."""

import re
from enum import Enum, auto

from inbound.message.embedded import Embedded, find_embedded, headed_until, rule_above
from inbound.message.mark_lines import is_rule
from inbound.message.phrases import LINE_STEMS, REPLY_ABOVE
from inbound.message.quote_marks import FENCE, Line, end_of_code, next_spoken, read_lines
from inbound.message.signatures import signature_start
from inbound.model.mail import Reply

#: a quoted line this long was perhaps wrapped by a program that forgot the quote mark of the rest
WRAPPED_CHARS = 55
#: lines of a quote that stay above the answer to it; of a longer one its last paragraph stays
MAX_CONTEXT_LINES = 30

#: characters of a line that says to reply above it
MAX_REPLY_LINE_CHARS = 120

_PGP_START = "-----BEGIN PGP SIGNED MESSAGE-----"
# A pattern is faster than trying each of them.
_LINE_STEM = re.compile("|".join(LINE_STEMS))
_SENTENCE_ENDS = (".", "!", "?", ":", ";")


class _Kind(Enum):
    NEW = auto()
    QUOTED = auto()
    SIGNATURE = auto()


def split_reply(text: str) -> Reply:
    r"""Tell the new text of a mail from the rest.

    Text behind a quote is new (answers below), text between quotes too (answers in between: these keep what they
    answer above them). What stands below a header block, a "-----Original Message-----" or an attribution line without
    quoted lines is quoted to the end. If nothing would remain, the text below is what its author sends: a forwarded
    mail with its header, without what that one quotes. If still nothing would remain, everything is new.

    Args:
        text: of the message, lines ended by ``\n``.

    Returns:
        the parts. Every line that is not blank is in exactly one of them.
    """
    lines = read_lines(text)
    kinds = _kinds(lines)
    if not _has_new(lines, kinds):
        kinds = _kinds(lines, is_headed=True)
    if not _has_new(lines, kinds):
        return Reply(new_text=text.strip("\n"), quoted_text="", signature="", rest="")
    return Reply(
        new_text=_join(lines, kinds, {_Kind.NEW}),
        quoted_text=_join(lines, kinds, {_Kind.QUOTED}),
        signature=_join(lines, kinds, {_Kind.SIGNATURE}),
        rest=_join(lines, kinds, {_Kind.QUOTED, _Kind.SIGNATURE}),
    )


def _join(lines: list[Line], kinds: list[_Kind], wanted: set[_Kind]) -> str:
    """The lines of those kinds; where others stood between them, one blank line."""
    out: list[str] = []
    is_gap = False
    for line, kind in zip(lines, kinds, strict=True):
        if kind not in wanted:
            is_gap = bool(out)
            continue
        if is_gap and not line.raw.strip() and not out[-1].strip():
            continue
        if is_gap and out[-1].strip() and not line.is_blank:
            out.append("")
        is_gap = False
        out.append(line.raw)
    return "\n".join(out).strip("\n").rstrip()


def _has_new(lines: list[Line], kinds: list[_Kind]) -> bool:
    return any(kind is _Kind.NEW and not line.is_blank for kind, line in zip(kinds, lines, strict=True))


def _kinds(lines: list[Line], *, is_headed: bool = False) -> list[_Kind]:
    """What each line is. Where it is headed, the first announcement of a quote announces the text itself."""
    kinds = [_Kind.NEW] * len(lines)
    runs = _quoted_runs(lines, is_headed=is_headed)
    for start, end, _is_attributed in runs:
        kinds[start:end] = [_Kind.QUOTED] * (end - start)
    for start, end in _gaps(runs, len(lines)):
        found = signature_start(lines, start, end)
        if found is not None:
            kinds[found:end] = [_Kind.SIGNATURE] * (end - found)
    if lines[first := next_spoken(lines, 0, len(lines) - 1)].text == _PGP_START:
        while first < len(lines) and not lines[first].is_blank:
            kinds[first] = _Kind.SIGNATURE
            first += 1
    for start, end in _contexts(lines, kinds, runs):
        kinds[start:end] = [_Kind.NEW] * (end - start)
    return kinds


def _gaps(runs: list[tuple[int, int, bool]], length: int) -> list[tuple[int, int]]:
    """What stands between the quoted runs."""
    starts = [0, *(end for _, end, _ in runs)]
    ends = [*(start for start, _, _ in runs), length]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _quoted_runs(lines: list[Line], *, is_headed: bool) -> list[tuple[int, int, bool]]:
    """Start, end and "does an attribution line or the like open it?" of everything quoted, in order."""
    runs: list[tuple[int, int, bool]] = []
    floor = index = 0
    while index < len(lines):
        line = lines[index]
        if line.text[:3] == FENCE and (code_end := end_of_code(lines, index)) > index:
            index = code_end
            continue
        if _is_reply_line(line):
            is_ruled = index > floor and is_rule(lines[index - 1])
            runs.append((index - is_ruled, len(lines), True))
            break
        embedded = find_embedded(lines, index, floor)
        if embedded and is_headed:
            # Who wrote, and when, is part of a forward; before an answer it is not.
            floor = index = embedded.end
            is_headed = False
            if embedded.attribution:
                runs.append((embedded.start, embedded.end, True))
        elif embedded:
            start, index = embedded.start, _end_of_quote(lines, embedded)
            runs.append((start, index, True))
            floor = index
        elif line.depth:
            start, head, index = rule_above(lines, index, floor), headed_until(lines, index), _end_of_run(lines, index)
            if head and start and next_spoken(lines, head, index) >= index:
                # Only the fields or the line above the quote are marked (Orange, Centrum).
                index = len(lines)
            runs.append((start, index, head > 0))
            floor = index
        else:
            index += 1
    return runs


def _is_reply_line(line: Line) -> bool:
    """Is it ``## Reply above this line ##``?"""
    text = line.text
    if len(text) > MAX_REPLY_LINE_CHARS or not text:
        return False
    if text.startswith("##") and text.endswith("-##"):
        return True
    return bool(_LINE_STEM.search(text.casefold())) and bool(REPLY_ABOVE.search(text))


def _end_of_quote(lines: list[Line], embedded: Embedded) -> int:
    """Quoted lines end where the marks end; without marks everything is quoted."""
    following = next_spoken(lines, embedded.end)
    if following < len(lines) and lines[following].depth:
        return _end_of_run(lines, following)
    return len(lines)


def _end_of_run(lines: list[Line], index: int) -> int:
    """The line behind the last quoted one; blank lines and torn-off ends of quoted lines do not end it."""
    end, is_torn = index, False
    while index < len(lines):
        if lines[index].depth:
            end = index + 1
        elif not lines[index].is_blank:
            if not _is_torn_off(lines, index, is_torn=is_torn):
                break
            is_torn = True
        index += 1
    return end


def _is_torn_off(lines: list[Line], index: int, *, is_torn: bool) -> bool:
    """Is it the rest of the quoted line above, wrapped by a program that did not repeat the mark?

    Where one was found, others are believed more easily.
    """
    before, text = lines[index - 1], lines[index].text
    if not before.depth or len(before.text) < WRAPPED_CHARS or index + 1 >= len(lines) or not lines[index + 1].depth:
        return False
    return text[:1].islower() and len(text) < len(before.text) and (is_torn or not before.text.endswith(_SENTENCE_ENDS))


def _contexts(lines: list[Line], kinds: list[_Kind], runs: list[tuple[int, int, bool]]) -> list[tuple[int, int]]:
    """The quoted lines that stay: those that an answer between quotes answers.

    A single attributed quote above or below the text is a whole mail, and goes; so does the last of several.
    """
    found: list[tuple[int, int]] = []
    for number, (start, end, is_attributed) in enumerate(runs):
        next_start = runs[number + 1][0] if number + 1 < len(runs) else len(lines)
        is_answered = any(kinds[i] is _Kind.NEW and not lines[i].is_blank for i in range(end, next_start))
        is_between = number + 1 < len(runs) or number > 0
        if is_answered and (is_between or not is_attributed):
            found.append((_context_start(lines, start, end), end))
    return found


def _context_start(lines: list[Line], start: int, end: int) -> int:
    """The first line that stays of a quote: what is above its quote marks goes."""
    while start < end and not lines[start].depth:
        start += 1
    while end > start and lines[end - 1].is_blank:
        end -= 1
    if end - start <= MAX_CONTEXT_LINES:
        return start
    first = end
    while first > end - MAX_CONTEXT_LINES and lines[first - 1].depth and not lines[first - 1].is_blank:
        first -= 1
    return first
