"""What the reader understands, in the words of the corpus' scorer (`make corpus`).

Only a translation: every value comes from the program as it runs. Fields that are absent here count as missing there.
"""

import hashlib
from collections.abc import Mapping, Sequence

from inbound.message.forwarded import read_embedded, read_forward
from inbound.message.parse import parse
from inbound.message.quoted import split_reply
from inbound.model.kinds import Action, DeliveryReport, FeedbackReport
from inbound.model.mail import Address, Attachment, Mail
from inbound.rules.automated import automatic_reply_sign, generated_sign, silencing_sign


def understand(content: bytes, _case: Mapping[str, object]) -> dict[str, object]:
    """Read one mail.

    Args:
        content: the mail as received.
        _case: the scorer's description of it; not used, so that no answer can depend on it.
    """
    mail = parse(content)
    return {"accepted": True, **_fields(mail), **_kinds(mail), **_divided(mail.text), "forward": _forward(mail)}


def _divided(text: str) -> dict[str, object]:
    reply = split_reply(text)
    return {"reply_text": reply.new_text, "elided_text": reply.rest, "signature": reply.signature}


def _forward(mail: Mail) -> dict[str, object]:
    """Who forwarded nothing may still quote a mail with its header fields."""
    forward = read_forward(mail.text, mail.subject)
    embedded = forward or read_embedded(mail.text)
    if embedded is None:
        return {"detected": False, "message": None, "embedded_text": None}
    return {
        "detected": forward is not None,
        "from": embedded.author.address or None,
        "from_name": embedded.author.name or None,
        "to": _addresses(embedded.to),
        "cc": _addresses(embedded.cc),
        "subject": embedded.subject or None,
        "body": embedded.body,
        "message": embedded.comment or None,
        "embedded_text": embedded.source,
    }


def _fields(mail: Mail) -> dict[str, object]:
    return {
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "message_id": mail.message_id,
        "in_reply_to": next(iter(mail.in_reply_to), None),
        "references": list(mail.references),
        "date": mail.date.strftime("%Y-%m-%dT%H:%M:%SZ") if mail.date else None,
        "from": _addresses(mail.from_),
        "from_names": _names(mail.from_),
        "to": _addresses(mail.to),
        "to_names": _names(mail.to),
        "cc": _addresses(mail.cc),
        "reply_to": _addresses(mail.reply_to),
        "sender": mail.sender.address if mail.sender else None,
        "resent_from": _addresses(mail.resent_from),
        "resent_to": _addresses(mail.resent_to),
        "resent_message_id": mail.resent_message_id,
        "tnef_decoded": "tnef" in mail.unpacked,
        "tnef": {"attachment_names": [one.name for one in mail.attachments if one.container == "tnef"]},
        "attachments": [_attachment(attachment) for attachment in mail.attachments],
    }


def _kinds(mail: Mail) -> dict[str, object]:
    # The envelope is not there; Return-Path is what the last mail server kept of it.
    has_null_path = mail.marks.return_path == ""
    bounce = mail.report if isinstance(mail.report, DeliveryReport) else None
    feedback = mail.report if isinstance(mail.report, FeedbackReport) else None
    is_reply = bool(automatic_reply_sign(mail, has_null_path=has_null_path))
    return {
        "auto_generated": bool(generated_sign(mail, has_null_path=has_null_path)),
        "may_autorespond": not silencing_sign(mail, has_null_path=has_null_path),
        "is_bounce": bounce is not None and (bounce.is_failure or bounce.is_delay),
        "bounce": _bounce(bounce) if bounce is not None else {},
        "is_feedback_report": feedback is not None,
        "feedback_type": feedback.feedback_type if feedback is not None else None,
        "creates_ticket": mail.report is None and not is_reply,
        "reopens_ticket": not generated_sign(mail, has_null_path=has_null_path),
        "original_recipients": _addresses([*mail.to, *mail.cc]),
    }


def _bounce(bounce: DeliveryReport) -> dict[str, object]:
    # A report may also tell whom the message did reach.
    unreached = [one for one in bounce.recipients if one.action in {Action.FAILED, Action.DELAYED}] or bounce.recipients
    statuses = [recipient.status for recipient in unreached]
    return {
        "recipients": [recipient.address for recipient in unreached if recipient.address],
        "recipient_count": len(unreached),
        "status": statuses[0] if len(statuses) == 1 else statuses,
        "status_class": sorted({recipient.status_class for recipient in unreached}),
        "hard": all(recipient.is_address_wrong for recipient in unreached),
        "temporary": not bounce.is_failure,
        "action": unreached[0].action.value,
    }


def _addresses(found: Sequence[Address]) -> list[str]:
    return [address.address for address in found if address.address]


def _names(found: Sequence[Address]) -> list[str]:
    return [address.name for address in found if address.name]


def _attachment(attachment: Attachment) -> dict[str, object]:
    return {
        "name": attachment.name,
        "size": len(attachment.content),
        "sha256": hashlib.sha256(attachment.content).hexdigest(),
        "md5": hashlib.md5(attachment.content, usedforsecurity=False).hexdigest(),
        "content_type": attachment.content_type,
    }
