"""The desk that comes with the program, so that a first start can be tried: `examples/directory.toml`."""

from pathlib import Path

import inbound
from inbound import logs
from inbound.app.directory.load import import_files
from inbound.config import Settings
from inbound.database.directory_entries import is_untouched
from inbound.database.engine import Database, transaction
from inbound.errors import ImportRefused


def example_file() -> Path:
    """The example: beside the checkout's ``src``, or inside an installed package."""
    package = Path(inbound.__file__).resolve().parent
    inside = package / "examples" / "directory.toml"
    return inside if inside.is_file() else package.parents[1] / "examples" / "directory.toml"


def is_example_desk(settings: Settings, config: Path) -> bool:
    """Does nobody use this desk in earnest: the checkout's example configuration, on the embedded PostgreSQL?"""
    example = example_file().parents[1] / "config.example.toml"
    return not settings.database.url and config.resolve() == example


def load_example(database: Database, settings: Settings) -> bool:
    """Import the example into a database that nobody has used yet.

    Returns:
        whether it was imported. A configuration that lacks what it names is no reason not to start.
    """
    with transaction(database) as tx:
        if not is_untouched(tx):
            return False
    try:
        tallies = import_files(database, settings, [example_file()])
    except ImportRefused as error:
        logs.example_refused(problems=str(error).splitlines())
        return False
    logs.example_loaded(file=str(example_file()), entries=sum(tally.new for tally in tallies.values()))
    return True
