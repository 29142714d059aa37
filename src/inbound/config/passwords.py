"""Passwords of peers, as the file keeps them: hashed with scrypt (RFC 7914)."""

import base64
import binascii
import hashlib
import hmac
import os
import re

#: cost, block size, parallelism (RFC 7914 2): 16 MB and some 50 ms for each attempt
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_HASH = re.compile(r"scrypt\$(?P<cost>\d{1,7})\$(?P<salt>[A-Za-z0-9+/=]{8,88})\$(?P<hash>[A-Za-z0-9+/=]{24,88})")
#: more would let a file make an attempt cost gigabytes
_MAX_COST = 2**18


def hash_password(password: str) -> str:
    """What stands in the file for a password.

    Args:
        password: as the peer sends it.
    """
    salt = os.urandom(_SALT_BYTES)
    return "$".join(("scrypt", str(_COST), _text(salt), _text(_scrypt(password.encode(), salt, _COST))))


def is_hash(stored: str) -> bool:
    """Can passwords be compared with this?"""
    return _parts(stored) is not None


def matches(password: bytes, stored: str) -> bool:
    """Is it the password behind a hash? Takes some 50 ms and 16 MB.

    Args:
        password: as the peer sent it, in UTF-8.
        stored: of `hash_password`.
    """
    parts = _parts(stored)
    if parts is None:
        return False
    cost, salt, expected = parts
    return hmac.compare_digest(_scrypt(password, salt, cost), expected)


def _scrypt(password: bytes, salt: bytes, cost: int) -> bytes:
    memory = 128 * _BLOCK * (cost + _PARALLEL + 2)
    return hashlib.scrypt(
        password, salt=salt, n=cost, r=_BLOCK, p=_PARALLEL, dklen=_HASH_BYTES, maxmem=memory + 1_000_000
    )


def _parts(stored: str) -> tuple[int, bytes, bytes] | None:
    match = _HASH.fullmatch(stored)
    cost = int(match["cost"]) if match else 0
    if match is None or not 2 <= cost <= _MAX_COST or cost & (cost - 1):
        return None
    try:
        return cost, base64.b64decode(match["salt"], validate=True), base64.b64decode(match["hash"], validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
