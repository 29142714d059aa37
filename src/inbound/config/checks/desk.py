"""``[desk]``: names, time, and pick lists."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches

from inbound.config.checks.defaults import tags
from inbound.config.checks.names import not_a_name, repeated, why_no_address, why_no_domain
from inbound.config.mistakes import Mistake, shown
from inbound.config.pick_lists import Tag
from inbound.config.positions import Key
from inbound.config.settings import Settings
from inbound.model.mailbox import DUPLICATE_NOTE_TYPE

PICK_LISTS = (
    "statuses",
    "priorities",
    "queues",
    "categories",
    "ticket_types",
    "sources",
    "note_types",
    "issue_types",
    "roles",
    "work_types",
    "tags",
)
_SOME_TIME = datetime(2026, 1, 31, 13, 45, 59, tzinfo=UTC)
_LONGEST_DATE = 100
_SHORTEST_ALIAS = 3


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Every mistake in this table."""
    desk = settings.desk
    yield from not_a_name([(("desk", "name"), desk.name)])
    if desk.local_organization:
        yield from not_a_name([(("desk", "local_organization"), desk.local_organization)])
    yield from _time(settings)
    for index, domain in enumerate(desk.public_mail_domains):
        if why_not := why_no_domain(domain):
            yield Mistake(key=("desk", "public_mail_domains", index), message=why_not)
    for name in PICK_LISTS:
        yield from _pick_list(("desk", name), getattr(desk, name))
    for index, issue_type in enumerate(desk.issue_types):
        yield from _pick_list(("desk", "issue_types", index, "sub_issues"), issue_type.sub_issues)
    for index, queue in enumerate(desk.queues):
        yield from _members(("desk", "queues", index, "members"), queue.members)
    for index, category in enumerate(desk.categories):
        key: Key = ("desk", "categories", index, "tags")
        yield from tags(key, category.tags, settings, are_retired_ones_fine=not category.active)
    for index, tag in enumerate(desk.tags):
        yield from _aliases(("desk", "tags", index), tag)
    yield from _duplicates(settings)


def _pick_list(key: Key, entries: tuple[object, ...]) -> Iterator[Mistake]:
    names: list[tuple[Key, str]] = [
        ((*key, index, "name"), str(getattr(entry, "name", ""))) for index, entry in enumerate(entries)
    ]
    yield from not_a_name(names)
    yield from repeated(names, "entry")


def _duplicates(settings: Settings) -> Iterator[Mistake]:
    """A note on the ticket that is repeated needs its type."""
    names = {note_type.name for note_type in settings.desk.note_types if note_type.active}
    if settings.desk.duplicates.action.startswith("note") and DUPLICATE_NOTE_TYPE not in names:
        message = f'needs an active entry "{DUPLICATE_NOTE_TYPE}" in desk.note_types'
        yield Mistake(key=("desk", "duplicates", "action"), message=message, depends_on=(("desk", "note_types"),))


def _members(key: Key, members: tuple[str, ...]) -> Iterator[Mistake]:
    addresses: list[tuple[Key, str]] = [((*key, index), address) for index, address in enumerate(members)]
    for where, address in addresses:
        if why_not := why_no_address(address):
            yield Mistake(key=where, message=why_not)
    yield from repeated(addresses, "member")


def _aliases(key: Key, tag: Tag) -> Iterator[Mistake]:
    aliases: list[tuple[Key, str]] = [((*key, "aliases", index), alias) for index, alias in enumerate(tag.aliases)]
    yield from not_a_name(aliases)
    yield from repeated([((*key, "name"), tag.name), *aliases], "word")
    for where, alias in aliases:
        if 0 < len(alias) < _SHORTEST_ALIAS:
            message = f"{shown(alias)} is never searched for; an alias has at least {_SHORTEST_ALIAS} characters"
            yield Mistake(key=where, message=message)


def _time(settings: Settings) -> Iterator[Mistake]:
    zone = settings.desk.time_zone
    if not _is_time_zone(zone):
        near = get_close_matches(zone, zoneinfo.available_timezones(), n=1)
        example = f'did you mean "{near[0]}"?' if near else 'it must be like "Europe/Berlin" or "UTC"'
        yield Mistake(key=("desk", "time_zone"), message=f"{shown(zone)} is no time zone; {example}")
    if not 0 < len(_SOME_TIME.strftime(settings.desk.date_format).strip()) <= _LONGEST_DATE:
        message = f'{shown(settings.desk.date_format)} is no date format; it must be like "%Y-%m-%d %H:%M"'
        yield Mistake(key=("desk", "date_format"), message=message)


def _is_time_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # Directories of the zone database and names with ".." raise the latter two.
        return False
    return True
