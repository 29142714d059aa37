"""Whoever answers the desk's notices, and whatever comes back: after a handful of mails it is quiet."""

import asyncio
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine

from desk import NOON, PEER, Desk, mail, results
from inbound.config import Settings
from inbound.model.mail import Delivery, Recipient
from inbound.model.outcome import Result
from inbound.notices.sender import Sender
from inbound.routing import Routes
from sink import Sink, Taken

SECRET = b"the desk's secret"
ANN = "ann@customer.example"
_numbers = itertools.count()


class World:
    """A desk, its smart host, and the mails between it and everybody else."""

    def __init__(self, database: Engine, sink: Sink, **more: Any) -> None:
        self.sink = sink
        self.settings = Settings.model_validate(
            {
                "smart_host": {"host": "127.0.0.1", "port": sink.port, "tls": "none"},
                "desk": {"operators": ["root@desk.example"]},
                "mailboxes": [{"name": "support", "address": "support@desk.example"}],
                **more,
            }
        )
        self.desk = Desk(database, self.settings)
        self.organization = self.desk.add_organization("Customer Ltd", "customer.example")
        self.routes = Routes(self.settings, SECRET)

    def receive(self, content: bytes, mail_from: str = ANN, to: str = "support@desk.example") -> Result:
        """A mail arrives."""
        recipient = self.routes.route(to)
        assert isinstance(recipient, Recipient), to
        one = Delivery(content=content, mail_from=mail_from, recipients=(recipient,), peer=PEER, received_at=NOON)
        return results(self.desk.commit(one))[0]

    def send(self) -> list[Taken]:
        """Everything that is due is sent; what the smart host took."""
        before = len(self.sink.taken)
        asyncio.run(Sender(self.settings, self.desk.database, SECRET).send_due())
        return self.sink.taken[before:]

    def play(self, react: Callable[[Taken], Sequence[tuple[bytes, str, str]]], rounds: int = 12) -> list[Result]:
        """Send, let the others react, until nobody says anything any more; what became of their mails."""
        became: list[Result] = []
        for _ in range(rounds):
            answers = [answer for taken in self.send() for answer in react(taken)]
            if not answers:
                return became
            became += [self.receive(*answer) for answer in answers]
        raise AssertionError(f"still talking after {rounds} rounds")


@pytest.fixture
def sink() -> Iterator[Sink]:
    smart_host = Sink().start()
    yield smart_host
    smart_host.stop()


@pytest.fixture
def world(database: Engine, sink: Sink) -> World:
    """A desk with one customer."""
    one = World(database, sink)
    one.desk.add_contact(one.organization, "Ann", ANN)
    return one


def tickets(world: World) -> int:
    return int(world.desk.value("SELECT count(*) FROM tickets"))


def test_a_reply_closes_the_loop(world: World) -> None:
    """Ticket, notice, reply by its subject, reply by nothing but its headers: one ticket, two notes, one notice."""
    world.receive(mail())
    (notice,) = world.send()
    by_number = mail(subject=f"Re: {notice.mail['Subject']}")
    by_token = mail(subject="AW: Drucker", body="Noch etwas.", extra=f"References: {notice.mail['Message-ID']}\r\n")
    assert [world.receive(one).outcome for one in (by_number, by_token)] == ["ticket_note_added"] * 2
    assert world.send() == []
    assert tickets(world) == 1


def test_an_auto_responder_that_says_so(world: World) -> None:
    """An out-of-office reply becomes an internal note on the ticket, and is not answered."""
    world.receive(mail())

    def react(taken: Taken) -> list[tuple[bytes, str, str]]:
        extra = f"Auto-Submitted: auto-replied\r\nIn-Reply-To: {taken.mail['Message-ID']}\r\n"
        return [(mail(subject="Out of office", extra=extra), "", "support@desk.example")]

    assert [one.reason for one in world.play(react)] == ["automatic_reply"]
    assert tickets(world) == 1


def test_an_aggressive_auto_responder(world: World) -> None:
    """It answers everything, keeps no mark, and changes its subject each time: the cap ends it."""
    world.receive(mail())

    def react(_taken: Taken) -> list[tuple[bytes, str, str]]:
        return [(mail(subject=f"Your case {next(_numbers)}"), ANN, "support@desk.example")]

    world.play(react)
    assert len(world.sink.taken) == 5
    assert world.desk.value("SELECT count(*) FROM outbox WHERE state = 'suppressed'") == 1


def test_a_dull_auto_responder(world: World) -> None:
    """It answers everything with the same words: the loop limit ends it before the cap."""
    world.receive(mail())

    def react(_taken: Taken) -> list[tuple[bytes, str, str]]:
        return [(mail(subject="We have received your message", body="Thanks."), ANN, "support@desk.example")]

    became = world.play(react)
    assert len(world.sink.taken) <= 4
    assert [one.reason for one in became][-1] == "loop_limit"


def test_a_second_copy_of_itself(world: World) -> None:
    """Two desks that know each other as customers: the first notice is the last."""
    other = "support@other-desk.example"
    world.desk.add_contact(world.organization, "The other desk", other)
    world.receive(mail(author=other), mail_from=other)

    def react(taken: Taken) -> list[tuple[bytes, str, str]]:
        # What a copy would make of the notice, it makes itself: the notice comes in from a customer's address.
        content = taken.content.replace(b"support@desk.example", other.encode(), 1)
        assert "auto-replied" in str(taken.mail["Auto-Submitted"])
        return [(content, taken.mail_from, "support@desk.example")]

    became = world.play(react)
    assert [one.outcome for one in became] == ["discarded"]
    assert tickets(world) == 1


def test_own_notices_come_back(world: World) -> None:
    """A notice that a rule sends back is known by its token, whatever its sender."""
    world.receive(mail())
    became = world.play(lambda taken: [(taken.content, taken.mail_from, "support@desk.example")])
    assert [one.reason for one in became] == ["own_notice"]


def test_a_bouncing_smart_host(world: World) -> None:
    """Every notice comes back as a delivery status notification: a note on its ticket each, and no word more."""
    world.receive(mail())

    def react(taken: Taken) -> list[tuple[bytes, str, str]]:
        report = (
            f"From: MAILER-DAEMON@mx.example\r\nTo: {taken.mail_from}\r\nSubject: Undelivered\r\n"
            f"Message-ID: <b{next(_numbers)}@mx.example>\r\nDate: Sat, 31 Jan 2026 12:00:00 +0000\r\n"
            'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
            f"Final-Recipient: rfc822; {taken.rcpt_to}\r\nAction: failed\r\nStatus: 5.1.1\r\n--b--\r\n"
        )
        return [(report.encode(), "", taken.mail_from)]

    became = world.play(react)
    assert [(one.outcome, one.reason) for one in became] == [("ticket_note_added", "bounce")]
    assert world.desk.value("SELECT publish FROM notes") == "internal"


def test_a_refusing_smart_host(world: World) -> None:
    """Every recipient is refused for good: one notice to the customer and one to the operator are given up."""
    world.sink.replies["*"] = "550 5.7.1 no"
    world.receive(mail())
    assert world.play(lambda _taken: []) == []
    assert world.desk.rows("SELECT kind, state FROM outbox ORDER BY id") == [
        ("ticket_created", "failed"),
        ("operator", "failed"),
    ]


def test_redeliveries_and_loops_cause_nothing(world: World) -> None:
    """A hundred redeliveries and a hundred mails of a loop: no notice beyond the two of the loop's first mails."""
    content = mail()
    for _ in range(100):
        world.receive(content)
    for _ in range(100):
        world.receive(mail(subject="Alarm", body="Again."))
    assert world.desk.value("SELECT count(*) FROM outbox WHERE kind = 'ticket_created'") == 3
