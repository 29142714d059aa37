"""One immutable type per step: Received → Attributed → Classified → Processed.

A stage takes a list of one type and returns a list of the next, so that a wrong order does not type-check.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from inbound.database.messages import MessageRow, StoredIdentity
from inbound.model.authorship import Attribution
from inbound.model.desk import NoteDraft, Target, TicketDraft
from inbound.model.mail import Delivery, Mail, Recipient
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Outcome, Reason, Result
from inbound.model.trace import Step
from inbound.rules.conflicts import keys_on_arrival


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One message for one mailbox."""

    delivery: Delivery
    recipient: Recipient
    mailbox: Mailbox
    mail: Mail
    #: the first is stored, all are looked up
    identities: tuple[bytes, ...]
    #: the row of a stored message that is tried again; None for a new one
    row_id: int | None = None
    #: explain only: keeps its rows apart from those of live mail, so that nothing live waits for it
    salt: bytes = b""

    @property
    def keys(self) -> frozenset[Hashable]:
        """What it must not share with another message of its wave."""
        return keys_on_arrival(self.mail, self.mailbox.name, self.identities[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Attributed:
    """Its author is known, or known to be nobody's."""

    received: Received
    attribution: Attribution | None
    #: the object that the subject names, which also says where mail from nobody known belongs
    target: Target | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Classified:
    """Its target is known; None = a new ticket."""

    received: Received
    attribution: Attribution | None
    target: Target | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """Everything is decided; what is left is to write it."""

    received: Received
    attribution: Attribution | None
    target: Target | None
    outcome: Outcome
    reason: Reason
    steps: tuple[Step, ...]
    #: the first delivery, for a duplicate
    first: StoredIdentity | None = None
    #: what failed, for a quarantined message
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Processed:
    """What was written."""

    received: Received
    result: Result
    steps: tuple[Step, ...]
    #: the drafts behind the rows, for explain
    ticket: TicketDraft | None = None
    note: NoteDraft | None = None
    message: MessageRow | None = None
