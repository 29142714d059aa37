"""Authentication-Results (RFC 8601) as they are written in the wild, Microsoft's form without authserv-id included."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import NamedTuple

from inbound.values import immutable

#: octets of one field that are read
MAX_VALUE_BYTES = 16_384
#: what stands beside a result and is none, although its name has no dot
_NOTES = frozenset({"action", "reason", "policy", "sp", "dis", "pct"})
_PIECE = re.compile(r'\\.|["()]|[^\\"()]+|\\', re.DOTALL)
_WORD = re.compile(r'"((?>(?:[^"\\]|\\.)*))"|([;=]|[^\s;="]+)', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# What a method or a property may be called; values may be anything.
_NAME = re.compile(r"[\w./-]+")


class _Word(NamedTuple):
    """A word, or one of the marks ``;`` and ``=`` between words."""

    text: str
    #: a mark in quotes is none
    is_mark: bool


@immutable
class MethodResult:
    """One ``method=result`` with its properties."""

    #: in lower case, without version: "dkim", "spf", "dmarc"
    method: str
    #: in lower case: "pass", "fail", "none"
    result: str
    #: by name in lower case, such as ``header.d``; values in lower case
    properties: Mapping[str, str] = field(default_factory=dict)


@immutable
class Verdicts:
    """What one field says."""

    #: in lower case; empty when it names nobody
    authserv_id: str
    results: tuple[MethodResult, ...]


def read_results(value: bytes) -> Verdicts:
    """Read the value of an Authentication-Results field (RFC 8601 2.2).

    Comments go, quotes too; what cannot be understood is passed over. Linear in the length of the value.

    Args:
        value: unfolded, or as written.
    """
    segments = _segments(value)
    first = segments[0] if segments else []
    if not first or any(word.is_mark for word in first):
        return Verdicts(authserv_id="", results=_results(segments))
    return Verdicts(authserv_id=first[0].text, results=_results(segments[1:]))


def read_sealed_results(value: bytes) -> tuple[int, Verdicts]:
    """Read the value of an ARC-Authentication-Results field (RFC 8617 4.1.1).

    Returns:
        the instance, 0 when it is missing; and what the rest says.
    """
    head, semicolon, rest = value[:MAX_VALUE_BYTES].partition(b";")
    name, _, number = head.partition(b"=")
    text = number.strip().decode("ascii", "replace")
    is_instance = name.strip().lower() == b"i" and semicolon and text.isdecimal() and len(text) < 4
    return (int(text), read_results(rest)) if is_instance else (0, read_results(value))


def _segments(value: bytes) -> list[list[_Word]]:
    """Words and equal signs between semicolons."""
    segments: list[list[_Word]] = [[]]
    for word in _words(value[:MAX_VALUE_BYTES].decode("utf-8", "replace").lower()):
        if word.is_mark and word.text == ";":
            segments.append([])
        else:
            segments[-1].append(word)
    return segments


def _words(text: str) -> Iterator[_Word]:
    """Words, quoted strings without their quotes, and the marks between them."""
    for quoted, other in _WORD.findall(_without_comments(text)):
        if quoted:
            yield _Word(_QUOTED_PAIR.sub(r"\1", quoted), is_mark=False)
        else:
            yield _Word(other, is_mark=other in {";", "="})


def _without_comments(text: str) -> str:
    """RFC 5322 3.2.2: comments may be nested, and quotes mean nothing in them."""
    kept: list[str] = []
    depth = 0
    is_quoted = False
    for piece in _PIECE.findall(text):
        if piece == '"' and not depth:
            is_quoted = not is_quoted
        depth += piece == "(" and not is_quoted
        if not depth:
            kept.append(piece)
        elif piece == ")":
            depth -= 1
            kept.append(" ")
    return "".join(kept)


def _results(segments: list[list[_Word]]) -> tuple[MethodResult, ...]:
    results: list[MethodResult] = []
    for segment in segments:
        method, result = "", ""
        properties: dict[str, str] = {}
        for name, value in _pairs(segment):
            if "." in name or name in _NOTES:
                properties.setdefault(name, value)
                continue
            if method:
                results.append(MethodResult(method=method, result=result, properties=properties))
            # RFC 8601 2.2: a method may carry a version behind a slash.
            method, result, properties = name.partition("/")[0], value, {}
        if method:
            results.append(MethodResult(method=method, result=result, properties=properties))
    return tuple(results)


def _pairs(words: list[_Word]) -> Iterator[tuple[str, str]]:
    """Every ``name=value``; equal signs within a value, as in a mail address, stay in it."""
    position = 0
    while position + 2 < len(words):
        name, mark, value = words[position : position + 3]
        if not mark.is_mark or name.is_mark or value.is_mark or not _NAME.fullmatch(name.text):
            position += 1
            continue
        position += 3
        text = value.text
        while position + 1 < len(words) and words[position].is_mark:
            text += "=" + words[position + 1].text
            position += 2
        yield name.text, text
