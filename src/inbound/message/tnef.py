"""winmail.dat: the files and the text that Outlook and Exchange hide in it (MS-OXTNEF).

A reader of our own: it looks at every octet once, and needs neither right checksums nor a clean end.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from inbound.message.charset import decode
from inbound.message.rtf import decompress

#: attributes of a stream, properties of an attribute, and values of a property that are looked at
MAX_ATTRIBUTES = 20_000
MAX_PROPERTIES = 5_000
#: files of a stream that are read
MAX_FILES = 1_000

_SIGNATURE = b"\x78\x9f\x3e\x22"
_ATTRIBUTE = Struct("<BHHI")
_PROPERTY = Struct("<HH")

# MS-OXTNEF 2.1.3.2: attribute ids
_BODY, _ATTACH_DATA, _ATTACH_TITLE = 0x800C, 0x800F, 0x8010
_ATTACH_BEGIN, _MESSAGE_PROPERTIES, _ATTACH_PROPERTIES, _CODE_PAGE = 0x9002, 0x9003, 0x9005, 0x9007

# MS-OXPROPS: property ids
_P_BODY, _P_RTF, _P_HTML, _P_INTERNET_CODE_PAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_P_DISPLAY_NAME, _P_DATA, _P_FILE_NAME, _P_LONG_NAME = 0x3001, 0x3701, 0x3704, 0x3707
_P_MIME_TYPE, _P_CONTENT_ID = 0x370E, 0x3712

# MS-OXCDATA 2.11.1: property types, and how many octets a value takes (padded to four)
_T_OBJECT, _T_STRING, _T_UNICODE, _T_BINARY, _MULTIPLE = 0x000D, 0x001E, 0x001F, 0x0102, 0x1000
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset((_T_OBJECT, _T_STRING, _T_UNICODE, _T_BINARY))
_NAMED = 0x8000
#: before the data of an embedded object stands the id of its interface
_INTERFACE_BYTES = 16

_CODE_PAGES = {20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 65000: "utf-7", 65001: "utf-8"} | {
    50220: "iso-2022-jp",
    50221: "iso-2022-jp",
    51932: "euc-jp",
    51949: "euc-kr",
    54936: "gb18030",
}
_Value = str | bytes | int


@dataclass(slots=True)
class TnefFile:
    """A file in a TNEF stream."""

    name: str = ""
    #: empty when the stream does not say
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""
    long_name: str = ""
    display_name: str = ""


@dataclass(slots=True)
class Tnef:
    """What was in a TNEF stream."""

    text: str = ""
    html: str = ""
    #: RTF, decompressed; empty without, and when there is a better form
    rtf: bytes = b""
    files: list[TnefFile] = field(default_factory=list)


def read_tnef(octets: bytes) -> Tnef | None:
    """Unpack a TNEF stream.

    Args:
        octets: a winmail.dat.

    Returns:
        what could be read before the first thing that makes no sense; None when this is no TNEF stream.
    """
    if not octets.startswith(_SIGNATURE):
        return None
    tnef = Tnef()
    charset, rtf = "", b""
    for attribute, data in _attributes(octets):
        if attribute == _CODE_PAGE:
            charset = _charset(_u32(data, 0))
        elif attribute == _BODY:
            tnef.text = tnef.text or _text(data, charset)
        elif attribute == _MESSAGE_PROPERTIES:
            rtf = _take_message(tnef, dict(_properties(data, charset)), charset) or rtf
        else:
            _take_file(tnef.files, attribute, data, charset)
    if rtf and not tnef.text.strip() and not tnef.html:
        tnef.rtf = decompress(rtf)
    for file in tnef.files:
        file.name = file.long_name or file.name or file.display_name
    tnef.files = [file for file in tnef.files if file.content or file.name]
    return tnef


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    position = len(_SIGNATURE) + 2
    for _ in range(MAX_ATTRIBUTES):
        if position + _ATTRIBUTE.size > len(octets):
            return
        level, attribute, _kind, length = _ATTRIBUTE.unpack_from(octets, position)
        start = position + _ATTRIBUTE.size
        if level not in {1, 2}:
            return
        yield attribute, octets[start : start + length]
        position = start + length + 2


def _properties(data: bytes, charset: str) -> Iterator[tuple[int, _Value]]:
    """Properties of an attribute, the first value of each (MS-OXTNEF 2.1.3.4)."""
    position = 4
    for _ in range(min(_u32(data, 0), MAX_PROPERTIES)):
        if position + 4 > len(data):
            return
        kind, number = _PROPERTY.unpack_from(data, position)
        position = _skip_name(data, position + 4) if number >= _NAMED else position + 4
        base = kind & ~_MULTIPLE
        if base not in _VARIABLE and base not in _FIXED:
            return
        count = 1
        if kind & _MULTIPLE or base in _VARIABLE:
            count, position = _u32(data, position), position + 4
        value: _Value | None = None
        for nth in range(min(count, MAX_PROPERTIES)):
            one, position = _value(data, position, base, charset)
            value = one if nth == 0 else value
            if position >= len(data):
                break
        if value is not None:
            yield number, value


def _skip_name(data: bytes, position: int) -> int:
    """MS-OXTNEF 2.1.3.4: a GUID, then a number or a string."""
    if _u32(data, position + 16) == 0:
        return position + 24
    return position + 24 + _padded(_u32(data, position + 20))


def _value(data: bytes, position: int, kind: int, charset: str) -> tuple[_Value, int]:
    if kind not in _VARIABLE:
        return _u32(data, position), position + _FIXED[kind]
    length = _u32(data, position)
    octets = data[position + 4 : position + 4 + length]
    position += 4 + _padded(length)
    if kind == _T_UNICODE:
        return decode(octets[: len(octets) & ~1], "utf-16-le").rstrip("\0"), position
    return (_text(octets, charset) if kind == _T_STRING else octets), position


def _padded(length: int) -> int:
    return length + 3 & ~3


def _u32(data: bytes, position: int) -> int:
    return int.from_bytes(data[position : position + 4], "little")


def _take_message(tnef: Tnef, found: dict[int, _Value], charset: str) -> bytes:
    """Take the text and the HTML; the RTF is returned as stored."""
    page = found.get(_P_INTERNET_CODE_PAGE)
    charset = _charset(page) if isinstance(page, int) else charset
    tnef.text = tnef.text or _as_text(found.get(_P_BODY, ""), charset)
    tnef.html = tnef.html or _as_text(found.get(_P_HTML, ""), charset)
    rtf = found.get(_P_RTF, b"")
    return rtf if isinstance(rtf, bytes) else b""


def _take_file(files: list[TnefFile], attribute: int, data: bytes, charset: str) -> None:
    """Begin a file, or take what belongs to the last one."""
    if attribute == _ATTACH_BEGIN and len(files) < MAX_FILES:
        files.append(TnefFile())
    if not files:
        return
    if attribute == _ATTACH_TITLE:
        files[-1].name = files[-1].name or _text(data, charset)
    elif attribute == _ATTACH_DATA:
        files[-1].content = files[-1].content or data
    elif attribute == _ATTACH_PROPERTIES:
        _take_properties(files[-1], dict(_properties(data, charset)), charset)


def _take_properties(file: TnefFile, found: dict[int, _Value], charset: str) -> None:
    file.long_name = _as_text(found.get(_P_LONG_NAME, ""), charset)
    file.name = _as_text(found.get(_P_FILE_NAME, ""), charset) or file.name
    file.display_name = _as_text(found.get(_P_DISPLAY_NAME, ""), charset)
    file.content_type = _as_text(found.get(_P_MIME_TYPE, ""), charset).lower()
    file.content_id = _as_text(found.get(_P_CONTENT_ID, ""), charset)
    content = found.get(_P_DATA)
    if isinstance(content, bytes) and not file.content:
        _take_content(file, content)


def _take_content(file: TnefFile, content: bytes) -> None:
    """A file by value, or an embedded object: of a message the stream behind its interface id."""
    is_message = content.startswith(_SIGNATURE, _INTERFACE_BYTES)
    file.content = content[_INTERFACE_BYTES:] if is_message else content
    if is_message:
        file.content_type = "application/ms-tnef"


def _as_text(value: _Value, charset: str) -> str:
    if isinstance(value, bytes):
        return _text(value, charset)
    return value if isinstance(value, str) else ""


def _text(octets: bytes, charset: str) -> str:
    return decode(octets.rstrip(b"\0"), charset)


def _charset(page: int) -> str:
    return _CODE_PAGES.get(page) or (f"iso-8859-{page - 28590}" if 28591 <= page <= 28605 else f"cp{page}")
