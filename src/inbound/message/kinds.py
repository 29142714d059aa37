"""What a message is besides its text; the special readers are asked only where a cheap sign is there."""

from inbound.message.bounce_signs import is_machine
from inbound.message.bounce_subjects import has_bounce_subject
from inbound.message.calendar import CALENDAR_TYPES, read_calendar
from inbound.message.confirmations import may_be_confirmation, read_confirmation
from inbound.message.dsn import STATUS_TYPES, read_delivery_report
from inbound.message.feedback import read_feedback_report
from inbound.message.list_refusals import has_refusal_subject, read_refusal
from inbound.message.marks import read_marks
from inbound.message.protection import has_armour, read_protection
from inbound.message.receipts import has_receipt_subject, read_receipt
from inbound.message.ses import is_ses_notification, read_ses_notification
from inbound.message.structure import Part
from inbound.model.kinds import CalendarEvent, ForwardingConfirmation, Marks, Protection, Report
from inbound.model.mail import Address
from inbound.values import immutable

# Of parts with other types a message is made that is nothing but a message.
_ORDINARY = frozenset({
    "text/plain",
    "text/html",
    "multipart/alternative",
    "multipart/mixed",
    "multipart/related",
    "image/png",
    "image/jpeg",
    "image/gif",
    "application/pdf",
})  # fmt: skip
_REPORTS = STATUS_TYPES | {
    "multipart/report",
    "message/feedback-report",
    "message/disposition-notification",
}
_ENCLOSED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers"})


@immutable
class Kinds:
    """What was found."""

    marks: Marks
    report: Report | None = None
    calendar: CalendarEvent | None = None
    confirmation: ForwardingConfirmation | None = None
    protection: Protection = Protection.NONE


def read_kinds(root: Part, subject: str, authors: tuple[Address, ...], text: str) -> Kinds:
    """Find out what a message is.

    Args:
        root: of the structure.
        subject: decoded.
        authors: addresses of From.
        text: the text a person reads.
    """
    marks = read_marks(root.header)
    parts = _all_parts(root)
    special = {part.content_type for part in parts} - _ORDINARY
    report = _read_report(parts, special, marks, subject, authors)
    author = next((one for one in authors if one.address), None)
    return Kinds(
        marks=marks,
        report=report,
        calendar=read_calendar(parts) if special & CALENDAR_TYPES else None,
        confirmation=read_confirmation(author, subject, text) if may_be_confirmation(author) else None,
        protection=read_protection(parts) if special or has_armour(root.source) else Protection.NONE,
    )


def _all_parts(root: Part) -> list[Part]:
    parts = [root]
    for part in parts:
        parts.extend(part.children)
    return parts


def _read_report(
    parts: list[Part], special: set[str], marks: Marks, subject: str, authors: tuple[Address, ...]
) -> Report | None:
    header = parts[0].header
    if is_ses_notification(header):
        return read_ses_notification(parts)
    report: Report | None = None
    if special & _REPORTS or special & _ENCLOSED:
        report = read_feedback_report(parts, subject)
    is_called_bounce = has_bounce_subject(subject)
    # Sieve's "reject" (RFC 5429 2.1.1) takes the form of a receipt, and means a bounce.
    if report is None and not is_called_bounce and (special & _REPORTS or has_receipt_subject(subject)):
        report = read_receipt(parts, header, subject, authors)
    if report is None and (special & _REPORTS or is_called_bounce or is_machine(authors, marks)):
        report = read_delivery_report(parts, marks, subject, authors)
    if report is None and has_refusal_subject(subject):
        report = read_refusal(parts, marks, authors)
    return report
