"""Crashes under load: every acknowledged mail has to be there exactly once, whatever was killed.

crash.py [--kills N] [--seed N]                                the daemon, by SIGKILL, at random moments
crash.py --scenario worker-kill [--kills N] [--seed N]         one worker at a time
crash.py --scenario cuts [--kills N] [--seed N]                connections, at every step of the protocol, N rounds
crash.py --scenario lost-commits [--kills N] [--seed N]        connections to PostgreSQL, exactly at COMMIT
crash.py --scenario database-stop [--kills N] [--seed N]       PostgreSQL: fast and immediate stop, SIGKILL; frozen
crash.py --scenario disk-full [--seed N]                       PostgreSQL without room
crash.py --scenario all [--kills N] [--seed N]                 one after the other
"""

import argparse
import random
import sys
import time
from collections.abc import Callable

import psycopg

from cuts import cut_connections, kill_workers
from daemon import Daemon, defects, wait_until
from lost_commits import lose_commits
from mails import fill_directory
from mta import MailServer
from outages import database_stop, disk_full
from verdict import judge

CONNECTIONS = 15
#: a killed daemon leaves after so many seconds under load
LOAD_SECONDS = (0.2, 2.0)
#: until the server of a killed daemon is gone
ORPHAN_SECONDS = 45.0
FINISH_SECONDS = 120.0


def kill_repeatedly(kills: int, seed: int) -> list[str]:
    """Kill and restart the daemon under load; what is wrong in the end."""
    moments = random.Random(seed)  # noqa: S311 - chance, not secrets
    wrong: list[str] = []
    with Daemon() as daemon:
        daemon.start()
        with psycopg.connect(daemon.database_url(), autocommit=True) as connection:
            fill_directory(connection)
        mta = MailServer(lambda: daemon.port, connections=CONNECTIONS, seed=seed)
        mta.start()
        try:
            for number in range(1, kills + 1):
                wrong += _kill_once(daemon, mta, moments.uniform(*LOAD_SECONDS), number)
            if not mta.finish(FINISH_SECONDS):
                wrong.append("mails were left that nobody acknowledged")
        finally:
            mta.stop()
        verdict = judge(daemon.database_url(), mta.record.acknowledged.values())
        print(verdict)
        wrong += [] if verdict.is_good else [str(verdict)]
        wrong += mta.record.rejected + [f"log: {event}" for event in defects(daemon.events())]
        daemon.stop()
        if left := daemon.postgres_pids():
            wrong.append(f"processes of PostgreSQL are left after the stop: {left}")
    return wrong


def _kill_once(daemon: Daemon, mta: MailServer, load_seconds: float, number: int) -> list[str]:
    """Let mail flow, kill, restart."""
    wrong: list[str] = []
    if not mta.await_acknowledgements(10, FINISH_SECONDS):
        wrong.append(f"before kill {number} no mail was acknowledged")
    time.sleep(load_seconds)
    daemon.kill()
    # The next start usually meets the old server while it still shuts down; every third time it may end in peace.
    if number % 3 == 0 and not wait_until(lambda: not daemon.postgres_pids(), ORPHAN_SECONDS):
        wrong.append(f"after kill {number} processes of PostgreSQL are left: {daemon.postgres_pids()}")
    seconds = daemon.start()
    record = mta.record
    print(
        f"kill {number}: after {load_seconds:.2f} s under load, up again after {seconds:.2f} s; "
        f"{len(record.acknowledged)} mails acknowledged so far, {record.interrupted} interrupted"
    )
    return wrong


SCENARIOS: dict[str, Callable[[int, int], list[str]]] = {
    "daemon-kill": kill_repeatedly,
    "worker-kill": kill_workers,
    "cuts": cut_connections,
    "lost-commits": lose_commits,
    "database-stop": database_stop,
    "disk-full": lambda _, seed: disk_full(seed),
}


def main() -> int:
    """Run scenarios; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10, help="how often something is killed, or cut (default: 10)")
    parser.add_argument("--scenario", choices=[*SCENARIOS, "all"], default="daemon-kill")
    parser.add_argument("--seed", type=int, default=None, help="repeats the chances of an earlier run")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
    wrong: list[str] = []
    for name in SCENARIOS if options.scenario == "all" else [options.scenario]:
        print(f"{name}, --seed {seed}", flush=True)
        wrong += [f"{name}: {what}" for what in SCENARIOS[name](options.kills, seed)]
    for line in wrong:
        print(f"WRONG {line}")
    print("WRONG" if wrong else "nothing lost, nothing doubled, nothing quarantined")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
