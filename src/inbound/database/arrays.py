"""Lists as PostgreSQL's binary arrays, cheaper than the driver makes them: all that the pipeline sends are lists.

The form is that of array_recv (PostgreSQL: src/backend/utils/adt/arrayfuncs.c).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from struct import Struct
from typing import Any, ClassVar

from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format
from psycopg.types.array import ListBinaryDumper

_HEADER = Struct("!iiIii")  # dimensions, has NULLs, type of the elements, their number, lower bound
_EMPTY = Struct("!iiI")
_LENGTH = Struct("!i")
_NULL = _LENGTH.pack(-1)
_INT8 = Struct("!iq")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _texts(values: list[str]) -> list[bytes]:
    return _byteas(map(str.encode, values))


def _byteas(values: Iterable[bytes]) -> list[bytes]:
    pack = _LENGTH.pack
    return [pack(len(value)) + value for value in values]


def _int8s(values: list[int]) -> list[bytes]:
    pack = _INT8.pack
    return [pack(8, value) for value in values]


def _bools(values: list[bool]) -> list[bytes]:
    return [b"\0\0\0\1\1" if value else b"\0\0\0\1\0" for value in values]


def _timestamptzs(values: list[datetime]) -> list[bytes]:
    return [_timestamptz(value) for value in values]


def _timestamptz(value: datetime) -> bytes:
    since = value.astimezone(UTC) - _EPOCH
    return _INT8.pack(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


class ArrayDumper(ListBinaryDumper):
    """Knows flat lists of one type and None; others are left to the driver."""

    def get_key(self, obj: list[Any], format: PyFormat) -> Any:  # noqa: A002 - the driver's name
        """What decides about the dumper: the type of the elements."""
        kind = _kind_of(obj)
        return (list, kind) if kind in _DUMPERS else super().get_key(obj, format)

    def upgrade(self, obj: list[Any], format: PyFormat) -> Any:  # noqa: A002 - the driver's name
        """The dumper for such a list."""
        made = _DUMPERS.get(_kind_of(obj))
        return made(list) if made else super().upgrade(obj, format)


class _FlatDumper(Dumper):
    """Writes lists whose elements are all of one type, or None."""

    format = Format.BINARY
    _element_oid: ClassVar[int]
    #: without NULLs
    _write: ClassVar[Callable[[Any], list[bytes]]]

    def dump(self, obj: list[Any]) -> bytes:
        """The array, in the form that array_recv reads."""
        if not obj:
            return _EMPTY.pack(0, 0, self._element_oid)
        write = type(self)._write  # noqa: SLF001 - without an instance, so that the function is not bound to it
        has_null = None in obj
        if has_null:
            written = iter(write([one for one in obj if one is not None]))
            octets = [_NULL if one is None else next(written) for one in obj]
        else:
            octets = write(obj)
        return _HEADER.pack(1, has_null, self._element_oid, len(obj), 1) + b"".join(octets)


def _dumper(name: str, element_oid: int, array_oid: int, write: Callable[[Any], list[bytes]]) -> type[_FlatDumper]:
    return type(name, (_FlatDumper,), {"oid": array_oid, "_element_oid": element_oid, "_write": staticmethod(write)})


#: by type of the elements; OIDs of element and array as in pg_type.dat. A list without a single value counts as text:
#: every statement casts its arrays to what it wants
_DUMPERS: dict[type, type[_FlatDumper]] = {
    str: _dumper("TextArrayDumper", 25, 1009, _texts),
    int: _dumper("Int8ArrayDumper", 20, 1016, _int8s),
    bytes: _dumper("ByteaArrayDumper", 17, 1001, _byteas),
    bool: _dumper("BoolArrayDumper", 16, 1000, _bools),
    datetime: _dumper("TimestamptzArrayDumper", 1184, 1185, _timestamptzs),
}


def _kind_of(values: list[Any]) -> type:
    """Of the first value; text when there is none. Enumerations of text are text."""
    for value in values:
        if value is not None:
            return str if isinstance(value, str) else type(value)
    return str
