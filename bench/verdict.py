"""Was every acknowledged mail stored exactly once?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import psycopg

from mails import Sent


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Mails are counted per mailbox."""

    acknowledged: int
    present: int
    lost: list[str]
    doubled: list[str]
    quarantined: int
    #: everything else that is not as it should be
    wrong: list[str]

    @property
    def is_good(self) -> bool:
        """Nothing lost, doubled, quarantined or otherwise wrong."""
        return not (self.lost or self.doubled or self.quarantined or self.wrong)

    def __str__(self) -> str:
        counts = f"acknowledged {self.acknowledged}, present {self.present}, lost {len(self.lost)}"
        lines = [f"{counts}, doubled {len(self.doubled)}, quarantined {self.quarantined}"]
        named = (("lost", self.lost), ("doubled", self.doubled), ("wrong", self.wrong))
        lines += [f"  {kind}: {what}" for kind, found in named for what in found[:10]]
        return "\n".join(lines)


def judge(url: str, acknowledged: Iterable[Sent]) -> Verdict:
    """Compare what was acknowledged with what is stored.

    Args:
        url: of the database.
        acknowledged: mails; all that were ever sent are among them.
    """
    expected = {
        (mail.message_id, recipient.partition("@")[0]) for mail in acknowledged for recipient in mail.recipients
    }
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT message_id, mailbox, outcome, ticket_id FROM messages").fetchall()
        tickets = connection.execute("SELECT id, number FROM tickets").fetchall()
    stored = [(message_id, mailbox) for message_id, mailbox, _, _ in rows]
    return Verdict(
        acknowledged=len(expected),
        present=len(expected & set(stored)),
        lost=[f"{message_id} to {mailbox}" for message_id, mailbox in sorted(expected - set(stored))],
        doubled=sorted({f"{pair[0]} to {pair[1]}" for pair in _repeated(stored)}),
        quarantined=sum(outcome == "quarantined" for _, _, outcome, _ in rows),
        wrong=list(_wrong(rows, tickets, expected)),
    )


def _repeated(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[tuple[str, str]] = set()
    for pair in pairs:
        if pair in seen:
            yield pair
        seen.add(pair)


def _wrong(
    rows: list[tuple[str, str, str, int | None]], tickets: list[tuple[int, str]], expected: set[tuple[str, str]]
) -> Iterator[str]:
    for message_id, mailbox, outcome, ticket_id in rows:
        if (message_id, mailbox) not in expected:
            yield f"{message_id} to {mailbox} is stored, but was never acknowledged, not even when sent again"
        if ticket_id is None:
            yield f"{message_id} to {mailbox} has no ticket, its outcome is {outcome}"
    made = [ticket_id for _, _, _, ticket_id in rows if ticket_id is not None]
    if len(set(made)) != len(made):
        yield f"{len(made)} messages share {len(set(made))} tickets"
    if {id_ for id_, _ in tickets} != set(made):
        yield f"{len(tickets)} tickets are stored for {len(set(made))} messages"
    if len({number for _, number in tickets}) != len(tickets):
        yield "two tickets have one number"
