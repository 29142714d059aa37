"""Which of the peers that were turned away an operator is told of by name: those that came most often."""

from dataclasses import replace

from inbound.model.refusal import Refusals, RefusedPeer

#: networks that one notice names
MAX_NAMED = 20


def together(before: Refusals, after: Refusals) -> Refusals:
    """Both, counted by network; the networks that came most often are named.

    Args:
        before: counted first.
        after: counted later, or in another process; what it says about a network is the last that is known.
    """
    peers: dict[str, RefusedPeer] = {}
    for peer in (*before.peers, *after.peers):
        known = peers.get(peer.network)
        peers[peer.network] = replace(peer, count=peer.count + known.count) if known else peer
    ranked = sorted(peers.values(), key=lambda peer: -peer.count)
    unnamed = sum(peer.count for peer in ranked[MAX_NAMED:])
    return Refusals(peers=tuple(ranked[:MAX_NAMED]), others=before.others + after.others + unnamed)
