"""What a configuration must not contradict: the rows that are stored already."""

from collections.abc import Iterable, Iterator

from inbound.config import Settings
from inbound.database.directory import look_up
from inbound.database.engine import Database, transaction
from inbound.database.messages import used_choices, used_mailboxes
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
}


def check_stored(settings: Settings, database: Database, file: str) -> None:
    """Refuse a configuration that drops what stored rows still name.

    Raises:
        ConfigurationError: with every such name, and how many rows carry it.
        DatabaseTrouble: the database cannot be asked.
    """
    with transaction(database) as tx:
        mailboxes, choices = used_mailboxes(tx), used_choices(tx)
        fallbacks = {mailbox.fallback_organization for mailbox in settings.mailboxes} - {""}
        organizations = look_up(tx, addresses=(), domains=(), names=fallbacks).organizations
    found = [
        *_dropped_mailboxes(settings, mailboxes),
        *_dropped_choices(settings, choices),
        *_unknown_fallbacks(settings, {name: len(known) for name, known in organizations.items()}),
    ]
    if found:
        raise ConfigurationError([Problem(file=file, line=None, setting=name, message=text) for name, text in found])


def _dropped_mailboxes(settings: Settings, used: dict[str, int]) -> Iterator[tuple[str, str]]:
    names = {mailbox.name for mailbox in settings.mailboxes}
    for name in sorted(used.keys() - names):
        yield (
            "mailboxes",
            f"mailbox {name!r} is gone, but {used[name]} stored messages name it; keep it with active = false",
        )


def _dropped_choices(settings: Settings, used: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, str]]:
    for column, value, count in used:
        pick_list = _PICK_LISTS[column]
        if value not in {choice.name for choice in getattr(settings.desk, pick_list)}:
            yield (
                f"desk.{pick_list}",
                f"{value!r} is gone, but {count} stored rows name it; keep it with active = false",
            )


def _unknown_fallbacks(settings: Settings, known: dict[str, int]) -> Iterator[tuple[str, str]]:
    for index, mailbox in enumerate(settings.mailboxes):
        name = mailbox.fallback_organization
        if name and known.get(name, 0) != 1:
            count = "no" if name not in known else f"{known[name]}"
            yield (
                f"mailboxes[{index}].fallback_organization",
                f"{count} active organizations are called {name!r}; it must be exactly one",
            )
