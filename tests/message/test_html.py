"""HTML -> text."""

from collections.abc import Callable

import pytest

from inbound.message.html import html_to_text
from steps import count_calls


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # lines and paragraphs
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<p>one</p><p>&nbsp;</p><p>two</p>", "one\n\n\n\ntwo"),
        ("<p class=MsoNormal>1</p><p class=MsoNormal>2<p class=MsoNormal>&nbsp;</p><p class=MsoNormal>3", "1\n2\n\n3"),
        ('<p style="margin:0cm 0cm .0001pt">one</p><p style="margin: 0;color:red">two</p>', "one\ntwo"),
        ('<p style="margin:0 0 10px">one</p><p style="margin-left:0">two</p>', "one\n\ntwo"),
        ("a\n  b\t c", "a b c"),
        ("<b>a</b><i> b</i> <u>c</u>d", "a b cd"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("a<hr>b", "a\n" + "_" * 32 + "\nb"),
        ("Gr&uuml;&szlig;e &amp; &lt;mehr&gt; &#8364;", "Grüße & <mehr> €"),
        # lists and tables
        ("<ul><li>one<li>two</ul>end", "- one\n- two\n\nend"),
        ("<ol start=3><li><p>three</p></li><li>four</li></ol>", "3. three\n\n4. four"),
        ("<ul><li>a<ol><li>b</ol><li>c</ul>", "- a\n  1. b\n- c"),
        ("<table><tr><th>Name<th>Ort<tr><td>Petra</td> <td>Köln</td></tr></table>", "Name\tOrt\nPetra\tKöln"),
        # Word makes a paragraph of every cell
        ("<table><tr><td><p>A</p></td><td><p class=MsoNormal>B</p><tr><td>1<td><div>2</table>", "A\tB\n1\t2"),
        ("<table><tr><td><p>A</p></td><td></td><td><p>B<p>b</td></tr></table>", "A\tB\n\nb"),
        # ... of several lines, nested or with lists they stand below each other
        ("<table><tr><td><p>A</p><p>a</p></td><td><p>B</p></td></tr></table>", "A\n\na\n\nB"),
        ("<table><tr><td><table><tr><td>a</table><td><table><tr><td>b</table></table>", "a\n\nb"),
        ("<table><tr><td>A</td><td><ul><li>B</ul></td></tr></table>", "A\n\n- B"),
        # links
        ('<a href="https://example.com/x">here</a>.', "here <https://example.com/x>."),
        ('<a href="https://www.example.com/">example.com</a>', "example.com"),
        ('<a href="mailto:a@x.de">a@x.de</a>', "a@x.de"),
        ('<a href="mailto:a@x.de?subject=x">Petra</a>', "Petra <a@x.de?subject=x>"),
        ('<a href="https://x.de/"><img src=y alt="Login"></a>', "Login <https://x.de/>"),
        ('<a href="https://x.de/"><img src=y></a>', "<https://x.de/>"),
        ('<a href="javascript:alert(1)">x</a> <a href="#top">y</a> <a>z</a>', "x y z"),
        ('<a href="https://x.de/?a=1&amp;b=2">x', "x <https://x.de/?a=1&b=2>"),
        # never shown
        ("<style>p{}</style><script>x<b>y</script><title>t</title><!-- no --><!DOCTYPE x>yes", "yes"),
        ('<div style="DISPLAY : none">no<div>no</div></div>yes', "yes"),
        ("<span style='mso-hide:all'>no</span><p hidden>no</p><i aria-hidden=true>yes</i>", "yes"),
        # broken
        ('<div style="display:none">never closed', "never closed"),
        ("<style>never closed", "never closed"),
        ("<!-- never closed>text", "text"),
        ('<a title="5" screen">text</a>', "text"),
        ('<a title="never closed>text', "text"),
        ("1 < 2 > 0 <3 </3>", "1 < 2 > 0 <3 </3>"),
        ("text <a href=", "text <a href="),
        ("</div></ul></pre></a>text", "text"),
        ("a\0b&#0;&#xD800;&#" + "9" * 5000 + ";", "ab\ufffd\ufffd\ufffd"),
        ("", ""),
        ("  <p> </p> ", ""),
    ],
)
def test_html_to_text(html: str, text: str) -> None:
    """What a person sees, in lines, with the targets of links; broken HTML loses no text."""
    assert html_to_text(html) == text


def test_no_depth_loses_text() -> None:
    """Text below 100,000 open elements is still there."""
    assert html_to_text("<div><span>" * 50_000 + "deep") == "deep"


HOSTILE: dict[str, Callable[[int], str]] = {
    "unclosed tags": lambda n: "<b>" * n,
    "wrong end tags": lambda n: "<i>" * n + "</b>" * n,
    "links": lambda n: "<a href='http://x'>y" * n,
    "lists": lambda n: "<ul><li>x" * n,
    "hidden paragraphs": lambda n: "<p hidden>x" * n,
    "less-than signs": lambda n: "<" * n,
    "unclosed quotes": lambda n: "<a =\"'" * n + ">",
    "quotes that swallow": lambda n: "<a " * n + "='>'",
    "comments": lambda n: "<!--" * n + ">",
    "raw text": lambda n: "<style><svg></script>" * n,
    "quotes": lambda n: "<blockquote type=cite>x" * n,
    "quotes and their ends": lambda n: "<blockquote type=cite>x" * n + "</blockquote>y" * n,
    "fonts without size": lambda n: "<i style='font-size:0'>" * n + "<i style='font-size:1'>" * n + "x",
    "filling": lambda n: "\u200c \u00ad" * n,
    "cells": lambda n: "<td>x" * n,
    "attributes": lambda n: "<p style='none' " + "a=b " * n + ">x",
    "entities": lambda n: "&#" * n + "1" * n,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_steps_grow_with_the_length(make: Callable[[int], str]) -> None:
    """Twice the input takes at most 2.5 times the steps."""
    once, twice = make(2000), make(4000)
    html_to_text(once)
    assert count_calls(lambda: html_to_text(twice)) <= 2.5 * count_calls(lambda: html_to_text(once)) + 100


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_html_ends(make: Callable[[int], str]) -> None:
    """400 kB that make libxml2 or a backtracking pattern run for minutes are read."""
    html = make(400_000)[:400_000] if len(make(1)) < 4 else make(400_000 // len(make(1)))
    assert len(html_to_text(html)) <= 25 * len(html)


@pytest.mark.parametrize(
    "attributes",
    [
        "none " + "a" * 19_000,
        "none " + "a" * 9_000 + " =" + "b" * 9_000,
        f"style='overflow:hidden;height:{'0' * 19_000}x'",
        f"style='font-size:{'0' * 9_000}.{'0' * 9_000}x'",
    ],
)
def test_long_tags_are_read_once(attributes: str) -> None:
    """A megabyte of long tags, which took minutes while names and numbers were tried in parts, is read."""
    assert html_to_text(f"<p {attributes}>x</p>" * 50).split() == ["x"] * 50
