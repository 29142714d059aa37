"""Keys, signed mails and a resolver that knows them. dkimpy signs; the product verifies with code of its own."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from nacl.signing import SigningKey

from inbound.security.dns import Answer, DnsTrouble, Kind

BODY = b"It burns.\r\n\r\nSecond  paragraph \r\n"


class Zone:
    """DNS for a test: records by name and kind, names that give trouble, and how often it was asked."""

    def __init__(self, records: Mapping[tuple[str, Kind], Sequence[str]] | None = None) -> None:
        self.records: dict[tuple[str, Kind], Sequence[str]] = dict(records or {})
        #: names that nobody answers for; "*" = all
        self.trouble: set[str] = set()
        self.asked: list[tuple[str, Kind]] = []
        self.ttl_seconds = 300.0

    async def lookup(self, name: str, kind: Kind) -> Answer:
        self.asked.append((name, kind))
        if {"*", name} & self.trouble:
            raise DnsTrouble("SERVFAIL")
        return Answer(tuple(self.records.get((name, kind), ())), self.ttl_seconds)


class Signer:
    """A domain with a key."""

    def __init__(self, domain: str, zone: Zone, *, bits: int = 2_048, flags: str = "", selector: str = "s1") -> None:
        self.domain, self.selector = domain, selector
        private = rsa.generate_private_key(public_exponent=65_537, key_size=bits)
        self.pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.record = f"v=DKIM1; k=rsa; {flags}p={base64.b64encode(public).decode()}"
        zone.records[f"{selector}._domainkey.{domain}", "TXT"] = [self.record]

    def sign(self, message: bytes, **options: Any) -> bytes:
        """The message with a DKIM-Signature in front."""
        return bytes(
            dkim.sign(
                message, self.selector.encode(), self.domain.encode(), self.pem, **({"linesep": b"\r\n"} | options)
            )
            + message
        )

    def seal(self, message: bytes, results: str, *, cv: str | None = None) -> bytes:
        """The message with one more ARC set in front (RFC 8617 5.1)."""
        count = len(re.findall(rb"(?im)^arc-seal:", message))
        instance = count + 1
        head, body = dkim.rfc822_parse(message)
        relaxed = dkim.RelaxedCanonicalization
        results_field = f"i={instance}; {results}\r\n".encode()
        message = b"ARC-Authentication-Results: " + results_field + message
        include = [b"from", b"to", b"subject", b"date", b"message-id"]
        hashed = base64.b64encode(dkim.HASH_ALGORITHMS[b"rsa-sha256"](relaxed.canonicalize_body(body)).digest())
        common = [(b"a", b"rsa-sha256"), (b"d", self.domain.encode()), (b"s", self.selector.encode())]
        ams = [
            (b"i", b"%d" % instance),
            *common,
            (b"c", b"relaxed/relaxed"),
            (b"h", b":".join(include)),
            (b"bh", hashed),
        ]
        message = b"ARC-Message-Signature: " + self._value(head, ams, include, b"ARC-Message-Signature") + message
        sets = [field for field in dkim.rfc822_parse(message)[0] if field[0].lower().startswith(b"arc-")]
        order = [b"arc-authentication-results", b"arc-message-signature", b"arc-seal"]
        sets.sort(key=lambda field: (_instance(field[1]), order.index(field[0].lower())))
        # dkimpy takes fields of one name from the bottom up.
        status = cv or ("none" if instance == 1 else "pass")
        seal = [(b"i", b"%d" % instance), (b"cv", status.encode()), *common]
        names = [field[0].lower() for field in sets]
        return b"ARC-Seal: " + self._value(list(reversed(sets)), seal, names, b"ARC-Seal") + message

    def _value(self, head: Any, tags: Any, include: list[bytes], name: bytes) -> bytes:
        signer = dkim.DKIM(b"X: y\r\n\r\n")
        signer.headers = head
        signer.hasher = dkim.HASH_ALGORITHMS[b"rsa-sha256"]
        policy = dkim.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
        key = dkim.parse_pem_private_key(self.pem)
        return bytes(signer.gen_header([*tags, (b"b", b"0" * 60)], list(include), policy, name, key)).lstrip()


def _instance(value: bytes) -> int:
    found = re.search(rb"i=(\d+)", value)
    assert found
    return int(found[1])


def ed25519_signer(domain: str, zone: Zone) -> tuple[bytes, str]:
    """A key as dkimpy takes it; its selector is "e1"."""
    key = SigningKey.generate()
    public = base64.b64encode(bytes(key.verify_key)).decode()
    zone.records[f"e1._domainkey.{domain}", "TXT"] = [f"v=DKIM1; k=ed25519; p={public}"]
    return base64.b64encode(bytes(key)), "e1"


def message(author: str = "Rita <rita@corp.example>", *, extra: str = "", body: bytes = BODY) -> bytes:
    """A mail; ``extra`` holds more header fields, each ended by CRLF."""
    return (
        f"From: {author}\r\nTo: support@desk.example\r\nSubject: T20260131.0042  done\r\n"
        f"Date: Sat, 31 Jan 2026 11:59:00 +0000\r\nMessage-ID: <1@corp.example>\r\n{extra}\r\n"
    ).encode() + body
