"""Advisory locks: what no constraint can guard is done by one transaction at a time, over all processes.

There are two kinds. What is known of messages when they arrive is locked before anything is looked up; what only the
stages find out is locked later. Whoever waits for a lock of the later kind holds all it needs of the first, so the two
kinds never wait for each other in a circle.
"""

import hashlib
from collections.abc import Iterable
from enum import IntEnum

from inbound.database.engine import Transaction, execute, statement


class Kind(IntEnum):
    """The first half of a lock's key: this program's own."""

    #: one reader per transaction; alone for whoever has more keys than PostgreSQL should remember
    GATE = 0x1B0B
    ARRIVAL = 0x1B0C
    LATER = 0x1B0D
    #: of tickets that must not repeat each other: asked for last
    DUPLICATES = 0x1B0E


#: PostgreSQL has room for some thousand locks of all transactions together
MOST_KEYS = 500

# In order: two transactions that want the same locks wait for each other instead of deadlocking. Counted, because a
# row for each would only be thrown away.
_TAKE = statement("""
    SELECT count(pg_advisory_xact_lock(CAST(:kind AS integer), s.stripe))
    FROM (SELECT unnest(CAST(:stripes AS integer[])) AS stripe ORDER BY 1) AS s
""")
_ENTER_AND_TAKE = statement("""
    SELECT count(pg_advisory_xact_lock(CAST(:kind AS integer), s.stripe))
    FROM (SELECT unnest(CAST(:stripes AS integer[])) AS stripe
          FROM pg_advisory_xact_lock_shared(CAST(:gate AS integer), 0) ORDER BY 1) AS s
""")
_CLOSE = statement("SELECT pg_advisory_xact_lock(CAST(:gate AS integer), 0)")


def take(tx: Transaction, keys: Iterable[str]) -> None:
    """Wait until nobody else holds one of the keys, and hold them until the transaction ends."""
    execute(tx, _TAKE, {"kind": Kind.LATER, "stripes": _stripes(keys)})


def take_duplicates(tx: Transaction, keys: Iterable[str]) -> None:
    """The same for what makes two new tickets repeat each other."""
    execute(tx, _TAKE, {"kind": Kind.DUPLICATES, "stripes": _stripes(keys)})


def take_on_arrival(tx: Transaction, keys: Iterable[str]) -> None:
    """The same, first in a transaction, for what is known when messages arrive; so many keys that they are one lock."""
    stripes = _stripes(keys)
    if len(stripes) > MOST_KEYS:
        execute(tx, _CLOSE, {"gate": Kind.GATE})
    elif stripes:
        execute(tx, _ENTER_AND_TAKE, {"gate": Kind.GATE, "kind": Kind.ARRIVAL, "stripes": stripes})


def _stripes(keys: Iterable[str]) -> list[int]:
    """Two keys that share one of so many only wait for each other."""
    digests = (hashlib.blake2b(key.encode(), digest_size=4).digest() for key in keys)
    return sorted({int.from_bytes(digest, signed=True) for digest in digests})
