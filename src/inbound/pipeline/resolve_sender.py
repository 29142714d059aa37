"""Stage 1: who wrote it, for which organization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from inbound.database import alerts, directory, objects, participants
from inbound.database.engine import Transaction
from inbound.message.addresses import parse_addresses
from inbound.message.forwarded import count_blocks, read_embedded, read_forward
from inbound.model.alert import Alert
from inbound.model.authorship import Authorship, Directory, Question
from inbound.model.desk import Target
from inbound.model.mail import Address
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit
from inbound.model.verdict import Verdict
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Alarm, Attributed, Received
from inbound.rules.alert_tokens import read_alert
from inbound.rules.alerts import decide_alert, match_alert
from inbound.rules.attribution import attribute
from inbound.rules.automated import generated_sign
from inbound.rules.kinds import decided_by_form, decided_by_kind
from inbound.rules.numbers import MAX_MERGES, subject_numbers, target_of
from inbound.rules.organizations import owned_domains
from inbound.rules.originator import needs_blocks, possible_authors
from inbound.rules.proof import proof_step
from inbound.rules.strangers import is_stranger

#: people in To and Cc of one message that are looked up
MAX_ADDRESSED = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """A message with everything that has to be asked about it."""

    received: Received
    #: decided already, by what it is
    verdict: Verdict | None
    #: of an alerts mailbox; a text says why there is no token that counts
    alert: Alert | str | None
    #: of the objects it may be about, in the order in which they are tried
    numbers: tuple[str, ...]


def resolve_sender(tx: Transaction, batch: Sequence[Received], context: Context) -> list[Attributed]:
    """Look up all authors, addressees and numbers at once, then let the rules decide about each."""
    asked = [_ask(received) for received in batch]
    targets = _targets(tx, asked)
    questions = [_question(one, target, context) for one, (target, _) in zip(asked, targets, strict=True)]
    known = _look_up(tx, asked, questions)
    alarms = _alarms(tx, asked, targets, context)
    attributed: list[Attributed] = []
    for one, question, (target, number_steps) in zip(asked, questions, targets, strict=True):
        alarm, alarm_steps = alarms.get(id(one), (None, ()))
        authorship, verdict = _of_alarm(one, alarm, context) if alarm else (attribute(question, known), _wrong_key(one))
        attributed.append(
            Attributed(
                received=one.received,
                question=question,
                authorship=authorship,
                directory=known,
                target=target,
                is_stranger=False,
                alarm=alarm,
                verdict=one.verdict or verdict,
                steps=(proof_step(one.received.delivery), *number_steps, *alarm_steps, *authorship.steps),
            )
        )
    return _with_strangers(tx, attributed, context)


def _ask(received: Received) -> _Asked:
    verdict = decided_by_kind(
        received.mail,
        received.mailbox,
        mail_from=received.delivery.mail_from,
        is_author_proven=received.is_author_proven,
    )
    if received.mailbox.handler == "alerts":
        alert = read_alert(received.mail.text, received.mailbox.keys)
        named = alert.ticket_number if isinstance(alert, Alert) else ""
        if isinstance(alert, Alert) or not _has_form(received):
            return _Asked(received=received, verdict=verdict, alert=alert, numbers=(named,) if named else ())
    return _Asked(received=received, verdict=verdict, alert=None, numbers=_numbers(received))


def _has_form(received: Received) -> bool:
    """Is it no alert but what a machine answers to a notice? That is decided before the key."""
    return decided_by_form(received.mail, received.mailbox, has_null_path=received.has_null_path)


def _numbers(received: Received) -> tuple[str, ...]:
    """Of the subject; of a bounce also of the subject that came back."""
    returned = received.mail.returned_subject
    return tuple(dict.fromkeys(subject_numbers(received.mail.subject) + subject_numbers(returned)))


def _targets(tx: Transaction, asked: Sequence[_Asked]) -> list[tuple[Target | None, tuple[Step, ...]]]:
    named = {number for one in asked for number in one.numbers}
    if not named:
        return [target_of(one.numbers, {}, {}) for one in asked]
    if live := {number for one in asked if not one.received.salt for number in one.numbers}:
        objects.lock(tx, live, MAX_MERGES)
    found, merged = objects.find(tx, named, MAX_MERGES)
    return [target_of(one.numbers, found, merged) for one in asked]


def _question(one: _Asked, target: Target | None, context: Context) -> Question:
    received, mail = one.received, one.received.mail
    is_asked = needs_blocks(mail.from_, mail.subject, received.mailbox)
    forward = read_forward(mail.text, mail.subject) or read_embedded(mail.text) if is_asked else None
    return Question(
        mailbox=received.mailbox,
        from_=mail.from_,
        reply_to=mail.reply_to,
        original_from=_first_address(mail.marks.original_from),
        original_sender=_first_address(mail.marks.original_sender),
        forwarded=forward.author if forward and forward.author.address else None,
        block_count=count_blocks(mail.text, mail.subject) if is_asked else 0,
        subject=mail.subject,
        target=target,
        is_proven=received.is_author_proven,
        is_automated=bool(generated_sign(mail, has_null_path=received.has_null_path)),
        public_mail_domains=context.public_mail_domains,
    )


def _first_address(value: str) -> Address | None:
    return next(iter(parse_addresses(value.encode())), None) if value else None


def _look_up(tx: Transaction, asked: Sequence[_Asked], questions: Sequence[Question]) -> Directory:
    authors = [(question, author) for question in questions for author in possible_authors(question)]
    addressed = {
        address.key
        for one in asked
        for address in (*one.received.mail.to, *one.received.mail.cc)[:MAX_ADDRESSED]
        if address.address
    }
    assigned = {question.mailbox.ticket.primary_resource.lower() for question in questions} - {""}
    return directory.look_up(
        tx,
        addresses={author.key for _, author in authors} | addressed | assigned,
        domains={
            domain
            for question, author in authors
            for domain in owned_domains(author.domain, question.public_mail_domains)
        },
        names={question.mailbox.fallback_organization for question in questions} - {""},
    )


def _alarms(
    tx: Transaction,
    asked: Sequence[_Asked],
    targets: Sequence[tuple[Target | None, tuple[Step, ...]]],
    context: Context,
) -> Mapping[int, tuple[Alarm, tuple[Step, ...]]]:
    """What the alerts of the batch are about."""
    read = [
        (one, one.alert, target)
        for one, (target, _) in zip(asked, targets, strict=True)
        if isinstance(one.alert, Alert)
    ]
    if not read:
        return {}
    found = alerts.look_up(tx, [alert for _, alert, _ in read])
    alarms: dict[int, tuple[Alarm, tuple[Step, ...]]] = {}
    for (one, alert, target), findings in zip(read, found, strict=True):
        is_ticket = target is not None and target.kind == "ticket"
        known = replace(findings, target=target if is_ticket else None)
        match, steps = match_alert(alert, known, context.issue_types, one.received.mailbox.ticket.issue_type)
        alarms[id(one)] = Alarm(alert=alert, match=match), steps
    return alarms


def _of_alarm(one: _Asked, alarm: Alarm, context: Context) -> tuple[Authorship, Verdict]:
    received = one.received
    return decide_alert(
        alarm.match, received.mail.author, received.mailbox, context.picks, received.delivery.received_at
    )


def _wrong_key(one: _Asked) -> Verdict | None:
    if not isinstance(one.alert, str):
        return None
    step = hit("classify", Reason.ALERT_KEY_WRONG, one.alert)
    return Verdict(outcome=Outcome.QUARANTINED, reason=Reason.ALERT_KEY_WRONG, steps=(step,))


def _with_strangers(tx: Transaction, batch: list[Attributed], context: Context) -> list[Attributed]:
    """Ask who is a stranger to the named object; who took part in it is looked up only for those who seem so."""
    judged = [_judge(one, frozenset(), context) for one in batch]
    doubtful = [one.target for one in judged if one.is_stranger and one.target]
    if not doubtful:
        return judged
    took_part = participants.find(tx, doubtful)
    return [
        _judge(one, took_part[before.target.kind, before.target.id] - context.own_addresses, context)
        if before.is_stranger and before.target
        else before
        for one, before in zip(batch, judged, strict=True)
    ]


def _judge(one: Attributed, took_part: frozenset[str], context: Context) -> Attributed:
    if one.target is None or one.alarm is not None:
        return one
    is_foreign, step = is_stranger(
        one.authorship,
        one.target,
        one.directory,
        participants=took_part,
        public_mail_domains=context.public_mail_domains,
    )
    return replace(one, is_stranger=is_foreign, steps=(*one.steps, step))
