"""Messages that make nothing new: what another mailbox made something of, and tickets that repeat others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inbound.database import duplicates, locks, objects
from inbound.database.duplicates import Question, Similar
from inbound.database.engine import Transaction
from inbound.model.desk import Target
from inbound.model.earlier import ObjectKey, Stored
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import hit
from inbound.model.verdict import Verdict
from inbound.pipeline.context import Context
from inbound.pipeline.drafts import masked_subject
from inbound.pipeline.steps import Classified
from inbound.rules.duplicates import repeat_of
from inbound.rules.first_line import is_complete
from inbound.rules.loops import fold_subject
from inbound.rules.numbers import MAX_MERGES, follow_merges
from inbound.rules.titles import title_of

_MADE_NOTHING = frozenset({Outcome.DUPLICATE, Outcome.DISCARDED, Outcome.QUARANTINED})


def in_other_mailbox(one: Classified, context: Context) -> Classified:
    """``same_message_in_two_mailboxes = "first"``: nothing, if another mailbox made something of it."""
    if not context.is_first_mailbox_enough or one.verdict.kind is None:
        return one
    stored = next((stored for mailbox, stored in _elsewhere(one) if mailbox != one.received.mailbox.name), None)
    if stored is None:
        return one
    detail = f"mailbox {_mailbox_of(one, stored)} made something of it: message {stored.row_id}, {stored.number}"
    step = hit("dedupe", Reason.OTHER_MAILBOX, detail)
    return _replaced(one, Verdict(outcome=Outcome.DUPLICATE, reason=Reason.OTHER_MAILBOX, steps=(step,)))


def _elsewhere(one: Classified) -> list[tuple[str, Stored]]:
    """The same message, octet by octet or altered, in any mailbox, where it made something."""
    earlier, received = one.earlier, one.received
    same = [(mailbox, stored) for (mailbox, key), stored in earlier.by_identity.items() if key in received.identities]
    own = received.mail.message_id
    same += [(mailbox, stored) for (mailbox, key), stored in earlier.copied.items() if key == own]
    return [(mailbox, stored) for mailbox, stored in same if stored.outcome not in _MADE_NOTHING]


def _mailbox_of(one: Classified, wanted: Stored) -> str:
    return next(mailbox for mailbox, stored in _elsewhere(one) if stored is wanted)


def repeat_keys(one: Classified, context: Context) -> list[str]:
    """What two new tickets must not have in common in one wave, nor in two transactions at once."""
    question = _question(one, 0, context)
    if question is None:
        return []
    organization = question.organization_id
    keys = [
        (question.alert_id, f"alert {organization} {question.alert_source} {question.alert_id}"),
        (question.external_id, f"external {organization} {question.external_source} {question.external_id}"),
        (question.contact_id, f"contact's {question.contact_id} {fold_subject(one.received.mail.subject)}"),
    ]
    return [key for value, key in keys if value is not None]


def repeats(tx: Transaction, batch: Sequence[Classified], context: Context) -> list[Classified]:
    """What tickets that would repeat others become, by ``desk.duplicates``."""
    asked = [question for position, one in enumerate(batch) if (question := _question(one, position, context))]
    if not asked:
        return list(batch)
    live = {key for one in batch if not one.received.salt for key in repeat_keys(one, context)}
    if live:
        locks.take_duplicates(tx, live)
    similar = duplicates.find(tx, asked)
    every = [_chosen(one, similar.get(position, ()), context) for position, one in enumerate(batch)]
    repeating = {question.position for question in asked}
    chosen = {position: one for position, one in enumerate(every) if one is not None and position in repeating}
    if not chosen:
        return list(batch)
    keys: dict[int, ObjectKey] = {position: ("ticket", ticket_id) for position, (ticket_id, _) in chosen.items()}
    if lasting := {key for position, key in keys.items() if not batch[position].received.salt}:
        objects.lock(tx, (), lasting, MAX_MERGES)
    tickets = objects.find(tx, (), set(keys.values()), MAX_MERGES).tickets
    return [_repeat(one, chosen.get(position), tickets, context) for position, one in enumerate(batch)]


def _question(one: Classified, position: int, context: Context) -> Question | None:
    """None: it makes no ticket, or nothing is asked of it."""
    rules, attribution = context.duplicates, one.authorship.attribution
    if rules.action == "new_ticket" or one.verdict.kind != "ticket" or attribution is None:
        return None
    alert, at = one.alarm.alert if one.alarm else None, one.received.delivery.received_at
    alert_id = alert.alert_id if alert and rules.alert_id else None
    external = alert.ticket_id if alert and rules.external_ticket_id else None
    contact = attribution.contact if rules.title_and_contact else None
    return Question(
        position=position,
        organization_id=attribution.organization.id,
        alert_source=alert_id.source if alert_id else "",
        alert_id=alert_id.name if alert_id else None,
        external_source=external.source if external else "",
        external_id=external.name if external else None,
        contact_id=contact.id if contact else None,
        since=at - rules.title_window,
        until=at + rules.title_window,
    )


def _chosen(one: Classified, similar: Sequence[Similar], context: Context) -> tuple[int, str] | None:
    """The ticket that it repeats, and the condition: the number goes before ids, and they before titles."""
    attribution, named = one.authorship.attribution, one.question.target
    is_own = named is not None and attribution is not None and named.organization.id == attribution.organization.id
    if context.duplicates.ticket_number and named is not None and named.kind == "ticket" and is_own:
        return named.id, "ticket_number"
    local_at = one.received.delivery.received_at.astimezone(context.time_zone)
    subject = masked_subject(one.received.mail.subject, one.received.mailbox)
    title = fold_subject(title_of(subject, local_at, context.date_format))
    own_row = {stored.object for stored in one.earlier.by_identity.values()} if one.received.salt else set()
    fitting = [
        ticket
        for ticket in similar
        if ("ticket", ticket.ticket_id) not in own_row
        and (ticket.condition != "title_and_contact" or fold_subject(ticket.title) == title)
    ]
    first = min(fitting, key=lambda ticket: ticket.condition, default=None)
    return (first.ticket_id, first.condition) if first else None


def _repeat(
    one: Classified, chosen: tuple[int, str] | None, tickets: Mapping[int, Target], context: Context
) -> Classified:
    found = tickets.get(chosen[0]) if chosen else None
    if chosen is None or found is None:
        return one
    target = follow_merges(found, tickets)
    verdict = repeat_of(
        one.verdict,
        target,
        one.received.mailbox,
        context.duplicates,
        condition=chosen[1],
        is_complete=is_complete(target, context.picks),
        is_reopening=one.alarm is not None or not one.question.is_automated,
    )
    return one if verdict is None else _replaced(one, verdict)


def _replaced(one: Classified, verdict: Verdict) -> Classified:
    """Nothing is left of what it would have made."""
    return replace(
        one, verdict=verdict, contacts=(), resources=(), primary_resource=None, steps=(*one.steps, *verdict.steps)
    )
