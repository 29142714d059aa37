"""The road between DATA and COMMIT, on a real PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from desk import NOON, SETTINGS, Desk, delivery, mail, results
from inbound.config import Settings
from inbound.model.outcome import Committed, Outcome, Reason


def test_a_mail_becomes_a_ticket_with_the_mailbox_defaults(desk: Desk) -> None:
    """Title, text, originator, defaults and due date are in the row; the message points at it."""
    result = desk.receive(mail(subject="=?utf-8?q?Dr=C3=BCcker?= brennt"), "vip")
    assert (result.outcome, result.reason, result.number) == (
        Outcome.TICKET_CREATED,
        Reason.NEW_TICKET,
        "T20260131.0001",
    )
    row = desk.rows(
        "SELECT number, title, description, originator_name, originator_address, status, priority, source, due_at,"
        " created_at FROM tickets"
    )
    assert row == [
        (
            *("T20260131.0001", "Drücker brennt", "It burns.", "Ann", "ann@customer.example"),
            *("New", "Critical", "Email", NOON + timedelta(hours=8), NOON),
        )
    ]
    query = "SELECT m.outcome, t.number, m.mailbox, m.rcpt_to FROM messages m JOIN tickets t ON t.id = m.ticket_id"
    assert desk.rows(query) == [("ticket_created", "T20260131.0001", "vip", "vip@desk.example")]


def test_the_original_is_stored_octet_by_octet(desk: Desk) -> None:
    """What came over the wire is what is kept."""
    content = mail(body="caf\x00e \udcff".encode("utf-8", "surrogateescape").decode("latin-1"))
    desk.receive(content)
    assert bytes(desk.value("SELECT content FROM blobs JOIN messages USING (sha256)")) == content


def test_people_are_found_set_based(desk: Desk) -> None:
    """Resource, contact by any address, organization by domain and the local one, in one batch."""
    acme = desk.add_organization("Acme", "acme.example")
    bob = desk.add_contact(acme, "Bob", "bob@acme.example", "bob@home.example", "BOB@Third.example")
    tech = desk.add_resource("Tech", "tech@desk.example")
    authors = ("Tech@desk.example", "bob@home.example", "bob@third.example", "who@mail.acme.example", "x@gmail.com")
    desk.commit(*(delivery(mail(author=author)) for author in authors))
    local = desk.value("SELECT id FROM organizations WHERE is_local")
    query = "SELECT originator_address, organization_id, contact_id, originator_resource_id FROM tickets"
    assert sorted(desk.rows(query)) == sorted(
        [
            (authors[0], local, None, tech),
            (authors[1], acme, bob, None),
            (authors[2], acme, bob, None),
            (authors[3], acme, None, None),
            (authors[4], local, None, None),
        ]
    )


def test_a_number_in_the_subject_leads_to_a_note(desk: Desk) -> None:
    """The reply is a note on the ticket, with its author; no second ticket."""
    acme = desk.add_organization("Acme")
    ann = desk.add_contact(acme, "Ann", "ann@customer.example")
    first = desk.receive(mail())
    result = desk.receive(mail(subject=f"AW: {first.number} Printer", body="Still."))
    assert (result.outcome, result.reason, result.number) == (
        Outcome.TICKET_NOTE_ADDED,
        Reason.SUBJECT_NUMBER,
        first.number,
    )
    query = (
        "SELECT t.number, n.text, n.contact_id, n.note_type, n.publish FROM notes n JOIN tickets t ON t.id = ticket_id"
    )
    assert desk.rows(query) == [(first.number, "Still.", ann, "Email", "all")]
    assert desk.value("SELECT count(*) FROM tickets") == 1


def test_a_redelivery_changes_nothing_but_a_count(desk: Desk) -> None:
    """The same message again, once by itself and twice in one batch: one ticket, all deliveries on record."""
    content = mail()
    first = desk.receive(content)
    again = b"Received: by another.example; Sat, 31 Jan 2026 12:00:00 +0000\r\nX-Spam: no\r\n" + content
    repeated = results(desk.commit(delivery(again), delivery(content)))
    assert [(one.outcome, one.reason, one.number) for one in repeated] == [
        (Outcome.DUPLICATE, Reason.REDELIVERED, first.number)
    ] * 2
    assert desk.rows("SELECT count(*), max(delivery_count) FROM messages") == [(1, 3)]
    assert desk.rows("SELECT count(*) FROM redeliveries") == [(2,)]
    assert desk.rows("SELECT count(*) FROM tickets") == [(1,)]


def test_the_same_message_twice_in_one_batch_is_one_ticket(desk: Desk) -> None:
    """Messages that could affect each other go one after the other, inside one transaction."""
    content = mail()
    answered = results(desk.commit(delivery(content), delivery(mail()), delivery(content)))
    assert [one.outcome for one in answered] == [
        Outcome.TICKET_CREATED,
        Outcome.TICKET_CREATED,
        Outcome.DUPLICATE,
    ]
    assert desk.value("SELECT count(DISTINCT xmin::text) FROM tickets") == 1


def test_two_mailboxes_in_one_transaction(desk: Desk) -> None:
    """Each mailbox handles the message; both results are in one answer and one commit."""
    (answer,) = desk.commit(delivery(mail(), "support", "vip"))
    assert isinstance(answer, Committed)
    assert [(one.mailbox, one.outcome) for one in answer.results] == [
        ("support", Outcome.TICKET_CREATED),
        ("vip", Outcome.TICKET_CREATED),
    ]
    assert desk.rows("SELECT count(*), count(DISTINCT xmin::text) FROM messages") == [(2, 1)]
    assert desk.value("SELECT count(*) FROM blobs") == 1


def test_attachments_are_stored_once(desk: Desk) -> None:
    """Two tickets with the same file share one blob."""
    content = (
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n'
        '--b\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        "\r\nQUJD\r\n--b--\r\n"
    )
    for _ in range(2):
        head, _, _ = mail().partition(b"\r\n\r\n")
        desk.receive(head + b"\r\n" + content.encode())
    query = (
        "SELECT count(*), count(DISTINCT a.sha256), min(a.name), min(a.size_bytes)"
        " FROM attachments a JOIN blobs USING (sha256)"
    )
    assert desk.rows(query) == [(2, 1, "a.pdf", 3)]


def test_numbers_count_per_day_in_the_desks_time_zone(database: Engine) -> None:
    """23:30 UTC is the next day in Berlin; each day begins at 0001."""
    settings = Settings.model_validate(
        SETTINGS.model_dump() | {"desk": {"time_zone": "Europe/Berlin", "loops": {"limit": 0}}}
    )
    desk = Desk(database, settings)
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    numbers = [desk.receive(mail(), at=at).number for at in (NOON, NOON, late, late, NOON)]
    assert numbers[0] == "T20260131.0001"
    assert numbers[1] == "T20260131.0002"
    assert numbers[2] == "T20260201.0001"
    assert numbers[3] == "T20260201.0002"
    assert len(set(numbers)) == 5
    assert set(numbers) == {row[0] for row in desk.rows("SELECT number FROM object_numbers")}


def test_without_any_organization_the_mail_is_discarded_but_kept(desk: Desk) -> None:
    """Nobody is responsible: no ticket, but the message can be found with its reason."""
    desk.run("UPDATE organizations SET active = false")
    result = desk.receive(mail())
    assert (result.outcome, result.reason) == (Outcome.DISCARDED, Reason.SENDER_UNKNOWN)
    assert desk.rows("SELECT outcome, reason FROM messages") == [("discarded", "sender_unknown")]
    assert desk.value("SELECT count(*) FROM tickets") == 0


def test_a_message_over_a_guard_is_quarantined(desk: Desk) -> None:
    """A header bomb makes no ticket, and is stored whole."""
    result = desk.receive(mail(extra="X-Bomb: 1\r\n" * 5_000))
    assert (result.outcome, result.reason) == (Outcome.QUARANTINED, Reason.OVER_GUARD)
    assert desk.value("SELECT count(*) FROM tickets") == 0


def test_the_trace_explains_every_stage(desk: Desk) -> None:
    """The stored trace names a rule that hit or missed for every stage."""
    desk.receive(mail())
    trace = desk.value("SELECT trace FROM messages")
    assert {step["stage"] for step in trace} == {"receive", "resolve_sender", "classify", "dedupe", "persist"}
    assert all(set(step) == {"stage", "rule", "hit", "detail"} for step in trace), json.dumps(trace)


@pytest.mark.parametrize(
    "hostile", [b"", b"\x00", b"\xff\xfe\x00\r\n\r\n", b"From: \x00\xed\xa0\x80@x\r\nSubject: \x00\r\n\r\n\x00"]
)
def test_any_octets_are_stored(desk: Desk, hostile: bytes) -> None:
    """Nothing that a message contains makes PostgreSQL refuse it."""
    assert desk.receive(hostile).outcome is Outcome.TICKET_CREATED


def test_a_huge_message_id_fits(desk: Desk) -> None:
    """A Message-ID longer than a B-tree entry is stored, found again, and the redelivery recognised."""
    content = f"From: a@b.example\r\nMessage-ID: <{'x' * 20_000}@y>\r\n\r\nhi\r\n".encode()
    assert desk.receive(content).outcome is Outcome.TICKET_CREATED
    assert desk.receive(content).outcome is Outcome.DUPLICATE


def test_set_based_equals_one_by_one(desk: Desk) -> None:
    """A batch with replies, repetitions and two mailboxes gives what the same mails give one by one."""
    acme = desk.add_organization("Acme", "acme.example")
    desk.add_contact(acme, "Bob", "bob@acme.example")
    number = desk.receive(mail()).number

    def mails() -> list[bytes]:
        same = mail(author="same@acme.example")
        return [
            mail(author="bob@acme.example"),
            mail(subject=f"Re: {number}"),
            same,
            mail(subject=f"Re: {number} again"),
            same,
            mail(author="who@acme.example"),
        ]

    batch = results(desk.commit(*(delivery(content) for content in mails())))
    one_by_one = [desk.receive(content) for content in mails()]
    assert [(one.outcome, one.reason) for one in batch] == [(one.outcome, one.reason) for one in one_by_one]
    made = desk.rows("SELECT originator_address, organization_id, contact_id FROM tickets ORDER BY id DESC LIMIT 6")
    assert sorted(made[:3], key=str) == sorted(made[3:], key=str)
    assert desk.value("SELECT count(*) FROM notes") == 4
