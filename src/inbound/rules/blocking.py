"""Blocked senders and subjects, and the spam marks of a filter in front of us."""

import re
from collections.abc import Iterable
from typing import Literal

from inbound.model.mail import Address, Fields
from inbound.model.mailbox import Mailbox, SpamHeader
from inbound.model.trace import Step, hit

_NUMBER = re.compile(r"\s*(-?[0-9]{1,6})\b")


def why_blocked(authors: Iterable[Address], subject: str, mailbox: Mailbox) -> Step | None:
    """The line that names the entry of ``blocked_senders`` or ``blocked_subjects`` that hits; None: none does.

    Args:
        authors: in From, and the envelope sender; each may be the one that is blocked.
        subject: decoded.
        mailbox: has the entries. "*" stands for any text; an entry that begins with "@" is a whole domain.
    """
    if not mailbox.blocked_senders and not mailbox.blocked_subjects:
        return None
    keys = [author.key.casefold() for author in authors if author.address]
    for entry in mailbox.blocked_senders:
        pattern = f"*{entry}" if entry.startswith("@") else entry
        if any(_is_like(key, pattern) for key in keys):
            return hit("receive", "blocked", f"blocked_senders has {entry!r}")
    folded = " ".join(subject.casefold().split())
    for entry in mailbox.blocked_subjects:
        if _is_like(folded, f"*{' '.join(entry.split())}*"):
            return hit("receive", "blocked", f"blocked_subjects has {entry!r}")
    return None


def why_spam(fields: Fields, marks: Iterable[SpamHeader]) -> Step | None:
    """The line that names the mark by which a filter calls the message spam; None: none does.

    Args:
        fields: of the message.
        marks: of the mailbox.
    """
    for mark in marks:
        for value in fields.texts(mark.header):
            read = _parameter(value, mark.parameter) if mark.parameter else value
            if read is not None and _says_spam(read, mark):
                return hit("receive", "spam", f"{mark.header} says {' '.join(value.split())[:100]!r}")
    return None


def spam_outcome(
    is_spam: bool,  # noqa: FBT001 - the first thing that is asked
    action: Literal["silence", "quarantine", "discard"],
) -> Literal["quarantine", "discard"] | None:
    """What spam becomes; None: it is processed like any mail, and its originator hears nothing."""
    return action if is_spam and action != "silence" else None


def _says_spam(value: str, mark: SpamHeader) -> bool:
    if mark.at_least:
        number = _NUMBER.match(value)
        return number is not None and int(number[1]) >= mark.at_least
    words = value.casefold().replace(";", " ").replace(",", " ").split()
    return value.strip().casefold() == mark.value.casefold() or words[:1] == [mark.value.casefold()]


def _parameter(value: str, name: str) -> str | None:
    """A parameter of a field like ``CIP:192.0.2.1;SCL:5;SFV:SPM``."""
    for part in value.split(";"):
        key, separator, content = part.partition(":")
        if separator and key.strip().casefold() == name.casefold():
            return content.strip()
    return None


def _is_like(text: str, pattern: str) -> bool:
    """Does a case-folded text have the form of an entry, in which "*" is any text? Looks once along the text."""
    first, *others = pattern.casefold().split("*")
    if not others:
        return text == first
    last = others.pop()
    if not text.startswith(first) or len(text) < len(first) + len(last) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for piece in others:
        found = text.find(piece, position, end)
        if found < 0:
            return False
        position = found + len(piece)
    return True
