"""Advisory locks: what no constraint can guard is done by one transaction at a time, over all processes."""

import hashlib
from collections.abc import Iterable

from sqlalchemy import text

from inbound.database.engine import Transaction

#: PostgreSQL has room for a limited number of locks; two keys that share a stripe only wait for each other
_STRIPES = 4_096
#: the first half of the lock's key: this program's own
_SPACE = 0x1B0D

# In order: two transactions that want the same locks wait for each other instead of deadlocking.
_TAKE = text("""
    SELECT pg_advisory_xact_lock(CAST(:space AS integer), s.stripe)
    FROM (SELECT unnest(CAST(:stripes AS integer[])) AS stripe ORDER BY 1) AS s
""")


def take(tx: Transaction, keys: Iterable[str]) -> None:
    """Wait until nobody else holds one of the keys, and hold them until the transaction ends."""
    stripes = sorted({int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) % _STRIPES for key in keys})
    tx.execute(_TAKE, {"space": _SPACE, "stripes": stripes}).all()
