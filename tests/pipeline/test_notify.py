"""What is queued: rows in the transaction of the message, for whom the mailbox says."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from desk import SETTINGS, Desk, delivery, mail, results
from inbound.config import Settings
from inbound.database.engine import transaction
from inbound.intake.understanding import understand
from inbound.pipeline.process import process

ANN = "ann@customer.example"


def settings(**notify: Any) -> Settings:
    """A desk with a smart host, operators, and a mailbox that notifies as given."""
    support = {"name": "support", "address": "support@desk.example", "notify": notify}
    return Settings.model_validate(
        {
            "peers": SETTINGS.model_dump(mode="json")["peers"],
            "smart_host": {"host": "127.0.0.1"},
            "desk": {
                "operators": ["root@desk.example"],
                "queues": [{"name": "Level I Support", "members": ["tom@desk.example"]}],
            },
            "mailboxes": [
                {**support, "ticket": {"queue": "Level I Support"}},
                {"name": "vip", "address": "vip@desk.example"},
            ],
        }
    )


@pytest.fixture
def make(database: Engine) -> Any:
    """Make a desk whose mailbox `support` notifies as given, with a customer and two resources."""

    def build(**notify: Any) -> Desk:
        desk = Desk(database, settings(**notify))
        organization = desk.add_organization("Customer Ltd", "customer.example")
        desk.add_contact(organization, "Ann Smith", ANN)
        desk.add_contact(organization, "Bob Brown", "bob@customer.example")
        desk.add_resource("Tom", "tom@desk.example")
        desk.add_resource("Tina", "tina@desk.example")
        return desk

    return build


def queued(desk: Desk) -> list[tuple[Any, ...]]:
    """Kind and recipient of every notice, in order."""
    return desk.rows("SELECT kind, recipient FROM outbox ORDER BY id")


def test_a_new_ticket_is_confirmed(make: Any) -> None:
    """The contact gets one notice, which names ticket, message and mailbox; it is one of the desk's resources' not."""
    desk = make()
    ticket = desk.receive(mail())
    row = desk.rows(
        "SELECT o.mailbox, o.kind, o.recipient, o.recipient_name, o.is_resource, o.language, t.number,"
        " o.message_row_id, o.state, o.is_counted FROM outbox AS o JOIN tickets AS t ON t.id = o.ticket_id"
    )
    expected = ("support", "ticket_created", ANN, "Ann Smith", False, "en", ticket.number, ticket.message_id)
    assert row == [(*expected, "queued", False)]


def test_nothing_is_queued_without_a_smart_host(desk: Desk) -> None:
    """Notices that nobody would take are not made."""
    desk.add_contact(desk.add_organization("Customer Ltd"), "Ann Smith", ANN)
    desk.receive(mail())
    assert queued(desk) == []


def test_a_rehearsal_queues_nothing(make: Any, database: Engine) -> None:
    """`inbound explain` says what would be sent, and sends nothing."""
    desk = make()
    understood = understand([delivery(mail())], desk.context, salt=b"x" * 32)[0]
    with transaction(database) as tx:
        processed = process(tx, understood.received, desk.context)
    assert [step.detail for step in processed[0].steps if step.rule == "ticket_created"][-1] == "to originator"
    assert queued(desk) == []


def test_a_redelivery_is_no_news(make: Any) -> None:
    """The same mail again causes no notice."""
    desk = make()
    content = mail()
    desk.receive(content)
    desk.receive(content)
    assert len(queued(desk)) == 1


def test_roles_of_a_new_ticket(make: Any) -> None:
    """Additional contacts, the queue's members and addresses are told when the mailbox says so, each once."""
    desk = make(ticket_created=["originator", "additional_contacts", "queue", "boss@desk.example", "tom@desk.example"])
    desk.receive(mail(extra="Cc: bob@customer.example\r\n"))
    assert {recipient for _, recipient in queued(desk)} == {
        ANN,
        "bob@customer.example",
        "tom@desk.example",
        "boss@desk.example",
    }
    assert len(queued(desk)) == 4


@pytest.fixture
def assigned(make: Any) -> tuple[Desk, str]:
    """A ticket of Ann's with Tom as primary and Tina as secondary resource, and nothing in the outbox."""
    desk: Desk = make(note_added=["primary_resource", "secondary_resources", "contact", "additional_contacts"])
    number = desk.receive(mail()).number
    assert number is not None
    desk.run("UPDATE tickets SET primary_resource_id = 1")
    desk.run("INSERT INTO ticket_resources VALUES (1, 2)")
    desk.run("DELETE FROM outbox")
    return desk, number


def test_resources_hear_what_a_contact_writes(assigned: tuple[Desk, str]) -> None:
    """The primary and the secondary resource get the customer's note, the customer does not."""
    desk, number = assigned
    desk.receive(mail(subject=f"Re: {number}"))
    assert queued(desk) == [("note_added", "tom@desk.example"), ("note_added", "tina@desk.example")]


def test_the_contact_hears_what_a_resource_writes(assigned: tuple[Desk, str]) -> None:
    """A resource's public note goes to the contact; neither resource is told."""
    desk, number = assigned
    desk.receive(mail(author="tom@desk.example", subject=f"Re: {number}"))
    assert queued(desk) == [("note_added", ANN)]


def test_an_internal_note_stays_inside(assigned: tuple[Desk, str]) -> None:
    """What a stranger writes is told to the resources only."""
    desk, number = assigned
    desk.add_contact(desk.add_organization("Other Ltd"), "Eve", "eve@other.example")
    desk.receive(mail(author="eve@other.example", subject=f"Re: {number}"))
    assert {recipient for _, recipient in queued(desk)} == {"tom@desk.example", "tina@desk.example"}


@pytest.mark.parametrize("is_one_batch", [False, True])
def test_nobody_hears_of_what_was_before_them(assigned: tuple[Desk, str], *, is_one_batch: bool) -> None:
    """Who comes in by a later mail of a batch gets no notice of an earlier one: as one by one, so together."""
    desk, number = assigned
    desk.add_resource("Tim", "tim@desk.example")
    mails = [
        mail(author="tom@desk.example", subject=f"Re: {number}", body="One."),
        mail(subject=f"Re: {number}", body="Two."),
        mail(author="tom@desk.example", subject=f"Re: {number}", body="Three.", extra="Cc: bob@customer.example\r\n"),
        mail(subject="Other", body="Four."),
        mail(subject=f"AW: {number}", body="Five.", extra="Cc: tim@desk.example\r\n"),
        mail(author="tina@desk.example", subject=f"AW: {number}", body="Six."),
    ]
    deliveries = [delivery(content) for content in mails]
    for batch in [deliveries] if is_one_batch else [[one] for one in deliveries]:
        results(desk.commit(*batch))
    told: dict[str, set[str]] = {}
    for text, recipient in desk.rows(
        "SELECT coalesce(n.text, t.description), o.recipient FROM outbox AS o JOIN messages AS m"
        " ON m.id = o.message_row_id LEFT JOIN notes AS n ON n.id = m.note_id LEFT JOIN tickets AS t"
        " ON t.id = o.ticket_id"
    ):
        told.setdefault(text.strip(), set()).add(recipient.partition("@")[0])
    assert told == {
        "One.": {"ann"},
        "Two.": {"tom", "tina"},
        "Three.": {"ann", "bob"},
        "Four.": {"ann"},
        "Five.": {"tom", "tina", "tim"},
        "Six.": {"ann", "bob"},
    }


def test_a_wrong_value_is_told_to_its_author(assigned: tuple[Desk, str]) -> None:
    """The notice names the wrong value and the allowed ones, and is the only one."""
    desk, number = assigned
    desk.receive(mail(author="tom@desk.example", subject=f"Re: {number}", body="#T=99 #S=Donne\n\nDone."))
    assert queued(desk) == [("indicator_rejected", "tom@desk.example")]
    problems = desk.value("SELECT data->'problems' FROM outbox")
    assert any("#S=Donne" in problem and "In Progress" in problem for problem in problems), problems


@pytest.mark.parametrize(
    "extra",
    [
        "Auto-Submitted: auto-generated\r\n",
        "Auto-Submitted: auto-replied\r\n",
        "Precedence: bulk\r\n",
        "List-Id: <users.other.example>\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "X-Spam-Flag: YES\r\n",
    ],
)
def test_machines_are_not_answered(make: Any, extra: str) -> None:
    """Whatever says that a program wrote it, that it is a list's or spam, its author hears nothing."""
    desk = make()
    desk.receive(mail(extra=extra))
    assert queued(desk) == []


def test_a_null_reverse_path_is_not_answered(make: Any) -> None:
    """RFC 3834 2: nothing is sent to where nothing can come back from."""
    desk = make()
    results(desk.commit(replace(delivery(mail()), mail_from="")))
    assert queued(desk) == []


def test_strangers_are_not_answered(make: Any) -> None:
    """A From that nobody knows can be anybody's, and a trusted peer proves nothing about it."""
    desk = make()
    desk.receive(mail(author="eve@unknown.example"))
    assert queued(desk) == []


def test_strangers_are_answered_where_the_mailbox_says_so(make: Any) -> None:
    """notify.strangers = true."""
    desk = make(strangers=True)
    desk.receive(mail(author="eve@unknown.example"))
    assert queued(desk) == [("ticket_created", "eve@unknown.example")]


def test_private_mail_is_refused_once_a_day(make: Any) -> None:
    """A known sender is asked to resend, once a day, and nothing of the mail is in the notice."""
    desk = make()
    for _ in range(3):
        desk.receive(mail(subject="Salary", extra="Sensitivity: Private\r\n"))
    assert queued(desk) == [("failed", ANN)]
    assert desk.rows("SELECT data::text, recipient_name FROM outbox") == [('{"about": "private"}', "")]


def test_the_operator_is_told_once_an_hour(make: Any) -> None:
    """Of many mails in quarantine the first is told at once and the rest in the next hour."""
    desk = make()
    desk.run("UPDATE organizations SET active = false WHERE is_local")
    deep = mail(extra="X-Deep: 1\r\n" * 3000)
    for _ in range(3):
        desk.receive(deep.replace(b"Message-ID: <", b"Message-ID: <x"))
        deep = deep.replace(b"Printer", b"Printer!")
    assert desk.value("SELECT count(*) FROM messages WHERE outcome = 'quarantined'") == 3
    assert queued(desk) == [("operator", "root@desk.example")] * 2
    assert desk.value("SELECT count(*) FROM outbox WHERE next_attempt_at > now()") == 1
