"""`inbound notices …`: what the desk writes to people, and what became of it."""

import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from inbound.app.database import opened_database
from inbound.cli.options import ConfigOption, JsonOption, load, text_of
from inbound.cli.show import printable, table_of
from inbound.database import outbox
from inbound.database.engine import transaction
from inbound.database.outbox import Listed
from inbound.errors import NotFound
from inbound.model.notice import NoticeKind, State

app = typer.Typer(help="See how notices look, what became of them, and send them again.", no_args_is_help=True)


@app.command()
def preview(
    kind: Annotated[
        NoticeKind, typer.Argument(metavar="KIND", help="For example ticket_created; see docs/notices.md.")
    ],
    config: ConfigOption = None,
    *,
    language: Annotated[Literal["en", "de"] | None, typer.Option(help="Default: the mailbox's.")] = None,
    mailbox: Annotated[str, typer.Option(help="Name of a mailbox. Default: the first active one.")] = "",
    is_html: Annotated[bool, typer.Option("--html", help="Print the HTML part.")] = False,
) -> None:
    """Show a notice as it would be sent: header and text."""
    from inbound.app.notices import preview as make

    settings, path = load(config)
    mail = make(kind, language, mailbox, settings, path)
    part = mail.get_body(("html",) if is_html else ("plain",))
    if not is_html:
        for name, value in mail.items():
            typer.echo(f"{name}: {printable(value)}")
        typer.echo()
    typer.echo(part.get_content() if part else "", nl=False)


@app.command(name="list")
def list_(
    config: ConfigOption = None,
    *,
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    kind: Annotated[NoticeKind | None, typer.Option(help="Only these.")] = None,
    mailbox: Annotated[str | None, typer.Option(help="Name of a mailbox.")] = None,
    recipient: Annotated[str | None, typer.Option(help="Part of the recipient's address.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    is_json: JsonOption = False,
) -> None:
    """List notices, newest first: sent, waiting, given up, over the cap."""
    settings, path = load(config)
    wanted = outbox.Search(state=state, kind=kind, mailbox=text_of(mailbox), recipient=text_of(recipient), limit=limit)
    with opened_database(settings, path) as database, transaction(database) as tx:
        found = outbox.search(tx, wanted)
    if is_json:
        for one in found:
            typer.echo(json.dumps(asdict(one), ensure_ascii=False, default=str))
    elif found:
        table_of([_cells(one) for one in found])


def _cells(one: Listed) -> dict[str, object]:
    at = one.next_attempt_at if one.state in {"queued", "sending"} else one.sent_at
    return {
        "id": one.id,
        "queued (UTC)": f"{one.created_at:%Y-%m-%d %H:%M:%S}",
        "state": one.state,
        "kind": one.kind,
        "to": one.recipient,
        "number": one.number,
        "message": one.message_row_id,
        "attempts": one.attempts,
        "next, sent (UTC)": f"{at:%Y-%m-%d %H:%M:%S}" if at else "",
        "last error": one.last_error,
    }


@app.command()
def retry(
    row_id: Annotated[
        int | None, typer.Argument(min=1, max=2**63 - 1, metavar="ID", help="Number of the notice, from the list.")
    ] = None,
    config: ConfigOption = None,
    *,
    is_all: Annotated[bool, typer.Option("--all", help="Every notice that was given up.")] = False,
) -> None:
    """Send a notice as soon as possible: one that was given up, was over the cap, or waits for its next attempt."""
    settings, path = load(config)
    if (row_id is None) != is_all:
        raise typer.BadParameter("name the notice to send again, or say --all")
    with opened_database(settings, path) as database, transaction(database) as tx:
        queued = outbox.retry(tx, row_id)
    if row_id is not None and not queued:
        raise NotFound(f"there is no notice {row_id} that was given up, was over the cap, or waits")
    typer.echo(f"{len(queued)} queued")
