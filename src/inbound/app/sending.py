"""The process that sends notices: its own, so that a slow smart host costs reception nothing."""

import asyncio
import contextlib
import os
import pickle
import signal
from dataclasses import dataclass
from socket import socket

from inbound import logs
from inbound.app.worker import ALIVE, LENGTH_BYTES, READY
from inbound.config import Settings
from inbound.database.engine import open_engine
from inbound.notices.sender import Sender

_ALIVE_SECONDS = 1.0
#: how much it stands back behind the processes that take mail
_NICENESS = 10


@dataclass(frozen=True, slots=True)
class SenderPost:
    """What the sender is given when it begins."""

    settings: Settings
    database_url: str
    secret: bytes
    #: the line to the supervisor
    channel: socket


def send_notices(post: SenderPost) -> None:
    """Send notices until SIGTERM, or until the supervisor is gone.

    Args:
        post: all that this process shares with others.
    """
    # Ctrl-C and a lost terminal are the supervisor's to deal with.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.nice(_NICENESS)
    asyncio.run(_run(post))


async def _run(post: SenderPost) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = open_engine(post.database_url, application_name="inbound sender")
    sender = Sender(post.settings, database, post.secret)
    company = [
        asyncio.create_task(_follow_orders(post.channel, sender, stop)),
        asyncio.create_task(_stay_alive(post.channel)),
    ]
    logs.sender_started(smart_host=f"{post.settings.smart_host.host}:{post.settings.smart_host.port}")
    post.channel.send(READY)
    try:
        await sender.run(stop)
    finally:
        for task in company:
            task.cancel()
        database.dispose()


async def _stay_alive(channel: socket) -> None:
    while True:
        # A supervisor that is too busy to listen has heard enough.
        with contextlib.suppress(BlockingIOError):
            channel.send(ALIVE)
        await asyncio.sleep(_ALIVE_SECONDS)


async def _follow_orders(channel: socket, sender: Sender, stop: asyncio.Event) -> None:
    """New settings come over the channel; its end is the supervisor's."""
    reader, _ = await asyncio.open_connection(sock=channel.dup())
    with contextlib.suppress(asyncio.IncompleteReadError, OSError):
        while True:
            length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
            # S301: nobody but the process that made us can write here
            sender.replace(pickle.loads(await reader.readexactly(length)))  # noqa: S301
    stop.set()
