"""Forwarded mail: who wrote the original, to whom, when, what - and what the forwarder says about it."""

import re

from inbound.message.addresses import parse_addresses
from inbound.message.attribution_lines import AttributionLine
from inbound.message.charset import clean_line
from inbound.message.dates import parse_date
from inbound.message.embedded import Embedded, find_embedded
from inbound.message.header_blocks import MAX_FIELD_CHARS, HeaderBlock, block_at, block_on_line
from inbound.message.mark_lines import read_mark
from inbound.message.phrases import WROTE
from inbound.message.quote_marks import Line, read_lines
from inbound.message.subjects import is_forward, outermost_prefix, strip_prefixes
from inbound.model.mail import Address, Forward

_NOBODY = Address(name="", address="")

# Outlook: "Petra [mailto:petra@example.com]", "petra@example.com<mailto:petra@example.com>"
_MAILTO = re.compile(r"\[mailto:([^\[\]\s]+)\]", re.IGNORECASE)
_LINK = re.compile(r"(?P<shown>@[^\s<>;,\"']{1,253}\s?)?<\s?mailto:(?P<target>[^<>]*)>", re.IGNORECASE)
_SINGLE_QUOTED = re.compile(r"(?<![^\s,;])'([^'\"<>]*)'(?=\s?<)")
_BEHALF = re.compile(
    r"\s(?:on behalf of|im auftrag von|pour le compte de|en nombre de|per conto di|namens|em nome de|w imieniu|för|"
    r"på vegne a[fv])\s.*",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"[(\[<]+\s?(?:mailto:)?([^\s<>()\[\]@]+@[^\s<>()\[\]]+?)\s?[)\]>]+")
_QUOTED_NAME = re.compile(r"[\"“”„«»‚‘]\s?([^\"“”„«»]{1,200}?)\s?[\"“”»«]\W*\Z")
_TIME_END = re.compile(
    r"\d{1,2}[:.h]\d{2}(?:[:.]\d{2})?(?:\s?(?:[ap]\.?m\.?|[πμ]\.μ\.|uhr|nachm\.|vorm\.)(?!\w))?(?:\s?(?:GMT|UTC)?\s?[+-]\d{2}:?\d{2})?|"
    r"\b(?:19|20)\d{2}\b",
    re.IGNORECASE,
)
_WORDS_BEFORE_NAME = frozenset(
    (
        "heeft",
        "пользователь",
        "користувач",
        "používateľ",
        "odesílatel",
        "użytkownik",
        "időpontban",
        "keltezéssel",
        "den",
        "ο",
        "η",
        "от",
    )
)
_FIRST_WORD = re.compile(r"\W*(\w+)(?!\w)")


def read_forward(text: str, subject: str) -> Forward | None:
    r"""Read a forwarded mail.

    It is one when the subject says so, or when a mark in the text does ("Forwarded message") that stands in no quote.

    Args:
        text: of the message, lines ended by ``\n``.
        subject: of the message, decoded.

    Returns:
        None where nothing is forwarded, or nothing of it can be told from the text.
    """
    lines = read_lines(text)
    is_said = is_forward(subject)
    embedded = _first(lines, is_announced=is_said)
    if embedded is None or not (is_said or (embedded.mark and embedded.mark.is_forward)):
        return None
    if embedded.block and not embedded.mark and _is_finnish_reply(lines[embedded.block.fields_start], subject):
        return None
    return _read(lines, embedded, subject)


def read_embedded(text: str) -> Forward | None:
    r"""Read the first mail that stands in the text with its header fields, forwarded or quoted.

    Args:
        text: of the message, lines ended by ``\n``.
    """
    lines = read_lines(text)
    embedded = _first(lines, is_announced=False)
    return _read(lines, embedded, "") if embedded and embedded.block else None


def count_blocks(text: str, subject: str = "") -> int:
    r"""How many blocks of repeated header fields a text carries, quoted ones included.

    Args:
        text: of the message, lines ended by ``\n``.
        subject: of the message, decoded: where it forwards, less is enough for the first block, as in `read_forward`.
    """
    lines = read_lines(text)
    is_announced = is_forward(subject)
    count = index = floor = 0
    while index < len(lines):
        block = _block(lines, index, floor, is_announced=is_announced and not count)
        count += block is not None
        floor = index = block.end if block else index + 1
    return count


def _block(lines: list[Line], index: int, floor: int, *, is_announced: bool) -> HeaderBlock | None:
    if lines[index].is_blank:
        return None
    on_lines = block_at(lines, index, floor, is_announced=is_announced)
    return on_lines or block_on_line(lines, index, read_mark(lines[index]))


def _is_finnish_reply(line: Line, subject: str) -> bool:
    """Is "VS:", which forwards in Danish and Norwegian, a Finnish reply?"""
    return outermost_prefix(subject) == "vs" and line.text.casefold().startswith(("lähettäjä", "lähetetty"))


def _first(lines: list[Line], *, is_announced: bool) -> Embedded | None:
    for index in range(len(lines)):
        if found := find_embedded(lines, index, 0, max_depth=1, is_announced=is_announced):
            return found
    return None


def _read(lines: list[Line], embedded: Embedded, subject: str) -> Forward:
    comment = "\n".join(line.raw for line in lines[: embedded.start]).strip()
    block, attribution = embedded.block, embedded.attribution
    values = block.values if block else {}
    author = _first_address(values.get("from", "")) if block else _author_of(attribution)
    date_text = clean_line(values.get("date", "") if block else attribution.text if attribution else "")
    return Forward(
        author=author,
        to=_addresses(values.get("to", "")),
        cc=_addresses(values.get("cc", "")),
        subject=clean_line(values.get("subject", "")) if block else strip_prefixes(subject),
        date_text=date_text,
        date=parse_date(date_text.encode()),
        body=_body(lines, embedded.end),
        comment=comment,
        source=_source(lines, block, embedded),
    )


def _body(lines: list[Line], start: int) -> str:
    """What is below, without the quote marks that forwarding added (wrapping may have lost a few of them)."""
    spoken = [line for line in lines[start:] if line.raw.strip()]
    is_quoted = bool(spoken) and spoken[0].depth > 0 and 2 * sum(line.depth > 0 for line in spoken) > len(spoken)
    depth = 1 if is_quoted else 0
    return "\n".join(line.unquoted(depth) for line in lines[start:]).strip("\n\ufeff \t\xa0")


def _source(lines: list[Line], block: HeaderBlock | None, embedded: Embedded) -> str:
    start = block.fields_start if block else embedded.start
    return "\n".join(line.raw for line in lines[start:]).strip("\n")


def _addresses(value: str) -> tuple[Address, ...]:
    value = _MAILTO.sub(r"<\1>", value[:MAX_FIELD_CHARS])
    if "mailto:" in value:
        value = _LINK.sub(_shown_address, value)
    value = _SINGLE_QUOTED.sub(r'"\1"', value).replace("*", "").strip(" \t;,")
    return tuple(_without_echo(address) for address in parse_addresses(value.encode()))


def _shown_address(link: re.Match[str]) -> str:
    """The target of a link, unless it stands behind an address that says the same."""
    return link["shown"] or f"<{link['target']}>"


def _without_echo(address: Address) -> Address:
    """A name that only repeats the address says nothing."""
    return Address(name="", address=address.address) if address.name.lower() == address.key else address


def _first_address(value: str) -> Address:
    """The author. Of "A on behalf of B" it is A, who wrote."""
    if "@" not in value:
        # One author, so a comma stands inside of the name.
        return Address(name=clean_line(value.strip(" \t;,*'\"")), address="")
    found = _addresses(_BEHALF.sub("", value, count=1)) or _addresses(value)
    return next((address for address in found if address.address), found[0] if found else _NOBODY)


def _author_of(attribution: AttributionLine | None) -> Address:
    """Who wrote, from "Am 3.5.2026 um 10:15 schrieb Petra Muster <petra@example.com>:"."""
    if attribution is None:
        return _NOBODY
    text = attribution.text
    found = _IN_BRACKETS.search(text)
    before = text[: found.start()] if found else text.rstrip(" :")
    address = found[1] if found else ""
    parsed = parse_addresses(address.encode()) if address else ()
    return Address(name=clean_line(_name_before(before)), address=parsed[0].address if parsed else "")


def _name_before(text: str) -> str:
    if quoted := _QUOTED_NAME.search(text):
        return quoted[1].strip()
    times = list(_TIME_END.finditer(text))
    rest = text[times[-1].end() :] if times else text
    while (word := _FIRST_WORD.match(rest)) and (word[1].casefold() in WROTE | _WORDS_BEFORE_NAME):
        rest = rest[word.end() :]
    return rest.strip(" ,;:–-<(")
