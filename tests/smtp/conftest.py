"""A running reception with an intake that records, and a client that speaks in lines."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme

from inbound.config import Limits, Listener, PeerRule, Server, Settings
from inbound.model.mail import Delivery
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Answer, Committed
from inbound.security.dns import Lookup, system_lookup
from inbound.smtp.listening import bind
from inbound.smtp.server import Reception

MAIL = b"From: a@client.example\r\nSubject: hello\r\n\r\nbody\r\n"


class RecordingIntake:
    """Accepts what fits, keeps it, and answers what the test has set."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.answer: Answer | Exception = Committed(())
        self.room_octets = 10_000_000
        self.reserved_octets = 0
        self.most_reserved_octets = 0
        #: cleared by a test that wants deliveries to wait
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    def has_room(self, octets: int) -> bool:
        return self.reserved_octets + octets <= self.room_octets

    def reserve(self, octets: int) -> bool:
        if self.reserved_octets + octets > self.room_octets:
            return False
        self.reserved_octets += octets
        self.most_reserved_octets = max(self.most_reserved_octets, self.reserved_octets)
        return True

    def release(self, octets: int) -> None:
        self.reserved_octets -= octets

    async def deliver(self, delivery: Delivery) -> Answer:
        self.deliveries.append(delivery)
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Talk:
    """One connection to the reception, from the peer's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def reply(self) -> str:
        """The next whole reply, its lines joined by line feeds; empty when the connection is closed."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            line = await self.reader.readline()
            if not line:
                break
            lines.append(line.decode("ascii").removesuffix("\r\n"))
        return "\n".join(lines)

    async def send(self, octets: bytes) -> None:
        """Send exactly these octets."""
        self.writer.write(octets)
        await self.writer.drain()

    async def say(self, line: str) -> str:
        """Send a command line and return the reply."""
        await self.send(line.encode() + b"\r\n")
        return await self.reply()

    async def begin(self, *recipients: str, mail_from: str = "a@client.example") -> None:
        """Go as far as the accepted recipients."""
        assert (await self.say("EHLO client.example")).startswith("250-")
        assert (await self.say(f"MAIL FROM:<{mail_from}>")).startswith("250 ")
        for recipient in recipients or ("support@desk.example",):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250 ")

    async def data(self, content: bytes = MAIL) -> str:
        """Send a message that needs no dot-stuffing and return the reply."""
        assert (await self.say("DATA")).startswith("354 ")
        await self.send(content + b".\r\n")
        return await self.reply()

    async def start_tls(self, certificate: "Certificate") -> str:
        """STARTTLS and the handshake; returns the TLS version."""
        return await self.start_tls_with(certificate, b"STARTTLS\r\n")

    async def start_tls_with(self, certificate: "Certificate", octets: bytes) -> str:
        """Send these octets, expect the reply to STARTTLS, and shake hands."""
        await self.send(octets)
        assert (await self.reply()).startswith("220 ")
        context = ssl.create_default_context(cafile=str(certificate.authority))
        await self.writer.start_tls(context, server_hostname="localhost")
        return str(self.writer.get_extra_info("ssl_object").version())


class Certificate(NamedTuple):
    certificate: Path
    key: Path
    authority: Path


class Stage(NamedTuple):
    """A running reception."""

    reception: Reception
    intake: RecordingIntake
    settings: Settings
    #: address and port of every listener
    addresses: list[tuple[str, int]]
    #: opens one more connection; it has not heard the greeting yet
    connect: Callable[[], Awaitable[Talk]]


StartStage = Callable[..., Awaitable[Stage]]


def make_settings(**changes: Any) -> Settings:
    """Two mailboxes, loopback as the only peer, one plain listener on any port; tables given replace these."""
    tables: dict[str, Any] = {
        "server": Server(hostname="mx.desk.example", max_message_bytes=100_000, domains=("desk.example",)),
        "listeners": (Listener(port=0),),
        "peers": (PeerRule(name="loopback", networks=("127.0.0.0/8",), trusted=True),),  # type: ignore[arg-type]  # pydantic reads text
        "limits": Limits(),
        "mailboxes": (
            Mailbox(name="support", address="support@desk.example", aliases=("help@desk.example",)),
            Mailbox(name="vip", address="vip@desk.example"),
            Mailbox(name="old", address="old@desk.example", active=False),
        ),
    }
    return Settings(**(tables | changes))


@pytest.fixture
async def start() -> AsyncIterator[StartStage]:
    """Starts receptions; every table of the settings may be given."""
    async with AsyncExitStack() as stack:

        async def start_stage(lookup: Lookup = system_lookup, **changes: Any) -> Stage:
            settings = make_settings(**changes)
            intake = RecordingIntake()
            reception = Reception(settings, intake, lookup=lookup)
            (doors,) = bind(settings.listeners)
            addresses = [door.getsockname() for door in doors]
            await reception.start(doors)
            stack.push_async_callback(reception.stop, 0)

            async def connect() -> Talk:
                talk = Talk(*await asyncio.open_connection(*addresses[0]))
                stack.callback(talk.writer.close)
                return talk

            return Stage(reception, intake, settings, addresses, connect)

        yield start_stage


@pytest.fixture
async def stage(start: StartStage) -> Stage:
    """A reception with ordinary settings."""
    return await start()


@pytest.fixture
async def talk(stage: Stage) -> Talk:
    """A connection to it that has heard the greeting."""
    talk = await stage.connect()
    assert await talk.reply() == "220 mx.desk.example ESMTP"
    return talk


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost, its key, and the authority to trust."""
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = Certificate(directory / "certificate.pem", directory / "key.pem", directory / "authority.pem")
    files.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    files.key.write_bytes(issued.private_key_pem.bytes())
    files.authority.write_bytes(authority.cert_pem.bytes())
    return files


@pytest.fixture
def tls_listener(certificate: Certificate) -> Callable[[str], Listener]:
    """A listener on any port with the certificate; the argument is its ``tls`` setting."""

    def make(tls: str) -> Listener:
        return Listener.model_validate(
            {"port": 0, "tls": tls, "certificate": str(certificate.certificate), "key": str(certificate.key)}
        )

    return make
