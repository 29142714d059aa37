"""The tables about reception: ``[[listeners]]``, ``[[peers]]``, ``[authentication]``, ``[limits]``."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field

from inbound.config.section import Port, Positive, Seconds, Section


class Listener(Section):
    """One ``[[listeners]]`` entry."""

    address: str = "127.0.0.1"
    port: Port = 8025
    #: "none"; "starttls" offers it; "required" also refuses MAIL in clear text
    tls: Literal["none", "starttls", "required"] = "none"
    #: PEM files; `credential:NAME` reads a systemd credential; absolute after loading
    certificate: str = ""
    key: str = Field(default="", repr=False)
    #: PEM file of the authorities, or of the very certificates, by which peers may prove who they are; "" = not asked
    client_authorities: str = ""


class PeerUser(Section):
    """An entry of ``peers.users``: a name and password by which a peer shows that it is one (RFC 4954)."""

    name: str
    #: as `inbound peers hash` prints it
    password: str = Field(repr=False)


class PeerRule(Section):
    """One ``[[peers]]`` entry: who may hand over mail. Any one of its ways lets a peer in."""

    name: str
    #: what a provider's servers are known by, added to what the entry says itself: see ``security.presets``
    preset: Literal["", "microsoft365", "google"] = ""
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    #: domain whose SPF record names the peer's networks (RFC 7208); "" = none
    spf: str = ""
    #: host name of the peer, or "*." and the domain of its host names; "" = none
    hostname: str = ""
    #: who may log in, under TLS only
    users: tuple[PeerUser, ...] = ()
    #: SHA-256 of client certificates, 64 hexadecimal digits
    certificate_fingerprints: tuple[str, ...] = ()
    #: host names in client certificates
    certificate_names: tuple[str, ...] = ()
    #: the operator's own mail server: what it says about authors is believed
    trusted: bool = False
    #: whose Authentication-Results are believed when this peer hands them over (RFC 8601 2.5)
    authserv_ids: tuple[str, ...] = ()
    #: believe also Authentication-Results that name nobody, as Microsoft writes them
    results_without_id: bool = False


class Authentication(Section):
    """``[authentication]``: who is believed about the authors of messages."""

    #: domains whose seals are believed (RFC 8617); lower case after loading
    arc_sealers: tuple[str, ...] = ()
    #: seconds for all checks of a message; what is not proven by then is not proven
    seconds: Seconds = 10.0


class Limits(Section):
    """``[limits]``: what one peer may cost."""

    connections: Positive = 500
    #: from one IPv4 /24 or IPv6 /64
    connections_per_network: Positive = 100
    #: commands without a message in between
    commands: Positive = 1000
    #: errors in one connection after which every error is answered later, and 421
    soft_errors: Positive = 10
    errors: Positive = 20
    error_delay_seconds: Annotated[float, Field(ge=0, le=60)] = 1.0
    #: RFC 5321 section 4.5.3.1.4 asks for 512 and extensions add to it
    command_line_bytes: Annotated[int, Field(ge=1_024, le=65_536)] = 2_048
    #: RFC 5321 section 4.5.3.1.8: a server accepts at least 100
    recipients: Annotated[int, Field(ge=100, le=10_000)] = 100
    messages_per_connection: Positive = 10_000
    #: before the greeting: who talks first is no mail server (RFC 5321 section 3.1); 0 = not looked at
    greeting_seconds: Annotated[float, Field(ge=0, le=60)] = 0.01
    #: for one whole command line; RFC 5321 section 4.5.3.2.7 asks for at least 5 minutes
    command_seconds: Seconds = 300.0
    #: between two pieces of a message; RFC 5321 section 4.5.3.2.5 asks for 3 minutes
    data_block_seconds: Seconds = 180.0
    #: for one whole message
    data_seconds: Seconds = 600.0
    #: for everything between two messages
    idle_seconds: Seconds = 1_800.0
    #: for the handshake behind STARTTLS
    tls_seconds: Seconds = 30.0
    #: for one question to DNS
    dns_seconds: Seconds = 5.0
