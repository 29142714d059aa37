"""Who is let in by SPF record, host name, login, certificate and preset."""

from ipaddress import ip_address
from typing import Any

import pytest

from inbound.config import PeerRule
from inbound.config.passwords import hash_password, is_hash, matches
from inbound.security.dns import Kind, Resolver
from inbound.security.peers import Evidence, Peers, parse_address
from inbound.security.spf import SpfError, find_permission
from security.signing import Zone

RECORDS: dict[tuple[str, Kind], list[str]] = {
    ("provider.example", "TXT"): ["other text", "v=spf1 ip4:192.0.2.0/25 include:more.example ?ip4:198.51.100.1 -all"],
    ("more.example", "TXT"): ["V=SPF1 ip6:2001:db8::/32 -ip4:203.0.113.9 ip4:203.0.113.0/24 a:host.example/28 mx ~all"],
    ("host.example", "A"): ["198.51.100.16"],
    ("more.example", "MX"): ["mx1.example", "mx2.example"],
    ("mx2.example", "A"): ["198.51.100.77"],
    ("mx2.example", "AAAA"): ["2001:db9::25"],
    ("moved.example", "TXT"): ["v=spf1 redirect=provider.example"],
    ("open.example", "TXT"): ["v=spf1 +all"],
    ("odd.example", "TXT"): ["v=spf1 exists:%{i}.x.example ptr include:%{d} a:%{h} exp=why.example"],
    ("twice.example", "TXT"): ["v=spf1 ip4:192.0.2.1", "v=spf1 ip4:192.0.2.2"],
    ("wrong.example", "TXT"): ["v=spf1 ip5:192.0.2.1"],
    ("loop.example", "TXT"): ["v=spf1 include:loop.example"],
    ("bad.example", "TXT"): ["v=spf1 ip4:192.0.2.0/99 ip4:nonsense ip6:192.0.2.1 ip4:192.0.2.7"],
    **{(f"i{n}.example", "TXT"): [f"v=spf1 include:i{n + 1}.example"] for n in range(12)},
}


@pytest.mark.parametrize(
    ("domain", "address", "term"),
    [
        # Networks of the record itself and of what it includes, first match wins.
        ("provider.example", "192.0.2.1", "ip4:192.0.2.0/25 of provider.example"),
        ("provider.example", "192.0.2.128", None),
        ("provider.example", "2001:db8::1", "ip6:2001:db8::/32 of more.example"),
        ("provider.example", "203.0.113.8", "ip4:203.0.113.0/24 of more.example"),
        ("provider.example", "203.0.113.9", None),
        # Only a pass lets in, not "?".
        ("provider.example", "198.51.100.1", None),
        # Hosts and mail exchangers, with a prefix and without.
        ("provider.example", "198.51.100.31", "a:host.example/28 of more.example"),
        ("provider.example", "198.51.100.32", None),
        ("provider.example", "198.51.100.77", "mx of more.example"),
        ("provider.example", "2001:db9::25", "mx of more.example"),
        # redirect= is followed; "all" and what cannot be known let nobody in.
        ("moved.example", "192.0.2.1", "ip4:192.0.2.0/25 of provider.example"),
        ("open.example", "192.0.2.1", None),
        ("odd.example", "192.0.2.1", None),
        # What is no network matches nothing, and what follows still does.
        ("bad.example", "192.0.2.7", "ip4:192.0.2.7 of bad.example"),
        ("bad.example", "192.0.2.1", None),
    ],
)
async def test_spf(domain: str, address: str, term: str | None) -> None:
    """Which addresses an SPF record names (RFC 7208 5)."""
    assert await find_permission(domain, ip_address(address), Resolver(Zone(RECORDS).lookup)) == term


@pytest.mark.parametrize(
    ("domain", "word"),
    [
        ("none.example", "no SPF"),
        ("twice.example", "2 SPF"),
        ("wrong.example", "ip5"),
        ("loop.example", "10"),
        ("i0.example", "10"),
    ],
)
async def test_spf_errors(domain: str, word: str) -> None:
    """Records that are missing, double, unreadable, endless, or need more than ten look-ups (RFC 7208 4.6.4)."""
    zone = Zone(RECORDS)
    with pytest.raises(SpfError, match=word):
        await find_permission(domain, ip_address("192.0.2.1"), Resolver(zone.lookup))
    assert len(zone.asked) <= 11


def rule(**settings: Any) -> PeerRule:
    return PeerRule.model_validate({"name": "peer", **settings})


NAMES: dict[tuple[str, Kind], list[str]] = {
    ("1.2.0.192.in-addr.arpa", "PTR"): ["a.mail.example"],
    ("a.mail.example", "A"): ["192.0.2.9", "192.0.2.1"],
    # Somebody who writes what he likes into the reverse DNS of his address.
    ("2.2.0.192.in-addr.arpa", "PTR"): ["b.mail.example"],
    ("b.mail.example", "A"): ["192.0.2.9"],
    ("3.2.0.192.in-addr.arpa", "PTR"): ["mail.example.evil.example", "evilmail.example"],
    ("mail.example.evil.example", "A"): ["192.0.2.3"],
    ("evilmail.example", "A"): ["192.0.2.3"],
    ("spf.protection.outlook.com", "TXT"): ["v=spf1 ip4:192.0.2.4 -all"],
    ("_spf.google.com", "TXT"): ["v=spf1 include:_netblocks.google.com ~all"],
    ("_netblocks.google.com", "TXT"): ["v=spf1 ip4:192.0.2.5 ~all"],
}
FINGERPRINT = "ab" * 32


@pytest.mark.parametrize(
    ("settings", "evidence", "detail"),
    [
        # Host names count when they lead back, and only below the domain.
        ({"hostname": "*.mail.example"}, {"address": "192.0.2.1"}, "host name a.mail.example is *.mail.example"),
        ({"hostname": "A.mail.example"}, {"address": "192.0.2.1"}, "host name a.mail.example is A.mail.example"),
        ({"hostname": "mail.example"}, {"address": "192.0.2.1"}, None),
        ({"hostname": "*.mail.example"}, {"address": "192.0.2.2"}, None),
        ({"hostname": "*.mail.example"}, {"address": "192.0.2.3"}, None),
        ({"hostname": "*.mail.example"}, {"address": "192.0.2.99"}, None),
        # Presets: the SPF record, and what is not in it.
        ({"preset": "microsoft365"}, {"address": "192.0.2.4"}, "SPF record of spf.protection.outlook.com"),
        ({"preset": "microsoft365"}, {"address": "40.95.1.2"}, "network 40.95.0.0/16"),
        ({"preset": "microsoft365"}, {"address": "192.0.2.5"}, None),
        ({"preset": "google"}, {"address": "192.0.2.5"}, "ip4:192.0.2.5 of _netblocks.google.com"),
        ({"preset": "google"}, {"address": "108.177.17.1"}, "network 108.177.16.0/23"),
        ({"preset": "google"}, {"address": "142.250.221.1"}, "network 142.250.220.0/23"),
        ({"preset": "google"}, {"address": "2600:1901:101::5"}, "network 2600:1901:101::/48"),
        ({"preset": "google"}, {"address": "40.95.1.2"}, None),
        # Who logged in, and whose certificate was verified.
        ({"users": [{"name": "mta", "password": "x"}]}, {"user": "mta"}, "user mta"),
        ({"users": [{"name": "mta", "password": "x"}]}, {"user": "other"}, None),
        ({"certificate_fingerprints": [FINGERPRINT]}, {"fingerprint": FINGERPRINT}, f"certificate {FINGERPRINT}"),
        ({"certificate_fingerprints": [FINGERPRINT]}, {"fingerprint": "cd" * 32}, None),
        (
            {"certificate_names": ["mx.peer.example"]},
            {"fingerprint": FINGERPRINT, "certificate_names": ("mx.peer.example",)},
            "certificate of mx.peer.example",
        ),
        ({"certificate_names": ["mx.peer.example"]}, {"certificate_names": ("mx.peer.example",)}, None),
        # An address that nobody knows.
        ({"networks": ["192.0.2.0/24"]}, {"address": None}, None),
    ],
)
async def test_ways(settings: dict[str, Any], evidence: dict[str, Any], detail: str | None) -> None:
    """What lets a peer in, and what does not."""
    evidence = {"address": "198.51.100.250"} | evidence
    asked = Evidence(**{**evidence, "address": parse_address(evidence["address"] or "")})
    judgement = await Peers([rule(**settings)], Resolver(Zone(NAMES).lookup)).judge(asked)
    assert judgement.is_allowed == (detail is not None)
    assert (detail or "") in judgement.detail
    assert not judgement.is_uncertain


async def test_what_needs_no_dns_comes_first() -> None:
    """A peer that is known by its network asks nobody, even where an entry above it would."""
    zone = Zone(NAMES)
    peers = Peers(
        [rule(preset="google"), rule(name="own", networks=["192.0.2.5"], trusted=True)], Resolver(zone.lookup)
    )
    judgement = await peers.judge(Evidence(address=parse_address("192.0.2.5")))
    assert judgement.rule is not None
    assert judgement.rule.name == "own"
    assert zone.asked == []


@pytest.mark.parametrize("settings", [{"preset": "microsoft365"}, {"hostname": "*.mail.example"}])
async def test_trouble_is_uncertainty(settings: dict[str, Any]) -> None:
    """Where DNS does not answer nobody is let in, and nobody is refused for good."""
    zone = Zone(NAMES)
    zone.trouble = {"*"}
    judgement = await Peers([rule(**settings)], Resolver(zone.lookup)).judge(
        Evidence(address=parse_address("192.0.2.1"))
    )
    assert (judgement.is_allowed, judgement.is_uncertain) == (False, True)
    assert "SERVFAIL" in judgement.detail


def test_passwords() -> None:
    """A hash fits its password and no other, and no two are alike."""
    stored = hash_password("pässword")
    assert matches("pässword".encode(), stored)
    assert not matches(b"password", stored)
    assert stored != hash_password("pässword")


@pytest.mark.parametrize(
    "stored", ["", "hunter2", "scrypt$3$AAAAAAAA$" + "A" * 44, "scrypt$9999999$AAAAAAAA$" + "A" * 44]
)
def test_what_is_no_hash(stored: str) -> None:
    """What was not made by us fits nothing, and costs nothing."""
    assert not is_hash(stored)
    assert not matches(b"hunter2", stored)
