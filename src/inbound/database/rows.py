"""Multi-row statements whose text does not depend on the number of rows."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from inbound.database.engine import statement

_DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # sqlalchemy leaves it untyped


def insert(table: Table, columns: Sequence[str], *, conflict: str = "") -> str:
    """Build ``INSERT … SELECT … FROM unnest(…)``: one array parameter per column, any number of rows.

    Args:
        table: where the rows go.
        columns: names of the columns, which are the names of the parameters too.
        conflict: an ``ON CONFLICT`` clause.

    Returns:
        a statement for `engine.execute`.
    """
    types = [table.c[name].type for name in columns]
    arrays = ", ".join(
        # JSON travels as text: psycopg would wrap every value.
        f"CAST(:{name} AS {'text' if isinstance(type_, JSONB) else type_.compile(dialect=_DIALECT)}[])"
        for name, type_ in zip(columns, types, strict=True)
    )
    values = ", ".join(
        f"CAST(r.{name} AS jsonb)" if isinstance(type_, JSONB) else f"r.{name}"
        for name, type_ in zip(columns, types, strict=True)
    )
    names = ", ".join(columns)
    # S608: every part comes from the table's definition
    sql = f"INSERT INTO {table.name} ({names}) SELECT {values} FROM unnest({arrays}) AS r({names}) {conflict}"  # noqa: S608
    return statement(sql)


def transpose(rows: Iterable[object], columns: Sequence[str]) -> dict[str, list[Any]]:
    """Turn values with attributes into one list per column, as `insert` wants them."""
    kept = list(rows)
    return {name: [getattr(row, name) for row in kept] for name in columns}


def columns(pairs: Iterable[tuple[object, ...]], names: Sequence[str]) -> dict[str, list[Any]]:
    """The same for tuples, at least one."""
    return {name: list(values) for name, values in zip(names, zip(*pairs, strict=True), strict=True)}
