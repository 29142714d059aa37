"""Subject → title."""

import unicodedata
from datetime import datetime

#: what Autotask keeps of a title
MAX_TITLE_CHARS = 255

_JOINER = "\N{ZERO WIDTH JOINER}"
# Skin tones change the emoji before them.
_MODIFIERS = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")


def title_of(subject: str, received_at: datetime, date_format: str) -> str:
    """The title of an object: the subject, or "New Ticket - <date time>" without one; at most 255 characters.

    Args:
        subject: decoded.
        received_at: in the desk's time zone.
        date_format: for ``strftime``.
    """
    title = " ".join(subject.split())
    if is_blank(title):
        title = f"New Ticket - {received_at.strftime(date_format)}"
    return _cut(title, MAX_TITLE_CHARS)


def is_blank(subject: str) -> bool:
    """Is there nothing to see, only space and characters without a shape?"""
    return all(char.isspace() or unicodedata.category(char) in {"Cf", "Cc"} for char in subject)


def _cut(title: str, length: int) -> str:
    """Cut without tearing apart what is one character to a reader: letter and accents, an emoji and its parts."""
    if len(title) <= length:
        return title
    end = length
    while end > 0 and _belongs_together(title[end - 1], title[end]):
        end -= 1
    # A letter under 255 accents is no letter; then some of them have to go.
    return title[: end or length].rstrip()


def _belongs_together(before: str, after: str) -> bool:
    return unicodedata.category(after)[0] == "M" or _JOINER in {before, after} or after in _MODIFIERS
