"""Where the signature of a text begins."""

import re

from inbound.message.header_blocks import is_rule
from inbound.message.phrases import DEVICE, MY, SENT_FROM
from inbound.message.quote_marks import Line, next_spoken

#: lines a signature has at most when its mark has lost the blank that RFC 3676 4.3 asks for
MAX_LINES = 40
#: characters of a line that names what it was sent from
MAX_SENT_FROM_CHARS = 250
#: lines of a footer below a rule
MAX_FOOTER_LINES = 8

_MARK = re.compile(r"(?:- )?--\Z|[—–]\Z|-----BEGIN PGP SIGNATURE-----\Z")
_SENT_FROM = re.compile(rf"[\W_]{{0,4}}(?:{SENT_FROM})\Z")
_DEVICE = re.compile(DEVICE)
_OWN_DEVICE = re.compile(rf"(?:\w+ ){{1,3}}(?:{MY})\b")
_FOOTER = re.compile(
    r"mailing.?list|listinfo|unsubscribe|abmelden|verteiler|liste?\b.*@|https?://.*list", re.IGNORECASE
)


def signature_start(lines: list[Line], start: int, end: int) -> int | None:
    """The first line of the signature of what stands between two lines.

    Args:
        lines: of the text.
        start: index of the first line.
        end: index of the line behind the last.

    Returns:
        None without one. ``-- `` (RFC 3676 4.3) and what mailers made of it, "Sent from my phone", the footer of a
        mailing list, the signature of PGP.
    """
    spoken = False
    for index in range(start, end):
        line = lines[index]
        if line.is_blank:
            continue
        if _is_mark(line, end - index) or (start and not spoken and _is_short_rest(lines, index, end)):
            return index
        if spoken and (is_sent_from(line) or _is_footer(lines, index, end)):
            return index
        if not spoken and is_sent_from(line) and next_spoken(lines[:end], index + 1) >= end:
            return index
        spoken = True
    return None


def is_sent_from(line: Line) -> bool:
    """Is it what a program writes below a mail to say which one it is?"""
    if len(line.text) > MAX_SENT_FROM_CHARS:
        return False
    text = line.text.casefold()
    if not _SENT_FROM.match(text):
        return False
    claim = text.partition(",")[0]
    return bool(_DEVICE.search(claim) or (_OWN_DEVICE.match(text) and text == claim and len(text) < 60))


def _is_mark(line: Line, rest: int) -> bool:
    if line.text[:1] not in {"-", "—", "–"} or not _MARK.match(line.text):
        return False
    return rest <= MAX_LINES or line.raw.rstrip("\r").endswith("-- ")


def _is_footer(lines: list[Line], index: int, end: int) -> bool:
    """Is it the rule above the footer of a mailing list?"""
    if len(lines[index].text) < 20 or not is_rule(lines[index]):
        return False
    below = _below(lines, index, end)
    return 0 < len(below) <= MAX_FOOTER_LINES and any(_FOOTER.search(line.text[:300]) for line in below)


def _is_short_rest(lines: list[Line], index: int, end: int) -> bool:
    """Is it a rule, below a quote and above a few lines? Nobody begins an answer like that."""
    return is_rule(lines[index]) and len(_below(lines, index, end)) <= MAX_FOOTER_LINES


def _below(lines: list[Line], index: int, end: int) -> list[Line]:
    return [line for line in lines[index + 1 : min(end, index + 30)] if not line.is_blank]
