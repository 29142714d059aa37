"""The four stages, in order, for any number of messages in one transaction."""

from collections.abc import Sequence

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
    while waiting:
        wave, waiting = split([(received, received.keys) for received in waiting])
        classified = classify(resolve_sender(tx, wave, context))
        # Two messages that turn out to be about the same object start again after each other.
        ready, again = split([(one, _target_keys(one)) for one in classified])
        for processed in persist(tx, dedupe(tx, ready), context):
            done[id(processed.received)] = processed
        waiting = [one.received for one in again] + waiting
    return [done[id(received)] for received in batch]


def _target_keys(classified: Classified) -> tuple[int, ...]:
    return () if classified.target is None else (classified.target.id,)


def quarantine(tx: Transaction, received: Received, error: str, context: Context) -> Processed:
    """Store a message that alone makes the pipeline fail: the original, the envelope and the error.

    Args:
        tx: the transaction that the caller commits.
        received: the message.
        error: type and text of the failure, without parameters.
        context: the configuration.
    """
    step = hit("receive", Reason.PROCESSING_FAILED, error)
    decided = Decided(
        received=received,
        attribution=None,
        target=None,
        outcome=Outcome.QUARANTINED,
        reason=Reason.PROCESSING_FAILED,
        steps=(step,),
        error=error,
    )
    return persist(tx, [decided], context)[0]
