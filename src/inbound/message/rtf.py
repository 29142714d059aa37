r"""RTF as mail carries it: compressed (MS-OXRTFCP), often a mere wrapping of HTML (MS-OXRTFEX).

Read for what it says, not for how it looks.
"""

import re
from dataclasses import dataclass, field
from html import escape

from inbound.message.charset import clean, decode
from inbound.values import immutable

#: octets of RTF that are decompressed and read
MAX_RTF_BYTES = 400_000
#: groups inside of groups that are told apart
MAX_GROUPS = 1000

_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
_HEADER_BYTES = 16
_WINDOW = 4096
# MS-OXRTFCP 2.1.3.1.1: what the dictionary holds at the beginning
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32}+)(?P<number>-?\d{1,10}+)?[ ]?|\\'(?P<octet>[0-9a-fA-F]{2})"
    rb"|\\(?P<symbol>[^a-zA-Z])|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]++)|[\r\n]++|\\",
    re.DOTALL,
)
_SILENT = frozenset(
    b"fonttbl colortbl stylesheet info pict header headerl headerr footer footerl footerr footnote object "
    b"themedata datastore listtable listoverridetable rsidtbl generator xmlnstbl filetbl revtbl mhtmltag".split()
)
_CHARACTERS = {
    b"par": "\n",
    b"line": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"emdash": "\u2014",
    b"endash": "\u2013",
    b"lquote": "\u2018",
    b"rquote": "\u2019",
    b"ldblquote": "\u201c",
    b"rdblquote": "\u201d",
    b"bullet": "\u2022",
}
_SYMBOLS = {b"~": "\xa0", b"_": "-", b"\n": "\n", b"\r": "\n", b"\\": "\\", b"{": "{", b"}": "}"}


@immutable
class Rtf:
    """What an RTF document says."""

    #: None unless the document is wrapped HTML
    html: str | None
    #: empty when it is HTML
    text: str


@dataclass(slots=True)
class _Group:
    """The state that a closing brace restores."""

    is_silent: bool = False
    #: inside of ``\*\htmltag``: HTML as it was
    is_tag: bool = False
    #: inside of ``\htmlrtf``: there only for readers of RTF
    is_for_rtf: bool = False
    fallback_chars: int = 1


@dataclass(slots=True)
class _Reader:
    is_html: bool
    charset: str = "cp1252"
    group: _Group = field(default_factory=_Group)
    stack: list[_Group] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    #: octets that wait to be decoded together
    octets: list[bytes] = field(default_factory=list)
    #: characters still to be passed over after ``\u``
    skip: int = 0
    is_starred: bool = False


def decompress(octets: bytes) -> bytes:
    """Undo the compression of PidTagRtfCompressed (MS-OXRTFCP 2.2), at most `MAX_RTF_BYTES` of output.

    Args:
        octets: header and data; the checksum is not looked at.

    Returns:
        RTF; empty when it is not recognised.
    """
    kind, data = octets[8:12], octets[_HEADER_BYTES:]
    if kind == _PLAIN:
        return data[:MAX_RTF_BYTES]
    if kind != _COMPRESSED:
        return b""
    out = bytearray(_DICTIONARY)
    position = 0
    while position < len(data) and len(out) < MAX_RTF_BYTES:
        flags = data[position]
        position += 1
        for bit in range(8):
            if position >= len(data):
                break
            if not flags >> bit & 1:
                out.append(data[position])
                position += 1
                continue
            reference = int.from_bytes(data[position : position + 2], "big")
            position += 2
            # Where in the window of 4,096 octets it stands; the same place as the next octet to be written: the end.
            distance = (len(out) - (reference >> 4)) % _WINDOW
            if not distance:
                return bytes(out[len(_DICTIONARY) :])
            _repeat(out, distance, (reference & 15) + 2)
    return bytes(out[len(_DICTIONARY) : MAX_RTF_BYTES])


def _repeat(out: bytearray, distance: int, length: int) -> None:
    start = len(out) - distance
    if start < 0:
        out.extend(bytes(length))
        return
    piece = out[start : start + length]
    out.extend((piece * (length // len(piece) + 1))[:length])


def read_rtf(octets: bytes) -> Rtf:
    """Read RTF.

    Args:
        octets: a document, not compressed.

    Returns:
        the HTML that was wrapped in it, or else its text.
    """
    octets = octets[:MAX_RTF_BYTES]
    reader = _Reader(is_html=rb"\fromhtml1" in octets[:2000])
    for token in _TOKEN.finditer(octets):
        kind = token.lastgroup
        if kind == "brace":
            _brace(reader, is_open=token[0] == b"{")
        elif kind in {"word", "number"}:
            _word(reader, token["word"], token["number"])
        elif kind == "text":
            _octets(reader, token["text"])
        elif kind == "octet":
            _octets(reader, bytes.fromhex(token["octet"].decode("ascii")))
        elif kind == "symbol":
            _symbol(reader, token["symbol"])
    _flush(reader)
    text = clean("".join(reader.out))
    return Rtf(html=text, text="") if reader.is_html else Rtf(html=None, text=text.strip())


def _brace(reader: _Reader, *, is_open: bool) -> None:
    reader.skip = 0
    _flush(reader)
    group = reader.group
    if is_open and len(reader.stack) < MAX_GROUPS:
        reader.stack.append(group)
        reader.group = _Group(group.is_silent, group.is_tag, group.is_for_rtf, group.fallback_chars)
    elif not is_open and reader.stack:
        reader.group = reader.stack.pop()
    reader.is_starred = False


def _word(reader: _Reader, word: bytes, number: bytes | None) -> None:
    group, value = reader.group, int(number or 1)
    is_starred, reader.is_starred = reader.is_starred, False
    if word == b"u":
        _write(reader, _character(value))
        reader.skip = group.fallback_chars
    elif word == b"uc":
        group.fallback_chars = max(0, min(value, 9))
    elif word == b"ansicpg":
        reader.charset = f"cp{value}" if value != 65001 else "utf-8"
    elif word == b"htmltag":
        group.is_tag = True
    elif word == b"htmlrtf":
        _flush(reader)
        group.is_for_rtf = number != b"0"
    elif word in _SILENT or is_starred:
        group.is_silent = True
    elif character := _CHARACTERS.get(word):
        _write(reader, character)


def _character(value: int) -> str:
    return chr(value % 0x10000) if value % 0x10000 else ""


def _symbol(reader: _Reader, symbol: bytes) -> None:
    if symbol == b"*":
        reader.is_starred = True
    elif character := _SYMBOLS.get(symbol):
        _write(reader, character)


def _octets(reader: _Reader, octets: bytes) -> None:
    if reader.skip:
        passed = min(reader.skip, len(octets))
        reader.skip -= passed
        octets = octets[passed:]
    if octets and not reader.group.is_silent:
        reader.octets.append(octets)


def _flush(reader: _Reader) -> None:
    if reader.octets:
        text = decode(b"".join(reader.octets), reader.charset)
        reader.octets.clear()
        _add(reader, text)


def _write(reader: _Reader, character: str) -> None:
    _flush(reader)
    if not reader.group.is_silent:
        _add(reader, character)


def _add(reader: _Reader, text: str) -> None:
    group = reader.group
    if not reader.is_html or group.is_tag:
        reader.out.append(text)
    elif not group.is_for_rtf:
        reader.out.append(escape(text, quote=False))
