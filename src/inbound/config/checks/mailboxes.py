"""``[[mailboxes]]``: addresses, names, and the pick-list entries they give."""

import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from inbound.config.checks.names import repeated, why_no_address
from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key
from inbound.config.settings import Choice, IssueType, Settings, Status
from inbound.model.mailbox import Mailbox

_NAME = re.compile(r"[a-z0-9_-]+")
#: default of a mailbox → its pick list
_TICKET_LISTS = {
    "category": "categories",
    "type": "ticket_types",
    "status": "statuses",
    "priority": "priorities",
    "queue": "queues",
    "source": "sources",
    "issue_type": "issue_types",
}
_NOTE_LISTS = {"note_type": "note_types"}
_NEVER_EMPTY = frozenset({"status", "priority"})


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Every mistake in these tables."""
    yield from _names(settings)
    yield from _active(settings)
    yield from _postmaster(settings)
    addresses = list(_addresses(settings.mailboxes))
    yield from repeated(addresses, "address")
    for key, address in addresses:
        yield from _address(key, address, settings.server.domains)
    for index, mailbox in enumerate(settings.mailboxes):
        yield from _public_address(("mailboxes", index, "public_address"), mailbox.public_address)
        yield from _defaults(("mailboxes", index, "ticket"), mailbox.ticket, _TICKET_LISTS, settings)
        yield from _defaults(("mailboxes", index, "ticket_note"), mailbox.ticket_note, _NOTE_LISTS, settings)
        yield from _sub_issue_type(("mailboxes", index, "ticket"), mailbox, settings)


def _names(settings: Settings) -> Iterator[Mistake]:
    names: list[tuple[Key, str]] = [
        (("mailboxes", index, "name"), mailbox.name) for index, mailbox in enumerate(settings.mailboxes)
    ]
    for key, name in names:
        if _NAME.fullmatch(name) is None:
            yield Mistake(key=key, message=f"{shown(name)} must consist of a-z, 0-9, hyphen and underscore")
    yield from repeated(names, "mailbox")


def _active(settings: Settings) -> Iterator[Mistake]:
    if not any(mailbox.active for mailbox in settings.mailboxes):
        depends_on = tuple(("mailboxes", index, "active") for index in range(len(settings.mailboxes)))
        message = "there must be at least one active mailbox, under its own [[mailboxes]] line"
        yield Mistake(key=("mailboxes",), message=message, depends_on=depends_on)


def _postmaster(settings: Settings) -> Iterator[Mistake]:
    name = settings.server.postmaster_mailbox
    active = [mailbox.name for mailbox in settings.mailboxes if mailbox.active]
    if name and name not in active:
        yield Mistake(
            key=("server", "postmaster_mailbox"),
            message=f'{shown(name)} is no active mailbox; allowed: {_listed(active)}, or "" for the first active one',
            depends_on=tuple(
                ("mailboxes", index, part) for index in range(len(settings.mailboxes)) for part in ("name", "active")
            ),
        )


def _addresses(mailboxes: tuple[Mailbox, ...]) -> Iterator[tuple[Key, str]]:
    for index, mailbox in enumerate(mailboxes):
        yield ("mailboxes", index, "address"), mailbox.address
        for position, alias in enumerate(mailbox.aliases):
            yield ("mailboxes", index, "aliases", position), alias


def _address(key: Key, address: str, domains: tuple[str, ...]) -> Iterator[Mistake]:
    if why_not := why_no_address(address):
        yield Mistake(key=key, message=why_not)
        return
    local_part, _, domain = address.lower().rpartition("@")
    if domain not in {served.lower() for served in domains}:
        message = f"{shown(address)} is in no served domain; server.domains: {_listed(domains)}"
        yield Mistake(key=key, message=message, depends_on=(("server", "domains"),))
    if why_not := _why_reserved(local_part):
        yield Mistake(key=key, message=f"{shown(address)} {why_not}")


def _why_reserved(local_part: str) -> str | None:
    if local_part == "postmaster":
        # RFC 5321 section 4.5.1: always accepted, in every served domain.
        return "is served without being listed: server.postmaster_mailbox says where it goes"
    if local_part.partition("+")[0] == "bounce":
        return "is reserved: bounce+TOKEN receives what comes back from notices"
    if "+" in local_part:
        return "must not have a +: what follows it is the sub-address, which every address accepts"
    return None


def _public_address(key: Key, address: str) -> Iterator[Mistake]:
    if address and (why_not := why_no_address(address)):
        yield Mistake(key=key, message=why_not)


def _defaults(key: Key, defaults: Any, lists: dict[str, str], settings: Settings) -> Iterator[Mistake]:
    for name, pick_list in lists.items():
        entries = getattr(settings.desk, pick_list)
        if why_not := _why_no_entry(defaults, name, entries, f"desk.{pick_list}"):
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


def _why_no_entry(defaults: Any, name: str, entries: tuple[Choice | Status | IssueType, ...], where: str) -> str | None:
    """Say why a mailbox cannot give a value, and what it can give, or None when it can."""
    value, is_optional = getattr(defaults, name), name not in _NEVER_EMPTY
    allowed = [entry.name for entry in entries if entry.active]
    if value in allowed or (is_optional and not value):
        return None
    is_default = value == {field.name: field.default for field in fields(defaults)}[name]
    inactive = any(entry.name == value for entry in entries)
    said = f"{'the default ' if is_default else ''}{shown(value)}"
    verdict = "must not be empty" if not value else f"{said} is {'not active in' if inactive else 'not in'} {where}"
    none = ', or "" for none' if is_optional else ""
    return f"{verdict}; allowed: {_listed(allowed)}{none}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(shown(name) for name in names) or "none there"
