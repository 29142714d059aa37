"""How messages and explanations look, for people and for programs. What came from outside is made printable."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import get_args

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inbound.app.rehearsal import Explained
from inbound.database.messages import Listed, Redelivery
from inbound.database.names import KINDS
from inbound.model.kinds import ForwardingConfirmation
from inbound.model.trace import Stage

_MIN_WIDTHS = {"id": 4, "received (UTC)": 19, "mailbox": 7, "outcome": 17, "reason": 14, "number": 14}
#: columns of a line when no terminal limits it
_FILE_WIDTH = 200
#: the order of the pipeline
_STAGES: tuple[Stage, ...] = get_args(Stage)


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
        f"  author      {one.author_name} <{one.author_address}>"
        if one.author_name
        else f"  author      <{one.author_address}>",
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


def explanation(one: Explained) -> str:
    """What would become of a message, for a person: by stage, hits with a star, without fields that stay empty."""
    result, steps = one.processed.result, one.processed.steps
    number = f" {result.number}" if result.number else ""
    lines = [f"mailbox {result.mailbox}: {result.outcome}{number} ({result.reason})"]
    for stage in dict.fromkeys(sorted((step.stage for step in steps), key=_STAGES.index)):
        lines.append(f"  {stage}")
        lines += [f"    {'*' if s.is_hit else '-'} {s.rule}: {s.detail}" for s in steps if s.stage == stage]
    lines.append("  would be written (rolled back: ids and the number of a new ticket are examples)")
    for name, fields in one.rows.items():
        lines.append(f"    {name}")
        lines += [
            f"      {field} = {_short(value)}{_names(field, value, one)}"
            for field, value in fields.items()
            if value not in ("", None, [])
        ]
    return "\n".join(printable(line) for line in lines)


def explanation_json(one: Explained) -> dict[str, object]:
    """What would become of a message, for a program."""
    result = one.processed.result
    names: dict[str, dict[str, str]] = {}
    for (table, id_), name in one.names.items():
        names.setdefault(table, {})[str(id_)] = name
    return {
        "mailbox": result.mailbox,
        "outcome": result.outcome,
        "reason": result.reason,
        "number": result.number,
        "steps": [
            {"stage": step.stage, "rule": step.rule, "hit": step.is_hit, "detail": step.detail}
            for step in one.processed.steps
        ],
        "would_write": {
            table: {field: _json(value) for field, value in fields.items()} for table, fields in one.rows.items()
        },
        "names": names,
    }


def _names(field: str, value: object, one: Explained) -> str:
    """What ids stand for, in brackets."""
    kind = KINDS.get(field, "")
    ids = value if isinstance(value, list) else [value]
    named = [name for id_ in ids if isinstance(id_, int) and (name := one.names.get((kind, id_)))]
    return f" ({', '.join(named)})" if named else ""


def _json(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value.hex() if isinstance(value, bytes) else value


def _short(value: object) -> str:
    text = str(value).strip().replace("\n", " ⏎ ")
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"
