"""What a line holds of what stands before a quote: a date, a time, an address, a word for "wrote"."""

import re
from functools import lru_cache

from inbound.message.phrases import OPENINGS, QUOTING, SAID, WROTE, WROTE_AUXILIARIES, WROTE_UNDIVIDED
from inbound.values import immutable

#: lines whose facts are remembered, as neighbouring candidates look at the same ones
MAX_REMEMBERED = 12

_WORD = re.compile(r"[^\W\d_]+")
_UNDIVIDED = re.compile(WROTE_UNDIVIDED)
_ADDRESS = re.compile(r"[^\s<>()\[\]@]@[^\W_][\w-]*\.")
_TIME = re.compile(r"(?<!\d)\d{1,2}(?:[:h]|\.(?=\d\d(?!\d|\.)))\d{2}(?!\d)|\d{1,2}[時点시]")
_DATE = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)|(?<!\d)\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{2,4}(?!\d)|\d{1,2}\s?[月월]")
# A date after at most two words ("tir. 18. apr.", "Il giovedì 8 dicembre"), or a word such lines open with.
_OPENING_WORD = re.compile(rf"\W{{0,10}}(?:{OPENINGS})[\s,]|\W{{0,3}}在", re.IGNORECASE)
_OPENING_DATE = re.compile(r"\W{0,10}(?:[^\W\d]{1,12}[.,]{0,2}\s){0,2}\d(?!\d?:\d\d)")


@immutable(kw_only=False)
class Facts:
    """What a line, or several, hold of what is needed."""

    has_date: bool
    has_time: bool
    has_address: bool
    has_wrote: bool

    def __or__(self, other: "Facts") -> "Facts":
        return Facts(
            self.has_date or other.has_date,
            self.has_time or other.has_time,
            self.has_address or other.has_address,
            self.has_wrote or other.has_wrote,
        )


#: of no text at all
NOTHING = Facts(has_date=False, has_time=False, has_address=False, has_wrote=False)


@lru_cache(maxsize=MAX_REMEMBERED)
def facts_of(text: str) -> Facts:
    """What a text holds, wherever it stands."""
    has_digit = any(map(str.isdigit, text))
    return Facts(
        has_date=has_digit and bool(_DATE.search(text)),
        has_time=has_digit and bool(_TIME.search(text)),
        has_address="@" in text and bool(_ADDRESS.search(text)),
        has_wrote=not WROTE.isdisjoint(_WORD.findall(text.casefold())) or bool(_UNDIVIDED.search(text)),
    )


def words_of(text: str) -> list[str]:
    """The words, as written."""
    return _WORD.findall(text)


def opens_with_word(text: str) -> bool:
    """Does it begin with "On", "Am", "Le" and the like?"""
    return bool(_OPENING_WORD.match(text))


def opens_with_date(text: str) -> bool:
    """Does it begin with a date, or with a word or two and a date?"""
    return bool(_OPENING_DATE.match(text))


def opens(text: str) -> bool:
    """Does it begin like the line before a quote?"""
    return bool(_OPENING_WORD.match(text) or _OPENING_DATE.match(text))


def is_dated(text: str) -> bool:
    """Is there a date with its time?"""
    return bool(_DATE.search(text)) and bool(_TIME.search(text))


def ends_with_wrote(text: str) -> bool:
    """Is the last word one for "wrote"? "napisał(a)" and "napisao je" go on for a little."""
    words = _WORD.findall(text[-40:].casefold())
    if not words:
        return False
    return (
        words[-1] in WROTE
        or bool(_UNDIVIDED.search(text, max(0, len(text) - 12)))
        or (len(words) > 1 and words[-2] in WROTE and (len(words[-1]) <= 2 or words[-1] in WROTE_AUXILIARIES))
    )


def ends_with_said(text: str) -> bool:
    """Is the last word one that stands for "wrote" where quoted lines follow?"""
    words = _WORD.findall(text[-20:].casefold())
    return bool(words) and words[-1] in SAID


def begins_with_wrote(text: str) -> bool:
    """Is the first word one for "wrote", or a part of one?"""
    words = _WORD.findall(text[:40].casefold())
    return bool(words) and (
        words[0] in WROTE or (words[0] in WROTE_AUXILIARIES and words[1:2] != [] and words[1] in WROTE)
    )


def begins_with_quoting(text: str) -> bool:
    """Is the first word "Quoting", in some language?"""
    return text.partition(" ")[0].casefold() in QUOTING
