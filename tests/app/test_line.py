"""The line between the supervisor and its processes."""

import asyncio
import pickle
import socket

from structlog.testing import capture_logs

from inbound.app.line import LENGTH_BYTES, follow_orders
from inbound.config import Settings


async def test_orders_that_fail_end_nothing() -> None:
    """What goes wrong with new settings is told, the next ones are followed, and the end of the line is noticed."""
    ours, theirs = socket.socketpair()
    order = pickle.dumps(Settings())
    followed: list[Settings] = []

    def follow(settings: Settings) -> None:
        followed.append(settings)
        if len(followed) == 1:
            raise RuntimeError("a defect")

    ours.sendall((len(order).to_bytes(LENGTH_BYTES, "big") + order) * 2)
    ours.close()
    stop = asyncio.Event()
    with theirs, capture_logs() as events:
        await follow_orders(theirs, follow, stop)
    assert len(followed) == 2
    assert stop.is_set()
    assert [event["event"] for event in events] == ["orders_failed"]
