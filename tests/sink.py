"""A smart host for tests: a real SMTP server that keeps what it takes, and refuses what it is told to refuse."""

import asyncio
import email
import email.policy
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(kw_only=True)
class Taken:
    """A mail that the smart host took."""

    mail_from: str
    rcpt_to: str
    mail: EmailMessage
    content: bytes

    def part(self, subtype: str) -> str:
        """The text of its part ``plain`` or ``html``."""
        part = self.mail.get_body((subtype,))
        assert isinstance(part, EmailMessage)
        return str(part.get_content())


@dataclass(kw_only=True)
class Sink:
    """Keeps mail; ``replies`` answers RCPT by recipient, ``final`` the final dot."""

    taken: list[Taken] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    final: str = "250 OK"
    #: called with what was taken, in the server's thread
    on_mail: Callable[[Taken], None] | None = None
    port: int = 0
    connections: int = 0
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    def start(self) -> "Sink":
        """Listen, on the port of the last time."""
        listener = socket.create_server(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        started = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._stopped = asyncio.Event()
            server = await self._loop.create_server(self._session, sock=listener)
            started.set()
            await self._stopped.wait()
            server.close()
            for transport in list(self._transports):
                transport.abort()
            await asyncio.sleep(0.05)

        self._transports: list[Any] = []
        self._thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def stop(self) -> None:
        """Vanish, with every connection."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(10)

    def _session(self) -> SMTP:
        sink = self

        class Protocol(SMTP):
            def connection_made(self, transport: Any) -> None:
                sink.connections += 1
                sink._transports.append(transport)
                super().connection_made(transport)

        return Protocol(self, enable_SMTPUTF8=False, loop=self._loop, hostname="sink.example")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """As told, by recipient; "*" is everybody else."""
        reply = self.replies.get(address, self.replies.get("*", "250 OK"))
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - the same
        """Keep it, unless told otherwise."""
        if self.final.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            taken = Taken(mail_from=envelope.mail_from or "", rcpt_to=envelope.rcpt_tos[0], mail=mail, content=content)
            self.taken.append(taken)
            if self.on_mail is not None:
                self.on_mail(taken)
        return self.final
