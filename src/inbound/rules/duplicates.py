"""When two deliveries are the same message, and when two messages want the same ticket."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal

from inbound.model.desk import Target
from inbound.model.mail import Identity
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import hit
from inbound.model.verdict import Verdict
from inbound.values import immutable


@immutable
class DuplicateRules:
    """``desk.duplicates``: see there."""

    ticket_number: bool = True
    alert_id: bool = True
    external_ticket_id: bool = True
    title_and_contact: bool = False
    title_window: timedelta = timedelta(hours=1)
    action: Literal["new_ticket", "note", "note_and_reopen", "ignore"] = "new_ticket"
    when_complete: Literal["new_ticket", "same"] = "new_ticket"


def identity_keys(identity: Identity, received_at: datetime, key: bytes = b"") -> tuple[bytes, ...]:
    """What is stored and looked up for an identity: the first key is stored, all of them are looked up.

    A match that counts only for a while gets a key per period of that length, so that the unique constraint can
    guard it too; the period before is looked up as well, because the window slides.

    Args:
        identity: of the message.
        received_at: aware.
        key: of private mail: without it nobody can try out what its digest stands for.
    """
    message_id = (identity.message_id or "").encode()
    base = b"%d:%d:%b:" % (identity.version, len(message_id), message_id) + identity.digest
    if identity.match_seconds is None:
        return (_digest(base, key),)
    period = int(received_at.timestamp()) // identity.match_seconds
    return tuple(_digest(base + b":%d" % p, key) for p in (period, period - 1))


def _digest(octets: bytes, key: bytes) -> bytes:
    return hmac.digest(key, octets, "sha256") if key else hashlib.sha256(octets).digest()


def is_still_same(identity: Identity, first_at: datetime, received_at: datetime) -> bool:
    """Does a match with an earlier delivery still count?"""
    return identity.match_seconds is None or received_at - first_at <= timedelta(seconds=identity.match_seconds)


def repeat_of(
    verdict: Verdict,
    target: Target,
    mailbox: Mailbox,
    rules: DuplicateRules,
    *,
    condition: str,
    is_complete: bool,
    is_reopening: bool,
) -> Verdict | None:
    """What a new ticket becomes that repeats one of the same organization.

    Args:
        verdict: a new ticket.
        target: the ticket that it repeats, merges followed.
        mailbox: it came to.
        rules: of the desk.
        condition: that holds.
        is_complete: is that ticket done? ``when_complete`` is asked first.
        is_reopening: may it reopen? Automated mail of people's mailboxes never does.

    Returns:
        None: a new ticket all the same.
    """
    if rules.action == "new_ticket" or (is_complete and rules.when_complete == "new_ticket"):
        return None
    step = hit("dedupe", Reason.TICKET_DUPLICATE, f"it repeats {target.number} by {condition}: {rules.action}")
    if rules.action == "ignore":
        return Verdict(outcome=Outcome.DUPLICATE, reason=Reason.TICKET_DUPLICATE, target=target, steps=(step,))
    if "ticket_note" not in mailbox.creates:
        return None
    is_doubtful = verdict.reason is Reason.SENDER_NOT_AUTHENTICATED
    is_reopened = rules.action == "note_and_reopen" and is_complete and is_reopening and not is_doubtful
    return Verdict(
        outcome=Outcome.TICKET_NOTE_ADDED,
        reason=Reason.TICKET_DUPLICATE,
        kind="ticket_note",
        target=target,
        publish="internal" if is_doubtful else mailbox.ticket_note.publish,
        status=(mailbox.ticket_note.reopen_status or mailbox.ticket.status) if is_reopened else "",
        is_reopened=is_reopened,
        is_whole_mail=True,
        steps=(step,),
    )
