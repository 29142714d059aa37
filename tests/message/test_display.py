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
        # an image that is in the HTML itself stays, in forms that hold no script
        ('<img src="data:image/png;base64,iVBORw0KGgo=">',) * 2,
        ('<img src="data:image/svg+xml;base64,PHN2Zz4=">', "<img>"),
        ('<a href="data:image/png;base64,iVBORw0KGgo=">x</a>', '<a rel="noopener noreferrer nofollow">x</a>'),
        # no link leads into the page around
        *[
            (f'<a href="{target}">x</a>', '<a rel="noopener noreferrer nofollow">x</a>')
            for target in (
                "/logout",
                "logout",
                "?delete=1",
                "#/delete",
                "//x.de",
                "http:/logout",
                "https:logout",
                "java&#9;script:x()",
            )
        ],
        ('<a href="#top">x</a>', '<a href="#top" rel="noopener noreferrer nofollow">x</a>'),
        # no style of the page around is used, and nothing is moved over it
        ('<p class="fixed inset-0" id="y">a</p>', "<p>a</p>"),
        ('<p style="color:red;margin:0 0 0 -900px">a</p>', '<p style="color:red">a</p>'),
        ('<p style="/**/margin-top: calc(1px*-900)">a</p>', '<p style="">a</p>'),
        ('<p style="margin-left:36pt;text-indent:-18pt">a</p>',) * 2,
        # other spellings of an address
        (r'<p style="background-color:u\72l(https://x.de/a)">a</p>', "<p>a</p>"),
        ("<p style=\"background-color:image-set('https://x.de/a' 1x)\">a</p>", "<p>a</p>"),
        ('<p style="color:RGB(1,2,3)">a</p>', '<p style="color:RGB(1, 2, 3)">a</p>'),
        ('<blockquote type="cite" cite="javascript:x">a</blockquote>', '<blockquote type="cite">a</blockquote>'),
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
    """Thousands of rows, paragraphs that are never closed and a picture in an attribute are ordinary."""
    picture = f'<img src="data:image/png;base64,{"A" * 100_000}">'
    assert display_html(picture) == picture
    assert display_html("<table>" + "<tr><td>x" * 5000 + "</table>" + "<p>y" * 5000).count("<td>") == 5000
    assert display_html("<div>" * MAX_DEPTH + "x").startswith("<div>")
