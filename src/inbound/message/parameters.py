"""``value; name=parameter``: fields with parameters (RFC 2045 5.1; RFC 2231)."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from inbound.message.charset import decode
from inbound.message.encoded_words import decode_words

_MAX_SEGMENTS = 100

_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?>(?:[^"\\]|\\.)*))"|([^;]*+))', re.DOTALL)
# What nearly every such field looks like: one parameter, nothing encoded.
_ONE_PARAMETER = re.compile(
    rb"([A-Za-z]++/[A-Za-z0-9.+-]++); ?([A-Za-z]++)=(?:\"([^\"\\\x00-\x1f\x7f-\xff]*+)\"|([!#-+\--:<-~]++))\Z"
)
_LONE_PARAMETER = re.compile(r"[\w*-]+\s?=")
_QUOTED_PAIR = re.compile(r'\\(["\\])')
_SEGMENT = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")


def parse_parameters(value: bytes) -> tuple[str, Mapping[str, str]]:
    """Split ``value; name=parameter`` (RFC 2045 5.1; RFC 2231), with encoded words and raw octets in parameters.

    Args:
        value: unfolded field value.

    Returns:
        what stands before the first semicolon, in lower case, and the parameters by name in lower case.
    """
    if not value:
        return "", {}
    if (one := _ONE_PARAMETER.match(value)) and b"=?" not in value:
        head, name, quoted, token = one.groups(b"")
        return head.decode("ascii").lower(), {name.decode("ascii").lower(): (quoted or token).decode("ascii")}
    text = value.decode("latin-1")
    if _LONE_PARAMETER.match(text):
        # The value was forgotten: "Content-Disposition: filename=a.pdf".
        text = f";{text}"
    kind, semicolon, _ = text.partition(";")
    kind = kind.strip().lower()
    if not semicolon:
        return kind, {}
    raw: dict[str, str] = {}
    for key, in_quotes, bare in _PARAMETER.findall(text):
        plain = _QUOTED_PAIR.sub(r"\1", in_quotes) if in_quotes else _unquote(bare.strip().strip('"'))
        raw.setdefault(key.lower(), plain)
    if "*" in text:
        return kind, _join_segments(raw)
    return kind, {name: _decode_parameter(plain) for name, plain in raw.items()}


def _unquote(value: str) -> str:
    """Without the apostrophes that some scripts take for quotation marks."""
    return value[1:-1] if len(value) > 2 and value[0] == value[-1] == "'" else value


def _join_segments(raw: Mapping[str, str]) -> Mapping[str, str]:
    """RFC 2231 3 and 4: ``name*0*``, ``name*1`` ... and ``name*`` become ``name``; a plain ``name`` gives way."""
    plain: dict[str, str] = {}
    segments: dict[str, list[tuple[int, bool, str]]] = {}
    for key, value in raw.items():
        parsed = _SEGMENT.match(key)
        if parsed is None or (parsed[2] is None and parsed[3] is None):
            plain[key] = _decode_parameter(value)
        elif len(segments.setdefault(parsed[1], [])) < _MAX_SEGMENTS:
            segments[parsed[1]].append((int(parsed[2] or 0), bool(parsed[3]), value))
    return plain | {name: _decode_segments(sorted(parts)) for name, parts in segments.items()}


def _decode_segments(parts: list[tuple[int, bool, str]]) -> str:
    charset = ""
    # "utf-8%27%27name": some encode the apostrophes, too.
    head = parts[0][2] if "'" in parts[0][2] else parts[0][2].replace("%27", "'", 2)
    if parts[0][1] and head.count("'") >= 2:
        charset, _language, first = head.split("'", 2)
        parts = [(0, True, first), *parts[1:]]
    octets = b"".join(
        unquote_to_bytes(value.encode("latin-1")) if is_extended else value.encode("latin-1")
        for _, is_extended, value in parts
    )
    # Some mailers fold encoded words over segments.
    return decode_words(octets) if b"=?" in octets else decode(octets, charset)


def _decode_parameter(value: str) -> str:
    return decode_words(value.encode("latin-1"))
