"""Elements of HTML that nobody sees: what senders write for previews, filters and other programs."""

import re

from inbound.message.markup import ATTRIBUTE, MAX_ATTRIBUTES_CHARS, attributes_of

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all"
    r"|(?<![\w-])(?:max-height|opacity)\s*:\s*(?>0*\.0+|0+)(?:px|pt|em|%)?\s*(?:!important\s*)?(?:;|\Z)",
    re.IGNORECASE,
)
_NO_HEIGHT = re.compile(
    r"(?<![\w-])height\s*:\s*(?>0*\.0+|0+)(?:px|pt|em|%)?\s*(?:!important\s*)?(?:;|\Z)", re.IGNORECASE
)
_CLIPPING = re.compile(r"overflow\s*:\s*hidden", re.IGNORECASE)
# Frames of newsletters have it too, and give a size again to what they show.
_NO_SIZE = re.compile(
    r"(?<![\w-])font-size\s*:\s*(?>0*\.0+|0+)(?:px|pt|em|%)?\s*(?:!important\s*)?(?:;|\Z)", re.IGNORECASE
)
_SIZE = re.compile(r"font(?:-size)?\s*:[^;]*?[1-9a-z]", re.IGNORECASE)
_ZERO = re.compile(r":\s*0*\.?0")
_HIDDEN = re.compile(r"(?<![^\s/])hidden(?![^\s/])", re.IGNORECASE)


def hiding(attributes: str) -> str:
    """How an element is hidden: with all that is in it ("all"), by a font without size ("size"), or not at all.

    Args:
        attributes: of its tag, as written (`markup.Tag.attributes`).
    """
    attributes = attributes[:MAX_ATTRIBUTES_CHARS]
    lowered = attributes.lower()
    if "none" not in lowered and "hid" not in lowered and not _ZERO.search(lowered):
        return ""
    found = attributes_of(attributes)
    style = found.get("style", "")
    if "hidden" in found or _HIDING.search(style) or _HIDDEN.search(ATTRIBUTE.sub(" ", attributes)):
        return "all"
    if _NO_HEIGHT.search(style) and _CLIPPING.search(style):
        return "all"
    return "size" if _NO_SIZE.search(style) else ""


def has_size(attributes: str) -> bool:
    """Does an element inside of a sizeless one show itself?"""
    style = attributes_of(attributes).get("style", "")
    return bool(_SIZE.search(style)) and not _NO_SIZE.search(style)
