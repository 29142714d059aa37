"""`inbound directory …`: organizations, people, devices, projects."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inbound.app.database import opened_database
from inbound.app.directory.files import kind_of
from inbound.app.directory.load import Progress, import_files
from inbound.cli.options import ConfigOption, JsonOption, load, text_of
from inbound.cli.show import printable, table_of
from inbound.config import Settings
from inbound.database.directory_changes import delete_entry, has_active_flag, set_active
from inbound.database.directory_entries import find_entry, list_entries
from inbound.database.engine import transaction
from inbound.errors import ImportRefused, StillReferredTo
from inbound.model.directory import KINDS, DirectoryKind, Tally

app = typer.Typer(
    help="Fill and look after the directory: organizations, people, devices, projects.", no_args_is_help=True
)


def _kind(word: str) -> DirectoryKind:
    found = kind_of(word)
    if found is None:
        raise typer.BadParameter(f"{word!r} is no kind; kinds: {', '.join(KINDS)}")
    return found


KindArgument = Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")]
EntryArgument = Annotated[str, typer.Argument(metavar="NAME-OR-ID", help="Name, number, address or id.")]


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV of one kind, or TOML of any.")],
    config: ConfigOption = None,
    *,
    kind: Annotated[
        str | None, typer.Option(help="What the CSV files hold; without it their names say it, like contacts.csv.")
    ] = None,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count; change nothing.")] = False,
    is_json: JsonOption = False,
) -> None:
    """Import files: everything in them, or nothing and every mistake with its line. Twice is the same as once."""
    wanted = None if kind is None else _kind(kind)
    settings, path = load(config)
    try:
        with opened_database(settings, path) as database, _progress() as progress:
            tallies = import_files(database, settings, files, kind=wanted, is_rehearsal=is_dry_run, progress=progress)
    except ImportRefused as error:
        _refused(error, is_json=is_json)
        raise typer.Exit(1) from error
    if is_json:
        counts = {name: asdict(tally) for name, tally in tallies.items()}
        typer.echo(json.dumps({"ok": True, "dry_run": is_dry_run, "kinds": counts}))
    else:
        typer.echo(_summary(tallies, is_dry_run=is_dry_run))


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import Progress as Bar

    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("import", total=None)
        yield Progress(
            on_total=lambda count: bar.update(task, total=count), on_written=lambda count: bar.advance(task, count)
        )


def _refused(error: ImportRefused, *, is_json: bool) -> None:
    if is_json:
        problems = [
            {"file": one.file, "line": one.line, "column": one.setting, "message": one.message}
            for one in error.problems
        ]
        typer.echo(json.dumps({"ok": False, "problems": problems, "cut": error.is_cut}, ensure_ascii=False))
        return
    for problem in error.problems:
        typer.echo(printable(problem), err=True)
    count = len(error.problems)
    more = " and perhaps more: the rest was not looked at" if error.is_cut else ""
    typer.echo(f"{count} mistake{'s' if count > 1 else ''}{more}; nothing was imported", err=True)


def _summary(tallies: dict[DirectoryKind, Tally], *, is_dry_run: bool) -> str:
    lines = [
        f"{kind.replace('_', ' ')}: {tally.new} new, {tally.changed} changed, {tally.unchanged} unchanged"
        for kind, tally in tallies.items()
    ]
    if not any(tally.new or tally.changed for tally in tallies.values()):
        lines.append("nothing to do: all of it is there already" if tallies else "nothing to do: the files are empty")
    elif is_dry_run:
        lines.append("dry run: nothing was changed")
    return "\n".join(lines)


@app.command(name="list")
def list_(
    kind: KindArgument,
    config: ConfigOption = None,
    *,
    search: Annotated[str, typer.Option(help="Part of a name, an address, a domain, a number, …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")] = 1_000,
    is_json: JsonOption = False,
) -> None:
    """List entries by name."""
    wanted = _kind(kind)
    settings, path = load(config)
    with opened_database(settings, path) as database, transaction(database) as tx:
        found = list_entries(tx, wanted, search=text_of(search) or "", limit=limit)
    if is_json:
        for one in found:
            typer.echo(json.dumps(one, ensure_ascii=False))
    elif found:
        table_of(found)


@app.command()
def deactivate(kind: KindArgument, name_or_id: EntryArgument, config: ConfigOption = None) -> None:
    """Deactivate an entry: it counts as no match any more, and what refers to it stays as it is."""
    _set_active(kind, name_or_id, config, is_active=False)


@app.command()
def activate(kind: KindArgument, name_or_id: EntryArgument, config: ConfigOption = None) -> None:
    """Activate an entry again."""
    _set_active(kind, name_or_id, config, is_active=True)


def _set_active(kind: str, name_or_id: str, config: Path | None, *, is_active: bool) -> None:
    wanted = _kind(kind)
    if not has_active_flag(wanted):
        raise typer.BadParameter(f"{wanted} have no active flag: set their status instead")
    settings, path = load(config)
    with opened_database(settings, path) as database, transaction(database) as tx:
        entry = find_entry(tx, wanted, text_of(name_or_id) or "")
        if wanted == "organizations" and not is_active:
            _refuse_fallback(entry.name, settings)
        is_changed = set_active(tx, wanted, entry, is_active=is_active)
    state = "active" if is_active else "inactive"
    typer.echo(printable(f"{entry} is {state}" if is_changed else f"{entry} was {state} already"))


@app.command()
def delete(kind: KindArgument, name_or_id: EntryArgument, config: ConfigOption = None) -> None:
    """Delete an entry that nothing refers to; else say what does, and how often."""
    wanted = _kind(kind)
    settings, path = load(config)
    with opened_database(settings, path) as database, transaction(database) as tx:
        entry = find_entry(tx, wanted, text_of(name_or_id) or "")
        if wanted == "organizations":
            _refuse_fallback(entry.name, settings)
        delete_entry(tx, wanted, entry)
    typer.echo(printable(f"{entry} is deleted"))


def _refuse_fallback(name: str, settings: Settings) -> None:
    """Without it the configuration would be wrong, and the next start refused."""
    boxes = [mailbox.name for mailbox in settings.mailboxes if mailbox.fallback_organization == name]
    if boxes:
        raise StillReferredTo(
            f"{name} is the fallback_organization of {', '.join(boxes)}: change the configuration first"
        )
