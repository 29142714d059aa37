"""Stage 3: was it here before? With that, everything is decided."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inbound.database import messages
from inbound.database.engine import Transaction
from inbound.model.earlier import Recent, Stored
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit, miss
from inbound.pipeline.context import Context
from inbound.pipeline.repeats import in_other_mailbox, repeats
from inbound.pipeline.steps import Classified, Decided
from inbound.rules.duplicates import is_still_same
from inbound.rules.loops import limit_loops


def dedupe(tx: Transaction, batch: Sequence[Classified], context: Context) -> list[Decided]:
    """Decide about each by what the first stage found stored."""
    retried = [classified.received.row_id for classified in batch if classified.received.row_id is not None]
    # Whoever retries the same message at the same time finds it done.
    own_rows = messages.lock_for_retry(tx, retried) if retried else {}
    firsts = [_first(classified, own_rows) for classified in batch]
    left = [in_other_mailbox(one, context) for one, (first, _) in zip(batch, firsts, strict=True) if first is None]
    judged = iter(repeats(tx, left, context))
    return [
        _redelivered(classified, first, step) if first else _decide(next(judged), step, context)
        for classified, (first, step) in zip(batch, firsts, strict=True)
    ]


def _first(classified: Classified, own_rows: Mapping[int, Stored]) -> tuple[Stored | None, Step]:
    """The first delivery of a message that was here before."""
    received = classified.received
    own_row = own_rows.get(received.row_id) if received.row_id is not None else None
    is_done = own_row is not None and own_row.outcome != Outcome.QUARANTINED
    first = own_row if is_done else _first_delivery(classified)
    is_own_row = first is not None and not is_done and (received.salt != b"" or first.row_id == received.row_id)
    return None if is_own_row else first, _step(first, is_ignored=is_own_row)


def _redelivered(classified: Classified, first: Stored, step: Step) -> Decided:
    return Decided(
        received=classified.received,
        classified=classified,
        outcome=Outcome.DUPLICATE,
        reason=Reason.REDELIVERED,
        steps=(*classified.steps, step),
        first=first,
    )


def _decide(classified: Classified, step: Step, context: Context) -> Decided:
    limited, loop_steps = _limit_loops(classified, context)
    return Decided(
        received=classified.received,
        classified=limited,
        outcome=limited.verdict.outcome,
        reason=limited.verdict.reason,
        steps=(*classified.steps, step, *_reused(classified), *loop_steps),
    )


def _first_delivery(classified: Classified) -> Stored | None:
    received = classified.received
    for identity in received.identities:
        first = classified.earlier.by_identity.get((received.mailbox.name, identity))
        if first and is_still_same(received.mail.identity, first.received_at, received.delivery.received_at):
            return first
    return None


def _step(first: Stored | None, *, is_ignored: bool) -> Step:
    if first is None:
        return miss("dedupe", "redelivered", "the first delivery of this message to this mailbox")
    came = f"stored as message {first.row_id} since {first.received_at:%Y-%m-%d %H:%M:%S %Z} ({first.outcome})"
    if is_ignored:
        return miss("dedupe", "redelivered", f"{came}; its own row does not count here")
    return hit("dedupe", "redelivered", came)


def _reused(classified: Classified) -> tuple[Step, ...]:
    """Programs repeat Message-IDs: a different message under one that was used is no duplicate."""
    received = classified.received
    key = (received.mailbox.name, received.mail.message_id)
    if received.mail.message_id is None or received.row_id is not None or key not in classified.earlier.used_ids:
        return ()
    if classified.verdict.reason is Reason.COPY_ALTERED:
        return ()
    detail = "its Message-ID was used before, by a message with another author, date or text"
    return (miss("dedupe", "message_id_reused", detail),)


def _limit_loops(classified: Classified, context: Context) -> tuple[Classified, tuple[Step, ...]]:
    """What somebody retries by hand is no loop."""
    received = classified.received
    if received.loop_key is None or received.body_key is None or received.row_id is not None:
        return classified, ()
    recent = classified.earlier.recent.get(received.loop_key, Recent())
    verdict, steps = limit_loops(classified.verdict, recent, received.body_key, context.loops)
    if verdict is classified.verdict:
        return classified, steps
    return replace(classified, verdict=verdict, contacts=(), resources=()), steps
