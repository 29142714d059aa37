"""Files → entries: CSV of one kind, TOML of any. Every mistake is told with its line; the rest is still read."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from inbound.app.directory.cells import LONGEST_TEXT, Unusable
from inbound.app.directory.columns import Columns
from inbound.config.document import read_document
from inbound.config.mistakes import shown
from inbound.database.imports.report import Report
from inbound.errors import ConfigurationError
from inbound.model.directory import KINDS, DirectoryKind, Entry

#: TOML is read as a whole, CSV row by row
LARGEST_TOML_BYTES = 32_000_000
LARGEST_CSV_BYTES = 256_000_000
#: no kind has nearly so many
MOST_COLUMNS = 100
#: entries of one import; they are all held until everything is known to be right
MOST_ENTRIES = 500_000


@dataclass(kw_only=True, slots=True)
class Read:
    """What has been read so far."""

    columns: Mapping[DirectoryKind, Columns]
    report: Report
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Are there as many entries, or mistakes, as one import may have?"""
        return len(self.entries) >= MOST_ENTRIES or self.report.is_hopeless


def read_files(paths: Iterable[Path], kind: DirectoryKind | None, read: Read) -> None:
    """Read files into ``read``.

    Args:
        paths: ending in .csv or .toml.
        kind: of every CSV file; None = their names say it.
        read: where entries and problems go.
    """
    for path in paths:
        try:
            if path.suffix.lower() == ".toml":
                _read_toml(path, read)
            elif path.suffix.lower() == ".csv":
                _read_csv(path, kind or kind_of(path.stem), read)
            else:
                read.report.refuse(str(path), None, "", "must end in .csv or .toml")
        except OSError as error:
            read.report.refuse(str(path), None, "", f"cannot be read: {error.strerror}")
        if read.is_full:
            read.report.refuse(str(path), None, "", f"one import takes fewer than {MOST_ENTRIES} entries: split it")
            return


def kind_of(word: str) -> DirectoryKind | None:
    """The kind that a word means: in singular or plural, with blanks, hyphens or underscores."""
    folded = "_".join(word.casefold().replace("-", " ").replace("_", " ").split())
    return next((kind for kind in KINDS if folded in {kind, kind[:-1]}), None)


def _is_too_large(path: Path, most: int, read: Read) -> bool:
    if path.stat().st_size <= most:
        return False
    read.report.refuse(str(path), None, "", f"has more than {most // 1_000_000} MB: split it")
    return True


def _read_toml(path: Path, read: Read) -> None:
    if _is_too_large(path, LARGEST_TOML_BYTES, read):
        return
    try:
        document = read_document(path)
    except ConfigurationError as error:
        for one in error.problems:
            read.report.refuse(one.file, one.line, one.setting, one.message)
        return
    for name, tables in document.data.items():
        kind = next((kind for kind in KINDS if kind == name), None)
        if kind is None:
            read.report.refuse(str(path), document.positions.line((name,)), name, _unknown("kind", name, KINDS))
        elif not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            read.report.refuse(
                str(path), document.positions.line((name,)), name, f"must be tables, each under its own [[{name}]]"
            )
        else:
            for index, table in enumerate(tables):
                if read.is_full:
                    return
                lines = {column: document.positions.line((name, index, column)) for column in table}
                _take(kind, path, document.positions.line((name, index)) or 1, table, lines, read)


def _read_csv(path: Path, kind: DirectoryKind | None, read: Read) -> None:
    if kind is None:
        message = f"the name does not say what it holds: call it KIND.csv, or say --kind; kinds: {', '.join(KINDS)}"
        read.report.refuse(str(path), None, "", message)
        return
    if _is_too_large(path, LARGEST_CSV_BYTES, read):
        return
    # utf-8-sig: spreadsheets write a byte order mark.
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = 1
        csv.field_size_limit(4 * LONGEST_TEXT)
        try:
            head = file.readline(65_536)
            file.seek(0)
            rows = csv.reader(file, delimiter=_delimiter(head), strict=True)
            header = _header(path, kind, next(rows, []), read)
            line = rows.line_num + 1
            for row in rows if header else ():
                if read.is_full:
                    return
                if any(map(str.strip, row)):
                    _take_row(kind, path, line, header, row, read)
                line = rows.line_num + 1
        except csv.Error as error:
            read.report.refuse(str(path), line, "", f"not valid CSV: {error}")
        except UnicodeDecodeError:
            read.report.refuse(
                str(path), _first_line_that_is_not_utf8(path), "", "not UTF-8: save the file as CSV UTF-8"
            )


def _delimiter(head: str) -> str:
    """Spreadsheets separate by what their country does not need in numbers."""
    return max(",;\t", key=head.count)


def _first_line_that_is_not_utf8(path: Path) -> int | None:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None


def _header(path: Path, kind: DirectoryKind, row: list[str], read: Read) -> list[str]:
    """The names of the columns; empty when rows below them would mean nothing."""
    known = read.columns[kind]
    if len(row) > MOST_COLUMNS:
        read.report.refuse(str(path), 1, "", f"has {len(row)} columns; known: {', '.join(known)}")
        return []
    names = ["_".join(cell.strip().casefold().replace("-", " ").split()) for cell in row]
    unknown = [name for name in names if name not in known]
    # A misspelt column is not missing as well.
    meant = {near for name in unknown for near in get_close_matches(name, list(known), n=1)}
    missing = [name for name, column in known.items() if column.is_key and name not in {*names, *meant}]
    problems = [
        *((name, _unknown("column", name, known)) for name in unknown),
        *((name, "stands twice") for name in sorted({name for name in names if names.count(name) > 1})),
        *((name, f"this column is missing; known: {', '.join(known)}") for name in missing),
    ]
    if not any(names):
        problems = [("", f"the first line must name the columns; known: {', '.join(known)}")]
    for name, message in problems:
        read.report.refuse(str(path), 1, name, message)
    return [] if problems else names


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return f"{shown(name)} is no {what}; {hint}known: {', '.join(known)}"


def _take_row(kind: DirectoryKind, path: Path, line: int, header: list[str], row: list[str], read: Read) -> None:
    if len(row) != len(header):
        read.report.refuse(str(path), line, "", f"has {len(row)} cells, the first line has {len(header)}")
        _fail(kind, dict(zip(header, row, strict=False)), read)
        return
    _take(kind, path, line, dict(zip(header, row, strict=True)), {}, read)


def _take(
    kind: DirectoryKind,
    path: Path,
    line: int,
    raw: Mapping[str, Any],
    lines: Mapping[str, int | None],
    read: Read,
) -> None:
    """Read one entry; every mistake in it is told."""
    values: dict[str, Any] = {}
    is_readable = True
    for name, value, message in _cells(read.columns[kind], raw):
        if message is None:
            values[name] = value
        else:
            is_readable = False
            read.report.refuse(str(path), lines.get(name) or line, name, message)
    if is_readable and (message := _join_addresses(values)):
        is_readable = False
        read.report.refuse(str(path), line, "addresses", message)
    if is_readable:
        read.entries.append(Entry(kind=kind, file=str(path), line=line, values=values))
    else:
        _fail(kind, raw, read)


def _cells(columns: Columns, raw: Mapping[str, Any]) -> Iterator[tuple[str, Any, str | None]]:
    """Name, value and mistake of every cell."""
    for name, column in columns.items():
        if column.is_key and name not in raw:
            yield name, None, "is missing"
    for name, value in raw.items():
        if name not in columns:
            yield name, None, _unknown("column", name, columns)
            continue
        try:
            yield name, columns[name].read(value), None
        except Unusable as error:
            yield name, None, str(error)


def _join_addresses(values: dict[str, Any]) -> str | None:
    """Make one list of an address per column; say why that is not possible."""
    columns = [f"address_{position}" for position in (1, 2, 3)]
    if not any(column in values for column in columns):
        return None
    if "addresses" in values:
        return "stand in one column or in columns of their own, not in both"
    found = [values.pop(column, "") for column in columns]
    given = [address.casefold() for address in found if address]
    values["addresses"] = tuple((position, address) for position, address in enumerate(found, start=1) if address)
    return None if len(given) == len(set(given)) else "an address stands twice"


def _fail(kind: DirectoryKind, raw: Mapping[str, Any], read: Read) -> None:
    words = [raw.get(column) for column in ("name", "number", "addresses", "address_1", "address_2", "address_3")]
    for word in words:
        for one in word.split(";") if isinstance(word, str) else word if isinstance(word, list) else ():
            read.report.fail(kind, str(one).strip())
