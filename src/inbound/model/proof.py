"""Is it proven that the author in From wrote a message, and by what?"""

from enum import StrEnum

from inbound.values import immutable


class Method(StrEnum):
    """What proved it."""

    NONE = "none"
    #: what was found when the message came, for one that is tried again
    EARLIER = "earlier_verdict"
    #: the operator's own mail server, whose word is believed
    TRUSTED_PEER = "trusted_peer"
    #: a signature that we verified, of the author's own domain (RFC 6376)
    DKIM = "dkim"
    #: a chain of seals by systems that the operator believes, one of which saw the proof (RFC 8617)
    ARC = "arc"
    #: what a system that the operator believes wrote into the message (RFC 8601)
    AUTHENTICATION_RESULTS = "authentication_results"


@immutable
class Proof:
    """A verdict about the address in From, and about no other; no verdict is not a pass."""

    is_proven: bool = False
    method: Method = Method.NONE
    #: whose word it is: the signing domain, the sealer, the authserv-id, the name of the peer; empty without proof
    domain: str = ""
    #: why, or why not, in words an operator understands
    detail: str = "nobody was asked"


#: of a message that came by no connection, or whose peer was not asked
NOT_ASKED = Proof()
