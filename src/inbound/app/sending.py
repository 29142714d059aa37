"""The process that sends notices: its own, so that a slow smart host costs reception nothing."""

import asyncio
import os
import signal
from socket import socket

from inbound import logs
from inbound.app.line import READY, follow_orders, stay_alive
from inbound.app.signals import leave_terminal_to_supervisor
from inbound.config import Settings
from inbound.database.engine import open_engine
from inbound.notices.sender import Sender
from inbound.values import immutable

#: how much it stands back behind the processes that take mail
_NICENESS = 10


@immutable(kw_only=False)
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
    leave_terminal_to_supervisor()
    os.nice(_NICENESS)
    asyncio.run(_run(post))


async def _run(post: SenderPost) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = open_engine(post.database_url, application_name="inbound sender")
    sender = Sender(post.settings, database, post.secret)
    company = [
        asyncio.create_task(follow_orders(post.channel, sender.replace, stop)),
        asyncio.create_task(stay_alive(post.channel)),
    ]
    logs.sender_started(smart_host=f"{post.settings.smart_host.host}:{post.settings.smart_host.port}")
    post.channel.send(READY)
    try:
        await sender.run(stop)
    finally:
        for task in company:
            task.cancel()
        database.dispose()
