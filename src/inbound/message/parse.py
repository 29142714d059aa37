"""The door: octets -> Mail."""

from inbound.message.addresses import parse_addresses
from inbound.message.attachments import read_attachments
from inbound.message.body import read_body, text_charset
from inbound.message.charset import clean_line, is_seven_bit
from inbound.message.dates import parse_date
from inbound.message.encoded_words import decode_words
from inbound.message.headers import Header, message_ids
from inbound.message.identity import identify, normalize_message_id
from inbound.message.kinds import read_kinds
from inbound.message.structure import Part, read_structure
from inbound.model.mail import Address, Mail


def parse(content: bytes) -> Mail:
    r"""Understand a message.

    Never raises, whatever the octets are, and takes time linear in their number. What cannot be understood is absent;
    the guards (`headers.MAX_FIELDS`, `headers.MAX_HEADER_BYTES`, `structure.MAX_DEPTH`, `structure.MAX_PARTS`) are
    named in ``over_guard``, and behind them nothing more is read.

    Args:
        content: the whole message as received.

    Returns:
        the mail; every string in it is clean (`charset.clean`), lines end with ``\n``.
    """
    structure = read_structure(content)
    identity = identify(content, structure)
    charset = text_charset(structure.root)
    header = _header(structure.root, charset)
    body = read_body(structure.root)
    subject = clean_line(decode_words(header.first(b"subject")))
    authors = _first_addresses(header, b"from")
    kinds = read_kinds(structure.root, subject, authors, body.text)
    return Mail(
        subject=subject,
        from_=authors,
        reply_to=_all_addresses(header, b"reply-to"),
        to=_all_addresses(header, b"to"),
        cc=_all_addresses(header, b"cc"),
        message_id=identity.message_id or _message_id(header),
        in_reply_to=message_ids(b" ".join(header.values(b"in-reply-to"))),
        references=message_ids(b" ".join(header.values(b"references"))),
        date=parse_date(header.first(b"date")),
        text=body.text,
        html=body.html,
        attachments=read_attachments(body.others, body.html, charset),
        unpacked=body.unpacked,
        sender=next(iter(_first_addresses(header, b"sender")), None),
        resent_from=_first_addresses(header, b"resent-from"),
        resent_to=_first_addresses(header, b"resent-to"),
        resent_message_id=normalize_message_id(header.first(b"resent-message-id")),
        identity=identity,
        over_guard=structure.over_guard,
        fields=header,
        marks=kinds.marks,
        report=kinds.report,
        calendar=kinds.calendar,
        confirmation=kinds.confirmation,
        protection=kinds.protection,
    )


def _header(root: Part, charset: str) -> Header:
    """The header, its raw octets in UTF-8: mailers that encode nothing write it in the charset of their text."""
    if root.header.is_ascii and not is_seven_bit(charset):
        return root.header
    return root.header.in_charset(charset)


def _first_addresses(header: Header, name: bytes) -> tuple[Address, ...]:
    """The addresses of the first field of that name that says something."""
    value = header.first(name)
    return parse_addresses(value) if value else ()


def _all_addresses(header: Header, name: bytes) -> tuple[Address, ...]:
    """The addresses of every field of that name: RFC 5322 3.6 allows one, programs write several."""
    values = [value for value in header.values(name) if value]
    return parse_addresses(b", ".join(values)) if values else ()


def _message_id(header: Header) -> str | None:
    """Where the identity, which reads strictly and for ever in the same way, found none: as well as may be."""
    found = map(normalize_message_id, header.values(b"message-id"))
    return next((message_id for message_id in found if message_id), None)
