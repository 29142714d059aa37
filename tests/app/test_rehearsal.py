"""`inbound explain`: all that decided and nearly decided, all that would be written, and nothing left behind."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from desk import delivery, mail
from inbound.app.rehearsal import Explained, explain
from inbound.cli.show import explanation, explanation_json
from inbound.config import Settings
from inbound.database.engine import rolled_back
from inbound.intake.understanding import understand
from inbound.pipeline.process import process
from situations import FULL, KEY, Situation

SETTINGS = Settings.model_validate(FULL.model_dump() | {"server": {"secret": "x" * 32}})
TECH, ANN = "tech@desk.example", "ann@acme.example"


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


def _explain(desk: Situation, content: bytes, mailbox: str = "support") -> Explained:
    return explain(delivery(content, mailbox), SETTINGS, Path("inbound.toml"), desk.database)[0]


@pytest.mark.parametrize(
    ("content", "mailbox", "lines"),
    [
        # what was wrong with the line, and what is allowed
        (
            mail(author=TECH, subject="T20260101.0001", body="#T=25 #S=Nonsense"),
            "support",
            [
                "* indicators: #T=25 must be more than 0 and at most 24 hours. Allowed: 1.5, 1,5, 1.5h",
                "* indicators: #S=Nonsense is not a status. Allowed: New, In Progress, Waiting Customer",
            ],
        ),
        # why a line is text
        (
            mail(author=TECH, subject="T20260101.0001", body="#S=Complete"),
            "support",
            ["- indicators: the first line is text: #S= and #R= count only together with #T="],
        ),
        (
            mail(author=ANN, subject="T20260101.0001", body="#T=1"),
            "support",
            ["- indicators: the first line is text: only a resource's counts"],
        ),
        (
            mail(author=TECH, body="#T=1"),
            "support",
            ["- indicators: the first line is text: nothing leads to a ticket"],
        ),
        (
            mail(author=TECH, body="#T=1", extra="In-Reply-To: <before@acme.example>\r\n"),
            "support",
            ["- indicators: the first line is text: it counts only with the number in the subject"],
        ),
        # the status, and why it stays
        (
            mail(author=ANN, subject="T20260101.0001"),
            "reopen",
            [
                "- when_complete: T20260101.0001 is not complete: its status is New",
                "* status_after: the status becomes Customer Replied",
                "status = Customer Replied",
            ],
        ),
        (
            mail(author=ANN, subject="T20260101.0001"),
            "support",
            ["- status_after: the mailbox has no status_after_contact: the status stays"],
        ),
        # names beside ids; companions, tags, defaults
        (
            mail(author=ANN, subject="Drucker", extra="Cc: bob@acme.example, tech@desk.example\r\n"),
            "vip",
            [
                "* companions: To and Cc bring along contact Bob, resource Tech",
                "(Acme)",
                "(Bob)",
                "(Tech)",
                "tags = ['Fixed', 'VPN', 'Printer']",
                "priority = Critical",
            ],
        ),
        # a new contact, a decision, a time entry
        (
            mail(author="Neu <new@acme.example>"),
            "learning",
            ["    contacts", "name = Neu", "address = new@acme.example"],
        ),
        (
            mail(author=ANN, subject="T20260101.0007", body="#A=approve\r\nGo."),
            "support",
            [
                "    change_request_approvers",
                "decision = approved",
                "text = Go. ⏎  ⏎ Ann approved this change request.",
            ],
        ),
        (mail(author=TECH, subject="T20260101.0009", body="#T=1.5"), "support", ["    time_entries", "hours = 1.50"]),
        # a stranger's ticket says whose it becomes without the number
        (
            mail(author="ben@beta.example", subject="T20260101.0001"),
            "new",
            ["* stranger: ben@beta.example has nothing to do with Acme", "* contact: ben@beta.example is address 1"],
        ),
        # ... once, where the number made no difference
        (
            mail(author="ben@beta.example", extra="In-Reply-To: <before@acme.example>\r\n"),
            "support",
            ["* thread_not_participant: a header leads to", "* contact: ben@beta.example is address 1"],
        ),
    ],
)
def test_an_explanation_says_what_a_newcomer_asks(
    desk: Situation, content: bytes, mailbox: str, lines: list[str]
) -> None:
    """The rule that hit, the nearest that did not, the rows with names."""
    before = mail(author=ANN, subject="T20260101.0001", extra="References: <before@acme.example>\r\n")
    desk.send(before)
    found = explanation(_explain(desk, content, mailbox))
    for line in lines:
        assert found.count(line) == 1 if line[0] in "*-" else line in found, line


def test_an_explanation_names_who_would_be_told(desk: Situation) -> None:
    """People, not roles; nobody where nobody has the role."""
    told = Settings.model_validate(SETTINGS.model_dump() | {"smart_host": {"host": "127.0.0.1"}})

    def notices(subject: str) -> list[object]:
        content = delivery(mail(author=ANN, subject=subject), "support")
        rows = explain(content, told, Path("inbound.toml"), desk.database)[0].rows
        return [(fields["kind"], fields["recipient"]) for name, fields in rows.items() if name.startswith("notices")]

    assert notices("Printer") == [("ticket_created", ANN)]
    assert notices("T20260101.0001") == []
    desk.run("UPDATE tickets SET primary_resource_id = :r", r=desk.tech)
    assert notices("T20260101.0001") == [("note_added", TECH)]


def test_stages_stand_in_their_order(desk: Situation) -> None:
    """Each once, whatever was asked first."""
    found = explanation(_explain(desk, mail(author=ANN, subject="T20260101.0001")))
    stages = [line.strip() for line in found.splitlines() if line.startswith("  ") and line[2] != " "]
    assert stages[:5] == ["receive", "resolve_sender", "classify", "dedupe", "persist"]


def test_keys_are_masked_in_explanations(desk: Situation) -> None:
    """In text and JSON."""
    token = f'<Autotask><PW name="{KEY}"/><Customer name="{KEY}"/></Autotask>'
    explained = _explain(desk, mail(author=ANN, subject=KEY, body=f"{KEY}\r\n{token}"), "alerts")
    assert KEY not in explanation(explained)
    assert KEY not in str(explanation_json(explained))


def _rows(desk: Situation) -> dict[str, Any]:
    tables = [name for (name,) in desk.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    # The day's base of numbers is not the message's: whoever comes first makes it.
    tables.remove("number_counters")
    return {name: desk.rows(f"SELECT t::text FROM {name} AS t ORDER BY 1") for name in tables}  # noqa: S608 - our own


def test_a_rehearsal_changes_nothing(desk: Situation) -> None:
    """No row of any table is another one afterwards."""
    before = _rows(desk)
    for subject in ("Printer", "T20260101.0001", "T20260101.0002", "T20260101.0009", "P20260101.0001"):
        for mailbox in ("learning", "reopen"):
            _explain(desk, mail(author="new@acme.example", subject=subject, body="x"), mailbox)
    assert _rows(desk) == before


@pytest.mark.parametrize(
    ("author", "subject", "body", "mailbox"),
    [
        ("new@acme.example", "Printer", "x", "learning"),
        (ANN, "T20260101.0002", "x", "reopen"),
        (TECH, "T20260101.0001", "#T=1 #S=Complete", "fresh"),
        (TECH, "T20260101.0009", "#T=1 #S=Complete", "fresh"),
        (TECH, "T20260101.0007", "#A=approve", "support"),
    ],
)
def test_live_mail_waits_for_no_rehearsal(desk: Situation, author: str, subject: str, body: str, mailbox: str) -> None:
    """The same message is delivered while a rehearsal of it is still open, and the other way round."""
    content = mail(author=author, subject=subject, body=body, extra="Cc: bob@acme.example, eve@desk.example\r\n")
    rehearsed = understand([delivery(content, mailbox)], desk.context, salt=b"x" * 32)[0].received
    with rolled_back(desk.database) as tx:
        process(tx, rehearsed, desk.context)
        desk.run("SET lock_timeout = '1s'")
        assert desk.send(content, mailbox).outcome not in {"quarantined", "duplicate"}
    came = delivery(mail(author=author, subject=subject, body=body), mailbox)
    live = understand([came], desk.context)[0].received
    with rolled_back(desk.database) as tx:
        process(tx, live, desk.context)
        with rolled_back(desk.database) as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert process(other, rehearsed, desk.context)[0].result.outcome != "duplicate"
