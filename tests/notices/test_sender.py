"""From the outbox to a smart host: what is sent, what waits, what is given up."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from desk import SETTINGS, Desk, mail
from inbound.config import Settings
from inbound.database import deliveries, outbox
from inbound.database.engine import Transaction, transaction
from inbound.message.tokens import bounced_token, find_token
from inbound.model.notice import Notice, NoticeDraft
from inbound.notices.sender import Sender
from sink import Sink

SECRET = b"the desk's secret"
ANN = "ann@customer.example"


@pytest.fixture
def sink() -> Iterator[Sink]:
    smart_host = Sink().start()
    yield smart_host
    smart_host.stop()


def settings(sink: Sink, **more: Any) -> Settings:
    """A desk whose notices go to the sink."""
    mailbox = {"name": "support", "address": "support@desk.example", **more.pop("mailbox", {})}
    return Settings.model_validate(
        {
            "peers": SETTINGS.model_dump(mode="json")["peers"],
            "smart_host": {"host": "127.0.0.1", "port": sink.port, "tls": "none", **more},
            "desk": {"operators": ["root@desk.example"]},
            "mailboxes": [mailbox],
        }
    )


@pytest.fixture
def wired(database: Engine, sink: Sink) -> Desk:
    """A desk with a customer, whose notices go to the sink."""
    desk = Desk(database, settings(sink))
    desk.add_contact(desk.add_organization("Customer Ltd", "customer.example"), "Ann Smith", ANN)
    return desk


def send(desk: Desk, sink: Sink, **more: Any) -> int:
    """Have everything sent that is due."""
    return asyncio.run(Sender(settings(sink, **more), desk.database, SECRET).send_due())


def queue(desk: Desk, *recipients: str, is_resource: bool = False) -> None:
    """Notices about nothing."""
    drafts = [
        NoticeDraft(
            mailbox="support",
            kind="failed",
            recipient=recipient,
            recipient_name="",
            is_resource=is_resource,
            language="en",
            data='{"about": "private"}',
        )
        for recipient in recipients
    ]
    with transaction(desk.database) as tx:
        outbox.insert(tx, drafts, "UTC")


def states(desk: Desk) -> dict[str, int]:
    """How many notices are in which state."""
    return {row[0]: row[1] for row in desk.rows("SELECT state, count(*) FROM outbox GROUP BY 1")}


def test_a_ticket_is_confirmed_by_mail(wired: Desk, sink: Sink) -> None:
    """The customer gets one mail that nobody answers by itself and whose reply finds the ticket."""
    number = wired.receive(mail(subject="Drucker brennt")).number
    assert send(wired, sink) == 1
    (taken,) = sink.taken
    assert taken.rcpt_to == ANN
    assert taken.mail["From"] == "Service Desk <support@desk.example>"
    assert taken.mail["Subject"] == f"[{number}] Drucker brennt"
    assert taken.mail["Auto-Submitted"] == "auto-replied"
    assert taken.mail["X-Auto-Response-Suppress"] == "All"
    assert str(number) in taken.part("plain")
    assert "Ann Smith" in taken.part("html")
    token = bounced_token(taken.mail_from, [SECRET])
    assert token is not None
    assert token == find_token(taken.mail["Message-ID"], [SECRET]) == find_token(taken.mail["X-Inbound-Loop"], [SECRET])
    assert (token.kind, token.object_id) == ("ticket", 1)
    first, original = taken.mail["References"].split()
    assert first == taken.mail["Message-ID"]
    assert original == taken.mail["In-Reply-To"]
    assert wired.rows("SELECT state, attempts, token <> '', sent_at IS NOT NULL FROM outbox") == [
        ("sent", 1, True, True)
    ]


def test_long_references_stay_readable(wired: Desk, sink: Sink) -> None:
    """A Message-ID of several hundred characters is not encoded (RFC 2047), which no client would undo."""
    long = "x" * 400 + "@customer.example"
    wired.receive(mail().replace(b"Message-ID: <", b"Message-ID: <" + b"x" * 400))
    send(wired, sink)
    assert b"=?" not in sink.taken[0].content
    assert b"References: <" in sink.taken[0].content
    assert long.encode()[:400] in sink.taken[0].content


@pytest.mark.parametrize("subtype", ["plain", "html"])
def test_what_a_mail_says_stays_text(wired: Desk, sink: Sink, subtype: str) -> None:
    """Neither a template nor markup nor a header field can be smuggled in by a subject or a name."""
    evil = "<script>{{ 7*7 }}</script>"
    wired.run("UPDATE contacts SET name = :name", name=evil)
    wired.receive(mail(subject=evil))
    send(wired, sink)
    part = sink.taken[0].part(subtype)
    assert ("&lt;script&gt;" in part) == (subtype == "html")
    assert "49" not in part


def test_german(database: Engine, sink: Sink) -> None:
    """A German mailbox writes German."""
    desk = Desk(database, settings(sink, mailbox={"language": "de"}))
    desk.add_contact(desk.add_organization("Kunde GmbH"), "Änne Groß", ANN)
    desk.receive(mail())
    send(desk, sink, mailbox={"language": "de"})
    assert "vielen Dank für Ihre Nachricht" in sink.taken[0].part("plain")
    assert sink.taken[0].mail["To"] == "Änne Groß <ann@customer.example>"


def test_the_null_reverse_path(wired: Desk, sink: Sink) -> None:
    """smart_host.reverse_path = "null": nothing comes back."""
    wired.receive(mail())
    send(wired, sink, reverse_path="null")
    assert sink.taken[0].mail_from.strip("<>") == ""


def test_a_temporary_refusal_waits(wired: Desk, sink: Sink) -> None:
    """4yz: the notice is tried again later, and keeps its Message-ID."""
    wired.receive(mail())
    sink.replies[ANN] = "450 4.2.1 greylisted"
    assert send(wired, sink) == 1
    state, attempts, error = wired.rows("SELECT state, attempts, last_error FROM outbox WHERE next_attempt_at > now()")[
        0
    ]
    assert (state, attempts, error) == ("queued", 1, "450 4.2.1 greylisted")
    sink.replies.clear()
    wired.run("UPDATE outbox SET next_attempt_at = now()")
    send(wired, sink)
    assert states(wired) == {"sent": 1}
    assert len(sink.taken) == 1


@pytest.mark.parametrize(("reply", "final"), [("550 5.1.1 no such user", "250 OK"), ("250 OK", "554 5.7.1 rejected")])
def test_a_permanent_refusal_is_final(wired: Desk, sink: Sink, reply: str, final: str) -> None:
    """5yz: the notice is given up, and the operator hears of it, once."""
    wired.receive(mail())
    sink.replies[ANN], sink.final = reply, final
    send(wired, sink)
    assert wired.rows("SELECT kind, state, attempts FROM outbox ORDER BY id")[0] == ("ticket_created", "failed", 1)
    assert wired.value("SELECT count(*) FROM outbox WHERE kind = 'operator'") == 1


def test_after_many_refusals_it_is_given_up(wired: Desk, sink: Sink) -> None:
    """The last of smart_host.max_attempts is final, and `retry` begins again."""
    wired.receive(mail())
    sink.replies["*"] = "451 4.3.0 try later"
    for _ in range(3):
        wired.run("UPDATE outbox SET next_attempt_at = now()")
        send(wired, sink, max_attempts=3)
    assert wired.rows("SELECT state, attempts FROM outbox WHERE kind <> 'operator'") == [("failed", 3)]
    sink.replies.clear()
    with transaction(wired.database) as tx:
        assert outbox.retry(tx, None) == [1]
    send(wired, sink)
    assert wired.value("SELECT state FROM outbox WHERE id = 1") == "sent"


def test_a_smart_host_that_is_away_costs_nothing_but_time(wired: Desk, sink: Sink) -> None:
    """While nothing answers no attempt counts; when it is back, everything is sent once."""
    wired.receive(mail())
    sink.stop()
    send(wired, sink)
    assert wired.rows("SELECT state, attempts FROM outbox") == [("queued", 0)]
    sink.start()
    send(wired, sink)
    send(wired, sink)
    assert len(sink.taken) == 1


def test_one_connection_serves_many(wired: Desk, sink: Sink) -> None:
    """Notices share connections, at most as many as may be on their way at once."""
    queue(wired, *(f"a{number}@d{number}.example" for number in range(20)))
    assert send(wired, sink, at_once=2) == 20
    assert len(sink.taken) == 20
    assert sink.connections <= 20


def test_the_cap(wired: Desk, sink: Sink) -> None:
    """Five in ten minutes; a customer's sixth is suppressed, a resource's sixth and seventh are one digest later."""
    queue(wired, *["Ann@customer.example", ANN] * 4)
    queue(wired, *["tom@desk.example"] * 7, is_resource=True)
    send(wired, sink)
    assert states(wired) == {"sent": 10, "suppressed": 3, "digest": 2}
    assert wired.value("SELECT DISTINCT last_error FROM outbox WHERE state = 'suppressed'").startswith("more than 5")
    wired.run("UPDATE outbox SET next_attempt_at = now() WHERE state = 'digest'")
    send(wired, sink)
    send(wired, sink)
    assert sink.taken[-1].mail["Subject"] == "2 more notices"
    assert len(sink.taken) == 11


def test_the_cap_holds_over_several_senders(wired: Desk, sink: Sink) -> None:
    """Many transactions and two senders at once: exactly five, each sent once."""
    for _ in range(20):
        queue(wired, ANN)

    async def both() -> None:
        senders = [Sender(settings(sink), wired.database, SECRET) for _ in range(2)]
        await asyncio.gather(*(sender.send_due() for sender in senders))
        await senders[0].send_due()

    asyncio.run(both())
    assert states(wired) == {"sent": 5, "suppressed": 15}
    assert len(sink.taken) == 5


def test_two_senders_share_the_work(wired: Desk, sink: Sink) -> None:
    """No notice is sent by both."""
    queue(wired, *(f"a{number}@d{number}.example" for number in range(40)))

    async def both() -> list[int]:
        senders = [Sender(settings(sink), wired.database, SECRET) for _ in range(2)]
        done = await asyncio.gather(*(sender.send_due() for sender in senders))
        return [*done, await senders[0].send_due()]

    assert sum(asyncio.run(both())) == 40
    assert sorted(taken.rcpt_to for taken in sink.taken) == sorted(
        f"a{number}@d{number}.example" for number in range(40)
    )


def test_a_lease_of_a_sender_that_is_gone_ends(wired: Desk, sink: Sink) -> None:
    """A crash between lease and send delays a notice, and loses nothing; what is leased is nobody else's until then."""
    queue(wired, ANN)
    with transaction(wired.database) as tx:
        deliveries.count(tx)
        (leased,) = deliveries.lease(tx, 5, 5, "UTC")
    assert send(wired, sink) == 0
    wired.run("UPDATE outbox SET next_attempt_at = now()")
    assert send(wired, sink) == 1
    # Whoever comes back late has nothing to say any more.
    with transaction(wired.database) as tx:
        assert not deliveries.settle(tx, leased, deliveries.Settlement(state="queued"))
    assert states(wired) == {"sent": 1}


def test_a_domain_holds_up_no_other(wired: Desk, sink: Sink) -> None:
    """At most so many to one domain at a time, and others go past its queue."""
    queue(wired, *(f"a{number}@big.example" for number in range(9)), ANN)
    with transaction(wired.database) as tx:
        deliveries.count(tx)
        leased = deliveries.lease(tx, 5, 2, "UTC")
    assert sorted(notice.recipient for notice in leased) == ["a0@big.example", "a1@big.example", ANN]
    with transaction(wired.database) as tx:
        assert deliveries.lease(tx, 5, 2, "UTC") == []
    assert sink.taken == []


def test_what_cannot_be_written_is_given_up(wired: Desk, sink: Sink) -> None:
    """An address that needs SMTPUTF8 stops nobody else."""
    queue(wired, "änne@customer.example", ANN)
    send(wired, sink)
    assert wired.rows("SELECT state FROM outbox WHERE kind <> 'operator' ORDER BY id") == [("failed",), ("sent",)]


def test_a_row_that_cannot_be_written_stops_nobody(
    wired: Desk, sink: Sink, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What fails behind a notice is told with its traceback; the next one is sent, and the first after its lease."""
    settle = deliveries.settle

    def fail_once(tx: Transaction, notice: Notice, settlement: deliveries.Settlement) -> bool:
        if notice.recipient == "bob@customer.example":
            raise ValueError("out of range")
        return settle(tx, notice, settlement)

    monkeypatch.setattr(deliveries, "settle", fail_once)
    queue(wired, "bob@customer.example", ANN)
    send(wired, sink)
    assert wired.rows("SELECT state FROM outbox ORDER BY id") == [("sending",), ("sent",)]
    assert '"notice_failed"' in capsys.readouterr().out


def test_without_renewal_nothing_more_is_sent(wired: Desk, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender whose leases would end ends itself, with the error."""
    monkeypatch.setattr("inbound.notices.sender._RENEW_SECONDS", "no number")
    with pytest.raises(TypeError):
        asyncio.run(Sender(settings(sink), wired.database, SECRET).run(asyncio.Event()))
