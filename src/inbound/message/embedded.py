"""Where in a text another mail begins: the places that `quoted` cuts at and `forwarded` reads from."""

from inbound.message.attribution_facts import opens
from inbound.message.attribution_lines import AttributionLine, attribution_ending_at
from inbound.message.header_blocks import HeaderBlock, block_at, block_on_line
from inbound.message.mark_lines import Mark, is_rule, read_mark
from inbound.message.quote_marks import Line, next_spoken
from inbound.values import immutable

#: quoted lines in which what they begin with is looked for
MAX_HEAD_LINES = 6
#: characters of a rule that belongs to what stands below it, though a line of text stands right above
MIN_RULE_CHARS = 10


@immutable(kw_only=False)
class Embedded:
    """The beginning of another mail."""

    #: index of its first line, and of the line behind what announces it
    start: int
    end: int
    block: HeaderBlock | None = None
    attribution: AttributionLine | None = None
    mark: Mark | None = None


def find_embedded(
    lines: list[Line], index: int, floor: int, *, max_depth: int = 0, is_announced: bool = False
) -> Embedded | None:
    """What begins another mail and has its decisive line here.

    Args:
        lines: of the text.
        index: of the line: the first field of a block, the last line of an attribution, a mark.
        floor: index of the first line that may belong to it.
        max_depth: how deep it may be quoted.
        is_announced: the subject says that there is one.

    Returns:
        None where nothing begins. Looks at a bounded number of lines.
    """
    line = lines[index]
    if line.is_blank:
        return None
    if line.depth <= max_depth and (found := _block_or_mark(lines, index, floor, is_announced=is_announced)):
        return found
    attribution = attribution_ending_at(lines, index, floor)
    if attribution and lines[attribution.start].depth <= max_depth:
        return Embedded(rule_above(lines, attribution.start, floor), attribution.end, attribution=attribution)
    return None


def _block_or_mark(lines: list[Line], index: int, floor: int, *, is_announced: bool) -> Embedded | None:
    mark = read_mark(lines[index])
    if block := block_at(lines, index, floor, is_announced=is_announced) or block_on_line(lines, index, mark):
        return Embedded(block.start, block.end, block=block, mark=block.mark)
    return _announced_by(mark, lines, index, floor) if mark else None


def _announced_by(mark: Mark, lines: list[Line], index: int, floor: int) -> Embedded | None:
    """What stands below a mark: a block, quoted or not; and where we know the words of the mark, anything."""
    following = next_spoken(lines, index + 1, index + 6)
    if following < min(len(lines), index + 6) and (block := block_at(lines, following, floor)) and block.start <= index:
        return Embedded(block.start, block.end, block=block, mark=block.mark)
    if not mark.is_known:
        return None
    attribution = _attribution_at(lines, following)
    end = attribution.end if attribution else index + 1
    return Embedded(index, end, attribution=attribution, mark=mark)


def _attribution_at(lines: list[Line], start: int) -> AttributionLine | None:
    """The attribution line that begins there."""
    for last in range(start, min(len(lines), start + 4)):
        attribution = attribution_ending_at(lines, last, start)
        if attribution and attribution.start == start:
            return attribution
    return None


def headed_until(lines: list[Line], index: int) -> int:
    """Of quoted lines that begin with who wrote them, the line behind that; 0 of others."""
    first = next_spoken(lines, index, index + MAX_HEAD_LINES)
    if first >= len(lines) or not _may_be_head(lines[first].text):
        return 0
    for last in range(first, min(len(lines), first + MAX_HEAD_LINES)):
        if not lines[last].depth and not lines[last].is_blank:
            break
        found = find_embedded(lines, last, index, max_depth=1)
        if found:
            return found.end if found.start <= first else 0
    return 0


def _may_be_head(text: str) -> bool:
    """Cheap: nearly all quotes begin with what was said."""
    return "@" in text or ":" in text or "--" in text or "__" in text or (opens(text) and any(map(str.isdigit, text)))


def rule_above(lines: list[Line], index: int, floor: int) -> int:
    """The rule right above a line that begins a quote; the line itself without one."""
    if index <= floor or not is_rule(lines[index - 1]):
        return index
    is_alone = index - 1 == floor or lines[index - 2].is_blank
    return index - 1 if is_alone or len(lines[index - 1].text) >= MIN_RULE_CHARS else index
