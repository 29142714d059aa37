"""Every kind of entry with its columns: the same in CSV, in TOML, and in docs/directory.md."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from inbound.app.directory import cells
from inbound.app.directory.cells import Reader
from inbound.config import Settings
from inbound.model.directory import ORGANIZATION_TYPES, DirectoryKind
from inbound.rules.domains import PUBLIC_MAIL_DOMAINS
from inbound.values import immutable


@immutable
class Column:
    """One column of a kind."""

    read: Reader
    #: no entry can do without it
    is_key: bool = False


#: by name
Columns = Mapping[str, Column]

_NAME = Column(read=cells.name, is_key=True)
_REFERENCE = Column(read=cells.optional_name)
_REFERENCES = Column(read=cells.each(cells.name))
_TITLE = Column(read=cells.name)
_TEXT = Column(read=cells.text)
_ACTIVE = Column(read=cells.flag)
_EXTERNAL_IDS = Column(read=cells.each(cells.external_id))
_TICKET_NUMBER = Column(read=cells.number("T"), is_key=True)


class _Choice(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def active(self) -> bool: ...


def columns_of(settings: Settings) -> Mapping[DirectoryKind, Columns]:
    """What may stand in files of each kind, for this desk."""
    return {
        "organizations": _organizations(settings),
        "resources": _resources(settings),
        "contacts": {
            "organization": _NAME,
            "name": _NAME,
            "addresses": Column(read=cells.positions(_address(settings), 3)),
            # instead of the list
            **{f"address_{position}": Column(read=_address(settings)) for position in (1, 2, 3)},
            "active": _ACTIVE,
        },
        "devices": {
            "organization": _NAME,
            "name": _NAME,
            "address": Column(read=_address(settings)),
            "external_ids": _EXTERNAL_IDS,
            "active": _ACTIVE,
        },
        "projects": _projects(settings),
        "tasks": _tasks(settings),
        "change_requests": _change_requests(settings),
    }


def _organizations(settings: Settings) -> Columns:
    public = PUBLIC_MAIL_DOMAINS | frozenset(settings.desk.public_mail_domains)
    return {
        "name": _NAME,
        "type": Column(read=cells.one_of(ORGANIZATION_TYPES, empty="customer")),
        "active": _ACTIVE,
        "parent": _REFERENCE,
        "account_manager": _REFERENCE,
        "domains": Column(read=cells.each(cells.no_public_mail_domain(public))),
        "external_ids": _EXTERNAL_IDS,
    }


def _resources(settings: Settings) -> Columns:
    return {
        "name": _NAME,
        "addresses": Column(read=cells.each(_address(settings))),
        "roles": Column(read=cells.each(_pick(settings.desk.roles, empty=None))),
        "co_managed_organization": _REFERENCE,
        "active": _ACTIVE,
    }


def _projects(settings: Settings) -> Columns:
    return {
        "number": Column(read=cells.number("P"), is_key=True),
        "organization": _TITLE,
        "contact": _REFERENCE,
        "title": _TITLE,
        "description": _TEXT,
        "status": Column(read=_pick(settings.desk.statuses)),
        "primary_resource": _REFERENCE,
        "resources": _REFERENCES,
        "active": _ACTIVE,
    }


def _tasks(settings: Settings) -> Columns:
    return {
        "number": _TICKET_NUMBER,
        "project": Column(read=cells.number("P")),
        "title": _TITLE,
        "description": _TEXT,
        "status": Column(read=_pick(settings.desk.statuses)),
        "role": Column(read=_pick(settings.desk.roles)),
        "primary_resource": _REFERENCE,
        "resources": _REFERENCES,
    }


def _change_requests(settings: Settings) -> Columns:
    return {
        "number": _TICKET_NUMBER,
        "organization": _TITLE,
        "contact": _REFERENCE,
        "title": _TITLE,
        "description": _TEXT,
        "status": Column(read=_pick(settings.desk.statuses, empty=None)),
        "priority": Column(read=_pick(settings.desk.priorities, empty=None)),
        "category": Column(read=_pick(settings.desk.categories)),
        "primary_resource": _REFERENCE,
        "approvers": _REFERENCES,
    }


def _pick(choices: Iterable[_Choice], *, empty: str | None = "") -> Reader:
    # Entries that are no longer given still stand in what was exported before.
    entries = tuple(choices)
    return cells.one_of([one.name for one in entries], listed=[one.name for one in entries if one.active], empty=empty)


def _address(settings: Settings) -> Reader:
    own = {word for box in settings.mailboxes for word in (box.address, *box.aliases, box.public_address) if word}
    return cells.foreign_address(frozenset(word.casefold() for word in own))
