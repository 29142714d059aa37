"""The migrations make what the tables say."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from inbound.database.migrate import migrate, migrations_directory, needed_revision
from inbound.database.tables import metadata


def test_migrations_and_tables_agree(database: Engine) -> None:
    """Nothing in tables.py is missing in a migrated database, and the other way round."""
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": False})
        assert compare_metadata(context, metadata) == []


def test_migrations_go_back_and_forward_again(database: Engine) -> None:
    """A downgrade removes everything that the upgrade made."""
    assert migrate(database, revision="base")[1] is None
    with database.connect() as connection:
        left = connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert {row.relname for row in left} <= {"alembic_version", "alembic_version_pkc"}
    assert migrate(database)[1] == needed_revision()


def test_the_newest_file_is_the_newest_migration() -> None:
    """What a start compares with is what Alembic would migrate to."""
    assert needed_revision() == ScriptDirectory(str(migrations_directory())).get_current_head()


#: what a desk of the first schema holds
OLD_ROWS = """
INSERT INTO organizations (name, type, is_local) VALUES ('Service Desk', 'local', true);
INSERT INTO organizations (name) VALUES ('Customer Ltd');
INSERT INTO contacts (organization_id, name) VALUES (2, 'Ann Smith');
INSERT INTO contact_addresses VALUES (1, 1, 'ann@customer.example');
INSERT INTO resources (name) VALUES ('Tom');
INSERT INTO object_numbers VALUES ('T20260131.0001', 'T');
INSERT INTO tickets (number, organization_id, contact_id, title, status, priority)
VALUES ('T20260131.0001', 2, 1, 'Printer', 'New', 'Low');
INSERT INTO notes (ticket_id, text) VALUES (1, 'It burns.');
INSERT INTO blobs VALUES ('\\x01', 3, 'abc');
INSERT INTO attachments (note_id, name, content_type, size_bytes, sha256) VALUES (1, 'a', 'text/plain', 3, '\\x01');
INSERT INTO messages (mailbox, identity, identity_version, received_at, outcome, reason, ticket_id, note_id, trace,
                      size_bytes, sha256)
VALUES ('support', '\\x02', 1, now(), 'ticket_note_added', 'subject_number', 1, 1, '[]', 3, '\\x01');
"""

#: one row of everything that later schemas bring, by the shortest INSERT that it takes
NEW_ROWS = """
UPDATE organizations SET parent_id = 1, account_manager_id = 1 WHERE id = 2;
INSERT INTO organization_external_ids VALUES (2, 'rmm', '4711');
INSERT INTO resources (name, co_managed_organization_id) VALUES ('Cora', 2);
INSERT INTO resource_roles VALUES (1, 'Technician');
INSERT INTO devices (organization_id, name) VALUES (2, 'SRV-01');
INSERT INTO device_external_ids (device_id, external_id) VALUES (1, '42');
INSERT INTO object_numbers VALUES ('P20260131.0001', 'P'), ('T20260131.0002', 'T');
INSERT INTO number_counters VALUES ('P', '2026-01-31', 0);
INSERT INTO projects (number, organization_id, title) VALUES ('P20260131.0001', 2, 'Server room');
INSERT INTO project_resources VALUES (1, 1);
INSERT INTO tasks (number, project_id, title) VALUES ('T20260131.0002', 1, 'Racks');
INSERT INTO task_resources VALUES (1, 1);
INSERT INTO ticket_contacts VALUES (1, 1);
INSERT INTO ticket_resources VALUES (1, 1);
INSERT INTO ticket_tags VALUES (1, 'printer');
INSERT INTO change_requests (ticket_id) VALUES (1);
INSERT INTO change_request_approvers (ticket_id, resource_id) VALUES (1, 1);
INSERT INTO change_request_approvers (ticket_id, contact_id) VALUES (1, 1);
UPDATE tickets SET device_id = 1, alert_id = 'a', external_ticket_id = 'x', primary_resource_id = 1;
INSERT INTO notes (task_id) VALUES (1);
INSERT INTO notes (project_id) VALUES (1);
INSERT INTO time_entries (ticket_id, resource_id, hours) VALUES (1, 1, 1.5);
INSERT INTO time_entries (task_id, resource_id, hours) VALUES (1, 1, 24);
INSERT INTO attachments (time_entry_id, name, content_type, size_bytes, sha256)
VALUES (1, 'b', 'text/plain', 3, '\\x01');
INSERT INTO attachments (note_id, name, content_type, size_bytes, sha256) VALUES (2, 'c', 'text/plain', 3, '\\x01');
INSERT INTO messages (mailbox, identity, identity_version, received_at, outcome, reason, task_id, note_id, trace,
                      size_bytes)
VALUES ('support', '\\x03', 1, now(), 'discarded', 'private', 1, 2, '[]', 3);
INSERT INTO message_references VALUES (1, 0, 'first@customer.example');
UPDATE messages SET loop_key = 1, body_key = -1 WHERE stored_at <= clock_timestamp();
"""

#: what is left to be sent when the third schema goes is lost; the ticket stays
NOTICES = """
INSERT INTO outbox (mailbox, kind, recipient, ticket_id, message_row_id, once)
VALUES ('support', 'ticket_created', 'ann@customer.example', 1, 1, 'x');
"""


def test_desk_rules_go_forward_and_back_on_data(database: Engine) -> None:
    """Forward keeps every row; back keeps every message, ticket and number, and forgets what the old schema lacks."""
    migrate(database, revision="0001")
    execute(database, OLD_ROWS)
    migrate(database)
    assert value(database, "SELECT count(*) FROM notes WHERE ticket_id = 1") == 1
    execute(database, NEW_ROWS + NOTICES)
    assert migrate(database, revision="0001")[1] == "0001"
    assert value(database, "SELECT count(*) FROM messages WHERE sha256 IS NOT NULL") == 2
    assert value(database, "SELECT count(*) FROM object_numbers") == 3
    assert value(database, "SELECT string_agg(name, ',') FROM attachments") == "a"
    assert value(database, "SELECT count(*) FROM notes") == 1
    # To the old schema a co-managing user would be somebody of the desk.
    assert value(database, "SELECT string_agg(name, ',') FROM resources WHERE active") == "Tom"
    migrate(database)
    assert value(database, "SELECT number FROM tickets") == "T20260131.0001"


@pytest.mark.parametrize(
    "statement",
    [
        # a note belongs to exactly one object, a time entry too
        "INSERT INTO notes (text) VALUES ('x')",
        "INSERT INTO notes (ticket_id, task_id) VALUES (1, 1)",
        "INSERT INTO notes (task_id, project_id) VALUES (1, 1)",
        "INSERT INTO time_entries (resource_id, hours) VALUES (1, 1)",
        "INSERT INTO time_entries (ticket_id, task_id, resource_id, hours) VALUES (1, 1, 1, 1)",
        # an attachment has one owner
        "UPDATE attachments SET ticket_id = 1",
        "UPDATE attachments SET note_id = NULL",
        # an approver is one person, listed once
        "INSERT INTO change_request_approvers (ticket_id) VALUES (1)",
        "INSERT INTO change_request_approvers (ticket_id, resource_id, contact_id) VALUES (1, 1, 1)",
        "INSERT INTO change_request_approvers (ticket_id, contact_id) VALUES (1, 1)",
        "UPDATE change_request_approvers SET decision = 'maybe'",
        # nothing is its own parent or merged into itself
        "UPDATE organizations SET parent_id = id",
        "UPDATE tickets SET merged_into_id = id",
        # a number is given once; the registry comes first
        "INSERT INTO object_numbers VALUES ('T20260131.0001', 'P')",
        "INSERT INTO tasks (number, project_id, title) VALUES ('T20260131.0009', 1, 'x')",
        # a notice is about one object, in a state that there is, and some are there once
        "UPDATE outbox SET task_id = 1",
        "UPDATE outbox SET state = 'lost'",
        "INSERT INTO outbox (mailbox, kind, recipient, once) VALUES ('support', 'failed', 'b@customer.example', 'x')",
        # nothing that is referred to can be deleted
        "DELETE FROM organizations WHERE id = 2",
        "DELETE FROM devices",
        "DELETE FROM tasks",
        "DELETE FROM projects",
        "DELETE FROM change_requests",
        "DELETE FROM time_entries",
    ],
)
def test_the_schema_refuses(database: Engine, statement: str) -> None:
    """What no reader could make sense of does not get in, whoever writes."""
    execute(database, OLD_ROWS + NEW_ROWS + NOTICES)
    with pytest.raises(IntegrityError):
        execute(database, statement)


def execute(database: Engine, script: str) -> None:
    with database.begin() as tx:
        for statement in filter(str.strip, script.split(";\n")):
            tx.exec_driver_sql(statement)


def value(database: Engine, query: str) -> object:
    with database.connect() as tx:
        return tx.exec_driver_sql(query).scalar()
