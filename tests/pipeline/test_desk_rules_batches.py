"""Set-based equals one by one: whatever the desk, whatever the mails, however they are batched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from desk import PEER, delivery
from inbound.database.engine import rolled_back
from inbound.intake.understanding import understand
from inbound.pipeline.process import process
from inbound.pipeline.steps import Received
from situations import KEY, MAILBOXES, Situation


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


_PEOPLE = (
    *("ann@acme.example", "ann@third.example", "bob@acme.example", "sue@south.example", "ben@beta.example"),
    *("shared@both.example", "left@acme.example", "gus@gone.example", "lea@lead.example", "lena@acme.example"),
    *("nas@acme.example", "tech@desk.example", "eve@desk.example", "otto@desk.example", "who@gmail.com"),
    *("new@acme.example", "new@mail.acme.example", "newer@beta.example", "support@desk.example"),
)
_NUMBERS = (
    *(f"T20260101.000{n}" for n in (*range(1, 8), 9)),
    *("T20260101.0009.003", "P20260101.0001", "T20269999.0001"),
)
_SUBJECTS = ("Printer VPN", "FW: Printer", "", *(f"Re: [{number}] x" for number in _NUMBERS))
_BODIES = (
    *(
        "It burns.",
        "#T=1 #S=Waiting Customer\r\nDone.",
        "#T=0.5\r\nMore.",
        "#T=99\r\nx",
        "#A=approve\r\nGo.",
        "#A=reject",
    ),
    (
        "Look.\r\n\r\n-----Original Message-----\r\nFrom: Ann <ann@acme.example>\r\nSent: Friday\r\nTo: x@y.example\r\n"
        "Subject: Printer\r\n\r\nIt burns."
    ),
)
_ELEMENTS = (
    *("", '<Customer name="Acme"/>', '<Email name="new@acme.example"/>', '<Contact name="New Person"/>'),
    *('<Email name="bob@acme.example"/>', "<TicketNumber>T20260101.0002</TicketNumber>", '<Contact name="Bob"/>'),
)
_FIELDS = (
    *("", "", "Auto-Submitted: auto-replied\r\n", "Auto-Submitted: auto-generated\r\n", "Sensitivity: Private\r\n"),
    "Reply-To: newer@beta.example\r\n",
)
_CHANGES = (
    "UPDATE organizations SET active = false WHERE name = 'Beta'",
    "UPDATE organizations SET type = 'lead' WHERE name = 'Acme South'",
    "UPDATE organizations SET active = false WHERE is_local",
    "UPDATE contacts SET active = NOT active WHERE name IN ('Bob', 'Left')",
    "UPDATE resources SET active = false WHERE name = 'Tech'",
    "UPDATE resources SET co_managed_organization_id = NULL WHERE name = 'Lena'",
    "UPDATE tickets SET status = 'Complete', completed_at = '2026-01-20 12:00+00' WHERE number = 'T20260101.0001'",
    (
        "UPDATE tickets SET merged_into_id = (SELECT id FROM tickets WHERE number = 'T20260101.0002')"
        " WHERE number = 'T20260101.0004'"
    ),
    "INSERT INTO organization_domains SELECT id, 'acme.example' FROM organizations WHERE name = 'Beta'",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A mail of the example; a copy of an earlier one has its Message-ID."""

    author: str
    subject: str
    body: str
    cc: tuple[str, ...]
    fields: str
    elements: tuple[str, ...]
    mailbox: str
    is_trusted: bool
    #: how many mails before, and whether with another text
    copy_of: int | None
    is_altered: bool


_SENT = st.builds(
    Sent,
    author=st.sampled_from(_PEOPLE),
    subject=st.sampled_from(_SUBJECTS),
    body=st.sampled_from(_BODIES),
    cc=st.lists(st.sampled_from(_PEOPLE), max_size=2, unique=True).map(tuple),
    fields=st.sampled_from(_FIELDS),
    elements=st.lists(st.sampled_from(_ELEMENTS), max_size=3, unique=True).map(tuple),
    mailbox=st.sampled_from([box["name"] for box in MAILBOXES] + ["learning", "alerts"] * 4),
    is_trusted=st.booleans(),
    copy_of=st.none() | st.integers(1, 3),
    is_altered=st.booleans(),
)


def _contents(sent: Sequence[Sent]) -> Iterator[tuple[Sent, bytes]]:
    made: list[tuple[Sent, bytes]] = []
    for number, one in enumerate(sent):
        if one.copy_of is not None and one.copy_of <= len(made):
            earlier, content = made[-one.copy_of]
            made.append((replace(earlier, mailbox=one.mailbox), content + b"Banner.\r\n" * one.is_altered))
        else:
            made.append((one, _content(one, number)))
        yield made[-1]


def _content(one: Sent, number: int) -> bytes:
    token = f'<Autotask><PW name="{KEY}"/>{"".join(one.elements)}</Autotask>' if one.mailbox == "alerts" else ""
    cc = f"Cc: {', '.join(one.cc)}\r\n" if one.cc else ""
    return (
        f"From: {one.author}\r\nTo: support@desk.example\r\n{cc}Subject: {one.subject}\r\n{one.fields}"
        f"Message-ID: <{number}@x.example>\r\nDate: Sat, 31 Jan 2026 11:59:00 +0000\r\n\r\n{one.body}\r\n{token}\r\n"
    ).encode()


def _received(desk: Situation, one: Sent, content: bytes) -> Received:
    came = delivery(content, one.mailbox)
    came = replace(came, peer=replace(PEER, is_trusted=one.is_trusted))
    return understand([came], desk.context)[0].received[0]


# Everything that a message leaves behind, without ids and numbers.
_WRITTEN = {
    "messages": """
        SELECT m.message_id, m.mailbox, m.outcome, m.reason, m.delivery_count, m.author_address, m.addressees::text,
               CASE WHEN t.created_at < now() - interval '1 day' AND t.title = 'Old' THEN t.number END,
               t.title, t.description, t.status, t.organization_id, c.name, t.originator_resource_id, t.device_id,
               l.number, n.text, n.publish, nc.name, n.resource_id, n.title, n.note_type, n.project_id, n.task_id,
               e.hours, e.summary, e.role, e.started_at, e.task_id, e.resource_id,
               ARRAY(SELECT tag FROM ticket_tags WHERE ticket_id = t.id ORDER BY 1),
               ARRAY(SELECT name FROM ticket_contacts JOIN contacts ON contacts.id = contact_id
                     WHERE ticket_id = t.id ORDER BY 1),
               ARRAY(SELECT resource_id FROM ticket_resources WHERE ticket_id = t.id ORDER BY 1)
        FROM messages AS m LEFT JOIN tickets AS t ON t.id = m.ticket_id LEFT JOIN contacts AS c ON c.id = t.contact_id
        LEFT JOIN tickets AS l ON l.id = t.linked_ticket_id AND l.title = 'Old'
        LEFT JOIN notes AS n ON n.id = m.note_id LEFT JOIN contacts AS nc ON nc.id = n.contact_id
        LEFT JOIN time_entries AS e ON e.id = m.time_entry_id""",
    "notes beside tickets": "SELECT text, publish, resource_id FROM notes",
    "contacts": """
        SELECT c.organization_id, c.name, c.active, a.position, a.address
        FROM contacts AS c LEFT JOIN contact_addresses AS a ON a.contact_id = c.id""",
    "tickets": "SELECT number, status, completed_at, resolution FROM tickets WHERE title = 'Old'",
    "tasks": "SELECT number, status, completed_at, ARRAY(SELECT resource_id FROM task_resources WHERE task_id = id"
    " ORDER BY 1) FROM tasks",
    "projects": "SELECT resource_id FROM project_resources",
    "decisions": "SELECT resource_id, contact_id, decision, note FROM change_request_approvers",
    "redeliveries": "SELECT count(*) FROM redeliveries",
    "outbox": "SELECT kind, recipient FROM outbox",
}


def _snapshot(tx: Connection) -> dict[str, list[Any]]:
    return {name: sorted((tuple(row) for row in tx.execute(text(query))), key=repr) for name, query in _WRITTEN.items()}


def _run(
    desk: Situation, batches: Sequence[Sequence[Received]], changes: Sequence[str]
) -> tuple[list[tuple[str, str]], dict[str, list[Any]]]:
    with rolled_back(desk.database) as tx:
        for change in changes:
            tx.execute(text(change))
        results = [one.result for batch in batches for one in process(tx, batch, desk.context)]
        return [(one.outcome, one.reason) for one in results], _snapshot(tx)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    sent=st.lists(_SENT, min_size=2, max_size=14),
    changes=st.lists(st.sampled_from(_CHANGES), max_size=3, unique=True),
    sizes=st.lists(st.integers(1, 5), min_size=14, max_size=14),
)
def test_set_based_equals_one_by_one(desk: Situation, sent: list[Sent], changes: list[str], sizes: list[int]) -> None:
    """The same mails as one batch, in batches of any size, and one by one leave the same rows behind."""
    received = [_received(desk, one, content) for one, content in _contents(sent)]
    one_by_one = _run(desk, [[one] for one in received], changes)
    assert _run(desk, [received], changes) == one_by_one
    rest, chunks = received, []
    for size in sizes:
        chunks.append(rest[:size])
        rest = rest[size:]
    assert _run(desk, [chunk for chunk in chunks if chunk], changes) == one_by_one
