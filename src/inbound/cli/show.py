"""How messages and explanations look, for people and for programs. What came from outside is made printable."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inbound.database.messages import Listed, Redelivery
from inbound.model.kinds import ForwardingConfirmation
from inbound.pipeline.steps import Processed

_MIN_WIDTHS = {"id": 4, "received (UTC)": 19, "mailbox": 7, "outcome": 17, "reason": 14, "number": 14}
#: columns of a line when no terminal limits it
_FILE_WIDTH = 200


def printable(value: object) -> str:
    """One line that a terminal shows and does not obey."""
    return "".join(c if c.isprintable() else " " for c in str(value))


def message_table(found: Sequence[Listed]) -> None:
    """Print a list of messages."""
    table = Table(box=None, pad_edge=False)
    for heading in ("id", "received (UTC)", "mailbox", "outcome", "reason", "number", "from", "subject"):
        # Only the last two give way on a narrow terminal.
        table.add_column(heading, overflow="ellipsis", no_wrap=True, min_width=_MIN_WIDTHS.get(heading))
    for one in found:
        cells = (
            *(one.id, f"{one.received_at:%Y-%m-%d %H:%M:%S}", one.mailbox, one.outcome, one.reason, one.number or ""),
            *(one.author_address or one.mail_from, one.subject),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console = Console()
    (console if console.is_terminal else Console(width=_FILE_WIDTH)).print(table)


def table_of(entries: Sequence[Mapping[str, object]]) -> None:
    """Print entries that have the same fields: lists joined, nothing as nothing."""
    table = Table(box=None, pad_edge=False)
    for heading in entries[0]:
        table.add_column(heading.replace("_", " "), overflow="fold")
    for entry in entries:
        table.add_row(*(Text(printable(_cell(value))) for value in entry.values()))
    console = Console()
    (console if console.is_terminal else Console(width=_FILE_WIDTH)).print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def listed_json(
    one: Listed, again: Sequence[Redelivery] | None = None, confirmation: ForwardingConfirmation | None = None
) -> dict[str, object]:
    """A message for a program."""
    values = {name: _json(value) for name, value in asdict(one).items()}
    if again is not None:
        values["confirmation"] = asdict(confirmation) if confirmation else None
        values["redeliveries"] = [{key: _json(value) for key, value in asdict(one_).items()} for one_ in again]
    return values


def listed_text(one: Listed, again: Sequence[Redelivery], confirmation: ForwardingConfirmation | None = None) -> str:
    """A message for a person."""
    number = f" {one.number}" if one.number else ""
    lines = [
        f"message {one.id}: {one.outcome}{number} ({one.reason})",
        f"  received    {one.received_at.isoformat()} for mailbox {one.mailbox}, {one.size_bytes} octets",
        f"  envelope    from <{one.mail_from}> to <{one.rcpt_to}>",
        f"  peer        {one.peer_address} {one.peer_name} helo={one.helo} tls={one.tls or 'no'}",
        f"  author      {one.author_name} <{one.author_address}>",
        f"  subject     {one.subject}",
        f"  Message-ID  {one.message_id or 'none'}",
        f"  original    {f'sha256 {one.sha256.hex()}' if one.sha256 else 'not kept: private mail'}",
    ]
    if confirmation is not None:
        lines.append(f"  confirm     {confirmation.provider} asks whether mail may be forwarded here")
        lines.append(f"  code        {confirmation.code or 'none'}")
        lines.append(f"  link        {confirmation.link or 'none'}")
    if one.error:
        lines.append(f"  error       {one.error}")
    lines.append("  decision")
    lines += [
        f"    {'*' if step['hit'] else '-'} {step['stage']}: {step['rule']}: {step['detail']}" for step in one.trace
    ]
    lines += [f"  delivered again {one_.received_at.isoformat()} by {one_.peer_address}" for one_ in again]
    return "\n".join(printable(line) for line in lines)


def explanation(one: Processed) -> str:
    """What would become of a message, for a person."""
    result = one.result
    lines = [f"mailbox {result.mailbox}: {result.outcome} ({result.reason})"]
    stage = ""
    for step in one.steps:
        if step.stage != stage:
            stage = step.stage
            lines.append(f"  {stage}")
        lines.append(f"    {'*' if step.is_hit else '-'} {step.rule}: {step.detail}")
    lines.append("  would be written (rolled back)")
    for name, fields in _written(one).items():
        lines.append(f"    {name}")
        lines += [f"      {field} = {_short(value)}" for field, value in fields.items()]
    return "\n".join(printable(line) for line in lines)


def explanation_json(one: Processed) -> dict[str, object]:
    """What would become of a message, for a program."""
    return {
        "mailbox": one.result.mailbox,
        "outcome": one.result.outcome,
        "reason": one.result.reason,
        "steps": [
            {"stage": step.stage, "rule": step.rule, "hit": step.is_hit, "detail": step.detail} for step in one.steps
        ],
        "would_write": _written(one),
    }


def _written(one: Processed) -> dict[str, dict[str, object]]:
    drafts = one.drafts
    rows: dict[str, object] = {
        "tickets": drafts.ticket,
        "notes": drafts.note,
        "time_entries": drafts.time_entry,
        "contacts": drafts.contact,
        "changes": drafts.change,
        "change_request_approvers": drafts.decision,
        "messages": one.message,
    }
    # A rehearsal's ids, identity and trace are of no use to anybody.
    hidden = {"id", "identity", "identity_version", "trace", "sha256", "note_id", "time_entry_id"}
    written: dict[str, dict[str, object]] = {
        name: {field: _json(value) for field, value in asdict(draft).items() if field not in hidden}  # type: ignore[call-overload]  # all of them are dataclasses
        for name, draft in rows.items()
        if draft is not None
    }
    lists = {"tags": drafts.tags, "additional contacts": drafts.contact_ids, "secondary resources": drafts.resource_ids}
    written |= {name: {"of the object": list(values)} for name, values in lists.items() if values}
    for index, kept in enumerate(one.attachments, start=1):
        fields = {"name": kept.attachment.name, "content_type": kept.attachment.content_type}
        size_bytes = len(kept.attachment.content)
        written[f"attachments {index}"] = {**fields, "size_bytes": size_bytes, "is_listed": kept.is_listed}
    return written


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value.hex() if isinstance(value, bytes) else value


def _short(value: object) -> str:
    text = str(value) if value not in {None, ""} else "(none)"
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"
