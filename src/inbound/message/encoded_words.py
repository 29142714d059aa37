"""Non-ASCII text in header fields (RFC 2047), as sent by mailers that did not read it."""

import re
from itertools import groupby
from typing import NamedTuple

from inbound.message.charset import decode
from inbound.message.transfer import decode_base64, decode_q

# RFC 2231 5: a language may follow the charset.
_WORD_START = re.compile(rb"=\?([!-)+->@-~]{1,40}+)(?:\*[^?\s]{0,40}+)?\?([bBqQ])\?")
_WHITE_SPACE = b" \t\r\n"


class _Word(NamedTuple):
    charset: str
    encoding: str
    octets: bytes


def decode_words(value: bytes) -> str:
    """Decode a field value or display name.

    Words may stand next to each other and inside of other text, may hold spaces, and a character may begin in one and
    end in the next. Octets outside of words are taken for UTF-8, then windows-1252.

    Args:
        value: unfolded, as sent.

    Returns:
        a clean string.
    """
    if b"=?" not in value:
        return decode(value)
    if (start := _WORD_START.match(value)) and value.find(b"?=", start.end()) == len(value) - 2:
        # A single word: the ordinary case, at a third of the cost.
        return _decode_run((start[1].decode("ascii"), start[2].decode("ascii").lower()), value[start.end() : -2])
    runs = groupby(_tokens(value), key=lambda token: token[:2] if isinstance(token, _Word) else None)
    return "".join(
        _decode_run(key, b"".join(t.octets if isinstance(t, _Word) else t for t in tokens)) for key, tokens in runs
    )


def _decode_run(key: tuple[str, str] | None, octets: bytes) -> str:
    """Adjacent words of one charset and encoding are decoded together: a character may be split over them."""
    if key is None:
        return decode(octets)
    charset, encoding = key
    return decode(decode_base64(octets) if encoding == "b" else decode_q(octets), charset)


def _tokens(value: bytes) -> list[_Word | bytes]:
    """Words and the text around them; white space between two words is dropped (RFC 2047 6.2)."""
    tokens: list[_Word | bytes] = []
    done = position = 0
    while (position := value.find(b"=?", position)) >= 0:
        start = _WORD_START.match(value, position)
        if not start:
            position += 2
            continue
        end = value.find(b"?=", start.end())
        if end < 0:
            break
        between = value[done:position]
        if between.strip(_WHITE_SPACE) or not (tokens and isinstance(tokens[-1], _Word)):
            tokens.append(between)
        charset, encoding = start[1].decode("ascii"), start[2].decode("ascii")
        tokens.append(_Word(charset.lower(), encoding.lower(), value[start.end() : end]))
        done = position = end + 2
    tokens.append(value[done:])
    return tokens
