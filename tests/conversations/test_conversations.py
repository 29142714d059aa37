"""Plays the conversations of this directory, all of them against one daemon; the README here describes them."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from conversations import script, world
from conversations.player import Player
from running_daemon import Daemon
from sink import Sink

CONVERSATIONS = script.read(Path(__file__).parent)


@pytest.fixture
def player(database_url: str) -> Iterator[Player]:
    """Everybody is there, and the daemon and its smart host run."""
    sink = Sink().start()
    daemon = Daemon(database_url)
    daemon.config.write_text(world.CONFIG.format(url=database_url, port=sink.port))
    try:
        daemon.start()
        people = daemon.directory / "people.toml"
        people.write_text(world.people(CONVERSATIONS))
        imported = daemon.command("directory", "import", str(people))
        assert imported.returncode == 0, imported.stderr.decode()
        with psycopg.connect(database_url, autocommit=True) as connection:
            world.add_tickets(connection, CONVERSATIONS)
        yield Player(database_url=database_url, port=daemon.port, sink=sink)
    finally:
        daemon.close()
        sink.stop()


def test_conversations(player: Player) -> None:
    """Each conversation goes as it is written down."""
    complaints = player.play(CONVERSATIONS)
    assert not complaints, "\n\n".join(["", *complaints])
