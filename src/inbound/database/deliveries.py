"""What senders do with the outbox: count the caps, lease what is due, write down what became of it.

Any number of senders share the work: `count` is done by one at a time, and a leased row is nobody else's until its
lease ends.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from inbound.database.engine import Transaction
from inbound.model.notice import Notice, State
from inbound.rules.notices import CAP, WINDOW, Queued, over_cap
from inbound.values import immutable

#: a sender renews its leases; those of one that is gone end so soon
LEASE = timedelta(seconds=60)
#: notices that are counted in one transaction
_MAX_COUNTED = 1_000
#: characters of a text that a notice repeats, and entries of a list in one
MAX_TEXT_CHARS = 10_000
MAX_ITEMS = 20

# One sender counts at a time, so that two never accept the same place under the cap.
_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
_COUNTING = 0x1B0D_0B0C
_NEW = text("""
    SELECT id, lower(recipient) AS recipient, created_at FROM outbox
    WHERE state = 'queued' AND NOT is_counted AND next_attempt_at <= now()
    ORDER BY created_at, id LIMIT :limit
""")
_COUNTED = text("""
    SELECT lower(recipient) AS recipient, created_at FROM outbox
    WHERE lower(recipient) = ANY(CAST(:recipients AS text[])) AND is_counted
      AND created_at > CAST(:since AS timestamptz) AND created_at < CAST(:until AS timestamptz)
""")
_COUNT = text("UPDATE outbox SET is_counted = true WHERE id = ANY(CAST(:ids AS bigint[]))")
_LEAVE_OUT = text("""
    UPDATE outbox SET
        state = CASE WHEN is_resource THEN 'digest' ELSE 'suppressed' END,
        next_attempt_at = CASE WHEN is_resource THEN created_at + CAST(:window AS interval) ELSE next_attempt_at END,
        last_error = :why
    WHERE id = ANY(CAST(:ids AS bigint[]))
""")

# The first that is due brings the rest along.
_DIGESTS = text("""
    WITH due AS (
        SELECT DISTINCT lower(recipient) AS recipient FROM outbox
        WHERE state = 'digest' AND digest_id IS NULL AND next_attempt_at <= now()
    ), waiting AS (
        SELECT o.id, o.recipient, due.recipient AS key, o.recipient_name, o.mailbox, o.language
        FROM outbox AS o JOIN due ON lower(o.recipient) = due.recipient
        WHERE o.state = 'digest' AND o.digest_id IS NULL
        ORDER BY o.id FOR UPDATE OF o SKIP LOCKED
    ), made AS (
        INSERT INTO outbox (mailbox, kind, recipient, recipient_name, is_resource, language, is_counted)
        SELECT DISTINCT ON (key) mailbox, 'digest', recipient, recipient_name, true, language, true
        FROM waiting ORDER BY key, id
        RETURNING id, lower(recipient) AS key
    )
    UPDATE outbox AS o SET digest_id = made.id, next_attempt_at = 'infinity'
    FROM waiting JOIN made ON made.key = waiting.key WHERE o.id = waiting.id
""")

# Domains take turns: a long queue for one of them holds up no other. What is due is asked again of the locked row:
# another sender may have taken it in between.
_LEASE = text("""
    WITH busy AS (
        SELECT lower(split_part(recipient, '@', 2)) AS domain, count(*) AS count FROM outbox
        WHERE state = 'sending' AND next_attempt_at > now() GROUP BY 1
    ), due AS (
        SELECT id, next_attempt_at, lower(split_part(recipient, '@', 2)) AS domain FROM outbox
        WHERE (state = 'queued' AND is_counted OR state = 'sending') AND next_attempt_at <= now()
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY domain ORDER BY next_attempt_at, id) AS rank FROM due
    ), chosen AS (
        SELECT o.id FROM outbox AS o JOIN ranked USING (id) LEFT JOIN busy ON busy.domain = ranked.domain
        WHERE ranked.rank + coalesce(busy.count, 0) <= :per_domain
          AND o.state IN ('queued', 'sending') AND o.next_attempt_at <= now()
        ORDER BY ranked.rank, ranked.next_attempt_at, o.id LIMIT :limit FOR UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox AS o
    SET state = 'sending', attempts = attempts + 1, next_attempt_at = now() + CAST(:lease AS interval)
    FROM chosen WHERE o.id = chosen.id RETURNING o.id
""")
_RENEW = text("""
    UPDATE outbox SET next_attempt_at = now() + CAST(:lease AS interval)
    WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'sending'
""")

_DETAILS = text("""
    SELECT o.id, o.mailbox, o.kind, o.recipient, o.recipient_name, o.is_resource, o.language, o.ticket_id, o.task_id,
           o.project_id, o.created_at, o.attempts, o.data,
           coalesce(t.number, k.number, p.number, '') AS number, coalesce(t.title, k.title, p.title, '') AS title,
           coalesce(m.message_id, '') AS message_id, coalesce(m.subject, '') AS subject,
           coalesce(m.author_name, '') AS author_name, coalesce(m.author_address, '') AS author_address, m.received_at,
           left(coalesce(n.text, e.summary, t.description, ''), :chars) AS text
    FROM outbox AS o
    LEFT JOIN tickets AS t ON t.id = o.ticket_id
    LEFT JOIN tasks AS k ON k.id = o.task_id
    LEFT JOIN projects AS p ON p.id = o.project_id
    LEFT JOIN messages AS m ON m.id = o.message_row_id
    LEFT JOIN notes AS n ON n.id = m.note_id
    LEFT JOIN time_entries AS e ON e.id = m.time_entry_id
    WHERE o.id = ANY(CAST(:ids AS bigint[])) ORDER BY o.id
""")
_ITEMS_OF_DIGEST = text("""
    SELECT o.kind, coalesce(t.number, k.number, p.number, '') AS number,
           coalesce(t.title, k.title, p.title, m.subject, '') AS title,
           coalesce(nullif(m.author_name, ''), m.author_address, '') AS author,
           count(*) OVER () AS total
    FROM outbox AS o
    LEFT JOIN tickets AS t ON t.id = o.ticket_id
    LEFT JOIN tasks AS k ON k.id = o.task_id
    LEFT JOIN projects AS p ON p.id = o.project_id
    LEFT JOIN messages AS m ON m.id = o.message_row_id
    WHERE o.digest_id = :id ORDER BY o.id LIMIT :limit
""")
# A minute of overlap: a message is stored a moment after it was received.
_ITEMS_OF_OPERATOR = text("""
    WITH before AS (
        SELECT max(sent_at) - interval '1 minute' AS at FROM outbox
        WHERE lower(recipient) = lower(CAST(:recipient AS text)) AND kind = 'operator' AND state = 'sent'
          AND data->>'about' = CAST(:about AS text)
    ), told AS (
        SELECT m.* FROM messages AS m
        WHERE m.received_at > coalesce((SELECT at FROM before), now() - interval '1 day')
          AND CASE WHEN :about = 'quarantine' THEN m.outcome = 'quarantined' ELSE m.reason = :about END
      UNION
        SELECT m.* FROM messages AS m JOIN outbox AS o ON o.message_row_id = m.id WHERE o.id = :id
    )
    SELECT id, mailbox, reason, subject, coalesce(nullif(author_address, ''), mail_from) AS author,
           to_char(received_at AT TIME ZONE CAST(:time_zone AS text), 'YYYY-MM-DD HH24:MI') AS received_at,
           count(*) OVER () AS total
    FROM told ORDER BY told.received_at DESC, id DESC LIMIT :limit
""")

# Whoever lost its lease has nothing to say any more.
_SETTLE = text("""
    UPDATE outbox SET
        state = :state, last_error = :error, token = CASE WHEN :state = 'sent' THEN :token ELSE token END,
        attempts = attempts - CASE WHEN :is_released THEN 1 ELSE 0 END,
        next_attempt_at = now() + CAST(:pause AS interval),
        sent_at = CASE WHEN :state = 'sent' THEN now() END
    WHERE id = :id AND state = 'sending' AND attempts = :attempts
    RETURNING id
""")


def count(tx: Transaction) -> int:
    """Apply the caps to what was queued since the last time, and make the digests that are due.

    Returns:
        how many notices were looked at; 0 also while another sender counts.
    """
    if not tx.scalar(_LOCK, {"key": _COUNTING}):
        return 0
    new = [Queued(row.id, row.recipient, row.created_at) for row in tx.execute(_NEW, {"limit": _MAX_COUNTED})]
    if new:
        _count(tx, new)
    tx.execute(_DIGESTS)
    return len(new)


def _count(tx: Transaction, new: Sequence[Queued]) -> None:
    times = [one.queued_at for one in new]
    asked = {
        "recipients": sorted({one.recipient for one in new}),
        "since": min(times) - WINDOW,
        "until": max(times) + WINDOW,
    }
    too_many = over_cap(new, [(row.recipient, row.created_at) for row in tx.execute(_COUNTED, asked)])
    if accepted := [one.id for one in new if one.id not in too_many]:
        tx.execute(_COUNT, {"ids": accepted})
    if too_many:
        why = f"more than {CAP} notices in {WINDOW.total_seconds() / 60:.0f} minutes"
        tx.execute(_LEAVE_OUT, {"ids": sorted(too_many), "window": WINDOW, "why": why})


def lease(tx: Transaction, limit: int, per_domain: int, time_zone: str) -> list[Notice]:
    """Take notices that are due; they are this sender's alone until their lease ends.

    Args:
        tx: committed before anything is sent.
        limit: at most so many.
        per_domain: at most so many on their way to one domain, whoever sends them.
        time_zone: the desk's, for times in texts.
    """
    wanted = {"limit": limit, "per_domain": per_domain, "lease": LEASE}
    ids = [row.id for row in tx.execute(_LEASE, wanted)]
    rows = tx.execute(_DETAILS, {"ids": ids, "chars": MAX_TEXT_CHARS}).all() if ids else []
    return [_notice(tx, row, time_zone) for row in rows]


def _notice(tx: Transaction, row: Any, time_zone: str) -> Notice:
    items: Sequence[Any] = ()
    if row.kind == "digest":
        items = tx.execute(_ITEMS_OF_DIGEST, {"id": row.id, "limit": MAX_ITEMS}).all()
    elif row.kind == "operator":
        asked = {"id": row.id, "about": row.data.get("about", ""), "recipient": row.recipient, "limit": MAX_ITEMS}
        items = tx.execute(_ITEMS_OF_OPERATOR, {**asked, "time_zone": time_zone}).all()
    total = items[0].total if items else 0
    return Notice(**row._asdict(), items=tuple(_item(item) for item in items), total=total)


def _item(row: Any) -> Mapping[str, object]:
    return {name: value for name, value in row._asdict().items() if name != "total"}


def renew(tx: Transaction, ids: Sequence[int]) -> None:
    """Keep leases of notices that are still on their way."""
    tx.execute(_RENEW, {"ids": list(ids), "lease": LEASE})


@immutable
class Settlement:
    """What became of an attempt."""

    state: State
    error: str = ""
    #: what the notice was sent with
    token: str = ""
    #: until the next attempt
    pause: timedelta = timedelta()
    #: it was not the notice's fault: the attempt does not count
    is_released: bool = False


def settle(tx: Transaction, notice: Notice, settlement: Settlement) -> bool:
    """Write down what became of a leased notice.

    Returns:
        False when the lease had ended, and somebody else has it.
    """
    values = {
        "id": notice.id,
        "attempts": notice.attempts,
        "state": settlement.state,
        "error": settlement.error,
        "token": settlement.token,
        "pause": settlement.pause,
        "is_released": settlement.is_released,
    }
    return tx.execute(_SETTLE, values).first() is not None
