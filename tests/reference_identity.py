"""The frozen identity in its plainest form: the whole content at once, nothing shared. What `identity` must equal."""

import binascii
import hashlib
import re
from collections.abc import Iterator

from inbound.model.mail import Identity

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
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
# The look-behind keeps long runs of blanks linear.
_BLANKS_AT_LINE_END = re.compile(rb"(?<![ \t])[ \t]++(?=[\r\n]|\Z)")
_SOFT_LINE_BREAK = re.compile(rb"=(?:" + _LINE_END + rb"|\Z)")
_BARE_EQUALS = re.compile(rb"=(?![0-9A-Fa-f]{2})")
_ENCODING_END = re.compile(rb"[ ;]")

_WANTED = frozenset(
    (b"from", b"date", b"subject", b"message-id", b"received", b"content-type", b"content-transfer-encoding")
)

_Fields = dict[bytes, list[bytes]]


def identify(content: bytes) -> Identity:
    """Say which message this is.

    Args:
        content: the whole message as received, any octets.

    Returns:
        the identity by the frozen algorithm above.
    """
    start = mbox.end() if (mbox := _MBOX_LINE.match(content)) else 0
    fields, body_start = _read_header(content, start, len(content))
    message_id = _first_message_id(fields)
    dates = _collapsed(fields, b"date")
    has_date = any(dates)
    received = [] if message_id or has_date else _collapsed(fields, b"received")

    digest = hashlib.sha256()
    for kind, values in ((b"F", _collapsed(fields, b"from")), (b"D", dates), (b"S", _collapsed(fields, b"subject"))):
        for value in values:
            digest.update(_frame(kind, value))
    if message_id:
        digest.update(_frame(b"M", message_id.encode()))
    for value in received:
        digest.update(_frame(b"R", value))
    for leaf in _leaves(content, fields, body_start):
        digest.update(_frame(b"L", hashlib.sha256(leaf).digest()))
    is_weak = not (message_id or has_date or received)
    return Identity(
        message_id=message_id,
        digest=digest.digest(),
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
    fields: _Fields = {}
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
    return [b" ".join(value.split()) for value in fields.get(name, ())]


def _first_message_id(fields: _Fields) -> str | None:
    found = map(normalize_message_id, fields.get(b"message-id", ()))
    return next((message_id for message_id in found if message_id), None)


def _leaves(content: bytes, fields: _Fields, body_start: int) -> Iterator[bytes]:
    """Decoded contents of the leaves, in order. The stack holds what is still to be visited, the next on top."""
    stack = [(fields, body_start, len(content), 0)]
    leaves = 0
    while stack and leaves < _MAX_LEAVES:
        part_fields, start, end, depth = stack.pop()
        boundary = _boundary(part_fields) if depth < _MAX_DEPTH else None
        children = _split(content, start, end, boundary) if boundary else []
        if not children:
            leaves += 1
            yield _leaf_content(content, part_fields, start, end)
        for child_start, child_end in reversed(children):
            child_fields, child_body = _read_header(content, child_start, child_end)
            stack.append((child_fields, child_body, child_end, depth + 1))


def _boundary(fields: _Fields) -> bytes | None:
    value = fields.get(b"content-type", (b"",))[0].strip()
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


def _leaf_content(content: bytes, fields: _Fields, start: int, end: int) -> bytes:
    encodings = _collapsed(fields, b"content-transfer-encoding")
    encoding = _ENCODING_END.split(encodings[0], 1)[0].lower() if encodings else b""
    if encoding == b"base64":
        octets = _decode_base64(content, start, end)
    elif encoding == b"quoted-printable":
        octets = _decode_quoted_printable(content[start:end])
    else:
        octets = content[start:end]
    if b"\r" in octets:
        octets = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return octets.rstrip(b"\n \t")


def _decode_base64(content: bytes, start: int, end: int) -> bytes:
    octets = content[start:end].translate(None, _NOT_BASE64)
    padding = octets.find(b"=")
    if len(octets) % 4 == 0 and (padding < 0 or octets[padding:] in {b"=", b"=="}):
        # Whole and padded: the ordinary case, without another copy of a large attachment.
        return binascii.a2b_base64(octets)
    return b"".join(map(_decode_base64_piece, octets.split(b"=")))


def _decode_base64_piece(piece: bytes) -> bytes:
    whole = piece[:-1] if len(piece) % 4 == 1 else piece
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _decode_quoted_printable(octets: bytes) -> bytes:
    # Looking for blanks first is much faster than replacing none.
    if b" \r" in octets or b" \n" in octets or b"\t\r" in octets or b"\t\n" in octets or octets[-1:] in {b" ", b"\t"}:
        octets = _BLANKS_AT_LINE_END.sub(b"", octets)
    unfolded = _SOFT_LINE_BREAK.sub(b"", octets)
    # Every "=" left is valid after this, so that the decoder has nothing to decide that could change one day.
    return binascii.a2b_qp(_BARE_EQUALS.sub(b"=3D", unfolded))
