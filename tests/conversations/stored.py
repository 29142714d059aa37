"""What a mail left behind, as the conversations ask for it."""

from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

# Redeliveries have no row of their own: they say what the first delivery was about.
_RESULTS = """
    WITH made AS (
        SELECT id, outcome, reason, trace FROM messages WHERE helo = %(helo)s
      UNION ALL
        SELECT message_row_id, 'duplicate', 'redelivered', '[]' FROM redeliveries WHERE helo = %(helo)s
    )
    SELECT m.id, m.mailbox, made.outcome, made.reason, made.trace, m.note_id, m.time_entry_id, m.subject,
           m.sha256 IS NOT NULL AS has_original, coalesce(t.number, k.number, p.number, '') AS number
    FROM made JOIN messages AS m ON m.id = made.id LEFT JOIN tickets AS t ON t.id = m.ticket_id
    LEFT JOIN tasks AS k ON k.id = m.task_id LEFT JOIN projects AS p ON p.id = m.project_id
"""
_NOTICES = "SELECT kind || ' ' || recipient AS told FROM outbox WHERE message_row_id = %s AND kind <> 'operator'"
_ON_THEIR_WAY = """
    SELECT count(*) AS n FROM outbox
    WHERE recipient LIKE ANY(%s) AND state IN ('queued', 'sending') AND kind <> 'digest'
"""
# Names of organizations and resources end with the number of their conversation.
_OBJECTS: dict[str, LiteralString] = {
    "ticket": """
        SELECT t.*, split_part(o.name, ' (', 1) AS organization, c.name AS contact, d.name AS device,
            split_part(r.name, ' (', 1) AS resource, l.number AS linked, t.completed_at IS NOT NULL AS complete,
            (SELECT string_agg(a.name, ', ' ORDER BY a.name) FROM ticket_contacts AS x
             JOIN contacts AS a ON a.id = x.contact_id WHERE x.ticket_id = t.id) AS additional,
            (SELECT string_agg(split_part(a.name, ' (', 1), ', ' ORDER BY a.name) FROM ticket_resources AS x
             JOIN resources AS a ON a.id = x.resource_id WHERE x.ticket_id = t.id) AS secondary,
            (SELECT string_agg(tag, ', ' ORDER BY tag) FROM ticket_tags AS x WHERE x.ticket_id = t.id) AS tags,
            (SELECT count(*) FROM notes AS x WHERE x.ticket_id = t.id) AS notes,
            (SELECT count(*) FROM time_entries AS x WHERE x.ticket_id = t.id) AS entries,
            (SELECT string_agg(coalesce(split_part(ar.name, ' (', 1), ac.name) || ' ' || x.decision, ', ' ORDER BY x.id)
             FROM change_request_approvers AS x LEFT JOIN resources AS ar ON ar.id = x.resource_id
             LEFT JOIN contacts AS ac ON ac.id = x.contact_id WHERE x.ticket_id = t.id AND x.decision <> '') AS decided
        FROM tickets AS t JOIN organizations AS o ON o.id = t.organization_id
        LEFT JOIN contacts AS c ON c.id = t.contact_id LEFT JOIN resources AS r ON r.id = t.originator_resource_id
        LEFT JOIN devices AS d ON d.id = t.device_id LEFT JOIN tickets AS l ON l.id = t.linked_ticket_id
        WHERE t.number = %s""",
    "task": """
        SELECT t.*, (SELECT count(*) FROM notes AS x WHERE x.task_id = t.id) AS notes,
            (SELECT count(*) FROM time_entries AS x WHERE x.task_id = t.id) AS entries
        FROM tasks AS t WHERE number = %s""",
    "project": """
        SELECT p.*, (SELECT count(*) FROM notes AS x WHERE x.project_id = p.id) AS notes
        FROM projects AS p WHERE number = %s""",
    "note": """
        SELECT n.*, coalesce(c.name, split_part(r.name, ' (', 1)) AS by, n.quoted_text AS quoted,
            (SELECT string_agg(name, ', ' ORDER BY name) FROM attachments AS a
             WHERE a.note_id = n.id AND a.is_listed) AS files
        FROM notes AS n LEFT JOIN contacts AS c ON c.id = n.contact_id
        LEFT JOIN resources AS r ON r.id = n.resource_id WHERE n.id = %s""",
    "entry": """
        SELECT e.*, split_part(r.name, ' (', 1) AS by
        FROM time_entries AS e JOIN resources AS r ON r.id = e.resource_id WHERE e.id = %s""",
}


def results(connection: Connection, helo: str) -> list[Row]:
    """One row for each mailbox that got the mail of the peer who called itself so."""
    return connection.execute(_RESULTS, {"helo": helo}).fetchall()


def notices(connection: Connection, message_row_id: int) -> list[str]:
    """Kind and recipient of all that a message told, apart from the operator."""
    return [row["told"] for row in connection.execute(_NOTICES, (message_row_id,))]


def is_sent(connection: Connection, recipients: list[str]) -> bool:
    """Is nothing on its way to these recipients (patterns of LIKE)?"""
    row = connection.execute(_ON_THEIR_WAY, (recipients,)).fetchone()
    return row is not None and row["n"] == 0


def fact(connection: Connection, thing: str, field: str, result: Row, numbers: dict[str, str]) -> str:
    """A field of what a mail made, of its object, or of another object by its name; empty for NULL."""
    if thing == "message":
        return str(result[field])
    key, kind = {"note": result["note_id"], "entry": result["time_entry_id"]}.get(thing, result["number"]), thing
    if thing not in ("ticket", "note", "entry"):
        key, kind = numbers[thing], thing if thing in _OBJECTS else "ticket"
    found = connection.execute(_OBJECTS[kind], (key,)).fetchone()
    assert found, f"there is no {thing}"
    return "" if found[field] is None else str(found[field])


def explained(result: Row) -> str:
    """The trace of a message in one line, rules that hit with a star."""
    return "; ".join(f"{'*' if step['hit'] else ''}{step['rule']}: {step['detail']}" for step in result["trace"])
