"""Just enough HTTP (RFC 9112) to be asked for a page: one short request per connection, one answer, the end."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from socket import socket

from inbound.values import immutable

#: request line and header fields of a scraper take a few hundred
_MOST_BYTES = 8_192
#: from the first octet to the last one of the answer
_SECONDS = 5.0
#: when there are more, the oldest goes: it hangs
_MOST_CONNECTIONS = 20


@immutable(kw_only=False)
class Page:
    """An answer."""

    content: bytes
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/plain; charset=utf-8"

    def octets(self, *, is_head: bool = False) -> bytes:
        """What is sent; after HEAD without the content."""
        fields = (
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.content)}",
            *(("Allow: GET, HEAD",) if self.status is HTTPStatus.METHOD_NOT_ALLOWED else ()),
            "Connection: close",
        )
        head = "\r\n".join(fields) + "\r\n\r\n"
        return head.encode("ascii") + (b"" if is_head else self.content)


class PageServer:
    """Answers whoever connects."""

    def __init__(self, may_ask: Callable[[str], bool], show: Callable[[str], Page]) -> None:
        """Prepare; `start` begins.

        Args:
            may_ask: is the peer with this address answered?
            show: the page at a path.
        """
        self._may_ask = may_ask
        self._show = show
        self._open: dict[asyncio.StreamWriter, None] = {}

    async def start(self, door: socket) -> asyncio.Server:
        """Accept connections on a bound socket."""
        return await asyncio.start_server(self._serve, sock=door, limit=_MOST_BYTES)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(self._open) >= _MOST_CONNECTIONS:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.transport.abort()
        self._open[writer] = None
        try:
            async with asyncio.timeout(_SECONDS):
                writer.write(await self._answer(reader, writer))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, EOFError, asyncio.CancelledError):
            # It hangs (a timeout is an OSError), it has gone, or the daemon stops: nobody waits for this task.
            pass
        finally:
            self._open.pop(writer, None)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        name = writer.get_extra_info("peername")
        if not name or not self._may_ask(name[0]):
            return Page(b"metrics.networks does not name you\n", HTTPStatus.FORBIDDEN).octets()
        try:
            request = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return Page(b"request too long\n", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE).octets()
        return self._answer_to(request)

    def _answer_to(self, request: bytes) -> bytes:
        words = request.partition(b"\r\n")[0].decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return Page(b"not HTTP/1\n", HTTPStatus.BAD_REQUEST).octets()
        method, target, _ = words
        if method not in {"GET", "HEAD"}:
            return Page(b"only GET and HEAD\n", HTTPStatus.METHOD_NOT_ALLOWED).octets()
        return self._show(target.partition("?")[0]).octets(is_head=method == "HEAD")
