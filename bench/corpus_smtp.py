"""Real mails to a fresh daemon, twice, as a mail server would deliver them (optional: where the mails exist).

    corpus_smtp.py [DIRECTORY]

Every mail has to be answered 250 and stored with an outcome; the second time nothing new may be made; the log may tell
of no defect.
"""

import argparse
import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from client import Answer, Connection
from daemon import Daemon, defects

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
CONNECTIONS = 8
OBJECTS = ("messages", "tickets", "notes", "attachments", "object_numbers", "blobs")
_LONE_LINE_FEED = re.compile(rb"(?<!\r)\n")


def as_sent(content: bytes) -> bytes:
    """What a client makes of a file: every line feed becomes CRLF, a lone CR stays what it is."""
    return _LONE_LINE_FEED.sub(b"\r\n", content)


def recipient_of(index: int, mailbox: str = "support") -> str:
    """An address that says which file came: its sub-address is stored with every delivery."""
    return f"{mailbox}+file{index}@desk.example"


async def send_all(port: int, contents: Sequence[bytes], mailbox: str = "support") -> list[Answer]:
    """Deliver all contents over a few connections; one answer each, in their order."""
    answers: dict[int, Answer] = {}
    waiting = iter(enumerate(contents))

    async def work() -> None:
        connection = await Connection.open(port)
        for index, content in waiting:
            sender = f"sender-{index}@customer.example"
            answers[index] = await connection.deliver(sender, (recipient_of(index, mailbox),), content)
        connection.close()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return [answers[index] for index in range(len(contents))]


class Stored:
    """What the database says."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {table: self._number(f"SELECT count(*) FROM {table}") for table in OBJECTS}  # noqa: S608 - our own names

    def redeliveries(self) -> int:
        """Deliveries of messages that were there already."""
        return self._number("SELECT count(*) FROM redeliveries")

    def outcomes(self) -> dict[str, list[str]]:
        """Outcomes by recipient; a repeated delivery is ``duplicate of RECIPIENT``."""
        found: dict[str, list[str]] = {}
        rows = self._connection.execute(
            "SELECT rcpt_to, outcome || ' ' || reason FROM messages UNION ALL "
            "SELECT r.rcpt_to, 'duplicate of ' || m.rcpt_to "
            "FROM redeliveries r JOIN messages m ON m.id = r.message_row_id"
        )
        for recipient, outcome in rows:
            found.setdefault(recipient, []).append(outcome)
        return found

    def _number(self, query: str) -> int:
        row = self._connection.execute(query.encode()).fetchone()
        return int(row[0]) if row else 0


def check_first(files: Sequence[Path], answers: Sequence[Answer], stored: Stored) -> Iterator[str]:
    """What is wrong after the first delivery."""
    outcomes = stored.outcomes()
    for index, (file, answer) in enumerate(zip(files, answers, strict=True)):
        found = outcomes.get(recipient_of(index), [])
        if answer.code != 250:
            yield f"{file}: answered {answer.code} {answer.text}"
        elif len(found) != 1:
            yield f"{file}: stored {len(found)} times: {found}"


def report_first(files: Sequence[Path], stored: Stored) -> None:
    """Say what became of the mails; name those whose first delivery was taken for another's second."""
    outcomes = stored.outcomes()
    tally: Counter[str] = Counter()
    for index, file in enumerate(files):
        for outcome in outcomes.get(recipient_of(index), []):
            kind, _, first = outcome.partition(" of ")
            is_copy = bool(first) and _is_copy(file, files[_index_of(first)])
            tally[f"{kind} of the same octets" if is_copy else kind] += 1
            if first and not is_copy:
                print(f"  {_short(file)} counts as a duplicate of {_short(files[_index_of(first)])}")
    for kind, count in tally.most_common():
        print(f"  {count:5} {kind}")
    print("  " + ", ".join(f"{count} {table}" for table, count in stored.counts().items()))


def _is_copy(file: Path, other: Path) -> bool:
    return as_sent(file.read_bytes()) == as_sent(other.read_bytes())


def _index_of(recipient: str) -> int:
    return int(re.sub(r"\D", "", recipient))


def _short(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def check_again(
    files: Sequence[Path], answers: Sequence[Answer], before: dict[str, int], repeated: int, stored: Stored
) -> Iterator[str]:
    """What is wrong after the second delivery."""
    for file, answer in zip(files, answers, strict=True):
        if answer.code != 250:
            yield f"{file}: answered {answer.code} {answer.text} the second time"
    after = stored.counts()
    for table in OBJECTS:
        if after[table] != before[table]:
            yield f"{table}: {before[table]} rows became {after[table]} the second time"
    if stored.redeliveries() != repeated + len(files):
        yield f"{stored.redeliveries() - repeated} of {len(files)} second deliveries were recognised"


def run(files: Sequence[Path], daemon: Daemon) -> list[str]:
    """Deliver everything twice; what is wrong."""
    contents = [as_sent(file.read_bytes()) for file in files]
    with psycopg.connect(daemon.database_url(), autocommit=True) as connection:
        stored = Stored(connection)
        answers = asyncio.run(send_all(daemon.port, contents))
        wrong = list(check_first(files, answers, stored))
        print(f"{len(files)} mails delivered:")
        report_first(files, stored)
        before, repeated = stored.counts(), stored.redeliveries()
        answers = asyncio.run(send_all(daemon.port, contents))
        wrong += check_again(files, answers, before, repeated, stored)
    return wrong + [f"log: {event}" for event in defects(daemon.events())]


def mails_to_deliver(description: str | None) -> tuple[Path, list[Path]]:
    """The directory that the command line names, and the mails in it; says so when there are none."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", type=Path, default=CORPUS)
    directory = parser.parse_args().directory
    files = sorted(directory.rglob("*.eml"))
    if not files:
        print(f"nothing to do: there are no mails in {directory}")
    return directory, files


def main() -> int:
    """Deliver and report; 1 when something is wrong."""
    _, files = mails_to_deliver(__doc__)
    if not files:
        return 0
    with Daemon() as daemon:
        daemon.start()
        wrong = run(files, daemon)
    for line in wrong:
        print(f"WRONG {line}")
    print(f"{len(files)} mails, twice: {len(wrong) or 'nothing'} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
