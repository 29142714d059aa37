"""The order of reasons."""

from itertools import pairwise

import pytest

from inbound.model.outcome import Reason
from inbound.rules.reasons import ORDER, first_reason


def test_every_reason_has_its_place() -> None:
    """No decision can have a reason whose rank nobody decided."""
    assert sorted([*ORDER, Reason.PROCESSING_FAILED]) == sorted(Reason)
    assert len(ORDER) == len(set(ORDER))


@pytest.mark.parametrize(
    "earlier_to_later",
    [
        # what becomes no object
        (Reason.REDELIVERED, Reason.PRIVATE, Reason.BLOCKED, Reason.CALENDAR_REPLY, Reason.ALERT_KEY_WRONG),
        (Reason.ALERT_KEY_WRONG, Reason.SENDER_UNKNOWN),
        # no content of private mail is stored, also not in quarantine
        (Reason.PRIVATE, Reason.OVER_GUARD),
        # what shapes an object comes after, and before what does not
        (Reason.SENDER_UNKNOWN, Reason.ATTACHED_STRANGER, Reason.SENDER_NOT_AUTHENTICATED, Reason.SUBJECT_NUMBER),
        (Reason.CONTACT_AMBIGUOUS, Reason.NEW_TICKET),
    ],
)
def test_the_first_that_is_true_wins(earlier_to_later: tuple[Reason, ...]) -> None:
    """In whatever order they are found."""
    for earlier, later in pairwise(earlier_to_later):
        assert first_reason([later, earlier]) is first_reason([earlier, later]) is earlier
    assert first_reason(reversed(earlier_to_later)) is earlier_to_later[0]
