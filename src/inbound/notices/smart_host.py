"""Connections to the smart host, and what its replies mean."""

import asyncio
import contextlib
import socket
import ssl
from enum import Enum

import aiosmtplib
from aiosmtplib import SMTP

from inbound.config import Settings, SmartHost
from inbound.notices.compose import Composed
from inbound.values import immutable

#: replies that say: whoever logs in here may not, or has to (RFC 4954 6); no notice's fault
_LOGIN_REPLIES = frozenset({530, 534, 535, 538})
_MAX_ERROR_CHARS = 500


class Answer(Enum):
    """What became of one attempt."""

    TAKEN = "taken"
    #: 4yz, or the connection was lost in the middle
    LATER = "later"
    #: 5yz
    NEVER = "never"


@immutable
class Attempt:
    """An attempt and what the smart host said."""

    answer: Answer
    #: on one line; empty when it was taken
    error: str = ""


class SmartHostTrouble(Exception):
    """The smart host cannot be used by anybody now: no connection, no TLS, no login."""


class Connections:
    """Open connections to the smart host, kept while there is something to send."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; nothing is opened.

        Args:
            settings: checked, with a smart host.
        """
        self._smart_host = settings.smart_host
        self._hello = settings.server.hostname or socket.gethostname()
        self._idle: list[SMTP] = []
        self._is_retired = False

    async def send(self, mail: Composed) -> Attempt:
        """Hand one mail over.

        Raises:
            SmartHostTrouble: it was not even tried.
        """
        while self._idle:
            client = self._idle.pop()
            # The server may have closed it in the meantime, which says nothing about the mail.
            if (attempt := await self._try(client, mail, is_used=True)) is not None:
                return attempt
        attempt = await self._try(await self._connect(), mail, is_used=False)
        assert attempt is not None  # noqa: S101 - only a used connection can have been closed before
        return attempt

    def retire(self) -> None:
        """Keep nothing open: the settings are old."""
        self._is_retired = True
        while self._idle:
            self._idle.pop().close()

    async def close(self) -> None:
        """Say goodbye on what is open and not in use."""
        while self._idle:
            client = self._idle.pop()
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()

    async def _connect(self) -> SMTP:
        host = self._smart_host
        client = SMTP(
            hostname=host.host,
            port=host.port,
            local_hostname=self._hello,
            timeout=host.command_seconds,
            use_tls=host.tls == "implicit",
            start_tls=host.tls == "starttls",
            tls_context=_tls_context(host),
            username=host.username or None,
            password=host.password or None,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise SmartHostTrouble(explain(error)) from error
        return client

    async def _try(self, client: SMTP, mail: Composed, *, is_used: bool) -> Attempt | None:
        """One transaction; None when a used connection turns out to be closed."""
        try:
            attempt = await self._transaction(client, mail, is_used=is_used)
        except BaseException:
            client.close()
            raise
        if attempt is not None and client.is_connected and not self._is_retired:
            self._idle.append(client)
        else:
            client.close()
        return attempt

    async def _transaction(self, client: SMTP, mail: Composed, *, is_used: bool) -> Attempt | None:
        try:
            await client.mail(mail.mail_from)
        except aiosmtplib.SMTPServerDisconnected as error:
            return None if is_used else _lost(error)
        except aiosmtplib.SMTPResponseException as error:
            return await _refused(client, error)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return None if is_used else _lost(error)
        try:
            await client.rcpt(mail.rcpt_to)
            # RFC 5321 4.5.3.2.6: the reply to the final dot may take ten minutes.
            await client.data(mail.content, timeout=self._smart_host.notice_seconds)
        except aiosmtplib.SMTPResponseException as error:
            return await _refused(client, error)
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            return _lost(error)
        return Attempt(answer=Answer.TAKEN)


async def _refused(client: SMTP, error: aiosmtplib.SMTPResponseException) -> Attempt:
    if error.code in _LOGIN_REPLIES:
        raise SmartHostTrouble(explain(error)) from error
    if error.code == 421:
        client.close()
    else:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.rset()
    return Attempt(answer=Answer.NEVER if 500 <= error.code < 600 else Answer.LATER, error=explain(error))


def _lost(error: Exception) -> Attempt:
    return Attempt(answer=Answer.LATER, error=explain(error))


def _tls_context(host: SmartHost) -> ssl.SSLContext | None:
    if host.tls == "none":
        return None
    try:
        return ssl.create_default_context(cafile=host.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SmartHostTrouble(f"smart_host.ca_file: {error}") from error


def explain(error: Exception) -> str:
    """What went wrong, on one line: a reply with its code, or what the system says."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        text = f"{error.code} {error.message}"
    else:
        text = str(error) or type(error).__name__
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MAX_ERROR_CHARS]


async def why_unreachable(settings: Settings) -> str:
    """Connect, log in and say goodbye; why that does not work, or empty.

    Args:
        settings: checked, with a smart host.
    """
    connections = Connections(settings)
    try:
        async with asyncio.timeout(min(settings.smart_host.command_seconds, 10)):
            client = await connections._connect()  # noqa: SLF001 - its own module
            await client.quit()
    except TimeoutError:
        return "no answer within 10 seconds"
    except (SmartHostTrouble, aiosmtplib.SMTPException, OSError) as error:
        return explain(error)
    return ""
