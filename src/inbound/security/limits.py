"""How many connections at once: in all, and from one place; over all processes of the daemon."""

from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Network, ip_network
from mmap import mmap

from inbound.config import Limits
from inbound.security.peers import IPAddress

#: Who has one address commonly has its neighbours: an IPv4 /24, an IPv6 /64 (RFC 6177, RFC 7721) count as one place.
_IPV4_NETWORK_OCTETS, _IPV6_NETWORK_OCTETS = 3, 8
#: places that are told apart; two that share a slot share their limit, which is rare and errs on the safe side
_SLOTS = 16_384
_TOTAL = _SLOTS
_ROW = _SLOTS + 1
_BYTES = 4


def shared_counters(processes: int) -> mmap:
    """Memory in which that many processes count, to be made before they are forked; all zero."""
    return mmap(-1, processes * _ROW * _BYTES)


class ConnectionCount:
    """Open connections, counted in all and per place.

    Every process writes only its own row and adds up all rows, so that no lock is needed. Two processes that admit a
    connection in the same microsecond may exceed a limit by one.
    """

    def __init__(self, shared: mmap | None = None, process: int = 0) -> None:
        """Count from zero.

        Args:
            shared: of `shared_counters`; None when this is the only process.
            process: which row is ours.
        """
        self._rows = memoryview(shared or bytearray(_ROW * _BYTES)).cast("I")
        self._own = process * _ROW
        # What a predecessor that was killed had open is closed.
        self._rows[self._own : self._own + _ROW] = memoryview(bytearray(_ROW * _BYTES)).cast("I")

    @property
    def total(self) -> int:
        """Open connections of all processes."""
        return self._sum(_TOTAL)

    def enter(self, address: IPAddress, limits: Limits) -> bool:
        """Count one more connection; False, and nothing counted, when there are as many as the limits allow."""
        slot = _slot(address)
        if self.total >= limits.connections or self._sum(slot) >= limits.connections_per_network:
            return False
        self._rows[self._own + _TOTAL] += 1
        self._rows[self._own + slot] += 1
        return True

    def leave(self, address: IPAddress) -> None:
        """Take back one successful ``enter`` of the same address."""
        self._rows[self._own + _TOTAL] -= 1
        self._rows[self._own + _slot(address)] -= 1

    def _sum(self, slot: int) -> int:
        return sum(self._rows[slot::_ROW])


def network_of(address: IPAddress) -> IPv4Network | IPv6Network:
    """The place that an address belongs to."""
    return ip_network((address, 8 * _network_octets(address)), strict=False)


def _network_octets(address: IPAddress) -> int:
    return _IPV4_NETWORK_OCTETS if address.version == 4 else _IPV6_NETWORK_OCTETS


def _slot(address: IPAddress) -> int:
    """Where one network is counted."""
    octets = address.packed[: _network_octets(address)]
    return int.from_bytes(blake2b(octets, digest_size=4).digest()) % _SLOTS
