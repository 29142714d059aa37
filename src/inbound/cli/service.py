"""`inbound serve`, `check` and `migrate`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from inbound.app.daemon import Running
from inbound.app.daemon import serve as run_daemon
from inbound.cli.options import ConfigOption, JsonOption, load


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command()(serve)
    app.command()(check)
    app.command()(migrate)


def serve(
    config: ConfigOption = None,
    *,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that take mail; 0 = as server.workers says.")
    ] = 0,
) -> None:
    """Run the daemon until SIGTERM or Ctrl-C. SIGHUP reads the configuration again."""
    from inbound import logs

    settings, path = load(config)
    logs.configure(settings.logs.level, settings.logs.format)
    run_daemon(settings, path, _greet, workers)


def check(config: ConfigOption = None, *, is_json: JsonOption = False) -> None:
    """Check the configuration, and the database behind it; print every mistake with file and line."""
    from inbound.app.checks import check_stored_and_people
    from inbound.app.database import opened_database
    from inbound.app.notices import about_notices, check_templates
    from inbound.errors import ConfigurationError
    from inbound.smtp.tls import expiries

    try:
        settings, path = load(config)
        check_templates(settings, path)
        with opened_database(settings, path) as database:
            check_stored_and_people(settings, database, path)
    except ConfigurationError as error:
        if not is_json:
            raise
        problems = [
            {"file": one.file, "line": one.line, "setting": one.setting, "message": one.message}
            for one in error.problems
        ]
        typer.echo(json.dumps({"ok": False, "problems": problems}, ensure_ascii=False))
        raise typer.Exit(2) from error
    certificates = expiries(settings)
    active = [mailbox.address for mailbox in settings.mailboxes if mailbox.active]
    about = about_notices(settings)
    if is_json:
        found = {"mailboxes": active, "certificates": certificates, "notices": about}
        typer.echo(json.dumps({"ok": True, "file": str(path), **found}))
    else:
        typer.echo(f"{path}: no mistakes; {len(active)} active mailboxes: {', '.join(active)}")
        for where, until in certificates.items():
            typer.echo(f"{where}: certificate is valid until {until}")
        typer.echo(about)


def migrate(
    config: ConfigOption = None,
    *,
    revision: Annotated[str, typer.Option(help="Target revision; an older one goes back.")] = "head",
) -> None:
    """Bring the database to the schema that this version of inbound needs."""
    from inbound.app.database import database_url
    from inbound.database.engine import open_engine
    from inbound.database.migrate import migrate as run

    settings, path = load(config)
    with database_url(settings, path) as url:
        engine = open_engine(url)
        before, after = run(engine, revision=revision)
        engine.dispose()
    typer.echo(f"schema {after}: nothing to do" if before == after else f"schema {before or 'empty'} -> {after}")


def _greet(running: Running) -> None:
    """Three lines for somebody who started the daemon by hand; without curl or psql, which may not be there."""
    mailbox = next(mailbox for mailbox in running.settings.mailboxes if mailbox.active)
    address, port = running.addresses[0]
    command = Path(sys.argv[0]).absolute()
    shown = command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command
    headers = "'From: you@customer.example\\r\\nSubject: Printer on fire\\r\\nDate: ' + formatdate()"
    send = (
        f'{shown.with_name("python")} -c "import smtplib; from email.utils import formatdate; '
        f"smtplib.SMTP('{address}', {port}).sendmail('you@customer.example', '{mailbox.address}', "
        f"{headers} + '\\r\\n\\r\\nPlease help.')\""
    )
    typer.echo(f"send a test mail:   {send}")
    typer.echo(f"see the ticket:     {shown} messages list --config {running.config}")
    typer.echo(f"the configuration:  {running.config}")
