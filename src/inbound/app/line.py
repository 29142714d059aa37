"""The line between the supervisor and one of its processes: signs of life one way, new settings the other."""

import asyncio
import contextlib
import pickle
from collections.abc import Callable
from socket import socket

from inbound import logs, metrics
from inbound.config import Settings

#: what a process says: that it does its work, and that it still turns
READY = b"r"
ALIVE = b"a"
#: how often it says the latter
ALIVE_SECONDS = 1.0
#: octets in front of new settings: their length, big-endian
LENGTH_BYTES = 4


def say_alive(channel: socket) -> None:
    """Say that the process still does its work."""
    # A supervisor that is too busy to listen has heard enough.
    with contextlib.suppress(BlockingIOError):
        channel.send(ALIVE)


async def stay_alive(channel: socket) -> None:
    """Say again and again that the event loop turns."""
    while True:
        say_alive(channel)
        await asyncio.sleep(ALIVE_SECONDS)


async def follow_orders(channel: socket, follow: Callable[[Settings], object], stop: asyncio.Event) -> None:
    """Take new settings until the supervisor is gone; then stop.

    Args:
        channel: the line.
        follow: is given the settings.
        stop: is set at the end.
    """
    reader, writer = await asyncio.open_connection(sock=channel.dup())
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            _follow(await reader.readexactly(length), follow)
    writer.close()
    stop.set()


def _follow(octets: bytes, follow: Callable[[Settings], object]) -> None:
    try:
        # S301: nobody but the process that made us can write here
        follow(pickle.loads(octets))  # noqa: S301
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and later orders are followed
        logs.orders_failed(error)
        metrics.defects.add("orders_failed")
