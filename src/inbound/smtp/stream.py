"""Reading from a peer: one command line, or the content of one message in bulk."""

import asyncio
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import Protocol, Self

#: octets that the stream buffers before it tells the transport to wait; also the size of the pieces of a big message
STREAM_LIMIT_BYTES = 65_536

_END_OF_DATA = b"\r\n.\r\n"


class Room(Protocol):
    """Where the octets of messages in progress are accounted."""

    def reserve(self, octets: int) -> bool: ...
    def release(self, octets: int) -> None: ...


class Overrun(Enum):
    """Why the content of a message was read but not kept."""

    #: larger than the largest message we take
    TOO_BIG = "too_big"
    #: all messages in progress together take as much as they may
    NO_ROOM = "no_room"


class Reservation:
    """The octets that one message holds, given back when its ``with`` block ends, however it ends."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._octets = 0

    def grow(self, octets: int) -> bool:
        """Reserve more; False when there is no room."""
        if not self._room.reserve(octets):
            return False
        self._octets += octets
        return True

    def release(self) -> None:
        """Give everything back."""
        octets, self._octets = self._octets, 0
        if octets:
            self._room.release(octets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def has_line(reader: asyncio.StreamReader) -> bool:
    """Is a whole line there already, so that reading it does not wait?"""
    return b"\n" in _buffer_of(reader)


async def read_line(reader: asyncio.StreamReader) -> bytes | None:
    """The next line, its line feed included; None when it is longer than the stream buffers.

    Raises:
        asyncio.IncompleteReadError: the peer closed the connection.
        OSError: the connection broke.
    """
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        return None


def has_octets(reader: asyncio.StreamReader) -> bool:
    """Has the peer sent anything that was not read?"""
    return bool(_buffer_of(reader))


def has_more_than_quit(reader: asyncio.StreamReader) -> bool:
    """Does anything but a goodbye come next, as far as the peer has sent it?

    Behind a refused DATA that is a message, and its author would give us commands.
    """
    return bytes(_buffer_of(reader)[:6]).upper() not in {b"", b"QUIT\r\n"}


async def read_content(
    reader: asyncio.StreamReader,
    *,
    max_bytes: int,
    reservation: Reservation,
    on_piece: Callable[[], None] = lambda: None,
) -> bytes | Overrun:
    """The octets of a message up to the final dot, dot-stuffing removed (RFC 5321 4.5.2), nothing else changed.

    Only CRLF.CRLF ends it (RFC 5321 4.1.1.4): CR or LF alone are content. A message that is too big, or finds no room,
    is still read to its end, in constant memory, so that nothing in it is taken for a command.

    Args:
        reader: of the connection.
        max_bytes: of a message.
        reservation: grows with it.
        on_piece: called whenever a part of it has come, and more is waited for.

    Raises:
        asyncio.IncompleteReadError: the peer closed the connection before the end.
        OSError: the connection broke.
    """
    # The CRLF that ended the DATA line also begins the end of data when the first line is a lone dot.
    _unread(reader, b"\r\n")
    pieces: list[bytes] = []
    size_bytes = 0
    overrun: Overrun | None = None
    before, is_end = b"", False
    while not is_end:
        raw, is_end = await _read_piece(reader)
        if not is_end:
            on_piece()
        if overrun:
            continue
        # The two octets before a piece decide whether its first dot is stuffing; the first piece brings them along.
        piece = (before + raw).replace(b"\r\n.", b"\r\n")[2:]
        before = raw[-2:]
        size_bytes += len(piece)
        overrun = _overrun(size_bytes > max_bytes, reservation, len(piece))
        pieces.append(piece)
        if overrun:
            pieces.clear()
            reservation.release()
    return overrun or b"".join(pieces)


def discard(reader: asyncio.StreamReader) -> None:
    """Forget everything that was received but not read.

    RFC 3207 6: what a peer sent in clear text behind STARTTLS may come from somebody else.
    """
    _buffer_of(reader).clear()


async def _read_piece(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    """What the stream holds, without the final dot; and whether that dot was there."""
    try:
        return (await reader.readuntil(_END_OF_DATA))[:-3], True
    except asyncio.LimitOverrunError as error:
        return await reader.readexactly(error.consumed), False


def _overrun(is_too_big: bool, reservation: Reservation, octets: int) -> Overrun | None:  # noqa: FBT001 - private, one caller
    if is_too_big:
        return Overrun.TOO_BIG
    return None if reservation.grow(octets) else Overrun.NO_ROOM


def _unread(reader: asyncio.StreamReader, octets: bytes) -> None:
    _buffer_of(reader)[:0] = octets


def _buffer_of(reader: asyncio.StreamReader) -> bytearray:
    # The stream has no public way to put back or to forget; aiosmtpd itself clears this buffer.
    buffer: bytearray = reader._buffer  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    return buffer
