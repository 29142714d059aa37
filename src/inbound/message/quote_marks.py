"""Lines and their quote marks (RFC 3676 4.5)."""

import re
from typing import NamedTuple

#: lines that are told apart: nobody writes or quotes more, and what is not looked at takes no time
MAX_LINES = 10_000

#: what stands above and below code
FENCE = "```"

# Up to three blanks before: more is text that shows ">".
_MARKS = re.compile(r"[ \t\xa0]{0,3}(>(?>(?:[ \t\xa0]?>)*))[ \t\xa0]?")
_INITIALS = re.compile(r"[A-Z]{1,3}>")
_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_NOISE = "\ufeff\u200b \t\r\xa0"


class Line(NamedTuple):
    """A line of a text."""

    #: how many times it is quoted
    depth: int
    #: without quote marks, byte order and direction marks, and blanks at the end
    text: str
    #: as written
    raw: str

    @property
    def is_blank(self) -> bool:
        return not self.text

    def unquoted(self, depth: int) -> str:
        """As written, without the first so many quote marks."""
        rest = self.raw
        for _ in range(min(depth, self.depth)):
            rest = rest.partition(">")[2]
        return rest[1:] if depth and self.depth and rest[:1] in {" ", "\xa0"} else rest


def read_lines(text: str) -> list[Line]:
    """The lines of a text; behind `MAX_LINES` all that is left counts as one."""
    raws = text.split("\n", MAX_LINES)
    lines = [_read_line(raw) for raw in raws]
    for index in range(1, len(raws)):
        # Mailers of Usenet and FidoNet put the author's initials before the mark; one line alone says nothing.
        initials = _INITIALS.match(raws[index])
        if initials and raws[index - 1].startswith(initials[0]):
            lines[index - 1 : index + 1] = [_cited(raws[index - 1]), _cited(raws[index])]
    return lines


def next_spoken(lines: list[Line], index: int, limit: int | None = None) -> int:
    """The first line from there on that is not blank; the limit (the end, without one) when there is none."""
    end = len(lines) if limit is None else min(limit, len(lines))
    while index < end and lines[index].is_blank:
        index += 1
    return index


def end_of_code(lines: list[Line], start: int, end: int | None = None) -> int:
    """The line behind the fenced code that begins there; the same line where none does, or none ends."""
    if lines[start].depth or not lines[start].text.startswith(FENCE):
        return start
    limit = len(lines) if end is None else end
    closing = (index for index in range(start + 1, limit) if lines[index].text == FENCE and not lines[index].depth)
    return next((index + 1 for index in closing), start)


def _cited(raw: str) -> Line:
    return Line(1, raw.partition(">")[2].strip(_NOISE), raw)


def _read_line(raw: str) -> Line:
    shown = raw if raw.isascii() else raw.translate(_DIRECTIONS)
    marks = _MARKS.match(shown) if ">" in shown[:4] else None
    if not marks or (shown.startswith(">>> ") and shown.rstrip(_NOISE).endswith(" >>>")):
        return Line(0, shown.strip(_NOISE), raw)
    return Line(marks[1].count(">"), shown[marks.end() :].strip(_NOISE), raw)
