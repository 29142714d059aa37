r"""The identity of a message: algorithm version 1, FROZEN.

Digests are stored and compared with later deliveries, perhaps years later. So nothing in this file and in
`identity_leaf` may change what comes out; what must change becomes version 2 beside it. For the same reason they share
no code with the rest of the parser that could change it: a better parser must not make yesterday's message a new one.
`tests/message/test_identity.py` pins digests, and compares with the algorithm in its plainest form.

The algorithm
=============

**Lines.** A line ends with CRLF, LF, CR or the end of what is being read. ``WSP`` is space or tab.

**Header.** At the start of the content, one line that begins with ``From`` and a space is skipped (mbox). A field is
a line ``name WSP* ":" value`` whose name is of octets 33-126 without the colon, together with the lines that follow it
and begin with WSP. The header is the longest run of fields, at most 1,000. An empty line after it is consumed. What
follows is the body. A part's header is read in the same way, without the mbox line.

**Field values.** Field names compare without case (ASCII). A value is *collapsed*: runs of ASCII white space
(``\t \n \v \f \r`` and space) become one space, those at the ends are dropped; else the octets stay as sent, undecoded.

**Message-ID.** Of the first Message-ID field with a usable value. All white space and the octets 0-31 and 127 are
removed. If the rest contains a match of ``<(<[^<>]*>|[^<>]*)>``, the leftmost match's group 1 is taken, otherwise
everything. What stands behind the last ``@`` is put in lower case (ASCII). The octets are decoded as UTF-8, undecodable
ones as ``\xNN``. Empty, or over 998 octets in UTF-8: not usable; without a usable one it is missing.

**Leaves.** Parts are visited in the order of the content; the message is the first part. A part at depth under 50
(the message is at depth 0) is split when its first Content-Type value, stripped, begins with ``multipart/`` (any
case) and carries a non-empty boundary: the first match of ``;\s*boundary\s*=\s*("[^"]*"|[^\s;]+)`` in any case, a
closed pair of quotes and then white space at the end removed. A delimiter is ``--boundary`` at the start of the body
or directly after a line end, followed by nothing or by ``--``, then WSP*, then a line end; with ``--`` it closes and
is the last. The line end before a delimiter belongs to it. What stands before the first delimiter and behind the
closing one is ignored, and so is what follows the 1,000th part of one multipart. A multipart in which no part is
found, and every part that is not split, is a leaf. After 1,000 leaves nothing more is read.

**Content of a leaf.** By the first Content-Transfer-Encoding (collapsed, up to the first space or ``;``, any case):

- ``base64``: octets outside of the alphabet and ``=`` are removed; the rest is cut at every ``=``; of each piece whose
  length is 1 modulo 4 the last octet is dropped; each is decoded, and the results are joined.
- ``quoted-printable``: WSP at the ends of lines is removed; then every ``=`` at the end of a line is removed together
  with that line's end, in one pass; then ``=`` and two hexadecimal digits (any case) are the octet, and every other
  ``=`` stands for itself.
- anything else: as it is.

Then CRLF becomes LF, then CR becomes LF (in every leaf, whatever its type: relays may change line ends, types lie), and
LF, space and tab are dropped at the end.

**Digest.** SHA-256 over frames. A frame is one octet of kind, the length as eight octets (most significant first), and
the octets, in this order: ``F`` each From value, ``D`` each Date value, ``S`` each Subject value (in the order of the
message, empty ones included), ``M`` the Message-ID in UTF-8 (only when there is one), ``R`` each Received value (only
when Message-ID is missing and no Date value is non-empty), ``L`` for each leaf the SHA-256 of its content.

**Match.** Without Message-ID, without Date and without Received fields the digest counts for 3,600 seconds only:
two machines' empty mails are not the same message for ever.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from inbound.message.identity_leaf import leaf_digest
from inbound.model.mail import Identity

if TYPE_CHECKING:
    from inbound.message.structure import Part, Structure

#: stored beside every digest
VERSION = 1
#: how long a digest counts that rests on the content alone
WEAK_MATCH_SECONDS = 3600

_MAX_FIELDS = 1000
_MAX_DEPTH = 50
_MAX_LEAVES = 1000
_MAX_MESSAGE_ID_BYTES = 998

_LINE_END = rb"(?:\r\n|\n|\r)"
_FIELD = re.compile(
    rb"([!-9;-~]++)[ \t]*+:([^\r\n]*+(?>(?:" + _LINE_END + rb"[ \t][^\r\n]*+)*))(?:" + _LINE_END + rb"|\Z)"
)
_MBOX_LINE = re.compile(rb"From [^\r\n]*+" + _LINE_END)
_EMPTY_LINE = re.compile(_LINE_END)
_DELIMITER_END = re.compile(rb"(--)?[ \t]*+(?:" + _LINE_END + rb"|\Z)")
_BOUNDARY = re.compile(rb';\s*+boundary\s*+=\s*+(?:"([^"]*+)"|([^\s;]++))', re.IGNORECASE)
_BRACKETED = re.compile(rb"<(<[^<>]*>|[^<>]*)>")
_CONTROLS = bytes([*range(32), 127])
_ENCODING_END = re.compile(rb"[ ;]")

_WANTED = frozenset(
    (b"from", b"date", b"subject", b"message-id", b"received", b"content-type", b"content-transfer-encoding")
)


class _Fields(Protocol):
    """Fields of a header: raw values by name, in their order. Line ends inside of them do not matter here."""

    def folded(self, name: bytes) -> list[bytes]: ...


class _Wanted(dict[bytes, list[bytes]]):
    """The fields that matter here."""

    def folded(self, name: bytes) -> list[bytes]:
        return self.get(name, [])


def identify(content: bytes, structure: "Structure | None" = None) -> Identity:
    """Say which message this is.

    Args:
        content: the whole message as received, any octets.
        structure: the message taken apart, where somebody has done that already. It is only used where the frozen
            algorithm finds the same, which saves reading the header twice.

    Returns:
        the identity by the frozen algorithm above.
    """
    parts = _same_leaves(structure) if structure is not None and structure.is_plain else None
    if structure is not None and parts is not None:
        fields: _Fields = structure.root.header
        leaves = [_leaf_digest(content, part.header, part.start, part.end) for part in parts]
    else:
        start = mbox.end() if (mbox := _MBOX_LINE.match(content)) else 0
        fields, body_start = _read_header(content, start, len(content))
        leaves = list(_leaves(content, fields, body_start))
    message_id = _first_message_id(fields)
    dates = _collapsed(fields, b"date")
    has_date = any(dates)
    received = [] if message_id or has_date else _collapsed(fields, b"received")

    frames = [_frame(b"F", value) for value in _collapsed(fields, b"from")]
    frames += [_frame(b"D", value) for value in dates]
    frames += [_frame(b"S", value) for value in _collapsed(fields, b"subject")]
    if message_id:
        frames.append(_frame(b"M", message_id.encode()))
    frames += [_frame(b"R", value) for value in received]
    frames += [_frame(b"L", leaf) for leaf in leaves]
    is_weak = not (message_id or has_date or received)
    return Identity(
        message_id=message_id,
        digest=hashlib.sha256(b"".join(frames)).digest(),
        version=VERSION,
        match_seconds=WEAK_MATCH_SECONDS if is_weak else None,
    )


def normalize_message_id(value: bytes) -> str | None:
    """Bring a msg-id (RFC 5322 3.6.4) into the form that is stored and compared.

    Args:
        value: one msg-id, or a whole Message-ID value, as sent.

    Returns:
        the identifier without its pair of angle brackets, domain in lower case; None when nothing usable is left.
    """
    octets = b"".join(value.split()).translate(None, _CONTROLS)
    if bracketed := _BRACKETED.search(octets):
        octets = bracketed[1]
    left, at, domain = octets.rpartition(b"@")
    normalized = (left + at + domain.lower()).decode("utf-8", "backslashreplace")
    # Longer than a line may be (RFC 5322 2.1.1) is no identifier, and would not fit an index.
    return normalized if 0 < len(normalized.encode()) <= _MAX_MESSAGE_ID_BYTES else None


def _frame(kind: bytes, octets: bytes) -> bytes:
    return kind + len(octets).to_bytes(8, "big") + octets


def _read_header(content: bytes, start: int, end: int) -> tuple[_Fields, int]:
    """Read the fields that matter here; the second value is where the body starts."""
    fields = _Wanted()
    position = start
    for _ in range(_MAX_FIELDS):
        field = _FIELD.match(content, position, end)
        if not field:
            break
        name = field[1].lower()
        if name in _WANTED:
            fields.setdefault(name, []).append(field[2])
        position = field.end()
    empty_line = _EMPTY_LINE.match(content, position, end)
    return fields, empty_line.end() if empty_line else position


def _collapsed(fields: _Fields, name: bytes) -> list[bytes]:
    return [b" ".join(value.split()) for value in fields.folded(name)]


def _first_message_id(fields: _Fields) -> str | None:
    found = map(normalize_message_id, fields.folded(b"message-id"))
    return next((message_id for message_id in found if message_id), None)


def _same_leaves(structure: "Structure") -> "list[Part] | None":
    """The leaves, if the frozen algorithm divides the message by the same boundaries."""
    leaves: list[Part] = []
    stack = [structure.root]
    while stack:
        part = stack.pop()
        boundary = _boundary(part.header)
        if not boundary or (boundary == part.boundary and not part.children):
            leaves.append(part)
        elif boundary == part.boundary:
            stack.extend(reversed(part.children))
        else:
            return None
    return leaves


def _leaves(content: bytes, fields: _Fields, body_start: int) -> Iterator[bytes]:
    """SHA-256 of the contents of the leaves, in order. The stack holds what is still to be visited, the next on top."""
    stack = [(fields, body_start, len(content), 0)]
    leaves = 0
    while stack and leaves < _MAX_LEAVES:
        part_fields, start, end, depth = stack.pop()
        boundary = _boundary(part_fields) if depth < _MAX_DEPTH else None
        children = _split(content, start, end, boundary) if boundary else []
        if not children:
            leaves += 1
            yield _leaf_digest(content, part_fields, start, end)
        for child_start, child_end in reversed(children):
            child_fields, child_body = _read_header(content, child_start, child_end)
            stack.append((child_fields, child_body, child_end, depth + 1))


def _boundary(fields: _Fields) -> bytes | None:
    values = fields.folded(b"content-type")
    value = values[0].strip() if values else b""
    if value[:10].lower() != b"multipart/":
        return None
    found = _BOUNDARY.search(value)
    return (found[1] or found[2] or b"").rstrip() if found else None


def _split(content: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
    """Ranges between delimiters (RFC 2046 5.1.1), at most as many as leaves may be read."""
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
            if delimiter[1] or len(ranges) == _MAX_LEAVES:
                return ranges
        position = content.find(needle, after, end)
    if part_start >= 0:
        ranges.append((part_start, end))
    return ranges


def _before_line_end(content: bytes, start: int, position: int) -> int:
    if content.endswith(b"\r\n", start, position):
        return position - 2
    return max(start, position - 1)


def _leaf_digest(content: bytes, fields: _Fields, start: int, end: int) -> bytes:
    encodings = _collapsed(fields, b"content-transfer-encoding")
    encoding = _ENCODING_END.split(encodings[0], 1)[0].lower() if encodings else b""
    return leaf_digest(content, start, end, encoding)
