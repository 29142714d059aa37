"""Which messages could affect each other, and therefore never go through the stages side by side."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from inbound.model.mail import Mail

T = TypeVar("T")


def keys_on_arrival(mail: Mail, mailbox: str, identity: bytes) -> frozenset[Hashable]:
    """What two messages must not have in common: the identity in a mailbox, the Message-ID over all of them.

    Args:
        mail: understood.
        mailbox: name of the mailbox.
        identity: under which it is stored.
    """
    keys: set[Hashable] = {("identity", mailbox, identity)}
    if mail.message_id is not None:
        keys.add(("message_id", mail.message_id))
    return frozenset(keys)


def split(
    items: Sequence[tuple[T, Iterable[Hashable]]],
    *,
    uses: Callable[[T], Iterable[Hashable]] = lambda _: (),
    waits: Callable[[T], bool] = lambda _: False,
) -> tuple[list[T], list[T]]:
    """Take what can go together now, and what has to wait because something before it has one of its keys.

    The first item goes, unless it waits anyway. Items that share a key keep their order, also across one that waits.

    Args:
        items: each with its keys.
        uses: keys of others that an item looks at, without being in the way of anybody by that.
        waits: what has to wait in any case.
    """
    taken: set[Hashable] = set()
    now: list[T] = []
    later: list[T] = []
    for item, keys in items:
        own = frozenset(keys)
        is_free = not waits(item) and own.isdisjoint(taken) and taken.isdisjoint(uses(item))
        (now if is_free else later).append(item)
        taken |= own
    return now, later
