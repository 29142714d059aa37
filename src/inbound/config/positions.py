"""In which line of a TOML text does a setting stand?

``tomllib`` gives values without positions. This scanner gives positions without values: it walks over a text that
``tomllib`` has accepted, and notes where every key, table header, list element and value begins and ends. It decides
nothing about values, and its steps are the grammar of TOML 1.0 (https://toml.io/en/v1.0.0) reduced to what is needed.
"""

import re
import tomllib
from collections.abc import Mapping

from inbound.values import immutable

#: the way from the root of the file to a value: names of settings and, inside lists, 0-based indexes
Key = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BASIC_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL_STRING = re.compile(r"'[^']*'")
# One or two quotes may stand directly before the closing three: """two""""" ends in two quotes of content.
_LONG_BASIC_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})', re.DOTALL)
_LONG_LITERAL_STRING = re.compile(r"'''.*?'''(?:'{0,2})", re.DOTALL)
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]+")


@immutable
class Positions:
    """Where the settings of one text stand."""

    #: 1-based line of every key, table, and list element
    lines: Mapping[Key, int]
    #: first character and the one after the last, of every value that stands behind a key or in a list
    spans: Mapping[Key, tuple[int, int]]

    def line(self, key: Key) -> int | None:
        """The line of a setting; of the table around it when the setting is not written; None for the whole file."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key)


def find_positions(text: str) -> Positions:
    """Find every setting of a TOML text.

    Args:
        text: TOML that ``tomllib.loads`` has accepted, with line feeds only; the result is undefined for other text.
    """
    scanner = _Scanner(text)
    scanner.document()
    return Positions(lines=scanner.lines, spans=scanner.spans)


class _Scanner:
    """Walks over the text once, from the first character to the last."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Key, int] = {}
        self.spans: dict[Key, tuple[int, int]] = {}
        self._elements: dict[Key, int] = {}
        self._line = 1
        self._counted = 0

    def document(self) -> None:
        table: Key = ()
        self._skip_blank()
        while self.at < len(self.text):
            if self._takes("[["):
                table = self._list_header()
            elif self._takes("["):
                table = self._header()
            else:
                self._key_and_value(table)
            self._skip_blank()

    def _list_header(self) -> Key:
        names = self._names()
        self._takes("]]")
        each = (*self._enter(names[:-1]), names[-1])
        index = self._elements.get(each, 0)
        self._elements[each] = index + 1
        self._mark(each)
        self._mark((*each, index))
        return (*each, index)

    def _header(self) -> Key:
        names = self._names()
        self._takes("]")
        table = (*self._enter(names[:-1]), names[-1])
        # "[a.b]" may stand above "[a]": the line of a table is the one of its own header.
        self.lines[table] = self._line_here()
        return table

    def _enter(self, names: list[str]) -> Key:
        """Follow the first names of a header; it speaks about the last element of every list of tables on its way."""
        key: Key = ()
        for name in names:
            key = (*key, name)
            self._mark(key)
            if key in self._elements:
                key = (*key, self._elements[key] - 1)
        return key

    def _key_and_value(self, table: Key) -> None:
        key = table
        for name in self._names():
            key = (*key, name)
            self._mark(key)
        self._skip_blank()
        self._takes("=")
        self._skip_blank()
        self._value(key)

    def _names(self) -> list[str]:
        names = []
        while True:
            self._skip_blank()
            names.append(self._name())
            self._skip_blank()
            if not self._takes("."):
                return names

    def _name(self) -> str:
        match self.text[self.at]:
            case '"':
                # The library decodes the escapes; this scanner only finds the end.
                return next(iter(tomllib.loads(self._match(_BASIC_STRING) + "=0")))
            case "'":
                return self._match(_LITERAL_STRING)[1:-1]
            case _:
                return self._match(_BARE_KEY)

    def _value(self, key: Key) -> None:
        start = self.at
        if self._takes("["):
            self._list(key)
        elif self._takes("{"):
            self._inline_table(key)
        else:
            self._scalar()
        self.spans[key] = (start, self.at)

    def _list(self, key: Key) -> None:
        index = 0
        self._skip_blank()
        while not self._takes("]"):
            self._mark((*key, index))
            self._value((*key, index))
            index += 1
            self._skip_separator()

    def _inline_table(self, key: Key) -> None:
        self._skip_blank()
        while not self._takes("}"):
            self._key_and_value(key)
            self._skip_separator()

    def _scalar(self) -> None:
        if self.text.startswith('"""', self.at):
            self._match(_LONG_BASIC_STRING)
        elif self.text.startswith("'''", self.at):
            self._match(_LONG_LITERAL_STRING)
        elif self.text.startswith('"', self.at):
            self._match(_BASIC_STRING)
        elif self.text.startswith("'", self.at):
            self._match(_LITERAL_STRING)
        else:
            plain = self._match(_PLAIN_VALUE)
            self.at -= len(plain) - len(plain.rstrip())

    def _mark(self, key: Key) -> None:
        self.lines.setdefault(key, self._line_here())

    def _line_here(self) -> int:
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def _skip_separator(self) -> None:
        self._skip_blank()
        self._takes(",")
        self._skip_blank()

    def _skip_blank(self) -> None:
        self._match(_BLANK)

    def _takes(self, token: str) -> bool:
        is_there = self.text.startswith(token, self.at)
        self.at += len(token) if is_there else 0
        return is_there

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not TOML at character {self.at}")
        self.at = found.end()
        return found.group()
