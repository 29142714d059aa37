"""When two deliveries are the same message."""

import hashlib
import hmac
from datetime import datetime, timedelta

from inbound.model.mail import Identity


def identity_keys(identity: Identity, received_at: datetime, key: bytes = b"") -> tuple[bytes, ...]:
    """What is stored and looked up for an identity: the first key is stored, all of them are looked up.

    A match that counts only for a while gets a key per period of that length, so that the unique constraint can
    guard it too; the period before is looked up as well, because the window slides.

    Args:
        identity: of the message.
        received_at: aware.
        key: of private mail: without it nobody can try out what its digest stands for.
    """
    message_id = (identity.message_id or "").encode()
    base = b"%d:%d:%b:" % (identity.version, len(message_id), message_id) + identity.digest
    if identity.match_seconds is None:
        return (_digest(base, key),)
    period = int(received_at.timestamp()) // identity.match_seconds
    return tuple(_digest(base + b":%d" % p, key) for p in (period, period - 1))


def _digest(octets: bytes, key: bytes) -> bytes:
    return hmac.digest(key, octets, "sha256") if key else hashlib.sha256(octets).digest()


def is_still_same(identity: Identity, first_at: datetime, received_at: datetime) -> bool:
    """Does a match with an earlier delivery still count?"""
    return identity.match_seconds is None or received_at - first_at <= timedelta(seconds=identity.match_seconds)
