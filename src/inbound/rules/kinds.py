"""What a message is decides before what it is about: private, blocked, spam, reports, automatic replies."""

from dataclasses import replace

from inbound.model.desk import Target
from inbound.model.kinds import DeliveryReport, FeedbackReport, ReadReceipt
from inbound.model.mail import Address, Mail
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit
from inbound.model.verdict import Case, Verdict
from inbound.rules.automated import automatic_reply_sign
from inbound.rules.blocking import spam_outcome, why_blocked, why_spam
from inbound.rules.classification import internal_note
from inbound.rules.private import is_private


def decided_by_kind(mail: Mail, mailbox: Mailbox, *, mail_from: str, is_author_proven: bool) -> Verdict | None:
    """What needs no look-up: the first that is true. None: the stages go on.

    Args:
        mail: understood.
        mailbox: it came to.
        mail_from: reverse-path; empty for the null reverse-path.
        is_author_proven: of the address in From. Whoever only claims to be a provider writes ordinary mail.
    """
    if is_private(mail.marks.sensitivity):
        return _without_object(Outcome.DISCARDED, Reason.PRIVATE, "marked Sensitivity: Private; nothing of it is kept")
    authors = (*mail.from_, Address(name="", address=mail_from))
    if (step := why_blocked(authors, mail.subject, mailbox)) is not None:
        return Verdict(outcome=Outcome.DISCARDED, reason=Reason.BLOCKED, steps=(step,))
    if mail.over_guard is not None:
        detail = f"over a guard: {mail.over_guard}; what lies behind it was not read"
        return _without_object(Outcome.QUARANTINED, Reason.OVER_GUARD, detail)
    if (verdict := _spam(mail, mailbox)) is not None:
        return verdict
    if mail.confirmation is not None and is_author_proven:
        detail = f"{mail.confirmation.provider} asks to confirm a forwarding; the code and link are in the message"
        return _without_object(Outcome.DISCARDED, Reason.FORWARDING_CONFIRMATION, detail)
    return None


def _spam(mail: Mail, mailbox: Mailbox) -> Verdict | None:
    step = why_spam(mail.fields, mailbox.spam_headers)
    match spam_outcome(step is not None, mailbox.spam_action):
        case "quarantine":
            outcome = Outcome.QUARANTINED
        case "discard":
            outcome = Outcome.DISCARDED
        case None:
            return None
    return Verdict(outcome=outcome, reason=Reason.SPAM, steps=(step,) if step else ())


def decided_with_object(case: Case, mail: Mail, *, has_null_path: bool) -> Verdict | None:
    """Reports and automatic replies: a note on the object they are about, or nothing. None: an ordinary mail.

    Args:
        case: everything that decides about the message.
        mail: understood.
        has_null_path: did it come with the null reverse-path?
    """
    match mail.report:
        case DeliveryReport():
            verdict = _note_or_nothing(case, Reason.BOUNCE, "a delivery status notification")
            return replace(verdict, is_whole_mail=True)
        case FeedbackReport():
            return _without_object(Outcome.DISCARDED, Reason.FEEDBACK_REPORT, "a complaint about a mail of ours")
        case ReadReceipt():
            return _without_object(Outcome.DISCARDED, Reason.READ_RECEIPT, "somebody has read a mail of ours")
        case None:
            return _automatic_reply(case, mail, has_null_path=has_null_path)


def decided_by_form(mail: Mail, mailbox: Mailbox, *, has_null_path: bool) -> bool:
    """Is it a report, an automatic reply or a calendar reply, which come before ``alert_key_wrong``?

    Args:
        mail: understood.
        mailbox: it came to.
        has_null_path: did it come with the null reverse-path?
    """
    is_calendar_reply = mail.calendar is not None and mail.calendar.method == "reply"
    is_processed = mailbox.automatic_replies == "process"
    is_automatic = not is_processed and bool(_automatic_sign(mail, mailbox, has_null_path=has_null_path))
    return mail.report is not None or is_calendar_reply or is_automatic


def _automatic_sign(mail: Mail, mailbox: Mailbox, *, has_null_path: bool) -> str:
    # Only rules of mailboxes are asked whose they are.
    addresses = (mailbox.address, mailbox.public_address, *mailbox.aliases) if mail.marks.rules_loop else ()
    own = frozenset(one.lower() for one in addresses)
    return automatic_reply_sign(mail, has_null_path=has_null_path, redirecting=own)


def _automatic_reply(case: Case, mail: Mail, *, has_null_path: bool) -> Verdict | None:
    """``automatic_replies``: a note where an object is found, nothing, or like any mail."""
    sign = _automatic_sign(mail, case.mailbox, has_null_path=has_null_path)
    if not sign or case.mailbox.automatic_replies == "process":
        return None
    if case.mailbox.automatic_replies == "discard":
        return _without_object(Outcome.DISCARDED, Reason.AUTOMATIC_REPLY, f"{sign}; the mailbox discards those")
    return _note_or_nothing(case, Reason.AUTOMATIC_REPLY, sign)


def _note_or_nothing(case: Case, reason: Reason, detail: str) -> Verdict:
    """Never a ticket: also where the mailbox creates no notes."""
    target: Target | None = case.target
    if target is not None:
        verdict = internal_note(case, target, reason)
        if verdict.target is not None:
            return replace(verdict, steps=(hit("classify", reason, detail), *verdict.steps))
    return _without_object(Outcome.DISCARDED, reason, f"{detail}, about no object")


def _without_object(outcome: Outcome, reason: Reason, detail: str) -> Verdict:
    return Verdict(
        outcome=outcome, reason=reason, steps=(Step(stage="classify", rule=reason, is_hit=True, detail=detail),)
    )
