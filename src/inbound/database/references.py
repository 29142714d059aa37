"""What stored rows and the configuration name of each other: mailboxes, pick-list values, people."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select, tuple_

from inbound.database.engine import Transaction
from inbound.database.tables import (
    messages,
    notes,
    projects,
    resource_addresses,
    resources,
    tasks,
    ticket_tags,
    tickets,
    time_entries,
)

_TICKET_COLUMNS = (
    "category",
    "ticket_type",
    "status",
    "priority",
    "queue",
    "source",
    "issue_type",
    "sub_issue_type",
    "role",
)
#: by table, the columns whose values are names of pick-list entries
_CHOICES = (
    tuple(tickets.c[name] for name in _TICKET_COLUMNS),
    (ticket_tags.c.tag,),
    (projects.c.status,),
    (tasks.c.status, tasks.c.role),
    (notes.c.note_type,),
    (time_entries.c.role, time_entries.c.work_type),
)


def used_mailboxes(tx: Transaction) -> dict[str, int]:
    """Mailbox names that stored messages carry, with how many."""
    query = select(messages.c.mailbox, func.count()).group_by(messages.c.mailbox)
    return {row.mailbox: row[1] for row in tx.execute(query)}


def used_choices(tx: Transaction) -> list[tuple[str, str, int]]:
    """Values of pick lists that stored rows name: (column, value, count over all tables with such a column)."""
    counted: Counter[tuple[str, str]] = Counter()
    for columns in _CHOICES:
        # One scan for all columns of a table; each row has a value in the one that it counts, and NULL in the others.
        query = select(*columns, func.count()).group_by(func.grouping_sets(*(tuple_(column) for column in columns)))
        for *values, count in tx.execute(query):
            counted.update(
                {(column.name, value): count for column, value in zip(columns, values, strict=True) if value}
            )
    return [(name, value, count) for (name, value), count in sorted(counted.items())]


def active_resources(tx: Transaction, addresses: Iterable[str]) -> set[str]:
    """Which of these lower-case addresses lead to an active resource."""
    key = func.lower(resource_addresses.c.address)
    query = select(key).join_from(resource_addresses, resources).where(resources.c.active, key.in_(sorted(addresses)))
    return set(tx.scalars(query))
