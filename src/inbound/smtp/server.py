"""Reception: what happens behind the bound ports, on the worker's own loop, up to the last goodbye."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from inbound import logs, metrics
from inbound.config import Listener, Settings
from inbound.security.dns import Lookup, Resolver, system_lookup
from inbound.security.limits import ConnectionCount
from inbound.security.refusals import RefusalTally
from inbound.smtp.handler import Handler, Intake, Policy
from inbound.smtp.listening import Doors
from inbound.smtp.protocol import Connections, InboundSMTP
from inbound.smtp.session import Service
from inbound.smtp.tls import expiry_of, tls_context

#: connections taken in one turn of the loop
_ACCEPT_AT_ONCE = 100
#: seconds that a connection gets to end after it was cut
_ABORT_SECONDS = 1.0


@dataclass(kw_only=True, slots=True)
class _Door:
    """A listener, what it offers, and its server once it accepts."""

    listener: Listener
    service: Service
    server: asyncio.Server | None = None


class Reception:
    """Everything that peers can connect to."""

    def __init__(
        self,
        settings: Settings,
        intake: Intake,
        count: ConnectionCount | None = None,
        lookup: Lookup = system_lookup,
        secret: bytes = b"",
        refusals: RefusalTally | None = None,
    ) -> None:
        """Prepare what the listeners of the settings offer.

        Args:
            settings: checked.
            intake: where messages go.
            count: of open connections, when other processes accept as well.
            lookup: asks DNS.
            secret: of the desk, by which it knows the addresses that its notices come back to.
            refusals: counts the peers that are turned away; somebody has to take them from there.

        Raises:
            InboundError: a certificate or key cannot be loaded.
        """
        self._secret = secret
        self._resolver = Resolver(lookup, seconds=settings.limits.dns_seconds)
        policy = Policy.from_settings(settings, self._resolver, secret)
        self._handler = Handler(policy, intake, refusals or RefusalTally())
        self._connections = Connections(count or ConnectionCount())
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
        _show(_expiries_of(settings.listeners))

    @property
    def open_connections(self) -> int:
        """Connections of this process."""
        return len(self._connections.open)

    async def start(self, doors: Doors) -> None:
        """Accept connections.

        Args:
            doors: one bound socket per listener of the settings, in their order.
        """
        loop = asyncio.get_running_loop()
        for door, bound in zip(self._doors, doors, strict=True):
            factory = partial(InboundSMTP, door.service, self._connections, loop)
            # So many connections are taken at a time; the rest of what waits is for the other workers.
            door.server = await loop.create_server(factory, sock=bound, backlog=_ACCEPT_AT_ONCE)

    def replace(self, settings: Settings) -> None:
        """Follow new settings from the next command on, without losing a connection.

        Mailboxes, peers, limits and certificates change; addresses and ports of listeners need a restart.

        Raises:
            InboundError: a certificate or key cannot be loaded; nothing has changed then.
        """
        named = {(listener.address, listener.port): listener for listener in settings.listeners}
        listeners = [named.get((door.listener.address, door.listener.port), door.listener) for door in self._doors]
        contexts = [tls_context(listener) for listener in listeners]
        expiries = _expiries_of(listeners)
        for door, listener, context in zip(self._doors, listeners, contexts, strict=True):
            door.listener, door.service.tls = listener, context
            door.service.is_tls_required = listener.tls == "required"
        _show(expiries)
        self._resolver.seconds = settings.limits.dns_seconds
        self._handler.policy = Policy.from_settings(settings, self._resolver, self._secret)

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


def _expiries_of(listeners: Sequence[Listener]) -> dict[str, datetime]:
    """Until when their certificates are valid, also those that have expired."""
    dates = {f"{one.address}:{one.port}": expiry_of(one, is_past_allowed=True) for one in listeners}
    return {listener: until for listener, until in dates.items() if until}


def _show(expiries: Mapping[str, datetime]) -> None:
    metrics.certificate_expiry.clear()
    for listener, until in expiries.items():
        metrics.certificate_expiry.set(until.timestamp(), listener)


async def _await_all(connections: Sequence[InboundSMTP], seconds: float) -> list[InboundSMTP]:
    """Wait for conversations to end; return those that did not."""
    if connections:
        await asyncio.wait([connection.task() for connection in connections], timeout=seconds)
    return [connection for connection in connections if not connection.task().done()]
