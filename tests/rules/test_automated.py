"""Automatic replies, generated mail, and what may be answered (SPEC 6)."""

import pytest

from inbound.message.parse import parse
from inbound.model.mail import Mail
from inbound.rules.automated import (
    automatic_reply_sign,
    generated_sign,
    has_vacation_subject,
    program_sign,
    silencing_sign,
)

AUTHOR = "jane@example.org"


def mail(fields: str = "", subject: str = "Drucker") -> Mail:
    return parse(f"From: Jane <{AUTHOR}>\nSubject: {subject}\n{fields}\n\nGuten Tag\n".encode())


REPLIES = [
    # RFC 3834, vendors
    "Auto-Submitted: auto-replied",
    "X-Autoreply: yes",
    "X-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: Jane@Example.org",
    "X-Auto-Response-Suppress: DR, OOF\nX-MS-Exchange-Inbox-Rules-Loop: jane@example.org",
    # a rule of the author's mailbox wrote it
    "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nX-MS-Exchange-Inbox-Rules-Loop: jane@example.org",
]
GENERATED = [
    # made by programs, but no answers
    "Auto-Submitted: auto-generated",
    "Auto-Submitted: auto-notified",
    "Auto-Submitted: yes",
    "X-FC-MachineGenerated: true",
    # the loop field names our redirecting mailbox, not the author
    "X-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: support@example.com",
    "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nX-MS-Exchange-Inbox-Rules-Loop: support@example.com",
]
WEAK = [
    # they only silence
    "X-Auto-Response-Suppress: All",
    "X-Auto-Response-Suppress: AutoReply",
    "Precedence: bulk",
    "Precedence: junk",
    "Precedence: list",
    "List-Id: <team.example.com>",
    "List-Unsubscribe: <https://example.com/u>",
    "X-Loop: jane@example.org",
    "X-Inbound-Loop: 1.abc",
]
PLAIN = [
    # people's mail
    "",
    "Auto-Submitted: no",
    "X-Auto-Response-Suppress: DR, RN, NRN",
    "X-MS-Exchange-Inbox-Rules-Loop: support@example.com",
    "Precedence: normal",
    "X-Autoreply: no",
    "Feedback-ID: 1:example:ses",
]


@pytest.mark.parametrize("fields", REPLIES)
def test_automatic_replies(fields: str) -> None:
    """What says that it is an automatic reply is one; it is generated, and never answered."""
    assert automatic_reply_sign(mail(fields), has_null_path=False)
    assert generated_sign(mail(fields), has_null_path=False)
    assert silencing_sign(mail(fields), has_null_path=False)


@pytest.mark.parametrize("fields", GENERATED)
def test_generated_mail(fields: str) -> None:
    """What a program wrote is processed like any mail, and never answered."""
    assert automatic_reply_sign(mail(fields), has_null_path=False) == ""
    assert generated_sign(mail(fields), has_null_path=False)
    assert silencing_sign(mail(fields), has_null_path=False)


@pytest.mark.parametrize("fields", WEAK)
def test_weak_signs_only_silence(fields: str) -> None:
    """Every weaker sign forbids an answer, and says nothing else."""
    assert automatic_reply_sign(mail(fields), has_null_path=False) == ""
    assert generated_sign(mail(fields), has_null_path=False) == ""
    assert silencing_sign(mail(fields), has_null_path=False)


@pytest.mark.parametrize("fields", PLAIN)
def test_peoples_mail_is_answered(fields: str) -> None:
    """What carries no sign, or one that means something else, may be answered."""
    assert automatic_reply_sign(mail(fields), has_null_path=False) == ""
    assert generated_sign(mail(fields), has_null_path=False) == ""
    assert silencing_sign(mail(fields), has_null_path=False) == ""


def test_a_redirecting_mailbox_is_not_the_author() -> None:
    """A resource who writes from the mailbox that redirects to us has not gone on holiday."""
    fields = f"X-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: {AUTHOR}"
    assert automatic_reply_sign(mail(fields), has_null_path=False, redirecting=frozenset({AUTHOR})) == ""


def test_a_rule_that_forwards_answers_nothing() -> None:
    """Mail that a rule of the author's mailbox passes on is no automatic reply."""
    made = f"X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nX-MS-Exchange-Inbox-Rules-Loop: {AUTHOR}"
    assert automatic_reply_sign(mail(made), has_null_path=False)
    assert automatic_reply_sign(mail(made, "FW: Drucker"), has_null_path=False) == ""


@pytest.mark.parametrize(
    ("subject", "has_null_path", "is_reply"),
    [
        # a subject alone never
        ("Automatische Antwort: Drucker", True, True),
        ("Automatische Antwort: Drucker", False, False),
        ("Drucker", True, False),
    ],
)
def test_vacation_subjects_need_the_null_path(subject: str, has_null_path: bool, is_reply: bool) -> None:  # noqa: FBT001  # truth table
    """The subject of a vacation program makes an automatic reply only together with the null reverse-path."""
    assert bool(automatic_reply_sign(mail(subject=subject), has_null_path=has_null_path)) is is_reply


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        # words, a colon, and what is answered: only programs write so
        ("Automatische Antwort: Drucker", True),
        ("Out of Office: Printer", True),
        ("Out of Office AutoReply: Printer", True),
        ("Réponse automatique : imprimante", True),
        ("Auto Response from jane@example.org", True),
        # people's subjects
        ("Automatische Antwort einrichten", False),
        ("Out of office since Monday", False),
        ("Absence: sound is missing", False),
        ("Urlaub: Antrag", False),
        ("Auto: Reifenwechsel", False),
        ("AW: Automatische Antwort: Drucker", False),
    ],
)
def test_the_subject_of_an_automatic_reply_silences(subject: str, expected: bool) -> None:  # noqa: FBT001  # truth table
    """What is called like an automatic reply is never answered, whatever its header lacks; it proves no program."""
    assert bool(generated_sign(mail(subject=subject), has_null_path=False)) is expected
    assert bool(silencing_sign(mail(subject=subject), has_null_path=False)) is expected
    assert not automatic_reply_sign(mail(subject=subject), has_null_path=False)
    assert not program_sign(mail(subject=subject), has_null_path=False)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        # in many languages
        ("Out of Office: Printer", True),
        ("Automatic reply: Printer", True),
        ("Abwesenheitsnotiz: Drucker", True),
        ("Abwesend: Drucker", True),
        ("Ich bin im Urlaub", True),
        ("Réponse automatique : Imprimante", True),
        ("Respuesta automática: Impresora", True),
        ("Risposta automatica: Stampante", True),
        ("Automatisch antwoord: Printer", True),
        ("Autosvar: Skrivare", True),
        ("Odpowiedź automatyczna: Drukarka", True),
        ("Автоматический ответ: принтер", True),
        ("自動返信: プリンター", True),
        # what people write about the same things
        ("AW: Automatische Antwort einrichten", False),
        ("Wie richte ich eine automatische Antwort ein?", False),
        ("Drucker automatisch aus", False),
        ("Autos und Drucker", False),
    ],
)
def test_vacation_subjects(subject: str, expected: bool) -> None:  # noqa: FBT001  # truth table
    """Vacation programs put their words in front."""
    assert has_vacation_subject(subject) is expected


def test_own_lists_silence_nothing() -> None:
    """Mail through the mailbox's own list is a customer's mail."""
    own = "List-Id: <support.example.com>\nPrecedence: list\nMailing-list: list support@example.com; contact x@y.de"
    assert silencing_sign(mail(own), has_null_path=False)
    for name in ("support.example.com", "support@example.com"):
        assert silencing_sign(mail(own), has_null_path=False, own_lists=frozenset({name})) == ""
    assert silencing_sign(
        mail(f"{own}\nAuto-Submitted: auto-replied"), has_null_path=False, own_lists=frozenset({"support.example.com"})
    )


@pytest.mark.parametrize(
    "author", ["noreply@example.com", "no-reply@example.com", "MAILER-DAEMON@example.com", "donotreply@example.com"]
)
def test_nobody_reads_there(author: str) -> None:
    """An account that says that nobody reads it gets no answer."""
    content = f"From: {author}\nSubject: Rechnung\n\nGuten Tag\n"
    assert silencing_sign(parse(content.encode()), has_null_path=False)


def test_a_mail_system_is_no_person() -> None:
    """Whatever a mailer-daemon writes that is no report, a program wrote it."""
    found = parse(b"From: MAILER-DAEMON@example.com\nSubject: Statistik\n\n12 Nachrichten\n")
    assert found.report is None
    assert generated_sign(found, has_null_path=False)


def test_reports_are_no_automatic_replies() -> None:
    """A bounce is generated and never answered, and is no reply, though Exim calls it one."""
    fields = "Auto-Submitted: auto-replied\nX-Failed-Recipients: a@example.org"
    found = mail(fields, subject="Mail delivery failed: returning message to sender")
    assert automatic_reply_sign(found, has_null_path=True) == ""
    assert generated_sign(found, has_null_path=True) == "bounce"
