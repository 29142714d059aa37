"""Subject → title."""

import unicodedata
from datetime import datetime

#: what Autotask keeps of a title
MAX_TITLE_CHARS = 255


def title_of(subject: str, received_at: datetime, date_format: str) -> str:
    """The title of an object: the subject, or "New Ticket - <date time>" without one; at most 255 characters.

    Args:
        subject: decoded.
        received_at: in the desk's time zone.
        date_format: for ``strftime``.
    """
    title = " ".join(subject.split())
    if not title:
        title = f"New Ticket - {received_at.strftime(date_format)}"
    return _cut(title, MAX_TITLE_CHARS)


def _cut(title: str, length: int) -> str:
    """Cut without tearing a combining character off its letter."""
    if len(title) <= length:
        return title
    while length > 1 and unicodedata.combining(title[length]):
        length -= 1
    return title[:length].rstrip()
