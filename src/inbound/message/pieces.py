"""Where large bodies may be cut, so that they are worked on piece by piece.

One call of C code on 30 MB keeps every other thread waiting, and holds copies of all of it. Where a cut falls never
changes what comes out: it is only made where nothing reaches across it.
"""

from collections.abc import Iterator

#: octets of one piece: a few milliseconds of work
PIECE_BYTES = 1 << 18
#: line ends that are tried for one cut
_MAX_TRIES = 50


def pieces(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges of at most `PIECE_BYTES`."""
    for position in range(start, end, PIECE_BYTES):
        yield position, min(position + PIECE_BYTES, end)


def quoted_printable_pieces(content: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges between which neither an escape nor a soft line break (RFC 2045 6.7) stands.

    Where no such place is found, the last range is as long as what is left.
    """
    while end - start > PIECE_BYTES:
        cut = _cut(content, start, start + PIECE_BYTES)
        if cut <= start:
            break
        yield start, cut
        start = cut
    if start < end:
        yield start, end


def _cut(content: bytes, start: int, end: int) -> int:
    """A place behind a line end, the last one that will do; the start where there is none."""
    line_end = content.rfind(b"\n", start, end)
    for _ in range(_MAX_TRIES):
        if line_end < 0:
            break
        line_start = content.rfind(b"\n", start, line_end) + 1
        line = content[line_start or start : line_end].rstrip(b" \t\r")
        # A soft line break joins the lines: an escape could begin in the last two octets before it.
        if not line.endswith(b"=") or (len(line) > 2 and not {*line[-3:-1]} & {*b"=\r"}):
            return line_end + 1
        line_end = line_start - 1
    return start
