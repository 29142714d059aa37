"""Domains, addresses, numbers, and names that may stand only once."""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key

# RFC 5321 section 4.1.2 Domain: letters, digits and hyphens; RFC 1035 section 2.3.4: 63 octets each.
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# RFC 5321 section 4.1.2 Dot-string.
_DOT_STRING = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_DOMAIN = 253  # RFC 1035 section 2.3.4, without the root's dot
_LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1


def why_no_domain(text: str) -> str | None:
    """Say why a text is no domain name, or None when it is one."""
    if not text.isascii():
        return f"{shown(text)} has letters outside ASCII; write the form that begins with xn--"
    if _is_ip_address(text):
        return f"{shown(text)} is an IP address; a domain name is needed"
    if len(text) > _LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in text.split(".")):
        return f"{shown(text)} is no domain name; it must be labels of letters, digits and hyphens, like desk.example"
    return None


def why_no_address(text: str) -> str | None:
    """Say why a text is no mail address, or None when it is one."""
    local_part, at, domain = text.rpartition("@")
    if not at or len(local_part) > _LONGEST_LOCAL_PART or _DOT_STRING.fullmatch(local_part) is None:
        return f"{shown(text)} is no mail address; it must be like support@desk.example, in ASCII and without quotes"
    return why_no_domain(domain)


def repeated(names: Iterable[tuple[Key, str]], what: str) -> Iterator[Mistake]:
    """Names that stand more than once, in any case of letters; each points at the first.

    Args:
        names: every name with its setting; empty ones do not count.
        what: the kind of name, for the message.
    """
    first: dict[str, Key] = {}
    for key, name in names:
        earlier = first.setdefault(name.casefold(), key)
        if name and earlier != key:
            yield Mistake(key=key, message=f"{what} {shown(name)} stands twice", other=earlier)


def not_a_name(names: Iterable[tuple[Key, str]]) -> Iterator[Mistake]:
    """Names that are empty, or that nobody could tell from another one."""
    for key, name in names:
        if not name:
            yield Mistake(key=key, message="must not be empty")
        elif name != name.strip():
            yield Mistake(key=key, message=f"{shown(name)} has blanks at its ends")


def out_of_range(key: Key, value: int, lowest: int, highest: int) -> Iterator[Mistake]:
    """A whole number that is too small or too large."""
    if not lowest <= value <= highest:
        message = f"{value:_} is not allowed; it must be a whole number from {lowest:_} to {highest:_}"
        yield Mistake(key=key, message=message)


def listed(names: Iterable[str]) -> str:
    """Names for a message."""
    return ", ".join(shown(name) for name in names) or "none there"


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
