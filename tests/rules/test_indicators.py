"""The first line of a technician's reply."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.model.desk import TargetKind
from inbound.model.indicated import Indicated, Problem, Writer
from inbound.rules.indicators import (
    DECISIONS_ALLOWED,
    HOURS_ALLOWED,
    MAX_WRONG,
    parse_hours,
    read_indicators,
    split_first_line,
    work_time,
)
from steps import count_calls

TECH = Writer(
    target="ticket",
    is_resource=True,
    statuses=("New", "In Progress", "Waiting Customer", "Erledigt (Büro)"),
    roles=("Network Engineer", "Consultant", "Manager"),
    held_roles=("network engineer", "Consultant"),
)
APPROVER = replace(TECH, is_change_request=True, is_approver=True)
CONTACT = Writer(target="ticket", is_resource=False)
CONTACT_APPROVER = replace(CONTACT, is_change_request=True, is_approver=True)


def read(text: str, writer: Writer = TECH) -> Indicated:
    found = read_indicators(text, writer)
    assert found is not None, text
    return found


def problems(text: str, writer: Writer = TECH) -> list[Problem]:
    return [wrong.problem for wrong in read(text, writer).wrong]


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        # every form
        ("1.5", "1.50"),
        ("1,5", "1.50"),
        ("1", "1.00"),
        ("1.5h", "1.50"),
        ("1,5h", "1.50"),
        ("1:30", "1.50"),
        ("1h30m", "1.50"),
        ("1h5m", "1.08"),
        ("1h", "1.00"),
        ("90m", "1.50"),
        ("0:05", "0.08"),
        ("1H30M", "1.50"),
        # rounded to two decimals
        ("1:20", "1.33"),
        ("100m", "1.67"),
        ("0.125", "0.13"),
        ("0.005", "0.01"),
        # the limits
        ("24", "24.00"),
        ("24:00", "24.00"),
        ("1440m", "24.00"),
        ("0.01", "0.01"),
        ("1m", "0.02"),
    ],
)
def test_hours(value: str, hours: str) -> None:
    """#T= turns the note into a time entry."""
    assert read(f"#T={value}") == Indicated(hours=Decimal(hours))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        # not above 0, over 24
        *((value, Problem.HOURS_OUT_OF_RANGE) for value in ("0", "0:00", "0h", "0m", "0.0", "0h0m", "0.004")),
        *((value, Problem.HOURS_OUT_OF_RANGE) for value in ("24.01", "24.001", "24:01", "25", "1441m", "999999999")),
        # unreadable: a sign, other words, minutes over 59, other forms
        *(
            (value, Problem.HOURS_UNREADABLE)
            for value in (
                *("-1", "+1", "1.5 done", "done", "", "1:60", "1:5", "1h60m", "1:30h", "1.5m", "1h30", ".5", "1."),
                *("1,5,0", "1.000,5", "1:30:00", "1 h", "½", "1e3", "٣", "1234567890", "0x1", "1_0", "nan", "inf"),
            )
        ),
    ],
)
def test_wrong_hours(value: str, problem: Problem) -> None:
    """What is no time, or too much or too little of it, is a wrong value, and nothing is applied."""
    found = read(f"#T={value} #S=New")
    (wrong,) = found.wrong
    assert (wrong.problem, wrong.indicator, wrong.allowed) == (problem, "#T", HOURS_ALLOWED)
    assert found.hours is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # order, case, spaces
        ("#T=1 #S=In Progress #R=Network Engineer", ("1.00", "In Progress", "Network Engineer")),
        ("#r=consultant #s=in progress #t=1", ("1.00", "In Progress", "Consultant")),
        ("  #T= 1  #S=  In   Progress  ", ("1.00", "In Progress", "")),
        ("#T=1\t#S=New", ("1.00", "New", "")),
        # what a phone inserts: full-width, non-breaking, zero-width, byte-order mark, direction marks
        ("＃T=1 #S=New", ("1.00", "New", "")),
        ("＃Ｔ＝１．５　＃Ｓ＝Ｎｅｗ", ("1.50", "New", "")),
        ("\ufeff#T=1\u00a0#S=In\u00a0Progress", ("1.00", "In Progress", "")),
        ("\u200b#\u200bT=1\u2060", ("1.00", "", "")),
        ("\u202a#T=1\u202c", ("1.00", "", "")),
        ("#T=1\u2009#S=New", ("1.00", "New", "")),
        ("#T=1，5", ("1.50", "", "")),
        # composed or not
        ("#T=1 #S=ERLEDIGT (Bu\u0308ro)", ("1.00", "Erledigt (Büro)", "")),
    ],
)
def test_a_line_of_indicators(line: str, expected: tuple[str, str, str]) -> None:
    """Values reach to the next indicator or the end of the line, and match pick lists in any case."""
    found = read(f"{line}\nDone.")
    assert found.wrong == ()
    assert (str(found.hours), found.status, found.role) == expected
    assert found.text == "Done."


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # unknown entries
        ("#T=1 #S=Donne", [Problem.STATUS_UNKNOWN]),
        ("#T=1 #S=", [Problem.STATUS_UNKNOWN]),
        ("#T=1 #R=Astronaut", [Problem.ROLE_UNKNOWN]),
        # the resource must hold the role
        ("#T=1 #R=Manager", [Problem.ROLE_NOT_HELD]),
        # repeated, unknown, glued together, with text behind
        ("#T=1 #T=2", [Problem.REPEATED]),
        ("#T=1 #T=1", [Problem.REPEATED]),
        ("#T=1 #S=New #S=New", [Problem.REPEATED]),
        ("#T=1 #X=3", [Problem.UNKNOWN_INDICATOR]),
        ("#T=1#S=New", [Problem.HOURS_UNREADABLE]),
        ("#T=1 #S=New and more", [Problem.STATUS_UNKNOWN]),
        ("#T=1.5 Server restarted", [Problem.HOURS_UNREADABLE]),
        # everything that is wrong is told
        ("#T=x #S=y #R=z", [Problem.HOURS_UNREADABLE, Problem.STATUS_UNKNOWN, Problem.ROLE_UNKNOWN]),
        ("#S=y #T=1", [Problem.STATUS_UNKNOWN]),
        # a decision on another ticket
        ("#A=approve", [Problem.NO_CHANGE_REQUEST]),
        ("#T=1 #A=approve", [Problem.NO_CHANGE_REQUEST]),
    ],
)
def test_wrong_lines(line: str, expected: list[Problem]) -> None:
    """Anything unreadable or repeated in the line is a wrong value."""
    assert problems(line) == expected


def test_a_wrong_value_is_named_with_what_is_allowed() -> None:
    """The notice can say what was wrong and what would have been right."""
    status, role = read("#T=1 #S=Donne #R=Manager").wrong
    assert (status.indicator, status.value, status.allowed) == ("#S", "Donne", TECH.statuses)
    assert (role.indicator, role.value, role.allowed) == ("#R", "Manager", ("Network Engineer", "Consultant"))
    (long,) = read(f"#T={'9' * 5000}").wrong
    assert len(long.value) == 100


@pytest.mark.parametrize(
    "text",
    [
        # no indicator at the beginning of the first line
        "Hello\n#T=1",
        "Hello #T=1",
        "> #T=1",
        "T=1",
        "# T=1",
        "#T 1",
        "##T=1",
        "#X=1",
        "#1",
        "",
        " \n\u200b\n\u00a0",
        # #S and #R without #T are unchecked text, whatever they say
        "#S=Complete",
        "#R=Nonsense",
        "#S=Donne #R=Nonsense",
        "#S=New #S=New #X=1",
    ],
)
def test_what_is_text(text: str) -> None:
    """A line that does not begin with an indicator, or has no #T= or #A=, is text."""
    assert read_indicators(text, TECH) is None


@pytest.mark.parametrize("line", ["#T=1", "#T=99", "#S=New", "#A=approve", "#A=nonsense"])
def test_indicators_from_anybody_else_are_text(line: str) -> None:
    """Contacts write no indicators, right or wrong."""
    assert read_indicators(line, CONTACT) is None


@pytest.mark.parametrize(
    ("target", "problem"), [("ticket", None), ("task", None), ("project", Problem.NO_TIME_ON_PROJECTS)]
)
def test_projects_have_no_time_entries(target: TargetKind, problem: Problem | None) -> None:
    """On a project #T= is a wrong value."""
    found = read("#T=1", replace(TECH, target=target))
    assert [wrong.problem for wrong in found.wrong] == ([problem] if problem else [])


def test_time_on_a_complete_ticket_may_be_prohibited() -> None:
    """With ``prohibit`` #T= is a wrong value, and nothing is allowed in its place."""
    (wrong,) = read("#T=1", replace(TECH, is_time_prohibited=True)).wrong
    assert (wrong.problem, wrong.allowed) == (Problem.TICKET_COMPLETE, ())


@pytest.mark.parametrize(
    ("value", "is_approved"),
    [
        *((value, True) for value in ("approve", "approved", "genehmigt", "APPROVE", "Genehmigt")),
        *((value, False) for value in ("reject", "rejected", "abgelehnt", "Abgelehnt")),
    ],
)
@pytest.mark.parametrize("writer", [APPROVER, CONTACT_APPROVER])
def test_decisions(value: str, is_approved: bool, writer: Writer) -> None:  # noqa: FBT001 - a column of the table
    """#A= decides about a change request, by a listed approver."""
    found = read(f"#A={value}\nPlease go on.", writer)
    assert (found.is_approved, found.wrong, found.hours, found.text) == (is_approved, (), None, "Please go on.")


@pytest.mark.parametrize(
    ("line", "writer", "expected"),
    [
        ("#A=yes", APPROVER, [Problem.DECISION_UNREADABLE]),
        ("#A=", APPROVER, [Problem.DECISION_UNREADABLE]),
        ("#A=approve please", APPROVER, [Problem.DECISION_UNREADABLE]),
        ("#A=approve #A=approve", APPROVER, [Problem.REPEATED]),
        ("#A=yes", CONTACT_APPROVER, [Problem.DECISION_UNREADABLE]),
        # a resource that is not listed; a task
        ("#A=approve", replace(APPROVER, is_approver=False), [Problem.NO_APPROVER]),
        ("#A=approve", replace(TECH, target="task"), [Problem.NO_CHANGE_REQUEST]),
    ],
)
def test_wrong_decisions(line: str, writer: Writer, expected: list[Problem]) -> None:
    """Only the words for yes and no, only on change requests, only by approvers."""
    assert problems(line, writer) == expected
    assert all(
        wrong.allowed == DECISIONS_ALLOWED
        for wrong in read(line, writer).wrong
        if wrong.problem is Problem.DECISION_UNREADABLE
    )


def test_time_and_decision_together() -> None:
    """With #T= there are a time entry and a decision; without, #S= stays text in the note."""
    both = read("#T=1 #A=reject #S=New\nNo.", APPROVER)
    assert (both.hours, both.is_approved, both.status, both.text) == (Decimal("1.00"), False, "New", "No.")
    alone = read("#A=approve #S=Nonsense\nYes.", APPROVER)
    assert (alone.is_approved, alone.wrong, alone.status) == (True, (), "")
    assert alone.text == "#A=approve #S=Nonsense\nYes."


def test_a_contact_only_approves() -> None:
    """A contact's line with anything but #A= is text: contacts enter no time."""
    assert read_indicators("#A=approve #T=1", CONTACT_APPROVER) is None
    assert read_indicators("#T=1", CONTACT_APPROVER) is None


@pytest.mark.parametrize(
    ("text", "line", "below"),
    [
        ("\n\n  \n#T=1\n\nDone\nTwice\n", "#T=1", "Done\nTwice"),
        ("\ufeff\u200b\n\u00a0\n#T=1\u2028Done", "#T=1", "Done"),
        ("#T=1\r\nDone", "#T=1", "Done"),
        ("#T=1\n\n  indented", "#T=1", "  indented"),
        ("#T=1", "#T=1", ""),
        ("", "", ""),
    ],
)
def test_the_first_line(text: str, line: str, below: str) -> None:
    """The first non-blank line counts; the text is what stands below it."""
    assert split_first_line(text) == (line, below)


RECEIVED = datetime(2026, 3, 1, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "stop"),
    [
        # Date, over midnight and in other time zones
        (datetime(2026, 2, 28, 23, 50, tzinfo=UTC), datetime(2026, 2, 28, 23, 50, tzinfo=UTC)),
        (datetime(2026, 3, 1, 1, 5, tzinfo=timezone(timedelta(hours=1))), datetime(2026, 3, 1, 0, 5, tzinfo=UTC)),
        # absent; more than 24 hours off, in both directions; not more
        (None, RECEIVED),
        (RECEIVED - timedelta(hours=24, seconds=1), RECEIVED),
        (RECEIVED + timedelta(hours=24, seconds=1), RECEIVED),
        (RECEIVED - timedelta(hours=24), RECEIVED - timedelta(hours=24)),
        (RECEIVED + timedelta(hours=24), RECEIVED + timedelta(hours=24)),
    ],
)
def test_stop_and_start(sent: datetime | None, stop: datetime) -> None:
    """Stop = the message's Date or, without a usable one, the time of receipt; start = stop - T."""
    found = work_time(Decimal("1.50"), sent, RECEIVED)
    assert found.stop_at == stop
    assert found.start_at == stop - timedelta(minutes=90)


def test_hours_are_exactly_stop_minus_start() -> None:
    """The times of a time entry say the same as its hours, also after rounding."""
    found = work_time(Decimal("1.33"), RECEIVED, RECEIVED)
    assert found.stop_at - found.start_at == timedelta(hours=1, minutes=19, seconds=48)


@given(st.text(max_size=200), st.sampled_from([TECH, APPROVER, CONTACT, CONTACT_APPROVER]))
def test_no_text_is_too_strange(text: str, writer: Writer) -> None:
    """Reading never raises, and never applies what is wrong."""
    for candidate in (text, f"#T={text}", f"#T=1 #S={text}", f"#A={text}"):
        found = read_indicators(candidate, writer)
        assert found is None or found.hours is None or 0 < found.hours <= 24


@given(st.text(alphabet="0123456789.,:hm -", max_size=12))
def test_hours_are_read_or_not(value: str) -> None:
    """What looks like hours either is some, not below zero, or is none."""
    hours = parse_hours(value)
    assert hours is None or hours >= 0


def test_long_lines_cost_no_more_than_their_length() -> None:
    """Ten times the indicators, ten times the work; and no more mistakes are told than anybody reads."""
    small, large = "#T=1 " * 100, "#T=1 " * 1_000
    assert len(read(large).wrong) == MAX_WRONG
    few, many = count_calls(lambda: read(small)), count_calls(lambda: read(large))
    assert many < 12 * few
