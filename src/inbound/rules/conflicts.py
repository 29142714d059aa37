"""Which messages could affect each other, and therefore never go through the stages side by side."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from inbound.model.mail import Mail

T = TypeVar("T")


def keys_on_arrival(
    mail: Mail, identity: bytes, thread_ids: Iterable[str], loop_key: int | None
) -> frozenset[Hashable]:
    """What two messages must not have in common: identity, Message-ID, what they answer; author with subject.

    Args:
        mail: understood.
        identity: under which it is stored, over all mailboxes.
        thread_ids: Message-IDs that it refers to, where they count.
        loop_key: None: not counted.
    """
    keys: set[Hashable] = {identity, loop_key, mail.message_id, *thread_ids}
    return frozenset(keys - {None})


def locks_on_arrival(mail: Mail, identity: bytes, thread_ids: Sequence[str], loop_key: int | None) -> frozenset[str]:
    """The same over all processes. Of what it answers the nearest two and the root: each lock costs.

    Args:
        mail: understood.
        identity: as in `keys_on_arrival`.
        thread_ids: as in `keys_on_arrival`, the nearest first.
        loop_key: as in `keys_on_arrival`.
    """
    # A message with an id is known by that: its identity would be a second lock for the same.
    own = mail.message_id or identity.hex()
    locks = {f"id {one}" for one in (own, *thread_ids[:2], *thread_ids[-1:])}
    return frozenset(locks if loop_key is None else locks | {f"loop {loop_key}"})


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
