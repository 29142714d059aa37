"""Read receipts: message disposition notifications (RFC 8098), and the mails that Outlook writes instead."""

import re
from collections.abc import Sequence

from inbound.message.charset import decode
from inbound.message.delivery_fields import find_address
from inbound.message.headers import Header, message_ids, read_header
from inbound.message.structure import Part
from inbound.model.kinds import ReadReceipt
from inbound.model.mail import Address

_NOTIFICATION = "message/disposition-notification"
_MAX_BYTES = 50_000
_OPENING_CHARS = 800

# Modes in front, modifiers behind (RFC 8098 3.2.6).
_DISPOSITION = re.compile(r"[a-z-]++(?![^;]*+;)", re.IGNORECASE)
# What Outlook calls a receipt: subject in front, text of a fixed form behind. Both are needed.
_SUBJECT = re.compile(
    r"(?:read|not read|gelesen|ungelesen|nicht gelesen|lu|non lu|letto|non letto|leído|no leído|lido|não lida|gelezen"
    r"|niet gelezen|läst|læst|lest|przeczytano|přečteno|прочитано|已读|開封済み|read receipt|lesebestätigung"
    r"|return receipt \(displayed\)|empfangsbestätigung \(angezeigt\))\s?[:：-]",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"your message|this is a receipt for the mail|ihre nachricht|dies ist eine (?:empfangs|lese)bestätigung"
    r"|votre message|il messaggio|el mensaje|su mensaje|a sua mensagem|uw bericht|ditt meddelande|din besked",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"(?:was|has been) (?:read|displayed)|was deleted without being read|verifies that the message"
    r"|wurde (?:am .{0,60}?)?(?:ungelesen )?(?:gelesen|gelöscht|angezeigt)"
    r"|a été (?:lu|supprimé)|è stato letto|fue leído|se leyó|foi lida|is gelezen|lästes|blev læst",
    re.IGNORECASE,
)
_DELETED = re.compile(r"delet|gelöscht|supprimé|unread|ungelesen|nicht gelesen|not read", re.IGNORECASE)


def has_receipt_subject(subject: str) -> bool:
    """Is it called like a receipt of Outlook? Cheap; nothing is decided by it alone."""
    return _SUBJECT.match(subject) is not None


def read_receipt(
    parts: Sequence[Part], header: Header, subject: str, authors: tuple[Address, ...]
) -> ReadReceipt | None:
    """Read a message as a read receipt.

    Args:
        parts: all parts of the message, the root first.
        header: of the message.
        subject: decoded.
        authors: of the message.

    Returns:
        the receipt; None when it is none.
    """
    notification = next((part for part in parts if part.content_type == _NOTIFICATION), None)
    root = parts[0]
    is_report = (
        root.content_type == "multipart/report" and "disposition" in root.parameters.get("report-type", "").lower()
    )
    author = next((one.address for one in authors if one.address), "")
    if notification is not None and (
        is_report or root.content_type in {"multipart/report", _NOTIFICATION, "multipart/mixed"}
    ):
        return _from_fields(_fields(notification), header, author)
    if is_report:
        return _from_fields(Header([]), header, author)
    return _from_text(parts, header, subject, author) if has_receipt_subject(subject) else None


def _fields(part: Part) -> Header:
    content = part.content()[:_MAX_BYTES].lstrip()
    return read_header(content, 0, len(content), is_message=True)[0]


def _from_fields(fields: Header, header: Header, author: str) -> ReadReceipt:
    disposition = _DISPOSITION.search(decode(fields.first(b"disposition")))
    return ReadReceipt(
        recipient=find_address(decode(fields.first(b"final-recipient").rpartition(b";")[2])) or author,
        disposition=disposition[0].lower() if disposition else "displayed",
        original_message_id=_original(fields.first(b"original-message-id"), header),
    )


def _from_text(parts: Sequence[Part], header: Header, subject: str, author: str) -> ReadReceipt | None:
    """Outlook's own form: "Your message / To: … / was read on …", and nothing else."""
    part = next((part for part in parts if part.content_type == "text/plain" and not part.children), None)
    if part is None:
        return None
    text = decode(part.content()[:_MAX_BYTES], part.parameters.get("charset", "")).lstrip()
    found = _HOW.search(text, 0, _OPENING_CHARS) if _OPENING.match(text) else None
    if found is None:
        return None
    is_deleted = _DELETED.search(found[0]) or _DELETED.match(subject)
    return ReadReceipt(
        recipient=author,
        disposition="deleted" if is_deleted else "displayed",
        original_message_id=_original(b"", header),
    )


def _original(value: bytes, header: Header) -> str | None:
    ids = (
        message_ids(value) or message_ids(header.first(b"in-reply-to")) or message_ids(header.first(b"references"))[-1:]
    )
    return ids[0] if ids else None
