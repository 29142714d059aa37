"""Entries whose ids are known → rows: new ones are inserted, of the others only what differs is written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Table, any_, bindparam, func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY

from inbound.database import rows
from inbound.database.engine import Transaction, execute
from inbound.database.imports.report import Report
from inbound.model.directory import DirectoryKind, Entry
from inbound.values import immutable

T = TypeVar("T")

#: rows of one statement
CHUNK = 2_000
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy leaves it untyped
_IDS = bindparam("ids", type_=ARRAY(BigInteger))


@immutable
class Part:
    """Rows of another table that belong to one row: the domains of an organization."""

    #: where a draft has them, as a tuple of tuples in the order of ``columns``
    name: str
    table: Table
    #: the column that refers to the row they belong to
    owner: str
    columns: tuple[str, ...]


@immutable
class Shape:
    """How entries of a kind are stored."""

    table: Table
    #: every column that an import writes, with what a new row has when the entry does not say
    defaults: Mapping[str, Any]
    parts: tuple[Part, ...] = ()


@dataclass(kw_only=True, slots=True)
class Draft:
    """An entry on its way to a row."""

    entry: Entry
    #: None: a new row, until it is written
    id: int | None
    #: by column and by name of a part; what is not here stays as it is
    values: dict[str, Any]


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists that one statement takes."""
    iterator = iter(values)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def write(tx: Transaction, shape: Shape, drafts: Sequence[Draft], report: Report) -> None:
    """Insert what is new, update what differs, and put every part in its place."""
    for chunk in chunks(drafts):
        kind = chunk[0].entry.kind
        new = [draft for draft in chunk if draft.id is None]
        old = [draft for draft in chunk if draft.id is not None]
        if new:
            _insert(tx, shape, new)
        changed = _update(tx, shape, old)
        for part in shape.parts:
            changed |= _write_part(tx, part, chunk)
        _count(report, kind, new, changed)
        report.on_progress(len(chunk))


def _count(report: Report, kind: DirectoryKind, new: list[Draft], changed: set[int]) -> None:
    report.new.setdefault(kind, set()).update(draft.id for draft in new if draft.id is not None)
    report.changed.setdefault(kind, set()).update(changed)


def _insert(tx: Transaction, shape: Shape, new: list[Draft]) -> None:
    series = func.generate_series(1, len(new)).table_valued("position")
    allot = select(func.nextval(f"{shape.table.name}_id_seq")).select_from(series)
    for draft, id_ in zip(new, tx.scalars(allot), strict=True):
        draft.id = int(id_)
    columns = ("id", *shape.defaults)
    values = {name: [draft.values.get(name, default) for draft in new] for name, default in shape.defaults.items()}
    execute(tx, rows.insert(shape.table, columns), {"id": [draft.id for draft in new], **values})


def _update(tx: Transaction, shape: Shape, old: list[Draft]) -> set[int]:
    """Write what differs; the ids of those rows."""
    names = tuple(shape.defaults)
    query = select(shape.table.c.id, *(shape.table.c[name] for name in names)).where(shape.table.c.id == any_(_IDS))
    stored = {row.id: row for row in tx.execute(query, {"ids": [draft.id for draft in old]})} if old else {}
    changed: dict[int, list[Any]] = {}
    for draft in old:
        before = [getattr(stored[draft.id], name) for name in names]
        after = [draft.values.get(name, value) for name, value in zip(names, before, strict=True)]
        if before != after and draft.id is not None:
            changed[draft.id] = after
    if changed:
        columns = {name: [after[place] for after in changed.values()] for place, name in enumerate(names)}
        tx.execute(_update_statement(shape.table, names), {"id": list(changed), **columns})
    return set(changed)


def _update_statement(table: Table, names: Sequence[str]) -> Any:
    assignments = ", ".join(f"{name} = r.{name}" for name in names)
    source, same = _unnested(table, ("id", *names)), f"{table.name}.id = r.id"
    # S608: every part comes from the table's definition
    return text(f"UPDATE {table.name} SET {assignments} FROM {source} WHERE {same}")  # noqa: S608


def _unnested(table: Table, names: Sequence[str]) -> str:
    """``unnest(…) AS r(…)``: one array parameter per column, named after it."""
    arrays = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(dialect=_DIALECT)}[])" for name in names)
    return f"unnest({arrays}) AS r({', '.join(names)})"


def _write_part(tx: Transaction, part: Part, drafts: list[Draft]) -> set[int]:
    """Make the rows of a part what the drafts say; the ids of the owners whose part was different."""
    wanted = {draft.id: set(draft.values[part.name]) for draft in drafts if draft.id and part.name in draft.values}
    if not wanted:
        return set()
    owner = part.table.c[part.owner]
    query = select(owner, *(part.table.c[name] for name in part.columns)).where(owner == any_(_IDS))
    stored: defaultdict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for row in tx.execute(query, {"ids": list(wanted)}):
        stored[row[0]].add(tuple(row[1:]))
    gone = [(id_, *row) for id_, rows_ in wanted.items() for row in sorted(stored[id_] - rows_)]
    added = [(id_, *row) for id_, rows_ in wanted.items() for row in sorted(rows_ - stored[id_])]
    names = (part.owner, *part.columns)
    if gone:
        same = " AND ".join(f"{part.table.name}.{name} = r.{name}" for name in names)
        # S608: every part comes from the table's definition
        delete = text(f"DELETE FROM {part.table.name} USING {_unnested(part.table, names)} WHERE {same}")  # noqa: S608
        tx.execute(delete, _columns(names, gone))
    if added:
        execute(tx, rows.insert(part.table, names), _columns(names, added))
    return {row[0] for row in (*gone, *added)}


def _columns(names: Sequence[str], values: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in values] for place, name in enumerate(names)}
