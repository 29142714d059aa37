"""The XML token that monitoring tools append to their text (ATES), and its key.

Hostile XML is harmless: expat reads one bounded string, a document type is refused before anything of it counts, and
no entity but the five of XML exists.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from inbound.model.alert import Alert, ExternalId

#: no tool writes a longer one
MAX_TOKEN_CHARS = 65_536
MASK = "***"

_START = re.compile(r"<Autotask(?![\w.:-])", re.IGNORECASE)
_END = re.compile(r"</Autotask\s*>", re.IGNORECASE)
# An HTML page that an alert quotes declares a type too, and harms nobody.
_DOCTYPE = re.compile(r"<!ENTITY|<!DOCTYPE(?!\s+html\b)", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"<\?xml[^<>]{0,200}\?>\s*\Z")
# All that stands in the tag, and what stands between it and its end tag. It never fails behind "<PW", so that no text
# is looked at twice.
_PASSWORD = re.compile(
    r"<PW(?![\w.:-])(?>(?:[^<>\"']|\"[^\"]*\"|'[^']*'|[\"'][^\"'\n]*)*)(>(?>[^<]*)(?=</PW))?>?", re.IGNORECASE
)
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"))


@dataclass(slots=True)
class _Element:
    """A child of the token: its attributes and text."""

    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)

    @property
    def value(self) -> str:
        """``name="..."``, else the text; trimmed."""
        return (self.attributes.get("name", "") or "".join(self.text)).strip()


class _Unreadable(Exception):
    """The token is not one."""


def read_alert(text: str, keys: Iterable[str]) -> Alert | str:
    """Find the token in the text of a message and check its key; of several the last counts.

    Args:
        text: of the message, decoded; what stands around the token, above and below, does not matter.
        keys: of the mailbox; empty ones open nothing.

    Returns:
        the alert, or why there is none (``alert_key_wrong``). Neither holds a key.
    """
    keys = tuple(keys)
    starts = list(_START.finditer(text))
    if not starts:
        return "the text has no <Autotask> token"
    if _DOCTYPE.search(text):
        return "the token comes with a document type"
    start = starts[-1].start()
    end = _END.search(text, start)
    if end is None or end.end() - start > MAX_TOKEN_CHARS:
        return "the token has no end" if end is None else "the token is too long"
    try:
        elements = _read(text[start : end.end()])
    except (_Unreadable, expat.ExpatError) as error:
        # expat names what it stumbled over by position and kind, never by content.
        return f"the token is not readable: {error}"
    if not is_key(_value(elements, "pw"), keys):
        return "PW is missing" if not _value(elements, "pw") else "PW is none of the mailbox's keys"
    above = _XML_DECLARATION.sub("", text[:start].rstrip()).rstrip()
    return _alert(_masked(elements, keys), mask_keys(above, keys))


def is_key(given: str, keys: Iterable[str]) -> bool:
    """Is it one of the keys? Takes the same time whichever it is, and however much of one is right."""
    digest = hashlib.sha256(given.encode()).digest()
    is_right = False
    for key in keys:
        is_same = hmac.compare_digest(digest, hashlib.sha256(key.encode()).digest())
        is_right |= is_same and bool(key)
    return is_right


def mask_keys(text: str, keys: Iterable[str]) -> str:
    """Replace every key, as it is and as XML writes it, and whatever stands as PW, by three stars.

    Args:
        text: that somebody may see: a description, a title, a trace, an output.
        keys: of the mailbox.
    """
    masked = _PASSWORD.sub(lambda match: f'<PW name="{MASK}"{">" if match[1] else "/>"}', text)
    forms = {form for key in keys if key for form in (key, _escaped(key))}
    for form in sorted(forms, key=len, reverse=True):
        masked = masked.replace(form, MASK)
    return masked


def _escaped(key: str) -> str:
    for char, entity in _ESCAPES:
        key = key.replace(char, entity)
    return key


def _read(token: str) -> dict[str, _Element]:
    """The children of the token by lower-case name; of several with one name the last."""
    parser = expat.ParserCreate(encoding="utf-8")
    elements: dict[str, _Element] = {}
    open_: list[str] = []

    def refuse(*_: object) -> None:
        raise _Unreadable("it has a document type")

    def start(name: str, attributes: dict[str, str]) -> None:
        open_.append(name.casefold())
        if len(open_) == 2:
            elements[open_[1]] = _Element({key.casefold(): value for key, value in attributes.items()})

    def end(_: str) -> None:
        open_.pop()

    def characters(data: str) -> None:
        if len(open_) == 2:
            elements[open_[1]].text.append(data)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, characters
    parser.Parse(token.encode(), True)  # noqa: FBT003 - expat's own signature: this was all of it
    return elements


def _masked(elements: dict[str, _Element], keys: tuple[str, ...]) -> dict[str, _Element]:
    """Elements without keys: whatever they say may be shown."""
    for element in elements.values():
        element.attributes = {name: mask_keys(value, keys) for name, value in element.attributes.items()}
        element.text = [mask_keys("".join(element.text), keys)]
    return elements


def _value(elements: dict[str, _Element], name: str) -> str:
    element = elements.get(name)
    return element.value if element else ""


def _external_id(elements: dict[str, _Element], name: str) -> ExternalId | None:
    element = elements.get(name)
    if element is None or not element.value:
        return None
    return ExternalId(source=element.attributes.get("source", "").strip(), name=element.value)


def _alert(elements: dict[str, _Element], description: str) -> Alert:
    return Alert(
        customer=_value(elements, "customer"),
        email=_value(elements, "email"),
        contact=" ".join(_value(elements, "contact").split()),
        customer_id=_external_id(elements, "customerid"),
        device_id=_external_id(elements, "deviceid"),
        alert_id=_external_id(elements, "alertid"),
        ticket_id=_external_id(elements, "ticketid"),
        sub_issue=_value(elements, "subissue"),
        ticket_number=_value(elements, "ticketnumber").upper(),
        description=description,
    )
