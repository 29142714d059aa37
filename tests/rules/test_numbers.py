"""Numbers in subjects, and what they lead to."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.model.desk import Target
from inbound.rules.numbers import MAX_MERGES, MAX_NUMBERS, follow_merges, subject_numbers, target_of
from people import TICKET


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        # anywhere, any case
        ("T20260131.0042", ("T20260131.0042",)),
        ("AW: [t20260131.0042] Drucker", ("T20260131.0042",)),
        ("Re:T20260131.0042.", ("T20260131.0042",)),
        # projects
        ("AW: [P20260131.0003] Umzug", ("P20260131.0003",)),
        ("p20260131.0003", ("P20260131.0003",)),
        # past four digits; a longer number is another number
        ("T20261026.00011", ("T20261026.00011",)),
        # an instance of a recurring one, then its master; projects do not recur
        ("T20260131.0042.009", ("T20260131.0042.009", "T20260131.0042")),
        ("P20260131.0003.009", ("P20260131.0003",)),
        # what is no instance
        ("T20260131.0042.09", ("T20260131.0042",)),
        ("T20260131.0042.0099", ("T20260131.0042",)),
        ("T20260131.0042.009x", ("T20260131.0042",)),
        # several, in the order in which they stand, each once
        ("T20260131.0002 and P20260131.0001, T20260131.0002", ("T20260131.0002", "P20260131.0001")),
        (
            "T20260131.0001 T20260131.0002.001 T20260131.0002",
            ("T20260131.0001", "T20260131.0002.001", "T20260131.0002"),
        ),
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
        ("X20260131.0042", ()),
        ("T٢٠٢٦٠١٣١.0042", ()),
        ("", ()),
    ],
)
def test_subject_numbers(subject: str, numbers: tuple[str, ...]) -> None:
    """A subject names exactly the numbers that stand free in it."""
    assert subject_numbers(subject) == numbers


def test_a_subject_full_of_numbers_is_not_looked_up_whole() -> None:
    """The first fifty numbers are enough for every honest subject."""
    assert len(subject_numbers(" ".join(f"T20260131.{n:04}" for n in range(10_000)))) == MAX_NUMBERS


@given(st.text(alphabet="TtPp20260131.09 x", max_size=80))
def test_numbers_have_their_form(subject: str) -> None:
    """Whatever a subject is, what is looked up looks like a number."""
    assert all(number[0] in "TP" and number[9] == "." for number in subject_numbers(subject))


TASK = replace(TICKET, kind="task", id=71, number="T20260131.0043")
PROJECT = replace(TICKET, kind="project", id=72, number="P20260131.0001")
FOUND: dict[str, Target] = {one.number: one for one in (TICKET, TASK, PROJECT)}


@pytest.mark.parametrize(
    ("numbers", "target", "rules"),
    [
        (("T20260131.0042",), TICKET, ["subject_number"]),
        # tasks share the shape of tickets
        (("T20260131.0043",), TASK, ["subject_number"]),
        (("P20260131.0001",), PROJECT, ["subject_number"]),
        # several: the first that exists; a number that does not exist is no number
        (("T20260131.0042.009", "T20260131.0042"), TICKET, ["number_unknown", "subject_number"]),
        (("T20260131.0043", "T20260131.0042"), TASK, ["subject_number"]),
        (("T20990101.0001", "P20260131.0001"), PROJECT, ["number_unknown", "subject_number"]),
        (("T20990101.0001",), None, ["number_unknown"]),
        ((), None, ["subject_number"]),
    ],
)
def test_the_first_existing_number_wins(numbers: tuple[str, ...], target: Target | None, rules: list[str]) -> None:
    """The trace names every number that was tried."""
    found, steps = target_of(numbers, FOUND, {})
    assert found == target
    assert [step.rule for step in steps] == rules


def _chain(*merges: tuple[int, int | None]) -> dict[int, Target]:
    return {id_: replace(TICKET, id=id_, number=f"T20260131.{id_:04}", merged_into_id=into) for id_, into in merges}


@pytest.mark.parametrize(
    ("merges", "end"),
    [
        (((1, None),), 1),
        (((1, 2), (2, None)), 2),
        (((1, 2), (2, 3), (3, None)), 3),
        # into nothing: stays before
        (((1, 9),), 1),
        (((1, 2), (2, 9)), 2),
        # in a circle: stays where it began
        (((1, 1),), 1),
        (((1, 2), (2, 1)), 1),
        (((1, 2), (2, 3), (3, 2)), 1),
    ],
)
def test_merges_are_followed(merges: tuple[tuple[int, int | None], ...], end: int) -> None:
    """A merged ticket's number leads to the ticket that it lives on in, and no circle is followed for ever."""
    tickets = _chain(*merges)
    assert follow_merges(tickets[1], tickets).id == end
    found, steps = target_of((tickets[1].number,), {tickets[1].number: tickets[1]}, tickets)
    assert found is not None
    assert found.id == end
    assert ("merged" in [step.rule for step in steps]) is (end != 1)


def test_an_endless_chain_ends() -> None:
    """Merges are followed only so far."""
    tickets = _chain(*((n, n + 1) for n in range(1, 500)))
    assert follow_merges(tickets[1], tickets).id == MAX_MERGES + 1
