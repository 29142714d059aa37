"""What is used of aiosmtpd: a connection with a stream, a writer and one task. Its conversation is switched off."""

import asyncio

from aiosmtpd.smtp import SMTP

from inbound.smtp import stream


class _NoHooks:
    """aiosmtpd's handler: it has nothing to call, and nothing to look for."""

    def __dir__(self) -> list[str]:
        return []


_NO_HOOKS = _NoHooks()


class BareSMTP(SMTP):
    """A connection without a word on it: of aiosmtpd's own commands (``smtp_*``) none is ever called."""

    #: aiosmtpd makes it the limit of the stream
    line_length_limit = stream.STREAM_LIMIT_BYTES

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter

    def __init__(self, hostname: str, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(_NO_HOOKS, hostname=hostname, loop=loop)

    def __dir__(self) -> list[str]:
        # aiosmtpd looks for its own commands among all attributes, for every connection anew: a sixth of its cost.
        return []

    def connection_lost(self, error: Exception | None) -> None:
        """Let the conversation find out by itself: it may be waiting for a commit, which must not be cancelled."""
        asyncio.StreamReaderProtocol.connection_lost(self, error)

    def eof_received(self) -> bool | None:
        """Go on with what was received: a peer that closes its side may still wait for the reply."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Arm no timer of aiosmtpd's: it would close without a word, and starts again with every command."""

    def task(self) -> "asyncio.Task[None]":
        """The conversation; it ends with the connection."""
        assert self._handler_coroutine is not None  # noqa: S101 - aiosmtpd sets it when the connection is made
        return self._handler_coroutine
