"""Who may hand us mail: addresses to ``[[peers]]`` entries."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from inbound.config import PeerRule

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


class Peers:
    """The peers that may hand us mail, in the order of the file."""

    def __init__(self, rules: Iterable[PeerRule]) -> None:
        self._networks = tuple((network, rule) for rule in rules for network in rule.networks)

    def find(self, address: IPAddress | None) -> PeerRule | None:
        """The first rule that lets the address in; None when no rule does."""
        if address is None:
            return None
        return next((rule for network, rule in self._networks if address in network), None)
