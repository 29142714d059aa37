"""HTML that is safe to show."""

from collections.abc import Callable

import pytest

from inbound.message.display import MAX_DEPTH, display_html


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        # what a mail is made of stays
        ('<p style="color:red">Guten <b>Tag</b></p>', '<p style="color:red">Guten <b>Tag</b></p>'),
        ('<img src="cid:logo@x" alt="Logo">', '<img src="cid:logo@x" alt="Logo">'),
        ('<table border="1"><tbody><tr><td colspan="2">a</td></tr></tbody></table>',) * 2,
        # links open nothing of ours
        ('<a href="https://x.de">x</a>', '<a href="https://x.de" rel="noopener noreferrer nofollow">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'),
        # nothing is loaded from elsewhere, and nothing runs
        ('<img src="https://x.de/pixel.gif">', "<img>"),
        ('<p style="background:url(https://x.de/a)">a</p>', "<p>a</p>"),
        ('<p style="position:fixed;color:red">a</p>', '<p style="color:red">a</p>'),
        ("<p onclick=x()>a<script>x()</script><style>p{}</style></p>", "<p>a</p>"),
        ("<form action=/x><input name=a>b</form><iframe src=x>c</iframe>", "b"),
        ('<svg><script>x()</script></svg><base href="//x">a', "a"),
        ("a\0b\ud800", "ab\ufffd"),
    ],
)
def test_only_what_is_harmless_is_left(html: str, shown: str) -> None:
    """Layout, links and images of the mail itself stay; the rest goes."""
    assert display_html(html) == shown


BLOATED: dict[str, Callable[[int], str]] = {
    "nesting": lambda n: "<div>" * n + "deep",
    "unclosed": lambda n: "<i>" * n + "deep" + "</b>" * n,
    "alternating": lambda n: "<i></b>" * n + "deep",
    "paragraphs in open elements": lambda n: "<b><i>" * 100 + "<p>x" * n + "deep",
    "attributes": lambda n: "<p " + "".join(f"a{i}=1 " for i in range(n)) + ">deep",
}


@pytest.mark.parametrize("make", BLOATED.values(), ids=BLOATED.keys())
def test_what_is_bloated_is_shown_as_text(make: Callable[[int], str]) -> None:
    """HTML with which the sanitiser would be busy for minutes never reaches it."""
    shown = display_html(make(100_000))
    assert shown.startswith("<pre>")
    assert shown.endswith("deep</pre>")


def test_long_and_flat_is_fine() -> None:
    """Thousands of rows and of paragraphs that are never closed are ordinary."""
    assert display_html("<table>" + "<tr><td>x" * 5000 + "</table>" + "<p>y" * 5000).count("<td>") == 5000
    assert display_html("<div>" * MAX_DEPTH + "x").startswith("<div>")
