"""``On 3 May 2026 at 10:15, Petra Muster <petra@example.com> wrote:`` - the line before a quote, in any language.

Such a line ends with a colon, so only lines that do are looked at, and from there backwards: programs wrap it over
several lines. What it must hold is told from the world, not from a grammar: a date or time, an address, a word for
"wrote", and quoted lines behind it; two or three of them are enough.
"""

import re

from inbound.message.attribution_facts import (
    NOTHING,
    Facts,
    begins_with_quoting,
    begins_with_wrote,
    ends_with_said,
    ends_with_wrote,
    facts_of,
    opens,
    opens_with_date,
    opens_with_word,
    words_of,
)
from inbound.message.phrases import WROTE
from inbound.message.quote_marks import Line, next_spoken
from inbound.values import immutable

#: lines one may be wrapped over, and characters of each that are looked at
MAX_LINES = 6
MAX_LINE_CHARS = 300
#: characters of a line from which on it was perhaps wrapped
WRAPPED_CHARS = 50
#: words of a name
MAX_NAME_WORDS = 4

# "Petra Muster <petra@example.com>"
_ADDRESS_START = re.compile(r"[<(]")
_NAME_AND_ADDRESS = re.compile(r"[^<>.!?]{1,80}<[^<>]{1,80}>")
# The same with at most a word or two behind it, for "wrote" in a language nobody told us about.
_SPEAKER = re.compile(r"(?:[^\s<>]{1,30} ){1,4}<[^\s<>]{1,80}>[^<>:]{0,25}[:：]\Z")
_SHORT_END = re.compile(r">[^<>:]{0,20}[:：]\Z")
# It ends with the address, or with a few words behind an address in brackets: the verb, in whatever language.
_ADDRESS_END = re.compile(
    r"(?:(?<![^\s(,>\"'*])(?:<[^<>]{3,200}>[)>]{0,2}|\([^()]{3,200}\))[^<>:]{0,30}|(?<!\S)[^\s<>()]{1,64}@[^\s<>()]{1,255})"
    r"[:：][*_]?\Z"
)
# Readers of Usenet: "In article <id>, petra@example.com says..."
_ELLIPSES = ("...", "…")
# "As you wrote on Monday", "schrieb ich": somebody tells of a mail, and quotes none.
_TELLING = re.compile(r"\W*(?:as|like|wie|comme|como|come|zoals)\b|.*\b(?:ich|wir|i wrote|we wrote)\b", re.IGNORECASE)
# GroupWise writes ">>> Petra Muster <petra@example.com> 3.5.2026 10:15 >>>"
_GROUPWISE = re.compile(r">>> [^>].{1,150}>>>\Z")
# Postbox writes "Petra Muster <mailto:petra@example.com>" and below it "May 3, 2026 at 10:15 AM".
_SENDER = re.compile(r"[^<>:]{1,60} <(?:mailto:)?[^\s<>@]{1,64}@[^\s<>@]{1,255}>\Z")
_STAMP = re.compile(
    r"(?:(?:[^\W\d]{2,12}\.?,? )?(?:[^\W\d]{3,12}\.? \d{1,2}|\d{1,2}\.? [^\W\d]{3,12}\.?),? \d{4}|"
    r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4})\W{1,3}"
    r"(?:[^\W\d]{1,3}\W{1,2}){0,2}\d{1,2}[:.]\d\d(?:\s?[^\W\d]{2,3})?\Z"
)
# A longer word before the full stop: "3." and "janv." end no sentence.
_ENDS_SENTENCE = re.compile(r"[^\W\d]{7,}\.\Z")
# Gmail's old form comes without a colon.
_BARE = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d \S")
_SENTENCE_ENDS = (".", "!", "?", ":")
_COLONS = (":", "：", ":*", ":_")


@immutable(kw_only=False)
class AttributionLine:
    """One of them, found."""

    #: index of its first line, and of the line behind its last
    start: int
    end: int
    #: unwrapped
    text: str


def attribution_ending_at(lines: list[Line], last: int, floor: int = 0) -> AttributionLine | None:
    """The attribution line whose last line is that one.

    Args:
        lines: of the text.
        last: index of the line.
        floor: index of the first line that may belong to it.

    Returns:
        None where there is none. Looks at `MAX_LINES` lines at most.
    """
    line = lines[last]
    if len(line.raw) > MAX_LINE_CHARS:
        return None
    is_end = line.text.endswith(_COLONS) or _ends_between_dashes(line.text)
    if not is_end and line.text[:1] != ">" and not line.text.endswith(_ELLIPSES) and not opens(line.text):
        return None
    behind = next_spoken(lines, last + 1, last + 6)
    is_quote_next = behind < min(len(lines), last + 6) and lines[behind].depth > line.depth
    if is_end:
        return _widest(lines, last, floor, is_quote_next=is_quote_next)
    is_paragraph = last == floor or lines[last - 1].is_blank
    if last > floor and _STAMP.match(line.text) and _SENDER.match(lines[last - 1].text):
        is_alone = last - 1 == floor or lines[last - 2].is_blank
        return AttributionLine(last - 1, last + 1, f"{lines[last - 1].text} {line.text}") if is_alone else None
    if _lost_its_colon(line.text, is_quote_next=is_quote_next, is_paragraph=is_paragraph):
        return AttributionLine(last, last + 1, line.text)
    return None


def _ends_between_dashes(text: str) -> bool:
    """Is it the end of "---- On 3 May 2026 Petra wrote ----" (Zoho)?"""
    return text.endswith("----") and ends_with_wrote(text)


def _lost_its_colon(text: str, *, is_quote_next: bool, is_paragraph: bool) -> bool:
    """Is everything there but the colon?"""
    if text[:1] == ">":
        return bool(_GROUPWISE.match(text)) and facts_of(text).has_time
    if text.endswith(_ELLIPSES):
        return is_quote_next and facts_of(text).has_address and ends_with_said(text)
    if text.endswith(_SENTENCE_ENDS):
        return False
    if _BARE.match(text):
        return True
    facts = facts_of(text)
    if facts.has_address and "<" in text:
        return (facts.has_time and ends_with_wrote(text)) or (
            (is_quote_next or is_paragraph) and facts.has_date and text[0].isdigit() and text.endswith(">")
        )
    is_alone = is_quote_next or (is_paragraph and _ends_with_name(text))
    return is_alone and facts.has_date and facts.has_time and facts.has_wrote


def _ends_with_name(text: str) -> bool:
    """Does a name stand behind "wrote"? "schrieb ich Ihnen" is prose."""
    words = text.split()
    behind = next((number for number, word in enumerate(reversed(words)) if word.casefold() in WROTE), 0)
    return 0 < behind <= MAX_NAME_WORDS and all(word[0].isupper() or not word[0].isalpha() for word in words[-behind:])


def _widest(lines: list[Line], last: int, floor: int, *, is_quote_next: bool) -> AttributionLine | None:
    """Take lines from the last one upwards, until what is needed is there."""
    # "> wrote:" is no quote but the rest of a wrapped address.
    tail = lines[last]
    is_tail = tail.depth == 1 and (tail.text in _COLONS or begins_with_wrote(tail.text))
    depth, found = 0 if is_tail else tail.depth, None
    joined, facts = "", NOTHING
    for start in range(last, max(floor, last - MAX_LINES + 1) - 1, -1):
        line = lines[start]
        if line.is_blank and joined.startswith("<"):
            continue
        if line.is_blank or len(line.raw) > MAX_LINE_CHARS or (line.depth != depth and start < last):
            break
        if found and facts_of(found.text).has_date:
            break
        text = f"> {line.text}" if is_tail and start == last else line.text
        if start < last and _ends_sentence(text):
            break
        joined, facts = f"{text} {joined}".rstrip(), facts | facts_of(text)
        is_opened = opens(joined)
        is_paragraph = start == floor or lines[start - 1].is_blank
        is_dated_form = is_opened or (is_paragraph and "<" in joined)
        if _is_complete(joined, facts, is_quote_next=is_quote_next, is_dated_form=is_dated_form):
            if is_opened:
                return _with_opening(lines, AttributionLine(start, last + 1, joined), floor)
            if found is None and joined[0] not in "<>(,":
                found = AttributionLine(start, last + 1, joined)
    return _with_opening(lines, found, floor) if found else None


def _ends_sentence(text: str) -> bool:
    """Is it the end of one? "3. 5. 2026." is none, nor what stands in an open bracket."""
    if not text.endswith(_SENTENCE_ENDS) or opens(text):
        return False
    return not text[-2:-1].isdigit() and text.count("(") <= text.count(")")


def _is_complete(text: str, facts: Facts, *, is_quote_next: bool, is_dated_form: bool) -> bool:
    if begins_with_wrote(text) or (not is_quote_next and _TELLING.match(text)):
        return False
    if is_quote_next and (
        begins_with_quoting(text)
        or ends_with_said(text)
        or (facts.has_address and (text.endswith((">:", "):")) or bool(_SPEAKER.match(text))))
    ):
        return True
    if facts.has_date or facts.has_time:
        return _is_complete_with_date(text, facts, is_quote_next=is_quote_next, is_dated_form=is_dated_form)
    is_named = facts.has_address and ("<" in text or "(" in text) and ends_with_wrote(text)
    return facts.has_wrote and (is_quote_next or is_named)


def _is_complete_with_date(text: str, facts: Facts, *, is_quote_next: bool, is_dated_form: bool) -> bool:
    if facts.has_address:
        is_told = facts.has_time or (facts.has_date and bool(_SHORT_END.search(text)))
        is_speaker = "=<" not in text and bool(_ADDRESS_END.search(text) or _NAME_AND_ADDRESS.match(text))
        return facts.has_wrote or is_quote_next or (is_told and is_dated_form and is_speaker)
    has_both = facts.has_date and facts.has_time
    if facts.has_wrote or (has_both and begins_with_quoting(text)):
        return is_quote_next or has_both or (is_dated_form and ends_with_wrote(text))
    return is_quote_next and has_both


def _with_opening(lines: list[Line], found: AttributionLine, floor: int) -> AttributionLine:
    """Lines above belong to it too where a paragraph begins there as such a line does, and only now makes sense.

    "On Thu, Mar 31," above "2016 at 11:16 Petra <petra@example.com> wrote:".
    """
    first = found.start
    if opens_with_word(lines[first].text) and not lines[first].text[:1].islower():
        return found
    while first > max(floor, found.end - MAX_LINES) and _belongs_above(lines[first - 1], lines[found.start].depth):
        first -= 1
    if first == found.start:
        return found
    is_paragraph = first == floor or lines[first - 1].is_blank
    above = " ".join(line.text for line in lines[first : found.start])
    text = f"{above} {found.text}"
    if not is_paragraph or len(text) > MAX_LINE_CHARS or not _may_begin(above, found.text):
        return found
    is_opening = opens(text) or _names_first(text) or begins_with_quoting(text)
    return AttributionLine(first, found.end, text) if is_opening else found


def _may_begin(above: str, text: str) -> bool:
    """Below a whole one, what stands right above is the text of the mail, unless it begins with a date as well."""
    if opens_with_word(above) or not _is_whole(text):
        return True
    facts = facts_of(above)
    if facts.has_address or len(above) >= WRAPPED_CHARS:
        return True
    if text[:1].isdigit():
        return facts.has_wrote or opens_with_date(above) or (" " not in above and above.endswith((".", ",")))
    return False


def _is_whole(text: str) -> bool:
    """Does it begin like one: with a date, or with first and last name?"""
    if text[:1].isdigit():
        return True
    words = words_of(_ADDRESS_START.split(text[:80], 1)[0].casefold())
    names = next((number for number, word in enumerate(words) if word in WROTE), len(words))
    return names > 1 and not text[:1].islower()


def _belongs_above(line: Line, depth: int) -> bool:
    if line.is_blank or line.depth != depth or len(line.text) > 120:
        return False
    if line.text.endswith((":", "!", "?")):
        return False
    # "ma 2. maalisk." is a date, too.
    return not _ENDS_SENTENCE.search(line.text) or opens_with_date(line.text[:20])


def _names_first(text: str) -> bool:
    """Does it begin with "Petra Muster <petra@example.com>" or "Petra Muster schrieb" at all?"""
    return bool(_NAME_AND_ADDRESS.match(text)) or not WROTE.isdisjoint(words_of(text[:80].casefold())[1:5])
