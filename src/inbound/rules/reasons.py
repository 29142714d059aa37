"""The order of reasons: the first that is true wins, and no notice is decided earlier."""

from collections.abc import Iterable

from inbound.model.outcome import Reason

#: First those for which a message becomes no object, then those that shape the object, then the plain ones.
#: `Reason.PROCESSING_FAILED` is none of them: it is our own trouble with a message, not a decision about it.
ORDER: tuple[Reason, ...] = (
    Reason.REDELIVERED,
    Reason.OWN_NOTICE,
    Reason.HOP_LIMIT,
    Reason.PRIVATE,
    Reason.BLOCKED,
    Reason.OVER_GUARD,
    Reason.SPAM,
    Reason.FORWARDING_CONFIRMATION,
    Reason.BOUNCE,
    Reason.FEEDBACK_REPORT,
    Reason.READ_RECEIPT,
    Reason.AUTOMATIC_REPLY,
    Reason.CALENDAR_REPLY,
    Reason.ALERT_KEY_WRONG,
    Reason.LOOP_LIMIT,
    Reason.SENDER_UNKNOWN,
    Reason.STRANGER,
    Reason.OTHER_MAILBOX,
    # the object
    Reason.COPY_ALTERED,
    Reason.TICKET_DUPLICATE,
    Reason.ATTACHED_STRANGER,
    Reason.THREAD_NOT_PARTICIPANT,
    Reason.SENDER_NOT_AUTHENTICATED,
    Reason.INDICATOR_REJECTED,
    Reason.CONTACT_AMBIGUOUS,
    Reason.FORWARDED_NOT_REDIRECTED,
    Reason.ORIGINATOR_IS_MAILBOX,
    Reason.FORWARD_STARTS_NEW,
    # nothing special
    Reason.SUBJECT_NUMBER,
    Reason.HEADER_THREAD,
    Reason.NEW_TICKET,
)


def first_reason(true: Iterable[Reason]) -> Reason:
    """The reason of a message for which several are true.

    Args:
        true: at least one, in any order.
    """
    return min(true, key=ORDER.index)
