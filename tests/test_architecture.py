"""The house: sizes, docstrings, reasons for exceptions, and what may not stand in the repository."""

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "inbound"

MAX_FUNCTION_LINES = 60
MEDIAN_FUNCTION_LINES = 10
MAX_FILE_LINES = 300
#: files that may be longer, and why
LONG_FILES: dict[str, str] = {}
#: not imported by anybody, so that its functions are nobody's interface
SCRIPTS = frozenset({"database/embedded_child.py"})

#: the scripts that run what may lie beside the checkout
MAY_LOOK_OUTSIDE = frozenset({"Makefile", "bench/corpus_smtp.py", "bench/dialogs.py"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files() -> list[Path]:
    """Everything that belongs to the repository: no caches, no state, no virtual environment."""
    kept = {".ci", ".gitignore"}
    top = [path for path in sorted(ROOT.iterdir()) if not path.name.startswith(".") or path.name in kept]
    found = (path for place in top for path in ([place] if place.is_file() else sorted(place.rglob("*"))))
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts and "dist" not in path.parts]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


SOURCES = sorted(SOURCE.rglob("*.py"))
PYTHON = [path for path in files() if path.suffix == ".py"]


def functions(path: Path) -> list[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def line_count(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_are_short(path: Path) -> None:
    """No function is longer than a screen."""
    assert {node.name: line_count(node) for node in functions(path) if line_count(node) > MAX_FUNCTION_LINES} == {}


def test_most_functions_are_very_short() -> None:
    """Half of the functions have fewer than ten lines, docstring included."""
    assert median(line_count(node) for path in SOURCES for node in functions(path)) < MEDIAN_FUNCTION_LINES


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_are_short(path: Path) -> None:
    """A file over 300 lines is two files, or has a reason."""
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= MAX_FILE_LINES or path.relative_to(SOURCE).as_posix() in LONG_FILES


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_public_functions_have_docstrings(path: Path) -> None:
    """What others may call says what it does; a protocol's methods and plain properties are told by their names."""
    if path.relative_to(SOURCE).as_posix() in SCRIPTS:
        pytest.skip("a script, not imported")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = [node.name for node in _public_functions(tree.body) if ast.get_docstring(node) is None]
    assert silent == []


def _public_functions(body: list[ast.stmt]) -> Iterator[Function]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if not node.name.startswith("_") and not _is_told_by_its_name(node):
                yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from _public_functions(node.body)


def _is_told_by_its_name(function: Function) -> bool:
    """The method of a protocol (``...``), or a property that only returns."""
    is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in function.decorator_list)
    only = function.body[0] if len(function.body) == 1 else None
    is_protocol = isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant) and only.value.value is Ellipsis
    return is_protocol or (is_property and isinstance(only, ast.Return))


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_silenced_checks_say_why(path: Path) -> None:
    """A check is switched off with its name, and with the reason on its line or in a comment right above."""
    lines = path.read_text(encoding="utf-8").splitlines()
    unexplained = [
        number
        for number, comment in _comments(path)
        if _is_silencing(comment) and not _has_reason(comment) and not lines[number - 2].lstrip().startswith("#")
    ]
    assert unexplained == []


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def _is_silencing(comment: str) -> bool:
    return re.search(r"#\s*(noqa|type:\s*ignore)\b", comment) is not None


def _has_reason(comment: str) -> bool:
    """Is there anything behind the names of the checks?"""
    named = re.sub(r"#\s*(?:noqa:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*|type:\s*ignore\[[\w, -]+\])", "", comment)
    return re.search(r"\w{2}", re.sub(r"#\s*(?:noqa|type:\s*ignore)\b", "", named)) is not None and named != comment


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_possessive_groups(path: Path) -> None:
    """Groups are atomic, never possessive: Python before 3.11.5 matches ``(a|b)*+`` wrongly (CPython gh-106052)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [value.decode("latin-1") if isinstance(value, bytes) else value for value in constants]
    possessive = re.compile(r"\)(?:[*+?]|\{[\d,%d]+\})\+")
    assert [text for text in texts if isinstance(text, str) and possessive.search(text)] == []


def test_nothing_is_left_for_later() -> None:
    """What is not done is not hinted at."""
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X"))
    assert [name_of(path) for path in files() if re.search(rf"\b(?:{marks})\b", _text(path))] == []


def test_the_repository_stands_alone() -> None:
    """Nothing refers to what lies beside the checkout, but for scripts that use it where it exists."""
    absolute, beside = "(?<![\\w.-])/wor" + "k/", "(?<![\\w-])share" + "d/"
    assert [name_of(path) for path in files() if re.search(absolute, _text(path))] == []
    assert {name_of(path) for path in files() if re.search(beside, _text(path))} <= MAY_LOOK_OUTSIDE


def _text(path: Path) -> str:
    """The text of a file; empty for one that is none."""
    octets = path.read_bytes()
    return "" if b"\0" in octets else octets.decode("utf-8", errors="replace")
