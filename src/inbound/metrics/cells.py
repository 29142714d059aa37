"""Memory in which the processes of a daemon count, each in a row of its own.

No process waits for another, and there is no file to clean up or to fill a disk. A row outlives its process: the
successor goes on where it ended, so that a sum over all rows never goes backwards.
"""

import struct
from collections.abc import Iterator
from math import nan
from mmap import mmap

from inbound.values import immutable

#: the name of a metric and the values of its labels
Key = tuple[str, ...]

_WORD = 8
#: several thousand entries; what is never written takes no memory
_ROW_WORDS = 65_536
#: of a row: the process that counts there (0 = nobody), octets in use
_PID, _USED = 0, 1
#: cells that take what finds no place in a full row; nobody reads them
_SPARE, _SPARE_WORDS = 2, 62
_FIRST = _SPARE + _SPARE_WORDS
#: of an entry: number of values, octets of its key; then follow values and key, each padded to whole words
_HEAD = struct.Struct("=II")


@immutable(kw_only=False)
class Entry:
    """The values of a metric under certain labels, in one row."""

    key: Key
    #: index of the first one in `Memory.values`
    cell: int
    count: int


class Memory:
    """Rows of cells, to be made before the processes are forked; all zero."""

    def __init__(self, rows: int) -> None:
        octets = memoryview(mmap(-1, rows * _ROW_WORDS * _WORD))
        self.rows = range(rows)
        self.values = octets.cast("d")
        self._octets = octets
        self._numbers = octets.cast("Q")

    def occupy(self, row: int, pid: int) -> None:
        """Let a process count in a row."""
        self._numbers[row * _ROW_WORDS + _PID] = pid

    def vacate(self, row: int) -> None:
        """The process of a row has ended; what it counted stays."""
        self._numbers[row * _ROW_WORDS + _PID] = 0

    def pid(self, row: int) -> int:
        """The process that counts in a row; 0 = nobody."""
        return self._numbers[row * _ROW_WORDS + _PID]

    def entries(self, row: int) -> Iterator[Entry]:
        """Everything that is counted in a row."""
        word, end = row * _ROW_WORDS + _FIRST, row * _ROW_WORDS + _FIRST + self._used(row)
        while word < end:
            count, length = _HEAD.unpack_from(self._octets, word * _WORD)
            begin = (word + 1 + count) * _WORD
            key = bytes(self._octets[begin : begin + length]).decode()
            yield Entry(tuple(key.split("\0")), word + 1, count)
            word += _size(count, length)

    def append(self, row: int, key: Key, count: int) -> int:
        """Make room for the values of a key in one's own row.

        Returns:
            the index of the first one; in a full row, of cells that nobody reads.
        """
        octets = "\0".join(key).encode()
        used, size = self._used(row), _size(count, len(octets))
        if _FIRST + used + size > _ROW_WORDS:
            return row * _ROW_WORDS + _SPARE
        word = row * _ROW_WORDS + _FIRST + used
        _HEAD.pack_into(self._octets, word * _WORD, count, len(octets))
        begin = (word + 1 + count) * _WORD
        # Not zero any more where a process was killed before it had made an entry.
        self._octets[(word + 1) * _WORD : begin] = bytes(count * _WORD)
        self._octets[begin : begin + len(octets)] = octets
        # Last: who reads, or takes over from a process that was killed here, finds whole entries.
        self._numbers[row * _ROW_WORDS + _USED] = used + size
        return word + 1

    def forget(self, entry: Entry) -> None:
        """Say that values are not known."""
        for cell in range(entry.cell, entry.cell + entry.count):
            self.values[cell] = nan

    def _used(self, row: int) -> int:
        return self._numbers[row * _ROW_WORDS + _USED]


def _size(count: int, length: int) -> int:
    """Words of an entry."""
    return 1 + count + -(-length // _WORD)
