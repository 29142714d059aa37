"""`inbound parse`: what the reader understands of a mail, for people and for programs."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum

from inbound.cli.show import printable
from inbound.message.display import display_html
from inbound.message.forwarded import read_forward
from inbound.message.quoted import split_reply
from inbound.model.kinds import DeliveryReport, FeedbackReport, Protection, ReadReceipt, Report
from inbound.model.mail import Address, Attachment, Mail


def understood_json(mail: Mail) -> dict[str, object]:
    """A mail for a program: everything but the contents of its attachments, of which their hashes are given."""
    return {
        "subject": mail.subject,
        "from": _addresses(mail.from_),
        "sender": _address(mail.sender) if mail.sender else None,
        "reply_to": _addresses(mail.reply_to),
        "to": _addresses(mail.to),
        "cc": _addresses(mail.cc),
        "resent_from": _addresses(mail.resent_from),
        "resent_to": _addresses(mail.resent_to),
        "resent_message_id": mail.resent_message_id,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "date": mail.date.isoformat() if mail.date else None,
        "text": mail.text,
        "reply": _plain(split_reply(mail.text)),
        "forward": _plain(read_forward(mail.text, mail.subject)),
        "html": mail.html,
        "display_html": display_html(mail.html) if mail.html is not None else None,
        "attachments": [_attachment(attachment) for attachment in mail.attachments],
        "unpacked": list(mail.unpacked),
        "identity": {"digest": mail.identity.digest.hex(), "version": mail.identity.version},
        "marks": _plain(mail.marks),
        "report": _kind_of(mail.report) if mail.report is not None else None,
        "calendar": _plain(mail.calendar),
        "confirmation": _plain(mail.confirmation),
        "protection": mail.protection.value,
        "over_guard": mail.over_guard,
    }


def understood_text(mail: Mail) -> str:
    """A mail for a person: what is there, then the text; what it quotes and the signature stand apart."""
    lines = [f"{label:<12}{value}" for label, value in _labelled(mail) if value]
    reply = split_reply(mail.text)
    for heading, text in (("", reply.new_text), ("--- quoted", reply.quoted_text), ("--- signature", reply.signature)):
        lines += [heading, *text.split("\n")] if text else []
    return "\n".join(map(printable, lines))


def _labelled(mail: Mail) -> Iterator[tuple[str, str]]:
    yield "Subject", mail.subject
    yield "From", _written(mail.from_)
    yield "Sender", _written([mail.sender] if mail.sender else [])
    yield "Reply-To", _written(mail.reply_to)
    yield "To", _written(mail.to)
    yield "Cc", _written(mail.cc)
    yield "Resent-From", _written(mail.resent_from)
    yield "Resent-To", _written(mail.resent_to)
    yield "Date", mail.date.isoformat() if mail.date else ""
    yield "Message-ID", mail.message_id or ""
    yield "In-Reply-To", " ".join(mail.in_reply_to)
    yield "References", " ".join(mail.references)
    if forward := read_forward(mail.text, mail.subject):
        yield "Forwards", f"{_written([forward.author])}: {forward.subject}"
    yield "HTML", f"{len(mail.html)} characters" if mail.html else ""
    for attachment in mail.attachments:
        yield "Attachment", _described(attachment)
    yield "Automatic", mail.marks.auto_reply_field or mail.marks.generated_field or mail.marks.auto_submitted
    yield "Report", _reported(mail.report)
    yield "Calendar", f"{mail.calendar.method} {mail.calendar.summary}" if mail.calendar else ""
    yield "Confirms", f"{mail.confirmation.code} {mail.confirmation.link}" if mail.confirmation else ""
    yield "Protection", "" if mail.protection is Protection.NONE else mail.protection.value
    yield "Over guard", mail.over_guard or ""


def _reported(report: Report | None) -> str:
    """A report in one line."""
    match report:
        case DeliveryReport():
            return ", ".join(f"{one.action} {one.status} {one.address}" for one in report.recipients)
        case FeedbackReport():
            return f"feedback {report.feedback_type} {', '.join(report.recipients)}"
        case ReadReceipt():
            return f"{report.disposition} by {report.recipient}"
        case None:
            return ""


def _kind_of(report: Report) -> dict[str, object]:
    """A report with the name of its kind."""
    kinds = {DeliveryReport: "delivery", FeedbackReport: "feedback", ReadReceipt: "receipt"}
    return {"kind": kinds[type(report)], **{name: _plain(value) for name, value in _fields(report)}}


def _plain(value: object) -> object:
    """A value of the model as JSON has it: fields by name, times in ISO 8601, sets sorted."""
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case tuple() | frozenset():
            return [_plain(one) for one in (sorted(value) if isinstance(value, frozenset) else value)]
        case _ if is_dataclass(value):
            return {name: _plain(one) for name, one in _fields(value)}
        case _:
            return value


def _fields(value: object) -> list[tuple[str, object]]:
    return [(field.name, getattr(value, field.name)) for field in fields(value)]  # type: ignore[arg-type]  # a dataclass


def _written(addresses: Iterable[Address]) -> str:
    return ", ".join(f"{one.name} <{one.address}>" if one.name else one.address for one in addresses)


def _described(attachment: Attachment) -> str:
    marks = [attachment.content_type, f"{len(attachment.content)} octets"]
    marks += ["inline"] if attachment.is_inline else []
    marks += [f"from {attachment.container}"] if attachment.container else []
    return f"{attachment.name} ({', '.join(marks)})"


def _addresses(addresses: Iterable[Address]) -> list[dict[str, str]]:
    return [_address(address) for address in addresses]


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _attachment(attachment: Attachment) -> dict[str, object]:
    return {
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size_bytes": len(attachment.content),
        "sha256": hashlib.sha256(attachment.content).hexdigest(),
        "content_id": attachment.content_id,
        "is_inline": attachment.is_inline,
        "container": attachment.container,
    }
