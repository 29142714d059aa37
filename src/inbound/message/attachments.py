"""Parts that are not the text: decoded, typed, and named so that nothing bad can be done with the name."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from inbound.message.charset import clean_line
from inbound.message.encoded_words import decode_words
from inbound.message.headers import MAX_HEADER_BYTES, read_header
from inbound.message.structure import Part
from inbound.model.mail import Attachment, Octets

#: what file systems take
MAX_NAME_BYTES = 255

# Searched in lower case: a pattern that begins with a literal is many times faster.
_CID = re.compile(r"cid:(?<!\wcid:)([^\s\"'<>)]{1,998}+)")
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')
_NAMING = (b"content-disposition", b"content-type")
_EXTENSION = re.compile(r"\.\w{1,10}\Z")
# A fixed list: the mimetypes module asks files of the machine it runs on.
_EXTENSIONS = {
    "application/gzip": "gz",
    "application/json": "json",
    "application/msword": "doc",
    "application/ms-tnef": "dat",
    "application/pdf": "pdf",
    "application/pgp-encrypted": "pgp",
    "application/pgp-keys": "asc",
    "application/pgp-signature": "asc",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "p7s",
    "application/rtf": "rtf",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/x-pkcs7-mime": "p7m",
    "application/x-pkcs7-signature": "p7s",
    "application/xml": "xml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/webp": "webp",
    "message/delivery-status": "txt",
    "message/disposition-notification": "txt",
    "message/feedback-report": "txt",
    "message/rfc822": "eml",
    "message/global": "eml",
    "text/calendar": "ics",
    "text/css": "css",
    "text/csv": "csv",
    "text/directory": "vcf",
    "text/html": "html",
    "text/plain": "txt",
    "text/rfc822-headers": "txt",
    "text/rtf": "rtf",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/xml": "xml",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
}

_TYPES = {extension: content_type for content_type, extension in reversed(_EXTENSIONS.items())} | {
    "bin": "application/octet-stream",
    "jpeg": "image/jpeg",
    "htm": "text/html",
    "log": "text/plain",
    "tiff": "image/tiff",
    "txt": "text/plain",
}


def type_of_name(name: str) -> str:
    """The content type that a file's extension stands for; ``application/octet-stream`` when it says nothing."""
    return _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")


def read_attachments(parts: list[Part], html: str | None, charset: str = "") -> tuple[Attachment, ...]:
    """Decode the parts that are not the text.

    Args:
        parts: leaves, in the order of the message.
        html: the HTML of the message, in which ``cid:`` addresses (RFC 2392) show parts.
        charset: what the text declares; raw names are written in it.

    Returns:
        one attachment per part, in the same order.
    """
    shown = {unquote(found).casefold() for found in _CID.findall(html.lower())} if html and parts else set()
    return tuple(_attachment(part, number, shown, charset) for number, part in enumerate(parts, 1))


def declared_name(part: Part) -> str:
    """The file name a part carries, as written: ``filename`` (RFC 2183 2.3), else ``name``; empty without one."""
    return _name_in(part.disposition_parameters, part.parameters)


def _name_in(disposition: Mapping[str, str], content_type: Mapping[str, str]) -> str:
    """Each belongs to one of the fields; programs mix them up."""
    if not disposition and not content_type:
        return ""
    named = disposition.get("filename", "") or content_type.get("name", "")
    return named or content_type.get("filename", "") or disposition.get("name", "")


def safe_name(name: str) -> str:
    """A file name without path, control characters and marks of reading direction; empty when nothing is left."""
    last = clean_line(name).replace("\\", "/").rstrip("/ ").rpartition("/")[2]
    return _shorten(_NOT_IN_NAMES.sub("_", last).strip(" ").rstrip("."))


def _attachment(part: Part, number: int, shown: set[str], charset: str) -> Attachment:
    content = part.view()
    content_id = _content_id(part)
    is_shown = content_id is not None and content_id.casefold() in shown
    return Attachment(
        name=safe_name(_name(part, charset)) or _made_up_name(part.content_type, content, number),
        content_type=part.content_type,
        content=content,
        content_id=content_id,
        is_inline=part.disposition == "inline" or is_shown,
        container=part.container,
    )


def _name(part: Part, charset: str) -> str:
    if part.header.is_ascii or not charset:
        return declared_name(part)
    header = part.header.in_charset(charset)
    disposition, content_type = (header.parameters(name)[1] for name in _NAMING)
    return _name_in(disposition, content_type)


def _content_id(part: Part) -> str | None:
    value = clean_line(decode_words(part.header.first(b"content-id")))
    return value.removeprefix("<").removesuffix(">").strip() or None


def _made_up_name(content_type: str, content: Octets, number: int) -> str:
    """``<subject>.eml`` for a message that has a subject, else ``attachment-<number>`` with a fitting extension."""
    if content_type in {"message/rfc822", "message/global"}:
        beginning = bytes(content[:MAX_HEADER_BYTES])
        header, _ = read_header(beginning, 0, len(beginning), is_message=True)
        subject = clean_line(decode_words(header.first(b"subject"))).strip(". ")
        if subject:
            return _shorten(_NOT_IN_NAMES.sub("_", subject) + ".eml")
    return f"attachment-{number}.{_EXTENSIONS.get(content_type, 'bin')}"


def _shorten(name: str) -> str:
    """Cut a name to what file systems take; the extension stays."""
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    extension = found[0] if (found := _EXTENSION.search(name)) else ""
    stem = name[: len(name) - len(extension)].encode()[: MAX_NAME_BYTES - len(extension.encode())]
    return stem.decode("utf-8", "ignore").rstrip() + extension
