"""The message itself as a row, with its outcome and trace."""

from collections.abc import Sequence

import orjson

from inbound.database.messages import MessageRow, Redelivery, Reference
from inbound.model.mail import Mail
from inbound.model.outcome import Reason
from inbound.model.trace import Step
from inbound.pipeline.drafts import NOBODY, masked_subject, originator_of
from inbound.pipeline.steps import Decided, Received

#: addresses of To and Cc that are kept with a message
MAX_ADDRESSEES = 200


def draft_message(
    decided: Decided,
    *,
    row_id: int,
    sha256: bytes | None,
    ticket_id: int | None,
    note_id: int | None,
    time_entry_id: int | None,
    steps: Sequence[Step],
) -> MessageRow:
    """The message itself, with its outcome and trace. Of private mail nothing is kept that says what is in it."""
    received, delivery, mail = decided.received, decided.received.delivery, decided.received.mail
    is_private = received.is_private
    originator = NOBODY if is_private else originator_of(mail)
    target = decided.classified.verdict.target if decided.classified else None
    trace = [
        {"stage": step.stage, "rule": step.rule, "hit": step.is_hit, "detail": step.detail}
        for step in steps
        if not is_private or step.rule == Reason.PRIVATE
    ]
    return MessageRow(
        id=row_id,
        mailbox=received.mailbox.name,
        # A rehearsal's identity is nobody's: no live message waits for it.
        identity=received.salt or received.identities[0],
        identity_version=mail.identity.version,
        message_id=mail.message_id,
        mail_from=delivery.mail_from,
        rcpt_to=received.recipient.address,
        sub_address=received.recipient.sub_address,
        peer_address=delivery.peer.address,
        peer_name=delivery.peer.name,
        helo=delivery.peer.helo,
        tls=delivery.peer.tls,
        author_name=originator.name,
        author_address=originator.address,
        subject="" if is_private else masked_subject(mail.subject, received.mailbox),
        sent_at=mail.date,
        received_at=delivery.received_at,
        outcome=decided.outcome,
        reason=decided.reason,
        ticket_id=ticket_id,
        project_id=target.id if target and target.kind == "project" else None,
        task_id=target.id if target and target.kind == "task" else None,
        note_id=note_id,
        time_entry_id=time_entry_id,
        addressees=_json([] if is_private else _addressees(mail)),
        is_author_proven=received.is_author_proven,
        trace=_json(trace),
        error=decided.error,
        size_bytes=len(delivery.content),
        sha256=sha256,
        loop_key=None if is_private else received.loop_key,
        body_key=None if is_private else received.body_key,
    )


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def draft_references(received: Received, row_id: int) -> list[Reference]:
    """What a message refers to, for those that refer to the same."""
    return [
        Reference(message_row_id=row_id, position=position, reference=reference)
        for position, reference in enumerate(received.thread_ids)
    ]


def _addressees(mail: Mail) -> list[str]:
    """Who could have read it: To and Cc, in lower case."""
    addressed = (address.key for address in (*mail.to, *mail.cc) if address.address)
    return list(dict.fromkeys(addressed))[:MAX_ADDRESSEES]


def draft_redelivery(decided: Decided) -> Redelivery:
    """One more delivery of a message that is stored already."""
    delivery = decided.received.delivery
    if decided.first is None:
        raise ValueError("a duplicate has a first delivery")
    return Redelivery(
        message_row_id=decided.first.row_id,
        mail_from=delivery.mail_from,
        rcpt_to=decided.received.recipient.address,
        peer_address=delivery.peer.address,
        helo=delivery.peer.helo,
        received_at=delivery.received_at,
    )
