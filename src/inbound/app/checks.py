"""What a configuration must not contradict: the rows that are stored already, and the people it names."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from inbound.config import Settings
from inbound.config.document import read_document
from inbound.config.mistakes import dotted
from inbound.config.positions import Key
from inbound.database.directory import look_up
from inbound.database.engine import Database, Transaction, transaction
from inbound.database.references import active_resources, used_choices, used_mailboxes
from inbound.errors import ConfigurationError, Problem

_PICK_LISTS = {
    "category": "categories",
    "ticket_type": "ticket_types",
    "status": "statuses",
    "priority": "priorities",
    "queue": "queues",
    "source": "sources",
    "issue_type": "issue_types",
    "note_type": "note_types",
    "role": "roles",
    "work_type": "work_types",
    "tag": "tags",
}


def check_stored(settings: Settings, database: Database, file: str) -> None:
    """Refuse a configuration that drops what stored rows still name.

    Raises:
        ConfigurationError: with every such name, and how many rows carry it.
        DatabaseTrouble: the database cannot be asked.
    """
    with transaction(database) as tx:
        found = list(_contradictions(settings, tx, file))
    if found:
        raise ConfigurationError(found)


def check_stored_and_people(settings: Settings, database: Database, file: Path) -> None:
    """Refuse also a configuration that names people whom the directory does not know as active resources.

    Only ``inbound check`` asks for people: a daemon goes on when somebody leaves.

    Args:
        settings: of the file.
        database: with the directory.
        file: read again, for the lines of what is wrong.

    Raises:
        ConfigurationError: with every mistake of both kinds.
        DatabaseTrouble: the database cannot be asked.
    """
    with transaction(database) as tx:
        found = [*_contradictions(settings, tx, str(file)), *_unknown_people(settings, tx, file)]
    if found:
        raise ConfigurationError(found)


def _contradictions(settings: Settings, tx: Transaction, file: str) -> Iterator[Problem]:
    fallbacks = {mailbox.fallback_organization for mailbox in settings.mailboxes} - {""}
    organizations = look_up(tx, addresses=(), domains=(), names=fallbacks).organizations
    for name, text in (
        *_dropped_mailboxes(settings, used_mailboxes(tx)),
        *_dropped_choices(settings, used_choices(tx)),
        *_unknown_fallbacks(settings, {name: len(known) for name, known in organizations.items()}),
    ):
        yield Problem(file=file, line=None, setting=name, message=text)


def _unknown_people(settings: Settings, tx: Transaction, file: Path) -> Iterator[Problem]:
    named = dict(_people(settings))
    known = active_resources(tx, {address.lower() for address in named.values()})
    positions = read_document(file).positions
    for key, address in named.items():
        if address.lower() not in known:
            message = f"no active resource has the address {address!r}"
            yield Problem(file=str(file), line=positions.line(key), setting=dotted(key), message=message)


def _people(settings: Settings) -> Iterator[tuple[Key, str]]:
    """Every address of a resource, by its setting."""
    for index, queue in enumerate(settings.desk.queues):
        for position, member in enumerate(queue.members):
            yield ("desk", "queues", index, "members", position), member
    for index, mailbox in enumerate(settings.mailboxes):
        if mailbox.ticket.primary_resource:
            yield ("mailboxes", index, "ticket", "primary_resource"), mailbox.ticket.primary_resource


def _dropped_mailboxes(settings: Settings, used: dict[str, int]) -> Iterator[tuple[str, str]]:
    names = {mailbox.name for mailbox in settings.mailboxes}
    for name in sorted(used.keys() - names):
        yield (
            "mailboxes",
            f"mailbox {name!r} is gone, but {used[name]} stored messages name it; keep it with active = false",
        )


def _dropped_choices(settings: Settings, used: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str]]:
    for column, value, count in used:
        setting, names = _pick_list(settings, column)
        if value not in names:
            yield (
                setting,
                f"{value!r} is gone, but {count} stored rows name it; keep it with active = false",
            )


def _pick_list(settings: Settings, column: str) -> tuple[str, set[str]]:
    if column == "sub_issue_type":
        # The row's issue type may have changed since: any issue type may have it.
        entries = [sub_issue for issue_type in settings.desk.issue_types for sub_issue in issue_type.sub_issues]
        return "desk.issue_types.sub_issues", {entry.name for entry in entries}
    pick_list = _PICK_LISTS[column]
    return f"desk.{pick_list}", {entry.name for entry in getattr(settings.desk, pick_list)}


def _unknown_fallbacks(settings: Settings, known: dict[str, int]) -> Iterator[tuple[str, str]]:
    for index, mailbox in enumerate(settings.mailboxes):
        name = mailbox.fallback_organization
        if name and known.get(name, 0) != 1:
            count = "no" if name not in known else f"{known[name]}"
            yield (
                f"mailboxes[{index}].fallback_organization",
                f"{count} active organizations are called {name!r}; it must be exactly one",
            )
