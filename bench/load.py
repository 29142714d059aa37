"""The load generator: a process of its own, so that it never waits for the daemon's interpreter or makes it wait.

    load.py PORT CONNECTIONS MESSAGES FIRST_SERIAL [--contacts N] [--file-bytes N] [--new-connections]

Connections are kept, commands are pipelined (RFC 2920), messages are made before the clock starts. With
`--new-connections` every message has one of its own, from the handshake of TCP to the reply to QUIT; at any time there
are as many as CONNECTIONS says. Prints one JSON object.
"""

import argparse
import asyncio
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from mails import CONTACTS, make_mail

#: for the slowest run that is still worth waiting for
LONGEST_SECONDS = 600.0


def prepared(serial: int, contacts: int, file_bytes: int) -> tuple[bytes, bytes]:
    """A message as it is sent: the pipelined envelope, and the content with its final dot."""
    mail = make_mail(serial, contacts=contacts, file_bytes=file_bytes)
    recipients = "".join(f"RCPT TO:<{recipient}>\r\n" for recipient in mail.recipients)
    # No line of these mails begins with a dot: nothing needs stuffing.
    return f"MAIL FROM:<{mail.sender}>\r\n{recipients}DATA\r\n".encode(), mail.content + b".\r\n"


@dataclass(slots=True)
class Load:
    """What the connections share."""

    messages: Iterator[tuple[bytes, bytes]]
    #: one message per connection
    is_renewing: bool
    #: what each message took
    seconds: list[float] = field(default_factory=list)


class Sender(asyncio.Protocol):
    """One connection. It looks at nothing but the last line of what comes: the client should cost little."""

    def __init__(self, load: Load, *, begun: float) -> None:
        loop = asyncio.get_running_loop()
        self.is_ready: asyncio.Future[None] = loop.create_future()
        self.is_done: asyncio.Future[None] = loop.create_future()
        self._load = load
        self._content = b""
        self._begun = begun
        self._go_on = self._introduce
        self._expected = b"220 "
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the greeting."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP has no other
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Go on when the last line of the expected reply is there."""
        self._received += data
        if not self._received.endswith(b"\r\n"):
            return
        lines = self._received.splitlines()
        if any(line[:1] in b"45" for line in lines):
            self._fail(f"the server answered {lines}")
        elif lines[-1].startswith(self._expected):
            self._received = b""
            self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        """Before the end this is a failure."""
        self._fail(f"the connection was lost: {error}")

    def send_next(self) -> None:
        """Send the envelope of the next message, or finish."""
        envelope, self._content = next(self._load.messages, (b"", b""))
        if not envelope:
            self._finish()
            return
        if not self._load.is_renewing:
            self._begun = time.perf_counter()
        self._expected, self._go_on = b"354 ", self._send_content
        self._transport.write(envelope)

    def _introduce(self) -> None:
        self._expected, self._go_on = b"250 ", self._be_ready
        self._transport.write(b"EHLO load.example\r\n")

    def _be_ready(self) -> None:
        self.is_ready.set_result(None)
        if self._load.is_renewing:
            self.send_next()

    def _send_content(self) -> None:
        self._expected, self._go_on = b"250 ", self._note_acceptance
        self._transport.write(self._content)

    def _note_acceptance(self) -> None:
        self._load.seconds.append(time.perf_counter() - self._begun)
        if not self._load.is_renewing:
            self.send_next()
            return
        self._expected, self._go_on = b"221 ", self._finish
        self._transport.write(b"QUIT\r\n")

    def _finish(self) -> None:
        self.is_done.set_result(None)
        self._transport.close()

    def _fail(self, why: str) -> None:
        for future in (self.is_ready, self.is_done):
            if not future.done():
                future.set_exception(ConnectionError(why))


async def run(
    port: int, connections: int, messages: list[tuple[bytes, bytes]], *, is_renewing: bool
) -> dict[str, float]:
    """Send all messages, and measure from the first envelope, or connection, to the last reply."""
    load = Load(iter(messages), is_renewing)
    if is_renewing:
        cpu_before, begun = _cpu_seconds(), time.perf_counter()
        await asyncio.wait_for(_renew(load, port, connections, len(messages)), LONGEST_SECONDS)
    else:
        senders = [await _connected(load, port) for _ in range(connections)]
        await asyncio.gather(*(sender.is_ready for sender in senders))
        cpu_before, begun = _cpu_seconds(), time.perf_counter()
        for sender in senders:
            sender.send_next()
        await asyncio.wait_for(asyncio.gather(*(sender.is_done for sender in senders)), LONGEST_SECONDS)
    elapsed = time.perf_counter() - begun
    seconds = sorted(load.seconds)
    return {
        "seconds": elapsed,
        "cpu_seconds": _cpu_seconds() - cpu_before,
        "acknowledged": len(seconds),
        "median_seconds": seconds[len(seconds) // 2],
        "p99_seconds": seconds[len(seconds) * 99 // 100],
    }


async def _connected(load: Load, port: int) -> Sender:
    begun = time.perf_counter()
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(lambda: Sender(load, begun=begun), "127.0.0.1", port))[1]


async def _renew(load: Load, port: int, connections: int, messages: int) -> None:
    """One connection after the other, so many side by side."""
    left = iter(range(messages))

    async def in_turn() -> None:
        for _ in left:
            sender = await _connected(load, port)
            await sender.is_done
            await sender.is_ready

    await asyncio.gather(*(in_turn() for _ in range(connections)))


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Prepare, send, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("port", "connections", "messages", "first_serial"):
        parser.add_argument(name, type=int)
    parser.add_argument("--contacts", type=int, default=CONTACTS, help="who writes the mails (default: %(default)s)")
    parser.add_argument("--file-bytes", type=int, default=0, help="attach a file of this size")
    parser.add_argument("--new-connections", action="store_true", help="one for each message")
    options = parser.parse_args()
    serials = range(options.first_serial, options.first_serial + options.messages)
    messages = [prepared(serial, options.contacts, options.file_bytes) for serial in serials]
    figures = run(options.port, options.connections, messages, is_renewing=options.new_connections)
    print(json.dumps(asyncio.run(figures)))


if __name__ == "__main__":
    main()
