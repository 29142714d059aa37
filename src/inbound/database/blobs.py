"""Contents, stored once under their SHA-256: the seam behind which large ones could live elsewhere."""

import hashlib
from collections.abc import Iterable

from inbound.database import rows
from inbound.database.engine import Transaction
from inbound.database.tables import blobs

_COLUMNS = ("sha256", "size_bytes", "content")
_INSERT = rows.insert(blobs, _COLUMNS, conflict="ON CONFLICT (sha256) DO NOTHING")


def address(content: bytes, salt: bytes = b"") -> bytes:
    """Where a content is stored.

    Args:
        content: the octets.
        salt: keeps the rows of a rehearsal apart from those of live mail.
    """
    return hashlib.sha256(salt + content).digest()


def store(tx: Transaction, contents: Iterable[tuple[bytes, bytes]]) -> None:
    """Store (address, content) pairs that are not there yet."""
    # Sorted: two batches that insert the same blobs in different orders would deadlock.
    unique = sorted(dict(contents).items())
    values = {
        "sha256": [sha256 for sha256, _ in unique],
        "size_bytes": [len(content) for _, content in unique],
        "content": [content for _, content in unique],
    }
    tx.execute(_INSERT, values)
