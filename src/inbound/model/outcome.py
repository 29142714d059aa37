"""What became of a message: a closed set of outcomes and the reason codes that explain them."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Exactly one per message and mailbox whose DATA ended."""

    TICKET_CREATED = "ticket_created"
    TICKET_NOTE_ADDED = "ticket_note_added"
    DUPLICATE = "duplicate"
    DISCARDED = "discarded"
    QUARANTINED = "quarantined"


class Reason(StrEnum):
    """Why. Stable: the same word is the database value, the log field and the entry in docs/reasons.md."""

    #: nothing in the message led to an existing object
    NEW_TICKET = "new_ticket"
    #: the subject names an existing ticket
    SUBJECT_NUMBER = "subject_number"
    #: the same message came to this mailbox before
    REDELIVERED = "redelivered"
    #: nobody is known to have written it, and no fallback organization is configured
    SENDER_UNKNOWN = "sender_unknown"
    #: the message is over a guard: nesting, number of parts, number or size of header fields
    OVER_GUARD = "over_guard"
    #: this message alone makes the pipeline fail, repeatedly
    PROCESSING_FAILED = "processing_failed"


class Deferral(StrEnum):
    """Why the peer was told to try again later (4yz). Counted and logged apart from outcomes."""

    #: the database is away, out of space, or did not confirm the commit
    DATABASE_UNAVAILABLE = "database_unavailable"
    #: nothing was decided before the deadline
    DEADLINE = "deadline"
    #: too many messages or octets wait
    OVERLOADED = "overloaded"
    #: ten messages in a row failed: not the mail is broken but the pipeline
    PIPELINE_BROKEN = "pipeline_broken"
    #: the daemon is stopping
    STOPPING = "stopping"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What was committed for one message in one mailbox."""

    mailbox: str
    outcome: Outcome
    reason: Reason
    #: row in ``messages``: this message's, or for a duplicate the first one's
    message_id: int
    #: number of the ticket made or written to; None without one
    number: str | None


@dataclass(frozen=True, slots=True)
class Committed:
    """Everything the delivery causes is in the database: 250."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Deferred:
    """Nothing was stored; the peer keeps the mail and tries again: 4yz."""

    why: Deferral


#: The answer to a delivery.
Answer = Committed | Deferred
