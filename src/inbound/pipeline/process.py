"""The four stages, in order, for any number of messages in one transaction."""

from collections.abc import Hashable, Sequence

from inbound.database import locks
from inbound.database.engine import Transaction
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import hit
from inbound.pipeline.classify import classify
from inbound.pipeline.context import Context
from inbound.pipeline.dedupe import dedupe
from inbound.pipeline.persist import persist
from inbound.pipeline.resolve_sender import resolve_sender
from inbound.pipeline.steps import Classified, Decided, Processed, Received
from inbound.rules.conflicts import split
from inbound.rules.private import is_private


def process(tx: Transaction, batch: Sequence[Received], context: Context) -> list[Processed]:
    """Run messages through the pipeline; nothing is committed here.

    Messages that could affect each other go one after the other, in waves of one transaction: a later wave sees what
    an earlier one wrote. So no stage has to think about a message's neighbours, and a batch gives what one by one
    would give.

    Args:
        tx: the transaction that the caller commits.
        batch: messages, in the order of their arrival.
        context: the configuration.

    Returns:
        one result per message, in the order of the batch.
    """
    done: dict[int, Processed] = {}
    waiting = list(batch)
    held: set[str] = set()
    while waiting:
        wave, waiting = split([(received, received.keys) for received in waiting])
        classified = classify(resolve_sender(tx, wave, context), context)
        # What would make a contact looks again once nobody else can make the same one.
        ready, unlocked = _take_locks(tx, classified, held)
        # Two messages that turn out to be about the same object start again after each other.
        ready, again = split([(one, _keys(one)) for one in ready])
        for processed in persist(tx, dedupe(tx, ready), context):
            done[id(processed.received)] = processed
        behind = {id(one.received) for one in (*unlocked, *again)}
        waiting = [received for received in wave if id(received) in behind] + waiting
    return [done[id(received)] for received in batch]


def _take_locks(
    tx: Transaction, classified: Sequence[Classified], held: set[str]
) -> tuple[list[Classified], list[Classified]]:
    """Hold the keys of contacts that are about to be made; whoever did not hold its own has to look again."""
    wanted = {key for one in classified if not one.received.salt and (key := _new_contact(one)) is not None} - held
    if not wanted:
        return list(classified), []
    locks.take(tx, wanted)
    held |= wanted
    return (
        [one for one in classified if _new_contact(one) not in wanted],
        [one for one in classified if _new_contact(one) in wanted],
    )


def _keys(one: Classified) -> list[Hashable]:
    target = one.verdict.target
    keys: list[Hashable] = [] if target is None else [(target.kind, target.id)]
    if (contact := _new_contact(one)) is not None:
        keys.append(contact)
    return keys


def _new_contact(one: Classified) -> str | None:
    """What makes the contact that it would make the same as another's."""
    attribution = one.authorship.attribution
    if attribution is None or one.verdict.kind is None:
        return None
    if one.alarm is not None and (new := one.alarm.match.new_contact) is not None:
        return f"contact {attribution.organization.id} {new.name.casefold()}"
    author = one.authorship.originator.author
    return f"contact {attribution.organization.id} {author.key}" if attribution.adds_contact and author else None


def quarantine(tx: Transaction, received: Received, error: str, context: Context) -> Processed:
    """Store a message that alone makes the pipeline fail: the original, the envelope and the error.

    Private mail leaves nothing behind, not even here: of it only the envelope stays.

    Args:
        tx: the transaction that the caller commits.
        received: the message.
        error: type and text of the failure, without parameters.
        context: the configuration.
    """
    if is_private(received.mail.marks.sensitivity):
        step = hit("receive", Reason.PRIVATE, "marked Sensitivity: Private; nothing of it is kept")
        decided = Decided(received=received, outcome=Outcome.DISCARDED, reason=Reason.PRIVATE, steps=(step,))
    else:
        step = hit("receive", Reason.PROCESSING_FAILED, error)
        decided = Decided(
            received=received,
            outcome=Outcome.QUARANTINED,
            reason=Reason.PROCESSING_FAILED,
            steps=(step,),
            error=error,
        )
    return persist(tx, [decided], context)[0]
