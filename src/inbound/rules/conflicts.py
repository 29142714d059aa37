"""Which messages could affect each other, and therefore never go through the stages side by side."""

from collections.abc import Hashable, Iterable, Sequence
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


def split(items: Sequence[tuple[T, Iterable[Hashable]]]) -> tuple[list[T], list[T]]:
    """Take what can go together now, and what has to wait because something before it has one of its keys.

    The first item always goes. Items that share a key keep their order, also across one that waits.
    """
    taken: set[Hashable] = set()
    now: list[T] = []
    later: list[T] = []
    for item, keys in items:
        own = frozenset(keys)
        (later if own & taken else now).append(item)
        taken |= own
    return now, later
