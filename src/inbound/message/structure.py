"""Octets -> tree of parts (RFC 2045, RFC 2046).

Works on offsets: no part is copied before somebody wants its content.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from inbound.message.headers import MAX_FIELDS, MAX_HEADER_BYTES, Header, parse_parameters, read_header
from inbound.message.transfer import decode_transfer

#: multiparts inside of multiparts; deeper ones stay closed
MAX_DEPTH = 50
#: parts of one message, multiparts included; further ones stay unread
MAX_PARTS = 1000

_DELIMITER_END = re.compile(rb"(--)?[ \t]*+(?:\r*+\n|\r|\Z)")
_CONTENT_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+)")
_TOKEN = re.compile(rb"[^\s;()]+")


@dataclass(slots=True)
class Part:
    """A message or a body part. Filled by `read_structure`, read by everybody else."""

    header: Header
    #: ``type/subtype`` in lower case; what is missing or unreadable is replaced as in RFC 2045 5.2
    content_type: str
    parameters: Mapping[str, str]
    #: Content-Disposition (RFC 2183) in lower case; empty without
    disposition: str
    disposition_parameters: Mapping[str, str]
    source: bytes
    #: offsets of the body in the source
    start: int
    end: int
    #: empty for a leaf, and for a multipart in which no part was found
    children: list["Part"] = field(default_factory=list)

    def content(self) -> bytes:
        """The body with its transfer-encoding undone; decoded anew at every call."""
        encoding = _TOKEN.match(self.header.first(b"content-transfer-encoding"))
        return decode_transfer(
            self.source[self.start : self.end], encoding[0].decode("latin-1").lower() if encoding else ""
        )


@dataclass(slots=True)
class Structure:
    """A message, taken apart."""

    root: Part
    #: the first guard that was hit: "header_bytes", "header_count", "depth" or "parts"
    over_guard: str | None = None


def read_structure(content: bytes) -> Structure:
    """Find the parts of a message.

    Delimiters are searched inside of the part that they divide, so that a part that is never closed ends with the one
    around it. A message/rfc822 part is a leaf. Cost: at most `MAX_DEPTH` memory searches through the message.

    Args:
        content: the whole message, any octets.

    Returns:
        the tree, and the guard that kept it from being complete.
    """
    header, body_start = read_header(content, 0, len(content), is_message=True)
    structure = Structure(_part(header, content, body_start, len(content), default="text/plain"))
    if body_start > MAX_HEADER_BYTES:
        structure.over_guard = "header_bytes"
    elif len(header.fields) > MAX_FIELDS:
        structure.over_guard = "header_count"
    parts = 1
    closed = [(structure.root, 0)]
    while closed:
        part, depth = closed.pop()
        boundary = _boundary(part)
        if not boundary:
            continue
        if depth >= MAX_DEPTH:
            structure.over_guard = structure.over_guard or "depth"
            continue
        ranges = _split(content, part.start, part.end, boundary, MAX_PARTS - parts + 1)
        if len(ranges) > MAX_PARTS - parts:
            structure.over_guard = structure.over_guard or "parts"
            ranges.pop()
        parts += len(ranges)
        # RFC 2046 5.1.5
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        part.children = [_child(content, start, end, default) for start, end in ranges]
        closed.extend((child, depth + 1) for child in reversed(part.children))
    return structure


def _child(content: bytes, start: int, end: int, default: str) -> Part:
    header, body_start = read_header(content, start, end, is_message=False)
    return _part(header, content, body_start, end, default=default)


def _part(header: Header, content: bytes, start: int, end: int, *, default: str) -> Part:
    content_type, parameters = parse_parameters(header.first(b"content-type"))
    disposition, disposition_parameters = parse_parameters(header.first(b"content-disposition"))
    known = _CONTENT_TYPE.match(content_type)
    return Part(
        header=header,
        content_type=known[1] if known else default,
        parameters=parameters,
        disposition=disposition,
        disposition_parameters=disposition_parameters,
        source=content,
        start=start,
        end=end,
    )


def _boundary(part: Part) -> bytes:
    """The octets that divide a multipart; empty for a leaf."""
    if not part.content_type.startswith("multipart/"):
        return b""
    # RFC 2046 5.1.1: it cannot end with white space.
    return part.parameters.get("boundary", "").rstrip().encode()


def _split(content: bytes, start: int, end: int, boundary: bytes, most: int) -> list[tuple[int, int]]:
    """Ranges of the parts between delimiters (RFC 2046 5.1.1), at most so many."""
    ranges: list[tuple[int, int]] = []
    needle = b"--" + boundary
    part_start = -1
    position = content.find(needle, start, end)
    while position >= 0:
        after = position + len(needle)
        is_line_start = position == start or content[position - 1] in b"\r\n"
        delimiter = _DELIMITER_END.match(content, after, end) if is_line_start else None
        if delimiter:
            if part_start >= 0:
                ranges.append((part_start, _before_line_end(content, part_start, position)))
            after = part_start = delimiter.end()
            if delimiter[1] or len(ranges) >= most:
                return ranges
        position = content.find(needle, after, end)
    if part_start >= 0:
        ranges.append((part_start, end))
    return ranges


def _before_line_end(content: bytes, start: int, position: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    if content.endswith(b"\r\n", start, position):
        return position - 2
    return max(start, position - 1)
