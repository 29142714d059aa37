"""Look-ups of what the tokens of alerts name: one question for all alerts of a batch."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from inbound.database.directory import contact_of, device_of, organization_of
from inbound.database.engine import Transaction, execute, statement
from inbound.model.alert import Alert, AlertFindings, ExternalId
from inbound.model.desk import Contact, Organization
from inbound.values import immutable

# Without a source, in the directory or in the alert, an id is that of any program.
_LOOK_UP = statement("""
    WITH customer_ids AS (
        SELECT * FROM unnest(CAST(:customer_sources AS text[]), CAST(:customer_ids AS text[])) AS i(source, name)
    ), device_ids AS (
        SELECT * FROM unnest(CAST(:device_sources AS text[]), CAST(:device_ids AS text[])) AS i(source, name)
    )
    SELECT 'customer_id' AS kind, i.source, i.name AS key, o.id, o.name, o.active, 0 AS position,
           o.id AS organization_id, o.name AS organization_name, o.type AS organization_type,
           o.active AS organization_active, o.parent_id
    FROM customer_ids AS i
    JOIN organization_external_ids AS e ON e.external_id = i.name
        AND (e.source = i.source OR '' IN (e.source, i.source))
    JOIN organizations AS o ON o.id = e.organization_id
  UNION ALL
    SELECT 'customer', '', o.name, o.id, o.name, o.active, 0, o.id, o.name, o.type, o.active, o.parent_id
    FROM organizations AS o WHERE o.name = ANY(CAST(:customers AS text[]))
  UNION ALL
    SELECT 'email', '', lower(a.address), c.id, c.name, c.active, a.position, o.id, o.name, o.type, o.active,
           o.parent_id
    FROM contact_addresses AS a JOIN contacts AS c ON c.id = a.contact_id
    JOIN organizations AS o ON o.id = c.organization_id
    WHERE lower(a.address) = ANY(CAST(:emails AS text[]))
  UNION ALL
    SELECT 'device_id', i.source, i.name, d.id, d.name, d.active, 0, o.id, o.name, o.type, o.active, o.parent_id
    FROM device_ids AS i
    JOIN device_external_ids AS e ON e.external_id = i.name
        AND (e.source = i.source OR '' IN (e.source, i.source))
    JOIN devices AS d ON d.id = e.device_id
    JOIN organizations AS o ON o.id = d.organization_id
  UNION ALL
    SELECT 'local', '', '', o.id, o.name, o.active, 0, o.id, o.name, o.type, o.active, o.parent_id
    FROM organizations AS o WHERE o.active AND o.is_local
    ORDER BY id
""")
# By the organizations that were found: names alone have no index, and no meaning.
_CONTACTS = statement("""
    SELECT c.id, c.name, c.active, 1 AS position, o.id AS organization_id, o.name AS organization_name,
           o.type AS organization_type, o.active AS organization_active, o.parent_id
    FROM contacts AS c JOIN organizations AS o ON o.id = c.organization_id
    WHERE c.organization_id = ANY(CAST(:organization_ids AS bigint[])) AND lower(c.name) = ANY(CAST(:names AS text[]))
    ORDER BY c.id
""")


@immutable
class _Found:
    """Everything that was found for a batch, by kind, source and key."""

    by: dict[tuple[str, str, str], list[Any]]
    contacts: list[Contact]

    def organizations(self, kind: str, source: str, key: str) -> tuple[Organization, ...]:
        return tuple(organization_of(row) for row in self.by.get((kind, source, key), ()))


def look_up(tx: Transaction, alerts: Sequence[Alert]) -> list[AlertFindings]:
    """What the directory knows about the elements of alerts; the ticket number is looked up elsewhere.

    Args:
        tx: the transaction.
        alerts: of a batch.

    Returns:
        one answer per alert, in their order.
    """
    by: defaultdict[tuple[str, str, str], list[Any]] = defaultdict(list)
    customer_ids, device_ids = _ids(one.customer_id for one in alerts), _ids(one.device_id for one in alerts)
    wanted = {
        "customer_sources": [one.source for one in customer_ids],
        "customer_ids": [one.name for one in customer_ids],
        "device_sources": [one.source for one in device_ids],
        "device_ids": [one.name for one in device_ids],
        "customers": sorted({one.customer for one in alerts if one.customer}),
        "emails": sorted({one.email.lower() for one in alerts if one.email}),
    }
    for row in execute(tx, _LOOK_UP, wanted):
        by[row.kind, row.source, row.key].append(row)
    names = sorted({one.contact.lower() for one in alerts if one.contact})
    organization_ids = sorted({row.organization_id for rows in by.values() for row in rows})
    contacts = execute(tx, _CONTACTS, {"organization_ids": organization_ids, "names": names}) if names else ()
    found = _Found(by=by, contacts=[contact_of(row) for row in contacts])
    return [_findings(alert, found) for alert in alerts]


def _ids(named: Iterable[ExternalId | None]) -> list[ExternalId]:
    return sorted({one for one in named if one is not None}, key=lambda one: (one.name, one.source))


def _findings(alert: Alert, found: _Found) -> AlertFindings:
    customer_id, device_id = alert.customer_id, alert.device_id
    device_rows = found.by.get(("device_id", device_id.source, device_id.name), ()) if device_id else ()
    name = alert.contact.lower()
    return AlertFindings(
        by_customer_id=(
            found.organizations("customer_id", customer_id.source, customer_id.name) if customer_id else ()
        ),
        by_customer=found.organizations("customer", "", alert.customer) if alert.customer else (),
        by_email=tuple(contact_of(row) for row in found.by.get(("email", "", alert.email.lower()), ())),
        by_contact=tuple(one for one in found.contacts if one.name.lower() == name) if name else (),
        by_device_id=tuple(device_of(row) for row in device_rows),
        local=next(iter(found.organizations("local", "", "")), None),
    )
