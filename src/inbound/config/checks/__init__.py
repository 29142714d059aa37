"""What no single setting can know: names that must be unique, references, files, the world outside."""

from collections.abc import Iterator
from pathlib import Path

from inbound.config.checks import desk, editions, mailboxes, metrics, notices, peers, reception, server
from inbound.config.mistakes import Mistake
from inbound.config.settings import Settings


def all_mistakes(settings: Settings, directory: Path) -> Iterator[Mistake]:
    """Every mistake in settings whose names, types and ranges are right.

    Args:
        settings: as the file says, or harmless where it is wrong; paths and credentials not yet resolved.
        directory: of the configuration file; relative paths start there.
    """
    yield from server.mistakes(settings, directory)
    yield from reception.mistakes(settings, directory)
    yield from metrics.mistakes(settings)
    yield from peers.mistakes(settings)
    yield from desk.mistakes(settings)
    yield from mailboxes.mistakes(settings)
    yield from notices.mistakes(settings, directory)
    yield from editions.mistakes(settings)
