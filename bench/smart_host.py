"""A smart host for a script: a real SMTP server in a thread of its own that takes everything and keeps it."""

import asyncio
import socket
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

_START_SECONDS = 10.0
#: for `Daemon`: notices go there, as many at once as it likes
SETTINGS = """
[smart_host]
host = "127.0.0.1"
port = {port}
tls = "none"
at_once = 20
at_once_per_domain = 20
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A mail that it took, for one recipient."""

    mail_from: str
    rcpt_to: str
    content: bytes

    @property
    def mail(self) -> Message:
        """Its header fields."""
        return message_from_bytes(self.content)


class SmartHost:
    """Listens on a free port of this machine; as a context manager it stops."""

    def __init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.taken: list[Taken] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def settings(self) -> str:
        """TOML by which a daemon sends its notices here."""
        return SETTINGS.format(port=self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_START_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_SECONDS)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep it."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        for recipient in envelope.rcpt_tos:
            self.taken.append(Taken(mail_from=envelope.mail_from or "", rcpt_to=recipient, content=content))
        return "250 2.0.0 Taken"

    async def _listen(self) -> None:
        def session() -> SMTP:
            return SMTP(self, hostname="smart-host.example", loop=self._loop)

        await self._loop.create_server(session, sock=self._socket)
