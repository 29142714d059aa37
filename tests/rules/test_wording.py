"""What the system itself writes."""

import pytest

from inbound.model.alert import AlertMatch, Unmatched
from inbound.model.indicated import Problem, WrongValue
from inbound.rules import wording
from inbound.rules.alerts import unmatched_lines


@pytest.mark.parametrize("problem", list(Problem))
def test_every_problem_has_words(problem: Problem) -> None:
    """In English and German, with the value that was wrong."""
    wrong = WrongValue(problem=problem, indicator="#T", value="{x}", allowed=("1.5", "1h"))
    english, german = wording.wrong_value(wrong, "en"), wording.wrong_value(wrong, "de")
    assert english.startswith("#T={x} ")
    assert german.startswith("#T={x} ")
    assert english != german


def test_a_wrong_value_and_what_is_allowed() -> None:
    """The line names both."""
    wrong = WrongValue(problem=Problem.STATUS_UNKNOWN, indicator="#S", value="Donne", allowed=("New", "Complete"))
    assert wording.wrong_value(wrong, "en") == "#S=Donne is not a status. Allowed: New, Complete."
    assert wording.wrong_value(wrong, "de") == "#S=Donne ist kein Status. Erlaubt: New, Complete."
    nothing = WrongValue(problem=Problem.ROLE_NOT_HELD, indicator="#R", value="Manager")
    assert wording.wrong_value(nothing, "en") == "#R=Manager is not one of your roles. Allowed: nothing."


@pytest.mark.parametrize(
    ("octets", "english", "german"),
    [
        (0, "0 B", "0 B"),
        (999, "999 B", "999 B"),
        (1_000, "1.0 kB", "1,0 kB"),
        (12_345_678, "12.3 MB", "12,3 MB"),
        (2_000_000_000, "2.0 GB", "2,0 GB"),
    ],
)
def test_sizes(octets: int, english: str, german: str) -> None:
    """KB = 1,000 and MB = 1,000,000 octets, with the decimal mark of the language."""
    assert (wording.size(octets, "en"), wording.size(octets, "de")) == (english, german)


def test_what_was_left_out() -> None:
    """The line names every file, in the mailbox's language."""
    files = [("film.mp4", 12_300_000), ("{0}.zip", 6_000_000)]
    assert wording.left_out(files[:1], "en") == "Left out because of its size: film.mp4 (12.3 MB)"
    assert wording.left_out(files, "en") == "Left out because of their size: film.mp4 (12.3 MB), {0}.zip (6.0 MB)"
    assert wording.left_out(files, "de") == "Wegen der Größe weggelassen: film.mp4 (12,3 MB), {0}.zip (6,0 MB)"


@pytest.mark.parametrize(
    ("text", "lines", "expected"),
    [("Hello\n", (), "Hello\n"), ("Hello\n", ("a", "b"), "Hello\n\na\nb"), ("", ("a",), "a"), ("", (), "")],
)
def test_lines_stand_apart(text: str, lines: tuple[str, ...], expected: str) -> None:
    """What the system adds comes behind a blank line."""
    assert wording.with_lines(text, lines) == expected


def test_other_lines() -> None:
    """Ambiguous contacts and decisions."""
    assert "C1 (Acme), C2 (Beta)" in wording.ambiguous(["C1 (Acme)", "C2 (Beta)"], "de")
    assert wording.decision("Ann", "en", is_approved=True) == "Ann approved this change request."
    assert wording.decision("Ann", "de", is_approved=False) == "Ann hat diese Änderungsanforderung abgelehnt."


@pytest.mark.parametrize("what", list(Unmatched))
def test_what_did_not_match_has_words(what: Unmatched) -> None:
    """Every element of an alert that led nowhere has its line, with the value."""
    match = AlertMatch(organization=None, unmatched=((what, "{0} & co"),))
    (english,), (german,) = unmatched_lines(match, "en"), unmatched_lines(match, "de")
    assert "{0} & co" in english
    assert "{0} & co" in german
    assert english != german
