"""Peers that lead hostile sessions with a server, and hold every line it says against RFC 5321 4.2."""

import asyncio
import contextlib
import re
import socket
import ssl
import struct
import time
from collections import Counter
from dataclasses import dataclass, field

from mails import Sent
from sessions import MARKER, Action, Await, Cut, Handshake, Send, session

#: after which the daemon has ended any of these sessions by itself
SESSION_SECONDS = 45.0

_LINE = re.compile(rb"([2-5][0-5][0-9])([ -])[\x20-\x7e]{0,506}\r\n\Z")
_ENHANCED = re.compile(rb"([245])\.\d{1,3}\.\d{1,3} ")


@dataclass(slots=True)
class Record:
    """What was seen."""

    sessions: int = 0
    #: honest mails that were begun
    tried: int = 0
    sent_bytes: int = 0
    lines: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    honest: list[Sent] = field(default_factory=list)
    slowest_seconds: float = 0.0
    memory: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Replies:
    """What a server says, line by line (RFC 5321 4.2)."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._heard = asyncio.Condition()
        self._new: list[int] = []
        self._is_over = False
        self._begun = b""

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Check every line until the end."""
        try:
            while line := await reader.readline():
                self._check(line)
                async with self._heard:
                    self._heard.notify_all()
        except (OSError, ValueError):
            pass  # A reset, or what a TLS server says to garbage.
        finally:
            self._is_over = True
            async with self._heard:
                self._heard.notify_all()

    async def wait_for(self, code: int) -> None:
        """Until this code is heard, or the connection is over."""
        async with self._heard:
            await self._heard.wait_for(lambda: code in self._new or self._is_over)
            self._new = self._new[self._new.index(code) + 1 :] if code in self._new else []

    def _check(self, line: bytes) -> None:
        if line[:1] == b"\x15":
            # A TLS alert, after we broke the handshake.
            return
        found = _LINE.match(line)
        enhanced = _ENHANCED.match(line, 4)
        if not found or MARKER in line or (self._begun and not line.startswith(self._begun)):
            self._record.wrong.append(f"malformed reply {line!r} (begun with {self._begun!r})")
            return
        if enhanced and enhanced[1] != line[:1]:
            self._record.wrong.append(f"reply and enhanced code differ: {line!r}")
        self._begun = found[1] if found[2] == b"-" else b""
        self._record.lines += 1
        if found[2] == b" ":
            code = int(found[1])
            self._new.append(code)
            self._record.codes[code] += 1


async def lead(actions: list[Action], port: int, tls: ssl.SSLContext, record: Record) -> None:
    """One session, to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    replies = Replies(record)
    listening = asyncio.create_task(replies.listen(reader))
    try:
        async with asyncio.timeout(SESSION_SECONDS):
            for action in actions:
                await _act(action, writer, replies, tls, record)
            await listening
    except TimeoutError:
        record.wrong.append(f"a session is still open after {SESSION_SECONDS:.0f} seconds: {actions!r:.500}")
    except (OSError, asyncio.IncompleteReadError):
        pass  # The daemon hung up before we were done, as it may.
    finally:
        listening.cancel()
        _cut(writer)


def _cut(writer: asyncio.StreamWriter) -> None:
    # What Python 3.11.2 says of a transport of TLS that was closed twice, as asyncio itself does when the other side
    # hangs up. There is nothing left to cut then.
    with contextlib.suppress(AttributeError):
        writer.transport.abort()


async def _act(
    action: Action, writer: asyncio.StreamWriter, replies: Replies, tls: ssl.SSLContext, record: Record
) -> None:
    match action:
        case Send():
            for start in range(0, len(action.octets), action.at_once):
                if action.pause_seconds:
                    await asyncio.sleep(action.pause_seconds)
                writer.write(action.octets[start : start + action.at_once])
                await writer.drain()
            record.sent_bytes += len(action.octets)
        case Await():
            await replies.wait_for(action.code)
        case Handshake():
            await replies.wait_for(220)
            await writer.start_tls(tls, server_hostname="bench.desk.example", ssl_handshake_timeout=10)
        case Cut(is_reset=True):
            # Without one, the daemon was quicker.
            if raw := writer.get_extra_info("socket"):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            _cut(writer)
        case Cut():
            writer.close()


async def disturb(
    first: int, step: int, until: float, port: int, tls: ssl.SSLContext, record: Record, seed: int
) -> None:
    """Session after session."""
    serial = first
    while time.monotonic() < until:
        try:
            await lead(session(serial, seed), port, tls, record)
        except OSError as error:
            record.wrong.append(f"session {serial} could not connect: {error}")
        record.sessions += 1
        serial += step
