"""Content-Transfer-Encoding undone (RFC 2045 6), tolerant of what gateways and list servers do to it."""

import binascii
import re
from io import BytesIO

from inbound.message.pieces import PIECE_BYTES, pieces, quoted_printable_pieces
from inbound.message.uuencode import decode_uuencode

# Not in RFC 2045, but written.
_UUENCODE = frozenset(("x-uuencode", "uuencode", "x-uue", "uue"))
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET))
_WHITE_SPACE = b" \t\r\n\v\f"
_BASE64 = _ALPHABET + _WHITE_SPACE
_IS_BASE64 = re.compile(rb"[A-Za-z0-9+/=]*+\Z")
# The look-behind keeps long runs of blanks linear.
_BLANKS_AT_LINE_END = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_SOFT_LINE_BREAK = re.compile(rb"=(?:\r?\n|\Z)")
_BARE_EQUALS = re.compile(rb"=(?![0-9A-Fa-f]{2})")


def decode_transfer(octets: bytes, encoding: str) -> bytes:
    """Undo a transfer-encoding.

    Args:
        octets: a body as sent.
        encoding: the mechanism in lower case; unknown ones leave the octets as they are (RFC 2045 6.1).

    Returns:
        what was meant; never an error.
    """
    if encoding == "base64":
        return octets if _is_prose(octets) else decode_base64(octets)
    if encoding == "quoted-printable":
        return decode_quoted_printable(octets)
    if encoding in _UUENCODE:
        return decode_uuencode(octets)
    return octets


def is_encoded(encoding: str) -> bool:
    """Does this transfer-encoding, in lower case, change octets?"""
    return encoding in {"base64", "quoted-printable"} or encoding in _UUENCODE


def _is_prose(octets: bytes) -> bool:
    """Is it a text that was never encoded, though its header says so? Its first line has words and punctuation."""
    line = octets[:200].lstrip().partition(b"\n")[0].strip()
    return line.count(b" ") > 2 and bool(line.translate(None, _BASE64))


def decode_part(source: bytes, start: int, end: int, encoding: str) -> bytes:
    """Undo the transfer-encoding of a range, as `decode_transfer`; a large one piece by piece, without copies of it."""
    if end - start > PIECE_BYTES:
        if encoding == "quoted-printable":
            out = BytesIO()
            for first, last in quoted_printable_pieces(source, start, end):
                out.write(decode_quoted_printable(source[first:last]))
            return out.getvalue()
        if encoding == "base64":
            return _decode_large_base64(source, start, end)
    return decode_transfer(source[start:end], encoding)


def _decode_large_base64(source: bytes, start: int, end: int) -> bytes:
    """The same as `decode_base64`."""
    padding = source.find(b"=", start, end)
    if padding >= 0 and any(source[first:last].translate(None, _BASE64) for first, last in pieces(padding, end)):
        end = padding
    out = BytesIO()
    rest = b""
    for first, last in pieces(_decode_whole_lines(source, start, end, out), end):
        *whole, rest = (rest + source[first:last].translate(None, _NOT_BASE64)).split(b"=")
        out.write(b"".join(map(_decode_piece, whole)))
        groups = len(rest) & ~3
        out.write(binascii.a2b_base64(rest[:groups]))
        rest = rest[groups:]
    out.write(_decode_piece(rest))
    return out.getvalue()


def _decode_whole_lines(source: bytes, start: int, end: int, out: BytesIO) -> int:
    """Decode as long as lines hold whole groups of four, as encoders write them; where that ends.

    Then nothing has to be taken out first: the decoder skips line ends, and says when a group is left over.
    """
    while end - start > PIECE_BYTES:
        cut = source.rfind(b"\n", start, start + PIECE_BYTES) + 1
        if not cut or source.find(b"=", start, cut) >= 0:
            break
        try:
            out.write(binascii.a2b_base64(source[start:cut]))
        except binascii.Error:
            break
        start = cut
    return start


def decode_base64(octets: bytes) -> bytes:
    """Decode base64 (RFC 2045 6.8).

    Foreign octets are skipped, missing padding is supplied, pieces that were padded apart and joined are read on;
    behind the padding anything else (a list server's footer) ends the data.
    """
    padding = octets.find(b"=")
    if 0 <= padding < len(octets) - 2:
        rest = octets[padding:].translate(None, _WHITE_SPACE)
        if rest.strip(b"=") and not _IS_BASE64.match(rest):
            octets = octets[: padding + 2]
    data = octets.translate(None, _NOT_BASE64)
    padding = data.find(b"=")
    if len(data) % 4 == 0 and (padding < 0 or data[padding:] in {b"=", b"=="}):
        return binascii.a2b_base64(data)
    return b"".join(map(_decode_piece, data.split(b"=")))


def decode_quoted_printable(octets: bytes) -> bytes:
    """Decode quoted-printable (RFC 2045 6.7). An ``=`` that introduces nothing stands for itself."""
    octets = _without_blanks_at_line_ends(octets)
    if b"=" not in octets:
        return octets
    unfolded = _SOFT_LINE_BREAK.sub(b"", octets)
    return binascii.a2b_qp(_BARE_EQUALS.sub(b"=3D", unfolded))


def _without_blanks_at_line_ends(octets: bytes) -> bytes:
    """RFC 2045 6.7 (3): they were added on the way. Looking for them first is much faster than replacing none."""
    if b" \r" in octets or b" \n" in octets or b"\t\r" in octets or b"\t\n" in octets or octets[-1:] in {b" ", b"\t"}:
        return _BLANKS_AT_LINE_END.sub(b"", octets)
    return octets


def decode_q(octets: bytes) -> bytes:
    """Decode the "Q" encoding of an encoded word (RFC 2047 4.2)."""
    return binascii.a2b_qp(_BARE_EQUALS.sub(b"=3D", octets), header=True)


def _decode_piece(piece: bytes) -> bytes:
    whole = piece[:-1] if len(piece) % 4 == 1 else piece
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
