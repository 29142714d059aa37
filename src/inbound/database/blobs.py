"""Contents, stored once under their SHA-256: the seam behind which large ones could live elsewhere."""

import hashlib
from collections.abc import Iterable

from inbound.database import rows
from inbound.database.engine import Transaction, execute, statement
from inbound.database.tables import blobs
from inbound.model.mail import Octets

_COLUMNS = ("sha256", "size_bytes", "content")
_INSERT = rows.insert(blobs, _COLUMNS, conflict="ON CONFLICT (sha256) DO NOTHING")
# A value of its own travels without a copy of it in an array, and a view of it without one in the driver.
_INSERT_LARGE = statement("""
    INSERT INTO blobs (sha256, size_bytes, content) VALUES (:sha256, :size_bytes, :content)
    ON CONFLICT (sha256) DO NOTHING
""")
#: contents from this size on are sent one by one, so that a large message is not in memory once more as an array
LARGE_BYTES = 1_000_000


def address(content: Octets, salt: bytes = b"") -> bytes:
    """Where a content is stored.

    Args:
        content: the octets.
        salt: keeps the rows of a rehearsal apart from those of live mail.
    """
    digest = hashlib.sha256(salt)
    digest.update(content)
    return digest.digest()


def store_large(tx: Transaction, contents: Iterable[tuple[bytes, Octets]]) -> None:
    """Store the (address, content) pairs from `LARGE_BYTES` on, one after the other; not in a pipeline.

    They come before `store`, in every transaction: two batches that insert the same blobs in different orders would
    deadlock.
    """
    for sha256, content in sorted(dict(contents).items()):
        if len(content) >= LARGE_BYTES:
            values = {"sha256": sha256, "size_bytes": len(content), "content": memoryview(content)}
            execute(tx, _INSERT_LARGE, values)


def store(tx: Transaction, contents: Iterable[tuple[bytes, Octets]]) -> None:
    """Store the (address, content) pairs below `LARGE_BYTES` that are not there yet."""
    # Sorted, for the same reason.
    small = sorted((sha256, content) for sha256, content in dict(contents).items() if len(content) < LARGE_BYTES)
    if small:
        sizes = [len(content) for _, content in small]
        addresses, octets = zip(*small, strict=True)
        execute(tx, _INSERT, {"sha256": list(addresses), "size_bytes": sizes, "content": list(octets)})
