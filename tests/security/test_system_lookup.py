"""Asking DNS for real: a server of the test answers over UDP."""

import asyncio
from collections.abc import AsyncIterator, Callable

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from inbound.security.dns import DnsTrouble, system_lookup

ZONE = {
    ("spf.example.", "TXT"): ['"v=spf1 ip4:192.0.2.1" " -all"', '"other"'],
    ("host.example.", "A"): ["192.0.2.1", "192.0.2.2"],
    ("host.example.", "MX"): ["10 mx.example."],
    ("1.2.0.192.in-addr.arpa.", "PTR"): ["Host.example."],
}


class Server(asyncio.DatagramProtocol):
    """Answers what is in the zone, NXDOMAIN for other names, SERVFAIL for one."""

    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        question = query.question[0]
        name, kind = question.name.to_text().lower(), question.rdtype.name
        if records := ZONE.get((name, kind)):
            reply.answer.append(dns.rrset.from_text(name, 300, "IN", kind, *records))
        elif name == "broken.example.":
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name not in {known for known, _ in ZONE}:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@pytest.fixture(autouse=True)
async def _server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
    resolver.lifetime = 2.0
    ask: Callable[..., object] = resolver.resolve
    monkeypatch.setattr(dns.asyncresolver, "resolve", ask)
    yield
    transport.close()


async def test_records() -> None:
    """Strings of a TXT record are joined, names lose their last dot, an exchanger its preference."""
    texts = await system_lookup("spf.example", "TXT")
    assert (set(texts.records), texts.ttl_seconds) == ({"v=spf1 ip4:192.0.2.1 -all", "other"}, 300)
    assert set((await system_lookup("host.example", "A")).records) == {"192.0.2.1", "192.0.2.2"}
    assert (await system_lookup("host.example", "MX")).records == ("mx.example",)
    assert (await system_lookup("1.2.0.192.in-addr.arpa", "PTR")).records == ("Host.example",)


@pytest.mark.parametrize(
    "name", ["none.example", "host.example", "x" * 64 + ".example", "a..example", "y" * 300, "\\", ""]
)
async def test_no_record_is_an_answer(name: str) -> None:
    """No such name, no such record, and what can be no name at all: there is nothing."""
    assert (await system_lookup(name, "TXT")).records == ()


async def test_trouble() -> None:
    """A server that cannot say says nothing about the name."""
    with pytest.raises(DnsTrouble):
        await system_lookup("broken.example", "TXT")
