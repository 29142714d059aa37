"""What a mailbox gives to what it creates: every name must be an active entry of its pick list."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from inbound.config.checks.names import listed, out_of_range, why_no_address
from inbound.config.mistakes import Mistake, shown
from inbound.config.pick_lists import Category, Choice, IssueType, Queue, Status, Tag
from inbound.config.positions import Key
from inbound.config.settings import Settings
from inbound.model.mailbox import Mailbox

Entry = Choice | Status | Queue | Category | IssueType | Tag

#: kind of object → default of a mailbox → its pick list
_LISTS: Mapping[str, Mapping[str, str]] = {
    "ticket": {
        "category": "categories",
        "type": "ticket_types",
        "status": "statuses",
        "priority": "priorities",
        "queue": "queues",
        "source": "sources",
        "issue_type": "issue_types",
        "role": "roles",
    },
    "ticket_note": {
        "note_type": "note_types",
        "status_after_contact": "statuses",
        "status_after_resource": "statuses",
        "reopen_status": "statuses",
    },
    "ticket_time_entry": {"role": "roles", "work_type": "work_types"},
    "project_note": {"note_type": "note_types"},
    "task_note": {
        "note_type": "note_types",
        "status_after_contact": "statuses",
        "status_after_resource": "statuses",
    },
    "task_time_entry": {"role": "roles", "work_type": "work_types"},
}
_NEVER_EMPTY = frozenset({"status", "priority"})
_MOST_TAGS = 30
_LONGEST_DAYS = 3_660


def mistakes(key: Key, mailbox: Mailbox, settings: Settings) -> Iterator[Mistake]:
    """Every mistake in the defaults of one mailbox.

    Args:
        key: of the mailbox.
        mailbox: as the file says.
        settings: with the pick lists.
    """
    for kind, lists in _LISTS.items():
        for name, pick_list in lists.items():
            yield from _reference((*key, kind), getattr(mailbox, kind), name, pick_list, settings)
    yield from _sub_issue_type((*key, "ticket"), mailbox, settings)
    yield from _primary_resource((*key, "ticket", "primary_resource"), mailbox.ticket.primary_resource)
    yield from tags((*key, "ticket", "tags"), mailbox.ticket.tags, settings)
    yield from out_of_range((*key, "ticket_note", "reopen_days"), mailbox.ticket_note.reopen_days, 0, _LONGEST_DAYS)
    yield from _reopening(key, mailbox, settings)


def tags(
    key: Key, names: tuple[str, ...], settings: Settings, *, are_retired_ones_fine: bool = False
) -> Iterator[Mistake]:
    """Every mistake in a list of tags that tickets get: a ticket has at most 30."""
    allowed = [tag.name for tag in settings.desk.tags if tag.active or are_retired_ones_fine]
    for index, name in enumerate(names):
        where: Key = (*key, index)
        if name not in allowed:
            verdict = f"{shown(name)} is {_how_wrong(name, settings.desk.tags)} desk.tags"
            message = f"{verdict}; allowed: {listed(allowed)}"
            yield Mistake(key=where, message=message, depends_on=(("desk", "tags"),))
        elif name in names[:index]:
            yield Mistake(key=where, message=f"tag {shown(name)} stands twice", other=(*key, names.index(name)))
    if len(names) > _MOST_TAGS:
        yield Mistake(key=key, message=f"has {len(names)} tags; a ticket has at most {_MOST_TAGS}")


def _reference(key: Key, defaults: Any, name: str, pick_list: str, settings: Settings) -> Iterator[Mistake]:
    if why_not := _why_no_entry(defaults, name, getattr(settings.desk, pick_list), f"desk.{pick_list}"):
        yield Mistake(key=(*key, name), message=why_not, depends_on=(("desk", pick_list),))


def _sub_issue_type(key: Key, mailbox: Mailbox, settings: Settings) -> Iterator[Mistake]:
    wanted, issue_type = mailbox.ticket.sub_issue_type, mailbox.ticket.issue_type
    found = {entry.name: entry for entry in settings.desk.issue_types}.get(issue_type)
    depends_on: tuple[Key, ...] = ((*key, "issue_type"), ("desk", "issue_types"))
    if wanted and not issue_type:
        message = f"{shown(wanted)} needs an issue_type to belong to"
        yield Mistake(key=(*key, "sub_issue_type"), message=message, depends_on=depends_on)
    if found is None:
        return
    where = f"the sub_issues of {shown(found.name)} in desk.issue_types"
    if why_not := _why_no_entry(mailbox.ticket, "sub_issue_type", found.sub_issues, where):
        yield Mistake(key=(*key, "sub_issue_type"), message=why_not, depends_on=depends_on)


def _primary_resource(key: Key, address: str) -> Iterator[Mistake]:
    if address and (why_not := why_no_address(address)):
        yield Mistake(key=key, message=why_not)


def _reopening(key: Key, mailbox: Mailbox, settings: Settings) -> Iterator[Mistake]:
    """A ticket that is reopened must not be complete afterwards."""
    note = mailbox.ticket_note
    complete = {status.name for status in settings.desk.statuses if status.complete}
    if note.when_complete != "reopen" or (note.reopen_status or mailbox.ticket.status) not in complete:
        return
    if note.reopen_status:
        message = f"{shown(note.reopen_status)} is complete; a ticket that is reopened needs another status"
    else:
        message = f"missing; the status of new tickets, {shown(mailbox.ticket.status)}, is complete and reopens nothing"
    depends_on = ((*key, "ticket", "status"), (*key, "ticket_note", "when_complete"), ("desk", "statuses"))
    yield Mistake(key=(*key, "ticket_note", "reopen_status"), message=message, depends_on=depends_on)


def _why_no_entry(defaults: Any, name: str, entries: tuple[Entry, ...], where: str) -> str | None:
    """Say why a mailbox cannot give a value, and what it can give, or None when it can."""
    value, is_optional = getattr(defaults, name), name not in _NEVER_EMPTY
    allowed = [entry.name for entry in entries if entry.active]
    if value in allowed or (is_optional and not value):
        return None
    is_default = value == {field.name: field.default for field in fields(defaults)}[name]
    said = f"{'the default ' if is_default else ''}{shown(value)}"
    verdict = "must not be empty" if not value else f"{said} is {_how_wrong(value, entries)} {where}"
    none = ', or "" for none' if is_optional else ""
    return f"{verdict}; allowed: {listed(allowed)}{none}"


def _how_wrong(value: str, entries: tuple[Entry, ...]) -> str:
    return "not active in" if any(entry.name == value for entry in entries) else "not in"
