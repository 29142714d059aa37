"""What one cell of a file may hold: readers that return the value, or say what is wrong and what is allowed."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any
from unicodedata import normalize

from inbound.config.checks.names import why_no_domain
from inbound.config.mistakes import shown
from inbound.rules.domains import candidate_domains

#: reads a cell; TOML has lists and truth values where CSV has only text
Reader = Callable[[Any], Any]

LONGEST_NAME = 255
LONGEST_TEXT = 100_000
LONGEST_LIST = 1_000

# RFC 5321 section 4.1.2, without what only quotes allow, and with the letters of RFC 6531.
_LOCAL_PART = re.compile(r'[^\s<>()\[\]",;:\\@]{1,64}')
_NUMBER = re.compile(r"([TP])([0-9]{4})([0-9]{2})([0-9]{2})\.([0-9]{4,15})(\.[0-9]{3})?")
_SEPARATOR = re.compile(r"[;\n]")
_TRUE = frozenset({"true", "yes", "1", "x", "ja", "wahr", "active", "aktiv"})
_FALSE = frozenset({"false", "no", "0", "nein", "falsch", "inactive", "inaktiv"})


class Unusable(ValueError):
    """The value of a cell, and what it must be."""


def text(value: Any) -> str:
    """Text of several lines."""
    return _text(value, LONGEST_TEXT, "\n\t")


def name(value: Any) -> str:
    """Text of one line that must be there."""
    found = optional_name(value)
    if not found:
        raise Unusable("must not be empty")
    return found


def optional_name(value: Any) -> str:
    """Text of one line; empty for none."""
    return _text(value, LONGEST_NAME, "")


def _text(value: Any, longest: int, allowed: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"{shown(value)} must be text" + ("" if isinstance(value, list) else " in quotes"))
    found = value.replace("\r\n", "\n").strip()
    if len(found) > longest:
        raise Unusable(f"{len(found)} characters are too many; at most {longest}")
    if not all(letter.isprintable() or letter in allowed for letter in found):
        raise Unusable(f"{shown(found)} has control characters")
    return found


def flag(value: Any) -> bool:
    """Yes or no; yes when nothing is said."""
    if isinstance(value, bool):
        return value
    word = optional_name(value).casefold()
    if word in _FALSE:
        return False
    if not word or word in _TRUE:
        return True
    raise Unusable(f"{shown(value)} must be true or false (also yes or no, ja or nein, 1 or 0)")


def one_of(names: Sequence[str], *, listed: Iterable[str] = (), empty: str | None = None) -> Reader:
    """A name of a pick list, in any case of letters; the name as the list writes it.

    Args:
        names: every one that is known.
        listed: those that a message names as allowed; all when empty.
        empty: what an empty cell means; None: it is a mistake.
    """
    known = {one.casefold(): one for one in reversed(names)}
    allowed = ", ".join(f'"{one}"' for one in (tuple(listed) or names)) or "nothing: the list is empty"

    def read(value: Any) -> str:
        word = optional_name(value)
        if not word and empty is not None:
            return empty
        found = known.get(word.casefold())
        if found is None:
            near = get_close_matches(word.casefold(), known, n=1)
            hint = f'did you mean "{known[near[0]]}"? ' if near else ""
            raise Unusable(f"{shown(word)} is not known; {hint}allowed: {allowed}")
        return found

    return read


def _why_no_domain(text: str) -> str | None:
    """The same in either form of an international domain (RFC 5890 section 2.3.2.1)."""
    try:
        return why_no_domain(text if text.isascii() else text.encode("idna").decode("ascii"))
    except UnicodeError:
        return f"{shown(text)} is no domain name; it must be like customer.example"


def domain(value: Any) -> str:
    """A web domain that can belong to somebody, in lower case."""
    found = normalize("NFC", name(value).lower().removeprefix("@"))
    if why_not := _why_no_domain(found):
        raise Unusable(why_not)
    if not candidate_domains(found):
        raise Unusable(f"{shown(found)} is a public suffix: nobody owns it; it must be like customer.example")
    return found


def no_public_mail_domain(public: frozenset[str]) -> Reader:
    """A web domain that is not one of a mail provider."""

    def read(value: Any) -> str:
        found = domain(value)
        if found in public:
            raise Unusable(f"{shown(found)} is a public mail domain: its users share no organization")
        return found

    return read


def address(value: Any) -> str:
    """A mail address as written; empty for none."""
    found = optional_name(value)
    local_part, at, domain_ = found.rpartition("@")
    if found and not (at and _LOCAL_PART.fullmatch(local_part)):
        raise Unusable(f"{shown(found)} is no mail address; it must be like ann@customer.example, without a name")
    if found and (why_not := _why_no_domain(domain_.lower())):
        raise Unusable(f"{shown(found)} is no mail address: {why_not}")
    return found


def foreign_address(own: frozenset[str]) -> Reader:
    """A mail address that is not one of our mailboxes."""

    def read(value: Any) -> str:
        found = address(value)
        if found.casefold() in own:
            raise Unusable(f"{shown(found)} is the address of a mailbox: mail from there would be our own")
        return found

    return read


def external_id(value: Any) -> tuple[str, str]:
    """``source:id``, or the id alone; (source, id)."""
    source, colon, id_ = name(value).partition(":")
    source, id_ = (source.strip(), id_.strip()) if colon else ("", source.strip())
    if not id_:
        raise Unusable(f"{shown(value)} must be like rmm:4711, or 4711 without a source")
    return source, id_


def number(letter: str) -> Reader:
    """A number of an object whose letter is ``T`` or ``P``, in upper case."""
    example = "P20260131.0003" if letter == "P" else "T20260131.0042"

    def read(value: Any) -> str:
        found = name(value).upper()
        match = _NUMBER.fullmatch(found)
        if match is None or match[1] != letter or (match[6] and letter == "P") or not _is_day(match):
            raise Unusable(f"{shown(found)} is no number; it must be like {example}")
        return found

    return read


def _is_day(match: re.Match[str]) -> bool:
    try:
        date(int(match[2]), int(match[3]), int(match[4]))
    except ValueError:
        return False
    return True


def each(read: Reader) -> Reader:
    """A list whose elements a reader reads: in CSV separated by semicolons or line breaks; none stands twice."""

    def read_all(value: Any) -> tuple[Any, ...]:
        found = [read(one) for one in _elements(value) if one != ""]
        seen: set[Any] = set()
        for one in found:
            folded = one.casefold() if isinstance(one, str) else one
            if folded in seen:
                raise Unusable(f"{shown(one) if isinstance(one, str) else shown(':'.join(one))} stands twice")
            seen.add(folded)
        return tuple(found)

    return read_all


def positions(read: Reader, count: int) -> Reader:
    """A list of at most ``count`` elements in which an empty one keeps its place; (1-based position, element)."""

    def read_all(value: Any) -> tuple[tuple[int, Any], ...]:
        elements = _elements(value)
        if len(elements) > count:
            raise Unusable(f"{len(elements)} are too many; at most {count}")
        each(read)(elements)
        return tuple((place, read(one)) for place, one in enumerate(elements, start=1) if one != "")

    return read_all


def _elements(value: Any) -> list[Any]:
    if isinstance(value, str):
        value = [one.strip() for one in _SEPARATOR.split(value.replace("\r\n", "\n"))] if value.strip() else []
    if not isinstance(value, list):
        raise Unusable(f'{shown(value)} must be a list such as ["one", "two"]')
    if len(value) > LONGEST_LIST:
        raise Unusable(f"{len(value)} are too many; at most {LONGEST_LIST}")
    return [one.strip() if isinstance(one, str) else one for one in value]
