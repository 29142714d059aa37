"""The configuration beside the rows that are stored and the people of the directory."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from desk import Desk
from inbound.app.checks import check_stored, check_stored_and_people
from inbound.config import Settings, load_settings
from inbound.database.references import _CHOICES
from inbound.database.tables import metadata
from inbound.errors import ConfigurationError

PEER = '[[peers]]\nname = "loopback"\nnetworks = ["127.0.0.1"]\n'
MAILBOX = '[[mailboxes]]\nname = "support"\naddress = "support@desk.example"\n'

#: one ticket, task, note and time entry that name a value of every pick list
ROWS = """
INSERT INTO resources (name) VALUES ('Tom');
INSERT INTO object_numbers VALUES ('T20260131.0001', 'T'), ('T20260131.0002', 'T'), ('P20260131.0001', 'P');
INSERT INTO projects (number, organization_id, title) VALUES ('P20260131.0001', 1, 'Server room');
INSERT INTO tasks (number, project_id, title, status, role)
VALUES ('T20260131.0002', 1, 'Racks', 'In Progress', 'Network Engineer');
INSERT INTO tickets (number, organization_id, title, category, ticket_type, status, priority, queue, source,
                     issue_type, sub_issue_type, role)
VALUES ('T20260131.0001', 1, 'Printer', 'Standard', 'Incident', 'In Progress', 'Low', 'Administration', 'Phone',
        'Computer', 'Printing', 'Project Manager');
INSERT INTO ticket_tags VALUES (1, 'Toner');
INSERT INTO notes (ticket_id, note_type) VALUES (1, 'Detail');
INSERT INTO time_entries (ticket_id, resource_id, hours, role, work_type)
VALUES (1, 1, 1.5, 'Network Engineer', 'Travel');
"""

#: every list without what the rows name; statuses and priorities as a mailbox needs them
WITHOUT = """
[desk]
statuses = [{ name = "New" }]
priorities = [{ name = "Medium" }]
queues = []
categories = []
ticket_types = []
sources = [{ name = "Email" }]
note_types = [{ name = "Email" }]
issue_types = [{ name = "Computer" }]
roles = []
work_types = []
"""


@pytest.fixture
def desk(database: Engine) -> Desk:
    desk = Desk(database)
    for statement in ROWS.split(";\n"):
        if statement.strip():
            desk.run(statement)
    return desk


def load(directory: Path, *parts: str) -> tuple[Settings, Path]:
    file = directory / "inbound.toml"
    file.write_text("".join(parts), encoding="utf-8")
    return load_settings(file), file


def problems(desk: Desk, directory: Path, *parts: str) -> list[str]:
    settings, file = load(directory, *parts)
    with pytest.raises(ConfigurationError) as raised:
        check_stored_and_people(settings, desk.database, file)
    return [str(problem).removeprefix(f"{file}:").strip() for problem in raised.value.problems]


def test_every_dropped_value_is_named(desk: Desk, tmp_path: Path) -> None:
    """A file without what rows name is refused, every value with its count over all tables."""
    said = problems(desk, tmp_path, WITHOUT, PEER, MAILBOX)
    kept = "stored rows name it; keep it with active = false"
    assert sorted(said) == [
        f"desk.categories: 'Standard' is gone, but 1 {kept}",
        f"desk.issue_types.sub_issues: 'Printing' is gone, but 1 {kept}",
        f"desk.note_types: 'Detail' is gone, but 1 {kept}",
        f"desk.priorities: 'Low' is gone, but 1 {kept}",
        f"desk.queues: 'Administration' is gone, but 1 {kept}",
        f"desk.roles: 'Network Engineer' is gone, but 2 {kept}",
        f"desk.roles: 'Project Manager' is gone, but 1 {kept}",
        f"desk.sources: 'Phone' is gone, but 1 {kept}",
        f"desk.statuses: 'In Progress' is gone, but 2 {kept}",
        f"desk.tags: 'Toner' is gone, but 1 {kept}",
        f"desk.ticket_types: 'Incident' is gone, but 1 {kept}",
        f"desk.work_types: 'Travel' is gone, but 1 {kept}",
    ]


def test_retired_values_are_kept(desk: Desk, tmp_path: Path) -> None:
    """What stands in the file, active or not, is not gone."""
    tags = 'desk.tags = [{ name = "Toner", active = false }]\n'
    settings, file = load(tmp_path, tags, PEER, MAILBOX)
    check_stored(settings, desk.database, str(file))
    check_stored_and_people(settings, desk.database, file)


def test_no_column_is_forgotten() -> None:
    """Every column that holds a pick-list value is counted, in whichever table it is."""
    counted = {f"{column.table.name}.{column.name}" for columns in _CHOICES for column in columns}
    names = {column.name for columns in _CHOICES for column in columns}
    stored = {f"{table.name}.{name}" for table in metadata.sorted_tables for name in names & set(table.c.keys())}
    # What a person can do is the directory's to say, and those are other sources.
    others = {
        "resource_roles.role",
        "device_external_ids.source",
        "organization_external_ids.source",
    }
    assert stored - counted == others


def test_people_must_be_active_resources(desk: Desk, tmp_path: Path) -> None:
    """Check names every address that leads to nobody who works here, with its line; others go on without them."""
    desk.add_resource("Ann", "Ann@desk.example")
    desk.add_resource("Bob", "bob@desk.example", active=False)
    tags = 'desk.tags = [{ name = "Toner" }]\n'
    members = '[[desk.queues]]\nname = "Administration"\nmembers = ["ann@DESK.example", "bob@desk.example"]\n'
    resource = 'ticket.primary_resource = "carl@desk.example"\n'
    assert problems(desk, tmp_path, tags, members, PEER, MAILBOX, resource) == [
        "4: desk.queues[0].members[1]: no active resource has the address 'bob@desk.example'",
        "11: mailboxes[0].ticket.primary_resource: no active resource has the address 'carl@desk.example'",
    ]
    settings, file = load(tmp_path, tags, members, PEER, MAILBOX, resource)
    check_stored(settings, desk.database, str(file))
