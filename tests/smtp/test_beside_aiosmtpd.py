"""What is ours, the bulk reader and the reader of addresses, beside what it replaces in aiosmtpd.

Known differences, all of them on purpose:

- Lines over 1,001 octets: aiosmtpd refuses the message with 500, we take it. A refused line is lost mail.
- Comments, blanks and folding within a path, empty paths, control characters: aiosmtpd reads them with the parser of
  message headers; RFC 5321 4.1.2 has none of that, and we refuse it.
- A quoted local part: aiosmtpd gives it back with the quotes it needs, we as it was sent. Both name the same mailbox.
- Dots anywhere in a local part, and domains as long as 255 characters: we take them, aiosmtpd not all of them.
"""

import asyncio
import re
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import assume, example, given
from hypothesis import strategies as st

from inbound.routing import _unquoted
from inbound.security.limits import ConnectionCount
from inbound.smtp.protocol import Connections, InboundSMTP
from inbound.smtp.replies import Reply
from inbound.smtp.session import Service
from inbound.smtp.syntax import parse_mail
from smtp.test_stream import feed, read

#: pieces of a message, chosen to meet every border of the grammar
ATOMS = (
    *(b".", b"..", b"\r", b"\n", b"\r\n", b"\r\n.", b"\r\n..", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r"),
    *(b"a", b"words ", b"\x00", b"\xff", b"\r\n.\r\n", b"QUIT\r\n", b"\r\r\n", b"\x00.\r\n", b"x" * 995),
)
#: what aiosmtpd refuses with 500
LINE_OCTETS = 1_001
#: pieces of a path
PATH_ATOMS = (
    *(
        "<",
        ">",
        "@",
        ".",
        '"',
        "\\",
        " ",
        "\t",
        "[",
        "]",
        ":",
        ",",
        ";",
        "(",
        ")",
        "=",
        "+",
        "-",
        "_",
        "%",
        "!",
        "\r\n",
    ),
    *("a", "b.c", "client.example", "a@client.example", "<a@client.example>", '"a b"', '"a"', "[192.0.2.1]", "\u00fc"),
    *("@one.example:", "@one.example,@two.example:", "SIZE=1", "\x00", "1"),
)

#: all that the reader of addresses asks of its object
WITHOUT_LIMIT = cast("SMTP", SimpleNamespace(local_part_limit=0))

streams = st.lists(st.one_of(st.sampled_from(ATOMS), st.binary(max_size=4)), max_size=30).map(b"".join)
#: how much a stream buffers: where messages are cut into pieces
limits = st.sampled_from((8, 50, 65_536))
cuts_of = st.lists(st.integers(0, 3_000), max_size=8)


def chunked(octets: bytes, cuts: Sequence[int]) -> list[bytes]:
    borders = sorted({0, len(octets), *(cut % (len(octets) + 1) for cut in cuts)})
    return [octets[start:end] for start, end in pairwise(borders)]


def conforming(content: bytes) -> bytes:
    """A message as a conforming client sends it: stuffed, ended by CRLF.CRLF."""
    return re.sub(rb"(^|\r\n)\.", rb"\1..", content + b"\r\n") + b".\r\n"


class Stock(SMTP):
    """aiosmtpd itself, without a peer."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(self, hostname="mx.desk.example", loop=loop)
        self.received: list[bytes] = []
        self.replies: list[Any] = []
        self.session, self.envelope = Session(loop), Envelope()
        self.session.host_name = "client.example"
        self.envelope.rcpt_tos = ["support@desk.example"]
        self.transport = asyncio.Transport()
        self._reader = asyncio.StreamReader(limit=self.line_length_limit)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        self.received.append(envelope.content)
        return "250 OK"

    async def push(self, status: Any) -> None:
        """Say nothing: there is no peer."""
        self.replies.append(status)


async def test_of_aiosmtpd_only_the_connection_is_used() -> None:
    """It finds neither commands nor hooks in ours: none of its own is reachable, and nothing is spent on the search."""
    service = cast("Service", SimpleNamespace(handler=object(), hostname="mx.desk.example"))
    ours = InboundSMTP(service, Connections(ConnectionCount()), asyncio.get_running_loop())
    assert (ours._smtp_methods, ours._auth_methods, ours._handle_hooks) == ({}, {}, {})
    stock = Stock()
    assert stock._smtp_methods.keys() >= {"EHLO", "VRFY"}
    assert stock._auth_methods.keys() >= {"LOGIN"}


async def read_with_aiosmtpd(chunks: Sequence[bytes]) -> tuple[bytes | str, bytes]:
    """The content that aiosmtpd's own DATA hands to its handler, or its reply; and what is left in the stream."""
    stock = Stock()
    feeding = asyncio.create_task(feed(stock._reader, chunks))
    try:
        await stock.smtp_DATA("")
    finally:
        await feeding
    return stock.received[0] if stock.received else str(stock.replies[-1]), await stock._reader.read()


def outcome(reading: Any) -> Any:
    """What came of it; None where the stream ended before the message."""
    try:
        return asyncio.run(reading)
    except asyncio.IncompleteReadError:
        return None


def test_the_version_that_was_compared() -> None:
    """Another version of aiosmtpd has to be looked at before it is used: what we replace may have changed."""
    assert version("aiosmtpd") == "1.4.6"


@given(content=streams, cuts=cuts_of, limit=limits)
def test_conforming_messages(content: bytes, cuts: list[int], limit: int) -> None:
    """For every conforming message, in whatever chunks it comes, our content is that of aiosmtpd and of the sender."""
    assume(max(map(len, content.split(b"\r\n"))) < LINE_OCTETS - 3)
    chunks = chunked(conforming(content), cuts)
    assert outcome(read(chunks, limit_bytes=limit)) == outcome(read_with_aiosmtpd(chunks)) == (content + b"\r\n", b"")


@given(sent=streams, cuts=cuts_of, limit=limits)
@example(limit=8, sent=b"a\n.\r\nb\r.\r\nc\r\n.\nd\r\r\n.\r\nQUIT\r\n", cuts=[])
@example(limit=8, sent=b"x" * 1_100 + b"\r\n.\r\nQUIT\r\n", cuts=[1_000, 1_102])
def test_streams_of_any_octets(sent: bytes, cuts: list[int], limit: int) -> None:
    """Whatever comes: the same content and the same rest, or no end of data for both; but for lines that are long."""
    chunks = chunked(sent, cuts)
    ours, stock = outcome(read(chunks, limit_bytes=limit)), outcome(read_with_aiosmtpd(chunks))
    if stock is not None and isinstance(stock[0], str):
        assert stock[0].startswith("500 Line too long")
        assert max(map(len, ours[0].split(b"\r\n"))) >= LINE_OCTETS - 2
        assert ours[1] == stock[1]
    else:
        assert ours == stock


def stock_address(path: str) -> str | None:
    """The address that aiosmtpd reads; None when it refuses the path, in whatever way."""
    try:
        address, rest = SMTP._getaddr(WITHOUT_LIMIT, path)
    except (IndexError, AttributeError, TypeError):
        # The parser of headers gives up on some paths like this.
        return None
    return address if address and not rest else None


def our_address(path: str) -> str | None:
    mail = parse_mail(f"FROM:{path} SMTPUTF8")
    return None if isinstance(mail, Reply) else mail.reverse_path


def mailbox_of(address: str) -> tuple[str, str]:
    """Local part without the quotes, and domain."""
    local, _, domain = address.rpartition("@")
    return _unquoted(local), domain


@given(st.lists(st.sampled_from(PATH_ATOMS), max_size=8).map("".join))
@example("<a@client.example>")
@example("a@client.example")
@example('<"a b"@client.example>')
@example('<"a"@client.example>')
@example(r'<"a\"b"@client.example>')
@example("<@one.example,@two.example:a@client.example>")
@example("<a@[192.0.2.1]>")
@example("<a(comment)@client.example>")
@example("<a @client.example>")
def test_paths_of_any_characters(path: str) -> None:
    """Where both read an address in a path, it is the same mailbox: no peer can mean two different ones."""
    ours, stock = our_address(path), stock_address(path)
    if ours and stock:
        assert mailbox_of(ours) == mailbox_of(stock)


@given(local=st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(?:\.[a-z0-9]{1,5}){0,3}", fullmatch=True))
def test_ordinary_paths(local: str) -> None:
    """An ordinary path is read by both, and as it stands."""
    address = f"{local}@client.example"
    assert our_address(f"<{address}>") == stock_address(f"<{address}>") == address


@pytest.mark.parametrize(
    "path",
    [
        "<a(comment)@client.example>",
        "<a @client.example>",
        "<a@ client.example>",
        "< a@client.example>",
        "<a@client.example >",
    ],
)
def test_what_only_aiosmtpd_reads(path: str) -> None:
    """Comments and blanks within a path are no part of RFC 5321 4.1.2, and refused."""
    assert stock_address(path) is not None
    assert our_address(path) is None


@pytest.mark.parametrize("path", ["<a@my_host.example>", "<a..b@client.example>", "<a.@client.example>"])
def test_what_real_senders_have(path: str) -> None:
    """What stands outside the grammar and in real mail is read as it stands."""
    assert our_address(path) == path[1:-1]
