"""Header fields that a program repeats in the text, above a mail it quotes or forwards.

    -----Ursprüngliche Nachricht-----          a mark, or a rule, or nothing at all
    Von: Petra Muster [mailto:petra@example.com]
    Gesendet: Dienstag, 3. Mai 2026 10:15
    An: Hilfe
    Betreff: Drucker

Without a mark above it, it needs an author, a date, and a recipient or subject: prose has not.
"""

import re

from inbound.message.attribution_facts import is_dated
from inbound.message.mark_lines import MAX_LINE_CHARS, Mark, fold, is_bare_mark, is_rule, read_mark
from inbound.message.phrases import FIELD_OF
from inbound.message.quote_marks import Line, next_spoken
from inbound.values import immutable

#: lines of one block, and characters of a line in which its label is looked for
MAX_LINES = 40
MAX_LABEL_CHARS = 40
#: blanks in a label that we do not know
MAX_LABEL_BLANKS = 1
#: characters of a field that are read
MAX_FIELD_CHARS = 100_000

_LABEL = re.compile(r"[\s*_|]{0,10}(?P<label>[^\W\d_][^:：\n]{0,40}?)[\s*_]{0,4}[:：][*_]{0,3}")
# "| From | Petra Muster<petra@example.com> |", a table (NetEase).
_CELL_LABEL = re.compile(r"\|\s?(?P<label>[^\W\d_][^|:\n]{0,40}?)\s?\|(?=[^|]+\|\Z)")
# As in "Kopie (CC)".
_REMARK = re.compile(r"\s?\([^()]*\)")
# Labels as programs write them, for the mails whose block has lost its line ends.
_CAPITALIZED = sorted({label[:1].upper() + label[1:] for label in FIELD_OF if len(label) > 1}, key=len, reverse=True)
_INLINE = re.compile(
    rf"(?P<label>{'|'.join(map(re.escape, _CAPITALIZED))}|CC|À|A)\s?[:：](?=\s)|"
    r"(?<=>)(?P<bare>Dw)(?= )"  # Yahoo's Polish one has no colon
)
_ADDRESS = re.compile(r"[^\s<>()\[\]@]@[^\W_]")
_BRACKETED = re.compile(r"<[^\s<>@]{1,64}@[^\s<>]{1,255}>")
# Below a mark in a language we do not know: quoted mails name the recipient before the subject.
_GMAIL_ORDER = ("from", "date", "subject", "to")
_SHORT_ORDER = ("from", "date", "to")
_ADDRESS_FIELDS = frozenset(("from", "to", "cc", "bcc", "reply_to"))
_FIELD_OF_FOLDED = {fold(label): field for label, field in FIELD_OF.items()}


@immutable(kw_only=False)
class HeaderBlock:
    """A block, found."""

    #: index of its first line, marks and rules above it included
    start: int
    #: index of its first field, and of the line behind its last
    fields_start: int
    end: int
    #: field -> value, unwrapped
    values: dict[str, str]
    mark: Mark | None
    #: how deep it is quoted
    depth: int


def label_of(text: str) -> tuple[str, str] | None:
    """The field a line holds and its value; None when it begins with no label of one."""
    head = text[: MAX_LABEL_CHARS + 20]
    is_cell = head[:1] == "|" and text[-1:] == "|"
    if not is_cell and ":" not in head and "：" not in head:
        return None
    found = (is_cell and _CELL_LABEL.match(text[:MAX_LINE_CHARS])) or _LABEL.match(head)
    field = _FIELD_OF_FOLDED.get(fold(_REMARK.sub("", found["label"]))) if found else None
    return (field, text[found.end() :].strip(" \t*_\xa0" + "|" * is_cell)) if found and field else None


def block_at(lines: list[Line], index: int, floor: int = 0, *, is_announced: bool = False) -> HeaderBlock | None:
    """The block whose first field stands in that line.

    Args:
        lines: of the text.
        index: of the line.
        floor: index of the first line that may belong to it.
        is_announced: it is known from elsewhere (the subject) that there is one, so less of it is enough.

    Returns:
        None where there is none. Looks at `MAX_LINES` lines.
    """
    first = label_of(lines[index].text)
    if first is None or first[0] == "other":
        return None
    start, mark = _announcement(lines, index, floor)
    has_announcement = start < index
    values, end = _fields(lines, index, is_split=has_announcement)
    if not _is_block(values, is_announced=is_announced or has_announcement):
        values, end = _flattened(lines[index].text), index + 1
    if mark and not mark.is_known and tuple(values)[:4] == _GMAIL_ORDER:
        mark = Mark(is_forward=True, is_known=True, rest=mark.rest)
    if mark and end < len(lines) and lines[end].text == lines[start].text:
        # Zoho repeats the mark below.
        end += 1
    if start == index:
        start = _first_field(lines, index, floor)
    return HeaderBlock(start, index, end, values, mark, lines[index].depth) if values else None


def _first_field(lines: list[Line], index: int, floor: int) -> int:
    """The first of the fields that say nothing to us ("Message-ID:") and stand right above one that does."""
    while index > floor and (label_of(lines[index - 1].text) or ("",))[0] == "other":
        index -= 1
    return index


def block_on_line(lines: list[Line], index: int, mark: Mark | None) -> HeaderBlock | None:
    """The block that has lost its line ends: mark and all fields stand in that line (Yahoo)."""
    if mark is None or not mark.rest:
        return None
    values: dict[str, str] = {}
    _split_inline(values, mark.rest)
    if not _is_block(values, is_announced=True):
        return None
    return HeaderBlock(index, index, index + 1, values, mark, lines[index].depth)


def _flattened(text: str) -> dict[str, str]:
    """The fields of a block whose lines were joined when HTML was turned into text; empty without one."""
    values: dict[str, str] = {}
    if len(text) < MAX_LINE_CHARS and "@" in text and text.count(":") > 2:
        _split_inline(values, text)
    return values if _is_block(values, is_announced=False) else {}


def _split_inline(values: dict[str, str], text: str) -> None:
    """Read the fields that follow each other on one line."""
    field, value_start = "", 0
    for found in _INLINE.finditer(text):
        next_field = _inline_field(found)
        if next_field in values or next_field == field:
            continue
        if field:
            values[field] = text[value_start : found.start()].strip()
        elif text[: found.start()].strip():
            return
        field, value_start = next_field, found.end()
        if field == "subject" and "from" in values and "date" in values:
            break
    if field:
        values[field] = text[value_start:].strip()


def _inline_field(found: re.Match[str]) -> str:
    return _FIELD_OF_FOLDED[fold(found["label"] or found["bare"])]


def _announcement(lines: list[Line], index: int, floor: int) -> tuple[int, Mark | None]:
    """Marks and rules above the first field, blank lines between them."""
    start, mark = index, None
    for above in range(index - 1, max(floor, index - 6) - 1, -1):
        line = lines[above]
        if line.is_blank:
            continue
        found = read_mark(line)
        if found is None and above == index - 1 and is_bare_mark(line):
            found = Mark(is_forward=False, is_known=True, rest="")
        if not (is_rule(line) or (found and not found.rest and mark is None)):
            break
        start, mark = above, found or mark
    return start, mark


def _fields(lines: list[Line], index: int, *, is_split: bool) -> tuple[dict[str, str], int]:
    """The fields from that line on, and where they end."""
    values: dict[str, str] = {}
    depth, end, field = lines[index].depth, index, ""
    position, limit = index, min(len(lines), index + MAX_LINES)
    while position < limit and (lines[position].depth == depth or lines[position].is_blank):
        text = lines[position].text
        labelled = (label_of(text) or _told_field(text, values, field)) if text else None
        if labelled and (labelled[0] not in values or labelled[0] == "other"):
            field = labelled[0]
            _take(values, *labelled, is_split=is_split)
            end = position + 1
        elif labelled or not _goes_on(lines, position, limit, values, field):
            break
        elif text:
            values[field] = f"{values[field]} {text}".strip()[:MAX_FIELD_CHARS]
            end = position + 1
        position += 1
    return values, end


def _told_field(text: str, values: dict[str, str], field: str) -> tuple[str, str] | None:
    """The field whose label is none that we know, told from its value.

    Below the author only the date has a date with its time, and recipients below the recipients get a copy.
    """
    found = _LABEL.match(text[: MAX_LABEL_CHARS + 20])
    if found is None or "from" not in values or found["label"].count(" ") > MAX_LABEL_BLANKS:
        return None
    value = text[found.end() :].strip(" \t*_\xa0")
    if "date" not in values and is_dated(value[:200]):
        return "date", value
    return ("cc", value) if field == "to" and "cc" not in values and _ADDRESS.search(value[:200]) else None


def _take(values: dict[str, str], field: str, value: str, *, is_split: bool) -> None:
    """Keep a field; in an announced block others may follow on its line."""
    value = value[:MAX_LINE_CHARS] if field not in _ADDRESS_FIELDS else value
    values[field] = value
    if not is_split or len(value) > MAX_LINE_CHARS or field == "subject":
        return
    found = _INLINE.search(value)
    other = _inline_field(found) if found else field
    if found and other not in values and value[: found.start()].endswith((" ", ">")):
        values[field], values[other] = value[: found.start()].strip(), value[found.end() :].strip()


def _goes_on(lines: list[Line], position: int, limit: int, values: dict[str, str], field: str) -> bool:
    """Does the block go on with this line, which has no label?"""
    if lines[position].is_blank:
        is_whole = {"from", "date", "subject"} <= values.keys()
        following = next_spoken(lines, position, position + 3)
        return not is_whole and following < min(limit, position + 3) and _is_new_label(lines[following].text, values)
    if not values[field]:
        return True
    if field in _ADDRESS_FIELDS and _is_torn(values[field], lines[position].text):
        return True
    window = lines[position + 1 : min(limit, position + 3)]
    return any(_is_new_label(line.text, values) for line in window) and not any(line.is_blank for line in window[:1])


def _is_torn(value: str, text: str) -> bool:
    """Do more recipients follow, or the address of the last one, whose name is there already?"""
    is_bare = "@" not in re.split("[,;]", value[-MAX_LINE_CHARS:])[-1]
    return value.endswith((",", ";")) or (is_bare and _BRACKETED.match(text) is not None)


def _is_new_label(text: str, values: dict[str, str]) -> bool:
    labelled = label_of(text)
    return labelled is not None and labelled[0] not in values


def _is_block(values: dict[str, str], *, is_announced: bool) -> bool:
    if not values.get("from"):
        return False
    others = {"date", "to", "subject"} & values.keys()
    if is_announced:
        return len(others) >= 1
    has_address = any(_ADDRESS.search(values.get(field, "")[:MAX_LINE_CHARS]) for field in _ADDRESS_FIELDS)
    if tuple(values)[:3] == _SHORT_ORDER and is_dated(values["date"][:200]):
        # Outlook's order: people who write a form put the recipient below the author.
        return True
    has_date = any(letter.isdigit() for letter in values.get("date", ""))
    return has_date and len(others) >= (2 if has_address else 3)
