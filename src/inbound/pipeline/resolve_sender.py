"""Stage 1: who wrote it, for which organization."""

from collections.abc import Sequence
from dataclasses import replace

from inbound.database import alerts, directory, earlier, participants
from inbound.database.engine import Transaction
from inbound.message.addresses import parse_addresses
from inbound.message.forwarded import count_blocks, read_embedded, read_forward
from inbound.model.alert import Alert
from inbound.model.authorship import Authorship, Directory, Question
from inbound.model.desk import Target
from inbound.model.mail import Address
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit
from inbound.model.verdict import Road, Verdict
from inbound.pipeline.aims import Aim, Asked, aims_of, questions_of
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Alarm, Attributed, Received
from inbound.rules.alert_tokens import read_alert
from inbound.rules.alerts import decide_alert, match_alert
from inbound.rules.attribution import attribute
from inbound.rules.automated import generated_sign
from inbound.rules.kinds import decided_by_form, decided_by_kind
from inbound.rules.loops import returned_to_us
from inbound.rules.numbers import subject_numbers
from inbound.rules.organizations import owned_domains
from inbound.rules.originator import needs_blocks, possible_authors
from inbound.rules.proof import proof_step
from inbound.rules.strangers import is_stranger
from inbound.rules.threads import leads_of

#: people in To and Cc of one message that are looked up
MAX_ADDRESSED = 200


def resolve_sender(tx: Transaction, batch: Sequence[Received], context: Context) -> list[Attributed]:
    """Look up all authors, addressees, numbers and ids at once, then let the rules decide about each."""
    asked = [_ask(received, context) for received in batch]
    before = earlier.look_up(tx, questions_of(asked, context))
    aims = aims_of(tx, asked, before)
    questions = [_question(one, aim.named, context) for one, aim in zip(asked, aims, strict=True)]
    known = _look_up(tx, asked, questions)
    alarms = _alarms(tx, asked, aims, context)
    authorships = [
        _of_alarm(one, alarm, context) if alarm else (attribute(question, known), _wrong_key(one))
        for one, question, (alarm, _) in zip(asked, questions, alarms, strict=True)
    ]
    attributed = [
        Attributed(
            received=one.received,
            question=question,
            authorship=authorship,
            directory=known,
            earlier=before,
            target=aim.target,
            road=aim.road,
            copied=aim.copied,
            is_stranger=False,
            alarm=alarm,
            verdict=one.verdict or verdict,
            steps=(proof_step(one.received.delivery), *aim.steps, *alarm_steps, *authorship.steps),
        )
        for one, question, aim, (alarm, alarm_steps), (authorship, verdict) in zip(
            asked, questions, aims, alarms, authorships, strict=True
        )
    ]
    return _with_strangers(tx, attributed, context)


def _ask(received: Received, context: Context) -> Asked:
    mail, mailbox = received.mail, received.mailbox
    verdict = returned_to_us(mail, context.token_secrets) or decided_by_kind(
        mail, mailbox, mail_from=received.delivery.mail_from, is_author_proven=received.is_author_proven
    )
    leads = leads_of(mail, received.recipient.address, mailbox, context.token_secrets)
    if received.mailbox.handler == "alerts":
        alert = read_alert(received.mail.text, received.mailbox.keys)
        named = alert.ticket_number if isinstance(alert, Alert) else ""
        if isinstance(alert, Alert) or not _has_form(received):
            numbers = (named,) if named else ()
            return Asked(received=received, verdict=verdict, alert=alert, numbers=numbers, leads=())
    return Asked(received=received, verdict=verdict, alert=None, numbers=_numbers(received), leads=leads)


def _has_form(received: Received) -> bool:
    """Is it no alert but what a machine answers to a notice? That is decided before the key."""
    return decided_by_form(received.mail, received.mailbox, has_null_path=received.has_null_path)


def _numbers(received: Received) -> tuple[str, ...]:
    """Of the subject; of a bounce also of the subject that came back."""
    returned = received.mail.returned_subject
    return tuple(dict.fromkeys(subject_numbers(received.mail.subject) + subject_numbers(returned)))


def _question(one: Asked, target: Target | None, context: Context) -> Question:
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


def _look_up(tx: Transaction, asked: Sequence[Asked], questions: Sequence[Question]) -> Directory:
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
    asked: Sequence[Asked],
    aims: Sequence[Aim],
    context: Context,
) -> list[tuple[Alarm | None, tuple[Step, ...]]]:
    """What the alerts of the batch are about; None for a message that is none."""
    read = [one.alert for one in asked if isinstance(one.alert, Alert)]
    found = alerts.look_up(tx, read) if read else []
    findings = {id(alert): about for alert, about in zip(read, found, strict=True)}
    alarms: list[tuple[Alarm | None, tuple[Step, ...]]] = []
    for one, aim in zip(asked, aims, strict=True):
        if not isinstance(one.alert, Alert):
            alarms.append((None, ()))
            continue
        is_ticket = aim.target is not None and aim.target.kind == "ticket"
        known = replace(findings[id(one.alert)], target=aim.target if is_ticket else None)
        match, steps = match_alert(one.alert, known, context.issue_types, one.received.mailbox.ticket.issue_type)
        alarms.append((Alarm(alert=one.alert, match=match), steps))
    return alarms


def _of_alarm(one: Asked, alarm: Alarm, context: Context) -> tuple[Authorship, Verdict]:
    received = one.received
    return decide_alert(
        alarm.match, received.mail.author, received.mailbox, context.picks, received.delivery.received_at
    )


def _wrong_key(one: Asked) -> Verdict | None:
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
        is_proof_needed=one.road is not Road.NUMBER,
        is_proven=one.received.is_author_proven,
        participants=took_part,
        public_mail_domains=context.public_mail_domains,
    )
    return replace(one, is_stranger=is_foreign, steps=(*one.steps, step))
