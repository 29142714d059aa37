"""Numbers in subjects."""

import pytest

from inbound.model.desk import Ticket
from inbound.rules.classification import subject_numbers, target_of


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        # anywhere, any case
        ("T20260131.0042", ("T20260131.0042",)),
        ("AW: [t20260131.0042] Drucker", ("T20260131.0042",)),
        ("Re:T20260131.0042.", ("T20260131.0042",)),
        # past four digits; a longer number is another number
        ("T20261026.00011", ("T20261026.00011",)),
        # an instance of a recurring ticket, then its master
        ("T20260131.0042.009", ("T20260131.0042.009", "T20260131.0042")),
        # several, in the order in which they stand, each once
        ("T20260131.0002 and T20260131.0001, T20260131.0002", ("T20260131.0002", "T20260131.0001")),
        # bounded by what is no letter and no digit, of any alphabet
        ("_T20260131.0042_", ("T20260131.0042",)),
        ("xT20260131.0042", ()),
        ("T20260131.0042x", ()),
        ("üT20260131.0042", ()),
        ("T20260131.0042é", ()),
        ("9T20260131.0042", ()),
        # not a number
        ("T2026131.0042", ()),
        ("T20260131.042", ()),
        ("T20260131,0042", ()),
        ("T٢٠٢٦٠١٣١.0042", ()),
        ("", ()),
    ],
)
def test_subject_numbers(subject: str, numbers: tuple[str, ...]) -> None:
    """A subject names exactly the numbers that stand free in it."""
    assert subject_numbers(subject) == numbers


def test_the_first_existing_number_wins() -> None:
    """A number that does not exist is no number, and the trace says so."""
    ticket = Ticket(id=7, number="T20260131.0042", organization_id=1, status="New")
    target, steps = target_of(("T20260131.0042.009", "T20260131.0042"), {ticket.number: ticket})
    assert target == ticket
    assert [(step.rule, step.is_hit) for step in steps] == [("number_unknown", False), ("subject_number", True)]


def test_no_existing_number_is_a_new_ticket() -> None:
    """Without an existing number there is no target."""
    assert target_of(("T20260131.0042",), {})[0] is None
    assert target_of((), {})[0] is None
