"""HTML -> tags and text: a tokenizer, for those who need no tree.

Every character is looked at a bounded number of times, whatever is open, unclosed or in quotes.
"""

import re
from collections.abc import Iterator
from html import unescape as unescape_references
from typing import NamedTuple

# WHATWG HTML 13.2.5: a quote opens a value only behind "="; everywhere else it is an octet like others.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?>(?:[^>\"'=]++|=\s*+(?>\"[^\"]*+\"|'[^']*+')?|[\"'])*))>")
_TAG_WITHOUT_QUOTES = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>")
_TAG_START = re.compile(r"</?[a-zA-Z]")
# It begins where a name begins: a long name without a value is read once, and not again from each of its letters.
ATTRIBUTE = re.compile(r"(?<![^\s\"'>/=])([^\s\"'>/=]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
# Python refuses to convert longer numbers (a ValueError inside of html.unescape); no character has one.
_HUGE_REFERENCE = re.compile(r"&#[0-9]{9,}+;?")

#: characters of one tag in which attributes are looked for
MAX_ATTRIBUTES_CHARS = 20_000

_RAW_TEXT_ENDS = {
    name: re.compile(rf"</{name}(?![^\s/>])[^>]*+>", re.IGNORECASE)
    for name in ("script", "style", "title", "template", "noframes", "iframe", "svg")
}
#: elements that have no content, and no end
VOID = frozenset(("br", "img", "hr", "input", "meta", "link", "base", "area", "col", "wbr", "source", "embed"))


class Tag(NamedTuple):
    """A start or end tag."""

    #: in lower case
    name: str
    is_end: bool
    #: as written
    attributes: str


# Tags without attributes are most of all tags, and need no pattern.
_SIMPLE = {
    html: Tag(name, html[1] == "/", "/" if html.endswith("/>") else "")
    for name in (
        "a b blockquote body br center code dd div dl dt em font h1 h2 h3 h4 h5 h6 head hr html i img li ol p pre "  # noqa: SIM905 - as quoted words they would fill a screen
        "small span strong sub sup table tbody td tfoot th thead tr u ul".split()
    )
    for html in (f"<{name}>", f"</{name}>", f"<{name}/>")
}
_SIMPLE_CHARS = max(map(len, _SIMPLE))


def tokens(html: str) -> Iterator[Tag | str]:
    """Tags and the text between them, as written; comments, declarations and what is never shown are left out."""
    match, find, simple = _TAG.match, html.find, _SIMPLE.get
    last_tag_end, last_comment_end = html.rfind(">"), html.rfind("-->")
    unclosed: set[str] = set()
    text_start = position = 0
    while 0 <= (start := find("<", position)) < last_tag_end:
        end = find(">", start, start + _SIMPLE_CHARS) + 1
        token = simple(html[start:end]) if end else None
        if token is None:
            if tag := match(html, start):
                name, end = tag[2].lower(), tag.end()
                token = Tag(name, tag[1] == "/", tag[3])
                if name in _RAW_TEXT_ENDS and not token.is_end:
                    end = _raw_text_end(html, end, name, unclosed)
            elif html.startswith(("<!", "<?"), start):
                end = _declaration_end(html, start, last_comment_end)
            elif match == _TAG.match and _TAG_START.match(html, start):
                # A quote that swallows all that is left. Once is enough: reading on without quotes keeps this linear.
                match = _TAG_WITHOUT_QUOTES.match
                continue
            else:
                position = start + 1
                continue
        if start > text_start:
            yield html[text_start:start]
        if token is not None:
            yield token
        text_start = position = end
    yield html[text_start:]


def _declaration_end(html: str, start: int, last_comment_end: int) -> int:
    """Where a comment or declaration ends; a comment that is never closed ends at the first ``>``."""
    if html.startswith("<!--", start) and last_comment_end >= start + 2:
        return html.index("-->", start + 2) + 3
    return html.index(">", start) + 1


def _raw_text_end(html: str, position: int, name: str, unclosed: set[str]) -> int:
    """Where the content of an element that is never shown ends; one that is never closed hides nothing."""
    if name in unclosed:
        return position
    if end := _RAW_TEXT_ENDS[name].search(html, position):
        return end.end()
    unclosed.add(name)
    return position


def attributes_of(text: str) -> dict[str, str]:
    """The attributes of a tag (`Tag.attributes`), names in lower case; of several with one name the first."""
    found: dict[str, str] = {}
    text = text[:MAX_ATTRIBUTES_CHARS]
    for name, double, single, bare in ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), unescape(double or single or bare))
    return found


def unescape(text: str) -> str:
    """Character references (``&amp;``) replaced."""
    return unescape_references(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text
