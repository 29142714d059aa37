"""Which object a mail becomes, and what happens to it: mails in, rows out."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from desk import NOON, mail
from situations import Situation


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


ANN, BEN, TECH, WHO = "ann@acme.example", "ben@beta.example", "tech@desk.example", "who@gmail.com"


@pytest.mark.parametrize(
    ("subject", "outcome", "number"),
    [
        # anywhere, in any case, bounded by what is neither letter nor digit
        ("T20260101.0001", "ticket_note_added", "T20260101.0001"),
        ("AW: [t20260101.0001] Drucker", "ticket_note_added", "T20260101.0001"),
        ("Re: Ticket#T20260101.0001: x", "ticket_note_added", "T20260101.0001"),
        ("_T20260101.0001_", "ticket_note_added", "T20260101.0001"),
        ("(T20260101.0001).", "ticket_note_added", "T20260101.0001"),
        ("T20260101.00011", "ticket_created", None),
        ("T20260101.0001x", "ticket_created", None),
        ("XT20260101.0001", "ticket_created", None),
        ("äT20260101.0001", "ticket_created", None),
        ("20260101.0001", "ticket_created", None),
        # a number that does not exist is no number; the first that exists counts
        ("T20269999.0001", "ticket_created", None),
        ("T20269999.0001 and T20260101.0001", "ticket_note_added", "T20260101.0001"),
        ("T20260101.0009 T20260101.0001", "task_note_added", "T20260101.0009"),
        # a task shares the shape; a recurring instance adds three digits, and falls back to what exists
        ("Re: T20260101.0009", "task_note_added", "T20260101.0009"),
        ("Re: T20260101.0009.003", "task_note_added", "T20260101.0009.003"),
        ("Re: T20260101.0009.004", "task_note_added", "T20260101.0009"),
        ("Re: T20260101.0001.007", "ticket_note_added", "T20260101.0001"),
        # a project
        ("WG: p20260101.0001", "project_note_added", "P20260101.0001"),
        # merged
        ("Re: T20260101.0006", "ticket_note_added", "T20260101.0001"),
        # a status that the file does not know is not complete
        ("Re: T20260101.0005", "ticket_note_added", "T20260101.0005"),
        # nothing
        ("Printer", "ticket_created", None),
        ("", "ticket_created", None),
    ],
)
def test_what_the_subject_names(desk: Situation, subject: str, outcome: str, number: str | None) -> None:
    """Numbers of tickets, tasks and projects lead to notes; everything else is a ticket."""
    result = desk.send(mail(author=ANN, subject=subject))
    assert result.outcome == outcome
    assert number is None or result.number == number
    assert result.reason == ("new_ticket" if outcome == "ticket_created" else "subject_number")
    if number is not None:
        assert desk.person(desk.made(result)) == "Ann"


@pytest.mark.parametrize(
    ("author", "mailbox", "number", "outcome", "reason", "publish"),
    [
        # resources, contacts of the organization, its parent and children, its domain: no strangers
        (TECH, "support", "T20260101.0001", "ticket_note_added", "subject_number", "all"),
        ("sue@south.example", "support", "T20260101.0001", "ticket_note_added", "subject_number", "all"),
        ("who@acme.example", "support", "T20260101.0001", "ticket_note_added", "subject_number", "all"),
        ("lena@acme.example", "support", "T20260101.0001", "ticket_note_added", "subject_number", "all"),
        # everybody else is one, a contact of another organization and a device of the same too
        (BEN, "support", "T20260101.0001", "ticket_note_added", "attached_stranger", "internal"),
        (WHO, "support", "T20260101.0001", "ticket_note_added", "attached_stranger", "internal"),
        ("left@elsewhere.example", "support", "P20260101.0001", "project_note_added", "attached_stranger", "internal"),
        (WHO, "support", "T20260101.0009", "task_note_added", "attached_stranger", "internal"),
        (
            "Support <support@desk.example>",
            "support",
            "T20260101.0001",
            "ticket_note_added",
            "attached_stranger",
            "internal",
        ),
        (BEN, "new", "T20260101.0001", "ticket_created", "new_ticket", None),
        (BEN, "careful", "T20260101.0001", "quarantined", "stranger", None),
        # the mailbox makes no notes: a ticket of its own
        (BEN, "tickets", "T20260101.0001", "ticket_created", "new_ticket", None),
        (ANN, "tickets", "T20260101.0001", "ticket_created", "new_ticket", None),
        # what the mailbox says about notes
        (ANN, "inner", "T20260101.0001", "ticket_note_added", "subject_number", "internal"),
    ],
)
def test_strangers_with_a_number(
    desk: Situation, author: str, mailbox: str, number: str, outcome: str, reason: str, publish: str | None
) -> None:
    """``strangers``: attached internally, a ticket of their own, or quarantine."""
    before = desk.ticket("T20260101.0001")
    result = desk.send(mail(author=author, subject=f"Re: {number}"), mailbox)
    assert (result.outcome, result.reason) == (outcome, reason)
    made = desk.made(result)
    assert made.get("publish") == publish
    if reason != "subject_number":
        assert desk.ticket("T20260101.0001") == before
    if outcome == "ticket_created":
        is_known = author == ANN
        assert made["linked_ticket_id"] == (before["id"] if is_known else None)
        assert desk.person(made) == ("Acme/Ann" if is_known else "Beta/Ben")


def test_the_desks_own_addresses_take_part_in_nothing(desk: Situation) -> None:
    """Every mail is addressed to the mailbox; whoever claims to be it is a stranger all the same."""
    desk.send(mail(author=ANN, subject="T20260101.0001"))
    forged = mail(author="support@desk.example", subject="T20260101.0001")
    for mailbox in ("support", "vip"):
        assert desk.send(forged, mailbox).reason == "attached_stranger"


def test_who_took_part_is_no_stranger(desk: Situation) -> None:
    """Contact, additional contacts, and everybody named in earlier mail; nobody by having been attached."""
    first = desk.send(mail(author=ANN, extra="Cc: partner@gmail.com\r\n"))
    assert desk.send(mail(author="partner@gmail.com", subject=f"Re: {first.number}")).reason == "subject_number"
    intruder = mail(author="x@evil.example", subject=f"Re: {first.number}", extra="Cc: y@evil.example\r\n")
    assert desk.send(intruder).reason == "attached_stranger"
    for author in ("x@evil.example", "y@evil.example"):
        assert desk.send(mail(author=author, subject=f"Re: {first.number}")).reason == "attached_stranger"
    desk.run("INSERT INTO ticket_contacts SELECT id, :c FROM tickets WHERE number = :n", c=desk.ben, n=first.number)
    assert desk.send(mail(author=BEN, subject=f"Re: {first.number}")).reason == "subject_number"


@pytest.mark.parametrize(
    ("author", "mailbox", "number", "expected", "status", "is_linked"),
    [
        # reopen is the default, for 14 days, by a contact's and by a resource's plain note
        (ANN, "support", "T20260101.0002", "note", "New", False),
        (TECH, "support", "T20260101.0002", "note", "New", False),
        (ANN, "support", "T20260101.0003", "ticket", "Complete", True),
        # reopen_status wins over status_after_*
        (ANN, "reopen", "T20260101.0002", "note", "In Progress", False),
        # note: it stays complete; new_ticket: linked
        (ANN, "strict", "T20260101.0002", "note", "Complete", False),
        (ANN, "fresh", "T20260101.0002", "ticket", "Complete", True),
        # a stranger is judged before
        (BEN, "support", "T20260101.0002", "note", "Complete", False),
        (BEN, "fresh", "T20260101.0002", "note", "Complete", False),
        # not complete: status_after_*
        (ANN, "fresh", "T20260101.0001", "note", "Customer Replied", False),
        (TECH, "fresh", "T20260101.0001", "note", "Waiting Customer", False),
        (ANN, "support", "T20260101.0001", "note", "New", False),
        (BEN, "fresh", "T20260101.0001", "note", "New", False),
    ],
)
def test_complete_tickets_and_statuses(
    desk: Situation,
    author: str,
    mailbox: str,
    number: str,
    expected: str,
    status: str,
    is_linked: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """``when_complete`` and ``status_after_*``."""
    before = desk.ticket(number)
    result = desk.send(mail(author=author, subject=f"Re: {number}"), mailbox)
    assert result.outcome == {"note": "ticket_note_added", "ticket": "ticket_created"}[expected]
    after = desk.ticket(number)
    assert after["status"] == status
    assert after["completed_at"] == (before["completed_at"] if status == "Complete" else None)
    if is_linked:
        made = desk.made(result)
        assert (made["linked_ticket_id"], made["status"], desk.person(made)) == (before["id"], "New", "Acme/Ann")


def test_the_day_of_reopening_counts(desk: Situation) -> None:
    """Completed exactly 14 days ago is still reopened; an unknown time of completion too."""
    desk.run("UPDATE tickets SET completed_at = :t WHERE number = 'T20260101.0003'", t=NOON - timedelta(days=14))
    assert desk.send(mail(author=ANN, subject="T20260101.0003")).outcome == "ticket_note_added"
    desk.run("UPDATE tickets SET completed_at = NULL, status = 'Closed Long Ago' WHERE number = 'T20260101.0003'")
    assert desk.send(mail(author=ANN, subject="T20260101.0003")).outcome == "ticket_note_added"
    assert desk.ticket("T20260101.0003")["status"] == "New"


AUTO = "Auto-Submitted: auto-replied\r\n"
OWN_AUTO = "X-Auto-Response-Suppress: All\r\nX-MS-Exchange-Inbox-Rules-Loop: support@desk.example\r\n"


@pytest.mark.parametrize(
    ("extra", "subject", "mailbox", "outcome", "reason"),
    [
        # automatic replies: an internal note, or nothing
        (AUTO, "Re: T20260101.0001", "fresh", "ticket_note_added", "automatic_reply"),
        (AUTO, "Out of office", "support", "discarded", "automatic_reply"),
        (AUTO, "Re: T20260101.0001", "careful", "discarded", "automatic_reply"),
        (AUTO, "Re: T20260101.0001", "tickets", "discarded", "automatic_reply"),
        (AUTO, "Re: T20260101.0001", "lax", "ticket_note_added", "subject_number"),
        (AUTO, "Out of office", "lax", "ticket_created", "new_ticket"),
        ("X-Autoreply: yes\r\n", "Out of office", "support", "discarded", "automatic_reply"),
        # a subject alone never
        ("", "Out of office", "support", "ticket_created", "new_ticket"),
        # the redirecting mailbox's own mark says nothing
        (OWN_AUTO, "Printer", "support", "ticket_created", "new_ticket"),
        # generated mail is processed; it reopens and starts nothing
        ("Auto-Submitted: auto-generated\r\n", "Printer", "support", "ticket_created", "new_ticket"),
        ("Auto-Submitted: auto-generated\r\n", "T20260101.0002", "fresh", "ticket_note_added", "subject_number"),
        ("Auto-Submitted: auto-generated\r\n", "T20260101.0001", "fresh", "ticket_note_added", "subject_number"),
        # spam marks
        ("X-Spam-Flag: YES\r\n", "Printer", "support", "ticket_created", "new_ticket"),
        ("X-Spam-Flag: YES\r\n", "Printer", "careful", "quarantined", "spam"),
        ("X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:5;SFV:SPM\r\n", "Printer", "lax", "discarded", "spam"),
        (
            "X-Forefront-Antispam-Report: CIP:192.0.2.1;SCL:4;SFV:SPM\r\n",
            "Printer",
            "lax",
            "ticket_created",
            "new_ticket",
        ),
        ("X-MS-Exchange-Organization-SCL: 9\r\n", "Printer", "lax", "discarded", "spam"),
        # blocked
        ("", "Big CASINO night with a bonus", "blocking", "discarded", "blocked"),
        ("", "Big casino night", "blocking", "ticket_created", "new_ticket"),
        # private, in any case; not personal
        ("Sensitivity: private\r\n", "Printer", "support", "discarded", "private"),
        ("Sensitivity: PRIVATE\r\nX-Spam-Flag: YES\r\n", "T20260101.0001", "lax", "discarded", "private"),
        ("Sensitivity: Personal\r\n", "Printer", "support", "ticket_created", "new_ticket"),
        ("Sensitivity: Company-Confidential\r\n", "Printer", "support", "ticket_created", "new_ticket"),
    ],
)
def test_what_a_mail_is_decides_first(
    desk: Situation, extra: str, subject: str, mailbox: str, outcome: str, reason: str
) -> None:
    """Private, blocked, spam, automatic: the first that is true."""
    result = desk.send(mail(author=ANN, subject=subject, extra=extra), mailbox)
    assert (result.outcome, result.reason) == (outcome, reason)
    if reason == "automatic_reply" and outcome == "ticket_note_added":
        assert desk.made(result)["publish"] == "internal"
    assert desk.ticket("T20260101.0001")["status"] == "New"
    assert desk.ticket("T20260101.0002")["status"] == "Complete"


@pytest.mark.parametrize("author", ["x@spam.example", "X <X@SPAM.example>"])
def test_blocked_senders(desk: Situation, author: str) -> None:
    """A whole domain, in any case."""
    assert desk.send(mail(author=author), "blocking").reason == "blocked"


def _calendar(method: str, subject: str, body: str = "") -> bytes:
    head, _, _ = mail(author=ANN, subject=subject).partition(b"\r\n\r\n")
    parts = [f"Content-Type: text/plain\r\n\r\n{body}"] if body else []
    parts.append(
        f"Content-Type: text/calendar; method={method}\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n"
        "UID:1\r\nSUMMARY:Visit\r\nDTSTART:20260201T090000Z\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@acme.example\r\n"
        "END:VEVENT\r\nEND:VCALENDAR"
    )
    joined = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return head + f'\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n{joined}--b--\r\n'.encode()


@pytest.mark.parametrize(
    ("method", "subject", "mailbox", "outcome", "reason"),
    [
        # an answer: a note without status change, or nothing
        ("REPLY", "Accepted: Visit", "support", "discarded", "calendar_reply"),
        ("REPLY", "Accepted: T20260101.0001", "fresh", "ticket_note_added", "calendar_reply"),
        ("REPLY", "Accepted: T20260101.0002", "support", "ticket_note_added", "calendar_reply"),
        ("REPLY", "Accepted: T20260101.0001", "tickets", "discarded", "calendar_reply"),
        # an invitation is ordinary mail
        ("REQUEST", "Visit", "support", "ticket_created", "new_ticket"),
        ("REQUEST", "Visit T20260101.0001", "fresh", "ticket_note_added", "subject_number"),
    ],
)
def test_calendars(desk: Situation, method: str, subject: str, mailbox: str, outcome: str, reason: str) -> None:
    """Answers change nothing; invitations are mail like any other."""
    result = desk.send(_calendar(method, subject), mailbox)
    assert (result.outcome, result.reason) == (outcome, reason)
    status = "Customer Replied" if method == "REQUEST" and mailbox == "fresh" else "New"
    assert desk.ticket("T20260101.0001")["status"] == status
    assert desk.ticket("T20260101.0002")["status"] == "Complete"


BOUNCE = (
    b"From: MAILER-DAEMON@mx.example\r\nTo: support@desk.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    b'Message-ID: <%d@mx.example>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ann@acme.example\r\n"
    b"Action: %s\r\nStatus: %s\r\n\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: %s\r\nMessage-ID: <x@desk.example>\r\n\r\nHello\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("subject", "mailbox", "action", "status", "outcome", "line"),
    [
        (
            b"[T20260101.0001] x",
            "support",
            b"failed",
            b"5.1.1",
            "ticket_note_added",
            "The message could not be delivered to ann@acme.example: 5.1.1",
        ),
        (
            b"[T20260101.0001] x",
            "german",
            b"failed",
            b"5.1.1",
            "ticket_note_added",
            "Die Nachricht konnte nicht an ann@acme.example zugestellt werden: 5.1.1",
        ),
        (
            b"[T20260101.0001] x",
            "support",
            b"delayed",
            b"4.4.1",
            "ticket_note_added",
            "The message has not been delivered to ann@acme.example yet: 4.4.1",
        ),
        (
            b"[P20260101.0001] x",
            "support",
            b"failed",
            b"5.1.1",
            "project_note_added",
            "The message could not be delivered to ann@acme.example: 5.1.1",
        ),
        (b"x", "support", b"failed", b"5.1.1", "discarded", ""),
        (b"[T20260101.0001] x", "tickets", b"failed", b"5.1.1", "discarded", ""),
        # not even the alerts mailbox wants a key of a mail server
        (b"x", "alerts", b"failed", b"5.1.1", "discarded", ""),
    ],
)
def test_bounces(
    desk: Situation, subject: bytes, mailbox: str, action: bytes, status: bytes, outcome: str, line: str
) -> None:
    """An internal note on the object, which names the address; never a ticket, never a status."""
    result = desk.send(BOUNCE % (1, action, status, subject), mailbox, null=True)
    assert (result.outcome, result.reason) == (outcome, "bounce")
    if outcome != "discarded":
        made = desk.made(result)
        assert made["publish"] == "internal"
        assert made["text"].startswith(line)


def test_nothing_of_private_mail_is_left(desk: Situation) -> None:
    """Neither text nor subject nor author in any table; a repetition is recognised all the same."""
    content = mail(
        author="Secretive Author <hidden@acme.example>",
        subject="Secretsubject",
        body="Secretbody",
        extra="Sensitivity: Private\r\nCc: secretcc@acme.example\r\n",
    )
    assert desk.send(content).reason == "private"
    assert desk.send(content).reason == "redelivered"
    tables = [name for (name,) in desk.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    for table in tables:
        for (row,) in desk.rows(f"SELECT t::text FROM {table} AS t"):  # noqa: S608 - names of our own tables
            assert "ecret" not in row, table
            assert "hidden" not in row, table
    assert desk.rows("SELECT count(*) FROM blobs") == [(0,)]


def test_without_anybody_responsible(desk: Situation) -> None:
    """No fallback and no local organization: discarded; a number still attaches."""
    desk.run("UPDATE organizations SET active = false WHERE is_local")
    assert desk.send(mail(author=WHO)).reason == "sender_unknown"
    assert desk.send(mail(author=WHO, subject="T20260101.0001")).reason == "attached_stranger"
    assert desk.send(mail(author=WHO, subject="T20260101.0001"), "new").reason == "sender_unknown"
    assert desk.person(desk.made(desk.send(mail(author=WHO), "german"))) == "Beta"
    desk.run("INSERT INTO organizations (name) VALUES ('Beta')")
    result = desk.send(mail(author=WHO), "german")
    assert (result.outcome, result.reason) == ("discarded", "sender_unknown")
