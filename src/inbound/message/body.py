"""The text of a message: which parts are it, and what they say."""

import re
from dataclasses import dataclass
from html import escape

from inbound.message.armour import without_armour
from inbound.message.attachments import declared_name, type_of_name
from inbound.message.charset import clean_line, decode, is_wide
from inbound.message.enriched import enriched_text
from inbound.message.flowed import unflow
from inbound.message.html import html_to_text
from inbound.message.rtf import read_rtf
from inbound.message.structure import VIEW_BYTES, Part, file_part, read_structure
from inbound.message.tnef import Tnef, read_tnef
from inbound.message.uuencode import split_files
from inbound.model.mail import Octets
from inbound.values import immutable

#: octets of one part that are read as text; a longer one is read up to here, and is a file as well
MAX_TEXT_BYTES = 5_000_000

# WHATWG HTML 4.2.5.4: a charset is declared within the first 1,024 octets.
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_BYTES = 1024
_HTML_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*+<(?:!doctype\s++html|html)[\s>]", re.IGNORECASE)

_PLAIN = frozenset(("text/plain", "text/markdown", "text/enriched", "text/richtext"))
_ENRICHED = frozenset(("text/enriched", "text/richtext"))
_HTML = frozenset(("text/html", "application/xhtml+xml"))
_MESSAGES = frozenset(("message/rfc822", "message/global"))
_TNEF = frozenset(("application/ms-tnef", "application/vnd.ms-tnef"))
_TNEF_NAMES = frozenset(("winmail.dat", "win.dat"))


@dataclass(slots=True)
class _Piece:
    """What a part says, as far as it says it in this form."""

    plain: str | None = None
    html: str | None = None

    def text(self) -> str:
        """Plain text, if need be from the HTML."""
        if self.plain is not None:
            return self.plain
        return html_to_text(self.html) if self.html is not None else ""


@immutable
class Body:
    """The text of a message, and what is left beside it."""

    #: lines ended by ``\n``; no empty lines at the ends
    text: str
    #: decoded, not sanitised; None without HTML
    html: str | None
    #: leaves that are not the text, in the order of the message
    others: list[Part]
    #: formats that files were unpacked from: "tnef", "uuencode"
    unpacked: tuple[str, ...]


def read_body(root: Part) -> Body:
    """Choose and decode the text.

    multipart/alternative: the plain text unless it is blank, else the HTML; other text of an alternative is no
    attachment. multipart/related: its root. Everything else: all text that is neither named nor meant as an attachment,
    joined.

    Args:
        root: the message.

    Returns:
        text, HTML and the remaining leaves. Goes as deep as the tree, which `structure.MAX_DEPTH` bounds.
    """
    found: list[Part] = []
    piece = _read(root, found, is_root=True)
    if piece.plain is None and piece.html is None:
        piece = _only_text(found)
    others, streams = _open_tnef(found) if found else (found, [])
    text = piece.text()
    if not text.strip() and (other := _tnef_text(streams) or _inner_text(others)):
        piece, text = other, other.text()
    unpacked = dict.fromkeys(part.container for part in others if part.container)
    return Body(
        text=text.lstrip("\ufeff\n").rstrip(),
        html=piece.html,
        others=others,
        unpacked=tuple(unpacked | ({"tnef": None} if streams else {})),
    )


def text_charset(root: Part) -> str:
    """The charset that the first text of a message declares; empty when it declares none."""
    part = root
    while part.children:
        part = part.children[0]
    return part.parameters.get("charset", "")


def _open_tnef(parts: list[Part]) -> tuple[list[Part], list[Tnef]]:
    """Put what is in a winmail.dat into its place; one that cannot be read stays."""
    others: list[Part] = []
    streams: list[Tnef] = []
    for part in parts:
        is_tnef = part.content_type in _TNEF or declared_name(part).lower() in _TNEF_NAMES
        stream = read_tnef(part.content()) if is_tnef else None
        if stream is None:
            others.append(part)
            continue
        streams.append(stream)
        others += [
            file_part(
                file.name,
                file.content_type or type_of_name(file.name),
                file.content,
                container="tnef",
                content_id=file.content_id,
            )
            for file in stream.files
        ]
    return others, streams


def _tnef_text(streams: list[Tnef]) -> _Piece | None:
    """The first text that a winmail.dat holds."""
    for stream in streams:
        rtf = read_rtf(stream.rtf)
        html = _line_ends((stream.html or rtf.html or "")[:MAX_TEXT_BYTES])
        text = _line_ends(stream.text[:MAX_TEXT_BYTES]).strip() or rtf.text or html_to_text(html)
        if text:
            return _Piece(plain=text, html=html or None)
    return None


def _inner_text(others: list[Part]) -> _Piece | None:
    """Of a mail that says nothing itself, the text of the first mail in it."""
    part = next((part for part in others if part.content_type in _MESSAGES), None)
    piece = _read(read_structure(part.content()).root, [], is_root=True) if part else _Piece()
    return piece if piece.text().strip() else None


def _only_text(others: list[Part]) -> _Piece:
    """Where everything is a file, the first one that is text to be shown: some mailers name what was written."""
    texts = (part for part in others if part.disposition != "attachment" and part.content_type in _PLAIN | _HTML)
    part = next(texts, None)
    return _text(part, []) if part else _Piece()


def _read(part: Part, others: list[Part], *, is_root: bool = False) -> _Piece:
    if not part.children:
        return _leaf(part, others, is_root=is_root)
    match part.content_type:
        case "multipart/alternative":
            return _alternative(part, others)
        case "multipart/related":
            return _related(part, others)
        case content_type if content_type.startswith("multipart/"):
            return _join([_read(child, others) for child in part.children])
        case _:
            # An opaque signature: opened, and kept for those who verify it.
            others.append(part)
            return _read(part.children[0], others, is_root=True)


def _leaf(part: Part, others: list[Part], *, is_root: bool) -> _Piece:
    # A multipart in which no part was found still has text.
    is_plain = part.content_type in _PLAIN or part.content_type.startswith("multipart/")
    is_text = is_plain or part.content_type in _HTML
    is_file = part.disposition == "attachment" or (bool(declared_name(part)) and not is_root)
    if not is_text or is_file:
        others.append(part)
        return _Piece()
    return _text(part, others)


def _text(part: Part, others: list[Part]) -> _Piece:
    octets = part.view()
    is_html = part.content_type in _HTML or _is_undeclared_html(part, octets)
    if not is_html and _may_hold_files(part, octets):
        octets, files = split_files(bytes(octets))
        for file in files:
            name = clean_line(decode(file.name))
            others.append(file_part(name, type_of_name(name), file.content, container="uuencode"))
    if len(octets) > MAX_TEXT_BYTES:
        name, content_type = ("text.html", "text/html") if is_html else ("text.txt", "text/plain")
        source, span = (octets, None) if isinstance(octets, bytes) else (part.source, (part.start, part.end))
        others.append(file_part(name, content_type, source, container="", span=span))
        octets = bytes(octets[:MAX_TEXT_BYTES])
        octets = octets[: octets.rfind(b"\n") + 1 or MAX_TEXT_BYTES]
    octets = bytes(octets)
    return _Piece(html=_html_text(octets, part)) if is_html else _Piece(plain=_plain_text(octets, part))


def _may_hold_files(part: Part, octets: Octets) -> bool:
    """May there be uuencoded files in it?"""
    if isinstance(octets, bytes):
        return b"begin " in octets
    return part.source.find(b"begin ", part.start, part.end) >= 0


def _is_undeclared_html(part: Part, octets: Octets) -> bool:
    """Scripts forget the Content-Type of the HTML that they send."""
    return not part.header.folded(b"content-type") and bool(_HTML_START.match(octets))


def _alternative(part: Part, others: list[Part]) -> _Piece:
    """RFC 2046 5.1.4. Plain text is what a ticket wants; of several HTML forms the last is the richest."""
    left: list[Part] = []
    pieces = [_read(child, left) for child in part.children]
    # Further text forms (AMP, watch) are the same text again; a calendar entry is a thing of its own.
    others.extend(
        leaf for leaf in left if declared_name(leaf) or leaf.content_type == "text/calendar" or not _is_text(leaf)
    )
    plains = [piece.plain for piece in pieces if piece.plain is not None]
    htmls = [piece.html for piece in pieces if piece.html is not None]
    return _Piece(
        plain=next((plain for plain in plains if plain.strip()), None if htmls else "".join(plains)),
        html=htmls[-1] if htmls else None,
    )


def _related(part: Part, others: list[Part]) -> _Piece:
    """RFC 2387: one root, the first part unless ``start`` names another; the rest belongs to it."""
    start = part.parameters.get("start", "").strip("<> ").encode()
    named = (child for child in part.children if start and child.header.first(b"content-id").strip(b"<> ") == start)
    root = next(named, part.children[0])
    piece = _Piece()
    for child in part.children:
        if child is root:
            piece = _read(child, others)
        elif child.children:
            _join([_read(grandchild, others) for grandchild in child.children])
        else:
            others.append(child)
    return piece


def _join(pieces: list[_Piece]) -> _Piece:
    """One text after the other. HTML shows all of them, as soon as one is HTML."""
    spoken = [piece for piece in pieces if piece.plain is not None or piece.html is not None]
    if len(spoken) < 2:
        return spoken[0] if spoken else _Piece()
    texts = [text for piece in spoken if (text := piece.text().strip("\n"))]
    has_html = any(piece.html is not None for piece in spoken)
    return _Piece(plain="\n\n".join(texts), html="\n".join(map(_as_html, spoken)) if has_html else None)


def _as_html(piece: _Piece) -> str:
    if piece.html is not None:
        return piece.html
    return f"<pre>{escape(piece.plain)}</pre>" if piece.plain and piece.plain.strip() else ""


def _is_text(part: Part) -> bool:
    return part.content_type.startswith("text/")


def _plain_text(octets: bytes, part: Part) -> str:
    charset = part.parameters.get("charset", "")
    text = without_armour(_line_ends(decode(_octet_line_ends(octets, charset), charset)))
    if part.parameters.get("format", "").lower() == "flowed":
        return unflow(text, deletes_space=part.parameters.get("delsp", "").lower() == "yes")
    if part.content_type in _ENRICHED:
        return enriched_text(text, is_richtext=part.content_type == "text/richtext")
    return text


def _html_text(octets: bytes, part: Part) -> str:
    charset = part.parameters.get("charset", "")
    if not charset and (meta := _META_CHARSET.search(octets, 0, _META_BYTES)):
        charset = meta[1].decode("latin-1")
    return _line_ends(decode(_octet_line_ends(octets, charset), charset))


def _octet_line_ends(octets: bytes, charset: str) -> bytes:
    """Of a large text before it is decoded: as characters it may take four times as much."""
    return octets if len(octets) < VIEW_BYTES or is_wide(charset) else octets.replace(b"\r\n", b"\n")


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
