"""A message as it was handed over, and as it was understood."""

from datetime import datetime
from typing import Protocol

from inbound.model.kinds import CalendarEvent, DeliveryReport, ForwardingConfirmation, Marks, Protection, Report
from inbound.model.proof import NOT_ASKED, Proof
from inbound.values import immutable


@immutable
class Address:
    """One address of a header field (RFC 5322 3.4)."""

    #: display name, decoded; empty when there is none
    name: str
    #: ``local@domain`` as written, domain in lower case; empty when the field names nobody reachable
    address: str

    @property
    def key(self) -> str:
        """The form that is compared and looked up: in lower case, as PostgreSQL makes it; ``ß`` is not ``ss``."""
        return self.address.lower()

    @property
    def domain(self) -> str:
        """The part behind the last ``@``, in lower case; empty without an address."""
        return self.key.rpartition("@")[2]


#: a view shows a part of a large message that is as it was sent: a copy would take its size in memory again
Octets = bytes | memoryview


@immutable
class Attachment:
    """A part that is not the text."""

    #: file name without paths and control characters; never empty
    name: str
    #: ``type/subtype`` in lower case
    content_type: str
    #: decoded content
    content: Octets
    #: Content-ID without angle brackets
    content_id: str | None
    #: disposition ``inline``, or a Content-ID that the HTML shows: it stays stored for ``cid:``
    is_inline: bool
    #: what the file was unpacked from: "tnef" (winmail.dat), "uuencode"; empty for a part that was sent as it is
    container: str = ""


@immutable
class Identity:
    """What makes two deliveries the same message in one mailbox."""

    #: normalised Message-ID: one pair of brackets stripped, domain lower-cased; None when missing
    message_id: str | None
    #: 32 octets over the canonical content; the algorithm is frozen under ``version``
    digest: bytes
    version: int
    #: seconds for which a match counts; None = for ever. A message with neither Message-ID, Date nor Received
    #: fields is only recognised for an hour.
    match_seconds: int | None


class Fields(Protocol):
    """A header."""

    def texts(self, name: str) -> tuple[str, ...]:
        """Decoded values of every field of that name, in any case; clean, each on one line."""


@immutable
class Mail:
    """A message, understood. No string in it holds NUL or a lone surrogate, whatever the octets were."""

    subject: str
    #: authors; empty when the field is missing or names nobody
    from_: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    #: normalised as in Identity
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    #: aware, UTC; None when missing or unreadable
    date: datetime | None
    #: the best text of the message, lines ended by ``\n``
    text: str
    #: the HTML alternative as sent, decoded but not sanitised; None without one
    html: str | None
    attachments: tuple[Attachment, ...]
    #: formats that were unpacked, also those that held no file: "tnef", "uuencode"
    unpacked: tuple[str, ...] = ()
    #: who sent the message for its authors (RFC 5322 3.6.2); None without
    sender: Address | None = None
    #: who sent it on by hand, to whom, under which id (RFC 5322 3.6.6): the latest time
    resent_from: tuple[Address, ...] = ()
    resent_to: tuple[Address, ...] = ()
    resent_message_id: str | None = None
    identity: Identity
    #: the first guard the message is over ("parts", "depth", "header_count", "header_bytes"), else None
    over_guard: str | None
    #: the header, for rules about fields that an operator names
    fields: Fields
    #: what the header says about how the message was made
    marks: Marks
    #: a machine's report about an earlier message; None for ordinary mail
    report: Report | None
    #: the event of a calendar object: invitation, answer, cancellation
    calendar: CalendarEvent | None
    #: a provider's question whether mail may be forwarded here
    confirmation: ForwardingConfirmation | None
    #: signed or encrypted; never verified here
    protection: Protection

    @property
    def author(self) -> Address | None:
        """The first reachable author."""
        for one in self.from_:
            if one.address:
                return one
        return None

    @property
    def written_by(self) -> Address:
        """The author as text: an unreachable one still has a name."""
        return self.author or next(iter(self.from_), Address(name="", address=""))

    @property
    def returned_subject(self) -> str:
        """Of the message that a report is about; empty when there is none."""
        return self.report.returned_subject if isinstance(self.report, DeliveryReport) else ""


@immutable
class Reply:
    """A text, divided. Every line of it that is not blank is in exactly one of new text, quoted text and signature."""

    #: what its author has just written; the whole text where nothing of it is
    new_text: str
    quoted_text: str
    signature: str
    #: quoted text and signature, in their order
    rest: str


@immutable
class Forward:
    """A mail that stands in the text of another, with the header fields that a program repeated."""

    #: name, address or both; empty when the text names nobody
    author: Address
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    #: as written, in whatever language
    date_text: str
    #: aware, UTC; None when missing or unreadable
    date: datetime | None
    #: without the quote marks that the forwarding added
    body: str
    #: what the forwarder wrote above it
    comment: str
    #: header fields and body, as they stand in the text
    source: str


@immutable
class Peer:
    """Who hands us mail over a connection."""

    #: IP address, or "local" for `inbound deliver` and the like
    address: str
    #: the name it gave in EHLO/HELO; empty without
    helo: str
    #: TLS protocol version, None in clear text
    tls: str | None
    #: name of the ``[[peers]]`` entry that let it in; empty when none did
    name: str
    #: the operator's own mail server: what it says about authors is believed
    is_trusted: bool


@immutable
class Recipient:
    """An accepted envelope recipient, routed (RFC 5321 4.1.1.3)."""

    #: as the peer wrote it
    address: str
    #: name of the mailbox it leads to
    mailbox: str
    #: what stood behind ``+``; empty without
    sub_address: str


@immutable
class Delivery:
    """One SMTP transaction whose DATA ended: one content, one reply, one or several mailboxes."""

    #: the octets between DATA and the final dot, dot-stuffing removed; never changed
    content: bytes
    #: reverse-path without angle brackets; empty for the null reverse-path
    mail_from: str
    #: one per mailbox: two addresses of one mailbox are one delivery to it
    recipients: tuple[Recipient, ...]
    peer: Peer
    #: aware, UTC
    received_at: datetime
    #: that the author in From wrote it
    proof: Proof = NOT_ASKED
