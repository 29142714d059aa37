"""Stock aiosmtpd with a handler that throws every message away: what its connections and messages cost without us.

    null_server.py

Listens on a free port of this machine, prints its number, and ends with SIGTERM.
"""

import asyncio
import signal

from aiosmtpd.smtp import SMTP, Envelope, Session


class NullHandler:
    """Takes everything."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Say yes."""
        return "250 2.0.0 OK"


async def serve() -> None:
    """Until SIGTERM."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    handler = NullHandler()
    server = await loop.create_server(lambda: SMTP(handler, hostname="null.example"), "127.0.0.1", 0, backlog=1_024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
