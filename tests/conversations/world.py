"""The desk of the conversations: its configuration, and what each conversation has for itself."""

from collections.abc import Sequence

import psycopg

from conversations.script import Conversation

#: 127.0.0.1 is the desk's own mail server, 127.0.0.2 a provider's, 127.0.0.3 a relay whose checks are believed
PEERS = {"own": "127.0.0.1", "provider": "127.0.0.2", "checked": "127.0.0.3"}

CONFIG = """
[server]
domains = ["desk.example"]
state_directory = "state"
workers = 2
[[listeners]]
port = 0
[[peers]]
name = "own"
networks = ["127.0.0.1"]
trusted = true
[[peers]]
name = "provider"
networks = ["127.0.0.2"]
[[peers]]
name = "checked"
networks = ["127.0.0.3"]
authserv_ids = ["mx.desk.example"]
[database]
url = "{url}"
allow_unsafe_durability = true
[smart_host]
host = "127.0.0.1"
port = {port}
tls = "none"
at_once = 10
[desk]
operators = ["operator@ops.desk.example"]
statuses = [
    {{ name = "New" }}, {{ name = "In Progress" }}, {{ name = "Waiting Customer" }}, {{ name = "Customer Replied" }},
    {{ name = "Complete", complete = true }},
]
tags = [{{ name = "Printer", aliases = ["Drucker"] }}]
[[mailboxes]]
name = "support"
address = "support@desk.example"
[[mailboxes]]
name = "hilfe"
address = "hilfe@desk.example"
public_address = "hilfe@facing.desk.example"
language = "de"
[mailboxes.notify]
note_added = ["primary_resource", "secondary_resources", "contact", "additional_contacts"]
[[mailboxes]]
name = "vip"
address = "vip@desk.example"
aliases = ["chef@desk.example"]
ticket = {{ priority = "Critical" }}
[[mailboxes]]
name = "group"
address = "group@desk.example"
public_address = "team@lists.desk.example"
own_lists = ["team.lists.desk.example"]
[[mailboxes]]
name = "forms"
address = "forms@desk.example"
originator = "reply_to"
[[mailboxes]]
name = "careful"
address = "careful@desk.example"
strangers = "quarantine"
spam_action = "quarantine"
automatic_replies = "discard"
blocked_senders = ["*@blocked-*.example"]
blocked_subjects = ["Casino Bonus"]
[[mailboxes]]
name = "numbers"
address = "numbers@desk.example"
threading = "subject"
strangers = "new_ticket"
automatic_replies = "process"
[[mailboxes]]
name = "status"
address = "status@desk.example"
[mailboxes.ticket_note]
status_after_contact = "Customer Replied"
status_after_resource = "Waiting Customer"
reopen_status = "In Progress"
[mailboxes.notify]
object_created = ["originator"]
strangers = true
note_added = ["primary_resource", "contact", "additional_contacts"]
[[mailboxes]]
name = "closed"
address = "closed@desk.example"
ticket_note = {{ when_complete = "new_ticket" }}
[[mailboxes]]
name = "kept"
address = "kept@desk.example"
ticket_note = {{ when_complete = "note" }}
ticket_time_entry = {{ when_complete = "prohibit" }}
[[mailboxes]]
name = "old"
address = "old@desk.example"
active = false
[[mailboxes]]
name = "alerts"
address = "alerts@desk.example"
handler = "alerts"
keys = ["key-of-the-monitoring"]
"""

#: everybody of one conversation: ``acme.example`` and the like are its own, see `Conversation.own`
_PEOPLE = """
[[organizations]]
name = "Acme ({n})"
account_manager = "Tina ({n})"
domains = ["acme.example"]
[[organizations]]
name = "Acme South ({n})"
parent = "Acme ({n})"
domains = ["south.example"]
[[organizations]]
name = "Beta ({n})"
domains = ["beta.example"]
[[resources]]
name = "Tina ({n})"
addresses = ["tina@helpdesk.example", "tina@home.example"]
roles = ["Network Engineer", "Help Desk Technician"]
[[resources]]
name = "Sam ({n})"
addresses = ["sam@helpdesk.example"]
roles = ["Project Manager"]
[[resources]]
name = "Lena ({n})"
addresses = ["lena@acme.example"]
co_managed_organization = "Acme ({n})"
[[contacts]]
organization = "Acme ({n})"
name = "Anna"
addresses = ["anna@acme.example", "anna@private.example"]
[[contacts]]
organization = "Acme ({n})"
name = "Bernd"
addresses = ["bernd@acme.example"]
[[contacts]]
organization = "Acme South ({n})"
name = "Sue"
addresses = ["sue@south.example"]
[[contacts]]
organization = "Beta ({n})"
name = "Ben"
addresses = ["ben@beta.example"]
[[devices]]
organization = "Acme ({n})"
name = "NAS"
address = "nas@acme.example"
[[projects]]
number = "{project}"
organization = "Acme ({n})"
contact = "Anna"
title = "Umzug"
status = "New"
primary_resource = "Sam ({n})"
[[tasks]]
number = "{task}"
project = "{project}"
title = "Racks"
status = "New"
primary_resource = "Tina ({n})"
[[change_requests]]
number = "{change}"
organization = "Acme ({n})"
contact = "Anna"
title = "Firmware"
status = "New"
priority = "Medium"
primary_resource = "Tina ({n})"
approvers = ["Sam ({n})", "anna@acme.example"]
"""

#: name, number, customer, days since it was complete
_TICKETS = (
    ("open", 4, "Acme", None),
    ("done", 5, "Acme", 3),
    ("ancient", 6, "Acme", 20),
    ("theirs", 7, "Beta", None),
    ("merged", 8, "Acme", 1),
)


def known_names(conversation: Conversation) -> dict[str, str]:
    """Numbers of the objects that are there when a conversation begins, and its own number ``n``."""
    kinds = (("task", 1), ("change", 2), *((name, digit) for name, digit, _, _ in _TICKETS))
    day = "20250106"
    numbers = {name: f"T{day}.{conversation.number:03}{digit}" for name, digit in kinds}
    return numbers | {"project": f"P{day}.{conversation.number:04}", "n": str(conversation.number)}


def people(conversations: Sequence[Conversation]) -> str:
    """The file for `inbound directory import`."""
    return "".join(one.own(_PEOPLE).format(**known_names(one)) for one in conversations)


def add_tickets(connection: psycopg.Connection, conversations: Sequence[Conversation]) -> None:
    """Tickets of Anna's and Ben's, assigned to Tina, as the desk's application would have made them."""
    rows = [
        (known_names(one)[name], f"{customer} ({one.number})", f"Tina ({one.number})", days)
        for one in conversations
        for name, _, customer, days in _TICKETS
    ]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO object_numbers VALUES (%s, 'T')", [(number,) for number, *_ in rows])
        cursor.executemany(
            "INSERT INTO tickets (number, organization_id, contact_id, primary_resource_id, title, status, priority,"
            " completed_at) SELECT %s, o.id, (SELECT min(c.id) FROM contacts c WHERE c.organization_id = o.id AND"
            " c.name IN ('Anna', 'Ben')), r.id, 'Old', CASE WHEN d IS NULL THEN 'New' ELSE 'Complete' END, 'Medium',"
            " now() - make_interval(days => d) FROM organizations o, resources r, CAST(%s AS integer) AS d"
            " WHERE o.name = %s AND r.name = %s",
            [(number, days, customer, resource) for number, customer, resource, days in rows],
        )
    connection.execute(
        "UPDATE tickets t SET merged_into_id = o.id FROM tickets o"
        " WHERE t.number LIKE 'T20250106.%8' AND o.number = left(t.number, -1) || '4'"
    )
