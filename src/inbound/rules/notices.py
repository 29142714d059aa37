"""Who gets which notice, and why somebody does not: few, and never into a loop (RFC 3834 2)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from inbound.model.mailbox import Mailbox, ObjectKind, Publish
from inbound.model.notice import NoticeKind
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit, miss
from inbound.values import immutable

#: notices that one recipient gets within the window, over all mailboxes
CAP = 5
WINDOW = timedelta(minutes=10)

#: why a message became nothing, where its author can do something about it
_TOLD = frozenset({Reason.PRIVATE, Reason.SENDER_UNKNOWN})
_CUSTOMERS = frozenset({"contact", "additional_contacts"})
_DESK = frozenset({"primary_resource", "secondary_resources", "account_manager", "queue", "operators"})
#: no person wrote these notes, or nothing is new in them
_QUIET = frozenset({Reason.BOUNCE, Reason.AUTOMATIC_REPLY, Reason.COPY_ALTERED})


@immutable
class Happened:
    """What is known about one message once everything about it is decided."""

    mailbox: Mailbox
    outcome: Outcome
    reason: Reason
    #: None: nothing was made
    kind: ObjectKind | None = None
    publish: Publish = "all"
    #: lower case; empty: nobody can be reached
    author: str = ""
    #: a contact, a co-managing user or a resource has that address
    is_known: bool = False
    #: DKIM, ARC or Authentication-Results say that the author wrote it; a trusted peer alone does not
    is_authenticated: bool = False
    #: one of the desk's people wrote it, and that is proven
    is_by_resource: bool = False
    #: somebody passed a mail on where the mail server should have redirected it
    is_forwarded: bool = False
    #: was it made by a program?
    is_generated: bool = False
    #: what forbids that a program answers it; empty: nothing
    silencing_sign: str = ""
    #: a filter has marked it
    is_spam: bool = False
    #: the author is one of the desk's own addresses
    is_own: bool = False


@immutable
class Wanted:
    """One notice, for people who are still to be found."""

    kind: NoticeKind
    #: roles and addresses
    to: tuple[str, ...]
    #: of a failure its reason, of an operator's notice its subject
    about: str = ""


def wanted_notices(happened: Happened) -> tuple[tuple[Wanted, ...], tuple[Step, ...]]:
    """Every notice that a message causes, and a trace step for each that somebody could expect.

    Args:
        happened: the message, decided; never a duplicate.
    """
    silence = why_silent(happened)
    found = [one for one in _all(happened) if one.to]
    wanted = [_without_silenced(one, silence) for one in found]
    steps = [_step(before, after, silence) for before, after in zip(found, wanted, strict=True)]
    return tuple(one for one in wanted if one.to), tuple(steps)


def why_silent(happened: Happened) -> str:
    """Why the author hears nothing; empty: the author may be answered.

    Args:
        happened: the message, decided.
    """
    is_somebody = happened.is_known or happened.is_authenticated or happened.mailbox.notify.strangers
    signs = (
        (not happened.author, "nobody to answer"),
        (happened.is_own, "the author is an address of the desk"),
        (bool(happened.silencing_sign), happened.silencing_sign),
        (happened.reason is Reason.LOOP_LIMIT, "loop_limit"),
        (happened.is_spam, "marked as spam"),
        (happened.mailbox.handler == "alerts", "an alert is never answered"),
        (not is_somebody, "nobody knows the author, and nothing proves who it is (notify.strangers = false)"),
    )
    return next((why for is_true, why in signs if is_true), "")


def _all(happened: Happened) -> Iterable[Wanted]:
    """What the mailbox wants, before anybody is left out."""
    notify = happened.mailbox.notify
    if about := _operator_subject(happened):
        yield Wanted(kind="operator", to=notify.operator, about=about)
    if happened.kind is None:
        if happened.outcome is Outcome.DISCARDED and happened.reason in _TOLD:
            yield Wanted(kind="failed", to=notify.failed, about=happened.reason)
        return
    if happened.kind == "ticket":
        yield Wanted(kind="ticket_created", to=notify.ticket_created)
        return
    if happened.reason is Reason.INDICATOR_REJECTED:
        yield Wanted(kind="indicator_rejected", to=notify.indicator_rejected)
        return
    if happened.is_generated or happened.reason in _QUIET:
        return
    if happened.kind in notify.object_kinds:
        yield Wanted(kind="object_created", to=notify.object_created)
    if happened.kind.endswith("_note"):
        yield Wanted(kind="note_added", to=_readers(notify.note_added, happened))


def _operator_subject(happened: Happened) -> str:
    if happened.outcome is Outcome.QUARANTINED:
        return "quarantine"
    if happened.reason is Reason.FORWARDING_CONFIRMATION:
        return happened.reason
    return Reason.FORWARDED_NOT_REDIRECTED if happened.is_forwarded else ""


def _readers(to: tuple[str, ...], happened: Happened) -> tuple[str, ...]:
    """Resources hear what others write; the contact hears what resources write, unless it is internal."""
    hidden = _CUSTOMERS
    if happened.is_by_resource:
        hidden = _DESK if happened.publish == "all" else _DESK | _CUSTOMERS
    return tuple(one for one in to if one not in hidden)


def _without_silenced(wanted: Wanted, silence: str) -> Wanted:
    """Whoever may not be answered is not answered as the ticket's contact either."""
    if not silence:
        return wanted
    hidden = {"originator"} if wanted.kind == "note_added" else {"originator", *_CUSTOMERS}
    return Wanted(kind=wanted.kind, to=tuple(one for one in wanted.to if one not in hidden), about=wanted.about)


def _step(before: Wanted, after: Wanted, silence: str) -> Step:
    if not after.to:
        return miss("persist", before.kind, f"nobody is told: {silence}")
    detail = f"to {', '.join(after.to)}"
    left_out = [one for one in before.to if one not in after.to]
    return hit("persist", before.kind, f"{detail}; not to {', '.join(left_out)}: {silence}" if left_out else detail)


@immutable(kw_only=False)
class Queued:
    """A notice that the cap is asked about."""

    id: int
    #: in lower case
    recipient: str
    queued_at: datetime


def over_cap(new: Sequence[Queued], counted: Sequence[tuple[str, datetime]]) -> frozenset[int]:
    """Which notices are too many for their recipients; the others count from now on.

    Args:
        new: in the order in which they were queued.
        counted: recipient in lower case and time of every notice that counts already.

    Returns:
        ids of those beyond the cap: with each of the others, no window of ten minutes holds more than the cap.
    """
    times: dict[str, list[datetime]] = {}
    for recipient, at in counted:
        times.setdefault(recipient, []).append(at)
    too_many: set[int] = set()
    for one in new:
        own = times.setdefault(one.recipient, [])
        # On both sides: what was queued earlier may have been committed later.
        if sum(abs(at - one.queued_at) < WINDOW for at in own) >= CAP:
            too_many.add(one.id)
        else:
            own.append(one.queued_at)
    return frozenset(too_many)
