"""What takes its turn in a round: the daemon in several situations, and what each of them is compared with."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from daemon import Daemon
from limits import find_program, smtp_sink, stock_aiosmtpd
from mails import CONTACTS, fill_directory
from measuring import Bench, Run, Serials, Work, run_client, run_of
from replay import Recording, pgbench_program, record, run_pgbench
from stored import fill, print_progress

CONNECTIONS = 50
PGBENCH_CLIENTS = 50
#: a mail with such a file has 1.4 MB
BIG_FILE_BYTES = 1_020_000
#: of the database that the filled one is compared with
FEW_CONTACTS = 1_000

#: names of runs
FULL = f"{CONNECTIONS} connections"
EMPTY = f"{CONNECTIONS} connections, empty database"
SINGLE = f"{CONNECTIONS} connections, one message per transaction"
RENEWED = f"a new connection per message, {CONNECTIONS} at once"
BIG = f"1.4 MB mails, {CONNECTIONS} connections"
PGBENCH = f"pgbench, {PGBENCH_CLIENTS} clients, one message per transaction"
SINK = f"smtp-sink, {CONNECTIONS} connections"
SINK_BIG = f"smtp-sink, 1.4 MB mails, {CONNECTIONS} connections"
STOCK = f"stock aiosmtpd, a new connection per message, {CONNECTIONS} at once"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sizes:
    """How much a run does."""

    few: Work
    some: Work
    many: Work
    single: Work
    renewed: Work
    big: Work
    sink: Work
    pgbench_seconds: int


def sizes(part: float) -> Sizes:
    """The sizes of runs, or a part of them."""

    def count(messages: int) -> int:
        return max(int(messages * part), CONNECTIONS)

    return Sizes(
        few=Work(connections=1, messages=count(500)),
        some=Work(connections=10, messages=count(2_000)),
        many=Work(connections=CONNECTIONS, messages=count(8_000)),
        single=Work(connections=CONNECTIONS, messages=count(3_000)),
        renewed=Work(connections=CONNECTIONS, messages=count(4_000), is_renewing=True),
        big=Work(connections=CONNECTIONS, messages=count(200), file_bytes=BIG_FILE_BYTES),
        sink=Work(connections=CONNECTIONS, messages=count(20_000)),
        pgbench_seconds=max(int(8 * part), 3),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """One measurement of every round."""

    what: str
    measure: Callable[[], Run]


class Course:
    """Everything that is measured side by side; a context manager that ends what it started."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Prepare; nothing runs yet.

        Args:
            options: `part`, `stored`, `contacts`, `only`, `skip` of the command line.
        """
        self._options = options
        self._sizes = sizes(options.part)
        self._stack = ExitStack()
        self._serials = Serials()
        self.daemons: list[Daemon] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self) -> tuple[Bench, list[Turn]]:
        """Start everything, fill the database, and warm up.

        Returns:
            the daemon that all is about, and what takes turns.
        """
        options, size = self._options, self._sizes
        bench = self._bench("", options.contacts)
        if options.stored:
            fill(bench, options.stored, print_progress(options.stored))
        turns = [
            Turn("1 connection", partial(bench.run_load, "1 connection", size.few)),
            Turn("10 connections", partial(bench.run_load, "10 connections", size.some)),
            Turn(FULL, partial(bench.run_load, FULL, size.many)),
            *(self._flat(size.many) if options.stored else []),
            *self._pgbench(bench),
            *self._single(bench),
            *self._sinks(),
            Turn(RENEWED, partial(bench.run_load, RENEWED, size.renewed)),
            Turn(STOCK, partial(self._stock, size.renewed)),
            Turn(BIG, partial(bench.run_load, BIG, size.big)),
        ]
        # Connections, plans and caches are warm before anything counts.
        bench.run_load("warm-up", Work(connections=10, messages=200))
        return bench, [turn for turn in turns if self._is_wanted(turn.what)]

    def _is_wanted(self, what: str) -> bool:
        only, skip = self._options.only, self._options.skip
        return (not only or any(words in what for words in only)) and not any(words in what for words in skip)

    def _bench(self, settings: str, contacts: int, *, is_filled: bool = False) -> Bench:
        """Start a daemon."""
        daemon = self._stack.enter_context(Daemon(settings=settings))
        daemon.start()
        self.daemons.append(daemon)
        bench = Bench(daemon, self._serials, contacts)
        self._stack.callback(bench.connection.close)
        if not is_filled:
            fill_directory(bench.connection, contacts)
        return bench

    def _flat(self, work: Work) -> Iterator[Turn]:
        """The same beside it, with nothing stored and few contacts."""
        empty = self._bench("", FEW_CONTACTS)
        empty.run_load("warm-up", Work(connections=10, messages=200))
        yield Turn(EMPTY, partial(empty.run_load, EMPTY, work))

    def _single(self, bench: Bench) -> Iterator[Turn]:
        """A second daemon on the same database, without batches."""
        settings = f'[database]\nurl = "{bench.url}"\n[intake]\nbatch_messages = 1\n'
        single = self._bench(settings, bench.contacts, is_filled=True)
        yield Turn(SINGLE, partial(single.run_load, SINGLE, self._sizes.single))

    def _pgbench(self, bench: Bench) -> Iterator[Turn]:
        program = pgbench_program()
        if program is None:
            print("no pgbench on this machine", file=sys.stderr)
            return
        recording = record(bench.daemon.config, bench.url, bench.serials.take(1), bench.contacts)
        yield Turn(PGBENCH, partial(self._replay, bench, program, recording))

    def _replay(self, bench: Bench, program: Path, recording: Recording) -> Run:
        bench.settle()
        clients = min(PGBENCH_CLIENTS, bench.free_connections())
        if clients < PGBENCH_CLIENTS:
            print(f"pgbench has {clients} clients: the server allows no more", file=sys.stderr)
        seconds = self._sizes.pgbench_seconds
        per_second = run_pgbench(program, bench.url, recording, clients=clients, seconds=seconds)
        return Run(what=PGBENCH, per_second=per_second, batch=1.0)

    def _sinks(self) -> Iterator[Turn]:
        sink = find_program("smtp-sink")
        if sink is None:
            print("no smtp-sink on this machine: Postfix's package has it", file=sys.stderr)
            return
        yield Turn(SINK, partial(self._sink, sink, SINK, self._sizes.sink))
        yield Turn(SINK_BIG, partial(self._sink, sink, SINK_BIG, self._sizes.big))

    def _sink(self, sink: str, what: str, work: Work) -> Run:
        with smtp_sink(sink) as port:
            return run_of(what, work, run_client(port, work, self._serials.take(work.messages), CONTACTS))

    def _stock(self, work: Work) -> Run:
        with stock_aiosmtpd() as port:
            return run_of(STOCK, work, run_client(port, work, self._serials.take(work.messages), CONTACTS))
