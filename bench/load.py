"""The load generator: a process of its own, so that it never waits for the daemon's interpreter or makes it wait.

    load.py PORT CONNECTIONS MESSAGES FIRST_SERIAL

Connections are kept, commands are pipelined (RFC 2920), messages are made before the clock starts. Prints one JSON
object.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Iterator

from mails import make_mail

#: for the slowest run that is still worth waiting for
LONGEST_SECONDS = 600.0


def prepared(serial: int) -> tuple[bytes, bytes]:
    """A message as it is sent: the pipelined envelope, and the content with its final dot."""
    mail = make_mail(serial)
    recipients = "".join(f"RCPT TO:<{recipient}>\r\n" for recipient in mail.recipients)
    # No line of these mails begins with a dot: nothing needs stuffing.
    return f"MAIL FROM:<{mail.sender}>\r\n{recipients}DATA\r\n".encode(), mail.content + b".\r\n"


class Sender(asyncio.Protocol):
    """One connection. It looks at nothing but the last line of what comes: the client should cost little."""

    def __init__(self, messages: Iterator[tuple[bytes, bytes]], seconds: list[float]) -> None:
        loop = asyncio.get_running_loop()
        self.is_ready: asyncio.Future[None] = loop.create_future()
        self.is_done: asyncio.Future[None] = loop.create_future()
        self._messages = messages
        self._seconds = seconds
        self._content = b""
        self._begun = 0.0
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
        envelope, self._content = next(self._messages, (b"", b""))
        if not envelope:
            self.is_done.set_result(None)
            self._transport.close()
            return
        self._begun = time.perf_counter()
        self._expected = b"354 "
        self._transport.write(envelope)

    def _go_on(self) -> None:
        match self._expected:
            case b"220 ":
                self._expected = b"250 "
                self._transport.write(b"EHLO load.example\r\n")
            case b"354 ":
                self._expected = b"250 2.0.0 "
                self._transport.write(self._content)
            case b"250 2.0.0 ":
                self._seconds.append(time.perf_counter() - self._begun)
                self.send_next()
            case _:
                self.is_ready.set_result(None)

    def _fail(self, why: str) -> None:
        for future in (self.is_ready, self.is_done):
            if not future.done():
                future.set_exception(ConnectionError(why))


async def run(port: int, connections: int, messages: list[tuple[bytes, bytes]]) -> dict[str, float]:
    """Send all messages, and measure from the first envelope to the last reply."""
    loop = asyncio.get_running_loop()
    seconds: list[float] = []
    waiting = iter(messages)
    senders = [
        (await loop.create_connection(lambda: Sender(waiting, seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(sender.is_ready for sender in senders))
    cpu_before, begun = _cpu_seconds(), time.perf_counter()
    for sender in senders:
        sender.send_next()
    await asyncio.wait_for(asyncio.gather(*(sender.is_done for sender in senders)), LONGEST_SECONDS)
    elapsed = time.perf_counter() - begun
    seconds.sort()
    return {
        "seconds": elapsed,
        "cpu_seconds": _cpu_seconds() - cpu_before,
        "acknowledged": len(seconds),
        "median_seconds": seconds[len(seconds) // 2],
        "p99_seconds": seconds[len(seconds) * 99 // 100],
    }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Prepare, send, report."""
    port, connections, count, first_serial = (int(argument) for argument in sys.argv[1:])
    messages = [prepared(first_serial + number) for number in range(count)]
    print(json.dumps(asyncio.run(run(port, connections, messages))))


if __name__ == "__main__":
    main()
