"""Notices as they could be: what `inbound notices preview` shows, and what templates are tried with."""

from dataclasses import replace
from datetime import UTC, datetime

from inbound.config import Settings
from inbound.model.indicated import Problem, WrongValue
from inbound.model.mailbox import Mailbox
from inbound.model.notice import KINDS, Language, Notice, NoticeKind
from inbound.notices.compose import values_of
from inbound.rules.notices import CAP
from inbound.rules.wording import wrong_value

_AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
_WITHOUT_OBJECT = frozenset({"failed", "operator", "digest"})
_TEXTS: dict[Language, tuple[str, str]] = {
    "en": ("Printer on the second floor", "The printer has stopped working.\nIt shows error 49."),
    "de": ("Drucker im zweiten Stock", "Der Drucker geht nicht mehr.\nEr zeigt Fehler 49."),
}
_DATA: dict[NoticeKind, dict[str, object]] = {
    "object_created": {"what": "ticket_note"},
    "failed": {"about": "private"},
    "operator": {"about": "quarantine"},
}
_WRONG = WrongValue(problem=Problem.STATUS_UNKNOWN, indicator="#S", value="Donne", allowed=("New", "Complete"))


def sample(kind: NoticeKind, mailbox: Mailbox, language: Language) -> Notice:
    """A notice about a broken printer."""
    title, text = _TEXTS[language]
    is_desk = kind in {"note_added", "indicator_rejected", "operator", "digest"}
    notice = Notice(
        id=1,
        mailbox=mailbox.name,
        kind=kind,
        recipient="tom@desk.example" if is_desk else "ann@customer.example",
        recipient_name="Tom Miller" if is_desk else "Ann Smith",
        is_resource=is_desk,
        language=language,
        ticket_id=None if kind in _WITHOUT_OBJECT else 1,
        task_id=None,
        project_id=None,
        created_at=_AT,
        attempts=1,
        data=_data(kind, language),
        message_id="20260131093000.4711@customer.example",
        subject=title,
        author_name="Ann Smith",
        author_address="ann@customer.example",
        received_at=_AT,
        text=text,
    )
    if kind not in _WITHOUT_OBJECT:
        return replace(notice, number="T20260131.0042", title=title)
    return replace(notice, items=_items(kind, mailbox, title), total=CAP if kind in {"operator", "digest"} else 0)


def _data(kind: NoticeKind, language: Language) -> dict[str, object]:
    if kind == "indicator_rejected":
        return {"problems": [wrong_value(_WRONG, language)]}
    return _DATA.get(kind, {})


def _items(kind: NoticeKind, mailbox: Mailbox, title: str) -> tuple[dict[str, object], ...]:
    if kind == "digest":
        return ({"kind": "note_added", "number": "T20260131.0042", "title": title, "author": "Ann Smith"},)
    if kind == "operator":
        stored = {"id": 7, "mailbox": mailbox.name, "reason": "over_guard", "subject": title}
        return ({**stored, "author": "ann@customer.example", "received_at": "2026-01-31 09:30"},)
    return ()


def sample_values(mailbox: Mailbox, settings: Settings) -> dict[NoticeKind, dict[str, object]]:
    """What templates are tried with, by kind."""
    return {kind: values_of(sample(kind, mailbox, mailbox.language), mailbox, settings) for kind in KINDS}
