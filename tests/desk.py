"""Words for tests: a desk with people, mails that arrive, rows that were written."""

import itertools
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, text

from inbound.config import Settings
from inbound.database.numbers import DayBases
from inbound.intake import Committer
from inbound.intake.understanding import understand
from inbound.model.mail import Delivery, Peer, Recipient
from inbound.model.outcome import Answer, Committed, Result
from inbound.pipeline.context import Context, build_context

PEER = Peer(address="127.0.0.1", helo="mx.example", tls=None, name="loopback", is_trusted=True)
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

SETTINGS = Settings.model_validate(
    {
        # Most tests are about other things than mails of one author about one subject.
        "desk": {"loops": {"limit": 0}},
        "peers": [{"name": "loopback", "networks": ["127.0.0.0/8"], "trusted": True}],
        "mailboxes": [
            {"name": "support", "address": "support@desk.example"},
            {"name": "vip", "address": "vip@desk.example", "ticket": {"priority": "Critical", "due": "PT8H"}},
        ],
    }
)

_counter = itertools.count()


def mail(
    *, author: str = "Ann <ann@customer.example>", subject: str = "Printer", body: str = "It burns.", extra: str = ""
) -> bytes:
    """A plain mail with a Message-ID of its own; ``extra`` holds more header fields, each ended by CRLF."""
    return (
        f"From: {author}\r\nTo: support@desk.example\r\nSubject: {subject}\r\n"
        f"Message-ID: <{next(_counter)}@customer.example>\r\nDate: Sat, 31 Jan 2026 11:59:00 +0000\r\n"
        f"{extra}\r\n{body}\r\n"
    ).encode()


def delivery(content: bytes, *mailboxes: str, at: datetime = NOON) -> Delivery:
    """A mail handed over by a trusted peer, for `support` unless said otherwise."""
    recipients = tuple(
        Recipient(address=f"{name}@desk.example", mailbox=name, sub_address="") for name in mailboxes or ("support",)
    )
    return Delivery(content=content, mail_from="ann@customer.example", recipients=recipients, peer=PEER, received_at=at)


class Desk:
    """A database with the desk's own organization, a committer on it, and questions about its rows."""

    def __init__(self, database: Engine, settings: Settings = SETTINGS) -> None:
        self.database = database
        self.context: Context = build_context(settings, DayBases(database), b"the desk's secret")
        self.committer = Committer(database, self.context)
        self.run("INSERT INTO organizations (name, type, is_local) VALUES ('Service Desk', 'local', true)")

    def run(self, statement: str, **parameters: object) -> None:
        """Execute SQL."""
        with self.database.begin() as tx:
            tx.execute(text(statement), parameters)

    def rows(self, query: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Ask SQL."""
        with self.database.connect() as tx:
            return [tuple(row) for row in tx.execute(text(query), parameters)]

    def value(self, query: str, **parameters: object) -> Any:
        """The first value of the first row."""
        return self.rows(query, **parameters)[0][0]

    def add_organization(self, name: str, *domains: str, type_: str = "customer", active: bool = True) -> int:
        """An organization with web domains."""
        with self.database.begin() as tx:
            statement = text("INSERT INTO organizations (name, type, active) VALUES (:n, :t, :a) RETURNING id")
            id_ = int(tx.execute(statement, {"n": name, "t": type_, "a": active}).scalar_one())
            for domain in domains:
                tx.execute(text("INSERT INTO organization_domains VALUES (:i, :d)"), {"i": id_, "d": domain})
        return id_

    def add_contact(self, organization_id: int, name: str, *addresses: str, active: bool = True) -> int:
        """A contact with address 1, 2, 3."""
        with self.database.begin() as tx:
            statement = text("INSERT INTO contacts (organization_id, name, active) VALUES (:o, :n, :a) RETURNING id")
            id_ = int(tx.execute(statement, {"o": organization_id, "n": name, "a": active}).scalar_one())
            for position, address in enumerate(addresses, start=1):
                tx.execute(
                    text("INSERT INTO contact_addresses VALUES (:i, :p, :a)"),
                    {"i": id_, "p": position, "a": address},
                )
        return id_

    def add_resource(self, name: str, *addresses: str, active: bool = True) -> int:
        """A resource with addresses."""
        with self.database.begin() as tx:
            statement = text("INSERT INTO resources (name, active) VALUES (:n, :a) RETURNING id")
            id_ = int(tx.execute(statement, {"n": name, "a": active}).scalar_one())
            for address in addresses:
                tx.execute(text("INSERT INTO resource_addresses VALUES (:i, :a)"), {"i": id_, "a": address})
        return id_

    def commit(self, *deliveries: Delivery, seconds: float = 5) -> list[Answer]:
        """Have deliveries committed as one batch."""
        return self.committer.commit(deliveries, time.monotonic() + seconds)

    def receive(self, content: bytes, *mailboxes: str, at: datetime = NOON) -> Result:
        """Have one mail committed; the result for its first mailbox."""
        return results(self.commit(delivery(content, *mailboxes, at=at)))[0]

    def retry(self, row_id: int, content: bytes) -> Answer:
        """Run a quarantined message again."""
        understood = understand([delivery(content)], self.context, row_id=row_id)
        return self.committer.commit_understood(understood, time.monotonic() + 5)[0]


def results(answers: Sequence[Answer]) -> list[Result]:
    """The results of answers that are all committed."""
    found: list[Result] = []
    for answer in answers:
        assert isinstance(answer, Committed), answer
        found += answer.results
    return found
