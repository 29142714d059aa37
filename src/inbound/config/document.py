"""From a file to TOML values and their positions."""

import re
import tomllib
from pathlib import Path
from typing import Any

from inbound.config.positions import Positions, find_positions
from inbound.errors import ConfigurationError, Problem
from inbound.values import immutable

_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@immutable
class Document:
    """A TOML file that can be read; whether its settings make sense is another question."""

    data: dict[str, Any]
    positions: Positions


def read_document(path: Path) -> Document:
    """Read a TOML file.

    Raises:
        ConfigurationError: no such file, not readable, not UTF-8, or not TOML.
    """
    text = _read_text(path)
    try:
        return Document(data=tomllib.loads(text), positions=find_positions(text))
    except tomllib.TOMLDecodeError as error:
        raise _problem(path, *_explained(error, text)) from None
    except (ValueError, RecursionError):
        # Numbers of thousands of digits and lists in thousands of lists: the library does not say where.
        raise _problem(path, None, "not valid TOML: a number is too long or lists are nested too deeply") from None


def _read_text(path: Path) -> str:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise _problem(path, None, "no such file") from None
    except IsADirectoryError:
        raise _problem(path, None, "is a directory, not a file") from None
    except OSError as error:
        raise _problem(path, None, f"cannot be read: {error.strerror}") from None
    try:
        # Some editors write a byte order mark; it means nothing in UTF-8.
        return octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise _problem(path, line, f"not UTF-8 (octet 0x{octets[error.start]:02X}): save the file as UTF-8") from None


def _explained(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, str]:
    """Line and message of a syntax error; the library writes the position into its message."""
    message = str(error)
    where = _WHERE.search(message)
    what = _WHERE.sub("", message)
    if where is None or where[1] is None:
        return text.rstrip("\n").count("\n") + 1, f"not valid TOML: {what} (at the end of the file)"
    return int(where[1]), f"not valid TOML: {what} (column {where[2]})"


def _problem(path: Path, line: int | None, message: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=str(path), line=line, setting="", message=message)])
