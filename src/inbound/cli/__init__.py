"""The commands; thin: one file per group, what they do is in ``app``."""

import sys
from typing import Annotated

import typer

from inbound import __version__
from inbound.cli import database, directory, mail, messages, notices, peers, service
from inbound.errors import ConfigurationError, InboundError

app = typer.Typer(
    help="SMTP daemon that turns redirected support mail into service-desk tickets in PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(*, is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"inbound {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    is_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


service.add_to(app)
mail.add_to(app)
app.add_typer(messages.app, name="messages")
app.add_typer(notices.app, name="notices")
app.add_typer(directory.app, name="directory")
app.add_typer(peers.app, name="peers")
app.add_typer(database.app, name="database")


def main() -> None:
    """Run a command; an error of ours is its text and exit code 1, of the configuration 2."""
    try:
        app()
    except ConfigurationError as error:
        for problem in error.problems:
            typer.echo(str(problem), err=True)
        count = len(error.problems)
        typer.echo(f"{count} mistake{'s' if count > 1 else ''} in the configuration", err=True)
        sys.exit(2)
    except InboundError as error:
        typer.echo(f"inbound: {error}", err=True)
        sys.exit(1)
