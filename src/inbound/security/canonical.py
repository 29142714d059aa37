"""The forms in which headers and bodies are signed (RFC 6376 3.4). Linear in their length."""

import re
from collections.abc import Sequence
from typing import Literal

Canonicalization = Literal["simple", "relaxed"]

#: header fields as ``(name, value)``, as written
Fields = Sequence[tuple[bytes, bytes]]

_BLANKS = re.compile(rb"[ \t]++")


def select(fields: Fields, names: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """The fields that a list of names means: of several with a name the last one first (RFC 6376 5.4.2)."""
    waiting: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for one in fields:
        waiting.setdefault(one[0].lower(), []).append(one)
    return [waiting[name].pop() for name in names if waiting.get(name)]


def canonical_field(name: bytes, value: bytes, form: Canonicalization) -> bytes:
    """One header field as it is signed (RFC 6376 3.4.1, 3.4.2), its CRLF included."""
    if form == "simple":
        return name + b":" + value.removesuffix(b"\r") + b"\r\n"
    unfolded = value.replace(b"\r\n", b"").replace(b"\r", b"")
    return name.lower() + b":" + _BLANKS.sub(b" ", unfolded).strip(b" ") + b"\r\n"


def canonical_body(body: bytes, form: Canonicalization) -> bytes:
    """A body as it is signed (RFC 6376 3.4.3, 3.4.4)."""
    if form == "relaxed":
        body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    if body and not body.endswith(b"\r\n"):
        body += b"\r\n"
    stripped = body[: _end_of_text(body)]
    # An empty body is CRLF in the one form and nothing in the other.
    return stripped + b"\r\n" if stripped or form == "simple" else b""


def _end_of_text(body: bytes) -> int:
    """Where the CRLFs at the end of a body begin, the one that ends the last line among them."""
    begin = len(body.rstrip(b"\r\n"))
    ends = body[begin:]
    # Behind the text there may be lone CRs and LFs; only the CRLFs at the very end go.
    broken = max(ends.rfind(b"\n\n"), ends.rfind(b"\r\r")) + 1
    return begin + broken + (1 if ends[broken : broken + 1] == b"\n" else 0)
