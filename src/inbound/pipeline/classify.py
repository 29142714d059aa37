"""Stage 2: which object it is about."""

from collections.abc import Sequence

from inbound.pipeline.steps import Attributed, Classified


def classify(batch: Sequence[Attributed]) -> list[Classified]:
    """The object that the subject names, which the first stage has looked up, or a new ticket."""
    return [
        Classified(
            received=attributed.received,
            attribution=attributed.attribution,
            target=attributed.target,
            steps=attributed.steps,
        )
        for attributed in batch
    ]
