"""HTML -> the text a person sees.

A tokenizer instead of a parser: libxml2, also through its SAX interface, searches its whole stack for the partner of
every end tag (60,000 times ``<i>`` followed by as many ``</b>``: 11 s), and a text needs no tree. Every character is
looked at a bounded number of times, and there is no nesting depth at which text is lost.
"""

import re
from collections.abc import Callable
from typing import cast

from inbound.message.charset import clean
from inbound.message.hidden import has_size, hiding
from inbound.message.markup import VOID, Tag, attributes_of, tokens, unescape

#: deeper lists and quotes are not indented further, so that the text stays linear in the HTML
MAX_INDENT = 8

# Newsletters fill the preview of mailboxes with characters that show nothing. Alone they join and divide letters.
_FILLING = re.compile("(?:[\u034f\u00ad\u200b-\u200d\u2060\ufeff][ \u00a0\u2007]*+){3,}")
_WHITE_SPACE = re.compile(r"[ \t\n\r\f]+")
_BLANKS_AT_LINE_END = re.compile(r"(?<![ \t])[ \t]++\n")
_LINK = re.compile(r"(?:https?|ftp|mailto|tel):.", re.IGNORECASE)
_LINK_NOISE = re.compile(r"^(?:https?://|ftp://|mailto:|tel:)?(?:www\.)?|/$|\?subject=.*", re.IGNORECASE | re.DOTALL)

# How mailers mark the blockquote around the mail that is answered; all others are mere indentation.
_CITE = re.compile(r"\bcite\b|_quote\b|\bquote", re.IGNORECASE)

# Paragraphs between which there is no empty line to be seen.
_TIGHT = re.compile(
    r"\bMso(?:Normal|PlainText|NoSpacing|ListParagraph)"
    r"|\bmargin\s*:\s*0[a-z]{0,2}(?:\s+(?:0|\.0|0\.0)\d{0,4}[a-z]{0,2}){0,3}\s*(?:!important\s*)?(?:[;\"']|\Z)",
    re.IGNORECASE,
)
#: characters of a tag in which that is looked for
MAX_STYLE_CHARS = 1000

#: by the number of open lists
_INDENTS = ["", *("  " * depth for depth in range(MAX_INDENT + 1))]

# What Outlook writes for a rule.
_RULE = "_" * 32
#: elements before and after which there is one line end, or an empty line
_BREAKS = dict.fromkeys(
    "div tr li dt dd address article aside center fieldset figcaption figure hr footer form header legend main nav "  # noqa: SIM905 - thirty quoted words would hide them
    "option section summary tbody thead tfoot caption body html head".split(),
    1,
) | dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre", "dl"), 2)


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
    hidden_name, hidden_depth, is_sizeless = "", 0, False
    has_hidden = False
    for token in tokens(html):
        if token.__class__ is str:
            if not hidden_name:
                writer.data(token)
            continue
        name, is_end, attributes = cast("Tag", token)
        if hidden_name:
            if name == hidden_name:
                # The end of a paragraph may be left out (WHATWG HTML 13.1.2.4): the next one shows.
                hidden_depth += -1 if is_end or hidden_name == "p" else 1
                hidden_name = hidden_name if hidden_depth else ""
            if not (hidden_name and is_sizeless and attributes and not is_end and has_size(attributes)):
                continue
            hidden_name = ""
        if hides and attributes and name not in VOID and (how := hiding(attributes)):
            hidden_name, hidden_depth, has_hidden, is_sizeless = name, 1, True, how == "size"
        elif effect := _EFFECTS.get(name):
            writer.tag(cast("Tag", token), effect)
    return has_hidden, not hidden_name


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
        self._is_tight = False
        #: of every open blockquote, whether it is a quotation of a mail
        self._blocks: list[bool] = []
        self._open_quotes = 0
        #: marks of quotation before a line: now, and before the last word that was written
        self._quotes = self._written_quotes = 0
        #: target of the open link, and where its text starts in the output
        self._link = ""
        self._link_start = 0
        #: lines of text in the open table cell; -1 outside of rows
        self._cell_lines = -1
        #: is the next word the first of a cell, beside one that has one line?
        self._is_beside = False

    def data(self, raw: str) -> None:
        """Take the text between two tags."""
        text = unescape(raw)
        if self._preformatted:
            self._emit(text.replace("\n", "\n" + "> " * self._quotes) if self._quotes else text)
            return
        collapsed = text if text.isalnum() else _WHITE_SPACE.sub(" ", text)
        if collapsed[:1] == " ":
            self._gap = self._gap or " "
            collapsed = collapsed[1:]
        if collapsed:
            self._emit(collapsed.rstrip(" "))
            self._gap = " " if collapsed[-1] == " " else ""

    def tag(self, tag: Tag, effect: "_Effect") -> None:
        """Take a tag and what it does."""
        line_ends, handler = effect
        self._line_ends = max(self._line_ends, line_ends)
        if handler:
            handler(self, tag)

    def text(self) -> str:
        """All that was written."""
        self._end_link()
        text = clean("".join(self._out))
        if not text.isascii():
            text = _FILLING.sub("", text)
        text = text.replace("\xa0", " ").replace("\r\n", "\n").replace("\r", "\n")
        if " \n" in text or "\t\n" in text:
            text = _BLANKS_AT_LINE_END.sub("\n", text)
        return text.strip()

    def _emit(self, text: str) -> None:
        out = self._out
        if self._cell_lines >= 0:
            self._in_cell(text)
        if self._quotes or self._written_quotes:
            out.append(self._quoted_gap())
        elif self._line_ends and out:
            out.append("\n" * self._line_ends)
        elif self._gap and out:
            out.append(self._gap)
        if self._bullet:
            out.append(_INDENTS[min(len(self._lists), MAX_INDENT + 1)] + self._bullet)
            self._bullet = ""
        out.append(text)
        self._line_ends, self._gap = 0, ""

    def _in_cell(self, text: str) -> None:
        """Word and Outlook make a paragraph of what is in a cell: it stays in its row all the same."""
        if self._is_beside and not self._bullet:
            self._line_ends, self._gap = 0, "\t"
        self._is_beside = False
        self._cell_lines += self._cell_lines == 0 or self._line_ends > 0 or "\n" in text

    def _quoted_gap(self) -> str:
        """What stands between two words when a quotation is around one of them; a quotation begins on a line."""
        if not self._line_ends and self._quotes == self._written_quotes:
            return self._gap
        empty = "\n" + ("> " * min(self._quotes, self._written_quotes)).rstrip()
        line_ends = max(self._line_ends, 1) if self._out else 0
        self._written_quotes = self._quotes
        return empty * (line_ends - 1) + "\n" * bool(line_ends) + "> " * self._quotes

    def _break(self, line_ends: int) -> None:
        self._line_ends = max(self._line_ends, line_ends)

    def line_break(self, _tag: Tag) -> None:
        """Take ``<br>``; more than one empty line in a row says nothing."""
        self._line_ends = min(self._line_ends + 1, 2)

    def cell(self, tag: Tag) -> None:
        """Take the start or end of a table cell."""
        self._gap = "\t"
        if not tag.is_end:
            self._is_beside |= self._cell_lines == 1
            self._cell_lines = 0

    def row(self, _tag: Tag) -> None:
        """Take the start or end of a table or of its rows."""
        self._cell_lines, self._is_beside = -1, False

    def quote(self, tag: Tag) -> None:
        """Take the start or end of a blockquote; one that quotes a mail is marked as in plain text."""
        if not tag.is_end:
            self._blocks.append(self._open_quotes > 0 or _CITE.search(tag.attributes) is not None)
            self._open_quotes += self._blocks[-1]
        elif self._blocks:
            self._open_quotes -= self._blocks.pop()
        self._quotes = min(self._open_quotes, MAX_INDENT)

    def paragraph(self, tag: Tag) -> None:
        """Take the start or end of a paragraph; Outlook writes every line as one, without a margin."""
        if not tag.is_end:
            self._is_tight = bool(tag.attributes) and _TIGHT.search(tag.attributes[:MAX_STYLE_CHARS]) is not None
        self._break(1 if self._is_tight else 2)

    def preformatted(self, tag: Tag) -> None:
        """Take ``<pre>``: white space counts inside."""
        self._preformatted = max(0, self._preformatted + (-1 if tag.is_end else 1))

    def image(self, tag: Tag) -> None:
        """Take an image: what it stands for is text only where it is all that a link shows."""
        if self._link:
            self.data(attributes_of(tag.attributes).get("alt", ""))

    def rule(self, _tag: Tag) -> None:
        """Take a horizontal rule."""
        self._emit(_RULE)
        self._break(1)

    def listing(self, tag: Tag) -> None:
        """Take the start or end of a list."""
        if tag.is_end:
            if self._lists:
                self._lists.pop()
        else:
            first = attributes_of(tag.attributes).get("start", "1") if tag.name == "ol" else ""
            number = int(first) if first.isascii() and first.isdigit() and len(first) < 9 else 1
            self._lists.append(number - 1 if tag.name == "ol" else None)
        self._bullet = ""
        self._break(1 if len(self._lists) > (not tag.is_end) else 2)

    def item(self, tag: Tag) -> None:
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

    def link(self, tag: Tag) -> None:
        """Take the start or end of a link; links do not nest."""
        self._end_link()
        target = "" if tag.is_end else "".join(attributes_of(tag.attributes).get("href", "").split())
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


_HANDLERS: dict[str, Callable[[_Writer, Tag], None]] = {
    "p": _Writer.paragraph,
    "br": _Writer.line_break,
    "table": _Writer.row,
    "tr": _Writer.row,
    "td": _Writer.cell,
    "th": _Writer.cell,
    "pre": _Writer.preformatted,
    "img": _Writer.image,
    "hr": _Writer.rule,
    "blockquote": _Writer.quote,
    "ul": _Writer.listing,
    "ol": _Writer.listing,
    "li": _Writer.item,
    "a": _Writer.link,
}
_Effect = tuple[int, Callable[[_Writer, Tag], None] | None]
#: line ends around an element, and what else it does
_EFFECTS: dict[str, _Effect] = {
    name: (_BREAKS.get(name, 0), _HANDLERS.get(name)) for name in _BREAKS.keys() | _HANDLERS.keys()
}
