"""What a message is besides its text: what its header says about its making, and the reports machines send."""

from datetime import date, datetime
from enum import StrEnum

from inbound.values import immutable


class Protection(StrEnum):
    """What cryptography was applied to the text (RFC 1847, RFC 3156, RFC 8551). Nothing of it is verified."""

    NONE = "none"
    SIGNED = "signed"
    ENCRYPTED = "encrypted"


class Action(StrEnum):
    """What a mail system did with a message for one recipient (RFC 3464 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@immutable
class Marks:
    """What the header says about how the message was made and where it went. Signs only; rules decide."""

    #: keyword of Auto-Submitted (RFC 3834 5) in lower case, without parameters; empty without the field
    auto_submitted: str = ""
    #: name of the vendor's field that calls the message an automatic reply; empty without one
    auto_reply_field: str = ""
    #: name of the field that calls the message made by a program; empty without one
    generated_field: str = ""
    #: Precedence in lower case
    precedence: str = ""
    #: List-Id values without brackets (RFC 2919), and the addresses of List-Post and Mailing-List, in lower case
    lists: tuple[str, ...] = ()
    #: any field of a mailing list (RFC 2369, RFC 2919, Mailing-List)
    is_list: bool = False
    #: words of X-Auto-Response-Suppress ([MS-OXCMAIL] 2.1.3.2.19) in lower case
    suppress: frozenset[str] = frozenset()
    #: addresses in X-MS-Exchange-Inbox-Rules-Loop in lower case: mailboxes whose rules handled or made the message
    rules_loop: tuple[str, ...] = ()
    #: is there an X-Loop field, or a service desk's own?
    has_loop: bool = False
    #: the reverse-path that the last mail server wrote into Return-Path: empty for the null one, None without
    return_path: str | None = None
    #: Sensitivity (RFC 2156 5.3.4) in lower case
    sensitivity: str = ""
    #: number of Received fields
    received_count: int = 0
    #: values of X-Original-From and X-Original-Sender: whom a list rewrote
    original_from: str = ""
    original_sender: str = ""
    #: values of X-Inbound-Loop; anybody can write one, the signature in it proves it
    inbound_loops: tuple[str, ...] = ()


_NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4"})


@immutable
class ReportedRecipient:
    """What became of a message for one recipient."""

    #: whom the message did not reach; empty when the report does not say
    address: str
    action: Action
    #: ``class.subject.detail`` (RFC 3463): as stated, else from a reply code, else from the wording
    status: str
    #: was the status stated, with all three numbers?
    is_status_stated: bool
    #: what the other server said, on one line
    diagnostic: str

    @property
    def status_class(self) -> str:
        """``2``, ``4`` or ``5``."""
        return self.status[:1]

    @property
    def is_address_wrong(self) -> bool:
        """Is there no such mailbox or domain, so that every other message would fail as well (RFC 3463 3.2, 3.5)?"""
        return self.action is Action.FAILED and self.status in _NO_SUCH_ADDRESS


@immutable
class DeliveryReport:
    """A delivery status notification, of whatever form."""

    recipients: tuple[ReportedRecipient, ...]
    #: Message-ID of the message it is about, normalised; None when it was not returned
    returned_message_id: str | None
    #: its subject
    returned_subject: str
    #: what else stands in its header that may be a token of ours: In-Reply-To, References, X-Inbound-Loop
    returned_ids: tuple[str, ...] = ()

    @property
    def is_failure(self) -> bool:
        """Was the message given up for at least one recipient?"""
        return any(recipient.action is Action.FAILED for recipient in self.recipients)

    @property
    def is_delay(self) -> bool:
        """Is it only late, for at least one recipient?"""
        return not self.is_failure and any(recipient.action is Action.DELAYED for recipient in self.recipients)


@immutable
class FeedbackReport:
    """A recipient's or a receiver's complaint (RFC 5965, and providers' own forms)."""

    #: ``abuse``, ``fraud``, ``auth-failure``, ``not-spam`` ... in lower case
    feedback_type: str
    #: whom the message that is complained about went to
    recipients: tuple[str, ...]
    returned_message_id: str | None
    returned_subject: str


@immutable
class ReadReceipt:
    """A message disposition notification (RFC 8098), or Outlook's mail saying the same."""

    #: who has read or deleted the message; empty when it does not say
    recipient: str
    #: ``displayed``, ``deleted``, ``dispatched``, ``processed`` ... in lower case
    disposition: str
    original_message_id: str | None


Report = DeliveryReport | FeedbackReport | ReadReceipt


@immutable
class Attendee:
    """Somebody invited (RFC 5545 3.8.4.1)."""

    address: str
    name: str
    #: PARTSTAT in lower case: ``accepted``, ``declined``, ``tentative``, ``needs-action`` ...
    answer: str


@immutable
class CalendarEvent:
    """The first event of a calendar object (iTIP, RFC 5546)."""

    #: ``request``, ``reply``, ``cancel``, ``counter``, ``publish`` ... in lower case
    method: str
    uid: str
    summary: str
    description: str
    location: str
    #: a date for a whole day; without a time zone it is meant where the reader is
    starts_at: date | datetime | None
    #: exclusive, as in RFC 5545 3.6.1
    ends_at: date | datetime | None
    #: name of the time zone as the sender's calendar has it; empty without
    time_zone: str
    #: is it one of a series?
    is_recurring: bool
    organizer: Attendee | None
    attendees: tuple[Attendee, ...]
    comment: str


@immutable
class ForwardingConfirmation:
    """A provider's question whether mail may be forwarded here."""

    #: whose forwarding it is: ``gmail``, ``yahoo`` ...
    provider: str
    #: domain that the mail has to prove to come from
    domain: str
    #: the code to type in; empty without one
    code: str
    #: the link to open; its host is the provider's own; empty without one
    link: str
