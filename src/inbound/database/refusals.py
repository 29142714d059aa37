"""Peers that were turned away, on their way to the operators: counted together in the notice that waits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import text

from inbound.database import outbox
from inbound.database.engine import Transaction
from inbound.model.notice import NoticeDraft
from inbound.model.refusal import Refusals, RefusedPeer
from inbound.rules.refusals import together

# One process at a time, so that two never leave each other out.
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_TELLING = 0x1B0D_0B0D
_WAITING = text("""
    SELECT id, data FROM outbox
    WHERE state = 'queued' AND kind = 'operator' AND data->>'about' = CAST(:about AS text)
      AND lower(recipient) = lower(CAST(:recipient AS text)) AND next_attempt_at < 'infinity'
    ORDER BY id DESC LIMIT 1 FOR UPDATE
""")
_TELL_MORE = text("UPDATE outbox SET data = CAST(:data AS jsonb) WHERE id = :id")


def queue(tx: Transaction, refusals: Refusals, drafts: Sequence[NoticeDraft], time_zone: str) -> None:
    """Have it told: by the notice that waits already, else by one of this hour, else by one of the next.

    Args:
        tx: a transaction of its own.
        refusals: what was counted since the last time.
        drafts: one per operator, all about the same, sent once per hour.
        time_zone: the desk's.
    """
    tx.execute(_LOCK, {"key": _TELLING})
    new: list[NoticeDraft] = []
    for draft in drafts:
        about = json.loads(draft.data)["about"]
        waiting = tx.execute(_WAITING, {"about": about, "recipient": draft.recipient}).first()
        if waiting is None:
            new.append(replace(draft, data=_data(about, together(Refusals(), refusals))))
        else:
            tx.execute(_TELL_MORE, {"id": waiting.id, "data": _data(about, together(_told(waiting.data), refusals))})
    if new:
        outbox.insert(tx, new, time_zone)


def _data(about: str, refusals: Refusals) -> str:
    peers = [asdict(peer) for peer in refusals.peers]
    return json.dumps({"about": about, "peers": peers, "others": refusals.others}, ensure_ascii=False)


def _told(data: Mapping[str, Any]) -> Refusals:
    return Refusals(peers=tuple(RefusedPeer(**peer) for peer in data["peers"]), others=data["others"])
