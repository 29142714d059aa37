"""IP addresses, as sockets and as DNS name them."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

from inbound.security.dns import Resolver

IPAddress = IPv4Address | IPv6Address


def parse_address(address: str) -> IPAddress | None:
    """The IP address that a socket names, or None when it names none.

    An IPv4 peer of a dual-stack listener appears as ``::ffff:192.0.2.1`` (RFC 4291 2.5.5.2); rules are written for
    ``192.0.2.1``, so the mapping is undone here.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


async def addresses_of(host: str, version: Literal[4, 6], resolver: Resolver) -> set[IPAddress]:
    """The addresses of a host name.

    Raises:
        DnsTrouble: nobody answers.
    """
    found = await resolver.find(host, "A" if version == 4 else "AAAA")
    return {address for address in map(parse_address, found) if address is not None}
