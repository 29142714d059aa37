"""Real mails to a mailbox that answers everybody: who may not be answered is not (optional: where the mails exist).

    corpus_notices.py [DIRECTORY]

Every mail comes with an ordinary reverse-path, so that only its own marks tell what it is, and every author counts as
somebody. No automatic response, bounce, feedback report or list mail may cause a notice to anybody outside the
desk. What a mail is, its index says, and the fields of its header that standards define for that.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from email import message_from_bytes
from pathlib import Path

import psycopg

from corpus_smtp import as_sent, mails_to_deliver, recipient_of, send_all
from daemon import Daemon, defects, wait_until
from smart_host import SmartHost

DRAIN_SECONDS = 120.0
MAILBOX = "talkative"
SETTINGS = """
[desk]
loops = { limit = 0 }

[[mailboxes]]
name = "talkative"
address = "talkative@desk.example"
[mailboxes.notify]
strangers = true
object_created = ["originator"]
object_kinds = ["ticket_note", "ticket_time_entry"]
note_added = ["originator", "contact", "additional_contacts"]
"""
#: what an index says about a mail that nobody may answer
_SAID = (
    ("may_autorespond", False),
    ("auto_generated", True),
    ("is_bounce", True),
    ("is_feedback_report", True),
)
_WAITING = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending') AND next_attempt_at < now() + '1 minute'"
_CAUSED = "SELECT m.rcpt_to, o.kind, o.recipient FROM outbox AS o JOIN messages AS m ON m.id = o.message_row_id"


def unanswerable(directory: Path) -> dict[Path, str]:
    """Mails that nobody may answer, and what the index of their directory says about them."""
    found: dict[Path, str] = {}
    for index in sorted(directory.rglob("index.json")):
        for case in json.loads(index.read_text(encoding="utf-8"))["cases"]:
            checks = [(check["field"], check["value"]) for check in case["checks"]]
            said = {field for field, value in checks if (field, value) in _SAID}
            # What is filed under bounces and not said to be one only looks like one: a person wrote it.
            if case["kind"] == "bounce" and "is_bounce" not in said:
                continue
            if said and case.get("eml"):
                found[index.parent.parent / case["eml"]] = ", ".join(sorted(said))
    return found


def mark_of(content: bytes) -> str:
    """The field of a header that forbids an answer (RFC 3834 2, RFC 2919, RFC 2369); empty without one."""
    mail = message_from_bytes(content)
    if (mail["Auto-Submitted"] or "no").split(";")[0].strip().lower() != "no":
        return "Auto-Submitted"
    if (mail["Precedence"] or "").strip().lower() in {"bulk", "junk", "list"}:
        return "Precedence"
    return next((name for name in ("List-Id", "List-Post", "List-Unsubscribe") if mail[name]), "")


def check(files: Sequence[Path], said: dict[Path, str], connection: psycopg.Connection) -> Iterator[str]:
    """Which mails were answered that nobody may answer."""
    by_recipient = {recipient_of(index, MAILBOX): file for index, file in enumerate(files)}
    answered: Counter[str] = Counter()
    for recipient, kind, to in connection.execute(_CAUSED):
        file = by_recipient[recipient]
        answered[kind] += 1
        if why := said.get(file) or mark_of(file.read_bytes()):
            yield f"{file.parent.name}/{file.name} ({why}): {kind} to {to}"
    print("  " + (", ".join(f"{count} {kind}" for kind, count in answered.most_common()) or "no notices at all"))


def run(directory: Path, files: Sequence[Path]) -> list[str]:
    """Deliver everything, wait until the notices are out; what is wrong."""
    said = unanswerable(directory)
    with SmartHost() as host, Daemon(settings=SETTINGS + host.settings) as daemon:
        daemon.start()
        with psycopg.connect(daemon.database_url(), autocommit=True) as connection:
            answers = asyncio.run(send_all(daemon.port, [as_sent(file.read_bytes()) for file in files], MAILBOX))
            wrong = [
                f"{file}: {one.code} {one.text}" for file, one in zip(files, answers, strict=True) if one.code != 250
            ]
            if not wait_until(lambda: _number(connection, _WAITING) == 0, DRAIN_SECONDS):
                wrong.append("notices are still waiting")
            marked = sum(bool(said.get(file) or mark_of(file.read_bytes())) for file in files)
            print(f"{len(files)} mails, {marked} of which nobody may answer; {len(host.taken)} notices were sent:")
            wrong += check(files, said, connection)
            sent = _number(connection, "SELECT count(*) FROM outbox WHERE state = 'sent'")
            wrong += [] if sent == len(host.taken) else [f"{sent} notices are sent, {len(host.taken)} came"]
        # A notice that cannot be delivered says so as an error: addresses in these mails are what they are.
        return wrong + [f"log: {event}" for event in defects(daemon.events()) if event["event"] != "notice"]


def _number(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def main() -> int:
    """Deliver and report; 1 when something is wrong."""
    directory, files = mails_to_deliver(__doc__)
    if not files:
        return 0
    wrong = run(directory, files)
    for line in wrong:
        print(f"WRONG {line}")
    print(f"{len(wrong) or 'nothing'} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
