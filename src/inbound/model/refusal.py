"""Peers that were turned away: what the operator hears of them."""

from inbound.values import immutable


@immutable
class RefusedPeer:
    """Peers of one network that no entry lets in, and what the last of them wanted."""

    #: IPv4 /24 or IPv6 /64, or what the socket says where that is no IP address
    network: str
    address: str
    helo: str
    #: empty for the null reverse-path
    mail_from: str
    rcpt_to: str
    #: why nothing let it in
    detail: str
    #: recipients that were refused
    count: int = 1


@immutable
class Refusals:
    """Who was turned away since somebody asked."""

    peers: tuple[RefusedPeer, ...] = ()
    #: recipients refused to networks that are too many to be named
    others: int = 0
