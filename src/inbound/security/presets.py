"""What the servers of providers are known by, beyond what an entry says itself."""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from inbound.config import PeerRule
from inbound.values import immutable


@immutable
class Preset:
    """The published truth in SPF, and what providers leave out of it on purpose."""

    spf: str
    hostname: str
    networks: tuple[IPv4Network | IPv6Network, ...]


_NONE = Preset(spf="", hostname="", networks=())
_PRESETS: Mapping[str, Preset] = {
    # Forwarded mail leaves through the relay pool, which Microsoft keeps out of its SPF record.
    "microsoft365": Preset(
        spf="spf.protection.outlook.com",
        hostname="*.outbound.protection.outlook.com",
        networks=(ip_network("40.95.0.0/16"),),
    ),
    # Forwarded mail that Gmail could not verify leaves from networks of its own.
    "google": Preset(
        spf="_spf.google.com",
        hostname="*.unverified-forwarding.1e100.net",
        networks=(
            ip_network("108.177.16.0/23"),
            ip_network("142.250.220.0/23"),
            ip_network("2600:1901:101::/48"),
        ),
    ),
}


def preset_of(rule: PeerRule) -> Preset:
    """What the preset of an entry adds; nothing for an entry without one."""
    return _PRESETS.get(rule.preset, _NONE)
