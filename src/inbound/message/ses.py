"""Bounces and complaints that Amazon SES tells of in JSON (by way of SNS, which mails them)."""

import json
from collections.abc import Sequence

from inbound.message.bounce_status import one_line, reply_class, stated_status, worded_status
from inbound.message.charset import clean_line, decode
from inbound.message.delivery_fields import find_address
from inbound.message.headers import Header, message_ids
from inbound.message.structure import Part
from inbound.model.kinds import Action, DeliveryReport, FeedbackReport, ReportedRecipient

_MAX_BYTES = 200_000
_MAX_RECIPIENTS = 100
_SIGN = b"x-amz-sns-message-id"
_AUTHOR = b"@sns.amazonaws.com"


def is_ses_notification(header: Header) -> bool:
    """Was it mailed by SNS?"""
    return header.count(_SIGN) > 0 or _AUTHOR in header.first(b"from")


def read_ses_notification(parts: Sequence[Part]) -> DeliveryReport | FeedbackReport | None:
    """Read the notification in the first text.

    Args:
        parts: all parts of the message, the root first.

    Returns:
        the report; None for anything else that SNS mails.
    """
    part = next((part for part in parts if part.content_type == "text/plain" and not part.children), None)
    found = _object(decode(part.content()[:_MAX_BYTES])) if part is not None else {}
    # SNS puts what it carries into a notification of its own, unless it is told not to.
    if isinstance(inner := found.get("Message"), str):
        found = _object(inner)
    match found.get("notificationType") or found.get("eventType"):
        case "Bounce":
            return _bounce(_inner(found, "bounce"), _inner(found, "mail"))
        case "Complaint":
            return _complaint(_inner(found, "complaint"), _inner(found, "mail"))
        case _:
            return None


def _object(text: str) -> dict[str, object]:
    """The JSON object at the start of a text; SNS puts its own words behind it, and lines are folded on the way."""
    start = text.find("{")
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text, start) if start >= 0 else ({}, 0)
    except (ValueError, RecursionError):
        # RecursionError: nested deeper than the interpreter's stack
        return {}
    return found if isinstance(found, dict) else {}


def _inner(found: dict[str, object], name: str) -> dict[str, object]:
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}


def _inners(found: dict[str, object], name: str) -> list[dict[str, object]]:
    inner = found.get(name)
    return [one for one in inner[:_MAX_RECIPIENTS] if isinstance(one, dict)] if isinstance(inner, list) else []


def _word(found: dict[str, object], name: str) -> str:
    value = found.get(name)
    return clean_line(value) if isinstance(value, str) else ""


def _message_id(mail: dict[str, object]) -> str | None:
    headers = _inner(mail, "commonHeaders")
    ids = message_ids(_word(headers, "messageId").encode())
    return ids[0] if ids else None


def _bounce(bounce: dict[str, object], mail: dict[str, object]) -> DeliveryReport | None:
    recipients = tuple(
        _recipient(one, _word(bounce, "bounceType").lower(), _word(bounce, "bounceSubType"))
        for one in _inners(bounce, "bouncedRecipients")
    )
    if not recipients:
        return None
    return DeliveryReport(
        recipients=recipients,
        returned_message_id=_message_id(mail),
        returned_subject=_word(_inner(mail, "commonHeaders"), "subject"),
    )


def _recipient(one: dict[str, object], bounce_type: str, detail: str) -> ReportedRecipient:
    diagnostic = one_line(_word(one, "diagnosticCode"))
    stated = stated_status(_word(one, "status")) or stated_status(diagnostic)
    kind = reply_class(diagnostic) or ("4" if bounce_type == "transient" else "5")
    is_delay = _word(one, "action").lower().startswith("delay")
    return ReportedRecipient(
        address=find_address(_word(one, "emailAddress")),
        action=Action.DELAYED if is_delay else Action.FAILED,
        status=stated or worded_status(kind, diagnostic, detail),
        is_status_stated=bool(stated),
        diagnostic=diagnostic,
    )


def _complaint(complaint: dict[str, object], mail: dict[str, object]) -> FeedbackReport:
    addresses = (find_address(_word(one, "emailAddress")) for one in _inners(complaint, "complainedRecipients"))
    return FeedbackReport(
        feedback_type=_word(complaint, "complaintFeedbackType").lower() or "abuse",
        recipients=tuple(address for address in addresses if address),
        returned_message_id=_message_id(mail),
        returned_subject=_word(_inner(mail, "commonHeaders"), "subject"),
    )
