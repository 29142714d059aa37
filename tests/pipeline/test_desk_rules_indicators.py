"""What a technician writes into the first line: mails in, time entries, statuses and decisions out."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from desk import NOON, mail
from situations import Situation


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


TECH, ANN, BOB, LENA = "tech@desk.example", "ann@acme.example", "bob@acme.example", "lena@acme.example"
SENT = NOON - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("#T=1.5", "1.50"),
        ("#T=1,5", "1.50"),
        ("#t=1.5h", "1.50"),
        ("#T=1:30", "1.50"),
        ("#T=1h30m", "1.50"),
        ("#T=1h", "1.00"),
        ("#T=90m", "1.50"),
        ("#T=24", "24.00"),
        ("#T=0.01", "0.01"),
        ("#T=20m", "0.33"),
        # what a phone makes of it
        ("＃T=1.5", "1.50"),
        ("\ufeff#T=1.5", "1.50"),
        ("\u200b\u00a0#T=1.5\u00a0", "1.50"),
        ("#T＝１．５", "1.50"),
        ("\r\n   \r\n#T=1.5", "1.50"),
    ],
)
def test_hours(desk: Situation, line: str, hours: str) -> None:
    """A time entry, its stop the Date of the mail, its start before that; the line is gone from the text."""
    content = mail(author=TECH, subject="Re: T20260101.0001", body=f"{line}\r\nCables.", extra=_UTF8)
    result = desk.send(content)
    assert (result.outcome, result.reason) == ("ticket_time_entry_added", "subject_number")
    made = desk.made(result)
    assert made["hours"] == Decimal(hours)
    assert made["summary"] == "Cables."
    assert (made["stopped_at"], made["resource_id"], made["publish"]) == (SENT, desk.tech, "all")
    assert made["stopped_at"] - made["started_at"] == timedelta(hours=float(hours))
    assert desk.ticket("T20260101.0001")["status"] == "New"
    assert desk.rows("SELECT count(*) FROM notes") == [(0,)]


_UTF8 = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"


@pytest.mark.parametrize(
    "line",
    [
        *("#T=0", "#T=0:00", "#T=-1", "#T=24.01", "#T=25", "#T=1:60", "#T=1.5 done", "#T=", "#T=abc", "#T=0.001"),
        *("#T=1 #T=2", "#T=1 #X=2", "#T=1 #S=Nonsense", "#T=1 #S=Closed Long Ago", "#T=1 #R=System Administrator"),
        *("#T=1 #R=Nonsense", "#T=1 #S=", "#A=approve", "#T=1 #A=approve", "#T=1 #S=Complete #S=New"),
    ],
)
def test_a_wrong_value_applies_nothing(desk: Situation, line: str) -> None:
    """The whole mail is an internal note, unchanged, and nothing else happens."""
    before = desk.ticket("T20260101.0001")
    body = f"{line}\r\nCables.\r\n\r\n> quoted"
    result = desk.send(mail(author=TECH, subject="Re: T20260101.0001", body=body))
    assert (result.outcome, result.reason) == ("ticket_note_added", "indicator_rejected")
    made = desk.made(result)
    assert (made["publish"], made["text"]) == ("internal", body.replace("\r\n", "\n"))
    assert desk.ticket("T20260101.0001") == before
    assert desk.rows("SELECT count(*) FROM time_entries") == [(0,)]


@pytest.mark.parametrize(
    ("author", "subject", "body", "outcome", "text"),
    [
        # alone, #S and #R stay unchecked text
        (TECH, "T20260101.0001", "#S=Complete\r\nDone.", "ticket_note_added", "#S=Complete\nDone."),
        (TECH, "T20260101.0001", "#R=Nonsense\r\nDone.", "ticket_note_added", "#R=Nonsense\nDone."),
        # without a number it is text
        (TECH, "Printer", "#T=1.5\r\nDone.", "ticket_created", "#T=1.5\nDone."),
        # not in the first line, not in what is quoted, not of anybody else
        (TECH, "T20260101.0001", "Done.\r\n#T=1.5", "ticket_note_added", "Done.\n#T=1.5"),
        (TECH, "T20260101.0001", "Note #T=1.5", "ticket_note_added", "Note #T=1.5"),
        (TECH, "T20260101.0001", "> #T=1.5\r\n\r\nOk.", "ticket_note_added", "> #T=1.5\n\nOk."),
        (ANN, "T20260101.0001", "#T=1.5\r\nDone.", "ticket_note_added", "#T=1.5\nDone."),
        (LENA, "T20260101.0001", "#T=1.5\r\nDone.", "ticket_note_added", "#T=1.5\nDone."),
        (TECH, "T20260101.0001", "# T=1.5\r\nDone.", "ticket_note_added", "# T=1.5\nDone."),
        (TECH, "T20260101.0001", "#T 1.5\r\nDone.", "ticket_note_added", "#T 1.5\nDone."),
    ],
)
def test_what_stays_text(desk: Situation, author: str, subject: str, body: str, outcome: str, text: str) -> None:
    """Lines that are no indicators change nothing."""
    result = desk.send(mail(author=author, subject=subject, body=body))
    made = desk.made(result)
    assert result.outcome == outcome
    assert (made.get("text") or made["description"]) == text
    assert made.get("publish", "all") == "all"


def test_a_whole_line_from_a_phone(desk: Situation) -> None:
    """Hours, status and role; the reply below, the quote and the signature beside it."""
    body = (
        "#T=1.5 #S=waiting customer #R=network engineer\r\nCables replaced.\r\n\r\nVon meinem iPhone gesendet\r\n\r\n"
        "> Am 30.01.2026 um 10:00 schrieb Ann <ann@acme.example>:\r\n> \r\n> Es brennt."
    )
    result = desk.send(mail(author="tech@home.example", subject="Re: T20260101.0001", body=body))
    made = desk.made(result)
    assert (made["summary"], made["role"], made["hours"]) == ("Cables replaced.", "Network Engineer", Decimal("1.50"))
    assert "Es brennt." in made["quoted_text"]
    assert "iPhone" in made["signature"]
    assert desk.ticket("T20260101.0001")["status"] == "Waiting Customer"


def test_html_only(desk: Situation) -> None:
    """A line in a paragraph of its own counts."""
    html = "Content-Type: text/html; charset=utf-8\r\n"
    body = "<html><body><div>&nbsp;#T=0,25&nbsp;#S=In Progress</div><div><br></div><div>Done.</div></body></html>"
    made = desk.made(desk.send(mail(author=TECH, subject="T20260101.0001", body=body, extra=html)))
    assert (made["hours"], made["summary"]) == (Decimal("0.25"), "Done.")
    assert desk.ticket("T20260101.0001")["status"] == "In Progress"


@pytest.mark.parametrize(
    ("mailbox", "number", "line", "outcome", "reason", "publish", "status"),
    [
        # tasks have time entries and statuses
        ("support", "T20260101.0009", "#T=1 #S=Complete", "task_time_entry_added", "subject_number", "all", "Complete"),
        ("support", "T20260101.0009.003", "#T=1", "task_time_entry_added", "subject_number", "all", "New"),
        # projects have none
        ("support", "P20260101.0001", "#T=1", "project_note_added", "indicator_rejected", "internal", None),
        ("support", "P20260101.0001", "#S=Complete", "project_note_added", "subject_number", "all", None),
        # on complete tickets by when_complete; the ticket stays complete, unless the line says otherwise
        ("support", "T20260101.0002", "#T=1", "ticket_time_entry_added", "subject_number", "all", "Complete"),
        ("support", "T20260101.0002", "#T=1 #S=New", "ticket_time_entry_added", "subject_number", "all", "New"),
        ("strict", "T20260101.0002", "#T=1", "ticket_note_added", "indicator_rejected", "internal", "Complete"),
        ("strict", "T20260101.0001", "#T=1", "ticket_time_entry_added", "subject_number", "all", "New"),
        # the mailbox's own defaults
        ("inner", "T20260101.0001", "#T=1", "ticket_time_entry_added", "subject_number", "internal", "New"),
        # kinds that are not created: an internal note with the line; a ticket
        ("notes", "T20260101.0001", "#T=1 #S=Complete", "ticket_note_added", "subject_number", "internal", "New"),
        ("notes", "T20260101.0009", "#T=1 #S=Complete", "task_note_added", "subject_number", "internal", "New"),
        ("tickets", "T20260101.0001", "#T=1 #S=Complete", "ticket_created", "new_ticket", None, "New"),
        ("tickets", "T20260101.0001", "#T=x", "ticket_created", "indicator_rejected", None, "New"),
        # merged
        ("support", "T20260101.0006", "#T=1", "ticket_time_entry_added", "subject_number", "all", "Complete"),
    ],
)
def test_where_time_is_entered(
    desk: Situation,
    mailbox: str,
    number: str,
    line: str,
    outcome: str,
    reason: str,
    publish: str | None,
    status: str | None,
) -> None:
    """Kinds, fallbacks, complete tickets."""
    result = desk.send(mail(author=TECH, subject=f"Re: {number}", body=f"{line}\r\nDone."), mailbox)
    assert (result.outcome, result.reason) == (outcome, reason)
    made = desk.made(result)
    assert made.get("publish") == publish
    if "time_entry" not in outcome:
        assert line in (made.get("text") or made["description"])
    if status is not None:
        table = "tasks" if number.startswith("T20260101.0009") else "tickets"
        found = desk.one(f"SELECT status, completed_at FROM {table} WHERE number = :n", n=number)  # noqa: S608 - two names
        assert found["status"] == status
        assert (found["completed_at"] is not None) == (status == "Complete")


def test_defaults_of_time_entries(desk: Situation) -> None:
    """Role and work type of the mailbox; the role in the line wins."""
    made = desk.made(desk.send(mail(author=TECH, subject="T20260101.0001", body="#T=1"), "inner"))
    assert (made["role"], made["work_type"], made["summary"]) == ("Help Desk Technician", "Remote Support", "")
    body = "#T=1 #R=Network Engineer"
    assert desk.made(desk.send(mail(author=TECH, subject="T20260101.0001", body=body), "inner"))["role"] == body[8:]


def test_the_summary_joins_the_resolution(desk: Situation) -> None:
    """``append_to_resolution``, one below the other."""
    for text in ("First.", "Second."):
        body = f"#T=1\r\n{text}"
        made = desk.made(desk.send(mail(author=TECH, subject="T20260101.0001", body=body), "fresh"))
        assert made["append_to_resolution"]
    assert desk.ticket("T20260101.0001")["resolution"] == "First.\n\nSecond."
    assert desk.ticket("T20260101.0001")["status"] == "New"


def test_quotes_stay_where_the_mailbox_wants_them(desk: Situation) -> None:
    """``strip_quotes = false``: only the line itself goes."""
    body = "#T=1\r\nDone.\r\n\r\nOn Fri, 30 Jan 2026 at 10:00, Ann <ann@acme.example> wrote:\r\n> It burns."
    made = desk.made(desk.send(mail(author=TECH, subject="T20260101.0001", body=body), "strict"))
    assert made["summary"].startswith("Done.\n\nOn Fri")
    assert made["summary"].endswith("> It burns.")
    assert made["quoted_text"] == ""


@pytest.mark.parametrize(
    ("date", "stopped_at"),
    [
        ("Fri, 30 Jan 2026 13:00:00 +0000", NOON - timedelta(hours=23)),
        ("Sun, 01 Feb 2026 00:30:00 +0100", NOON + timedelta(hours=11, minutes=30)),
        # more than 24 hours off, or not there: the time of receipt
        ("Fri, 30 Jan 2026 11:59:00 +0000", NOON),
        ("Tue, 03 Feb 2026 12:00:00 +0000", NOON),
        ("nonsense", NOON),
    ],
)
def test_when_the_work_ended(desk: Situation, date: str, stopped_at: object) -> None:
    """Date of the mail, unless its clock is wrong; start may lie on the day before."""
    content = mail(author=TECH, subject="T20260101.0001", body="#T=3").replace(
        b"Date: Sat, 31 Jan 2026 11:59:00 +0000", f"Date: {date}".encode()
    )
    made = desk.made(desk.send(content))
    assert made["stopped_at"] == stopped_at
    assert made["stopped_at"] - made["started_at"] == timedelta(hours=3)


@pytest.mark.parametrize(
    ("subject", "body", "outcome", "publish"),
    [
        ("T20260101.0001", "#T=1\r\nDone.", "ticket_note_added", "internal"),
        ("T20260101.0002", "Done.", "ticket_note_added", "internal"),
        ("P20260101.0001", "Done.", "project_note_added", "internal"),
        ("T20260101.0007", "#A=approve", "ticket_note_added", "internal"),
        ("Printer", "Done.", "ticket_created", None),
    ],
)
def test_who_is_not_proven_does_nothing(
    desk: Situation, subject: str, body: str, outcome: str, publish: str | None
) -> None:
    """A resource's address from an untrusted peer: an internal note, or a ticket."""
    before = [desk.ticket(f"T20260101.000{n}") for n in (1, 2, 7)]
    result = desk.send(mail(author=TECH, subject=subject, body=body, extra="Cc: bob@acme.example\r\n"), trusted=False)
    assert (result.outcome, result.reason) == (outcome, "sender_not_authenticated")
    assert desk.made(result).get("publish") == publish
    assert [desk.ticket(f"T20260101.000{n}") for n in (1, 2, 7)] == before
    assert desk.rows("SELECT count(*) FROM time_entries") == [(0,)]
    assert desk.rows("SELECT count(*) FROM change_request_approvers WHERE decision <> ''") == [(0,)]


@pytest.mark.parametrize(
    ("author", "line", "number", "reason", "decision"),
    [
        # listed approvers, resource or contact
        *((TECH, f"#A={word}", "7", "subject_number", "approved") for word in ("approve", "Approved", "GENEHMIGT")),
        *((TECH, f"#a={word}", "7", "subject_number", "rejected") for word in ("reject", "rejected", "abgelehnt")),
        (ANN, "#A=approve", "7", "subject_number", "approved"),
        ("ann@third.example", "#A=reject", "7", "subject_number", "rejected"),
        # with other words it stays text for a contact, and is a wrong value of a resource
        (ANN, "#A=approve please", "7", "indicator_rejected", ""),
        (TECH, "#A=maybe", "7", "indicator_rejected", ""),
        # who is not listed: a wrong value of a resource, text of a contact
        ("eve@desk.example", "#A=approve", "7", "indicator_rejected", ""),
        (BOB, "#A=approve", "7", "subject_number", ""),
        # no change request
        (TECH, "#A=approve", "1", "indicator_rejected", ""),
        (ANN, "#A=approve", "1", "subject_number", ""),
        # a contact's hours are text
        (ANN, "#T=1 #A=approve", "7", "subject_number", ""),
    ],
)
def test_approvals(desk: Situation, author: str, line: str, number: str, reason: str, decision: str) -> None:
    """``#A=`` of a listed approver is recorded, with a note."""
    body = f"{line}\r\nGo ahead."
    result = desk.send(mail(author=author, subject=f"T20260101.000{number}", body=body))
    assert (result.outcome, result.reason) == ("ticket_note_added", reason)
    found = desk.rows("SELECT decision, decided_at, note FROM change_request_approvers WHERE decision <> ''")
    assert found == ([(decision, NOON, "Go ahead.")] if decision else [])
    made = desk.made(result)
    if decision:
        name = "Tech" if author == TECH else "Ann"
        assert made["text"] == f"Go ahead.\n\n{name} {decision} this change request."
    else:
        assert made["text"].startswith(line)


def test_time_and_decision_in_one_line(desk: Situation) -> None:
    """Both: the time entry and the decision; a later decision replaces the earlier one."""
    desk.send(mail(author=TECH, subject="T20260101.0007", body="#A=approve"))
    result = desk.send(mail(author=TECH, subject="T20260101.0007", body="#T=0.5 #A=abgelehnt\r\nToo risky."))
    assert result.outcome == "ticket_time_entry_added"
    found = desk.rows("SELECT decision, note FROM change_request_approvers WHERE resource_id = :r", r=desk.tech)
    assert found == [("rejected", "Too risky.")]


def test_a_decision_needs_a_note(desk: Situation) -> None:
    """Where the mailbox makes tickets only, nothing is decided and the line is kept."""
    result = desk.send(mail(author=TECH, subject="T20260101.0007", body="#A=approve\r\nGo."), "tickets")
    assert result.outcome == "ticket_created"
    assert desk.made(result)["description"] == "#A=approve\nGo."
    assert desk.rows("SELECT count(*) FROM change_request_approvers WHERE decision <> ''") == [(0,)]
