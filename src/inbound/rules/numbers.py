"""Numbers in a subject, and the objects they lead to."""

import re
from collections.abc import Mapping
from typing import Final

from inbound.model.desk import Target
from inbound.model.trace import Step, hit, miss

#: numbers of one subject that are looked up
MAX_NUMBERS: Final = 50
#: merges that are followed, one after the other
MAX_MERGES: Final = 50

# T20260131.0042 is a ticket or task, with .009 an instance of a recurring one; P20260131.0003 a project. No letter or
# digit may touch it.
_NUMBER = re.compile(r"(?<![^\W_])([TtPp])([0-9]{8}\.[0-9]{4,18})(\.[0-9]{3})?(?![^\W_])")


def subject_numbers(subject: str) -> tuple[str, ...]:
    """Numbers that a subject names, in the order in which they are tried: as they stand, longest form first."""
    numbers: dict[str, None] = {}
    for match in _NUMBER.finditer(subject):
        letter = match[1].upper()
        if match[3] and letter == "T":
            numbers[f"T{match[2]}{match[3]}"] = None
        numbers[f"{letter}{match[2]}"] = None
        if len(numbers) >= MAX_NUMBERS:
            break
    return tuple(numbers)


def target_of(
    numbers: tuple[str, ...], found: Mapping[str, Target], merged: Mapping[int, Target]
) -> tuple[Target | None, tuple[Step, ...]]:
    """The object a subject leads to: the first number that exists, through all merges.

    Args:
        numbers: in the order of `subject_numbers`.
        found: objects by number.
        merged: tickets by id that others were merged into.

    Returns:
        None for a new ticket, and the trace.
    """
    if not numbers:
        return None, (miss("classify", "subject_number", "the subject names no number"),)
    steps: list[Step] = []
    for number in numbers:
        target = found.get(number)
        if target is not None:
            steps.append(hit("classify", "subject_number", f"{target.kind} {number} exists"))
            followed = follow_merges(target, merged)
            if followed is not target:
                steps.append(hit("classify", "merged", f"{number} was merged into {followed.number}"))
            return followed, tuple(steps)
        # A number that does not exist is no number.
        steps.append(miss("classify", "number_unknown", f"nothing has the number {number}"))
    return None, tuple(steps)


def follow_merges(target: Target, merged: Mapping[int, Target]) -> Target:
    """The ticket that a merged one lives on in.

    Args:
        target: any object; only tickets are merged.
        merged: tickets by id. A chain that leads nowhere ends before; one that leads in a circle is none.
    """
    seen = {target.id}
    current = target
    for _ in range(MAX_MERGES):
        following = merged.get(current.merged_into_id) if current.merged_into_id is not None else None
        if following is None:
            return current
        if following.id in seen:
            return target
        seen.add(following.id)
        current = following
    return current
