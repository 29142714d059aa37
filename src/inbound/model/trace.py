"""The explanation that is stored with every message: what was looked up, which rule hit, which did not and why."""

from typing import Literal

from inbound.values import immutable

Stage = Literal["receive", "resolve_sender", "classify", "dedupe", "persist"]


@immutable
class Step:
    """One line of a trace. A tuple of these is stored as JSON in ``messages.trace``."""

    stage: Stage
    #: snake_case name of the rule that was asked
    rule: str
    #: did it decide?
    is_hit: bool
    #: what was found, in words an operator understands; text from the message is quoted and shortened
    detail: str


def hit(stage: Stage, rule: str, detail: str) -> Step:
    """A rule that decided."""
    return Step(stage=stage, rule=rule, is_hit=True, detail=detail)


def miss(stage: Stage, rule: str, detail: str) -> Step:
    """A rule that was asked and did not decide, and why."""
    return Step(stage=stage, rule=rule, is_hit=False, detail=detail)
