"""What became of a message: a closed set of outcomes and the reason codes that explain them."""

from enum import StrEnum

from inbound.values import immutable


class Outcome(StrEnum):
    """Exactly one per message and mailbox whose DATA ended."""

    TICKET_CREATED = "ticket_created"
    TICKET_NOTE_ADDED = "ticket_note_added"
    TICKET_TIME_ENTRY_ADDED = "ticket_time_entry_added"
    PROJECT_NOTE_ADDED = "project_note_added"
    TASK_NOTE_ADDED = "task_note_added"
    TASK_TIME_ENTRY_ADDED = "task_time_entry_added"
    DUPLICATE = "duplicate"
    DISCARDED = "discarded"
    QUARANTINED = "quarantined"


class Reason(StrEnum):
    """Why. Stable: the same word is the database value, the log field and the entry in docs/reasons.md."""

    #: nothing in the message led to an existing object
    NEW_TICKET = "new_ticket"
    #: the subject names an existing ticket, task or project
    SUBJECT_NUMBER = "subject_number"
    #: a header leads to a ticket, task or project: our notice, an earlier message, or what both answer
    HEADER_THREAD = "header_thread"
    #: a header leads to an object, but the subject says that the mail was passed on: a new, linked ticket
    FORWARD_STARTS_NEW = "forward_starts_new"
    #: a header leads to an object with which the author has nothing to do: a new ticket
    THREAD_NOT_PARTICIPANT = "thread_not_participant"
    #: the same message again, changed on its way: an internal note on what the first one made
    COPY_ALTERED = "copy_altered"
    #: a new ticket would repeat one that is there: a note on that, or nothing, by desk.duplicates.action
    TICKET_DUPLICATE = "ticket_duplicate"
    #: the same message made something in another mailbox, and that is enough
    OTHER_MAILBOX = "other_mailbox"
    #: a notice of ours that came back
    OWN_NOTICE = "own_notice"
    #: more Received fields than any honest way has
    HOP_LIMIT = "hop_limit"
    #: too many of the same author about the same subject in a short time
    LOOP_LIMIT = "loop_limit"
    #: the subject names somebody else's object: an internal note
    ATTACHED_STRANGER = "attached_stranger"
    #: the subject names somebody else's object, and the mailbox quarantines that
    STRANGER = "stranger"
    #: a resource's address, and nothing proves that the resource wrote it: nothing is done in its name
    SENDER_NOT_AUTHENTICATED = "sender_not_authenticated"
    #: something in the first line is wrong: the whole mail is an internal note
    INDICATOR_REJECTED = "indicator_rejected"
    #: contacts of different organizations share the sender's address
    CONTACT_AMBIGUOUS = "contact_ambiguous"
    #: From is the mailbox itself, and the author stands in a forwarded header block
    FORWARDED_NOT_REDIRECTED = "forwarded_not_redirected"
    #: From is the mailbox itself, and nothing names the author
    ORIGINATOR_IS_MAILBOX = "originator_is_mailbox"
    #: the same message came to this mailbox before
    REDELIVERED = "redelivered"
    #: marked ``Sensitivity: Private``: nothing of it is kept
    PRIVATE = "private"
    #: its sender or subject is on the mailbox's list
    BLOCKED = "blocked"
    #: a filter calls it spam, and ``spam_action`` is not "silence"
    SPAM = "spam"
    #: a provider asks whether mail may be forwarded here; code and link are in `inbound messages show`
    FORWARDING_CONFIRMATION = "forwarding_confirmation"
    #: a delivery status notification: a note on the object it is about, or nothing
    BOUNCE = "bounce"
    #: somebody complained about a mail of ours to their provider
    FEEDBACK_REPORT = "feedback_report"
    #: somebody has read a mail of ours
    READ_RECEIPT = "read_receipt"
    #: out of office and the like: a note on the object it is about, or nothing
    AUTOMATIC_REPLY = "automatic_reply"
    #: an answer to an invitation, about no object
    CALENDAR_REPLY = "calendar_reply"
    #: an alert whose key is wrong, missing or unreadable
    ALERT_KEY_WRONG = "alert_key_wrong"
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


@immutable
class Result:
    """What was committed for one message in one mailbox."""

    mailbox: str
    outcome: Outcome
    reason: Reason
    #: row in ``messages``: this message's, or for a duplicate the first one's
    message_id: int
    #: number of the ticket made or written to; None without one
    number: str | None


@immutable(kw_only=False)
class Committed:
    """Everything the delivery causes is in the database: 250."""

    results: tuple[Result, ...]


@immutable(kw_only=False)
class Deferred:
    """Nothing was stored; the peer keeps the mail and tries again: 4yz."""

    why: Deferral


#: The answer to a delivery.
Answer = Committed | Deferred
