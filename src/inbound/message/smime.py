"""What an opaque S/MIME signature is around (RFC 8551 3.5.2): the content of a CMS SignedData (RFC 5652 5.1).

Nothing is verified. Only the few octets that frame the content are read, in DER or in BER with indefinite lengths.
"""

from typing import NamedTuple

#: pieces of a content that is sent in pieces
_MAX_PIECES = 1_000_000

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_SEQUENCE, _SET, _INTEGER, _OID = 0x30, 0x31, 0x02, 0x06
_EXPLICIT, _OCTETS, _OCTETS_IN_PIECES = 0xA0, 0x04, 0x24


class _Element(NamedTuple):
    tag: int
    start: int
    #: where the content ends; of an indefinite length, where everything ends
    end: int
    is_indefinite: bool


def signed_content(octets: bytes) -> bytes | None:
    """The content that was signed.

    Args:
        octets: an ``application/pkcs7-mime`` body, its transfer-encoding undone.

    Returns:
        a MIME entity with its header; None when this is no SignedData, or has its content elsewhere.
    """
    if _SIGNED_DATA not in octets[:40]:
        return None
    signed = _descend(octets, (_SEQUENCE, _OID), (_EXPLICIT,), (_SEQUENCE, _INTEGER, _SET), (_SEQUENCE, _OID))
    explicit = _element(octets, signed.start, signed.end) if signed else None
    if explicit is None or explicit.tag != _EXPLICIT:
        return None
    content = _element(octets, explicit.start, explicit.end)
    if content is None:
        return None
    if content.tag == _OCTETS:
        return octets[content.start : content.end]
    return _joined(octets, content) if content.tag == _OCTETS_IN_PIECES else None


def _descend(octets: bytes, *path: tuple[int, ...]) -> _Element | None:
    """Go into elements: of each step the first tag is entered, the others are passed over inside of it."""
    place = _Element(0, 0, len(octets), is_indefinite=False)
    for entered, *passed in path:
        found = _element(octets, place.start, place.end)
        if found is None or found.tag != entered:
            return None
        place = found
        for tag in passed:
            skipped = _element(octets, place.start, place.end)
            if skipped is None or skipped.tag != tag or skipped.is_indefinite:
                return None
            place = place._replace(start=skipped.end)
    return place


def _joined(octets: bytes, content: _Element) -> bytes:
    pieces: list[bytes] = []
    position = content.start
    for _ in range(_MAX_PIECES):
        piece = _element(octets, position, content.end)
        if piece is None or piece.tag != _OCTETS or piece.is_indefinite:
            break
        pieces.append(octets[piece.start : piece.end])
        position = piece.end
    return b"".join(pieces)


def _element(octets: bytes, position: int, end: int) -> _Element | None:
    """Read a tag and a length (X.690 8.1)."""
    if position + 2 > end:
        return None
    tag, length = octets[position], octets[position + 1]
    start = position + 2
    if length == 0x80:
        return _Element(tag, start, end, is_indefinite=True)
    if length > 0x80:
        count = length - 0x80
        if count > 4 or start + count > end:
            return None
        length = int.from_bytes(octets[start : start + count], "big")
        start += count
    return _Element(tag, start, min(start + length, end), is_indefinite=False)
