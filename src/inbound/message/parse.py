"""The door: octets -> Mail."""

from collections.abc import Iterator, Sequence

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

#: octets of messages that are read step by step together; a larger one is read alone
TOGETHER_BYTES = 200_000


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
    return parse_all([content])[0]


def parse_all(contents: Sequence[bytes]) -> list[Mail]:
    """The same for several messages at once.

    Each step is taken for several of them before the next: what a processor has just done it does again in three
    quarters of the time. The trees of hostile messages take fifty times their size in memory, so that there are never
    more than those of `TOGETHER_BYTES`, or of one message.

    Args:
        contents: whole messages as received.

    Returns:
        the mails, in their order.
    """
    return [mail for few in _in_groups(contents) for mail in _parse_group(few)]


def _in_groups(contents: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = octets = 0
    for position, content in enumerate(contents):
        octets += len(content)
        if octets > TOGETHER_BYTES and position > start:
            yield contents[start:position]
            start, octets = position, len(content)
    yield contents[start:]


def _parse_group(contents: Sequence[bytes]) -> list[Mail]:
    structures = [read_structure(content) for content in contents]
    identities = list(map(identify, contents, structures))
    bodies = [read_body(structure.root) for structure in structures]
    charsets = [text_charset(structure.root) for structure in structures]
    headers = [_header(structure.root, charset) for structure, charset in zip(structures, charsets, strict=True)]
    subjects = [clean_line(decode_words(header.first(b"subject"))) for header in headers]
    authors = [_first_addresses(header, b"from") for header in headers]
    kinds = [
        read_kinds(structure.root, subject, from_, body.text)
        for structure, subject, from_, body in zip(structures, subjects, authors, bodies, strict=True)
    ]
    return [
        Mail(
            subject=subject,
            from_=from_,
            reply_to=_all_addresses(header, b"reply-to"),
            to=_all_addresses(header, b"to"),
            cc=_all_addresses(header, b"cc"),
            message_id=identity.message_id or _message_id(header),
            in_reply_to=_message_ids(header, b"in-reply-to"),
            references=_message_ids(header, b"references"),
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
            marks=kind.marks,
            report=kind.report,
            calendar=kind.calendar,
            confirmation=kind.confirmation,
            protection=kind.protection,
        )
        for structure, identity, body, charset, header, subject, from_, kind in zip(
            structures, identities, bodies, charsets, headers, subjects, authors, kinds, strict=True
        )
    ]


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


def _message_ids(header: Header, name: bytes) -> tuple[str, ...]:
    values = header.values(name)
    return message_ids(b" ".join(values)) if values else ()


def _message_id(header: Header) -> str | None:
    """Where the identity, which reads strictly and for ever in the same way, found none: as well as may be."""
    found = map(normalize_message_id, header.values(b"message-id"))
    return next((message_id for message_id in found if message_id), None)
