"""The explanation that is stored with every message: what was looked up, which rule hit, which did not and why."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["receive", "resolve_sender", "classify", "dedupe", "persist"]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a trace. A tuple of these is stored as JSON in ``messages.trace``."""

    stage: Stage
    #: snake_case name of the rule that was asked
    rule: str
    #: did it decide?
    is_hit: bool
    #: what was found, in words an operator understands; text from the message is quoted and shortened
    detail: str
