"""Connections in all and per place."""

from inbound.config import Limits
from inbound.security.limits import ConnectionCount, shared_counters
from inbound.security.peers import IPAddress, parse_address

LIMITS = Limits(connections=3, connections_per_network=2)


def address(text: str) -> IPAddress:
    parsed = parse_address(text)
    assert parsed is not None
    return parsed


def test_one_place_has_its_own_limit() -> None:
    """The third connection of one /24 is refused while another network still gets in."""
    count = ConnectionCount()
    assert [count.enter(address(f"192.0.2.{host}"), LIMITS) for host in (1, 2, 255)] == [True, True, False]
    assert count.enter(address("192.0.3.1"), LIMITS)


def test_all_places_have_a_limit_together() -> None:
    """The fourth connection is refused from wherever it comes."""
    count = ConnectionCount()
    assert all(count.enter(address(f"192.0.{n}.2"), LIMITS) for n in range(3))
    assert not count.enter(address("192.0.9.2"), LIMITS)


def test_an_ipv6_host_is_its_64() -> None:
    """Addresses of one /64 are one place, those of its neighbour another."""
    count = ConnectionCount()
    assert count.enter(address("2001:db8::1"), LIMITS)
    assert count.enter(address("2001:db8::ffff:1"), LIMITS)
    assert not count.enter(address("2001:db8::2"), LIMITS)
    assert count.enter(address("2001:db8:0:1::2"), LIMITS)


def test_who_leaves_makes_room() -> None:
    """After as many left as entered, the limits are as at the beginning."""
    count = ConnectionCount()
    for _ in range(5):
        assert [count.enter(address("192.0.2.1"), LIMITS) for _ in range(2)] == [True, True]
        count.leave(address("192.0.2.1"))
        count.leave(address("192.0.2.1"))
    assert count.total == 0


def test_processes_count_together() -> None:
    """What one process admitted counts for the other; a process that starts again begins without its predecessor's."""
    shared = shared_counters(2)
    first, second = ConnectionCount(shared, 0), ConnectionCount(shared, 1)
    assert first.enter(address("192.0.2.1"), LIMITS)
    assert second.enter(address("192.0.2.1"), LIMITS)
    assert not first.enter(address("192.0.2.1"), LIMITS)
    assert second.enter(address("198.51.100.2"), LIMITS)
    assert first.total == 3
    assert not first.enter(address("203.0.113.3"), LIMITS)
    restarted = ConnectionCount(shared, 1)
    assert restarted.total == 1
    assert restarted.enter(address("192.0.2.1"), LIMITS)
