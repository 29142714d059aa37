"""What a well-formed command means: who may send, where it goes, what became of it. Thin on purpose."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, Self

from inbound import logs, metrics
from inbound.config import Limits, PeerRule, Server, Settings
from inbound.model.mail import Delivery, Peer, Recipient
from inbound.model.outcome import Answer, Deferred
from inbound.routing import Refusal, Routes
from inbound.security.dns import Resolver
from inbound.security.peers import Evidence, IPAddress, Judgement, Peers
from inbound.security.proof import Prover
from inbound.security.refusals import RefusalTally
from inbound.smtp import replies
from inbound.smtp.replies import Reply
from inbound.smtp.stream import Overrun
from inbound.values import immutable


class Intake(Protocol):
    """Where messages go."""

    def has_room(self, octets: int) -> bool:
        """Would there be room for so many octets now?"""

    def reserve(self, octets: int) -> bool:
        """Account octets of DATA in progress; False when there is no room."""

    def release(self, octets: int) -> None:
        """Give back what was reserved."""

    async def deliver(self, delivery: Delivery) -> Answer:
        """Have the message committed, or hear why not. Never raises; a vanished peer does not stop it."""


@immutable
class Policy:
    """What the settings say about reception; replaced as a whole on reload."""

    server: Server
    limits: Limits
    routes: Routes
    peers: Peers
    prover: Prover

    @classmethod
    def from_settings(cls, settings: Settings, resolver: Resolver, secret: bytes = b"") -> Self:
        """The policy of these settings.

        Args:
            settings: checked.
            resolver: asks DNS.
            secret: of the desk, as for `Routes`.
        """
        return cls(
            server=settings.server,
            limits=settings.limits,
            routes=Routes(settings, secret),
            peers=Peers(settings.peers, resolver),
            prover=Prover(settings.authentication, resolver),
        )


@dataclass(kw_only=True, slots=True)
class Client:
    """The other end of a connection, as far as it is known yet."""

    #: as the socket names it
    address: str
    #: None when the socket names no IP address
    ip: IPAddress | None
    #: empty before EHLO or HELO
    helo: str = ""
    #: RFC 5321 2.2.1: after HELO no extension may be used
    is_extended: bool = False
    #: TLS protocol version, None in clear text
    tls: str | None = None
    #: that it logged in as; empty without
    user: str = ""
    #: of its verified certificate: SHA-256 in lower case, and host names
    fingerprint: str = ""
    certificate_names: tuple[str, ...] = ()
    #: what the peers of `judged_by` made of all that; None = not asked yet
    judgement: Judgement | None = None
    judged_by: Peers | None = None


@dataclass(kw_only=True, slots=True)
class Transaction:
    """What was agreed since MAIL (RFC 5321 3.3)."""

    #: empty for the null reverse-path
    mail_from: str
    #: RFC 6531 3.4: addresses may go beyond ASCII
    is_utf8: bool
    #: accepted recipients by mailbox: the first address of a mailbox stands for all
    recipients: dict[str, Recipient] = field(default_factory=dict)
    #: RCPT commands that were accepted
    accepted: int = 0
    #: the rule that let the peer in
    peer_rule: PeerRule | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """One accepted address per mailbox."""
        return tuple(recipient.address for recipient in self.recipients.values())


class Handler:
    """Decides about recipients and hands messages over."""

    def __init__(self, policy: Policy, intake: Intake, refusals: RefusalTally) -> None:
        self.policy = policy
        self.intake = intake
        self.refusals = refusals

    async def judge(self, client: Client) -> None:
        """Find out, before its first recipient, whether the peer may deliver; again after it has shown more."""
        peers = self.policy.peers
        if client.judgement is None or client.judged_by is not peers:
            evidence = Evidence(
                address=client.ip,
                user=client.user,
                fingerprint=client.fingerprint,
                certificate_names=client.certificate_names,
            )
            client.judgement, client.judged_by = await peers.judge(evidence), peers

    def rcpt(self, client: Client, transaction: Transaction, address: str) -> Reply:
        """Accept a recipient into the transaction, or say why not; never a later bounce."""
        policy = self.policy
        if transaction.accepted >= policy.limits.recipients:
            reply = replies.TOO_MANY_RECIPIENTS
            return _refused(client, transaction, address, reply, "too_many_recipients")
        judgement = client.judgement
        if judgement is None or judgement.rule is None:
            is_uncertain = judgement is None or judgement.is_uncertain
            is_final = policy.server.peer_refusal == "reject" and not is_uncertain
            reply = replies.PEER_REJECTED if is_final else replies.PEER_DEFERRED
            reason = "peer_uncertain" if is_uncertain else "peer_not_allowed"
            detail = judgement.detail if judgement else ""
            self._count_refusal(client, transaction, address, detail)
            return _refused(client, transaction, address, reply, reason, detail)
        route = policy.routes.route(address)
        if isinstance(route, Refusal):
            return _refused(client, transaction, address, replies.for_refusal(route), route.value)
        transaction.peer_rule = judgement.rule
        transaction.recipients.setdefault(route.mailbox, route)
        transaction.accepted += 1
        return replies.RECIPIENT_ACCEPTED

    def _count_refusal(self, client: Client, transaction: Transaction, address: str, detail: str) -> None:
        """The operator hears of it, unless somebody only tries whether we are an open relay."""
        if self.policy.routes.route(address) is not Refusal.DOMAIN_NOT_SERVED:
            self.refusals.add(
                client.ip,
                address=client.address,
                helo=client.helo,
                mail_from=transaction.mail_from,
                rcpt_to=address,
                detail=detail,
            )

    async def data(self, client: Client, transaction: Transaction, content: bytes) -> Reply:
        """Hand a complete message over and wait until it is committed or deferred."""
        received_at = datetime.now(UTC)
        proof = await self.policy.prover.prove(content, transaction.peer_rule, now=received_at.timestamp())
        metrics.proofs.add(proof.method)
        delivery = Delivery(
            content=content,
            mail_from=transaction.mail_from,
            recipients=tuple(transaction.recipients.values()),
            peer=_peer(client, transaction.peer_rule),
            received_at=received_at,
            proof=proof,
        )
        try:
            answer = await self.intake.deliver(delivery)
            reply = replies.for_answer(answer)
        except Exception as error:  # noqa: BLE001 - whatever it is, the peer keeps the mail and nothing of it leaks
            logs.reception_failed(error, peer=client.address)
            metrics.defects.add("reception_failed")
            metrics.deferred.add("defect")
            return replies.TRY_LATER
        if isinstance(answer, Deferred):
            metrics.deferred.add(answer.why)
            logs.message_deferred(
                peer=client.address,
                mail_from=transaction.mail_from,
                rcpt_to=transaction.addresses,
                reply=str(reply),
                reason=answer.why.value,
            )
        return reply

    def mail(self, client: Client, mail_from: str, size_bytes: int) -> Reply:
        """Accept a sender, or say before it is sent why a message of this size is not taken (RFC 1870 6.1)."""
        if size_bytes > self.policy.server.max_message_bytes:
            return _overrun(client, mail_from, (), Overrun.TOO_BIG)
        if not self.intake.has_room(size_bytes):
            metrics.deferred.add(Overrun.NO_ROOM.value)
            return _overrun(client, mail_from, (), Overrun.NO_ROOM)
        return replies.SENDER_ACCEPTED

    def overrun(self, client: Client, transaction: Transaction, overrun: Overrun) -> Reply:
        """Say why the content of a message was read but not taken."""
        _count_overrun(transaction, overrun)
        return _overrun(client, transaction.mail_from, transaction.addresses, overrun)


def _overrun(client: Client, mail_from: str, rcpt_to: tuple[str, ...], overrun: Overrun) -> Reply:
    reply = replies.for_overrun(overrun)
    logs.message_refused(
        peer=client.address, mail_from=mail_from, rcpt_to=rcpt_to, reply=str(reply), reason=overrun.value
    )
    return reply


def _refused(
    client: Client, transaction: Transaction, address: str, reply: Reply, reason: str, detail: str = ""
) -> Reply:
    logs.recipient_refused(
        peer=client.address,
        helo=client.helo,
        mail_from=transaction.mail_from,
        rcpt_to=address,
        reply=str(reply),
        reason=reason,
        detail=detail,
    )
    metrics.recipients_refused.add(reason, reply.codes)
    return reply


def _count_overrun(transaction: Transaction, overrun: Overrun) -> None:
    """Refused for good is an outcome; try again is none."""
    if overrun is Overrun.NO_ROOM:
        metrics.deferred.add(overrun.value)
        return
    for mailbox in transaction.recipients:
        metrics.received.add(mailbox)
        metrics.messages.add(mailbox, "refused", overrun.value)


def _peer(client: Client, rule: PeerRule | None) -> Peer:
    return Peer(
        address=client.address,
        helo=client.helo,
        tls=client.tls,
        name=rule.name if rule else "",
        is_trusted=rule is not None and rule.trusted,
    )
