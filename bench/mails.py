"""The mails that the scripts send, and the directory they come from: made up, numbered, and never twice the same."""

import base64
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

import psycopg

CONTACTS = 20_000
CONTACTS_PER_ORGANIZATION = 10
#: ids that no sequence reaches; the replay recognises them wherever they stand in a statement
FIRST_ORGANIZATION_ID = 7_000_000
FIRST_CONTACT_ID = 8_000_000
#: serials of mails begin here, for the same reason
FIRST_SERIAL = 1_000_000_000_000

_TEXT = (
    "since this morning the printer on the second floor answers with error 5c20 and the queue does not move "
    "we restarted it twice and changed the cable but colleagues in the next office see the same and so does "
    "the small one near the kitchen could somebody have a look before noon because invoices must leave today "
)
_WORDS = _TEXT.split()
_STYLE = "font-family:Calibri,Arial,sans-serif;font-size:11pt;color:rgb(0,0,0)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One mail, ready for DATA."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    #: CRLF line ends, not dot-stuffed
    content: bytes


def contact_id(serial: int, contacts: int = CONTACTS) -> int:
    """Who of so many contacts writes the mail with this serial."""
    return FIRST_CONTACT_ID + serial % contacts


def organization_id(contact: int) -> int:
    """Where a contact works."""
    return FIRST_ORGANIZATION_ID + (contact - FIRST_CONTACT_ID) // CONTACTS_PER_ORGANIZATION


def address_of(contact: int) -> str:
    """The address of a contact; its domain is its organization's."""
    return f"person-{contact}@customer-{organization_id(contact)}.example"


def make_mail(
    serial: int, recipients: tuple[str, ...] = ("support@desk.example",), contacts: int = CONTACTS, file_bytes: int = 0
) -> Sent:
    """An ordinary mail of some 3 kB: text and HTML, its own sender, subject, Message-ID and text.

    Args:
        serial: distinct for every mail, from `FIRST_SERIAL` upwards.
        recipients: of the envelope.
        contacts: of the directory, who write in turns.
        file_bytes: size of a file that is attached; 0 = none.
    """
    contact = contact_id(serial, contacts)
    sender, message_id = address_of(contact), f"{serial}@customer-{organization_id(contact)}.example"
    paragraphs = [_paragraph(serial, number) for number in range(3)]
    text = "\r\n\r\n".join(["Hello,", *paragraphs, "Kind regards", f"Person {contact}"])
    html = "".join(f'<p style="{_STYLE}">{paragraph}</p>\r\n' for paragraph in ("Hello,", *paragraphs))
    alternatives = (
        f'Content-Type: multipart/alternative; boundary="=_part_{serial}"\r\n\r\n'
        f'--=_part_{serial}\r\nContent-Type: text/plain; charset="utf-8"\r\n\r\n{text}\r\n'
        f'--=_part_{serial}\r\nContent-Type: text/html; charset="utf-8"\r\n\r\n'
        f"<html><body>\r\n{html}</body></html>\r\n--=_part_{serial}--\r\n"
    )
    content = (
        f"Received: from mail.example (mail.example [192.0.2.1]) by relay.example with ESMTPS id {serial}\r\n"
        f"From: Person {contact} <{sender}>\r\nTo: Service Desk <support@desk.example>\r\n"
        f"Subject: Printer {serial} does not print\r\nMessage-ID: <{message_id}>\r\n"
        f"Date: {format_datetime(datetime.now(UTC))}\r\nMIME-Version: 1.0\r\n"
        f"{_with_file(alternatives, serial, file_bytes) if file_bytes else alternatives}"
    )
    return Sent(message_id=message_id, sender=sender, recipients=recipients, content=content.encode("ascii"))


def _with_file(alternatives: str, serial: int, file_bytes: int) -> str:
    """The same text beside a file that cannot be compressed, like most that are big."""
    octets = random.Random(serial).randbytes(file_bytes)  # noqa: S311 - contents, not secrets
    lines = base64.encodebytes(octets).decode("ascii").replace("\n", "\r\n")
    return (
        f'Content-Type: multipart/mixed; boundary="=_mixed_{serial}"\r\n\r\n'
        f"--=_mixed_{serial}\r\n{alternatives}"
        f'--=_mixed_{serial}\r\nContent-Type: image/jpeg; name="photo-{serial}.jpg"\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="photo-{serial}.jpg"\r\n\r\n{lines}--=_mixed_{serial}--\r\n'
    )


def _paragraph(serial: int, number: int) -> str:
    start = (serial * 7 + number * 11) % len(_WORDS)
    words = (_WORDS[start:] + _WORDS[:start]) * 2
    lines = [" ".join(words[begin : begin + 12]) for begin in range(0, 60, 12)]
    return "\r\n".join([f"Ticket for device {serial % 997}-{number}:", *lines])


def fill_directory(connection: psycopg.Connection, contacts: int = CONTACTS) -> None:
    """Make the organizations, domains and contacts that the mails come from, so that look-ups search and find."""
    last_contact = FIRST_CONTACT_ID + contacts - 1
    with connection.transaction():
        connection.execute(
            "INSERT INTO organizations (id, name) SELECT id, 'Customer ' || id FROM generate_series(%s, %s) AS id",
            [FIRST_ORGANIZATION_ID, organization_id(last_contact)],
        )
        connection.execute(
            "INSERT INTO organization_domains (organization_id, domain) "
            "SELECT id, 'customer-' || id || '.example' FROM organizations WHERE id >= %s",
            [FIRST_ORGANIZATION_ID],
        )
        everybody = range(FIRST_CONTACT_ID, last_contact + 1)
        with connection.cursor() as cursor:
            with cursor.copy("COPY contacts (id, organization_id, name) FROM STDIN") as copy:
                for contact in everybody:
                    copy.write_row((contact, organization_id(contact), f"Person {contact}"))
            with cursor.copy("COPY contact_addresses (contact_id, position, address) FROM STDIN") as copy:
                for contact in everybody:
                    copy.write_row((contact, 1 + contact % 3, address_of(contact)))
    # Only these: of an empty table PostgreSQL assumes that it will grow, of an empty one it has analyzed it does not.
    connection.execute("ANALYZE organizations, organization_domains, contacts, contact_addresses")
