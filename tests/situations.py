"""A desk with everybody who can write to it, and what a mail left behind in words that a table can hold."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, text

from desk import NOON, PEER, SETTINGS, Desk, delivery, results
from inbound.config import Settings
from inbound.model.outcome import Result

KEY = "key-of-the-monitoring"

_LISTS = {
    "statuses": [
        *({"name": name} for name in ("New", "In Progress", "Waiting Customer", "Customer Replied")),
        {"name": "Complete", "complete": True},
        {"name": "Closed Long Ago", "complete": True, "active": False},
    ],
    "tags": [
        {"name": "VPN", "aliases": ["Fernzugriff"]},
        {"name": "Printer", "aliases": ["Drucker"]},
        {"name": "Fixed"},
    ],
    "categories": [{"name": "Standard", "tags": ["VPN"]}, {"name": "Monitoring"}],
}

#: one mailbox per way to set it up
MAILBOXES: tuple[dict[str, Any], ...] = (
    {"name": "support"},
    {"name": "german", "language": "de", "fallback_organization": "Beta"},
    {"name": "vip", "ticket": {"priority": "Critical", "due": "PT8H", "tags": ["Fixed"], "category": "Standard"}},
    {"name": "tickets", "creates": ["ticket"]},
    {"name": "notes", "creates": ["ticket", "ticket_note", "task_note", "project_note"]},
    {"name": "new", "strangers": "new_ticket"},
    {"name": "careful", "strangers": "quarantine", "automatic_replies": "discard", "spam_action": "quarantine"},
    {"name": "lax", "automatic_replies": "process", "spam_action": "discard"},
    {"name": "learning", "add_unknown_contacts": True},
    {"name": "forms", "originator": "reply_to", "resource_forwards": "resource"},
    {
        "name": "inner",
        "ticket_note": {"publish": "internal", "status_after_contact": "Customer Replied", "note_type": "Detail"},
        "task_note": {"status_after_resource": "Waiting Customer", "status_after_contact": "Customer Replied"},
        "ticket_time_entry": {"role": "Help Desk Technician", "work_type": "Remote Support", "publish": "internal"},
    },
    {
        "name": "strict",
        "strip_quotes": False,
        "ticket_note": {"when_complete": "note", "status_after_contact": "Customer Replied"},
        "ticket_time_entry": {"when_complete": "prohibit", "append_to_resolution": True},
    },
    {
        "name": "fresh",
        "ticket_note": {
            "when_complete": "new_ticket",
            "status_after_contact": "Customer Replied",
            "status_after_resource": "Waiting Customer",
        },
        "ticket_time_entry": {"append_to_resolution": True},
    },
    {"name": "reopen", "ticket_note": {"reopen_status": "In Progress", "status_after_contact": "Customer Replied"}},
    {"name": "blocking", "blocked_senders": ["@spam.example"], "blocked_subjects": ["casino*bonus"]},
    {
        "name": "alerts",
        "handler": "alerts",
        "keys": [KEY, "second & <key> of tools"],
        "language": "de",
        "ticket": {"category": "Monitoring", "issue_type": "Network", "source": "Monitoring Alert"},
    },
)
FULL = Settings.model_validate(
    SETTINGS.model_dump()
    | {"desk": _LISTS, "mailboxes": [{"address": f"{box['name']}@desk.example"} | box for box in MAILBOXES]}
)


class Situation(Desk):
    """The desk, its customers Acme, Acme South (a child) and Beta, their people and objects."""

    def __init__(self, database: Engine, settings: Settings = FULL) -> None:
        super().__init__(database, settings)
        self.local = int(self.value("SELECT id FROM organizations"))
        self.acme = self.add_organization("Acme", "acme.example")
        self.south = self.add_organization("Acme South", "south.example")
        self.beta = self.add_organization("Beta", "beta.example")
        self.run("UPDATE organizations SET parent_id = :p WHERE id = :i", p=self.acme, i=self.south)
        self.lead = self.add_organization("Lead", "lead.example", type_="lead")
        self.gone = self.add_organization("Gone", "gone.example", active=False)
        self.ann = self.add_contact(self.acme, "Ann", "ann@acme.example", "ann@second.example", "ann@third.example")
        self.bob = self.add_contact(self.acme, "Bob", "bob@acme.example")
        self.sue = self.add_contact(self.south, "Sue", "sue@south.example")
        self.ben = self.add_contact(self.beta, "Ben", "ben@beta.example", "shared@both.example", "both@acme.example")
        self.add_contact(self.acme, "Both", "shared@both.example", "both@acme.example")
        self.add_contact(self.acme, "Left", "left@acme.example", active=False)
        self.add_contact(self.gone, "Gus", "gus@gone.example")
        self.add_contact(self.lead, "Lea", "lea@lead.example")
        self.tech = self.add_resource("Tech", "tech@desk.example", "tech@home.example")
        self.eve = self.add_resource("Eve", "eve@desk.example")
        self.add_resource("Otto", "otto@desk.example", active=False)
        self.run(
            "INSERT INTO resource_roles VALUES (:t, 'Network Engineer'), (:t, 'Help Desk Technician')", t=self.tech
        )
        self.lena = self.add_resource("Lena", "lena@acme.example")
        self.run("UPDATE resources SET co_managed_organization_id = :o WHERE id = :i", o=self.acme, i=self.lena)
        self.device = self.add_device(self.acme, "NAS", "nas@acme.example")
        self._add_objects()

    def add_device(self, organization_id: int, name: str, address: str = "", external_id: str = "") -> int:
        """A device, with the id that the RMM gave it."""
        statement = "INSERT INTO devices (organization_id, name, address) VALUES (:o, :n, :a)"
        self.run(statement, o=organization_id, n=name, a=address)
        id_ = int(self.value("SELECT max(id) FROM devices"))
        if external_id:
            self.run("INSERT INTO device_external_ids VALUES (:i, 'rmm', :e)", i=id_, e=external_id)
        return id_

    def add_ticket(
        self, number: str, *, organization_id: int = 0, status: str = "New", days: float | None = None
    ) -> int:
        """A ticket of Ann's or of another organization's, completed so many days before noon."""
        self.run("INSERT INTO object_numbers VALUES (:n, 'T')", n=number)
        self.run(
            "INSERT INTO tickets (number, organization_id, contact_id, title, status, priority, completed_at)"
            " VALUES (:n, :o, :c, 'Old', :s, 'Medium', CAST(:at AS timestamptz) - make_interval(days => :d))",
            n=number,
            o=organization_id or self.acme,
            c=None if organization_id else self.ann,
            s=status,
            at=NOON,
            d=days,
        )
        return int(self.value("SELECT id FROM tickets WHERE number = :n", n=number))

    def _add_objects(self) -> None:
        for number, kind in (("P20260101.0001", "P"), ("T20260101.0009", "T"), ("T20260101.0009.003", "T")):
            self.run("INSERT INTO object_numbers VALUES (:n, :k)", n=number, k=kind)
        self.run(
            "INSERT INTO projects (number, organization_id, title) VALUES ('P20260101.0001', :o, 'Move')", o=self.acme
        )
        for number in ("T20260101.0009", "T20260101.0009.003"):
            self.run(
                "INSERT INTO tasks (number, project_id, title, status) SELECT :n, id, 'Racks', 'New' FROM projects",
                n=number,
            )
        self.add_ticket("T20260101.0001")
        self.add_ticket("T20260101.0002", status="Complete", days=3)
        self.add_ticket("T20260101.0003", status="Complete", days=15)
        self.add_ticket("T20260101.0004", organization_id=self.beta)
        self.add_ticket("T20260101.0005", status="No Longer Known", days=None)
        merged = self.add_ticket("T20260101.0006", organization_id=self.beta, status="Complete", days=1)
        self.run(
            "UPDATE tickets SET merged_into_id = m.id FROM tickets AS m"
            " WHERE m.number = 'T20260101.0001' AND tickets.id = :i",
            i=merged,
        )
        self.change = self.add_ticket("T20260101.0007")
        self.run("INSERT INTO change_requests (ticket_id) VALUES (:i)", i=self.change)
        approvers = "INSERT INTO change_request_approvers (ticket_id, resource_id, contact_id) VALUES (:i, :r, :c)"
        for resource, contact in ((self.tech, None), (None, self.ann)):
            self.run(approvers, i=self.change, r=resource, c=contact)

    def send(self, content: bytes, mailbox: str = "support", *, trusted: bool = True, null: bool = False) -> Result:
        """Have one mail committed, handed over by a peer that is trusted or not."""
        one = delivery(content, mailbox)
        one = replace(one, peer=replace(PEER, is_trusted=trusted), mail_from="" if null else one.mail_from)
        return results(self.commit(one))[0]

    def one(self, query: str, **parameters: object) -> dict[str, Any]:
        """The only row of a query, by column."""
        with self.database.connect() as tx:
            return dict(tx.execute(text(query), parameters).mappings().one())

    def made(self, result: Result) -> dict[str, Any]:
        """The object that a message made: its row."""
        links = self.one("SELECT ticket_id, note_id, time_entry_id FROM messages WHERE id = :i", i=result.message_id)
        if links["time_entry_id"]:
            return self.one("SELECT * FROM time_entries WHERE id = :i", i=links["time_entry_id"])
        if links["note_id"] and result.outcome != "ticket_created":
            return self.one("SELECT * FROM notes WHERE id = :i", i=links["note_id"])
        if result.outcome == "ticket_created":
            return self.one("SELECT * FROM tickets WHERE id = :i", i=links["ticket_id"])
        return {}

    def ticket(self, number: str) -> dict[str, Any]:
        """A ticket by its number."""
        return self.one("SELECT * FROM tickets WHERE number = :n", n=number)

    def person(self, made: dict[str, Any]) -> str:
        """In whose name an object is, as ``Organization/person``; notes have no organization of their own."""
        organization = self.rows("SELECT name FROM organizations WHERE id = :i", i=made.get("organization_id"))
        contact = self.rows("SELECT name FROM contacts WHERE id = :i", i=made.get("contact_id"))
        resource_id = made.get("originator_resource_id") or made.get("resource_id")
        resource = self.rows("SELECT name FROM resources WHERE id = :i", i=resource_id)
        device = self.rows("SELECT name FROM devices WHERE id = :i", i=made.get("device_id"))
        names = [found[0][0] if found else "" for found in (organization, contact, resource, device)]
        return "/".join(name for name in names if name)

    def rules(self, result: Result) -> list[str]:
        """The rules of a message's trace, those that hit with a star."""
        trace = self.value("SELECT trace FROM messages WHERE id = :i", i=result.message_id)
        return [f"{'*' if step['hit'] else ''}{step['rule']}" for step in trace]
