"""One SMTP connection of a mail server: plain, strict about replies, and nothing is guessed."""

import asyncio
from dataclasses import dataclass
from typing import Self

#: longer than any deadline of the daemon under test
REPLY_SECONDS = 120.0


class ConnectionEnded(Exception):
    """The connection broke, or the server said goodbye: whether the message was taken is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply; lines are joined by line feeds."""

    code: int
    text: str


class Connection:
    """A connection after EHLO."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to a port of this machine and say EHLO.

        Raises:
            ConnectionEnded: nobody listens, or we are not welcome.
        """
        try:
            connection = cls(*await asyncio.open_connection("127.0.0.1", port))
        except OSError as error:
            raise ConnectionEnded(str(error)) from error
        for command in (b"", b"EHLO mta.example\r\n"):
            answer = await connection._command(command)
            if answer.code not in {220, 250}:
                raise ConnectionEnded(f"{answer.code} {answer.text}")
        return connection

    async def deliver(self, sender: str, recipients: tuple[str, ...], content: bytes) -> Answer:
        """One message; the reply to its end, or the first that refuses it.

        Args:
            sender: reverse-path.
            recipients: all of them must be accepted.
            content: with CRLF line ends, not dot-stuffed.

        Raises:
            ConnectionEnded: the connection broke.
        """
        is_7bit = content.isascii()
        commands = [f"MAIL FROM:<{sender}>{'' if is_7bit else ' BODY=8BITMIME'}\r\n"]
        commands += [f"RCPT TO:<{recipient}>\r\n" for recipient in recipients]
        for command in (*commands, "DATA\r\n"):
            answer = await self._command(command.encode())
            if answer.code >= 400:
                await self._command(b"RSET\r\n")
                return answer
        return await self._command(stuffed(content))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _command(self, octets: bytes) -> Answer:
        try:
            self._writer.write(octets)
            async with asyncio.timeout(REPLY_SECONDS):
                await self._writer.drain()
                answer = await self._read_answer()
        except (OSError, EOFError) as error:
            self.close()
            raise ConnectionEnded(str(error)) from error
        # RFC 5321 3.8: after 421 the server closes.
        if answer.code == 421:
            self.close()
            raise ConnectionEnded(answer.text)
        return answer

    async def _read_answer(self) -> Answer:
        lines: list[str] = []
        is_last = False
        while not is_last:
            line = (await self._reader.readuntil(b"\r\n")).decode().rstrip()
            lines.append(line[4:])
            is_last = line[3:4] != "-"
        return Answer(int(line[:3]), "\n".join(lines))


def stuffed(content: bytes) -> bytes:
    """A message as it travels: dots doubled (RFC 5321 4.5.2), ended with its final dot."""
    lines = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"
