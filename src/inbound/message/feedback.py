"""Feedback reports: complaints about a message (RFC 5965, RFC 6591), and the forms of providers that have their own."""

import re
from collections.abc import Sequence

from inbound.message.charset import clean_line, decode
from inbound.message.delivery_fields import ADDRESS, plain_address
from inbound.message.encoded_words import decode_words
from inbound.message.headers import Header, message_ids, read_header
from inbound.message.structure import Part
from inbound.model.kinds import FeedbackReport

#: recipients that are kept, and octets that are read of a part
MAX_RECIPIENTS = 100
MAX_PART_BYTES = 200_000

_REPORT = "message/feedback-report"
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"})
# What providers call complaints that have no report part: AOL, Microsoft and those who copied them.
_SUBJECT = re.compile(
    r"(?:complaint about message from|e-?mail feedback report for(?: ip)?) \[?[\da-f]+[.:]", re.IGNORECASE
)
# Microsoft's Junk Mail Reporting Program sends no report part, only the message with a field that names the recipient.
_JMRP = b"x-hmxmroriginalrecipient"


def read_feedback_report(parts: Sequence[Part], subject: str) -> FeedbackReport | None:
    """Read a message as a feedback report.

    Args:
        parts: all parts of the message, the root first.
        subject: decoded.

    Returns:
        the report; None when it is none.
    """
    returned = next((_header(part) for part in parts if part.content_type in _RETURNED), Header([]))
    report = next((part for part in parts if part.content_type == _REPORT), None)
    root = parts[0]
    kind = root.parameters.get("report-type", "").lower() if root.content_type == "multipart/report" else ""
    is_called = _SUBJECT.match(subject) is not None and bool(returned.names())
    if report is None and kind != "feedback-report" and not returned.count(_JMRP) and not is_called:
        return None
    fields = _fields(report) if report is not None else Header([])
    ids = message_ids(returned.first(b"message-id") or fields.first(b"message-id"))
    return FeedbackReport(
        feedback_type=clean_line(decode(fields.first(b"feedback-type"))).lower() or "abuse",
        recipients=_recipients([*fields.values(b"original-rcpt-to"), *fields.values(b"removal-recipient")])
        or _recipients(returned.values(_JMRP))
        or _recipients(returned.values(b"to")),
        returned_message_id=ids[0] if ids else None,
        returned_subject=clean_line(decode_words(returned.first(b"subject"))),
    )


def _header(part: Part) -> Header:
    content = part.content()[:MAX_PART_BYTES]
    return read_header(content, 0, len(content), is_message=True)[0]


def _fields(report: Part) -> Header:
    """RFC 5965 3.1: the fields are a header; some put an empty line in front."""
    content = report.content()[:MAX_PART_BYTES].lstrip()
    return read_header(content, 0, len(content), is_message=True)[0]


def _recipients(values: list[bytes]) -> tuple[str, ...]:
    found = (plain_address(address) for value in values[:MAX_RECIPIENTS] for address in ADDRESS.findall(decode(value)))
    return tuple(dict.fromkeys(found))[:MAX_RECIPIENTS]
