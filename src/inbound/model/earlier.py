"""What the database knew about messages that came before."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from inbound.model.desk import TargetKind
from inbound.values import immutable

#: kind and row of a ticket, task or project
ObjectKey = tuple[TargetKind, int]


@immutable
class Stored:
    """A message that is stored already."""

    row_id: int
    #: aware
    received_at: datetime
    outcome: str
    #: what it made or wrote to, and the number of that; None when nothing
    object: ObjectKey | None
    number: str | None


@immutable
class Recent:
    """What was received in one mailbox of one author about one subject, in the window of the loop limit."""

    #: how many of them made an object
    count: int = 0
    #: of all of them, those that made nothing included
    body_keys: frozenset[int] = frozenset()


@immutable
class Earlier:
    """Everything that was asked for a wave of messages, of which no two have an id in common."""

    #: by mailbox and identity
    by_identity: Mapping[tuple[str, bytes], Stored] = field(default_factory=dict)
    #: by mailbox and Message-ID, of what is referred to: the latest that has an object
    by_message_id: Mapping[tuple[str, str], Stored] = field(default_factory=dict)
    #: by mailbox and an id that it refers to: the latest that has an object
    by_reference: Mapping[tuple[str, str], Stored] = field(default_factory=dict)
    #: by mailbox and own Message-ID: the first with the same From and Date that has an object
    copied: Mapping[tuple[str, str], Stored] = field(default_factory=dict)
    #: mailbox and own Message-ID of those that some stored message had already
    used_ids: frozenset[tuple[str, str]] = frozenset()
    #: by loop key
    recent: Mapping[int, Recent] = field(default_factory=dict)
