"""Messages per second, from an SMTP client over loopback to COMMIT, beside what pgbench does with the same statements.

    throughput.py [--quick] [--rounds N] [--json]

Daemon and pgbench take turns on one PostgreSQL, the daemon's own; what counts are the medians. Fails when the objects
made differ from the mails sent.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from daemon import Daemon, defects
from limits import find_program, smtp_sink_limit, smtp_source_run
from mails import CONTACTS, FIRST_SERIAL, ORGANIZATIONS, fill_directory
from replay import Recording, ReplayError, pgbench_program, record, run_pgbench

#: connections, and how many messages each run sends
SIZES = ((1, 500), (10, 2_000), (50, 8_000))
QUICK_SIZES = ((1, 150), (10, 600), (50, 2_000))
PGBENCH_CLIENTS = 50
LOAD = Path(__file__).with_name("load.py")


class CountError(Exception):
    """The objects made differ from the mails sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What is stored."""

    messages: int
    message_ids: int
    tickets: int
    numbers: int
    notes: int
    #: transactions that wrote the messages
    transactions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One measurement."""

    what: str
    per_second: float
    #: messages in a transaction
    batch: float
    #: of the daemon, and of the load generator
    daemon_cpu_us: float = 0.0
    client_cpu_us: float = 0.0
    median_ms: float = 0.0
    p99_ms: float = 0.0


class Bench:
    """One daemon under measurement."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.url = daemon.database_url()
        self._serial = FIRST_SERIAL
        self.connection = psycopg.connect(self.url, autocommit=True)

    def next_serials(self, count: int) -> int:
        """The first of so many serials that nobody used yet."""
        first, self._serial = self._serial, self._serial + count
        return first

    def run_load(self, connections: int, messages: int) -> Run:
        """Send messages and compare what was made.

        Raises:
            CountError: it is not one ticket per mail, or not every mail was answered 250.
        """
        self.settle()
        before, cpu_before = self._counts(0), daemon_cpu_seconds(self.daemon.pid)
        last_row = self._last_row()
        numbers = (self.daemon.port, connections, messages, self.next_serials(messages))
        command = [sys.executable, str(LOAD), *map(str, numbers)]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise CountError("the load generator failed: a mail was refused, or a connection was lost")
        result = json.loads(done.stdout)
        cpu = daemon_cpu_seconds(self.daemon.pid) - cpu_before
        new = self._counts(last_row)
        _compare(messages, result["acknowledged"], before, self._counts(0), new)
        return Run(
            what=f"{connections} connection{'s' if connections > 1 else ''}",
            per_second=messages / result["seconds"],
            batch=messages / new.transactions,
            daemon_cpu_us=cpu / messages * 1e6,
            client_cpu_us=result["cpu_seconds"] / messages * 1e6,
            median_ms=result["median_seconds"] * 1e3,
            p99_ms=result["p99_seconds"] * 1e3,
        )

    def settle(self) -> None:
        """Begin every run with the same debts: none."""
        self.connection.execute("CHECKPOINT")

    def free_connections(self) -> int:
        """Connections that the server has left."""
        row = self.connection.execute(
            "SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend'"
        ).fetchone()
        return int(row[0]) if row else 0

    def server(self) -> dict[str, str]:
        """What every commit means here."""
        names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        return {name: str(self.connection.execute(f"SHOW {name}").fetchone()[0]) for name in names}  # type: ignore[index]  # SHOW has a row

    def _last_row(self) -> int:
        row = self.connection.execute("SELECT coalesce(max(id), 0) FROM messages").fetchone()
        return int(row[0]) if row else 0

    def _counts(self, last_row: int) -> Counts:
        row = self.connection.execute(
            "SELECT (SELECT count(*) FROM messages WHERE id > %(last)s), "
            "(SELECT count(DISTINCT message_id) FROM messages WHERE id > %(last)s), "
            "(SELECT count(*) FROM tickets), (SELECT count(DISTINCT number) FROM tickets), "
            "(SELECT count(*) FROM notes), "
            "(SELECT count(DISTINCT xmin::text) FROM messages WHERE id > %(last)s)",
            {"last": last_row},
        ).fetchone()
        assert row is not None  # noqa: S101 - a SELECT without FROM has a row
        names = ("messages", "message_ids", "tickets", "numbers", "notes", "transactions")
        return Counts(**dict(zip(names, row, strict=True)))


def _compare(sent: int, acknowledged: int, before: Counts, after: Counts, new: Counts) -> None:
    made = {
        "acknowledged": acknowledged,
        "messages": new.messages,
        "distinct Message-IDs": new.message_ids,
        "tickets": after.tickets - before.tickets,
        "distinct numbers": after.numbers - before.numbers,
    }
    wrong = {name: count for name, count in made.items() if count != sent}
    if wrong or after.notes != before.notes:
        notes = after.notes - before.notes
        raise CountError(f"{sent} mails were sent, but there are: {made}, notes: {notes}")


def daemon_cpu_seconds(pid: int) -> float:
    """User and system time that the daemon's supervisor and its workers have used, without its PostgreSQL."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    # A forked worker has the command line of the supervisor.
    workers = [int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes() == command]
    return sum(map(cpu_seconds, (pid, *workers)))


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(bench: Bench, options: argparse.Namespace) -> Iterator[Run]:
    """All runs, daemon and pgbench in turns."""
    sizes = QUICK_SIZES if options.quick else SIZES
    program = pgbench_program()
    recording = record(bench.daemon.config, bench.url, bench.next_serials(1)) if program else None
    # Connections, plans and caches are warm before anything counts.
    bench.run_load(10, 200)
    for _ in range(options.rounds):
        for connections, messages in sizes:
            yield bench.run_load(connections, messages)
        if program and recording:
            yield _pgbench_run(bench, program, recording, 3 if options.quick else 8)


def _pgbench_run(bench: Bench, program: Path, recording: Recording, seconds: int) -> Run:
    bench.settle()
    clients = min(PGBENCH_CLIENTS, bench.free_connections())
    per_second = run_pgbench(program, bench.url, recording, clients=clients, seconds=seconds)
    return Run(what=f"pgbench, {clients} clients", per_second=per_second, batch=1.0)


def medians(runs: list[Run]) -> dict[str, Run]:
    """One run per kind of run, each figure the median of its rounds."""
    kinds: dict[str, list[Run]] = {}
    for run in runs:
        kinds.setdefault(run.what, []).append(run)
    names = ("per_second", "batch", "daemon_cpu_us", "client_cpu_us", "median_ms", "p99_ms")
    return {
        what: Run(what=what, **{name: statistics.median(getattr(run, name) for run in same) for name in names})
        for what, same in kinds.items()
    }


def ratios(runs: list[Run]) -> list[float]:
    """The daemon at 50 connections against pgbench, round by round: what else a machine does hits both of a pair."""
    daemon = [run.per_second for run in runs if run.what == f"{PGBENCH_CLIENTS} connections"]
    pgbench = [run.per_second for run in runs if run.what.startswith("pgbench")]
    return [ours / theirs for ours, theirs in zip(daemon, pgbench, strict=False)]


def limits(bench: Bench, *, is_quick: bool) -> dict[str, float]:
    """Messages per second of Postfix's programs: what the client alone can do, and what another client gets."""
    source, sink = find_program("smtp-source"), find_program("smtp-sink")
    if not source or not sink:
        return {}
    connections, messages = (QUICK_SIZES if is_quick else SIZES)[-1]
    try:
        load = json.loads(smtp_sink_limit(sink, LOAD, connections, messages, bench.next_serials(messages)))
        per_second = smtp_source_run(source, bench.daemon.port, connections, messages)
    except subprocess.SubprocessError as error:
        print(f"the limits could not be measured: {error}", file=sys.stderr)
        return {}
    return {"our load generator into smtp-sink": messages / load["seconds"], "smtp-source into the daemon": per_second}


def print_table(runs: list[Run], limit: dict[str, float], server: dict[str, str]) -> None:
    """For people."""
    figures, by_round = medians(runs), ratios(runs)
    commits = ", ".join(f"{name} {value}" for name, value in server.items() if name != "server_version")
    print(f"PostgreSQL {server['server_version']}: {commits}; {os.cpu_count()} processors for everything")
    print(f"directory: {ORGANIZATIONS} organizations with a domain, {CONTACTS} contacts\n")
    print(f"{'':24}{'msg/s':>8}{'batch':>8}{'daemon CPU':>14}{'client CPU':>14}{'median':>11}{'99 %':>11}")
    for run in figures.values():
        line = f"{run.what:24}{run.per_second:8.0f}{run.batch:8.1f}"
        if run.daemon_cpu_us:
            line += f"{run.daemon_cpu_us:8.0f} us/msg{run.client_cpu_us:7.0f} us/msg"
            line += f"{run.median_ms:8.1f} ms{run.p99_ms:8.1f} ms"
        print(line)
    print()
    if by_round:
        rounds = ", ".join(f"{ratio:.2f}" for ratio in by_round)
        print(f"ratio to pgbench: {statistics.median(by_round):.2f} (median of {rounds})")
        print(f"  {PGBENCH_CLIENTS} connections against one message per transaction, same statements, same server")
    else:
        print("ratio to pgbench: not measured, there is no pgbench on this machine")
    for what, per_second in limit.items():
        print(f"limit, {what}: {per_second:.0f} msg/s")
    if not limit:
        print("limits: not measured; they need smtp-source and smtp-sink, which Postfix's package has")


def _report(options: argparse.Namespace, bench: Bench) -> None:
    runs: list[Run] = []
    for run in measure(bench, options):
        runs.append(run)
        print(f"  {run.what:24}{run.per_second:8.0f} msg/s", file=sys.stderr)
    limit, server = limits(bench, is_quick=options.quick), bench.server()
    if any(run.what.startswith("pgbench") and run.what != f"pgbench, {PGBENCH_CLIENTS} clients" for run in runs):
        print(f"pgbench ran with fewer than {PGBENCH_CLIENTS} clients: the server allows no more", file=sys.stderr)
    if options.json:
        by_round = ratios(runs)
        ratio = statistics.median(by_round) if by_round else None
        rows = [asdict(run) for run in medians(runs).values()]
        print(json.dumps({"medians": rows, "ratio": ratio, "limits": limit, "server": server}, indent=2))
    else:
        print_table(runs, limit, server)


def main() -> int:
    """Measure and report; 1 when something was lost, made twice, or went wrong on the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the messages")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is repeated (default: 3)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with Daemon() as daemon:
        daemon.start()
        bench = Bench(daemon)
        fill_directory(bench.connection)
        try:
            _report(options, bench)
        except (CountError, ReplayError) as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
        finally:
            bench.connection.close()
        if found := defects(daemon.events()):
            print(f"FAILED: the log of the daemon tells of defects, like {found[0]}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
