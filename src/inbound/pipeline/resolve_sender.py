"""Stage 1: who wrote it, for which organization."""

from collections.abc import Sequence

from inbound.database import directory, tickets
from inbound.database.engine import Transaction
from inbound.model.authorship import Directory, Question
from inbound.model.desk import Target
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Attributed, Received
from inbound.rules.attribution import attribute
from inbound.rules.numbers import subject_numbers, target_of
from inbound.rules.organizations import owned_domains
from inbound.rules.originator import possible_authors


def resolve_sender(tx: Transaction, batch: Sequence[Received], context: Context) -> list[Attributed]:
    """Look up all authors and numbers at once, then let the rules decide about each."""
    numbers = [subject_numbers(received.mail.subject) for received in batch]
    named = {number for tried in numbers for number in tried}
    found = tickets.find(tx, named) if named else {}
    targets = [target_of(tried, found, {}) for tried in numbers]
    questions = [_question(received, target, context) for received, (target, _) in zip(batch, targets, strict=True)]
    known = _look_up(tx, questions)
    attributed: list[Attributed] = []
    for received, question, (target, number_steps) in zip(batch, questions, targets, strict=True):
        authorship = attribute(question, known)
        steps = number_steps + authorship.steps
        attributed.append(Attributed(received=received, attribution=authorship.attribution, target=target, steps=steps))
    return attributed


def _question(received: Received, target: Target | None, context: Context) -> Question:
    return Question(
        mailbox=received.mailbox,
        from_=received.mail.from_,
        reply_to=received.mail.reply_to,
        subject=received.mail.subject,
        target=target,
        is_proven=received.delivery.peer.is_trusted,
        public_mail_domains=context.public_mail_domains,
    )


def _look_up(tx: Transaction, questions: Sequence[Question]) -> Directory:
    asked = [(question, author) for question in questions for author in possible_authors(question)]
    return directory.look_up(
        tx,
        addresses={author.key for _, author in asked},
        domains={
            domain
            for question, author in asked
            for domain in owned_domains(author.domain, question.public_mail_domains)
        },
        names={question.mailbox.fallback_organization for question in questions} - {""},
    )
