"""Stage 2: which object it is about."""

from collections.abc import Sequence

from inbound.database import tickets
from inbound.database.engine import Transaction
from inbound.pipeline.steps import Attributed, Classified
from inbound.rules.classification import subject_numbers, target_of


def classify(tx: Transaction, batch: Sequence[Attributed]) -> list[Classified]:
    """Look up all numbers at once, then let the rules decide about each."""
    numbers = [subject_numbers(attributed.received.mail.subject) for attributed in batch]
    named = {number for tried in numbers for number in tried}
    found = tickets.find(tx, named) if named else {}
    classified: list[Classified] = []
    for attributed, tried in zip(batch, numbers, strict=True):
        target, steps = target_of(tried, found)
        classified.append(
            Classified(
                received=attributed.received,
                attribution=attributed.attribution,
                target=target,
                steps=attributed.steps + steps,
            )
        )
    return classified
