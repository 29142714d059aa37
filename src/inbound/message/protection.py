"""Signed or encrypted? (RFC 1847, RFC 3156, RFC 8551 3.2.) Nothing is verified, nothing is decrypted."""

import re
from collections.abc import Sequence

from inbound.message.structure import Part
from inbound.model.kinds import Protection

_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES = frozenset({
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
    "application/pgp-signature",
})  # fmt: skip
# Object identifiers in DER (RFC 5652 4): signedData; everything else that CMS puts there hides the text.
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_COMPRESSED_DATA = bytes.fromhex("060b2a864886f70d0109100109")
_DER_FRONT_BYTES = 64
# OpenPGP without MIME (RFC 9580 6.2), at the start of a line: a quoted message is not this message.
_ARMOUR = re.compile(rb"^-----BEGIN PGP (SIGNED )?MESSAGE-----", re.MULTILINE)
_ARMOUR_SIGN = b"-----BEGIN PGP "


def has_armour(source: bytes) -> bool:
    """May there be OpenPGP without MIME in a message? Cheap; nothing is decided by it."""
    return _ARMOUR_SIGN in source


def read_protection(parts: Sequence[Part]) -> Protection:
    """Tell how the text of a message is protected.

    Args:
        parts: all parts of the message, the root first.
    """
    types = {part.content_type for part in parts}
    if "multipart/encrypted" in types or "application/pgp-encrypted" in types:
        return Protection.ENCRYPTED
    envelope = next((part for part in parts if part.content_type in _PKCS7), None)
    if envelope is not None:
        return _of_envelope(envelope)
    if "multipart/signed" in types or types & _SIGNATURES:
        return Protection.SIGNED
    return _of_armour(parts) if has_armour(parts[0].source) else Protection.NONE


def _of_envelope(part: Part) -> Protection:
    """By ``smime-type``, else by what the content begins with."""
    kind = part.parameters.get("smime-type", "").lower()
    if not kind:
        front = part.content()[:_DER_FRONT_BYTES]
        kind = "signed" if _SIGNED_DATA in front else "compressed" if _COMPRESSED_DATA in front else "enveloped"
    if kind.startswith(("signed", "certs")):
        return Protection.SIGNED
    return Protection.NONE if kind.startswith("compressed") else Protection.ENCRYPTED


def _of_armour(parts: Sequence[Part]) -> Protection:
    texts = (part.content() for part in parts if part.content_type == "text/plain" and not part.children)
    found = next((armour for text in texts if (armour := _ARMOUR.search(text))), None)
    if found is None:
        return Protection.NONE
    return Protection.SIGNED if found[1] else Protection.ENCRYPTED
