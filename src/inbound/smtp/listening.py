"""Bound ports: made once, before the workers that accept on them."""

import socket
from collections.abc import Sequence
from ipaddress import ip_address

from inbound import logs
from inbound.config import Listener
from inbound.errors import InboundError

#: connections that the kernel keeps while we are busy
_BACKLOG = 1_024

#: one bound and listening socket per listener, in their order
Doors = Sequence[socket.socket]


def bind(listeners: Sequence[Listener], workers: int = 1) -> list[Doors]:
    """Bind every listener.

    Several workers get a socket each on the same port (SO_REUSEPORT): the kernel spreads connections over them. The
    process that bound them keeps them open, so that nothing is lost when a worker has to be started again.

    Args:
        listeners: of the settings; port 0 is any free port, the same for all workers.
        workers: how many processes will accept.

    Returns:
        the doors of each worker.

    Raises:
        InboundError: a listener cannot be bound; none stays bound.
    """
    bound: list[list[socket.socket]] = []
    try:
        for listener in listeners:
            bound.append([])
            _bind_one(listener, workers, bound[-1])
    except OSError as error:
        for door in (door for doors in bound for door in doors):
            door.close()
        taken = listeners[len(bound) - 1]
        raise InboundError(f"cannot listen on {taken.address}:{taken.port}: {error.strerror}") from error
    for listener, doors in zip(listeners, bound, strict=True):
        address, port = doors[0].getsockname()[:2]
        logs.listening(address=address, port=port, tls=listener.tls)
    return [[doors[worker] for doors in bound] for worker in range(workers)]


def _bind_one(listener: Listener, workers: int, doors: list[socket.socket]) -> None:
    if workers > 1 and listener.port:
        # SO_REUSEPORT would let a second daemon of this user in; without it, a taken port is an error.
        open_door(listener, listener.port, is_shared=False).close()
    port = listener.port
    for _ in range(workers):
        door = open_door(listener, port, is_shared=workers > 1)
        doors.append(door)
        port = door.getsockname()[1]
    for door in doors:
        door.listen(_BACKLOG)


def open_door(listener: Listener, port: int, *, is_shared: bool) -> socket.socket:
    """Bind a socket that does not accept yet.

    Args:
        listener: whose address it is.
        port: 0 = any free one.
        is_shared: others of this user may bind the same.

    Raises:
        OSError: it cannot be bound.
    """
    is_ipv6 = ip_address(listener.address).version == 6
    door = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_STREAM)
    try:
        door.setblocking(False)  # noqa: FBT003 - the standard library has it so
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if is_ipv6:
            # "::" is every IPv6 address; IPv4 has a listener of its own.
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind((listener.address, port))
    except OSError:
        door.close()
        raise
    return door
