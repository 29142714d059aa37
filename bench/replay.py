"""What PostgreSQL alone could do: pgbench repeats the statements of one real message, one message per transaction.

The statements are recorded while the real pipeline processes one mail. What must differ in every transaction (ids that
sequences drew, the number, hashes, Message-ID, who wrote) becomes an expression of pgbench variables, everything else a
literal. Literals favour pgbench: it sends neither the 3 kB of the mail nor its text, the server parses them once.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import psycopg

from inbound.app.one_mail import Envelope, delivery_of
from inbound.config import load_settings
from inbound.database.embedded_binaries import installed_binaries
from inbound.database.engine import open_engine, transaction
from inbound.database.numbers import DayBases
from inbound.intake.understanding import understand
from inbound.model.outcome import Outcome
from inbound.pipeline.context import build_context
from inbound.pipeline.process import process
from inbound.pipeline.steps import Processed
from mails import (
    CONTACTS_PER_ORGANIZATION,
    FIRST_CONTACT_ID,
    FIRST_ORGANIZATION_ID,
    contact_id,
    make_mail,
    organization_id,
)

#: sequences of ids are moved here, far from each other: an id is then recognised wherever it stands in a statement
FIRST_ID = 10_000_000_000
#: the columns of the statement that allots ids and counts (inbound.database.numbers.allot), all arrays
ALLOTTED = ("ticket_id", "ticket_count", "note_id", "message_id", "time_entry_id", "contact_id")
#: what one ticket draws of them
DRAWN = ("ticket_id", "ticket_count", "message_id")
#: parameters that are hashes in the form of numbers, and what makes such a number of a text: keys of locks, of loops
KEYS = {
    "stripes": "hashtext({})",
    "loop_keys": "hashtextextended({}, 0)",
    "loop_key": "hashtextextended({}, 0)",
    "body_key": "hashtextextended({}, 0)",
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
_SHA256_BYTES = 32


class ReplayError(Exception):
    """The statements cannot be replayed; the text says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as the driver got it."""

    text: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One message on its way through the pipeline."""

    statements: list[Statement]
    #: the connection's settings, as libpq options
    options: str
    serial: int
    #: of the directory
    contacts: int
    received_at: datetime
    ticket_id: int
    message_row_id: int
    number: str
    #: what the sequence of numbers had drawn
    ticket_count: int


def pgbench_program() -> Path | None:
    """The program: beside the PostgreSQL that the daemon uses, else the distribution's, else on the path."""
    for binaries in installed_binaries():
        if (binaries.directory / "pgbench").is_file():
            return binaries.directory / "pgbench"
    found = shutil.which("pgbench")
    return Path(found) if found else None


def record(config: Path, url: str, serial: int, contacts: int) -> Recording:
    """Run one mail through the real pipeline and commit it, and note every statement of its transaction.

    Args:
        config: of the running daemon.
        url: of its database.
        serial: of the mail.
        contacts: of the directory, one of whom writes it.

    Raises:
        ReplayError: the mail became no ticket.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        _spread_sequences(connection)
    settings = load_settings(config)
    mail = make_mail(serial, contacts=contacts)
    received_at = datetime.now(UTC)
    envelope = Envelope(
        rcpt_to=mail.recipients, mail_from=mail.sender, peer_address="127.0.0.1", received_at=received_at
    )
    engine = open_engine(url)
    statements: list[Statement] = []

    class NotingCursor(psycopg.Cursor[Any]):
        """Notes what it executes."""

        def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
            """Execute and note."""
            statements.append(Statement(query, dict(params)))
            return super().execute(query, params, **options)

    day_bases = DayBases(engine)
    # A day is begun once, in a transaction of its own: no part of what every message costs.
    base = day_bases.base([received_at.date()])[received_at.date()]
    context = build_context(settings, day_bases, b"of no use here")
    understood = understand([delivery_of(mail.content, envelope, settings)], context)[0]
    with transaction(engine) as tx:
        driver: Any = tx.connection.driver_connection
        driver.cursor_factory = NotingCursor
        processed = process(tx, understood.received, context)[0]
        options = str(driver.info.options)
    engine.dispose()
    return _recording(processed, statements, options, serial, contacts, base)


def _spread_sequences(connection: psycopg.Connection) -> None:
    names = connection.execute(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND sequencename LIKE '%_id_seq' ORDER BY 1"
    ).fetchall()
    for position, (name,) in enumerate(names, start=1):
        connection.execute("SELECT setval(%s, greatest(nextval(%s), %s))", [name, name, position * FIRST_ID])


def _recording(
    processed: Processed, statements: list[Statement], options: str, serial: int, contacts: int, base: int
) -> Recording:
    row, number = processed.message, processed.result.number
    if processed.result.outcome is not Outcome.TICKET_CREATED or row is None or row.ticket_id is None or not number:
        raise ReplayError(f"the recorded mail became {processed.result.outcome}, not a ticket")
    return Recording(
        statements=statements,
        options=options,
        serial=serial,
        contacts=contacts,
        received_at=processed.received.delivery.received_at,
        ticket_id=row.ticket_id,
        message_row_id=row.id,
        number=number,
        ticket_count=int(number.partition(".")[2]) + base,
    )


def script_of(recording: Recording) -> str:
    """The recording as a script for pgbench."""
    day, _, count = recording.number.partition(".")
    contact = contact_id(recording.serial, recording.contacts)
    tokens = {
        str(recording.serial): ":serial",
        str(contact): ":contact",
        str(organization_id(contact)): ":organization",
        str(recording.ticket_id): ":ticket_id",
        str(recording.message_row_id): ":message_id",
        recording.number: f"'{day}.' || :number",
    }
    base = recording.ticket_count - int(count)
    lines = [
        f"\\set person random(0, {recording.contacts - 1})",
        f"\\set contact {FIRST_CONTACT_ID} + :person",
        # as in the generated mails
        f"\\set organization {FIRST_ORGANIZATION_ID} + :person / {CONTACTS_PER_ORGANIZATION}",
        "\\set serial random(1, 9000000000000000000)",
        "BEGIN;",
    ]
    for statement in recording.statements:
        text = _with_literals(statement, tokens, recording.received_at)
        if "nextval(" in statement.text:
            # The id columns are arrays of one here, of a batch in the daemon.
            picked = ", ".join(f"(a.{name})[1] AS {name}" for name in DRAWN)
            # S608: our own statement, as it was recorded
            lines += [f"SELECT {picked} FROM ({text}) AS a({', '.join(ALLOTTED)}) \\gset"]  # noqa: S608
            lines += [f"\\set number :ticket_count - {base}"]
        else:
            lines += [f"{text};"]
    return "\n".join([*lines, "COMMIT;", ""])


def _with_literals(statement: Statement, tokens: Mapping[str, str], received_at: datetime) -> str:
    def literal(match: re.Match[str]) -> str:
        name = match[1]
        if name in KEYS:
            return _keys(statement.parameters[name], KEYS[name])
        return "%" if name is None else _expression(statement.parameters[name], tokens, received_at)

    return _PLACEHOLDER.sub(literal, statement.text.strip())


def _keys(values: Sequence[int | None], function: str) -> str:
    """Another key in every transaction, and the same one wherever it stands in a transaction: as of distinct mails."""
    keys = ("NULL" if value is None else function.format(f"'{value}' || :serial") for value in values)
    return f"ARRAY[{', '.join(keys)}]"


def _expression(value: object, tokens: Mapping[str, str], received_at: datetime) -> str:
    """SQL for a parameter, with variables where its text holds a token."""
    if isinstance(value, list):
        return f"ARRAY[{', '.join(_expression(item, tokens, received_at) for item in value)}]"
    if isinstance(value, psycopg.Binary):
        return _octets(value.obj)
    if isinstance(value, bytes):
        return _octets(value)
    if value is None or isinstance(value, bool):
        return "NULL" if value is None else str(value).lower()
    if isinstance(value, int):
        return tokens.get(str(value), str(value))
    return "now()" if value == received_at else " || ".join(_text_parts(str(value), tokens)) or "''"


def _octets(value: bytes) -> str:
    if len(value) == _SHA256_BYTES:
        # A hash: another one in every transaction, and the same one wherever it stands in a transaction.
        return f"sha256(convert_to('{value.hex()}' || :serial, 'UTF8'))"
    return f"'\\x{value.hex()}'::bytea"


def _text_parts(text: str, tokens: Mapping[str, str]) -> Iterator[str]:
    # The number goes before what it may contain; a token ends where its digits end.
    pattern = "|".join(re.escape(token) + r"(?!\d)" for token in sorted(tokens, key=len, reverse=True))
    for part in re.split(f"({pattern})", text):
        if part:
            yield tokens.get(part) or _quoted(part)


def _quoted(text: str) -> str:
    """A literal without a colon or line feed: pgbench would take what follows a colon for a variable."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    for character in (":", "\n", "\r"):
        escaped = escaped.replace(character, f"\\x{ord(character):02x}")
    return f"E'{escaped}'"


def run_pgbench(program: Path, url: str, recording: Recording, *, clients: int, seconds: int) -> float:
    """Messages (transactions) per second of pgbench.

    Raises:
        ReplayError: with what pgbench said.
    """
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "replay.sql"
        script.write_text(script_of(recording), encoding="utf-8")
        command = [
            *(str(program), "--no-vacuum", "--protocol=prepared", "--random-seed=rand", f"--file={script}"),
            *(f"--client={clients}", "--jobs=2", f"--time={seconds}", url),
        ]
        environment = {**os.environ, "PGOPTIONS": recording.options}
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environment, timeout=seconds + 120
        )
    found = re.search(r"^tps = ([\d.]+) \(without initial connection time\)", done.stdout, re.MULTILINE)
    failed = re.search(r"^number of failed transactions: (\d+)", done.stdout, re.MULTILINE)
    if done.returncode != 0 or found is None or (failed is not None and failed[1] != "0"):
        raise ReplayError(f"pgbench failed:\n{done.stdout}\n{done.stderr[-2000:]}")
    return float(found[1])
