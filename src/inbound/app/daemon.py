"""`inbound serve`: everything that workers stand on, started in order and stopped in the reverse order."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from inbound import __version__, logs
from inbound.app.checks import check_stored
from inbound.app.database import embedded_for, make_ready, start_alone
from inbound.app.directory.example import is_example_desk, load_example
from inbound.app.posts import bind_metrics, posts
from inbound.app.secret import secret_of
from inbound.app.supervisor import Supervisor
from inbound.config import Settings
from inbound.database.engine import open_engine
from inbound.smtp.listening import bind
from inbound.values import immutable

#: workers that "one per processor" makes at most: PostgreSQL and the machine have more to do
MOST_WORKERS = 4


@immutable
class Running:
    """What a caller may tell its user once everything is up."""

    settings: Settings
    config: Path
    database_url: str
    addresses: tuple[tuple[str, int], ...]


def serve(settings: Settings, config: Path, on_running: Callable[[Running], None], workers: int = 0) -> None:
    """Run the daemon until SIGTERM or SIGINT. Must be called in the main thread, before any other is started.

    Args:
        settings: of the file, checked.
        config: the file; read again on SIGHUP.
        on_running: called once everything is up.
        workers: processes that take mail; 0 = as the settings say.

    Raises:
        InboundError: something cannot be started; everything that was is stopped.
    """
    embedded = embedded_for(settings, config)
    with contextlib.ExitStack() as stack:
        if embedded:
            stack.callback(embedded.stop)
        url = start_alone(embedded) if embedded else settings.database.url
        database = open_engine(url)
        try:
            make_ready(database, settings)
            check_stored(settings, database, str(config))
            if is_example_desk(settings, config):
                load_example(database, settings)
        finally:
            # A connection must not be in two processes.
            database.dispose()
        doors = bind(settings.listeners, workers or _worker_count(settings))
        for door in (door for own in doors for door in own):
            stack.callback(door.close)
        metrics_door = bind_metrics(settings.metrics)
        if metrics_door:
            stack.callback(metrics_door.close)
        running = Running(
            settings=settings,
            config=config,
            database_url=url,
            addresses=tuple(door.getsockname()[:2] for door in doors[0]),
        )

        def announce() -> None:
            # Never the URL: it may hold a password.
            name = "embedded" if embedded else f"{database.url.host}/{database.url.database}"
            logs.started(version=__version__, config=str(config), database=name, workers=len(doors))
            on_running(running)

        shared = posts(url, secret_of(settings, config), doors, metrics_door)
        Supervisor(settings, config, embedded, shared).run(announce)
    logs.stopped()


def _worker_count(settings: Settings) -> int:
    return settings.server.workers or min(len(os.sched_getaffinity(0)), MOST_WORKERS)
