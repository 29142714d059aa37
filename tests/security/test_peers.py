"""Addresses to peer rules."""

import pytest

from inbound.config import PeerRule
from inbound.security.peers import Peers, parse_address

RULES = (
    PeerRule.model_validate({"name": "exchange", "networks": ["192.0.2.0/24", "2001:db8:1::/48"]}),
    PeerRule.model_validate({"name": "relay", "networks": ["192.0.2.7/32", "198.51.100.9/32"], "trusted": True}),
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        # inside a network, at its edges
        ("192.0.2.0", "exchange"),
        ("192.0.2.255", "exchange"),
        ("2001:db8:1::25", "exchange"),
        ("2001:db8:1::25%eth0", "exchange"),
        # the first rule wins, also over a narrower one
        ("192.0.2.7", "exchange"),
        ("198.51.100.9", "relay"),
        # an IPv4 peer of a dual-stack socket
        ("::ffff:198.51.100.9", "relay"),
        # nobody
        ("192.0.3.0", None),
        ("198.51.100.8", None),
        ("2001:db8:2::25", None),
        ("::ffff:192.0.3.0", None),
        ("", None),
        ("not an address", None),
    ],
)
def test_first_network_that_holds_the_address_decides(address: str, name: str | None) -> None:
    """The first rule with a network around the address lets the peer in."""
    rule = Peers(RULES).find(parse_address(address))
    assert (rule.name if rule else None) == name


def test_without_rules_nobody_is_let_in() -> None:
    """No ``[[peers]]`` means no peer, not every peer."""
    assert Peers(()).find(parse_address("127.0.0.1")) is None
