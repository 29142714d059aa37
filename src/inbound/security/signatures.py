"""Signatures of mail (RFC 6376, RFC 8617): what they say, what they cover, whether they hold. No I/O.

Written here, with dkimpy for reading keys, because stock verification takes quadratic time on hostile white space, and
because it must see the same header fields as everybody else who reads the message.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Literal

from inbound.security.canonical import Canonicalization, Fields, canonical_body, canonical_field, select
from inbound.values import immutable

Algorithm = Literal["rsa", "ed25519"]

#: octets of one signature that are read
_MAX_VALUE_BYTES = 16_384
# RFC 8301 3.1: SHA-1 and shorter keys prove nothing; longer keys cost more than they are worth (RFC 8301 3.2).
_ALGORITHMS: Mapping[str, Algorithm] = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_MIN_KEY_BITS, _MAX_KEY_BITS = 1_024, 4_096
#: keys are made with 3 to 65537; a huge one would only cost time
_MAX_EXPONENT = 2**33
#: RFC 8017 9.2: what stands before a SHA-256 digest in a signature
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")

_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SIGNED_VALUE = re.compile(rb"(?i)((?:\A|;)[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")


class Unusable(Exception):
    """Why a signature or key cannot prove anything."""


@immutable
class Signature:
    """A DKIM-Signature, ARC-Message-Signature or ARC-Seal."""

    name: bytes
    value: bytes
    tags: Mapping[str, str]
    algorithm: Algorithm
    domain: str
    selector: str
    #: lower-case names of the signed fields; empty for a seal
    signed: tuple[bytes, ...] = ()
    header_form: Canonicalization = "relaxed"
    body_form: Canonicalization = "relaxed"

    @property
    def key_name(self) -> str:
        """Where its key is published (RFC 6376 3.6.2.1)."""
        return f"{self.selector}._domainkey.{self.domain}"


@immutable
class Key:
    """A published key (RFC 6376 3.6.1)."""

    algorithm: Algorithm
    octets: bytes
    #: "s" of t=: the domain itself, no subdomain
    is_strict: bool


@immutable(kw_only=False)
class Signed:
    """A message, with the hashes of its body that were needed so far."""

    fields: Fields
    #: whole; the body is copied only while it is hashed, which few threads do at a time
    content: bytes
    body_start: int
    hashes: dict[Canonicalization, bytes] = field(default_factory=dict)

    def body_hash(self, form: Canonicalization) -> bytes:
        """SHA-256 of the canonical body (RFC 6376 3.4)."""
        if form not in self.hashes:
            self.hashes[form] = hashlib.sha256(canonical_body(self.content[self.body_start :], form)).digest()
        return self.hashes[form]


def read_tags(value: str) -> Mapping[str, str]:
    """Split a tag list (RFC 6376 3.2), white space around names and values removed.

    Raises:
        Unusable: it is none, or names a tag twice.
    """
    tags: dict[str, str] = {}
    for part in value[:_MAX_VALUE_BYTES].strip(" \t\r\n;").split(";"):
        name, mark, content = part.partition("=")
        name = name.strip()
        if not mark or _TAG_NAME.fullmatch(name) is None or name in tags:
            raise Unusable("its tags cannot be read")
        tags[name] = content.strip()
    return tags


def read_signature(name: bytes, value: bytes, *, now: float) -> Signature:
    """Read a DKIM-Signature or ARC-Message-Signature.

    Args:
        name: of the field.
        value: as written.
        now: seconds since the epoch, for its expiry.

    Raises:
        Unusable: it can prove nothing, and why.
    """
    tags = read_tags(value.decode("ascii", "replace"))
    if name.lower() == b"dkim-signature" and tags.get("v") != "1":
        raise Unusable("its version is not 1")
    if "l" in tags:
        raise Unusable("it covers only the beginning of the text (l=)")
    expires, made = _seconds(tags.get("x", "")), _seconds(tags.get("t", ""))
    if expires is not None and expires < now:
        raise Unusable("it has expired")
    if expires is not None and made is not None and expires < made:
        raise Unusable("it expires before it was made")
    header_form, _, body_form = tags.get("c", "simple/simple" if "v" in tags else "relaxed/relaxed").partition("/")
    signed = tuple(one.strip().lower().encode("ascii", "replace") for one in tags.get("h", "").split(":"))
    if b"from" not in signed:
        raise Unusable("it does not cover From")
    return Signature(
        name=name,
        value=value,
        tags=tags,
        algorithm=_algorithm(tags),
        domain=_domain(tags, "d"),
        selector=_domain(tags, "s"),
        signed=signed,
        header_form=_form(header_form),
        body_form=_form(body_form or "simple"),
    )


def read_seal(name: bytes, value: bytes) -> Signature:
    """Read an ARC-Seal (RFC 8617 4.1.3).

    Raises:
        Unusable: it can prove nothing, and why.
    """
    tags = read_tags(value.decode("ascii", "replace"))
    if "h" in tags:
        raise Unusable("a seal has no h=")
    return Signature(
        name=name,
        value=value,
        tags=tags,
        algorithm=_algorithm(tags),
        domain=_domain(tags, "d"),
        selector=_domain(tags, "s"),
    )


def read_key(records: Iterable[str], signature: Signature) -> Key:
    """The key of a signature among the TXT records of its name.

    Raises:
        Unusable: there is none that counts, and why.
    """
    why_not = "its key is not published"
    for record in records:
        try:
            return _read_key(read_tags(record), signature)
        except Unusable as error:
            why_not = str(error)
    raise Unusable(why_not)


def check(signature: Signature, key: Key, signed: Signed) -> None:
    """Does a signature with a list of fields and a body hash hold?

    Raises:
        Unusable: it does not, and why.
    """
    identity = signature.tags.get("i", "").rpartition("@")[2].lower()
    if signature.name.lower() == b"dkim-signature" and identity:
        is_own = identity == signature.domain or (identity.endswith(f".{signature.domain}") and not key.is_strict)
        if not is_own:
            raise Unusable("its i= is not of its own domain")
    if signed.body_hash(signature.body_form) != _octets(signature.tags.get("bh", "")):
        raise Unusable("the text was changed")
    covered = select(signed.fields, signature.signed)
    check_octets(signature, key, b"".join(canonical_field(*one, signature.header_form) for one in covered))


def check_octets(signature: Signature, key: Key, octets: bytes) -> None:
    """Does a signature hold for these canonical fields, and for its own without the value of b=?

    Raises:
        Unusable: it does not, and why.
    """
    own = canonical_field(signature.name, _SIGNED_VALUE.sub(rb"\1", signature.value), signature.header_form)
    digest = hashlib.sha256(octets + own.removesuffix(b"\r\n")).digest()
    proof = _octets(signature.tags.get("b", ""))
    is_valid = _is_rsa if key.algorithm == "rsa" else _is_ed25519
    if not is_valid(digest, proof, key):
        raise Unusable("its header was changed, or the key is another one")


def _read_key(tags: Mapping[str, str], signature: Signature) -> Key:
    if tags.get("v", "DKIM1") != "DKIM1":
        raise Unusable("its key is of another version")
    if tags.get("k", "rsa") != signature.algorithm:
        raise Unusable("its key is for another algorithm")
    if not tags.get("p"):
        raise Unusable("its key was withdrawn")
    flags = {flag.strip() for flag in tags.get("t", "").split(":")}
    if "y" in flags:
        raise Unusable("its domain is only testing (t=y)")
    if not {"*", "email"} & {one.strip() for one in tags.get("s", "*").split(":")}:
        raise Unusable("its key is not for mail")
    if "h" in tags and "sha256" not in {one.strip() for one in tags["h"].split(":")}:
        raise Unusable("its key is for another hash")
    return Key(algorithm=signature.algorithm, octets=_octets(tags["p"]), is_strict="s" in flags)


def _is_rsa(digest: bytes, proof: bytes, key: Key) -> bool:
    """RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2): the whole padded digest is compared, nothing in it is searched for."""
    modulus, exponent = _rsa_numbers(key.octets)
    size = (modulus.bit_length() + 7) // 8
    if len(proof) != size or int.from_bytes(proof) >= modulus:
        return False
    padded = b"\0\1" + b"\xff" * (size - len(_SHA256_INFO) - len(digest) - 3) + b"\0" + _SHA256_INFO + digest
    return pow(int.from_bytes(proof), exponent, modulus).to_bytes(size) == padded


@lru_cache(maxsize=1_024)
def _rsa_numbers(octets: bytes) -> tuple[int, int]:
    """Modulus and exponent of a published key."""
    from dkim.crypto import UnparsableKeyError, parse_public_key

    try:
        public = parse_public_key(octets)
        modulus, exponent = int(public["modulus"]), int(public["publicExponent"])
    except (UnparsableKeyError, IndexError, TypeError, ValueError, KeyError) as error:
        raise Unusable("its key cannot be read") from error
    if not _MIN_KEY_BITS <= modulus.bit_length() <= _MAX_KEY_BITS:
        raise Unusable(f"its key has {modulus.bit_length()} bits, which is not safe")
    if not 2 < exponent < _MAX_EXPONENT:
        raise Unusable("its key has an exponent that nobody uses")
    return modulus, exponent


def _is_ed25519(digest: bytes, proof: bytes, key: Key) -> bool:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key.octets).verify(digest, proof)
    except BadSignatureError:
        return False
    except (TypeError, ValueError) as error:
        raise Unusable("its key cannot be read") from error
    return True


def _algorithm(tags: Mapping[str, str]) -> Algorithm:
    algorithm = _ALGORITHMS.get(tags.get("a", "").lower())
    if algorithm is None:
        raise Unusable("its algorithm is none that counts")
    return algorithm


def _domain(tags: Mapping[str, str], name: str) -> str:
    domain = tags.get(name, "")
    if _DOMAIN.fullmatch(domain) is None or ".." in domain:
        raise Unusable(f"its {name}= is no name")
    return domain.lower()


def _form(text: str) -> Canonicalization:
    match text.strip().lower():
        case "simple":
            return "simple"
        case "relaxed":
            return "relaxed"
        case _:
            raise Unusable("its c= is unknown")


def _seconds(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        raise Unusable("its t= or x= is no time")
    return int(text)


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unusable("its base64 cannot be read") from error
