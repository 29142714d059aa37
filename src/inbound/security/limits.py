"""How many connections at once: in all, and from one place."""

from collections import Counter

from inbound.config import Limits
from inbound.security.peers import IPAddress

#: An IPv6 host commonly owns a whole /64 (RFC 6177, RFC 7721): its addresses count as one.
_IPV6_INTERFACE_BITS = 64


def origin_of(address: IPAddress) -> tuple[int, int]:
    """What is counted as one place: an IPv4 address, or an IPv6 /64."""
    if address.version == 4:
        return 4, int(address)
    return 6, int(address) >> _IPV6_INTERFACE_BITS


class ConnectionCount:
    """Open connections, counted in all and per place."""

    def __init__(self) -> None:
        self.total = 0
        self._by_origin: Counter[tuple[int, int]] = Counter()

    def enter(self, address: IPAddress, limits: Limits) -> bool:
        """Count one more connection; False, and nothing counted, when there are as many as the limits allow."""
        origin = origin_of(address)
        if self.total >= limits.connections or self._by_origin[origin] >= limits.connections_per_address:
            self._forget_if_none(origin)
            return False
        self.total += 1
        self._by_origin[origin] += 1
        return True

    def leave(self, address: IPAddress) -> None:
        """Take back one successful ``enter`` of the same address."""
        origin = origin_of(address)
        self.total -= 1
        self._by_origin[origin] -= 1
        self._forget_if_none(origin)

    def _forget_if_none(self, origin: tuple[int, int]) -> None:
        # A counter that keeps zeros grows with every address that ever connected.
        if not self._by_origin[origin]:
            del self._by_origin[origin]
