"""Stage 3: was it here before? With that, everything is decided."""

from collections.abc import Mapping, Sequence

from inbound.database import messages
from inbound.database.engine import Transaction
from inbound.database.messages import StoredIdentity
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit, miss
from inbound.pipeline.steps import Classified, Decided, Received
from inbound.rules.duplicates import is_still_same


def dedupe(tx: Transaction, batch: Sequence[Classified]) -> list[Decided]:
    """Look up all identities at once, then decide about each."""
    identities = {identity for classified in batch for identity in classified.received.identities}
    retried = [classified.received.row_id for classified in batch if classified.received.row_id is not None]
    # Locked first: whoever retries the same message at the same time finds it done.
    own_rows = messages.lock_for_retry(tx, retried) if retried else {}
    stored = messages.find_identities(tx, identities)
    return [_decide(classified, stored, own_rows) for classified in batch]


def _decide(
    classified: Classified,
    stored: Mapping[tuple[str, bytes], StoredIdentity],
    own_rows: Mapping[int, StoredIdentity],
) -> Decided:
    received = classified.received
    own_row = own_rows.get(received.row_id) if received.row_id is not None else None
    is_done = own_row is not None and own_row.outcome != Outcome.QUARANTINED
    first = own_row if is_done else _first_delivery(received, stored)
    is_own_row = first is not None and not is_done and (received.salt != b"" or first.row_id == received.row_id)
    steps = (*classified.steps, _step(first, is_ignored=is_own_row))
    is_duplicate = first is not None and not is_own_row
    return Decided(
        received=received,
        classified=classified,
        outcome=Outcome.DUPLICATE if is_duplicate else classified.verdict.outcome,
        reason=Reason.REDELIVERED if is_duplicate else classified.verdict.reason,
        steps=steps,
        first=first if is_duplicate else None,
    )


def _first_delivery(received: Received, stored: Mapping[tuple[str, bytes], StoredIdentity]) -> StoredIdentity | None:
    for identity in received.identities:
        first = stored.get((received.mailbox.name, identity))
        if first and is_still_same(received.mail.identity, first.received_at, received.delivery.received_at):
            return first
    return None


def _step(first: StoredIdentity | None, *, is_ignored: bool) -> Step:
    if first is None:
        return miss("dedupe", "redelivered", "the first delivery of this message to this mailbox")
    came = f"stored as message {first.row_id} since {first.received_at:%Y-%m-%d %H:%M:%S %Z} ({first.outcome})"
    if is_ignored:
        return miss("dedupe", "redelivered", f"{came}; its own row does not count here")
    return hit("dedupe", "redelivered", came)
