"""Chains of ARC seals (RFC 8617): from the fields of a message to sets, in their order. No I/O."""

from collections.abc import Iterable

from inbound.message.authentication_results import Verdicts, read_sealed_results
from inbound.security.canonical import Fields, canonical_field
from inbound.security.signatures import (
    Signature,
    Unusable,
    read_seal,
    read_signature,
    read_tags,
)
from inbound.values import immutable

#: RFC 8617 4.2.1
_MAX_SETS = 50
_RESULTS, _MESSAGE, _SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"


@immutable
class ArcSet:
    """What one system added."""

    results: tuple[bytes, bytes]
    message: tuple[bytes, bytes]
    seal: Signature
    verdicts: Verdicts


def read_chain(fields: Fields) -> list[ArcSet]:
    """The sets of a message, the first one first; empty when there are none.

    Raises:
        Unusable: the chain is not whole, or says itself that it is broken (RFC 8617 5.2).
    """
    found: dict[tuple[bytes, int], tuple[bytes, bytes]] = {}
    for name, value in fields:
        kind = name.lower()
        if kind in {_RESULTS, _MESSAGE, _SEAL}:
            key = kind, _instance(kind, value)
            if key in found or not 0 < key[1] <= _MAX_SETS:
                raise Unusable("its sets are not numbered as they should be")
            found[key] = name, value
    length = max((number for _, number in found), default=0)
    if len(found) != 3 * length:
        raise Unusable("a part of it is missing")
    return [_read_set(number, found) for number in range(1, length + 1)]


def latest_message_signature(chain: list[ArcSet], *, now: float) -> Signature:
    """The signature that covers the message as the last system passed it on.

    Raises:
        Unusable: it can prove nothing, and why.
    """
    signature = read_signature(*chain[-1].message, now=now)
    if _SEAL in signature.signed:
        raise Unusable("it must not cover seals")
    return signature


def sealed_octets(chain: list[ArcSet], number: int) -> bytes:
    """What the seal of a set covers besides itself: all sets up to its own (RFC 8617 5.1.1).

    Args:
        chain: whole.
        number: of the set, from 1.
    """
    parts: list[tuple[bytes, bytes]] = []
    for one in chain[:number]:
        parts += [one.results, one.message, (one.seal.name, one.seal.value)]
    return b"".join(canonical_field(*part, "relaxed") for part in parts[:-1])


def sealers(chain: Iterable[ArcSet]) -> set[str]:
    """The domains that vouch for a chain."""
    return {one.seal.domain for one in chain}


def _instance(kind: bytes, value: bytes) -> int:
    if kind == _RESULTS:
        return read_sealed_results(value)[0]
    text = read_tags(value.decode("ascii", "replace")).get("i", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _read_set(number: int, found: dict[tuple[bytes, int], tuple[bytes, bytes]]) -> ArcSet:
    seal = read_seal(*found[_SEAL, number])
    if seal.tags.get("cv", "").lower() != ("none" if number == 1 else "pass"):
        raise Unusable("it says itself that it is broken")
    results = found[_RESULTS, number]
    _, verdicts = read_sealed_results(results[1])
    return ArcSet(results=results, message=found[_MESSAGE, number], seal=seal, verdicts=verdicts)
