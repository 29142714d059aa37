"""HTML of a message, made safe to show: on demand, not while mail is received."""

import re
from collections import Counter
from functools import lru_cache
from html import escape

import nh3

from inbound.message.charset import clean
from inbound.message.html import html_to_text
from inbound.message.markup import VOID, Tag, tokens

#: elements inside of each other; the sanitiser's time grows with their square
MAX_DEPTH = 256
#: characters of one tag beside its values in quotes, for the same reason
MAX_TAG_CHARS = 20_000
#: open elements times tags: what is left open is opened again in every paragraph (WHATWG HTML 13.2.4.3)
MAX_WORK = 2_000_000

_STYLES = frozenset(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right "  # noqa: SIM905 - thirty quoted words would hide them
    "border-spacing border-style border-top border-width color display font font-family font-size font-style "
    "font-weight height line-height list-style-type margin margin-bottom margin-left margin-right margin-top max-width "
    "padding padding-bottom padding-left padding-right padding-top text-align text-decoration text-indent "
    "vertical-align white-space width".split()
)
# No class: styles of the page around would take it for one of theirs.
_EVERYWHERE = frozenset("align bgcolor dir height lang style title valign width".split())  # noqa: SIM905 - as above
_ATTRIBUTES = {
    "*": set(_EVERYWHERE),
    "a": {"href", "name"},
    "blockquote": {"type"},
    "font": {"color", "face", "size"},
    "img": {"alt", "border", "src"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "scope", "nowrap"},
}
_TAGS = (nh3.ALLOWED_TAGS | {"font", "center", "big", "u"}) - {"map", "area"}
# They never stand inside of each other without an element that counts: the next one closes them.
_SELF_CLOSING = VOID | frozenset("p li dt dd tr td th tbody thead tfoot option colgroup".split())  # noqa: SIM905 - as above
_SCHEMES = {"http", "https", "mailto", "tel", "ftp", "cid", "data"}

# Without a scheme, or with half of one, it would lead into the page around.
_TARGET = re.compile(r"(?:https?|ftp)://[^/\\]|(?:mailto|tel):|#[\w.-]*\Z", re.IGNORECASE)
# The image itself, in a form that holds no script: what it shows is nowhere else in the message.
_IMAGE = re.compile(r"cid:|data:image/(?:png|jpe?g|gif|webp|bmp);base64,", re.IGNORECASE)
_HARMLESS_FUNCTIONS = ("rgb", "rgba", "hsl", "hsla", "calc")
_NEGATIVE = re.compile(r"(?<![\w.])-")
_QUOTED_VALUE = re.compile(r"=\s*+(?:\"[^\"]*+\"|'[^']*+')")


def display_html(html: str) -> str:
    """Make the HTML of a message safe to show inside of a page.

    Scripts, forms, frames, styles that reach beyond their element and everything that would be loaded from elsewhere
    are gone; images of the message itself (``cid:``, RFC 2392) stay. What is nested or bloated beyond reason is shown
    as text.

    Args:
        html: as sent, decoded (`model.mail.Mail.html`).

    Returns:
        a fragment of HTML.
    """
    html = clean(html)
    if not _is_reasonable(html):
        return f"<pre>{escape(html_to_text(html))}</pre>"
    return _CLEANER.clean(html)


def _filtered(_tag: str, attribute: str, value: str) -> str | None:
    """Only images of the message itself: others tell their server who reads the mail, and when."""
    match attribute:
        case "src":
            return value if _IMAGE.match(value) else None
        case "href":
            return value if _TARGET.match(value.strip()) else None
        case "style":
            return _common_style(value) if len(value) <= _COMMON_CHARS else _style(value)
        case _:
            return value


def _style(value: str) -> str | None:
    """Without what loads something, by whatever spelling, or moves the element over what stands around the mail."""
    lowered = value.lower()
    if "\\" in value or not all(before.endswith(_HARMLESS_FUNCTIONS) for before in lowered.split("(")[:-1]):
        return None
    if "margin" not in lowered or "-" not in lowered:
        return value
    return ";".join(one for one in value.split(";") if "margin" not in one.lower() or not _NEGATIVE.search(one))


#: Every paragraph of a mail has one of the same few styles, which are no longer than this.
_COMMON_CHARS = 300
_common_style = lru_cache(maxsize=1_000)(_style)

# Made once: taking over all these sets costs three times as much as cleaning an ordinary mail.
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style", "title", "template", "iframe", "noframes"},
    attributes=_ATTRIBUTES,
    attribute_filter=_filtered,
    url_schemes=_SCHEMES,
    filter_style_properties=set(_STYLES),
    link_rel="noopener noreferrer nofollow",
)


def _is_reasonable(html: str) -> bool:
    """Is the sanitiser quick with it? Counted from above: only an end tag of the same name closes an element."""
    if len(html) <= MAX_TAG_CHARS and html.count("<") <= MAX_DEPTH:
        # Too little of it to be over any of the limits.
        return True
    opened: Counter[str] = Counter()
    depth = work = 0
    for token in tokens(html):
        if not isinstance(token, Tag):
            continue
        if len(token.attributes) > MAX_TAG_CHARS and len(_QUOTED_VALUE.sub("=", token.attributes)) > MAX_TAG_CHARS:
            return False
        if token.is_end and opened[token.name]:
            opened[token.name] -= 1
            depth -= 1
        elif not token.is_end and token.name not in _SELF_CLOSING:
            opened[token.name] += 1
            depth += 1
        work += depth
        if depth > MAX_DEPTH or work > MAX_WORK:
            return False
    return True
