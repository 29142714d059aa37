"""The connection to PostgreSQL breaks exactly at COMMIT: committed or not, every mail is there once in the end."""

import subprocess
import urllib.parse
from pathlib import Path

import psycopg

from daemon import Daemon, defects, temporary_directory, wait_until
from inbound.database.embedded import EmbeddedPostgres
from mails import fill_directory
from mta import MailServer
from proxy import CommitCutter, Fate
from verdict import judge

CONNECTIONS = 15
FINISH_SECONDS = 120.0
#: shorter than a late answer takes
DEADLINE_SECONDS = 3.0
#: one cut takes less, with the pause before the next attempt
SECONDS_PER_CUT = 10.0


def lose_commits(cuts: int, seed: int) -> list[str]:
    """Cut so many connections at COMMIT under load, in three ways; what is wrong in the end."""
    directory = temporary_directory()
    server = EmbeddedPostgres(directory / "postgres-of-the-operator")
    try:
        url = server.start()
        parsed = urllib.parse.urlsplit(url)
        query = dict(urllib.parse.parse_qsl(parsed.query))
        own = directory / "proxy"
        own.mkdir(mode=0o700)
        name = f".s.PGSQL.{query['port']}"
        cutter = CommitCutter(Path(query["host"]) / name, own / name, seed)
        cutter.start()
        try:
            through = parsed._replace(query=urllib.parse.urlencode({**query, "host": str(own)})).geturl()
            settings = f'[database]\nurl = "{through}"\n[intake]\ndeadline_seconds = {DEADLINE_SECONDS}\n'
            with Daemon(directory=directory, settings=settings) as daemon:
                return _cut_under_load(daemon, cutter, url, cuts, seed)
        finally:
            cutter.stop()
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", directory], check=True)


def _cut_under_load(daemon: Daemon, cutter: CommitCutter, url: str, cuts: int, seed: int) -> list[str]:
    wrong: list[str] = []
    daemon.command("migrate")
    daemon.start()
    with psycopg.connect(url, autocommit=True) as connection:
        fill_directory(connection)
    mta = MailServer(lambda: daemon.port, connections=CONNECTIONS, seed=seed)
    mta.start()
    try:
        if not mta.await_acknowledgements(100, FINISH_SECONDS):
            wrong.append("no load could be built up")
        cutter.is_cutting = True
        for goal in range(10, cuts + 10, 10):
            least = min(goal, cuts)
            if not wait_until(lambda least=least: cutter.cuts.total() >= least, 10 * SECONDS_PER_CUT):  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
                wrong.append(f"mail did not flow: only {cutter.cuts.total()} of {least} cuts")
                break
            print(f"{cutter.cuts.total()} cuts; {len(mta.record.acknowledged)} mails acknowledged so far")
        cutter.is_cutting = False
        if not mta.finish(FINISH_SECONDS):
            wrong.append("mails were left that nobody acknowledged")
    finally:
        mta.stop()
    if cutter.cuts[Fate.ANSWER_LATE] and not mta.record.deferred:
        wrong.append("nobody heard 4yz, although answers came after the deadline")
    verdict = judge(url, mta.record.acknowledged.values())
    print(
        ", ".join(f"{fate.value}: {cutter.cuts[fate]}" for fate in Fate), f"; deferred: {mta.record.deferred.total()}"
    )
    print(verdict)
    wrong += [] if verdict.is_good else [str(verdict)]
    return wrong + mta.record.rejected + [f"log: {event}" for event in defects(daemon.events())]
