"""What entries refer to by name, address or number → ids."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import BigInteger, Text, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from inbound.config.mistakes import shown
from inbound.database.engine import Transaction
from inbound.database.imports.report import Report
from inbound.database.imports.writing import chunks
from inbound.database.tables import (
    contact_addresses,
    contacts,
    object_numbers,
    organizations,
    projects,
    resource_addresses,
    resources,
    tasks,
    tickets,
)
from inbound.model.directory import DirectoryKind, Entry
from inbound.values import immutable

_WORDS = bindparam("words", type_=ARRAY(Text))
_ORGANIZATIONS = select(organizations.c.name, organizations.c.id).where(organizations.c.name == any_(_WORDS))
_RESOURCES = select(resources.c.name, resources.c.id).where(resources.c.name == any_(_WORDS))
_RESOURCES_BY_ADDRESS = select(func.lower(resource_addresses.c.address), resource_addresses.c.resource_id).where(
    func.lower(resource_addresses.c.address) == any_(_WORDS)
)
_PROJECTS = select(projects.c.number, projects.c.id).where(projects.c.number == any_(_WORDS))
_TASKS = select(tasks.c.number, tasks.c.id).where(tasks.c.number == any_(_WORDS))
_TICKETS = select(tickets.c.number, tickets.c.id).where(tickets.c.number == any_(_WORDS))
_NUMBERS = select(object_numbers.c.number, object_numbers.c.kind).where(object_numbers.c.number == any_(_WORDS))
_CONTACTS_BY_NAME = select(contacts.c.name, contacts.c.id, contacts.c.organization_id).where(
    contacts.c.organization_id == any_(bindparam("ids", type_=ARRAY(BigInteger))), contacts.c.name == any_(_WORDS)
)
_CONTACTS_BY_ADDRESS = (
    select(func.lower(contact_addresses.c.address), contacts.c.id, contacts.c.organization_id)
    .join_from(contact_addresses, contacts)
    .where(func.lower(contact_addresses.c.address) == any_(_WORDS))
)

#: ids by name; more than one where the name does not say which
Found = Mapping[str, Sequence[int]]


def _ask(tx: Transaction, query: object, words: Iterable[str]) -> dict[str, list[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for chunk in chunks(sorted(set(words))):
        for word, id_ in tx.execute(query, {"words": chunk}):  # type: ignore[call-overload]  # every query above
            found[word].add(id_)
    return {word: sorted(ids) for word, ids in found.items()}


def organizations_called(tx: Transaction, names: Iterable[str]) -> Found:
    """Organizations by exact name."""
    return _ask(tx, _ORGANIZATIONS, names)


def resources_called(tx: Transaction, words: Iterable[str]) -> Found:
    """Resources by exact name, or by address in any case of letters."""
    words = set(words)
    by_address = _ask(tx, _RESOURCES_BY_ADDRESS, {word.lower() for word in words if "@" in word})
    by_name = _ask(tx, _RESOURCES, words)
    return {word: by_address.get(word.lower()) or by_name.get(word, []) for word in words}


def resources_named(tx: Transaction, names: Iterable[str]) -> Found:
    """Resources by exact name alone."""
    return _ask(tx, _RESOURCES, names)


def numbered(tx: Transaction, kind: DirectoryKind, numbers: Iterable[str]) -> Found:
    """Projects, tasks or tickets by number."""
    query = {"projects": _PROJECTS, "tasks": _TASKS}.get(kind, _TICKETS)
    return _ask(tx, query, numbers)


def taken_numbers(tx: Transaction, numbers: Iterable[str]) -> set[str]:
    """Those of the numbers that were ever given."""
    return {row.number for chunk in chunks(sorted(set(numbers))) for row in tx.execute(_NUMBERS, {"words": chunk})}


@immutable(kw_only=False)
class People:
    """Contacts by address or by organization and name."""

    by_address: Mapping[str, Sequence[tuple[int, int]]]
    by_name: Mapping[tuple[int, str], Sequence[int]]

    def find(self, word: str, organization_id: int) -> Sequence[int]:
        """The contacts that a word means: of this organization first, by address also of others."""
        if "@" not in word:
            return self.by_name.get((organization_id, word), ())
        found = self.by_address.get(word.lower(), ())
        own = sorted({id_ for id_, owner in found if owner == organization_id})
        return own or sorted({id_ for id_, _ in found})


def contacts_called(tx: Transaction, words: Iterable[str], organization_ids: Iterable[int]) -> People:
    """Look up contacts."""
    words, ids = set(words), sorted(set(organization_ids))
    by_address: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    by_name: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for chunk in chunks(sorted({word.lower() for word in words if "@" in word})):
        for address, id_, owner in tx.execute(_CONTACTS_BY_ADDRESS, {"words": chunk}):
            by_address[address].append((id_, owner))
    for chunk in chunks(sorted(words)):
        for name, id_, owner in tx.execute(_CONTACTS_BY_NAME, {"words": chunk, "ids": ids}):
            by_name[owner, name].append(id_)
    return People(by_address, by_name)


def unrepeated(entries: Iterable[Entry], key_of: Callable[[Entry], tuple[str, ...]], report: Report) -> list[Entry]:
    """The entries whose key stands only once; every repetition is a mistake.

    Args:
        entries: of one kind.
        key_of: what an entry is recognised by: the name of the column first, what it says last.
        report: where repetitions are told.
    """
    first: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        key = key_of(entry)
        earlier = first.setdefault(key, entry)
        if earlier is not entry:
            where = f"line {earlier.line}" if earlier.file == entry.file else f"{earlier.file}:{earlier.line}"
            report.refuse(entry.file, entry.line, key[0], f"{shown(key[-1])} stands twice, first in {where}")
    return list(first.values())


def chosen(
    entry: Entry, column: str, word: str, ids: Sequence[int], kinds: tuple[DirectoryKind, ...], report: Report
) -> int | None:
    """The one thing that a word refers to; None after a mistake, which is told unless it follows from another."""
    if len(ids) == 1:
        return ids[0]
    what = " or ".join(kind.removesuffix("s") for kind in kinds)
    if ids:
        help_ = "use an address" if kinds[0] in {"resources", "contacts"} else "rename all but one of them first"
        report.refuse_entry(entry, column, f"{shown(word)} is not clear: {len(ids)} {kinds[0]} are called so; {help_}")
    elif any(report.has_failed(kind, word) for kind in kinds):
        report.fail_entry(entry)
    else:
        report.refuse_entry(entry, column, f"there is no {what} {shown(word)}; import it before, or in the same run")
    return None


def referred(
    entry: Entry, column: str, target: str, found: Found, kind: DirectoryKind, report: Report
) -> dict[str, int | None]:
    """The value of a column that refers to something: nothing when the entry does not say, None when it says none."""
    word = entry.values.get(column)
    if word is None:
        return {}
    return {target: chosen(entry, column, word, found.get(word, ()), (kind,), report) if word else None}
