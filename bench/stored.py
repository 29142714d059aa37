"""A database with a past: a million messages take minutes, because nobody sends them.

Two mails go through the daemon, a new ticket and the requester's reply to it. Their rows are copied inside PostgreSQL
as often as wanted, each copy with ids, numbers, hashes, people and times of its own; everything else (traces, texts,
drafts) is what the daemon wrote. Three out of ten messages have made a ticket, the others are replies.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

import psycopg

from client import Connection
from daemon import DaemonError
from mails import FIRST_CONTACT_ID, Sent, make_mail
from measuring import Bench

#: out of ten messages
_TICKETS_IN_TEN = 3
#: messages of one transaction
_CHUNK = 50_000
_DAYS = 700

# What must differ, by table, in terms of n (the message, from 0) and k (its ticket, from 0). The rest is copied.
_WHEN = "now() - make_interval(secs => ({total} - n) * ({days} * 86400.0 / {total}))"
_CONTACT = "({first_contact} + k % {contacts})"
_OWN_ADDRESS = "'person-' || {contact} || '@stored.example'"
_MESSAGE: Mapping[str, str] = {
    "id": "{messages_id} + n",
    "identity": "sha256(convert_to('identity ' || n, 'UTF8'))",
    "message_id": "'stored-' || n || '@stored.example'",
    "mail_from": _OWN_ADDRESS,
    "author_address": _OWN_ADDRESS,
    "author_name": "'Person ' || {contact}",
    "subject": "'Device ' || k || ' makes a noise'",
    "sent_at": _WHEN,
    "received_at": _WHEN,
    "stored_at": _WHEN,
    "loop_key": "hashtextextended('loop', n)",
    "body_key": "hashtextextended('body', n)",
    "ticket_id": "{tickets_id} + k",
    "sha256": "sha256(convert_to('content ' || n, 'UTF8'))",
}
_OVERRIDES: Mapping[str, Mapping[str, str]] = {
    "object_numbers": {"number": "{number}"},
    "blobs": {"sha256": _MESSAGE["sha256"]},
    "tickets": {
        "id": "{tickets_id} + k",
        "number": "{number}",
        "contact_id": _CONTACT,
        "organization_id": "(SELECT organization_id FROM contacts WHERE id = {contact})",
        "originator_address": _OWN_ADDRESS,
        "title": _MESSAGE["subject"],
        "created_at": _WHEN,
    },
    "notes": {
        "id": "{notes_id} + n",
        "ticket_id": "{tickets_id} + k",
        "contact_id": _CONTACT,
        "originator_address": _OWN_ADDRESS,
        "created_at": _WHEN,
    },
    "messages": _MESSAGE,
    "message_references": {
        "message_row_id": "{messages_id} + n",
        # the message that made ticket k
        "reference": "'stored-' || (k / {in_ten} * 10 + k % {in_ten}) || '@stored.example'",
    },
}


#: the rows to copy: a condition on each table
_Template = Mapping[str, str]


def fill(bench: Bench, messages: int, tell: Callable[[int], None]) -> None:
    """Store so many messages with their tickets, notes and references, as if they had come over two years.

    Args:
        bench: its directory is there, the rest of its database empty.
        messages: how many.
        tell: is told how many are there.

    Raises:
        DaemonError: the two mails that are copied did not become a ticket and a note.
    """
    ticket, note = _templates(bench)
    connection = bench.connection
    names = _names(connection, messages, bench.contacts)
    # Foreign keys of rows that are right by construction need no look-up each.
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    for first in range(0, messages, _CHUNK):
        last = min(first + _CHUNK, messages) - 1
        with connection.transaction():
            for template, condition in (
                (ticket, f"n % 10 < {_TICKETS_IN_TEN}"),
                (note, f"n % 10 >= {_TICKETS_IN_TEN}"),
            ):
                for table, which in template.items():
                    connection.execute(_copy(connection, table, which, names, (first, last), condition))
        tell(last + 1)
    connection.execute("RESET synchronous_commit")
    connection.execute("RESET session_replication_role")
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def print_progress(total: int) -> Callable[[int], None]:
    """A bar on standard error."""

    def tell(done: int) -> None:
        bar = "#" * (done * 40 // total)
        print(
            f"\r  storing [{bar:40}] {done:,} of {total:,}",
            end="\n" if done == total else "",
            file=sys.stderr,
            flush=True,
        )

    return tell


def _templates(bench: Bench) -> tuple[_Template, _Template]:
    serial = bench.serials.take(2)
    first, second = (make_mail(serial + number, contacts=bench.contacts) for number in range(2))
    reply = replace(second, sender=first.sender, content=_as_reply(second, first))
    asyncio.run(_deliver(bench.daemon.port, (first, reply)))
    rows = {
        row[0]: row[1:]
        for row in bench.connection.execute(
            "SELECT message_id, id, ticket_id, note_id, encode(sha256, 'hex') FROM messages"
        )
    }
    made, added = rows.get(first.message_id), rows.get(second.message_id)
    if not made or not added or made[2] is not None or added[2] is None or made[1] != added[1]:
        raise DaemonError(f"a mail and its reply became {rows}: nothing to make copies of")
    message_id, ticket_id, _, content = made
    reply_id, _, note_id, reply_content = added
    ticket = {
        "object_numbers": f"number IN (SELECT number FROM tickets WHERE id = {ticket_id})",  # noqa: S608 - a number
        "blobs": f"sha256 = '\\x{content}'",
        "tickets": f"id = {ticket_id}",
        "messages": f"id = {message_id}",
    }
    note = {
        "blobs": f"sha256 = '\\x{reply_content}'",
        "notes": f"id = {note_id}",
        "messages": f"id = {reply_id}",
        "message_references": f"message_row_id = {reply_id}",
    }
    return ticket, note


def _as_reply(reply: Sent, to: Sent) -> bytes:
    own, other = reply.sender.encode(), to.sender.encode()
    references = f"In-Reply-To: <{to.message_id}>\r\nReferences: <{to.message_id}>\r\nMIME-Version".encode()
    return reply.content.replace(own, other).replace(b"MIME-Version", references, 1)


async def _deliver(port: int, mails: tuple[Sent, ...]) -> None:
    connection = await Connection.open(port)
    for mail in mails:
        answer = await connection.deliver(mail.sender, mail.recipients, mail.content)
        if answer.code != 250:
            raise DaemonError(f"the mail that was to be copied was answered {answer.code} {answer.text}")
    connection.close()


def _names(connection: psycopg.Connection, messages: int, contacts: int) -> dict[str, object]:
    """What the expressions above refer to; ids are drawn, so that nobody else gets them."""
    names: dict[str, object] = {
        "total": messages,
        "days": _DAYS,
        "in_ten": _TICKETS_IN_TEN,
        "first_contact": FIRST_CONTACT_ID,
        "contacts": contacts,
    }
    for table in ("messages", "tickets", "notes"):
        row = connection.execute("SELECT nextval(%s)", [f"{table}_id_seq"]).fetchone()
        names[f"{table}_id"] = row[0] if row else 0
        connection.execute("SELECT setval(%s, %s)", [f"{table}_id_seq", int(str(names[f"{table}_id"])) + messages])
    names["contact"] = _CONTACT.format(**names)
    names["number"] = f"to_char({_WHEN.format(**names)}, '\"T\"YYYYMMDD') || '.' || (10000000 + k)"
    return names


def _copy(
    connection: psycopg.Connection,
    table: str,
    which: str,
    names: Mapping[str, object],
    range_: tuple[int, int],
    condition: str,
) -> bytes:
    """One INSERT … SELECT: the row that is copied, as often as there are messages of its kind in the range."""
    overrides = _OVERRIDES[table]
    columns = _columns(connection, table)
    values = [overrides[name].format(**names) if name in overrides else f"t.{name}" for name in columns]
    # Replies belong to the ticket of the ten messages that they stand in, k: the ticket before them.
    k = f"n / 10 * {_TICKETS_IN_TEN} + least(n % 10, {_TICKETS_IN_TEN} - 1)"
    statement = (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 - names of our own tables and columns, and numbers
        f"FROM {table} AS t, generate_series({range_[0]}::bigint, {range_[1]}) AS n, LATERAL (SELECT {k} AS k) AS l "
        f"WHERE t.{which} AND {condition}"
    )
    return statement.encode()


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    query = (
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped "
        "ORDER BY attnum"
    )
    return [name for (name,) in connection.execute(query, [table])]
