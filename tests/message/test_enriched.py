"""text/enriched and text/richtext."""

import pytest

from inbound.message.parse import parse


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        (
            "enriched",
            "<bold>Guten Tag</bold>,\nder <Color><param>red</param>Drucker</color>\n\nsteht.",
            "Guten Tag, der Drucker\nsteht.",
        ),
        ("enriched", "a << b <<bold>", "a < b <bold>"),
        ("richtext", "<bold>Guten Tag</bold>,<nl>\nder\nDrucker <lt>steht>", "Guten Tag,\nder Drucker <steht>"),
        ("enriched", "1 < 2 <", "1 < 2 <"),
    ],
)
def test_only_the_words_are_read(kind: str, written: str, read: str) -> None:
    """Formatting commands go, line ends and less-than signs are what they mean."""
    assert parse(f"Content-Type: text/{kind}\n\n{written}".encode()).text == read
