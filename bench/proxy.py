"""Between a daemon and its PostgreSQL: cuts connections exactly at COMMIT.

The frontend/backend protocol of PostgreSQL, version 3: after the first message each has a type and a length.
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

_LENGTH_BYTES = 4
#: types of messages: the driver's, and the server's
_QUERY, _PARSE, _BIND, _SYNC = b"Q", b"P", b"B", b"S"
_READY = b"Z"
#: so that the daemon gets on in between: one of so many COMMITs is cut
_ONE_IN = 4
_ANSWER_SECONDS = 30.0
#: a late answer comes so long after its COMMIT; more than the deadline of the daemon
LATE_SECONDS = 6.0


class Fate(Enum):
    """What becomes of a COMMIT, and of the connection it was sent on."""

    #: it is done, and nobody hears of it
    ANSWER_LOST = "committed, answer lost"
    #: it never arrives
    REQUEST_LOST = "not committed"
    #: it is sent, and nobody waits for what becomes of it
    UNKNOWN = "cut at once"
    #: it is done, and heard of when the peers have given up
    ANSWER_LATE = "answer late"


class CommitCutter:
    """A proxy on a Unix socket, in a thread of its own."""

    def __init__(self, server: Path, own: Path, seed: int) -> None:
        """Prepare.

        Args:
            server: socket of PostgreSQL.
            own: where to listen.
            seed: of which COMMITs are cut.
        """
        self.is_cutting = False
        #: how often, by fate
        self.cuts: Counter[Fate] = Counter()
        self._server = server
        self._own = own
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrets
        self._is_listening = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="commit-cutter")

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._is_listening.wait()

    def stop(self) -> None:
        """Cut everything, and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_unix_server(self._serve, self._own))
        self._is_listening.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            server_reader, server_writer = await asyncio.open_unix_connection(self._server)
            line = _Line(reader, writer, server_reader, server_writer)
            try:
                await line.run(self._fate)
            finally:
                line.cut()

    def _fate(self) -> Fate | None:
        if not self.is_cutting or self._random.randrange(_ONE_IN):
            return None
        # Each in its turn, so that few cuts are enough to see all of them.
        fate = list(Fate)[self.cuts.total() % len(Fate)]
        self.cuts[fate] += 1
        return fate


class _Line:
    """One connection of the daemon, and ours to the server."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._server_reader, self._server_writer = server_reader, server_writer
        #: names of prepared statements that are COMMIT
        self._prepared: set[bytes] = set()
        #: answers that are still to come
        self._unanswered = 0
        self._is_deaf = False
        self._may_pass_back = asyncio.Event()
        self._may_pass_back.set()
        self._answered = asyncio.Event()

    async def run(self, fate_of: Callable[[], Fate | None]) -> None:
        """Pass everything on, until a COMMIT meets its fate or somebody hangs up."""
        length = await self._reader.readexactly(_LENGTH_BYTES)
        self._server_writer.write(length + await self._reader.readexactly(int.from_bytes(length) - _LENGTH_BYTES))
        back = asyncio.create_task(self._pass_back())
        forth = asyncio.create_task(self._pass_forth(fate_of))
        # ``return_exceptions``: that somebody hangs up is no news.
        try:
            await asyncio.wait((back, forth), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (back, forth):
                task.cancel()
            await asyncio.gather(back, forth, return_exceptions=True)

    def cut(self) -> None:
        """End both sides, without a goodbye."""
        self._writer.transport.abort()
        self._server_writer.transport.abort()

    async def _pass_forth(self, fate_of: Callable[[], Fate | None]) -> None:
        while True:
            kind, octets = await _read_message(self._reader)
            if self._is_commit(kind, octets[1 + _LENGTH_BYTES :]) and (fate := fate_of()) is not None:
                await self._meet(fate, kind, octets)
                if fate is not Fate.ANSWER_LATE:
                    return
            else:
                await self._send(kind, octets)

    async def _send(self, kind: bytes, octets: bytes) -> None:
        self._unanswered += kind in {_QUERY, _SYNC}
        self._server_writer.write(octets)
        await self._server_writer.drain()

    def _is_commit(self, kind: bytes, body: bytes) -> bool:
        if kind == _QUERY:
            return body.startswith(b"COMMIT")
        if kind == _PARSE:
            name, _, rest = body.partition(b"\0")
            if rest.startswith(b"COMMIT"):
                self._prepared.add(name)
        return kind == _BIND and body.split(b"\0")[1] in self._prepared

    async def _meet(self, fate: Fate, kind: bytes, octets: bytes) -> None:
        if fate is Fate.REQUEST_LOST:
            return
        if fate is Fate.ANSWER_LATE:
            self._may_pass_back.clear()
            await self._send(kind, octets)
            await asyncio.sleep(LATE_SECONDS)
            self._may_pass_back.set()
            return
        self._is_deaf = True
        await self._send(kind, octets)
        while kind not in {_QUERY, _SYNC}:
            kind, octets = await _read_message(self._reader)
            await self._send(kind, octets)
        if fate is Fate.ANSWER_LOST:
            await asyncio.wait_for(self._answered.wait(), _ANSWER_SECONDS)

    async def _pass_back(self) -> None:
        while True:
            kind, octets = await _read_message(self._server_reader)
            self._unanswered -= kind == _READY
            await self._may_pass_back.wait()
            if not self._is_deaf:
                self._writer.write(octets)
                await self._writer.drain()
            elif not self._unanswered:
                self._answered.set()


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next message: its type, and all of it."""
    head = await reader.readexactly(1 + _LENGTH_BYTES)
    return head[:1], head + await reader.readexactly(int.from_bytes(head[1:]) - _LENGTH_BYTES)
