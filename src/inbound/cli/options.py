"""Options that several commands share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from inbound import logs
from inbound.config import Settings, find_config, load_settings
from inbound.message.charset import clean

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Configuration file. Default: $INBOUND_CONFIG, /etc/inbound/inbound.toml, or the checkout's example.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def load(config: Path | None) -> tuple[Settings, Path]:
    """The settings and the file they came from.

    Raises:
        ConfigurationError: with every mistake.
    """
    path = find_config(config)
    settings = load_settings(path)
    # A command answers on standard output; only what goes wrong is worth a log line.
    logs.configure("warning", settings.logs.format)
    return settings, path


def time_of(text: str) -> datetime:
    """An ISO 8601 time; without an offset it is UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a time such as 2026-01-31 or 2026-01-31T14:30:00+01:00") from error
    if not 1970 < at.year < 9000:
        raise typer.BadParameter(f"{text!r} is not in the years 1971 to 8999")
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def text_of(text: str | None) -> str | None:
    """An option as PostgreSQL takes it: a shell may hand over octets that are no text."""
    return None if text is None else clean(text)
