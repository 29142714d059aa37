"""The small HTTP server: whoever hangs, floods or guesses costs nobody else anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from inbound.app import pages
from inbound.app.pages import Page, PageServer
from inbound.config import Listener
from inbound.smtp.listening import open_door

Ask = Callable[[bytes], Awaitable[bytes]]
Serve = Callable[..., Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server; its port."""
    async with AsyncExitStack() as stack:

        async def start(may_ask: Callable[[str], bool] = lambda _: True) -> int:
            door = open_door(Listener(port=0), 0, is_shared=False)
            server = await PageServer(may_ask, lambda path: Page(f"page {path}".encode())).start(door)
            await stack.enter_async_context(server)
            return int(server.sockets[0].getsockname()[1])

        yield start


async def ask(port: int, request: bytes) -> bytes:
    """Everything that is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /metrics HTTP/1.1", b"200 OK"),
        (b"GET /metrics HTTP/1.0", b"200 OK"),
        (b"HEAD /metrics HTTP/1.1", b"200 OK"),
        # Other methods.
        (b"POST /metrics HTTP/1.1", b"405 Method Not Allowed"),
        (b"get /metrics HTTP/1.1", b"405 Method Not Allowed"),
        # Other protocols, and none.
        (b"GET /metrics", b"400 Bad Request"),
        (b"PRI * HTTP/2.0", b"400 Bad Request"),
        (b"EHLO mail.example", b"400 Bad Request"),
        (b"\x16\x03\x01\x00\xff", b"400 Bad Request"),
        (b"", b"400 Bad Request"),
        # More than any scraper sends.
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1", b"431 Request Header Fields Too Large"),
    ],
)
async def test_what_is_answered(serve: Serve, request_line: bytes, status: bytes) -> None:
    """A page for GET and HEAD, and a reason for everything else."""
    answer = await ask(await serve(), request_line + b"\r\nHost: x\r\n\r\n")
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert b"\r\nConnection: close" in head
    assert (content == b"page /metrics") is (status == b"200 OK" and not request_line.startswith(b"HEAD"))


async def test_a_query_is_not_part_of_the_path(serve: Serve) -> None:
    """What some scrapers append changes nothing."""
    assert (await ask(await serve(), b"GET /healthz?verbose HTTP/1.1\r\n\r\n")).endswith(b"\r\npage /healthz")


async def test_who_may_not_ask_hears_so(serve: Serve) -> None:
    """Others are told which setting names those who may, without being read."""
    answer = await ask(await serve(lambda _: False), b"")
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert b"metrics.networks" in answer


async def test_hanging_clients_make_room(serve: Serve) -> None:
    """However many connect and say nothing, or do not read: the next one is answered, and the oldest are cut."""
    port = await serve()
    hanging = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2 * pages._MOST_CONNECTIONS)]
    assert (await ask(port, b"GET / HTTP/1.1\r\n\r\n")).endswith(b"page /")
    assert await hanging[0][0].read() == b""
    for _, writer in hanging:
        writer.close()


async def test_nobody_hangs_for_ever(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends a request too slowly is cut."""
    monkeypatch.setattr(pages, "_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", await serve())
    writer.write(b"GET /")
    assert await reader.read() == b""
    writer.close()
