"""Octets -> tree of parts (RFC 2045, RFC 2046).

Works on offsets: no part is copied before somebody wants its content.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from inbound.message.headers import MAX_FIELDS, MAX_HEADER_BYTES, Header, read_header
from inbound.message.smime import signed_content
from inbound.message.transfer import decode_part, is_encoded
from inbound.model.mail import Octets

#: multiparts inside of multiparts; deeper ones stay closed
MAX_DEPTH = 50
#: parts of one message, multiparts included; further ones stay unread
MAX_PARTS = 1000

#: octets from which on a part that is not encoded is no longer copied
VIEW_BYTES = 1_000_000

#: opaque signatures inside of opaque signatures (RFC 2634 1.1 needs two) that are opened: each is a copy of the rest
MAX_SIGNED = 3
#: lines that are looked at where the declared boundary is not found
_MAX_CANDIDATES = 10_000

_DELIMITER_END = re.compile(rb"(--)?[ \t]*+(?:\r*+\n|\r|\Z)")
_CONTENT_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+)")
# "Quoted Printable" and "base 64" too; a comment may stand before the mechanism.
_MECHANISM = re.compile(
    rb"(?:\([^()]{0,80}\)\s?)?(?:(?P<quoted>quoted[-_ ]?printable\b)|(?P<base>base[-_ ]?64\b)|(?P<other>[^\s;()\"]+))",
    re.IGNORECASE,
)
_MECHANISMS = {"quoted": "quoted-printable", "base": "base64"}
_SIGNED = frozenset(("application/pkcs7-mime", "application/x-pkcs7-mime"))
_DASHES = re.compile(rb"--([^\r\n]*+)(?:\r*+\n|\r|\Z)")
_PART_FIELD = re.compile(rb"Content-[A-Za-z-]{1,40}+[ \t]*+:", re.IGNORECASE)


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
    #: the octets that divided it; empty for what was not divided, or not as RFC 2046 5.1.1 has it
    boundary: bytes = b""
    #: what the part was unpacked from ("tnef", "uuencode"); empty for one that was sent as it is
    container: str = ""

    def content(self) -> bytes:
        """The body with its transfer-encoding undone; decoded anew at every call."""
        return decode_part(self.source, self.start, self.end, self._encoding())

    def view(self) -> Octets:
        """The same; of what is large and not encoded a view, without a copy."""
        if self.end - self.start < VIEW_BYTES or is_encoded(self._encoding()):
            return self.content()
        return memoryview(self.source)[self.start : self.end]

    def _encoding(self) -> str:
        encoding = _MECHANISM.search(self.header.first(b"content-transfer-encoding"))
        if encoding is None:
            return ""
        return _MECHANISMS.get(encoding.lastgroup or "") or encoding["other"].decode("latin-1").lower()


@dataclass(slots=True)
class Structure:
    """A message, taken apart."""

    root: Part
    #: the first guard that was hit: "header_bytes", "header_count", "depth" or "parts"
    over_guard: str | None = None
    #: nothing was mended: every reader that keeps to the RFCs finds the same tree, where the boundaries are the same
    is_plain: bool = True


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
    structure.is_plain = structure.over_guard is None and not content.startswith(b"From ")
    parts, signed = 1, 0
    closed = [(structure.root, 0)]
    while closed:
        part, depth = closed.pop()
        structure.is_plain = structure.is_plain and part.header.is_plain
        if signed < MAX_SIGNED and _may_be_signed(part):
            signed += 1
            part.children = _signed_part(part)
            parts += len(part.children)
        elif part.content_type.startswith("multipart/"):
            if depth >= MAX_DEPTH:
                structure.over_guard = structure.over_guard or "depth"
                structure.is_plain = False
                continue
            ranges, is_plain = _split(part, MAX_PARTS - parts + 1)
            if len(ranges) > MAX_PARTS - parts:
                structure.over_guard = structure.over_guard or "parts"
                is_plain = False
                ranges.pop()
            structure.is_plain = structure.is_plain and is_plain
            parts += len(ranges)
            # RFC 2046 5.1.5
            default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
            part.children = [_child(part.source, start, end, default) for start, end in ranges]
        closed.extend((child, depth + 1) for child in reversed(part.children))
    return structure


def file_part(
    name: str,
    content_type: str,
    content: bytes,
    *,
    container: str,
    content_id: str = "",
    span: tuple[int, int] | None = None,
) -> Part:
    """A part for a file that was not sent as one.

    Args:
        name: as the container has it; may be empty.
        content_type: lower case; empty when the container does not say.
        content: decoded.
        container: what it was unpacked from.
        content_id: with or without angle brackets; empty without.
        span: where in these octets it stands; None: it is all of them.
    """
    known = _CONTENT_TYPE.match(content_type)
    start, end = span or (0, len(content))
    return Part(
        header=Header([(b"Content-ID", content_id.encode())] if content_id else []),
        content_type=known[1] if known else "application/octet-stream",
        parameters={},
        disposition="attachment",
        disposition_parameters={"filename": name},
        source=content,
        start=start,
        end=end,
        container=container,
    )


def _may_be_signed(part: Part) -> bool:
    """Gateways that know no S/MIME keep the name alone."""
    if part.content_type in _SIGNED:
        return True
    if part.content_type != "application/octet-stream":
        return False
    name = part.disposition_parameters.get("filename") or part.parameters.get("name", "")
    return name.lower().endswith(".p7m")


def _signed_part(part: Part) -> list[Part]:
    """The entity that an opaque signature is around; nothing when that cannot be read."""
    content = signed_content(part.content())
    return [_child(content, 0, len(content), "text/plain")] if content else []


def _child(content: bytes, start: int, end: int, default: str) -> Part:
    header, body_start = read_header(content, start, end, is_message=False)
    return _part(header, content, body_start, end, default=default)


def _part(header: Header, content: bytes, start: int, end: int, *, default: str) -> Part:
    content_type, parameters = header.parameters(b"content-type")
    disposition, disposition_parameters = header.parameters(b"content-disposition")
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


def _split(part: Part, most: int) -> tuple[list[tuple[int, int]], bool]:
    """Ranges of the parts of a multipart, at most so many; and is that what RFC 2046 5.1.1 says?"""
    content, start, end = part.source, part.start, part.end
    part.boundary = boundary = _boundary(part)
    delimiters = list(islice(_delimiters(content, start, end, boundary), most + 1)) if boundary else []
    ranges = _between(content, delimiters, end, most)
    if ranges and not _has_dashes(content, start, delimiters[0][0]):
        # A doubled CR before a LF is one line end here, two to others.
        return ranges, all(content.find(b"\r\r", first, last) < 0 for first, last, _ in delimiters)
    # RFC 2046 5.1.1 wants the boundary as declared. Gateways change its case, put blanks into it, or lose it.
    alike = _like_delimiters(content, start, end, _folded(boundary))
    ranges = max(ranges, _between(content, alike, end, most), key=len)
    return ranges or _between(content, _like_delimiters(content, start, end, b""), end, most), False


_Delimiter = tuple[int, int, bool]


def _between(content: bytes, delimiters: Iterable[_Delimiter], end: int, most: int) -> list[tuple[int, int]]:
    """From delimiters (start, end, whether it closes) to what stands between them."""
    ranges: list[tuple[int, int]] = []
    part_start = -1
    for delimiter_start, delimiter_end, is_closing in delimiters:
        if part_start >= 0:
            ranges.append((part_start, _before_line_end(content, part_start, delimiter_start)))
        part_start = delimiter_end
        if is_closing or len(ranges) >= most:
            return ranges
    if part_start >= 0:
        ranges.append((part_start, end))
    return ranges


def _delimiters(content: bytes, start: int, end: int, boundary: bytes) -> Iterator[_Delimiter]:
    """Delimiters as RFC 2046 5.1.1 has them."""
    needle = b"--" + boundary
    position = content.find(needle, start, end)
    while position >= 0:
        after = position + len(needle)
        if position == start or content[position - 1] in b"\r\n":
            delimiter = _DELIMITER_END.match(content, after, end)
            if delimiter:
                after = delimiter.end()
                yield position, after, delimiter[1] is not None
        position = content.find(needle, after, end)


def _like_delimiters(content: bytes, start: int, end: int, wanted: bytes) -> Iterator[_Delimiter]:
    """Lines that, folded, are the folded boundary; without one, the first line before a part's header tells."""
    mark = b"\n--" if content.find(b"\n", start, end) >= 0 else b"\r--"
    position = start if content.startswith(b"--", start, end) else content.find(mark, start, end) + 1
    for _ in range(_MAX_CANDIDATES):
        line = _DASHES.match(content, position, end) if position else None
        if line is None:
            return
        found = _folded(line[1])
        if not wanted and found and _PART_FIELD.match(content, line.end(), end):
            wanted = found
        if wanted and found in {wanted, wanted + b"--"}:
            yield position, line.end(), found != wanted
        position = content.find(mark, max(position, line.end() - 1), end) + 1


def _has_dashes(content: bytes, start: int, end: int) -> bool:
    """May a delimiter that is misspelt stand here?"""
    return content.startswith(b"--", start, end) or content.find(b"\n--", start, end) >= 0


def _folded(boundary: bytes) -> bytes:
    return b"".join(boundary.lower().split())


def _before_line_end(content: bytes, start: int, position: int) -> int:
    """The line end before a delimiter belongs to the delimiter."""
    if content.endswith(b"\r\n", start, position):
        return position - 2
    return max(start, position - 1)
