"""Peers that are turned away, counted in memory: a dictionary entry per network, whatever a flood sends."""

from dataclasses import replace

from inbound.model.refusal import Refusals, RefusedPeer
from inbound.security.limits import network_of
from inbound.security.peers import IPAddress

#: networks that are told apart between two looks; the rest is only counted
MAX_NETWORKS = 200
#: of what a peer says
_MAX_CHARS = 200


class RefusalTally:
    """Counts, until somebody takes what was counted. For the event loop alone."""

    def __init__(self) -> None:
        self._peers: dict[str, RefusedPeer] = {}
        self._others = 0

    def add(self, ip: IPAddress | None, *, address: str, helo: str, mail_from: str, rcpt_to: str, detail: str) -> None:
        """Count one refused recipient.

        Args:
            ip: of the peer; None where the socket names none.
            address: as the socket names it.
            helo: what the peer calls itself.
            mail_from: reverse-path.
            rcpt_to: what was refused.
            detail: why no entry lets the peer in.
        """
        network = str(network_of(ip)) if ip is not None else address
        known = self._peers.get(network)
        if known is None and len(self._peers) >= MAX_NETWORKS:
            self._others += 1
            return
        self._peers[network] = RefusedPeer(
            network=network,
            address=address,
            helo=helo[:_MAX_CHARS],
            mail_from=mail_from[:_MAX_CHARS],
            rcpt_to=rcpt_to[:_MAX_CHARS],
            detail=detail[:_MAX_CHARS],
            count=known.count + 1 if known else 1,
        )

    def take(self) -> Refusals | None:
        """What was counted since the last time, from zero on; None when there was nothing."""
        if not self._peers:
            return None
        taken = Refusals(peers=tuple(self._peers.values()), others=self._others)
        self._peers, self._others = {}, 0
        return taken

    def give_back(self, taken: Refusals) -> None:
        """Count again what could not be told; what came since is newer."""
        newer, self._peers = self._peers, {peer.network: peer for peer in taken.peers}
        self._others += taken.others
        for network, peer in newer.items():
            known = self._peers.get(network)
            if known is None and len(self._peers) >= MAX_NETWORKS:
                self._others += peer.count
            else:
                self._peers[network] = replace(peer, count=peer.count + known.count) if known else peer
