"""Messages per second, from an SMTP client over loopback to COMMIT, and what each criterion compares them with.

    throughput.py [--quick] [--rounds N] [--stored N] [--contacts N] [--only WORDS]... [--skip WORDS]... [--json]

All take turns: the daemon with 1, 10 and 50 kept connections, with a new connection per message, with 1.4 MB mails, and
without batches; pgbench with the same statements on the same PostgreSQL; smtp-sink and stock aiosmtpd under the same
load generator. With `--stored` the database has a past, and a daemon with an empty one takes turns too. What counts are
the medians of the rounds. Fails when the objects made differ from the mails sent; targets that are missed are printed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from criteria import Criterion, criteria
from daemon import DaemonError, defects
from limits import find_program, smtp_source_run
from mails import CONTACTS
from measuring import Bench, CountError, Run, medians
from replay import ReplayError
from rounds import CONNECTIONS, FULL, Course
from stages import MESSAGES, Stages, shares

QUICK_PART = 0.25
_WIDTH = 64


def main() -> int:
    """Measure and report; 1 when something was lost, made twice, or went wrong on the way."""
    options = parse()
    with Course(options) as course:
        try:
            measure_and_report(course, options)
        except (CountError, ReplayError, DaemonError) as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
        if found := [event for daemon in course.daemons for event in defects(daemon.events())]:
            print(f"FAILED: the log of the daemon tells of defects, like {found[0]}", file=sys.stderr)
            return 1
    return 0


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a quarter of the messages")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is repeated (default: 3)")
    parser.add_argument(
        "--stored", type=int, default=0, metavar="N", help="messages that are there before (default: 0)"
    )
    parser.add_argument(
        "--contacts", type=int, default=CONTACTS, metavar="N", help="in the directory (default: %(default)s)"
    )
    for name, what in (("--only", "measure what has"), ("--skip", "leave out what has")):
        parser.add_argument(name, action="append", default=[], metavar="WORDS", help=f"{what} these words in its name")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    options.part = QUICK_PART if options.quick else 1.0
    return options


def measure_and_report(course: Course, options: argparse.Namespace) -> None:
    """Everything."""
    bench, turns = course.begin()
    runs: list[Run] = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for turn in turns:
            runs.append(turn.measure())
            print(f"  {turn.what:{_WIDTH}}{runs[-1].per_second:8.0f} msg/s", file=sys.stderr)
    figures = medians(runs)
    stages = _stages(bench, figures, options.part)
    found = criteria(runs, stages)
    server = bench.server()
    if options.json:
        rows = [asdict(run) for run in figures.values()]
        met = [{**asdict(one), "is_met": one.is_met} for one in found]
        about = {"stages": asdict(stages) if stages else None, "stored": options.stored, "contacts": options.contacts}
        print(json.dumps({"medians": rows, "criteria": met, "server": server, **about}, indent=2))
        return
    print_server(server, options)
    print_runs(figures.values())
    print_source(bench, options.part)
    print_stages(stages, figures)
    print_criteria(found)


def _stages(bench: Bench, figures: dict[str, Run], part: float) -> Stages | None:
    full = figures.get(FULL)
    return shares(bench, max(int(MESSAGES * part), 2_000), max(round(full.batch), 1)) if full else None


def print_server(server: dict[str, str], options: argparse.Namespace) -> None:
    """What the figures are worth."""
    commits = ", ".join(f"{name} {value}" for name, value in server.items() if name != "server_version")
    print(f"PostgreSQL {server['server_version']}: {commits}; {os.cpu_count()} processors for everything")
    print(f"{options.stored:,} messages stored before, {options.contacts:,} contacts\n")


def print_runs(runs: Iterable[Run]) -> None:
    """The medians, costs in microseconds of CPU per message."""
    heads = ("msg/s", "batch", "reception", "committer", "PostgreSQL", "client", "median", "99 %")
    print(f"{'':{_WIDTH}}" + "".join(f"{head:>11}" for head in heads))
    for run in runs:
        line = f"{run.what:{_WIDTH}}{run.per_second:11.0f}"
        line += f"{run.batch:11.1f}" if run.batch else f"{'':11}"
        costs = (run.loop_us, run.committer_us, run.postgres_us, run.client_us)
        line += "".join(f"{cost:8.0f} us" if cost else f"{'':11}" for cost in costs)
        print(line + (f"{run.median_ms:8.1f} ms{run.p99_ms:8.1f} ms" if run.median_ms else ""))


def print_source(bench: Bench, part: float) -> None:
    """What another client gets."""
    source = find_program("smtp-source")
    if source is None:
        return
    messages = max(int(4_000 * part), CONNECTIONS)
    try:
        per_second = smtp_source_run(source, bench.daemon.port, CONNECTIONS, messages)
    except subprocess.SubprocessError as error:
        print(f"smtp-source: {error}", file=sys.stderr)
        return
    print(f"{f'smtp-source into the daemon, {CONNECTIONS} connections':{_WIDTH}}{per_second:11.0f}")


def print_stages(stages: Stages | None, figures: dict[str, Run]) -> None:
    """Where the committer's time goes."""
    if stages is None:
        return
    committer = figures[FULL].committer_us
    parts = {"reading": stages.reading, "rules and drafts": stages.rules, "data layer": stages.data_layer}
    spent = ", ".join(f"{name} {share * committer:.0f} us" for name, share in {**parts, "log": stages.log}.items())
    print(f"\nCPU of a message at {CONNECTIONS} connections: reception {figures[FULL].loop_us:.0f} us, {spent}")


def print_criteria(found: Sequence[Criterion]) -> None:
    """Every target, and whether it is met."""
    print()
    for one in found:
        target = f"at {'least' if one.is_least else 'most'} {one.target:g}{one.unit}"
        verdict = "met" if one.is_met else "MISSED"
        digits = 0 if one.unit else 2
        rounds = f"  ({', '.join(f'{value:.2f}' for value in one.rounds)})" if one.rounds else ""
        print(f"{verdict:8}{one.name:{_WIDTH}}{one.value:7.{digits}f}{one.unit:4}{target:>16}{rounds}")


if __name__ == "__main__":
    sys.exit(main())
