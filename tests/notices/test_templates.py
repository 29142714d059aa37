"""Templates: the shipped ones say something in both languages, and a mailbox's own ones do no harm."""

from dataclasses import replace
from pathlib import Path

import pytest

from inbound.config import Settings
from inbound.model.mailbox import Mailbox
from inbound.model.notice import KINDS, LANGUAGES, Language, NoticeKind
from inbound.notices.compose import values_of
from inbound.notices.samples import sample, sample_values
from inbound.notices.templates import MAX_PART_CHARS, TemplateMistake, Templates, template_mistakes

MAILBOX = Mailbox(name="support", address="support@desk.example")
SETTINGS = Settings(mailboxes=(MAILBOX,))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_shipped_templates(kind: NoticeKind, language: Language) -> None:
    """Every notice has a subject, a text signed by the desk, and the same text in HTML."""
    values = values_of(sample(kind, MAILBOX, language), MAILBOX, SETTINGS)
    rendered = Templates().render(kind, language, values)
    assert rendered.subject
    assert rendered.text.endswith("\nService Desk\n")
    assert "Service Desk</p>" in rendered.html
    assert "{" not in rendered.text
    assert "\n\n\n" not in rendered.text


@pytest.mark.parametrize(
    "about", ["quarantine", "forwarding_confirmation", "forwarded_not_redirected", "notices_failed"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_operator_is_told_what_it_is_about(about: str, language: Language) -> None:
    """Each subject has words of its own."""
    notice = replace(sample("operator", MAILBOX, language), data={"about": about})
    other = replace(notice, data={"about": "refused_peers"})
    subjects = [
        Templates().render("operator", language, values_of(one, MAILBOX, SETTINGS)).subject for one in (notice, other)
    ]
    assert subjects[0] != subjects[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Hello {{ name }}", "must begin with a line like"),
        ("Subject: x\n\n{{ nmae }}", "'nmae' is undefined"),
        ("Subject: x\n\n{% if %}", "en/ticket_created.txt:3"),
        ("Subject: x\n\n{{ 1 / 0 }}", "ZeroDivisionError"),
        ("Subject: x\n\n{{ ''.__class__.__mro__ }}", "unsafe"),
        ("Subject: x\n\n{{ range(1000000000)|list }}", "OverflowError"),
    ],
)
def test_mistakes_in_templates(tmp_path: Path, text: str, complaint: str) -> None:
    """`inbound check` finds them; the sandbox keeps what a template may do small."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "ticket_created.txt").write_text(text)
    (tmp_path / "en" / "ticket_made.txt").write_text(text)
    mistakes = template_mistakes(str(tmp_path), sample_values(MAILBOX, SETTINGS))
    assert "en/ticket_made.txt: no notice uses it" in mistakes
    assert any(complaint in mistake for mistake in mistakes), mistakes


def test_own_templates_replace_shipped_ones(tmp_path: Path) -> None:
    """A file of the same name counts; the others stay; HTML follows the text, escaped."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "ticket_created.txt").write_text("Subject: We have <{{ number }}>\n\n<{{ title }}>\n")
    values = values_of(sample("ticket_created", MAILBOX, "en"), MAILBOX, SETTINGS)
    rendered = Templates(str(tmp_path)).render("ticket_created", "en", values)
    assert rendered.subject == "We have <T20260131.0042>"
    assert rendered.text == "<Printer on the second floor>\n"
    assert "&lt;Printer on the second floor&gt;" in rendered.html
    assert template_mistakes(str(tmp_path), sample_values(MAILBOX, SETTINGS)) == []


def test_what_a_template_makes_is_bounded(tmp_path: Path) -> None:
    """A loop in a template fills no disk."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "digest.txt").write_text(
        "Subject: x\n\n{% for a in range(99999) %}{{ title }}xxxxxxxxxx{% endfor %}"
    )
    values = values_of(sample("digest", MAILBOX, "en"), MAILBOX, SETTINGS)
    assert len(Templates(str(tmp_path)).render("digest", "en", values).text) <= MAX_PART_CHARS


def test_values_are_no_templates_and_no_lines() -> None:
    """What a mail says stays what it is; control characters and line ends get nowhere near a header field."""
    notice = replace(
        sample("ticket_created", MAILBOX, "en"), title="{{ 7*7 }}\r\nBcc: eve@other.example\x00\u202e", subject="x"
    )
    rendered = Templates().render("ticket_created", "en", values_of(notice, MAILBOX, SETTINGS))
    assert rendered.subject.startswith("{{ 7*7 }}")
    assert "\n" not in rendered.subject
    assert "\x00" not in rendered.subject + rendered.text
    with pytest.raises(TemplateMistake):
        Templates().render("ticket_created", "en", {})
