"""The scanner that knows in which line a setting stands."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.config.positions import Key, find_positions

EVERYTHING = '''\
# "not a key" = 1
title = "a # in text, [brackets] and = signs"   # [not.a.header]
"quoted \\u0041 key" = 1
'literal key' . inner = 2
"" = "empty name"
long = """
first = 1
[second]
\\"""quotes"" and a backslash \\\\"""
closing = """two quotes""\"""
literal = \'\'\'
third = 3 \\\'\'\'
closing_literal = \'\'\'one\'\'\'\'
when = 1979-05-27 07:32:00 # a blank inside a value
numbers = [ 0x_ff, # comment ] in a list
  1_000,
  [ "a,]", 'b#' ],
  { x = 1, y.z = [ true ] },
]

[a.b]            # opens a without a header of its own
c.d = 1
c.e = { f = "}" , "g h" = {} }

[a]
z = 0

[[list]]
name = "one"
[list.table]
deep = 1
[[list.inner]]
n = 1
[[list.inner]]
n = 2

[[ list ]]
name = "two"
  [[ list . inner ]]
  n = 3
  [list.inner.below]
  m = 4
'''.replace("0x_ff", "0xff")

LINES: dict[Key, int] = {
    ("title",): 2,
    ("quoted A key",): 3,
    ("literal key", "inner"): 4,
    ("",): 5,
    ("long",): 6,
    ("closing",): 10,
    ("literal",): 11,
    ("closing_literal",): 13,
    ("when",): 14,
    ("numbers",): 15,
    ("numbers", 0): 15,
    ("numbers", 1): 16,
    ("numbers", 2, 1): 17,
    ("numbers", 3, "y", "z", 0): 18,
    ("a", "b"): 21,
    ("a", "b", "c", "e", "g h"): 23,
    ("a",): 25,
    ("a", "z"): 26,
    ("list",): 28,
    ("list", 0): 28,
    ("list", 0, "table", "deep"): 31,
    ("list", 0, "inner", 1): 34,
    ("list", 1): 37,
    ("list", 1, "inner", 0, "n"): 40,
    ("list", 1, "inner", 0, "below", "m"): 42,
}


def leaves(value: Any, key: Key = ()) -> dict[Key, Any]:
    """Every value that is no table and no list, by its way from the root."""
    if isinstance(value, dict):
        inner = [leaves(below, (*key, name)) for name, below in value.items()]
    elif isinstance(value, list):
        inner = [leaves(below, (*key, index)) for index, below in enumerate(value)]
    else:
        return {key: value}
    return {found: below for part in inner for found, below in part.items()}


def assert_exact(text: str) -> None:
    """What stands at every position is the value that the library read; and no position is missing or invented."""
    values, positions = tomllib.loads(text), find_positions(text)
    read = {
        key: tomllib.loads(f"x = {text[start:end]}")["x"]
        for key, (start, end) in positions.spans.items()
        if key in leaves(values)
    }
    assert read == leaves(values)
    for key in leaves(values):
        first = len(text[: positions.spans[key][0]].split("\n"))
        assert positions.lines[key] <= first
        assert text.split("\n")[positions.lines[key] - 1].strip()
    assert all(is_there(values, key) for key in positions.lines)


def is_there(values: Any, key: Key) -> bool:
    for step in key:
        values = values[step]
    return True


def test_every_form_of_toml() -> None:
    """Strings of all four kinds, comments, dotted and quoted keys, inline tables and nested lists do not confuse it."""
    assert_exact(EVERYTHING)


@pytest.mark.parametrize(("key", "line"), LINES.items(), ids=str)
def test_lines(key: Key, line: int) -> None:
    """A setting stands where it was written, a table at its own header, a list element where it begins."""
    assert find_positions(EVERYTHING).lines[key] == line


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("list", 1, "missing"), 37),
        (("list", 1, "inner", 0, "below", "missing"), 41),
        (("a", "missing", "deeper"), 25),
        (("missing",), None),
        ((), None),
    ],
)
def test_missing_settings(key: Key, line: int | None) -> None:
    """What is not written points at the table that lacks it."""
    assert find_positions(EVERYTHING).line(key) == line


NAMES = st.text("ab.\"' ü#=[\\\n", max_size=3) | st.sampled_from(["name", "x-1", "_"])
TEXTS = st.text("ab\"'\\#[]{}=,.\n é", max_size=12)
SCALARS = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False)
INLINE = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TABLES = st.recursive(
    st.dictionaries(NAMES, INLINE, max_size=3),
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, min_size=1, max_size=3) | INLINE, max_size=3),
    max_leaves=6,
)


class Writer:
    """Writes tables as TOML, in a different style wherever TOML has several."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data

    def choose(self, *choices: str) -> str:
        return self.data.draw(st.sampled_from(choices))

    def table(self, table: dict[str, Any], way: str = "") -> str:
        below = {name for name, value in table.items() if self.may_have_header(value)}
        text = "".join(self.line(name, value) for name, value in table.items() if name not in below)
        for name in sorted(below):
            dotted = f"{way}.{self.name(name)}" if way else self.name(name)
            many = isinstance(table[name], list)
            for element in table[name] if many else [table[name]]:
                header = f"[[{dotted}]]" if many else f"[{dotted}]"
                text += f"{self.blank()}{header}{self.choose('', ' # [x] = 1')}\n{self.table(element, dotted)}"
        return text

    def may_have_header(self, value: Any) -> bool:
        is_list_of_tables = isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
        return bool(isinstance(value, dict) or is_list_of_tables) and self.choose("header", "inline") == "header"

    def line(self, name: str, value: Any) -> str:
        if isinstance(value, dict) and len(value) == 1 and self.choose("dotted", "inline") == "dotted":
            ((inner, below),) = value.items()
            return f"{self.name(name)} . {self.name(inner)} ={self.inline(below)}\n"
        return f"{self.blank()}{self.name(name)}{self.choose('=', ' = ')}{self.inline(value)}\n"

    def blank(self) -> str:
        return self.choose("", "", "\n", '# x = [ "\n', "  ")

    def name(self, name: str) -> str:
        if name and name.isascii() and name.replace("-", "a").replace("_", "a").isalnum():
            return name
        may_be_literal = "'" not in name and "\n" not in name
        return f"'{name}'" if may_be_literal and self.choose("'", '"') == "'" else json.dumps(name)

    def inline(self, value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{self.name(name)} = {self.inline(below)}" for name, below in value.items()) + " }"
        if isinstance(value, list):
            gap = self.choose("", " ", "\n  ", " # , ]\n")
            return "[" + "".join(f"{gap}{self.inline(below)}," for below in value) + gap + "]"
        return self.text(value) if isinstance(value, str) else json.dumps(value).replace("Infinity", "inf")

    def text(self, value: str) -> str:
        style = self.choose('"', "'", '"""', "'''")
        if style == "'" and "'" not in value and "\n" not in value:
            return f"'{value}'"
        if style == "'''" and "'''" not in value and not value.endswith("'"):
            return f"'''\n{value}'''"
        if style == '"""':
            return '"""\n' + value.replace("\\", "\\\\").replace('"""', '""\\"') + '"""'
        return json.dumps(value)


@given(data=st.data(), table=TABLES)
def test_positions_agree_with_the_library(data: st.DataObject, table: dict[str, Any]) -> None:
    """Whatever is written in whatever style: every value is found exactly where the library read it."""
    text = Writer(data).table(table)
    assert leaves(tomllib.loads(text)) == leaves(table)
    assert_exact(text)
