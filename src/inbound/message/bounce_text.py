"""What a mail server writes to people when it could not deliver -> recipients, each with what was said about it."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from inbound.message.delivery_fields import ADDRESS, plain_address

#: lines of a report that are looked at, and characters of each
MAX_LINES = 1000
MAX_LINE_CHARS = 1000
#: lines that are kept about one recipient, and characters of them
MAX_LINES_EACH = 20
MAX_CHARS_EACH = 2000
#: addresses that are looked at
MAX_CANDIDATES = 500

#: characters of a line in which a report has said something
MIN_SAID_CHARS = 20

# Characters in front of an address in which something is said about it.
_FRONT_CHARS = 100

# From here on it is the returned message.
_RETURNED = re.compile(
    r"[\s>*|=#~_+-]{0,80}(?!(?:the |your )?original message (?:was|has|could|with|to)\b)(?:"
    r"(?:below this line is|enclosed is|this is|here is|below is|following is|included is|attached is)\b"
    r".{0,40}\bcopy\b"
    r"|(?:the )?(?:original|returned|unsent|undelivered|bounced|rejected)[ -](?:message|mail|email)\b(?!.{0,60}@)"
    r"|(?:start of )?returned message\b|message (?:text|headers?) follows?"
    r"|(?:the )?headers? of the (?:original |returned )?(?:message|mail)"
    r"|original ?(?:nachricht|message)|urspr(?:ü|ue)ngliche (?:nachricht|mail)|(?:eine )?kopie (?:der|ihrer)"
    r"|(?:your|the) original (?:message|mail)\b|message d'origine|mensaje original|mensagem original|исходное"
    r"|(?:Received|Return-Path|DKIM-Signature|X-Received|Delivered-To|ARC-Seal):\s"
    r")",
    re.IGNORECASE,
)
# The address stands where the line begins, and the line is about it.
_AT_START = re.compile(
    r"[\s>*|\"'<\[(-]{0,20}(?:\d{1,3}[.)] {1,4})?"
    r"(?:(?:SMTP|recipient|empfänger|address|e-?mail|failed|error-for|user|rfc822)\b\W{1,6}){0,2}"
    r"(?:[^\s<>]{0,99}[^\s<>:]\s<)?" + ADDRESS.pattern.replace("(?<![", "(?<![@", 1) + r"[>\"'\])]{0,3}"
    r"(?:\s*\Z|\s*[:;,(]|\s*\.\.\.|\s+(?:on|has|is|was|could|cannot|[45]\d\d|failed)\b|\s+[-–—]{1,3}\s|\t|[ ]{2,}\S)",
    re.IGNORECASE,
)
# Nothing but the address stands in the line.
_BARE = re.compile(r"[\s>*|\"'<\[(-]{0,20}" + ADDRESS.pattern + r"[\s>\"'\])]*+\Z")
# The line says in front of the address that it was not reached.
_CUE = re.compile(
    r"deliver|undeliver|unable|could ?n[o']t|can ?not|can't|fail|unknown|invalid|reject|quota|mailbox|full\b|recipient"
    r"|addressed to|no such|error|user|account|not found|unbekannt|empfänger|zustell|nicht|адрес|получател|宛先"
    r"|rcpt to|destinat|no se|impossible",
    re.IGNORECASE,
)
_REPLY = re.compile(r"(?:\A|[\s<>:])[45]\d\d[ -]")
# The line names the address that the sender wrote.
_ORIGINAL = re.compile(
    r"^[ \t]{0,20}original (?:recipient|address)\W{1,9}(?:rfc822;)?\s?" + ADDRESS.pattern, re.IGNORECASE | re.MULTILINE
)
# The line ends in front of the alias that the recipient was made of.
_ALIAS = re.compile(r"(?:expanded|generated) from:?\s*\Z", re.IGNORECASE)
# A summary of the message that was sent.
_SUMMARY = re.compile(r"\s*+(?:to|an|cc|from|von|à|para|subject|betreff|reply-to|sender|message-id)\s?:", re.IGNORECASE)
_SUMMARY_TO = re.compile(r"\s*+(?:to|an|para|à)\s?:\s*<?" + ADDRESS.pattern, re.IGNORECASE)
# The line says in front of the address that somebody else is meant.
_OTHERS = re.compile(
    r"\A\s*from\s|mail from|\bfrom:|\bsender|\bcontact|postmaster for|reporting|https?:|\bhelp\b|assistance"
    r"|message-id|\bvon:|\bsupport\b|reply-to|\bcc:|(?<!rejected )(?<!refused )(?<!blocked )\bby\b|envelope-from"
    r"|generated from|\bF=|write to|address a|e?mail us",
    re.IGNORECASE,
)


def report_lines(text: str) -> tuple[list[str], str]:
    """Divide a report from the message it returns.

    Args:
        text: the text of the report.

    Returns:
        its lines, at most `MAX_LINES` of `MAX_LINE_CHARS`, and the text from the returned message on.
    """
    lines: list[str] = []
    position = 0
    has_begun = False
    for line in text.splitlines(keepends=True):
        if len(lines) >= MAX_LINES or (has_begun and _RETURNED.match(line[:MAX_LINE_CHARS])):
            break
        lines.append(line.rstrip("\r\n")[:MAX_LINE_CHARS])
        position += len(line)
        has_begun = has_begun or "@" in line or len(line.strip()) > MIN_SAID_CHARS
    return lines, text[position:]


def read_recipients(lines: list[str], *, not_meant: frozenset[str]) -> dict[str, str]:
    """Find whom a report is about.

    Lines that begin with an address say it best, then lines that say before an address what failed, then the dialogue
    with the other server, then any address.

    Args:
        lines: of the report, without the returned message.
        not_meant: addresses in lower case that are the report's own recipients; they count when there are no others.

    Returns:
        addresses, domain in lower case, with the text about each; in their order.
    """
    for pick in (_starting, _cued, _anywhere, _summarized):
        found = _texts(list(islice(pick(lines), MAX_CANDIDATES)), lines)
        meant = {address: text for address, text in found.items() if address.lower() not in not_meant}
        if meant or found:
            return {_as_sent(address, text): text for address, text in (meant or found).items()}
    return {}


def _as_sent(address: str, text: str) -> str:
    """Some say behind the address of the mailbox which one the sender wrote."""
    found = _ORIGINAL.search(text)
    return plain_address(found[1]) if found else address


def _texts(found: list[tuple[int, str]], lines: list[str]) -> dict[str, str]:
    """What follows an address up to the next one is about it; of an address said twice, both.

    Addresses that are only listed, one below the other, share what follows the last.
    """
    texts: dict[str, dict[int, str]] = {}
    spelling: dict[str, str] = {}
    starts = sorted({number for number, _ in found})
    ends = _ends(starts, lines)
    keys = {address.lower() for _, address in found}
    for number, address in found:
        key = address.lower()
        spelling.setdefault(key, address)
        pieces = texts.setdefault(key, {})
        if len(pieces) < MAX_LINES_EACH:
            about = lines[number : min(ends[number], number + MAX_LINES_EACH)]
            pieces[number] = "\n".join(line for line in about if _may_mean(line, key, keys))[:MAX_CHARS_EACH]
    if len(texts) > 1:
        _add_mentions(texts, lines)
    return {spelling[key]: "\n".join(pieces.values())[:MAX_CHARS_EACH] for key, pieces in texts.items()}


def _may_mean(line: str, key: str, keys: set[str]) -> bool:
    """A line that names others of the recipients only is not about this one."""
    if len(keys) == 1 or "@" not in line:
        return True
    named = keys.intersection(plain_address(found).lower() for found in ADDRESS.findall(line))
    return not named or key in named


def _ends(starts: list[int], lines: list[str]) -> dict[int, int]:
    """The line in front of which the text about an address ends."""
    ends: dict[int, int] = {}
    for start, after in reversed(list(pairwise([*starts, len(lines)]))):
        is_listed = _BARE.match(lines[start]) and not any(map(str.strip, lines[start + 1 : after]))
        ends[start] = ends.get(after, after) if is_listed else after
    return ends


def _add_mentions(texts: dict[str, dict[int, str]], lines: list[str]) -> None:
    """Some list the recipients first, and what the other servers said about each below."""
    for number, line in enumerate(lines):
        if "@" in line:
            for found in ADDRESS.findall(line):
                pieces = texts.get(plain_address(found).lower())
                if pieces is not None and len(pieces) < MAX_LINES_EACH:
                    pieces.setdefault(number, line)


def _starting(lines: list[str]) -> Iterator[tuple[int, str]]:
    before = ""
    for number, line in enumerate(lines):
        if "@" in line and (found := _AT_START.match(line)) and not _ALIAS.search(before[-_FRONT_CHARS:]):
            yield number, plain_address(found[1])
        before = line


def _cued(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Addresses behind words or a reply code that tell of a failure, in their line or at the end of the one before."""
    before = ""
    for number, line in enumerate(lines):
        for address, front in _mentions(line):
            about = front if len(front) >= _FRONT_CHARS else f"{before[len(front) - _FRONT_CHARS :]} {front}"
            if _CUE.search(about) or _REPLY.search(about):
                yield number, address
        before = line


def _anywhere(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines):
        for address, _ in _mentions(line):
            yield number, address


def _mentions(line: str) -> Iterator[tuple[str, str]]:
    """Addresses of a line, and what stands in front of each; without those that are somebody else's."""
    if "@" in line and not _SUMMARY.match(line):
        end = 0
        for found in ADDRESS.finditer(line):
            first = max(0, found.start() - _FRONT_CHARS)
            if not _OTHERS.search(line[max(first, end) : found.start()]):
                yield plain_address(found[1]), line[first : found.start()]
            end = found.end()


def _summarized(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines):
        if found := _SUMMARY_TO.match(line):
            yield number, plain_address(found[1])
