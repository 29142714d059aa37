"""`inbound parse`: what the reader understands of a mail, for people and for programs."""

import hashlib
from collections.abc import Iterable, Iterator

from inbound.cli.show import printable
from inbound.message.display import display_html
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
        "html": mail.html,
        "display_html": display_html(mail.html) if mail.html is not None else None,
        "attachments": [_attachment(attachment) for attachment in mail.attachments],
        "unpacked": list(mail.unpacked),
        "identity": {"digest": mail.identity.digest.hex(), "version": mail.identity.version},
        "over_guard": mail.over_guard,
    }


def understood_text(mail: Mail) -> str:
    """A mail for a person: what is there, then the text."""
    lines = [f"{label:<12}{value}" for label, value in _labelled(mail) if value]
    return "\n".join(printable(line) for line in [*lines, "", *mail.text.split("\n")])


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
    yield "HTML", f"{len(mail.html)} characters" if mail.html else ""
    for attachment in mail.attachments:
        yield "Attachment", _described(attachment)
    yield "Over guard", mail.over_guard or ""


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
