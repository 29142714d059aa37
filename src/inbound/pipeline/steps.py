"""One immutable type per step: Received → Attributed → Classified → Decided → Processed.

A stage takes a list of one type and returns a list of the next, so that a wrong order does not type-check.
"""

from collections.abc import Hashable
from dataclasses import field

from inbound.database.messages import MessageRow
from inbound.model.alert import Alert, AlertMatch
from inbound.model.authorship import Authorship, Directory, Question
from inbound.model.desk import Contact, Resource, Target
from inbound.model.drafts import Drafts
from inbound.model.earlier import Earlier, Stored
from inbound.model.mail import Delivery, Mail, Recipient, Reply
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Outcome, Reason, Result
from inbound.model.trace import Step
from inbound.model.verdict import Road, Verdict
from inbound.rules.conflicts import keys_on_arrival, locks_on_arrival
from inbound.rules.limits import Kept
from inbound.rules.notices import Wanted
from inbound.rules.private import is_private
from inbound.values import immutable


@immutable
class Received:
    """One message for one mailbox."""

    delivery: Delivery
    recipient: Recipient
    mailbox: Mailbox
    mail: Mail
    #: the first is stored, all are looked up
    identities: tuple[bytes, ...]
    #: is it proven that the author in From wrote it?
    is_author_proven: bool
    #: Message-IDs that it refers to, the nearest first; none where threading does not count
    thread_ids: tuple[str, ...] = ()
    #: what loops are counted by; None: not counted
    loop_key: int | None = None
    body_key: int | None = None
    #: the row of a stored message that is tried again; None for a new one
    row_id: int | None = None
    #: explain only: keeps its rows apart from those of live mail, so that nothing live waits for it
    salt: bytes = b""

    @property
    def keys(self) -> frozenset[Hashable]:
        """What it must not share with another message of its wave."""
        return keys_on_arrival(self.mail, self.identities[0], self.thread_ids, self.loop_key)

    @property
    def locks(self) -> frozenset[str]:
        """What no other transaction may decide about at the same time; a rehearsal decides nothing."""
        if self.salt:
            return frozenset()
        return locks_on_arrival(self.mail, self.identities[0], self.thread_ids, self.loop_key)

    @property
    def is_private(self) -> bool:
        """Is nothing of it kept that says what is in it?"""
        return is_private(self.mail.marks.sensitivity)

    @property
    def has_null_path(self) -> bool:
        """Did it come with the null reverse-path (RFC 5321 4.5.5)?"""
        return not self.delivery.mail_from


@immutable
class Alarm:
    """What the token of an alert said, and for whom it is."""

    alert: Alert
    match: AlertMatch


@immutable
class Attributed:
    """Its author is known, or known to be nobody's."""

    received: Received
    question: Question
    authorship: Authorship
    #: what the database knew about the people of the batch
    directory: Directory
    #: what it knew about the messages before
    earlier: Earlier
    #: the object that it is about; one that the subject names also says where mail from nobody known belongs
    target: Target | None
    #: how it was found
    road: Road
    #: the object of the same message, which came before with other octets
    copied: Target | None
    #: is the author somebody else's to that object?
    is_stranger: bool
    #: of an alerts mailbox; None where the key is wrong
    alarm: Alarm | None
    #: decided by what the message itself is; None: the stages go on
    verdict: Verdict | None
    steps: tuple[Step, ...]


@immutable
class Classified:
    """What it becomes is known, unless it was here before."""

    received: Received
    question: Question
    authorship: Authorship
    earlier: Earlier
    #: the object that was looked at, whatever came of that
    aimed: Target | None
    alarm: Alarm | None
    verdict: Verdict
    #: the text, divided; None unless it is about an object
    reply: Reply | None
    #: who else is addressed
    contacts: tuple[Contact, ...]
    resources: tuple[Resource, ...]
    #: whom the mailbox assigns new tickets to
    primary_resource: Resource | None
    steps: tuple[Step, ...]


@immutable
class Decided:
    """Everything is decided; what is left is to write it."""

    received: Received
    outcome: Outcome
    reason: Reason
    steps: tuple[Step, ...]
    #: None for a message that made the pipeline fail
    classified: Classified | None = None
    #: the first delivery, of a message that was redelivered
    first: Stored | None = None
    #: what failed, for a quarantined message
    error: str | None = None


@immutable
class Processed:
    """What was written."""

    received: Received
    result: Result
    steps: tuple[Step, ...]
    #: the drafts behind the rows, for explain
    drafts: Drafts = field(default_factory=Drafts)
    attachments: tuple[Kept, ...] = ()
    message: MessageRow | None = None
    #: what was decided; None for a duplicate, and for a message that made the pipeline fail
    classified: Classified | None = None
    #: what somebody is to be told
    notices: tuple[Wanted, ...] = ()
