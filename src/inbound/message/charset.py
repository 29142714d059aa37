"""Octets to characters: declared charset, then UTF-8, then windows-1252; and strings that any database takes."""

import re
from encodings.aliases import aliases
from functools import lru_cache

_NAME_NOISE = re.compile(r"[^a-z0-9]")

# Codecs that are no charsets of mail (some compress), and ASCII: octets over 127 prove that something else was meant.
_REFUSED = {
    "base64_codec",
    "bz2_codec",
    "hex_codec",
    "quopri_codec",
    "rot_13",
    "uu_codec",
    "zlib_codec",
    "mbcs",
    "ascii",
}
_EBCDIC = {"cp037", "cp273", "cp424", "cp500", "cp875", "cp1026", "cp1140"}

# What senders call something, and what they mean by it: mostly the vendor's superset (WHATWG Encoding, 4.2).
_MEANT = {
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "iso88599": "cp1254",
    "iso885911": "cp874",
    "tis620": "cp874",
    "windows874": "cp874",
    "cp874": "cp874",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "euccn": "gb18030",
    "ksc56011987": "cp949",
    "ksc5601": "cp949",
    "euckr": "cp949",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "windows31j": "cp932",
    "cp50220": "iso2022_jp_ext",
    "iso2022jp1": "iso2022_jp_1",
    "big5": "big5hkscs",
    "xbig5": "big5hkscs",
    "xeucjp": "euc_jp",
    "unicode11utf7": "utf_7",
    "utf8mb4": "utf_8",
    "unicode11utf8": "utf_8",
    "koi8u": "koi8_u",
    "koi8t": "koi8_t",
    "xmacroman": "mac_roman",
    "macintosh": "mac_roman",
}


def _known_charsets() -> dict[str, str]:
    """Charset name without case and punctuation -> codec.

    A fixed list: looking up what a message names would import modules of its choice and keep unknown names for ever.
    """
    names = {alias: codec for alias, codec in aliases.items() if codec not in _REFUSED | _EBCDIC}
    names |= {codec: codec for codec in names.values()}
    return {_NAME_NOISE.sub("", name.lower()): codec for name, codec in names.items()} | _MEANT


_CHARSETS = _known_charsets()
# In these, octets under 128 are not simply ASCII.
_SEVEN_BIT = frozenset(codec for codec in _CHARSETS.values() if codec.startswith(("utf_7", "iso2022", "hz")))
_WIDE = frozenset(codec for codec in _CHARSETS.values() if codec.startswith(("utf_16", "utf_32")))

# The escape sequences of ISO-2022-JP (RFC 1468) that lead to other characters: nobody else writes them.
_JAPANESE = re.compile(rb"\x1b\$[@B]")

_JAPANESE_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([BJI])")
_JIS_PAIR = re.compile(rb"[\x21-\x7e]{2}")
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")

_CONTROLS = dict.fromkeys([*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029], " ")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def _codec(charset: str) -> str:
    """The codec of a charset by any of its names; empty for none and for unknown ones."""
    return _common_codec(charset) if len(charset) <= _COMMON_CHARS else _named_codec(charset)


def _named_codec(charset: str) -> str:
    return _CHARSETS.get(_NAME_NOISE.sub("", charset.lower()), "")


#: No charset has a longer name.
_COMMON_CHARS = 60
_common_codec = lru_cache(maxsize=1_000)(_named_codec)


def decode(octets: bytes, charset: str = "") -> str:
    """Decode octets, whatever they are.

    Args:
        octets: text as sent, transfer-encoding undone.
        charset: as declared (RFC 2046 4.1.2); unknown and empty names are passed over.

    Returns:
        a clean string (see `clean`); octets that fit nowhere become U+FFFD.
    """
    codec = _codec(charset)
    if not codec and octets.startswith(_MARKS_OF_UTF_16):
        codec = "utf_16"
    if b"\x1b" in octets and codec not in _SEVEN_BIT and _JAPANESE.search(octets):
        codec = "iso2022_jp"
    if octets.isascii() and codec not in _SEVEN_BIT and (codec not in _WIDE or b"\0" not in octets):
        return clean(octets.decode("ascii"))
    if codec.startswith("iso2022_jp") and (japanese := _decode_japanese(octets, codec)):
        return clean(japanese)
    for candidate in dict.fromkeys((codec, "utf_8")):
        if candidate and (text := _decode_as(octets, candidate)) is not None:
            return clean(text)
    return clean(octets.decode("cp1252", "replace"))


def is_seven_bit(charset: str) -> bool:
    """Does this charset write other characters with octets under 128 (UTF-7, ISO-2022)?"""
    return _codec(charset) in _SEVEN_BIT


def is_wide(charset: str) -> bool:
    """Does this charset write line ends in two or four octets (UTF-16, UTF-32)?"""
    return _codec(charset) in _WIDE


def to_utf8(octets: bytes, charset: str) -> bytes:
    """Bring octets that are evidently in a declared charset into UTF-8; others stay as they are.

    Args:
        octets: a field value as sent.
        charset: what the text of the same message declares.
    """
    codec = _codec(charset)
    if not codec or codec in _WIDE or (octets.isascii() and codec not in _SEVEN_BIT):
        return octets
    try:
        if codec not in _SEVEN_BIT:
            octets.decode()
            return octets
    except UnicodeDecodeError:
        pass
    try:
        return octets.decode(codec).encode()
    except UnicodeError:
        return octets


def clean(text: str) -> str:
    """Make a string storable.

    NUL is dropped (it comes from UTF-16 taken for ASCII, and carries nothing); halves of surrogate pairs that belong
    together are joined, lone ones become U+FFFD.
    """
    if "\0" in text:
        text = text.replace("\0", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def clean_line(text: str) -> str:
    """Make a string fit for one line, and storable as in `clean`.

    Control characters become spaces, marks that change the reading direction or show nothing are dropped, and white
    space at the ends goes.
    """
    if text.isprintable() and text.isascii():
        return text.strip()
    return _INVISIBLE.sub("", clean(text).translate(_CONTROLS)).strip()


def _decode_japanese(octets: bytes, codec: str) -> str:
    """ISO-2022-JP with the characters that vendors added to JIS X 0208 (CP50220); empty where the codec is enough."""
    try:
        octets.decode(codec)
    except UnicodeDecodeError:
        _, *rest = pieces = _JAPANESE_ESCAPE.split(octets)
        shifted = [pieces[0], *(_shifted(*pair) for pair in zip(rest[::2], rest[1::2], strict=True))]
        text = b"".join(shifted).decode("cp932", "replace")
        return "" if "\ufffd" in text else text
    return ""


def _shifted(escape: bytes, octets: bytes) -> bytes:
    """What stands behind an escape sequence, in Shift_JIS."""
    if escape == b"(I":
        return bytes(octet | 0x80 if octet > 0x20 else octet for octet in octets)
    return _JIS_PAIR.sub(_shift, octets) if escape[:1] == b"$" else octets


def _shift(pair: re.Match[bytes]) -> bytes:
    # JIS X 0208, appendix 1: two rows of 94 become one of 188, around the half-width letters.
    row, cell = pair[0]
    lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    return bytes((lead, cell + 0x1F + (cell >= 0x60) if row % 2 else cell + 0x7E))


def _decode_as(octets: bytes, codec: str) -> str | None:
    """The text, or None when the octets are evidently in another charset."""
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        pass
    # One octet lost on the way does not make a text windows-1252: keep the charset while most of it is right.
    text = octets.decode(codec, "replace")
    wrong = text.count("\ufffd")
    right = len(text) - len(text.encode("ascii", "ignore")) - wrong
    return text if right > wrong else None
