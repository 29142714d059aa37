"""What a decision looks like as rows: values in, drafts out."""

import json

from inbound.database.messages import MessageRow, Redelivery
from inbound.message.calendar_text import event_text
from inbound.model.desk import NoteDraft, TicketDraft
from inbound.model.mail import Address, Mail
from inbound.model.trace import Step
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Decided

_NOBODY = Address(name="", address="")


def _originator(mail: Mail) -> Address:
    """The author as text: an unreachable one still has a name."""
    return mail.author or next(iter(mail.from_), _NOBODY)


def _text(mail: Mail) -> str:
    """What the mail says; an invitation without words is written down."""
    return event_text(mail.calendar) if mail.calendar is not None and not mail.text.strip() else mail.text


def draft_ticket(decided: Decided, number: str, title: str, context: Context) -> TicketDraft:
    """A new ticket with the mailbox's defaults."""
    received, attribution = decided.received, decided.attribution
    if attribution is None:
        raise ValueError("a ticket needs an organization")
    defaults = received.mailbox.ticket
    originator = _originator(received.mail)
    text = _text(received.mail)
    return TicketDraft(
        number=number,
        organization_id=attribution.organization.id,
        contact_id=attribution.contact.id if attribution.contact else None,
        originator_resource_id=attribution.resource.id if attribution.resource else None,
        originator_name=originator.name,
        originator_address=originator.address,
        title=title,
        description=text[: context.max_description_chars] if context.max_description_chars else text,
        category=defaults.category,
        ticket_type=defaults.type,
        status=defaults.status,
        priority=defaults.priority,
        queue=defaults.queue,
        source=defaults.source,
        issue_type=defaults.issue_type,
        sub_issue_type=defaults.sub_issue_type,
        due_at=received.delivery.received_at + defaults.due if defaults.due else None,
        created_at=received.delivery.received_at,
    )


def draft_note(decided: Decided, title: str) -> NoteDraft:
    """A note on the target."""
    received, attribution, target = decided.received, decided.attribution, decided.target
    if target is None:
        raise ValueError("a note needs a ticket")
    originator = _originator(received.mail)
    return NoteDraft(
        ticket_id=target.id,
        contact_id=attribution.contact.id if attribution and attribution.contact else None,
        resource_id=attribution.resource.id if attribution and attribution.resource else None,
        originator_name=originator.name,
        originator_address=originator.address,
        title=title,
        text=_text(received.mail),
        note_type=received.mailbox.ticket_note.note_type,
        publish=received.mailbox.ticket_note.publish,
        created_at=received.delivery.received_at,
    )


def draft_message(
    decided: Decided,
    *,
    row_id: int,
    sha256: bytes,
    ticket_id: int | None,
    note_id: int | None,
    steps: tuple[Step, ...],
) -> MessageRow:
    """The message itself, with its outcome and trace."""
    received, delivery, mail = decided.received, decided.received.delivery, decided.received.mail
    originator = _originator(mail)
    trace = [{"stage": step.stage, "rule": step.rule, "hit": step.is_hit, "detail": step.detail} for step in steps]
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
        subject=mail.subject,
        sent_at=mail.date,
        received_at=delivery.received_at,
        outcome=decided.outcome,
        reason=decided.reason,
        ticket_id=ticket_id,
        note_id=note_id,
        trace=json.dumps(trace, ensure_ascii=False),
        error=decided.error,
        size_bytes=len(delivery.content),
        sha256=sha256,
    )


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
