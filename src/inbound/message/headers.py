"""Header block -> fields, and what the values of simple fields mean (RFC 5322 2.2, 3.6.4)."""

import re
from collections.abc import KeysView, Mapping
from functools import lru_cache

from inbound.message.charset import clean_line, to_utf8
from inbound.message.encoded_words import decode_words
from inbound.message.identity import normalize_message_id
from inbound.message.parameters import parse_parameters

#: fields of one header; more of them and the message is over a guard
MAX_FIELDS = 1000
#: octets of one header
MAX_HEADER_BYTES = 1_000_000
#: identifiers kept of one References field: the first and the latest
MAX_REFERENCES = 100

_NAME = rb"[!-9;-~]++[ \t]*+:"
_MBOX_LINE = rb">?From "
# RFC 5322 2.2.3 wants white space at the start of a folded line. Where it is missing, a line that is no field was
# folded if it starts with an encoded word, or if the line before is long or broken off; others are passed over.
_FIELD = re.compile(
    rb"^([!-9;-~]++)[ \t]*+:(.*+(?>(?:\n(?:[ \t]|(?!" + _NAME + rb"|" + _MBOX_LINE + rb")"
    rb"(?:(?==\?)|(?<=[^\n]{60}\n)|(?<=[;,]\n))).*+)*))",
    re.MULTILINE,
)
# The same without that tolerance, except for parameters whose line was not indented.
_STRICT_VALUE_TEXT = rb".*+(?>(?:\n[ \t].*+|(?<=;)\n[\w*-]++=.*+)*)"
_STRICT_VALUE = re.compile(_STRICT_VALUE_TEXT)
_STRICT_HEADER = re.compile(rb"(?>(?:" + _NAME + _STRICT_VALUE_TEXT + rb"(?:\n|\Z))+)")
# A field with its folded lines, as RFC 5322 2.2 has it.
# The CR of a line end is taken for a part of the line: it is white space to everybody who reads the value.
_PLAIN_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:(.*+(?>(?:\n[ \t].*+)*))", re.MULTILINE)
_MBOX_START = re.compile(rb">?From [^\r\n]*+(?:\r\n|\n|\r|\Z)")
_BLANK_FRONT = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*+")
_FIELD_START = re.compile(_NAME)
_EMPTY_LINE = re.compile(rb"(?>\r*+\n|\r)(?>\r*+\n|\r)")
_LINE_END = re.compile(rb"\r*+\n|\r")

_MESSAGE_ID = re.compile(rb"<(?:<[^<>]*>|[^<>]*)>")


class Header:
    """The fields of one header, in their order."""

    __slots__ = ("_parameters", "_values", "fields", "is_ascii", "is_plain")

    def __init__(
        self, fields: list[tuple[bytes, bytes]], *, is_plain: bool = False, is_ascii: bool | None = None
    ) -> None:
        #: name as written, value as written (folded, line ends ``\r\n`` or ``\n``, perhaps with a CR at its end)
        self.fields = fields
        #: fields and nothing else, as RFC 5322 2.2 has it: every reader finds the same fields and the same body
        self.is_plain = is_plain
        #: all values are octets under 128, as RFC 5322 wants
        self.is_ascii = all(value.isascii() for _, value in fields) if is_ascii is None else is_ascii
        self._values: dict[bytes, list[bytes]] = {}
        self._parameters: dict[bytes, tuple[str, Mapping[str, str]]] = {}
        for name, value in fields:
            lowered = name.lower()
            if lowered in self._values:
                self._values[lowered].append(value)
            else:
                self._values[lowered] = [value]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Header) and self.fields == other.fields

    def __hash__(self) -> int:
        return hash(tuple(self.fields))

    def folded(self, name: bytes) -> list[bytes]:
        """Values of every field of that name (lower case) as written, in their order."""
        return self._values.get(name, [])

    def texts(self, name: str) -> tuple[str, ...]:
        """Decoded values of every field of that name, in any case; clean, each on one line."""
        values = self.values(name.lower().encode())
        return tuple(clean_line(decode_words(value)) for value in values) if values else ()

    def in_charset(self, charset: str) -> "Header":
        """The same header with raw octets of this charset in UTF-8; encoded words name their own."""
        return Header([(name, value if b"=?" in value else to_utf8(value, charset)) for name, value in self.fields])

    def names(self) -> KeysView[bytes]:
        """Names of all fields, in lower case."""
        return self._values.keys()

    def count(self, name: bytes) -> int:
        """How many fields of that name (lower case) there are."""
        return len(self._values.get(name, ()))

    def values(self, name: bytes) -> list[bytes]:
        """Unfolded values of every field of that name (lower case), in their order."""
        return [unfold(value) for value in self._values.get(name, ())]

    def first(self, name: bytes) -> bytes:
        """The first value of that name that is not blank; otherwise empty."""
        for value in self._values.get(name, ()):
            if unfolded := unfold(value):
                return unfolded
        return b""

    def parameters(self, name: bytes) -> tuple[str, Mapping[str, str]]:
        """What `parse_parameters` reads in the first value of that name (lower case)."""
        known = self._parameters.get(name)
        if known is None:
            known = self._parameters[name] = parse_parameters(self.first(name))
        return known


def read_header(content: bytes, start: int, end: int, *, is_message: bool) -> tuple[Header, int]:
    """Read the header at the start of a message or part.

    An empty line ends it. Where a line that cannot belong to a field stands before that, the body starts there, so that
    no text is lost; between two fields of a message's header such lines are tolerated.

    Args:
        content: octets with any mixture of CRLF, LF and CR.
        start: where the header starts.
        end: where the message or part ends.
        is_message: skip mbox "From " lines and empty lines in front; be as tolerant as that.

    Returns:
        the header, at most `MAX_FIELDS` + 1 fields of its first `MAX_HEADER_BYTES`, and where the body starts.
    """
    if is_message and not _FIELD_START.match(content, start, end):
        start = _skip_front(content, start)
    elif plain := _plain_header(content, start, end, is_message=is_message):
        return plain
    if not _FIELD_START.match(content, start, end):
        line_end = _LINE_END.match(content, start, end)
        body_start = line_end.end() if line_end else start
        is_plain = not is_message and body_start <= start + 2 and content[start:body_start] != b"\r\r"
        return Header([], is_plain=is_plain), body_start
    block, body_start = _block(content, start, end)
    text = block[:MAX_HEADER_BYTES].replace(b"\r\n", b"\n")
    if b"\r" in text:
        block, body_start = _block_of_any_lines(content, start, end)
        text = _LINE_END.sub(b"\n", block[:MAX_HEADER_BYTES])
    fields = _FIELD.findall(text)
    length = _message_header_length(text) if is_message else _part_header_length(text)
    if length < len(text):
        body_start = start + _original_offset(block, text.count(b"\n", 0, length))
        fields = _FIELD.findall(text[:length])
    return Header(fields[: MAX_FIELDS + 1]), body_start


def unfold(value: bytes) -> bytes:
    """Undo folding (RFC 5322 2.2.3): the line end goes, white space behind it becomes one space."""
    if b"\n" in value:
        if b"\r" in value:
            value = value.replace(b"\r\n", b"\n")
        return value.replace(b"\n ", b" ").replace(b"\n\t", b" ").replace(b"\n", b" ").strip()
    return value.strip()


def message_ids(value: bytes) -> tuple[str, ...]:
    """Identifiers of an In-Reply-To or References value (RFC 5322 3.6.4), normalised.

    Args:
        value: unfolded; where it has no brackets, words with ``@`` count.

    Returns:
        at most `MAX_REFERENCES`, in their order.
    """
    found = _MESSAGE_ID.findall(value) or [word for word in value.replace(b",", b" ").split() if b"@" in word]
    if len(found) > MAX_REFERENCES:
        found = found[:1] + found[1 - MAX_REFERENCES :]
    return tuple(message_id for message_id in map(normalize_message_id, found) if message_id)


def _plain_header(content: bytes, start: int, end: int, *, is_message: bool) -> tuple[Header, int] | None:
    """A header in which every line is a field's, and where the body starts; None for any other."""
    block_end, width = content.find(b"\r\n\r\n", start, end), 4
    if block_end < 0:
        block_end, width = content.find(b"\n\n", start, end), 2
    if block_end < 0 or block_end - start > MAX_HEADER_BYTES:
        return None
    block = content[start:block_end]
    is_common = len(block) <= _COMMON_BYTES and not is_message
    header = _common(block, width) if is_common else _plain(block, width)
    return (header, block_end + width) if header is not None else None


def _plain(block: bytes, width: int) -> Header | None:
    """The fields of a block whose empty line is so many octets wide."""
    line_ends = block.count(b"\n")
    if (width == 4 and block.count(b"\r\n") != line_ends) or block.count(b"\r") != (line_ends if width == 4 else 0):
        return None
    fields = _PLAIN_FIELD.findall(block)
    folded_lines = block.count(b"\n ") + block.count(b"\n\t")
    if len(fields) > MAX_FIELDS or len(fields) + folded_lines != line_ends + 1:
        return None
    return Header(fields, is_plain=True, is_ascii=block.isascii())


#: The text parts of nearly all mail have one of a few headers, which are no longer than this.
_COMMON_BYTES = 200
_common = lru_cache(maxsize=1_000)(_plain)


def _skip_front(content: bytes, start: int) -> int:
    """Go past a byte-order mark, blank lines and mbox lines when a header follows them."""
    front = _BLANK_FRONT.match(content, start)
    position = front.end() if front else start
    while mbox := _MBOX_START.match(content, position):
        position = mbox.end()
    return position if _FIELD_START.match(content, position) else start


def _block(content: bytes, start: int, end: int) -> tuple[bytes, int]:
    """What stands before the first empty line, when lines end with CRLF or LF; and where the line after that starts."""
    block_end, width = content.find(b"\r\n\r\n", start, end), 4
    if (bare := content.find(b"\n\n", start, end if block_end < 0 else block_end)) >= 0:
        block_end, width = bare, 2
    if block_end < 0:
        return _block_of_any_lines(content, start, end)
    return content[start:block_end], block_end + width


def _block_of_any_lines(content: bytes, start: int, end: int) -> tuple[bytes, int]:
    """The same for lone CRs, CRs doubled by a gateway, and mixtures."""
    empty = _EMPTY_LINE.search(content, start, end)
    return (content[start : empty.start()], empty.end()) if empty else (content[start:end], end)


def _message_header_length(text: bytes) -> int:
    """How much of a block is header when foreign lines are tolerated between fields, but not behind the last."""
    last_line = text.rfind(b"\n") + 1
    if text[last_line : last_line + 1] in {b" ", b"\t"} or _FIELD_START.match(text, last_line):
        return len(text)
    last_field = 0
    for field in _FIELD.finditer(text):
        last_field = field.start(2)
    value = _STRICT_VALUE.match(text, last_field)
    return min(len(text), value.end() + 1) if value else len(text)


def _part_header_length(text: bytes) -> int:
    """How much of a block is header when the first foreign line starts the body."""
    strict = _STRICT_HEADER.match(text)
    return strict.end() if strict else 0


def _original_offset(block: bytes, lines: int) -> int:
    """Where in a block, as sent, so many lines end."""
    position = 0
    for _ in range(lines):
        line_end = _LINE_END.search(block, position)
        if line_end is None:
            return len(block)
        position = line_end.end()
    return position
