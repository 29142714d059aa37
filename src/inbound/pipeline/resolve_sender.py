"""Stage 1: who wrote it, for which organization."""

from collections.abc import Sequence

from inbound.database import directory
from inbound.database.engine import Transaction
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Attributed, Received
from inbound.rules.attribution import Directory, Question, attribute
from inbound.rules.domains import candidate_domains


def resolve_sender(tx: Transaction, batch: Sequence[Received], context: Context) -> list[Attributed]:
    """Look up all authors at once, then let the rules decide about each."""
    questions = [_question(received, context) for received in batch]
    known = _look_up(tx, questions)
    attributed: list[Attributed] = []
    for received, question in zip(batch, questions, strict=True):
        attribution, steps = attribute(question, known)
        attributed.append(Attributed(received=received, attribution=attribution, steps=steps))
    return attributed


def _question(received: Received, context: Context) -> Question:
    return Question(
        author=received.mail.author,
        fallback_organization=received.mailbox.fallback_organization,
        public_mail_domains=context.public_mail_domains,
    )


def _look_up(tx: Transaction, questions: Sequence[Question]) -> Directory:
    addresses = {question.author.key for question in questions if question.author}
    domains = {
        candidate
        for question in questions
        if question.author
        for candidate in candidate_domains(question.author.domain)
    }
    names = {question.fallback_organization for question in questions if question.fallback_organization}
    return directory.look_up(tx, addresses=addresses, domains=domains, names=names)
