"""Files that stand in a text as uuencode (POSIX.1-2017, uuencode): mailers from before MIME, and some scanners."""

import binascii
import re
from io import BytesIO
from typing import NamedTuple

#: files that are taken out of one text; further ones stay in it
MAX_FILES = 200

_BEGIN = re.compile(rb"begin [0-7]{3,4}[ \t]*+([^\r\n]*+)(?:\r*+\n|\r|\Z)")
_MARK = b"begin"
_END = b"end"


class EncodedFile(NamedTuple):
    """A file that stood in a text."""

    #: as written, in the octets of the text; may be empty
    name: bytes
    content: bytes


def split_files(octets: bytes) -> tuple[bytes, list[EncodedFile]]:
    """Take the files out of a text.

    A file is a ``begin`` line followed by at least one line whose length is what its first octet says. It ends with
    ``end``; where that is missing, with the first line that does not fit. Prose that begins with the word stays.

    Args:
        octets: a text, its transfer-encoding undone.

    Returns:
        the text without the files, and the files in their order.
    """
    kept: list[bytes] = []
    files: list[EncodedFile] = []
    done = position = 0
    while len(files) < MAX_FILES and (position := octets.find(_MARK, position)) >= 0:
        begin = _BEGIN.match(octets, position) if _is_line_start(octets, position) else None
        content, end = _read_lines(octets, begin.end()) if begin else (b"", position)
        if begin is None or end < 0:
            position += len(_MARK)
            continue
        files.append(EncodedFile(begin[1].strip(), content))
        kept.append(octets[done:position])
        done = position = end
    kept.append(octets[done:])
    return b"".join(kept), files


def decode_uuencode(octets: bytes) -> bytes:
    """Undo ``Content-Transfer-Encoding: x-uuencode``; what has no file in it stays as it is."""
    _, files = split_files(octets)
    return b"".join(file.content for file in files) if files else octets


def _is_line_start(octets: bytes, position: int) -> bool:
    return position == 0 or octets[position - 1] in b"\r\n"


def _read_lines(octets: bytes, position: int) -> tuple[bytes, int]:
    """The content of a file and where the line after it starts; a negative place when there is none."""
    content = BytesIO()
    is_closed = False
    while position < len(octets):
        line_end = octets.find(b"\n", position)
        line_end = len(octets) if line_end < 0 else line_end
        line = octets[position:line_end].rstrip(b"\r")
        if line.rstrip() == _END:
            position = line_end + 1
            break
        # Behind the line of length zero only "end" can come.
        decoded = None if is_closed and line.strip() else _decode_line(line)
        if decoded is None:
            break
        is_closed = not decoded
        content.write(decoded)
        position = line_end + 1
    return content.getvalue(), min(position, len(octets)) if content.tell() else -1


def _decode_line(line: bytes) -> bytes | None:
    """One line; None when it is none. Blanks at its end may have been lost, a check character may follow."""
    if not line.strip():
        return b""
    # Letters in lower case are none of uuencode: this is where prose fails.
    expected = ((line[0] - 32 & 63) + 2) // 3 * 4 + 1
    if not 32 <= line[0] <= 96 or len(line) > expected + 2:
        return None
    try:
        return binascii.a2b_uu(line[:expected])
    except binascii.Error:
        return None
