"""One mail outside SMTP: `inbound deliver` and `inbound messages retry`."""

import asyncio
import time
from datetime import datetime
from pathlib import Path

from inbound.app.secret import secret_of
from inbound.config import PeerRule, Settings
from inbound.database import messages
from inbound.database.engine import Database, transaction
from inbound.database.messages import Listed
from inbound.database.numbers import DayBases
from inbound.errors import InboundError, NotFound
from inbound.intake import Committer
from inbound.intake.understanding import understand
from inbound.message.parse import parse
from inbound.model.mail import Delivery, Peer, Recipient
from inbound.model.outcome import Answer
from inbound.model.proof import Method, Proof
from inbound.pipeline.context import Context, build_context
from inbound.routing import Refusal, Routes
from inbound.security.dns import Lookup, Resolver, system_lookup
from inbound.security.peers import Evidence, Peers, parse_address
from inbound.security.proof import Prover
from inbound.values import immutable

#: where a mail comes from that came over no connection, and as whom it is judged: a program on this machine
LOCAL = "local"
_LOOPBACK = "127.0.0.1"


@immutable
class Envelope:
    """What SMTP would have said."""

    #: recipients as written; at least one
    rcpt_to: tuple[str, ...]
    #: reverse-path; empty for the null reverse-path
    mail_from: str
    #: address of the peer; None = no connection
    peer_address: str | None
    #: aware, UTC
    received_at: datetime


def usual_sender(content: bytes) -> str:
    """The reverse-path with which a mail in a file most likely came: it decides whether somebody is answered.

    Args:
        content: of the mail.

    Returns:
        what a mail server wrote into Return-Path; otherwise the author, and for a report the null reverse-path.
    """
    mail = parse(content)
    if mail.marks.return_path is not None:
        return mail.marks.return_path
    return mail.author.address if mail.author is not None and mail.report is None else ""


def delivery_of(
    content: bytes, envelope: Envelope, settings: Settings, lookup: Lookup = system_lookup, secret: bytes = b""
) -> Delivery:
    """Route and judge a mail as reception would.

    Args:
        content: of the mail.
        envelope: as SMTP would have said it.
        settings: of the file.
        lookup: asks DNS.
        secret: of the desk, as for `Routes`.

    Raises:
        NotFound: a recipient leads to no active mailbox, or no entry lets the peer in.
    """
    routes = Routes(settings, secret)
    recipients: dict[str, Recipient] = {}
    for address in envelope.rcpt_to:
        recipient = routes.route(address)
        if isinstance(recipient, Refusal):
            raise NotFound(f"{address}: {recipient.value}")
        recipients.setdefault(recipient.mailbox, recipient)
    rule, proof = asyncio.run(_judge(content, envelope, settings, lookup))
    return Delivery(
        content=content,
        mail_from=envelope.mail_from,
        recipients=tuple(recipients.values()),
        peer=Peer(
            address=envelope.peer_address or LOCAL,
            helo="",
            tls=None,
            name=rule.name if rule else "",
            is_trusted=rule is not None and rule.trusted,
        ),
        received_at=envelope.received_at,
        proof=proof,
    )


async def _judge(
    content: bytes, envelope: Envelope, settings: Settings, lookup: Lookup
) -> tuple[PeerRule | None, Proof]:
    """As reception would. Who may run commands here needs no entry, but is trusted only by one."""
    resolver = Resolver(lookup, seconds=settings.limits.dns_seconds)
    address = envelope.peer_address
    peers = Peers(settings.peers, resolver)
    if address is None:
        rule = peers.find(parse_address(_LOOPBACK))
    else:
        judgement = await peers.judge(Evidence(address=parse_address(address)))
        rule = judgement.rule
        if rule is None:
            raise NotFound(f"no [[peers]] entry lets {address} in: {judgement.detail}")
    prover = Prover(settings.authentication, resolver)
    return rule, await prover.prove(content, rule, now=envelope.received_at.timestamp())


def deliver(delivery: Delivery, settings: Settings, config: Path, database: Database) -> Answer:
    """Process and commit a mail as if it had come by SMTP."""
    committer = Committer(database, context_of(settings, config, database))
    return committer.commit([delivery], time.monotonic() + settings.intake.deadline_seconds)[0]


def retry(row_id: int, settings: Settings, config: Path, database: Database) -> Answer:
    """Run a quarantined message through the pipeline again; it keeps its row and its time of receipt.

    Raises:
        NotFound: there is no such message, or its mailbox is gone.
        InboundError: it is not in quarantine.
    """
    with transaction(database) as tx:
        stored = messages.get(tx, row_id)
        content = messages.content_of(tx, row_id)
    if stored is None or content is None:
        raise NotFound(f"there is no message {row_id}")
    if stored.outcome != "quarantined":
        raise InboundError(f"message {row_id} is not in quarantine: its outcome is {stored.outcome}")
    context = context_of(settings, config, database)
    if stored.mailbox not in context.mailboxes:
        raise NotFound(f"message {row_id} came to mailbox {stored.mailbox!r}, which the configuration does not name")
    committer = Committer(database, context)
    understood = understand([_delivery_again(stored, content)], context, row_id=row_id)
    return committer.commit_understood(understood, time.monotonic() + settings.intake.deadline_seconds)[0]


def _delivery_again(stored: Listed, content: bytes) -> Delivery:
    recipient = Recipient(address=stored.rcpt_to, mailbox=stored.mailbox, sub_address=stored.sub_address)
    peer = Peer(address=stored.peer_address, helo=stored.helo, tls=stored.tls, name=stored.peer_name, is_trusted=False)
    return Delivery(
        content=content,
        mail_from=stored.mail_from,
        recipients=(recipient,),
        peer=peer,
        received_at=stored.received_at,
        proof=Proof(
            is_proven=stored.is_author_proven,
            method=Method.EARLIER if stored.is_author_proven else Method.NONE,
            detail="as it was found when the message came",
        ),
    )


def context_of(settings: Settings, config: Path, database: Database, *, is_rehearsal: bool = False) -> Context:
    """What the pipeline knows besides a message.

    Args:
        settings: checked.
        config: their file.
        database: open.
        is_rehearsal: nothing is written.
    """
    return build_context(settings, DayBases(database, is_rehearsal=is_rehearsal), secret_of(settings, config))
