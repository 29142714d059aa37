"""Loops and repetitions: what comes back, what comes too often, what comes twice in two forms."""

import multiprocessing
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from desk import SETTINGS, Desk, delivery, mail, results
from inbound.config import Settings
from inbound.database.engine import open_engine
from inbound.database.numbers import DayBases
from inbound.intake import Committer
from inbound.message.tokens import Token, mailbox_mark, make_token
from inbound.model.outcome import Outcome, Reason, Result
from inbound.pipeline.context import build_context

LIMITED = Settings.model_validate(SETTINGS.model_dump() | {"desk": {}})
TICKET, NOTE = Outcome.TICKET_CREATED, Outcome.TICKET_NOTE_ADDED
DISCARDED, QUARANTINED = Outcome.DISCARDED, Outcome.QUARANTINED
TOKEN = Token(kind="ticket", object_id=1, notice_id=1, mailbox_mark=mailbox_mark("support"))
OWN = make_token(TOKEN, b"the desk's secret")
FOREIGN = make_token(TOKEN, b"another desk's secret")


@pytest.fixture
def limited(database: Engine) -> Desk:
    """A desk with the loop limit as it is shipped."""
    return Desk(database, LIMITED)


def outcomes(made: list[Result]) -> list[Outcome]:
    return [one.outcome for one in made]


def test_the_third_in_five_minutes(limited: Desk) -> None:
    """Two make tickets; the third waits, and is discarded when its text was there, also as one that waits."""
    bodies = ("Hello", "Hello again", "Hello  again", "Something else", "something else", "Something  else")
    made = [limited.receive(mail(body=body)) for body in bodies]
    assert outcomes(made) == [TICKET, TICKET, DISCARDED, QUARANTINED, QUARANTINED, DISCARDED]
    assert {one.reason for one in made[2:]} == {Reason.LOOP_LIMIT}


def test_the_window_slides_on_the_database_clock(limited: Desk) -> None:
    """Not when a message was sent or received counts, but when it was written."""
    for _ in range(2):
        limited.receive(mail(), at=datetime(2020, 1, 1, tzinfo=UTC))
    limited.run("UPDATE messages SET stored_at = now() - interval '4 minutes 50 seconds' WHERE id = 1")
    assert limited.receive(mail()).outcome is DISCARDED
    limited.run("UPDATE messages SET stored_at = now() - interval '5 minutes 1 second' WHERE id = 1")
    assert limited.receive(mail()).outcome is TICKET
    assert limited.receive(mail()).outcome is DISCARDED


@pytest.mark.parametrize(
    "different",
    [
        # another author, another subject, another number in it, a forward
        mail(author="bob@customer.example"),
        mail(subject="Scanner"),
        mail(subject="Printer [T20260131.0009]"),
        mail(subject="Fwd: Printer"),
    ],
)
def test_what_is_not_the_same(limited: Desk, different: bytes) -> None:
    """Author and subject make a loop; anything else about them does not."""
    limited.commit(delivery(mail()), delivery(mail()))
    assert limited.receive(different).outcome is TICKET
    assert limited.receive(mail(), "vip").outcome is TICKET


@pytest.mark.parametrize("subject", ["Re: Printer", "AW: Re[2]: PRINTER", "  re:  printer ", "Ｐｒｉｎｔｅｒ"])
def test_what_is_the_same(limited: Desk, subject: str) -> None:
    """Reply prefixes, case, space and forms of letters make no difference."""
    limited.commit(delivery(mail()), delivery(mail()))
    assert limited.receive(mail(subject=subject)).outcome is DISCARDED


def test_what_does_not_count(limited: Desk) -> None:
    """Redeliveries, what was discarded, and altered copies leave room; notes take it."""
    content = mail(subject="One")
    altered = content.replace(b"It burns.", b"It burns. [checked]")
    made = [limited.receive(one) for one in (content, content, altered, content)]
    assert [(one.outcome, one.reason) for one in made[1:]] == [
        (Outcome.DUPLICATE, Reason.REDELIVERED),
        (NOTE, Reason.COPY_ALTERED),
        (Outcome.DUPLICATE, Reason.REDELIVERED),
    ]
    limited.receive(mail(subject="One", extra="Sensitivity: private\r\n"))
    assert limited.receive(mail(subject="Re: One")).outcome is TICKET
    assert limited.receive(mail(subject="Re: One", body="Third")).outcome is QUARANTINED
    number = made[0].number
    replies = [limited.receive(mail(subject=f"Re: {number}", body=str(i))) for i in range(3)]
    assert outcomes(replies) == [NOTE, NOTE, QUARANTINED]


def test_what_waits_can_be_retried(limited: Desk) -> None:
    """Somebody who looks at a message and retries it is no loop."""
    for _ in range(2):
        limited.receive(mail())
    content = mail(body="A third question")
    waiting = limited.receive(content)
    assert waiting.outcome is QUARANTINED
    assert results([limited.retry(waiting.message_id, content)])[0].outcome is TICKET


def test_the_limit_can_be_changed(database: Engine) -> None:
    """``desk.loops.limit``: another number, or none."""
    settings = SETTINGS.model_dump() | {"desk": {"loops": {"limit": 3}}}
    desk = Desk(database, Settings.model_validate(settings))
    assert outcomes([desk.receive(mail()) for _ in range(4)]) == [TICKET] * 3 + [DISCARDED]


def test_reports_about_different_mails_are_no_loop(limited: Desk) -> None:
    """What a mail system calls its reports is always the same: they count by the mail that came back."""
    numbers = [limited.receive(mail(subject=f"Case {i}")).number for i in range(4)]
    made = [limited.receive(bounce(f"<{i}@desk.example>", f"Re: {number}")) for i, number in enumerate(numbers)]
    assert [(one.outcome, one.reason, one.number) for one in made] == [(NOTE, Reason.BOUNCE, n) for n in numbers]
    storm = [limited.receive(bounce("<0@desk.example>", f"Re: {numbers[0]}")) for _ in range(3)]
    assert outcomes(storm) == [NOTE, DISCARDED, DISCARDED]


def bounce(message_id: str, subject: str) -> bytes:
    """A report of Postfix's kind about a mail with this Message-ID and subject."""
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nThe mail system: user unknown\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.customer.example\r\n\r\n"
        "Final-Recipient: rfc822; gone@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: {subject}\r\n\r\n--b--"
    )
    extra = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
    author = "Mail Delivery System <MAILER-DAEMON@mx.customer.example>"
    return mail(author=author, subject="Undelivered Mail Returned to Sender", extra=extra, body=body)


def test_a_report_is_tied_by_our_token(limited: Desk) -> None:
    """By the Message-ID that came back, by its References, and by the address the report came to."""
    number = limited.receive(mail()).number
    for content in (bounce(f"<{OWN}@desk.example>", "x"), bounce(f"<1@relay>\r\nReferences: <{OWN}@x> <2@y>", "x")):
        made = limited.receive(content)
        assert (made.reason, made.number) == (Reason.BOUNCE, number)
    unknown = limited.receive(bounce(f"<{FOREIGN}@desk.example>", "x"))
    assert (unknown.outcome, unknown.reason) == (DISCARDED, Reason.BOUNCE)


def test_a_report_that_returns_nothing(limited: Desk) -> None:
    """It is about the only notice that went there in five days; with two of them it is about nothing."""
    number = limited.receive(mail()).number
    notice = (
        "INSERT INTO outbox (mailbox, kind, recipient, ticket_id, state, sent_at, created_at)"
        " VALUES ('support', 'ticket_created', 'Gone@customer.example', 1, 'sent', now(), now() - :age)"
    )
    limited.run(notice, age=timedelta(days=6))
    content = bounce("", "")
    assert limited.receive(content).outcome is DISCARDED
    limited.run(notice, age=timedelta(days=1))
    assert limited.receive(bounce("", "")).number == number
    limited.run(notice, age=timedelta(days=2))
    assert limited.receive(bounce("", "")).outcome is DISCARDED


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # our own notice, as it was sent or with another Message-ID; the token is what counts
        (mail(extra=f"X-Inbound-Loop: {OWN}\r\n"), Reason.OWN_NOTICE),
        (mail(extra=f"X-Inbound-Loop: {FOREIGN}\r\nX-Inbound-Loop: {OWN.upper()}\r\n"), Reason.OWN_NOTICE),
        (mail().replace(b"Message-ID: <", f"Message-ID: <{OWN}.".encode()), Reason.OWN_NOTICE),
        # before anything else that is true
        (mail(extra=f"X-Inbound-Loop: {OWN}\r\nSensitivity: private\r\n"), Reason.OWN_NOTICE),
        (mail(extra="Received: from a by b; x\r\n" * 51 + "Sensitivity: private\r\n"), Reason.HOP_LIMIT),
        # another desk's, and a forged one
        (mail(extra=f"X-Inbound-Loop: {FOREIGN}\r\n"), Reason.NEW_TICKET),
        (mail(extra="X-Inbound-Loop: yes\r\n"), Reason.NEW_TICKET),
        (mail(extra="Received: from a by b; x\r\n" * 50), Reason.NEW_TICKET),
    ],
)
def test_what_comes_back(limited: Desk, content: bytes, expected: Reason) -> None:
    """A notice of ours, and what went in a circle, is discarded; what only looks like one is not."""
    made = limited.receive(content)
    assert (made.reason, made.outcome is DISCARDED) == (expected, expected is not Reason.NEW_TICKET)


def test_private_mail_leaves_nothing_whatever_is_true_before(limited: Desk) -> None:
    """The reason may be another: of private mail neither content nor what stands for it is kept."""
    limited.receive(mail(extra=f"X-Inbound-Loop: {OWN}\r\nSensitivity: private\r\n"))
    query = "SELECT subject, author_address, sha256, loop_key, body_key FROM messages"
    assert limited.rows(query) == [("", "", None, None, None)]


def test_a_reused_message_id_is_a_new_message(limited: Desk) -> None:
    """The same Message-ID with another date and text: a ticket of its own, and the trace says so."""
    content = mail(subject="Disk")
    limited.receive(content)
    other = content.replace(b"11:59:00", b"12:59:00").replace(b"It burns.", b"Disk is full.")
    made = limited.receive(other)
    assert (made.outcome, made.reason) == (TICKET, Reason.NEW_TICKET)
    trace = limited.value("SELECT trace FROM messages WHERE id = :i", i=made.message_id)
    assert "message_id_reused" in {step["rule"] for step in trace}


def test_an_altered_copy_never_reopens(limited: Desk) -> None:
    """A complete ticket stays complete; the copy is an internal note on the ticket it was merged into."""
    content = mail()
    first = limited.receive(content)
    limited.run("UPDATE tickets SET status = 'Complete', completed_at = now()")
    copy = limited.receive(content.replace(b"It burns.", b"CAUTION: external mail\r\nIt burns."))
    assert (copy.outcome, copy.reason, copy.number) == (NOTE, Reason.COPY_ALTERED, first.number)
    assert limited.rows("SELECT publish, status FROM notes JOIN tickets t ON t.id = ticket_id") == [
        ("internal", "Complete")
    ]


def test_alerts_are_exempt(database: Engine) -> None:
    """A monitoring tool may say the same as often as it wants."""
    boxes = [{"name": "alerts", "address": "a@desk.example", "handler": "alerts", "keys": ["key-of-sixteen-letters"]}]
    desk = Desk(database, Settings.model_validate(LIMITED.model_dump() | {"mailboxes": boxes}))
    body = '<Autotask><PW name="key-of-sixteen-letters"/></Autotask>'
    assert outcomes([desk.receive(mail(body=body), "alerts") for _ in range(5)]) == [TICKET] * 5


def test_many_in_one_batch(limited: Desk) -> None:
    """A hundred loop mails and three hundred redeliveries in large batches: two objects, one per text waits."""
    loop = [delivery(mail(body="Thank you for your mail")) for _ in range(100)]
    made = results([*limited.commit(*loop, seconds=60), *limited.commit(*loop * 3, seconds=60)])
    assert Counter(outcomes(made)) == {TICKET: 2, DISCARDED: 98, Outcome.DUPLICATE: 300}
    assert limited.value("SELECT count(*) FROM tickets") == 2


def test_exactly_two_over_processes(database_url: str, limited: Desk) -> None:
    """Four processes at once deliver mails of one loop, of a storm and of two ways: two, one and one objects."""
    copies = mail(author="cc@customer.example", subject="Copied")
    start = multiprocessing.get_context("spawn").Barrier(4)
    workers = [
        multiprocessing.get_context("spawn").Process(target=_hammer, args=(database_url, copies, start, number))
        for number in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0] * 4
    made = limited.rows("SELECT title, count(*) FROM tickets GROUP BY 1")
    assert sorted(made) == [("Copied", 1), ("Loop", 2), ("Storm", 1)]
    assert limited.value("SELECT count(*) FROM notes WHERE publish = 'internal'") == 3


def _hammer(url: str, copies: bytes, start: object, number: int) -> None:
    """One of several daemons: the same loop, answers of a storm to the same mail, and one mail by another way each."""
    engine = open_engine(url)
    committer = Committer(engine, build_context(LIMITED, DayBases(engine), b"the desk's secret"))
    start.wait()  # type: ignore[attr-defined]  # a barrier; its type cannot be named
    for turn in range(5):
        unique = f"{number}.{turn}"
        loop = mail(subject="Loop", body=unique).replace(b"Message-ID: <", f"Message-ID: <{unique}.".encode())
        storm = mail(subject="Storm", body=unique, extra="In-Reply-To: <root@customer.example>\r\n")
        storm = storm.replace(b"From: Ann <ann@", f"From: Ann <ann{unique}@".encode())
        storm = storm.replace(b"Message-ID: <", f"Message-ID: <storm.{unique}.".encode())
        storm = storm.replace(
            b"To: support@",
            f"To: {','.join(f'ann{n}.{t}@customer.example' for n in range(4) for t in range(5))}, support@".encode(),
        )
        altered = copies.replace(b"It burns.", f"It burns. [way {number}]".encode())
        committer.commit([delivery(one) for one in (loop, storm, altered)], time.monotonic() + 30)
    engine.dispose()
