"""Tags of new tickets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.rules.tags import MAX_TAGS, Tag, build_index, found_tags, tags_of
from steps import count_calls


def tag(label: str, *aliases: str) -> Tag:
    return Tag(label=label, aliases=aliases)


def found(text: str, *tags: Tag, title: str = "") -> list[str]:
    return found_tags((title, text), build_index(tags))


PRINTER = tag("Drucker", "printer", "HP LaserJet")


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        # label or alias, in any case, anywhere
        ("Der Drucker brennt", True),
        ("DRUCKER", True),
        ("the printer, again", True),
        ("(drucker)", True),
        ("Drucker.", True),
        ("drucker_alt", True),
        ("Drucker-Treiber", True),
        # a phrase, over line ends and any white space
        ("our HP\n  LaserJet", True),
        ("our hp\u00a0laserjet", True),
        ("HP-LaserJet", False),
        ("HP very LaserJet", False),
        # whole words: no letter or digit directly before or after, of any alphabet
        ("Druckerei", False),
        ("3D-Drucker", True),
        ("3DDrucker", False),
        ("Drucker2", False),
        ("2Drucker", False),
        ("Druckerü", False),
        ("üDrucker", False),
        ("Druckerя", False),
        ("Drucker\u0301", False),
        # a link's target is not searched; its text is
        ("see https://example.com/drucker/faq", False),
        ("see <https://drucker.example>", False),
        ("www.drucker.example", False),
        ("mailto:drucker@desk.example", False),
        ("the Drucker <https://example.com/x>", True),
        ("https://example.com/x Drucker", True),
    ],
)
def test_whole_words(text: str, is_found: bool) -> None:  # noqa: FBT001 - a column of the table
    """A tag is found where its label or an alias stands as a whole word."""
    assert found(text, PRINTER) == (["Drucker"] if is_found else [])
    assert found("", PRINTER, title=text) == found(text, PRINTER)


@pytest.mark.parametrize(
    ("phrase", "text", "is_found"),
    [
        # signs belong to a phrase, and letters may not touch it
        ("C++", "we use C++ here", True),
        ("C++", "we use C++11 here", False),
        ("C++", "we use C+ here", False),
        (".NET", "on .NET 8", True),
        (".NET", "on ASP.NET", False),
        ("E-Mail", "eine E-Mail kam", True),
        ("E-Mail", "eine Email kam", False),
        # compared NFC and casefolded
        ("Größe", "GRÖSSE", True),
        ("Größe", "Gro\u0308ße", True),
        ("Gro\u0308ße", "größe", True),
        # more than two characters
        ("PC", "the PC is dead", False),
        ("VPN", "the VPN is dead", True),
        ("A\u0301B", "A\u0301B", False),
        (" PC ", "the PC is dead", False),
    ],
)
def test_phrases(phrase: str, text: str, is_found: bool) -> None:  # noqa: FBT001 - a column of the table
    """What a label or alias matches."""
    assert found(text, tag(phrase)) == ([phrase] if is_found else [])
    assert found(text, tag("Something else", phrase)) == (["Something else"] if is_found else [])


def test_nothing_is_found_across_what_is_taken_out() -> None:
    """Neither over a link nor from the title into the text."""
    assert found("backup https://x.example server", tag("backup server")) == []
    assert found("server", tag("backup server"), title="backup") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # by occurrences
        ("vpn vpn mail", ["VPN", "Mail"]),
        # then by the longest matched phrase
        ("vpn server mail", ["Server", "Mail", "VPN"]),
        ("backup server, vpn", ["Backup", "Server", "VPN"]),
        # then by alphabet
        ("mail disk", ["disk", "Mail"]),
        # an alias counts like the label; one inside a longer phrase of the same tag is one occurrence
        ("postfix mail, vpn vpn vpn", ["VPN", "Mail"]),
        ("disk full, mail mail", ["Mail", "disk"]),
    ],
)
def test_rank(text: str, expected: list[str]) -> None:
    """Occurrences, longest matched phrase, alphabet."""
    tags = (
        tag("Mail", "postfix"),
        tag("VPN"),
        tag("Server"),
        tag("disk", "disk full"),
        tag("Backup", "backup server"),
    )
    assert found(text, *tags) == expected


def test_title_and_text_count_together() -> None:
    """Once in each is twice."""
    assert found("vpn", tag("Mail"), tag("VPN"), title="mail vpn") == ["VPN", "Mail"]


def test_two_tags_may_share_an_alias() -> None:
    """Both are set."""
    assert found("outlook", tag("Mail", "outlook"), tag("Office", "Outlook")) == ["Mail", "Office"]


def test_fixed_tags_come_first_and_count() -> None:
    """Mailbox and category first, each once, at most 30 in all; without auto_tag nothing is searched."""
    index = build_index([tag("VPN"), tag("Mail")])
    assert tags_of(["VIP", "Mail", "VIP"], ("mail", "vpn"), index) == ("VIP", "Mail", "VPN")
    assert tags_of(["VIP"], ("mail", "vpn"), None) == ("VIP",)
    fixed = [f"Fixed {n}" for n in range(29)]
    assert tags_of(fixed, ("vpn vpn mail", ""), index) == (*fixed, "VPN")
    assert tags_of([f"Fixed {n}" for n in range(40)], ("vpn",), index)[MAX_TAGS - 1 :] == ("Fixed 29",)
    many = build_index([tag(f"word{n}") for n in range(100)])
    assert len(tags_of([], (" ".join(f"word{n}" for n in range(100)),), many)) == MAX_TAGS


THOUSAND = tuple(tag(f"label number {n}", f"alias{n}", "label number", f"label label {n}") for n in range(1_000))


@pytest.mark.parametrize(
    "piece", ["label number 7 ", "label ", "x", "a.b ", "label number alias7 ", "\u0301", "http://"]
)
def test_a_thousand_tags_cost_a_text_its_length(piece: str) -> None:
    """Ten times the text is ten times the work, also where every word begins a phrase."""
    index = build_index(THOUSAND)
    small, large = piece * 100, piece * 1_000
    few = count_calls(lambda: found_tags((small,), index))
    many = count_calls(lambda: found_tags((large,), index))
    assert many < 12 * few


@given(st.text(max_size=200), st.lists(st.text(max_size=10), max_size=5))
def test_tags_are_among_those_there_are(text: str, labels: list[str]) -> None:
    """Whatever stands in labels and texts, nothing is invented and nothing raises."""
    assert set(found_tags((text, " ".join(labels)), build_index([tag(label) for label in labels]))) <= set(labels)
