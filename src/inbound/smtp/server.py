"""Reception: listeners on the daemon's own loop, from bound ports to the last goodbye."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from inbound import logs
from inbound.config import Listener, Settings
from inbound.errors import InboundError
from inbound.smtp.handler import Handler, Intake, Policy
from inbound.smtp.protocol import Connections, InboundSMTP
from inbound.smtp.session import Service

#: connections that the kernel keeps while we are busy
_BACKLOG = 1_024
#: seconds that a connection gets to end after it was cut
_ABORT_SECONDS = 1.0


@dataclass(kw_only=True, slots=True)
class _Door:
    """A listener, what it offers, and its sockets once they are bound."""

    listener: Listener
    service: Service
    server: asyncio.Server | None = None


class Reception:
    """Everything that peers can connect to."""

    def __init__(self, settings: Settings, intake: Intake) -> None:
        """Prepare the listeners of the settings; nothing is bound yet.

        Raises:
            InboundError: a certificate or key cannot be loaded.
        """
        self._handler = Handler(Policy.from_settings(settings), intake)
        self._connections = Connections()
        self._doors = [
            _Door(
                listener=listener,
                service=Service(
                    hostname=settings.server.hostname or socket.gethostname(),
                    handler=self._handler,
                    tls=tls_context(listener),
                    is_tls_required=listener.tls == "required",
                ),
            )
            for listener in settings.listeners
        ]

    @property
    def addresses(self) -> Sequence[tuple[str, int]]:
        """Address and port of every bound socket, in the order of the listeners; ports as the kernel chose them."""
        servers = (door.server for door in self._doors if door.server)
        names = (bound.getsockname() for server in servers for bound in server.sockets)
        return [(name[0], name[1]) for name in names]

    async def start(self) -> None:
        """Bind every listener and accept connections.

        Raises:
            InboundError: a listener cannot be bound; none stays bound.
        """
        try:
            for door in self._doors:
                door.server = await _listen(door, self._connections)
        except InboundError:
            await self.stop(0)
            raise
        for door in self._doors:
            for bound in door.server.sockets if door.server else ():
                address, port = bound.getsockname()[:2]
                logs.listening(address=address, port=port, tls=door.listener.tls)

    def replace(self, settings: Settings) -> None:
        """Follow new settings from the next command on, without losing a connection.

        Mailboxes, peers, limits and certificates change; addresses and ports of listeners need a restart.

        Raises:
            InboundError: a certificate or key cannot be loaded; nothing has changed then.
        """
        named = {(listener.address, listener.port): listener for listener in settings.listeners}
        listeners = [named.get((door.listener.address, door.listener.port), door.listener) for door in self._doors]
        contexts = [tls_context(listener) for listener in listeners]
        for door, listener, context in zip(self._doors, listeners, contexts, strict=True):
            door.listener, door.service.tls = listener, context
            door.service.is_tls_required = listener.tls == "required"
        self._handler.policy = Policy.from_settings(settings)

    async def stop(self, deadline_seconds: float) -> None:
        """Accept nobody any more, say 421 to idle peers, let messages in progress finish, close.

        Args:
            deadline_seconds: what is still in progress after that is cut off.
        """
        for door in self._doors:
            if door.server:
                door.server.close()
        self._connections.is_stopping = True
        connections = list(self._connections.open)
        for connection in connections:
            connection.stop()
        cut_off = await _await_all(connections, deadline_seconds)
        for connection in cut_off:
            connection.abort()
        await _await_all(cut_off, _ABORT_SECONDS)
        logs.reception_stopped(cut_off=len(cut_off))


def tls_context(listener: Listener) -> ssl.SSLContext | None:
    """What a listener needs for STARTTLS; None when it offers none.

    Raises:
        InboundError: the certificate or key cannot be loaded.
    """
    if listener.tls == "none":
        return None
    # RFC 8996: TLS before 1.2 is dead. The rest are Python's defaults, which follow the times.
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # An empty password: a daemon must not ask for one at the terminal.
        context.load_cert_chain(listener.certificate, listener.key or None, password="")
    except OSError as error:
        raise InboundError(
            f"listener {listener.address}:{listener.port}: cannot load certificate {listener.certificate!r} "
            f"with key {listener.key!r}: {error}"
        ) from error
    return context


async def _listen(door: _Door, connections: Connections) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(
            lambda: InboundSMTP(door.service, connections, loop),
            door.listener.address,
            door.listener.port,
            backlog=_BACKLOG,
        )
    except OSError as error:
        raise InboundError(
            f"cannot listen on {door.listener.address}:{door.listener.port}: {error.strerror}"
        ) from error


async def _await_all(connections: Sequence[InboundSMTP], seconds: float) -> list[InboundSMTP]:
    """Wait for conversations to end; return those that did not."""
    if connections:
        await asyncio.wait([connection.task() for connection in connections], timeout=seconds)
    return [connection for connection in connections if not connection.task().done()]
