"""`inbound explain`: what the real pipeline would write, with the names of what it refers to."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from inbound.app.one_mail import context_of
from inbound.config import Settings
from inbound.database import names
from inbound.database.engine import Database, rolled_back
from inbound.intake.understanding import understand
from inbound.model.mail import Delivery
from inbound.model.notice import NoticeDraft
from inbound.pipeline.notify import drafted
from inbound.pipeline.process import process
from inbound.pipeline.steps import Processed
from inbound.values import immutable

# A rehearsal's ids, identity and trace are of no use to anybody.
_HIDDEN = frozenset({"id", "identity", "identity_version", "trace", "sha256", "note_id", "time_entry_id"})


@immutable
class Explained:
    """What would become of a message in one mailbox."""

    processed: Processed
    #: fields of the rows that would be written, by table and the like
    rows: Mapping[str, Mapping[str, object]]
    #: of what the ids in the rows refer to, by table and id
    names: Mapping[tuple[str, int], str]


def explain(delivery: Delivery, settings: Settings, config: Path, database: Database) -> list[Explained]:
    """Run the real pipeline and roll back.

    Its rows are kept apart from those of live mail by a salt, so that no live message waits for it.
    """
    context = context_of(settings, config, database, is_rehearsal=True)
    understood = understand([delivery], context, salt=os.urandom(32))[0]
    with rolled_back(database) as tx:
        processed = process(tx, understood.received, context)
        written = [_written(one, drafted(tx, one, context)) for one in processed]
        known = names.find(tx, [pair for rows in written for pair in _references(rows)])
    return [Explained(processed=one, rows=rows, names=known) for one, rows in zip(processed, written, strict=True)]


def _references(rows: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, int]]:
    for fields in rows.values():
        for field, value in fields.items():
            if (kind := names.KINDS.get(field)) is not None:
                ids = value if isinstance(value, list) else [value]
                yield from ((kind, id_) for id_ in ids if isinstance(id_, int))


def _written(one: Processed, notices: Sequence[NoticeDraft]) -> dict[str, dict[str, object]]:
    drafts = one.drafts
    rows: dict[str, object] = {
        "tickets": drafts.ticket,
        "notes": drafts.note,
        "time_entries": drafts.time_entry,
        "contacts": drafts.contact,
        "changes": drafts.change,
        "change_request_approvers": drafts.decision,
    }
    written = {name: _fields(draft) for name, draft in rows.items() if draft is not None}
    if drafts.tags:
        written["ticket_tags"] = {"tags": list(drafts.tags)}
    companions = {"contact_ids": list(drafts.contact_ids), "resource_ids": list(drafts.resource_ids)}
    if any(companions.values()):
        written["companions"] = {name: ids for name, ids in companions.items() if ids}
    for index, kept in enumerate(one.attachments, start=1):
        written[f"attachments {index}"] = {
            "name": kept.attachment.name,
            "content_type": kept.attachment.content_type,
            "size_bytes": len(kept.attachment.content),
            "is_listed": kept.is_listed,
        }
    for index, notice in enumerate(notices, start=1):
        written[f"notices {index}"] = {"kind": notice.kind, "recipient": notice.recipient}
    return written | ({"messages": _fields(one.message)} if one.message else {})


def _fields(draft: object) -> dict[str, object]:
    fields: dict[str, object] = asdict(draft)  # type: ignore[call-overload]  # all of them are dataclasses
    return {field: value for field, value in fields.items() if field not in _HIDDEN}
