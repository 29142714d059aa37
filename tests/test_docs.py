"""The documents name what exists: everything, and nothing else."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import psycopg
import pytest
import typer.main
from pydantic import BaseModel

from inbound.app.directory.columns import Columns, columns_of
from inbound.cli import app
from inbound.config import Settings
from inbound.database.tables import metadata
from inbound.metrics import METRICS
from inbound.metrics.kinds import Counter, Gauge
from inbound.model.outcome import Deferral, Outcome, Reason
from inbound.routing import Refusal
from inbound.smtp import replies
from inbound.smtp.replies import Reply
from inbound.smtp.stream import Overrun

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md")))

#: words that counters show from the beginning
METRIC_WORDS = {word for metric in METRICS.values() if isinstance(metric, Counter) for word in metric.known}
#: what stands for the settings in the catalogue of replies
HOSTNAME = "HOSTNAME"


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def table_rows(page: Path, heading: str = "") -> list[list[str]]:
    """The cells of the tables in a section, or of the whole page, without headings and rules."""
    text = read(page)
    if heading:
        found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
        text = found[2] if found else ""
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines() if line[:1] == "|"
    ]
    return [row for position, row in enumerate(rows) if not _is_head(rows, position)]


def _is_head(rows: list[list[str]], position: int) -> bool:
    return _is_rule(rows[position]) or (position + 1 < len(rows) and _is_rule(rows[position + 1]))


def _is_rule(row: list[str]) -> bool:
    return all(re.fullmatch("-+", cell) for cell in row)


def codes(page: Path, heading: str) -> list[str]:
    """The first cells of a section's table, without backticks."""
    return [row[0].strip("`") for row in table_rows(page, heading)]


def commands(command: Any, words: tuple[str, ...] = ("inbound",)) -> Iterator[str]:
    """Every command below a group, as it is typed."""
    if not hasattr(command, "commands"):
        yield " ".join(words)
        return
    for name, sub_command in command.commands.items():
        yield from commands(sub_command, (*words, name))


def settings_of(model: type, prefix: str = "") -> Iterator[str]:
    """Dotted names of all settings; tables count by what stands in them, lists of tables by both."""
    names = [field.name for field in fields(model)] if is_dataclass(model) else list(model.__annotations__)
    hints = get_type_hints(model)
    for name in names:
        table = _table_in(hints[name])
        if table is None or prefix:
            yield f"{prefix}{name}"
        if table is not None:
            yield from settings_of(table, f"{prefix}{name}.")


def _table_in(hint: Any) -> type | None:
    """The model behind an annotation such as ``tuple[Listener, ...]``; None for plain values."""
    inner = get_args(hint)[0] if get_origin(hint) is tuple else hint
    is_table = isinstance(inner, type) and (is_dataclass(inner) or issubclass(inner, BaseModel))
    return inner if is_table else None


def catalogue() -> list[Reply]:
    """Every reply there is."""
    fixed = [value for value in vars(replies).values() if isinstance(value, Reply)]
    return [*fixed, replies.greeting(HOSTNAME), replies.helo(HOSTNAME)]


@pytest.mark.parametrize("command", sorted(commands(typer.main.get_command(app))))
def test_every_command_is_documented(command: str) -> None:
    """A user finds every command in the README."""
    assert f"`{command}" in read(ROOT / "README.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_documented_commands_exist(page: Path) -> None:
    """Nobody is told to type a command that does not exist."""
    known = set(commands(typer.main.get_command(app)))
    groups = {command.rsplit(" ", 1)[0] for command in known} - {"inbound"}
    typed = re.findall(r"`(?:\.venv/bin/)?inbound ([a-z]+(?: [a-z]+)?)(?=[ `])", read(page))
    for words in typed:
        first = words.split()[0]
        assert f"inbound {words}" in known | groups or f"inbound {first}" in known, words


@pytest.mark.parametrize(
    ("heading", "documented"), [("Outcomes", Outcome), ("Reasons", Reason), ("Deferrals", Deferral)]
)
def test_codes_are_documented(heading: str, documented: type[Outcome | Reason | Deferral]) -> None:
    """The tables of outcomes, reasons and deferrals hold every code of the program once, and no other."""
    assert sorted(codes(DOCS / "reasons.md", heading)) == sorted(code.value for code in documented)


def test_every_refusal_is_documented() -> None:
    """The word in the log of a refused recipient or message is explained."""
    explained = codes(DOCS / "reasons.md", "Refusals")
    assert {*(refusal.value for refusal in Refusal), *(overrun.value for overrun in Overrun)} <= set(explained)


def test_reasons_stand_beside_their_outcome() -> None:
    """The outcomes beside a reason are some that exist."""
    for reason, outcomes, *_ in table_rows(DOCS / "reasons.md", "Reasons"):
        named = set(re.findall(r"`(\w+)`", outcomes))
        assert named, reason
        assert named <= {outcome.value for outcome in Outcome}, reason


def test_replies_are_documented() -> None:
    """The table of replies is the catalogue: code, enhanced code and text, none missing, none invented."""
    documented = {(row[0], row[1], row[2].replace("\\<", "<")) for row in table_rows(DOCS / "replies.md")}
    given = {(str(reply.code), reply.enhanced, reply.text.partition("\n")[0]) for reply in catalogue()}
    assert documented == given


def test_ehlo_keywords_are_documented() -> None:
    """Every extension that is offered is named."""
    offered = replies.ehlo(HOSTNAME, max_message_bytes=1, has_starttls=True).text.split("\n")[1:]
    named = read(DOCS / "replies.md")
    assert [keyword for keyword in offered if f"`{keyword.split()[0]}`" not in named] == []


@pytest.mark.parametrize(("kind", "columns"), columns_of(Settings()).items())
def test_columns_of_imports_are_documented(kind: str, columns: Columns) -> None:
    """The section of a kind has every column of its files, and no other."""
    assert sorted(codes(DOCS / "directory.md", kind)) == sorted(columns)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_columns_are_documented(table: Any) -> None:
    """The section of a table lists its columns in order, and no other."""
    assert codes(DOCS / "schema.md", table.name) == [column.name for column in table.columns]


def test_queries_of_the_schema_page_run(database_url: str) -> None:
    """Whoever pastes the queries of the schema page gets what it promises, a ticket with a number included."""
    queries = re.findall(r"^```sql\n(.*?)^```", read(DOCS / "schema.md"), re.MULTILINE | re.DOTALL)
    with psycopg.connect(database_url, autocommit=True) as connection:
        for query in [*queries, queries[-1]]:
            connection.execute(query)
        numbers = connection.execute("SELECT number FROM tickets ORDER BY id").fetchall()
    assert [number[-5:] for (number,) in numbers] == [".0001", ".0002"]


def test_metrics_are_documented() -> None:
    """The page on metrics has every metric with its labels, and no other."""
    documented = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in table_rows(DOCS / "metrics.md")}
    worker = {
        metric.name: {"worker"} for metric in METRICS.values() if isinstance(metric, Gauge) and metric.is_per_worker
    }
    assert documented == {name: {*metric.labels, *worker.get(name, ())} for name, metric in METRICS.items()}


def test_alert_rules_ask_for_what_exists() -> None:
    """Metrics and labels in the rules are those of the program, and the page's words are known ones."""
    named = set(re.findall(r"\binbound_\w+", read(DOCS / "metrics.md")))
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in named} == set(METRICS)
    asked = re.findall(r"(inbound_\w+)\{(\w+)=~?\"([^\"]+)\"\}", read(DOCS / "metrics.md"))
    assert len(asked) > 5
    known = {*Outcome, *Deferral, *METRIC_WORDS, "failed"}
    for name, label, words in asked:
        assert label in METRICS[name].labels, name
        assert words == "peer_.*" or set(words.split("|")) <= known, words


def test_every_setting_is_documented() -> None:
    """The page on configuration has every setting."""
    page = read(DOCS / "configuration.md")
    assert [name for name in settings_of(Settings) if f"`{name}`" not in page and f"`[{name}]`" not in page] == []


def test_documented_settings_exist() -> None:
    """Nobody is told to write a setting that is an unknown one."""
    known = set(settings_of(Settings))
    tables = {name.split(".")[0] for name in known}
    named = {name for page in PAGES for name in re.findall(r"`((?:\w+\.)+\w+)`", read(page))}
    of_settings = {name for name in named if name.split(".")[0] in tables and not _is_other(name)}
    assert of_settings - known == set()


def _is_other(name: str) -> bool:
    """Does it look like a setting and is a column or a domain?"""
    table, _, column = name.partition(".")
    return name.endswith(".example") or (table in metadata.tables and column in metadata.tables[table].c)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_exist(page: Path) -> None:
    """Every `make …` in the documents is a target."""
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", read(page), re.MULTILINE))
    targets = set(re.findall(r"^([a-z][a-z-]*):", read(ROOT / "Makefile"), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """A link to a file or to a heading of one finds it."""
    for path, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", read(page)):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not heading or heading in _anchors(target), heading


def _anchors(page: Path) -> set[str]:
    """How headings are addressed: lower case, spaces as hyphens, other marks dropped."""
    headings = re.findall(r"^#+ (.*)$", read(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_named_files_exist() -> None:
    """A path of the repository in the documents is there."""
    named = {
        path
        for page in PAGES
        for path in re.findall(
            r"`((?:src|docs|tests|bench|examples|migrations|systemd|requirements)/[\w./-]*)`", read(page)
        )
    }
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
