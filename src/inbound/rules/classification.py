"""Which object a message is about."""

import re

from inbound.model.desk import Ticket
from inbound.model.trace import Step, hit, miss

# T20260131.0042, and T20260131.0042.009 for an instance of a recurring one; no letter or digit may touch it.
_NUMBER = re.compile(r"(?<![^\W_])[Tt]([0-9]{8}\.[0-9]{4,18})(\.[0-9]{3})?(?![^\W_])")


def subject_numbers(subject: str) -> tuple[str, ...]:
    """Numbers that a subject names, in the order in which they are tried: as they stand, longest form first."""
    numbers: list[str] = []
    for match in _NUMBER.finditer(subject):
        if match[2]:
            numbers.append(f"T{match[1]}{match[2]}")
        numbers.append(f"T{match[1]}")
    return tuple(dict.fromkeys(numbers))


def target_of(numbers: tuple[str, ...], tickets: dict[str, Ticket]) -> tuple[Ticket | None, tuple[Step, ...]]:
    """The ticket a subject leads to: the first number that exists. None: a new ticket."""
    if not numbers:
        return None, (miss("classify", "subject_number", "the subject names no number"),)
    steps: list[Step] = []
    for number in numbers:
        ticket = tickets.get(number)
        if ticket is not None:
            steps.append(hit("classify", "subject_number", f"ticket {number} exists"))
            return ticket, tuple(steps)
        # A number that does not exist is no number.
        steps.append(miss("classify", "number_unknown", f"there is no ticket {number}"))
    return None, tuple(steps)
