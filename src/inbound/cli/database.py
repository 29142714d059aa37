"""`inbound database …`."""

import typer

from inbound.app.database import running_url
from inbound.cli.options import ConfigOption, load

app = typer.Typer(help="The database behind the daemon.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Make this a group although it has one command."""


@app.command()
def url(config: ConfigOption = None) -> None:
    """Print a libpq URL: psql "$(inbound database url)". The embedded PostgreSQL must be running."""
    settings, path = load(config)
    typer.echo(running_url(settings, path))
