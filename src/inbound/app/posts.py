"""The processes of a daemon: which there are, and what each is given when it begins."""

from mmap import mmap
from socket import socket

from inbound import logs, metrics
from inbound.app.sending import SenderPost, send_notices
from inbound.app.worker import Post, work
from inbound.config import Listener, MetricsSettings, Settings
from inbound.errors import InboundError
from inbound.metrics.cells import Memory
from inbound.security.limits import shared_counters
from inbound.smtp.listening import Doors, open_door
from inbound.values import immutable

#: connections to the metrics that the kernel keeps while their process is busy
_BACKLOG = 32


@immutable
class Posts:
    """What all processes share. Their numbers: the workers from 0, then the sender, the reporter, the supervisor."""

    database_url: str
    secret: bytes
    #: one set of bound sockets per worker
    doors: list[Doors]
    #: where metrics are shown; None = nowhere
    metrics_door: socket | None
    #: open connections of every worker
    counters: mmap
    #: in which every process counts, in the row of its number
    memory: Memory

    @property
    def sender(self) -> int:
        """The number of the process that sends notices."""
        return len(self.doors)

    @property
    def reporter(self) -> int:
        """The number of the process that shows metrics."""
        return len(self.doors) + 1

    @property
    def supervisor(self) -> int:
        """The number of the supervisor."""
        return len(self.doors) + 2

    def kind(self, number: int) -> str:
        """What a process is, for metrics."""
        return {self.sender: "sender", self.reporter: "reporter", self.supervisor: "supervisor"}.get(number, "worker")

    def take(self, number: int, settings: Settings, channel: socket) -> None:
        """Do the work of a process until it ends; in that process.

        Args:
            number: which.
            settings: in force.
            channel: the line to the supervisor.

        Raises:
            InboundError: it cannot begin, or cannot go on.
        """
        metrics.begin(self.memory, number)
        if number >= self.sender:
            for door in (door for own in self.doors for door in own):
                door.close()
        if self.metrics_door and number != self.reporter:
            self.metrics_door.close()
        if number == self.sender:
            send_notices(SenderPost(settings, self.database_url, self.secret, channel))
        elif number == self.reporter and self.metrics_door:
            self._report(settings, channel, self.metrics_door)
        else:
            work(self._for_worker(number, settings, channel))

    def _report(self, settings: Settings, channel: socket, door: socket) -> None:
        # The library behind it is of no use to the other processes.
        from inbound.app.reporting import ReporterPost, report

        kinds = [self.kind(number) for number in self.memory.rows]
        post = ReporterPost(
            settings=settings,
            database_url=self.database_url,
            channel=channel,
            door=door,
            memory=self.memory,
            names=tuple(f"{kind} {number}" if kind == "worker" else kind for number, kind in enumerate(kinds)),
        )
        report(post)

    def _for_worker(self, number: int, settings: Settings, channel: socket) -> Post:
        return Post(
            number=number,
            workers=len(self.doors),
            settings=settings,
            database_url=self.database_url,
            secret=self.secret,
            doors=self.doors[number],
            channel=channel,
            counters=self.counters,
        )


def bind_metrics(settings: MetricsSettings) -> socket | None:
    """Bind the port of the metrics; None when they are shown nowhere.

    Raises:
        InboundError: it cannot be bound.
    """
    if not settings.address:
        return None
    listener = Listener(address=settings.address, port=settings.port)
    try:
        door = open_door(listener, listener.port, is_shared=False)
    except OSError as error:
        raise InboundError(
            f"cannot show metrics on {settings.address}:{settings.port}: {error.strerror}; "
            'choose another metrics.port, or do without: metrics.address = ""'
        ) from error
    door.listen(_BACKLOG)
    address, port = door.getsockname()[:2]
    logs.showing_metrics(address=address, port=port)
    return door


def posts(database_url: str, secret: bytes, doors: list[Doors], metrics_door: socket | None) -> Posts:
    """Make what the processes of a daemon share, before they are forked.

    Args:
        database_url: of the database.
        secret: of the desk.
        doors: one set of bound sockets per worker.
        metrics_door: where metrics are shown; None = nowhere.
    """
    return Posts(
        database_url=database_url,
        secret=secret,
        doors=doors,
        metrics_door=metrics_door,
        counters=shared_counters(len(doors)),
        memory=Memory(len(doors) + 3),
    )
