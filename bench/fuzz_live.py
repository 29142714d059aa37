"""A real daemon among peers that send anything, while one honest peer delivers a mail a second.

    fuzz_live.py [--seconds N] [--seed N] [--peers N]

Fails when the honest peer ever hears anything but 250 within a few seconds, when one of its mails is lost or doubled,
when a reply is malformed or repeats what was sent, when the log tells of a defect or of a worker that ended, when
memory grows, and when connections or file descriptors are left.
"""

import argparse
import asyncio
import random
import resource
import ssl
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import psycopg
import trustme

from client import Connection, ConnectionEnded
from daemon import Daemon, defects, wait_until
from disturb import Record, disturb
from mails import FIRST_SERIAL, fill_directory, make_mail

#: for one honest mail, from the connection to the 250
HONEST_SECONDS = 5.0
#: what memory may grow from the second quarter of the run to the last
MEMORY_FACTOR, MEMORY_BYTES = 1.15, 20_000_000
#: file descriptors of a worker that come and go: connections of the database, files
SPARE_FILES = 8
#: until closed connections are gone
DRAIN_SECONDS = 30.0
#: honest mails before descriptors are counted, a second each
WARM_MAILS = 10

LIMITS = """\
[limits]
error_delay_seconds = 0.02
command_seconds = 6.0
data_block_seconds = 4.0
data_seconds = 12.0
tls_seconds = 3.0
"""


async def deliver_honestly(until: float, port: int, record: Record) -> None:
    """A numbered mail a second, each over a connection of its own."""
    while time.monotonic() < until:
        begun = time.monotonic()
        record.tried += 1
        mail = make_mail(FIRST_SERIAL + record.tried)
        try:
            async with asyncio.timeout(HONEST_SECONDS):
                connection = await Connection.open(port)
                answer = await connection.deliver(mail.sender, mail.recipients, mail.content)
                connection.close()
            if answer.code == 250:
                record.honest.append(mail)
            else:
                record.wrong.append(f"an honest mail heard {answer.code} {answer.text}")
        except (ConnectionEnded, TimeoutError) as error:
            record.wrong.append(f"an honest mail was not taken: {error!r}")
        spent = time.monotonic() - begun
        record.slowest_seconds = max(record.slowest_seconds, spent)
        await asyncio.sleep(max(0.0, 1.0 - spent))


async def watch_memory(until: float, workers: list[int], record: Record) -> None:
    """What the workers hold, every two seconds."""
    while time.monotonic() < until:
        record.memory.append(sum(map(resident_bytes, workers)))
        await asyncio.sleep(2.0)


async def run(daemon: Daemon, workers: list[int], tls: ssl.SSLContext, options: argparse.Namespace) -> Record:
    """Everybody at once, until the time is over and the last session has ended."""
    record = Record()
    until = time.monotonic() + options.seconds
    await asyncio.gather(
        deliver_honestly(until, daemon.port, record),
        watch_memory(until, workers, record),
        *(
            disturb(number, options.peers, until, daemon.port, tls, record, options.seed)
            for number in range(options.peers)
        ),
    )
    return record


def verdict(daemon: Daemon, workers: list[int], files: dict[int, int], record: Record) -> list[str]:
    """Everything that is not as it should be."""
    wrong = list(record.wrong)
    if not wait_until(lambda: connections_on(daemon.port) == 0, DRAIN_SECONDS):
        wrong.append(f"{connections_on(daemon.port)} connections are left")
    wrong += [
        f"worker {pid} has {open_files(pid)} file descriptors, before there were {files[pid]}"
        for pid in workers
        if Path(f"/proc/{pid}").exists() and open_files(pid) > files[pid] + SPARE_FILES
    ]
    if workers != workers_of(daemon.pid):
        wrong.append(f"workers {workers} became {workers_of(daemon.pid)}")
    events = daemon.events()
    wrong += [f"log: {event}" for event in defects(events)]
    wrong += [f"log: {event}" for event in events if event["event"] in {"worker_ended", "worker_hangs"}]
    quarter = len(record.memory) // 4
    before, after = (
        statistics.median(part or [0]) for part in (record.memory[quarter : 2 * quarter], record.memory[-quarter:])
    )
    if after > before * MEMORY_FACTOR + MEMORY_BYTES:
        wrong.append(f"memory grew from {before / 1e6:.0f} to {after / 1e6:.0f} MB")
    with psycopg.connect(daemon.database_url()) as connection:
        stored = Counter(row[0] for row in connection.execute("SELECT message_id FROM messages"))
    wrong += [
        f"{mail.message_id} was acknowledged and is stored {stored[mail.message_id]} times"
        for mail in record.honest
        if stored[mail.message_id] != 1
    ]
    if record.tried > len(record.honest):
        wrong.append(f"{record.tried} honest mails, {len(record.honest)} acknowledged")
    return wrong


def resident_bytes(pid: int) -> int:
    """Memory of a process; nothing when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def open_files(pid: int) -> int:
    """File descriptors of a process."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def workers_of(pid: int) -> list[int]:
    """The processes of the daemon that take mail."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in children if b"python" in Path(f"/proc/{child}/cmdline").read_bytes()]


def connections_on(port: int) -> int:
    """TCP connections of that local port that the daemon has not closed."""
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    states = [fields[3] for line in lines if (fields := line.split())[1].endswith(f":{port:04X}")]
    # 0A listens, 06 waits for stray segments, 04 and 05 wait for the peer's last word.
    return sum(state not in {"0A", "06", "04", "05"} for state in states)


def configure(daemon: Daemon) -> ssl.SSLContext:
    """Two workers, TLS and short limits; the context of a client that trusts the certificate."""
    authority = trustme.CA()
    certificate = authority.issue_cert("bench.desk.example")
    certificate.private_key_pem.write_to_path(daemon.directory / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(daemon.directory / "certificate.pem")
    tls = f'tls = "starttls"\ncertificate = "{daemon.directory}/certificate.pem"\nkey = "{daemon.directory}/key.pem"\n'
    text = daemon.config.read_text(encoding="utf-8")
    text = text.replace("[server]\n", "[server]\nworkers = 2\n").replace("port = 0\n", f"port = 0\n{tls}")
    daemon.config.write_text(text, encoding="utf-8")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def main() -> int:
    """Run; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long sessions are begun (default: 60)")
    parser.add_argument("--peers", type=int, default=8, help="how many disturb at once (default: 8)")
    parser.add_argument("--seed", type=int, default=None, help="repeats the sessions of an earlier run")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    print(f"--seed {options.seed}", flush=True)
    with Daemon(settings=LIMITS) as daemon:
        tls = configure(daemon)
        daemon.start()
        with psycopg.connect(daemon.database_url(), autocommit=True) as connection:
            fill_directory(connection)
        warm = Record(tried=-WARM_MAILS - 1)
        asyncio.run(deliver_honestly(time.monotonic() + WARM_MAILS, daemon.port, warm))
        workers = workers_of(daemon.pid)
        files = {pid: open_files(pid) for pid in workers}
        record = asyncio.run(run(daemon, workers, tls, options))
        wrong = warm.wrong + verdict(daemon, workers, files, record)
        report(record)
    for line in wrong[:50]:
        print(f"WRONG {line}")
    print(f"WRONG: {len(wrong)}" if wrong else "nothing wrong")
    return 1 if wrong else 0


def report(record: Record) -> None:
    """What happened, in a few lines."""
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(record.codes.items()))
    print(
        f"{record.sessions} sessions, {record.sent_bytes / 1e6:.1f} MB sent, {record.lines} lines of replies ({codes})"
    )
    print(f"{len(record.honest)} honest mails stored, the slowest in {record.slowest_seconds:.2f} s")
    memory = [f"{octets / 1e6:.0f}" for octets in record.memory[:: max(1, len(record.memory) // 10)]]
    print(f"memory of the workers in MB: {' '.join(memory)}")


if __name__ == "__main__":
    sys.exit(main())
