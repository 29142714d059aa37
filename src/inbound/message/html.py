"""HTML -> the text a person sees.

A tokenizer instead of a parser: libxml2, also through its SAX interface, searches its whole stack for the partner of
every end tag (60,000 times ``<i>`` followed by as many ``</b>``: 11 s), and a text needs no tree. Every character is
looked at a bounded number of times, and there is no nesting depth at which text is lost.
"""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import NamedTuple

from inbound.message.charset import clean

#: deeper lists are not indented further, so that the text stays linear in the HTML
MAX_INDENT = 8

# WHATWG HTML 13.2.5: a quote opens a value only behind "="; everywhere else it is an octet like others.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?>(?:[^>\"'=]++|=\s*+(?>\"[^\"]*+\"|'[^']*+')?|[\"'])*))>")
_TAG_WITHOUT_QUOTES = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)([^>]*+)>")
_TAG_START = re.compile(r"</?[a-zA-Z]")
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_HIDDEN = re.compile(r"(?<![^\s/])hidden(?![^\s/])", re.IGNORECASE)
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")
_BLANKS_AT_LINE_END = re.compile(r"(?<![ \t])[ \t]++\n")
_LINK = re.compile(r"(?:https?|ftp|mailto|tel):.", re.IGNORECASE)
_LINK_NOISE = re.compile(r"^(?:https?://|ftp://|mailto:|tel:)?(?:www\.)?|/$|\?subject=.*", re.IGNORECASE | re.DOTALL)
# Python refuses to convert longer numbers (a ValueError inside of html.unescape); no character has one.
_HUGE_REFERENCE = re.compile(r"&#[0-9]{9,}+;?")

# What Outlook writes for a rule.
_RULE = "_" * 32
_RAW_TEXT_ENDS = {
    name: re.compile(rf"</{name}(?![^\s/>])[^>]*+>", re.IGNORECASE)
    for name in ("script", "style", "title", "template", "noframes", "iframe", "svg")
}
_VOID = frozenset(("br", "img", "hr", "input", "meta", "link", "base", "area", "col", "wbr", "source", "embed"))
#: elements before and after which there is one line end, or an empty line
_BREAKS = dict.fromkeys(
    "div tr li dt dd address article aside center fieldset figcaption figure hr footer form header legend main nav "  # noqa: SIM905 - thirty quoted words would hide them
    "option section summary tbody thead tfoot caption body html head".split(),
    1,
) | dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre", "dl"), 2)


class _Tag(NamedTuple):
    name: str
    is_end: bool
    attributes: str


def html_to_text(html: str) -> str:
    r"""Turn HTML into text.

    Links keep their target (``text <url>``) where it says more than the text; list items get dashes or numbers; table
    rows become lines, cells are divided by tabs. Hidden elements are left out, unless one is never closed or nothing
    else is there.

    Args:
        html: any string.

    Returns:
        a clean string, lines ended by ``\n``, no white space at the ends.
    """
    html = clean(html)
    writer = _Writer()
    has_hidden, is_complete = _write(html, writer, hides=True)
    text = writer.text()
    if not has_hidden or (is_complete and text):
        return text
    writer = _Writer()
    _write(html, writer, hides=False)
    return writer.text()


def _write(html: str, writer: "_Writer", *, hides: bool) -> tuple[bool, bool]:
    """Feed the tokens to a writer. Was an element hidden, and was every hidden element closed?"""
    hidden_name, hidden_depth = "", 0
    has_hidden = False
    for token in _tokens(html):
        if hidden_name:
            if isinstance(token, _Tag) and token.name == hidden_name:
                # The end of a paragraph may be left out (WHATWG HTML 13.1.2.4): the next one shows.
                hidden_depth += -1 if token.is_end or hidden_name == "p" else 1
                hidden_name = hidden_name if hidden_depth else ""
        elif not isinstance(token, _Tag):
            writer.data(token)
        elif hides and token.attributes and token.name not in _VOID and _is_hidden(token.attributes):
            hidden_name, hidden_depth, has_hidden = token.name, 1, True
        else:
            writer.tag(token)
    return has_hidden, not hidden_name


def _tokens(html: str) -> Iterator[_Tag | str]:
    """Tags and the text between them; comments, declarations and what is never shown are left out."""
    pattern = _TAG
    last_tag_end, last_comment_end = html.rfind(">"), html.rfind("-->")
    unclosed: set[str] = set()
    text_start = position = 0
    while 0 <= (start := html.find("<", position)) < last_tag_end:
        if tag := pattern.match(html, start):
            end = tag.end()
        elif html.startswith(("<!", "<?"), start):
            end = _declaration_end(html, start, last_comment_end)
        elif pattern is _TAG and _TAG_START.match(html, start):
            # A quote that swallows all that is left. Once is enough: reading on without quotes keeps this linear.
            pattern = _TAG_WITHOUT_QUOTES
            continue
        else:
            position = start + 1
            continue
        if start > text_start:
            yield html[text_start:start]
        if tag:
            name = tag[2].lower()
            if name in _RAW_TEXT_ENDS and not tag[1]:
                end = _raw_text_end(html, end, name, unclosed)
            yield _Tag(name, bool(tag[1]), tag[3])
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


def _is_hidden(attributes: str) -> bool:
    lowered = attributes.lower()
    if "none" not in lowered and "hid" not in lowered:
        return False
    found = _attributes(attributes)
    if "hidden" in found or _HIDING.search(found.get("style", "")):
        return True
    return bool(_HIDDEN.search(_ATTRIBUTE.sub(" ", attributes)))


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), _unescape(double or single or bare))
    return found


def _unescape(text: str) -> str:
    return unescape(_HUGE_REFERENCE.sub("\ufffd", text)) if "&" in text else text


class _Writer:
    """Lays text out: what is wanted between two words is remembered, and written when the second word comes."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._line_ends = 0
        self._gap = ""
        self._bullet = ""
        #: of every open list the number of its last item, None where it has dashes
        self._lists: list[int | None] = []
        self._preformatted = 0
        #: target of the open link, and where its text starts in the output
        self._link = ""
        self._link_start = 0

    def data(self, raw: str) -> None:
        """Take the text between two tags."""
        text = _unescape(raw)
        if self._preformatted:
            self._emit(text)
            return
        collapsed = _WHITE_SPACE.sub(" ", text)
        if collapsed[:1] == " ":
            self._gap = self._gap or " "
            collapsed = collapsed[1:]
        if collapsed:
            self._emit(collapsed.rstrip(" "))
            self._gap = " " if collapsed[-1] == " " else ""

    def tag(self, tag: _Tag) -> None:
        """Take a tag."""
        if line_ends := _BREAKS.get(tag.name):
            self._break(line_ends)
        if handler := _HANDLERS.get(tag.name):
            handler(self, tag)

    def text(self) -> str:
        """All that was written."""
        self._end_link()
        text = clean("".join(self._out)).replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n")
        return _BLANKS_AT_LINE_END.sub("\n", text).strip()

    def _emit(self, text: str) -> None:
        if self._out:
            self._out.append("\n" * self._line_ends or self._gap)
        if self._bullet:
            self._out.append("  " * min(len(self._lists) - 1, MAX_INDENT) + self._bullet)
        self._out.append(text)
        self._line_ends, self._gap, self._bullet = 0, "", ""

    def _break(self, line_ends: int) -> None:
        self._line_ends = max(self._line_ends, line_ends)

    def line_break(self, _tag: _Tag) -> None:
        """Take ``<br>``; more than one empty line in a row says nothing."""
        self._line_ends = min(self._line_ends + 1, 2)

    def cell(self, _tag: _Tag) -> None:
        """Take the start or end of a table cell."""
        self._gap = "\t"

    def preformatted(self, tag: _Tag) -> None:
        """Take ``<pre>``: white space counts inside."""
        self._preformatted = max(0, self._preformatted + (-1 if tag.is_end else 1))

    def image(self, tag: _Tag) -> None:
        """Take an image: what it stands for is text only where it is all that a link shows."""
        if self._link:
            self.data(_attributes(tag.attributes).get("alt", ""))

    def rule(self, _tag: _Tag) -> None:
        """Take a horizontal rule."""
        self._emit(_RULE)
        self._break(1)

    def listing(self, tag: _Tag) -> None:
        """Take the start or end of a list."""
        if tag.is_end:
            if self._lists:
                self._lists.pop()
        else:
            first = _attributes(tag.attributes).get("start", "1") if tag.name == "ol" else ""
            number = int(first) if first.isascii() and first.isdigit() and len(first) < 9 else 1
            self._lists.append(number - 1 if tag.name == "ol" else None)
        self._bullet = ""
        self._break(1 if len(self._lists) > (not tag.is_end) else 2)

    def item(self, tag: _Tag) -> None:
        """Take the start or end of a list item: the start is marked when its text comes."""
        self._bullet = ""
        if tag.is_end:
            return
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._bullet = "- "
        else:
            self._lists[-1] = number + 1
            self._bullet = f"{number + 1}. "

    def link(self, tag: _Tag) -> None:
        """Take the start or end of a link; links do not nest."""
        self._end_link()
        target = "" if tag.is_end else "".join(_attributes(tag.attributes).get("href", "").split())
        self._link = target if _LINK.match(target) else ""
        self._link_start = len(self._out)

    def _end_link(self) -> None:
        """Write the target behind the text of a link, unless the text already says it."""
        target, self._link = self._link, ""
        if not target:
            return
        text = "".join(self._out[self._link_start :]).strip()
        if not text:
            self._emit(f"<{target}>")
        elif _LINK_NOISE.sub("", text).casefold() != _LINK_NOISE.sub("", target).casefold():
            self._out.append(f" <{target.removeprefix('mailto:')}>")


_HANDLERS: dict[str, Callable[[_Writer, _Tag], None]] = {
    "br": _Writer.line_break,
    "td": _Writer.cell,
    "th": _Writer.cell,
    "pre": _Writer.preformatted,
    "img": _Writer.image,
    "hr": _Writer.rule,
    "ul": _Writer.listing,
    "ol": _Writer.listing,
    "li": _Writer.item,
    "a": _Writer.link,
}
