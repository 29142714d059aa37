"""Lines that announce a quoted or forwarded mail: ``-----Original Message-----``, "Begin forwarded message:", rules."""

import re
from unicodedata import category, normalize

from inbound.message.attribution_facts import ends_with_wrote, is_dated
from inbound.message.phrases import FORWARDED, ORIGINAL
from inbound.message.quote_marks import Line
from inbound.values import immutable

#: dashes from which on the words between them are believed without a block below
MIN_DASHES = 4
#: characters of a rule
MIN_RULE_CHARS = 3
#: characters of a line that is searched
MAX_LINE_CHARS = 4000
#: characters of a mark without dashes, and of a name or date
MAX_BARE_CHARS = 40

_DASHES = frozenset("-_=*~—–‐‑‒―")
_COLONS = frozenset(":：")
_RULE = re.compile(r"[-_=*~—–‐‑‒―⸺\s]{3,}+\Z")
_RULED = re.compile(
    r"\s*+[-_=*~—–‐‑‒―]{2,}+\s{0,5}(?P<phrase>[^\W\d_].{1,160}?)\s{0,5}[-_=*~—–‐‑‒―]{2,}+(?P<rest>.*)\Z"
)
_RULED_ALONE = re.compile(
    r"\s*+[-_=*~—–‐‑‒―]{2,}+\s{0,5}(?P<phrase>[^\W\d_].{1,160}?)\s{0,5}[-_=*~—–‐‑‒―]{2,}+(?P<rest>)\Z"
)
_DATED_MARK = re.compile(r"message du \d", re.IGNORECASE)


def fold(text: str) -> str:
    """Without case and accents: "Dată" is "Data", and to Turkish an i is an i."""
    text = text.casefold().replace("ı", "i")
    if text.isascii():
        return text
    return "".join(letter for letter in normalize("NFD", text) if category(letter) != "Mn")


_FORWARDED = re.compile(fold(FORWARDED))
_ORIGINAL = re.compile(fold(ORIGINAL))


@immutable(kw_only=False)
class Mark:
    """A line that announces a quoted or forwarded mail."""

    is_forward: bool
    #: does it say so in words we know?
    is_known: bool
    #: what follows on the same line
    rest: str


def read_mark(line: Line) -> Mark | None:
    """Read ``-----Original Message-----`` and ``Begin forwarded message:``."""
    if line.text[:1] not in _DASHES and line.text[-1:] not in _COLONS:
        is_preview = "---" in line.text and _is_preview(line.text)
        return Mark(is_forward=False, is_known=True, rest="") if is_preview else None
    text = line.text[:MAX_LINE_CHARS]
    if text[:1] in _DASHES and (ruled := _RULED_ALONE.match(text) or _RULED.match(text)):
        phrase = fold(ruled["phrase"])
        is_forward = bool(_FORWARDED.search(phrase))
        # Zoho and Sony write their attribution line between dashes.
        is_known = is_forward or bool(_ORIGINAL.search(phrase)) or ends_with_wrote(ruled["phrase"])
        # People too put headings between dashes, but fewer of them.
        is_long = text[:MIN_DASHES] == text[0] * MIN_DASHES
        return Mark(is_forward, is_known and is_long, ruled["rest"].strip())
    if text.endswith((":", "：")) and len(text) < 80 and _FORWARDED.search(fold(text)):
        return Mark(is_forward=True, is_known=False, rest="")
    return None


def _is_preview(text: str) -> bool:
    """Is it "Petra Muster ---03.05.2026 10:15:12---Guten Tag, der Drucker ..." (Notes)?"""
    name, dashes, rest = text[:MAX_LINE_CHARS].partition("---")
    date, more, _ = rest.partition("---")
    return bool(dashes and more) and len(name) < MAX_BARE_CHARS and len(date) < MAX_BARE_CHARS and is_dated(date)


def is_bare_mark(line: Line) -> bool:
    """Is it "Original Message" without dashes, or "Message du 03/05/26 10:15"? Above a block only."""
    text = line.text
    if not 0 < len(text) < MAX_BARE_CHARS:
        return False
    return (text.count(" ") < 3 and bool(_ORIGINAL.search(fold(text)))) or bool(_DATED_MARK.match(text))


def is_rule(line: Line) -> bool:
    """Is it a line of dashes, underscores or the like?"""
    return (
        len(line.text) >= MIN_RULE_CHARS
        and bool(_RULE.match(line.text))
        and len("".join(line.text.split())) >= MIN_RULE_CHARS
    )
