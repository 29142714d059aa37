"""What a leaf contains, for the identity: algorithm version 1, FROZEN like `identity`, which describes it."""

import binascii
import hashlib
import re
from collections.abc import Iterator

from inbound.message.pieces import PIECE_BYTES, pieces, quoted_printable_pieces

_LINE_END = rb"(?:\r\n|\n|\r)"
_NOT_BASE64 = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
# The look-behind keeps long runs of blanks linear.
_BLANKS_AT_LINE_END = re.compile(rb"(?<![ \t])[ \t]++(?=[\r\n]|\Z)")
_SOFT_LINE_BREAK = re.compile(rb"=(?:" + _LINE_END + rb"|\Z)")
_BARE_EQUALS = re.compile(rb"=(?![0-9A-Fa-f]{2})")


def leaf_digest(content: bytes, start: int, end: int, encoding: bytes) -> bytes:
    """SHA-256 of what a leaf contains.

    Args:
        content: the whole message.
        start: where the leaf's body begins.
        end: where it ends.
        encoding: its transfer-encoding in lower case.
    """
    if end - start > PIECE_BYTES:
        return _digest_of_pieces(_decoded_pieces(content, start, end, encoding))
    if encoding == b"base64":
        octets = _decode_base64(content, start, end)
    elif encoding == b"quoted-printable":
        octets = _decode_quoted_printable(content[start:end])
    else:
        octets = content[start:end]
    return hashlib.sha256(_with_line_feeds(octets).rstrip(b"\n \t")).digest()


def _with_line_feeds(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _digest_of_pieces(decoded: Iterator[bytes]) -> bytes:
    """The same digest, without a copy of a large leaf; and other threads run between the pieces."""
    digest = hashlib.sha256()
    blanks: list[bytes] = []
    held = b""
    for piece in decoded:
        # A CR at the end may be half of a CRLF.
        octets = held + piece
        held = b"\r" if octets.endswith(b"\r") else b""
        octets = _with_line_feeds(octets[: len(octets) - len(held)])
        if stripped := octets.rstrip(b"\n \t"):
            digest.update(b"".join(blanks))
            digest.update(stripped)
            blanks.clear()
        blanks.append(octets[len(stripped) :])
    return digest.digest()


def _decoded_pieces(content: bytes, start: int, end: int, encoding: bytes) -> Iterator[bytes]:
    if encoding == b"quoted-printable":
        for first, last in quoted_printable_pieces(content, start, end):
            yield _decode_quoted_printable(content[first:last])
    elif encoding == b"base64":
        rest = b""
        for first, last in pieces(start, end):
            *whole, rest = (rest + content[first:last].translate(None, _NOT_BASE64)).split(b"=")
            yield b"".join(map(_decode_base64_piece, whole))
            groups = len(rest) & ~3
            yield binascii.a2b_base64(rest[:groups])
            rest = rest[groups:]
        yield _decode_base64_piece(rest)
    else:
        for first, last in pieces(start, end):
            yield content[first:last]


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
