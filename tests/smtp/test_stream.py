"""The bulk reader of message content; beside aiosmtpd's reader of lines in test_beside_aiosmtpd.py."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from inbound.smtp import stream
from inbound.smtp.stream import STREAM_LIMIT_BYTES, Overrun, Reservation


class Room:
    """Counts what is reserved; has as much room as it is given."""

    def __init__(self, octets: int = 10_000_000) -> None:
        self.room_octets = octets
        self.reserved_octets = 0

    def reserve(self, octets: int) -> bool:
        if self.reserved_octets + octets > self.room_octets:
            return False
        self.reserved_octets += octets
        return True

    def release(self, octets: int) -> None:
        self.reserved_octets -= octets


async def feed(reader: asyncio.StreamReader, chunks: Sequence[bytes]) -> None:
    for chunk in chunks:
        reader.feed_data(chunk)
        # Let the reader run between two chunks, as between two packets.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    reader.feed_eof()


async def read(
    chunks: Sequence[bytes],
    *,
    max_bytes: int = 10_000_000,
    room: Room | None = None,
    limit_bytes: int = STREAM_LIMIT_BYTES,
) -> Any:
    """Read a message from these chunks; returns the result and what is left in the stream."""
    reader = asyncio.StreamReader(limit=limit_bytes)
    feeding = asyncio.create_task(feed(reader, chunks))
    with Reservation(room or Room()) as reservation:
        result = await stream.read_content(reader, max_bytes=max_bytes, reservation=reservation)
    await feeding
    return result, await reader.read()


@pytest.mark.parametrize(
    ("sent", "content"),
    [
        # the end of data, at once and after content
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        # dot-stuffing (RFC 5321 4.5.2)
        (b"..\r\n.\r\n", b".\r\n"),
        (b"..a\r\n...b\r\n.\r\n", b".a\r\n..b\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a.\r\n..\r\n..\r\n.\r\n", b"a.\r\n.\r\n.\r\n"),
        # look-alikes of the end of data are content
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
        (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n"),
        (b"a\r.\r\nb\r\n.\r\n", b"a\r.\r\nb\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
        (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n"),
        (b"a\r\n.\r\r\nb\r\n.\r\n", b"a\r\n\r\r\nb\r\n"),
        (b"a\r\r\n.\r\r\nb\r\n.\r\n", b"a\r\r\n\r\r\nb\r\n"),
        (b"a\r\n\x00.\r\nb\r\n.\r\n", b"a\r\n\x00.\r\nb\r\n"),
        # what is not text
        (b"\x00\xff\x1a\r\n.\r\n", b"\x00\xff\x1a\r\n"),
    ],
)
async def test_only_crlf_dot_crlf_ends_a_message(sent: bytes, content: bytes) -> None:
    """CRLF.CRLF ends the message, one leading dot of a line is removed, and nothing else changes."""
    assert await read([sent + b"QUIT\r\n"]) == (content, b"QUIT\r\n")
    assert await read([bytes([octet]) for octet in sent + b"QUIT\r\n"]) == (content, b"QUIT\r\n")


@pytest.mark.parametrize("length", [998, 70_000, 200_000])
async def test_long_lines_are_content(length: int) -> None:
    """Lines beyond RFC 5321 4.5.3.1.6, and beyond what the stream buffers, arrive whole."""
    content = b"x" * length + b"\r\nend\r\n"
    assert await read([content + b".\r\n"]) == (content, b"")


@pytest.mark.parametrize("shift", range(-12, 8))
@pytest.mark.parametrize("beyond", [5, 6, 1_000])
async def test_pieces_may_end_anywhere(shift: int, beyond: int) -> None:
    """Dot-stuffing and the end are found wherever a big message is cut into pieces."""
    first = STREAM_LIMIT_BYTES + beyond
    content = b"x" * (first + shift) + b"\r\n.\r\n..two\r\n" + b"y" * STREAM_LIMIT_BYTES + b"\r\n"
    sent = content.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    assert await read([sent[:first], sent[first:]]) == (content, b"")
    ended = b"x" * (first + shift) + b"\r\n"
    sent = ended + b".\r\nNOOP\r\n"
    assert await read([sent[:first], sent[first:]]) == (ended, b"NOOP\r\n")


async def test_a_message_of_the_largest_size_is_taken() -> None:
    """The limit counts the octets of the content, without stuffing and final dot (RFC 1870 3)."""
    content = b".\r\n" * 100
    sent = content.replace(b".", b"..") + b".\r\n"
    assert await read([sent], max_bytes=len(content)) == (content, b"")
    assert await read([sent], max_bytes=len(content) - 1) == (Overrun.TOO_BIG, b"")


async def test_too_big_a_message_is_read_to_its_end() -> None:
    """What follows the limit is neither kept nor taken for commands."""
    sent = [b"x" * 50_000] * 10 + [b"\r\n.\nQUIT\r\n.\r\nNOOP\r\n"]
    assert await read(sent, max_bytes=100_000) == (Overrun.TOO_BIG, b"NOOP\r\n")


async def test_too_big_a_message_gives_its_room_back_at_once() -> None:
    """A peer that goes on sending what is not kept takes no room from others."""
    room = Room()
    reader = asyncio.StreamReader(limit=STREAM_LIMIT_BYTES)
    with Reservation(room) as reservation:
        reading = asyncio.create_task(stream.read_content(reader, max_bytes=100_000, reservation=reservation))
        # The stream begins when the task has run once.
        await asyncio.sleep(0)
        reserved = []
        for _ in range(4):
            reader.feed_data(b"x" * 70_000)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            reserved.append(room.reserved_octets)
        reader.feed_data(b"\r\n.\r\n")
        assert await reading is Overrun.TOO_BIG
    assert reserved[0] > 0
    assert reserved[-1] == 0


async def test_without_room_a_message_is_read_to_its_end() -> None:
    """Where the octets of all messages in progress are too many, this one is not kept."""
    room = Room(150_000)
    sent = [b"x" * 50_000] * 10 + [b"\r\n.\r\nNOOP\r\n"]
    assert await read(sent, room=room) == (Overrun.NO_ROOM, b"NOOP\r\n")
    assert room.reserved_octets == 0


async def test_a_message_that_stops_is_no_message() -> None:
    """The end of the connection is not the end of a message."""
    room = Room()
    with pytest.raises(asyncio.IncompleteReadError):
        await read([b"x" * 200_000, b"half a line\r\n."], room=room)
    assert room.reserved_octets == 0


async def test_an_endless_line_is_noticed() -> None:
    """A command line that outgrows the stream's buffer is given up instead of collected."""
    reader = asyncio.StreamReader(limit=STREAM_LIMIT_BYTES)
    reader.feed_data(b"x" * (STREAM_LIMIT_BYTES + 2))
    assert await stream.read_line(reader) is None
