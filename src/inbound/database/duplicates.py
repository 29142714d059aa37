"""Tickets that new ones would repeat: one question for all of a wave."""

from collections.abc import Sequence
from datetime import datetime

from inbound.database.engine import Transaction, execute, statement
from inbound.values import immutable

# Each part has its index: organization and AlertID, organization and TicketID, contact and time.
_FIND = statement("""
    WITH asked AS (
        SELECT * FROM unnest(
            CAST(:position AS integer[]), CAST(:organization_id AS bigint[]), CAST(:alert_source AS text[]),
            CAST(:alert_id AS text[]), CAST(:external_source AS text[]), CAST(:external_id AS text[]),
            CAST(:contact_id AS bigint[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])
        ) AS a(position, organization_id, alert_source, alert_id, external_source, external_id, contact_id,
               since, until)
    )
    SELECT a.position, 'alert_id' AS condition, t.id, t.title
    FROM asked AS a JOIN tickets AS t ON t.organization_id = a.organization_id AND t.alert_id = a.alert_id
    WHERE t.alert_source = a.alert_source
  UNION ALL
    SELECT a.position, 'external_ticket_id', t.id, t.title
    FROM asked AS a
    JOIN tickets AS t ON t.organization_id = a.organization_id AND t.external_ticket_id = a.external_id
    WHERE t.external_ticket_source = a.external_source
  UNION ALL
    SELECT a.position, 'title_and_contact', t.id, t.title
    FROM asked AS a JOIN tickets AS t ON t.contact_id = a.contact_id AND t.created_at BETWEEN a.since AND a.until
    WHERE t.organization_id = a.organization_id
    ORDER BY position, id DESC
""")


@immutable
class Question:
    """What a new ticket would have in common with the one that it repeats; None is not asked."""

    position: int
    organization_id: int
    alert_source: str = ""
    alert_id: str | None = None
    external_source: str = ""
    external_id: str | None = None
    contact_id: int | None = None
    #: aware; when a ticket with the same contact was made
    since: datetime
    until: datetime


@immutable
class Similar:
    """A ticket that meets a condition."""

    condition: str
    ticket_id: int
    title: str


def find(tx: Transaction, questions: Sequence[Question]) -> dict[int, list[Similar]]:
    """Tickets by position of the question, the latest first; titles are the caller's to compare."""
    names = tuple(Question.__dataclass_fields__)
    found: dict[int, list[Similar]] = {}
    for row in execute(tx, _FIND, {name: [getattr(one, name) for one in questions] for name in names}):
        similar = Similar(condition=row.condition, ticket_id=row.id, title=row.title)
        found.setdefault(row.position, []).append(similar)
    return found
