"""Where the committer's time goes: reading, rules, data layer, log.

    stages.py [--messages N] [--batch N] [--json]

The committer of the daemon runs here, in this process, on batches of the size that the daemon has at 50 connections.
A timer of CPU time looks a thousand times a second where it is; what is under way belongs to the package of the nearest
function that is ours: `inbound.database` with all that SQLAlchemy, psycopg and the kernel do for it is the data layer.
"""

import argparse
import contextlib
import gc
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from daemon import Daemon
from inbound import logs
from inbound.app.one_mail import Envelope, delivery_of
from inbound.config import load_settings
from inbound.database.engine import open_engine
from inbound.database.numbers import DayBases
from inbound.intake.committer import Committer
from inbound.model.mail import Delivery
from inbound.model.outcome import Committed
from inbound.pipeline.context import build_context
from mails import fill_directory, make_mail
from measuring import Bench, CountError, Serials

TICK_SECONDS = 0.001
MESSAGES = 6_000
#: what the daemon has at 50 connections
BATCH = 14
_ANSWER_SECONDS = 60.0
#: the package that a function belongs to, and what it does
_STAGES = {
    "message": "reading",
    "rules": "rules",
    "pipeline": "rules",
    "model": "rules",
    "intake": "rules",
    "database": "data_layer",
    "logs": "log",
}
_INBOUND = f"{os.sep}inbound{os.sep}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stages:
    """Shares of the committer's CPU time."""

    reading: float
    rules: float
    data_layer: float
    log: float
    #: of the committer here, microseconds
    message_us: float


def shares(bench: Bench, messages: int, batch: int) -> Stages:
    """Commit so many messages in this process, and see where the time goes.

    Args:
        bench: of a running daemon, whose database is used.
        messages: at least some thousands, for shares within a percent or two.
        batch: in one transaction.

    Raises:
        CountError: a message was not committed.
    """
    settings = load_settings(bench.daemon.config)
    engine = open_engine(bench.url)
    committer = Committer(engine, build_context(settings, DayBases(engine), b"of no use here"))
    first = bench.serials.take(messages)
    deliveries = []
    for serial in range(first, first + messages):
        mail = make_mail(serial, contacts=bench.contacts)
        envelope = Envelope(
            rcpt_to=mail.recipients,
            mail_from=mail.sender,
            peer_address="127.0.0.1",
            received_at=datetime.now(UTC),
        )
        deliveries.append(delivery_of(mail.content, envelope, settings))
    with _quiet_log():
        # Statements are prepared before anything counts.
        warm, rest = deliveries[: 5 * batch], deliveries[5 * batch :]
        _commit(committer, warm, batch)
        # As a worker does.
        gc.collect()
        gc.freeze()
        counted: Counter[str] = Counter()
        begun = time.process_time()
        with _sampling(counted):
            _commit(committer, rest, batch)
        seconds = time.process_time() - begun
    engine.dispose()
    total = sum(counted.values()) or 1
    names = ("reading", "rules", "data_layer", "log")
    return Stages(**{name: counted[name] / total for name in names}, message_us=seconds / len(rest) * 1e6)


def _commit(committer: Committer, deliveries: list[Delivery], batch: int) -> None:
    for first in range(0, len(deliveries), batch):
        answers = committer.commit(deliveries[first : first + batch], time.monotonic() + _ANSWER_SECONDS)
        if not all(isinstance(answer, Committed) for answer in answers):
            raise CountError(f"a message was answered {answers}")


@contextmanager
def _sampling(counted: Counter[str]) -> Iterator[None]:
    def look(_signal: int, frame: FrameType | None) -> None:
        counted[_stage_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK_SECONDS, TICK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stage_of(frame: FrameType | None) -> str:
    while frame is not None:
        _, is_ours, place = frame.f_code.co_filename.rpartition(_INBOUND)
        package = place.partition(os.sep)[0].removesuffix(".py")
        if is_ours and package in _STAGES:
            # COMMIT is sent when a ``with transaction()`` block ends: SQLAlchemy calls itself, under engine.py.
            return _STAGES[package]
        frame = frame.f_back
    return "other"


@contextmanager
def _quiet_log() -> Iterator[None]:
    """Log lines are made like the daemon's, and thrown away."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        with contextlib.redirect_stderr(nowhere):
            logs.configure("info", "json")
        yield
    logs.configure("info", "json")


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=MESSAGES, help="how many (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=BATCH, help="in one transaction (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with Daemon() as daemon:
        daemon.start()
        bench = Bench(daemon, Serials())
        fill_directory(bench.connection)
        try:
            found = shares(bench, options.messages, options.batch)
        finally:
            bench.connection.close()
    if options.json:
        print(json.dumps(asdict(found)))
        return 0
    print(f"{found.message_us:.0f} us of CPU per message in batches of {options.batch}")
    for name in ("reading", "rules", "data_layer", "log"):
        share = getattr(found, name)
        print(f"  {name.replace('_', ' '):12}{share:7.1%}{share * found.message_us:7.0f} us")
    return 0


if __name__ == "__main__":
    sys.exit(main())
