"""`inbound messages …`: where is my mail?"""

import difflib
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from inbound.app.database import opened_database
from inbound.app.one_mail import retry as retry_message
from inbound.cli.mail import report
from inbound.cli.options import ConfigOption, JsonOption, load, text_of, time_of
from inbound.cli.show import listed_json, listed_text, message_table
from inbound.database import messages
from inbound.database.engine import transaction
from inbound.errors import InboundError, NotFound
from inbound.message.charset import clean
from inbound.message.parse import parse
from inbound.model.outcome import Deferred, Outcome, Reason

app = typer.Typer(help="Find stored messages; see why each became what it became.", no_args_is_help=True)

IdArgument = Annotated[
    int, typer.Argument(min=1, max=2**63 - 1, metavar="ID", help="Number of the message, from `messages list`.")
]
Text = str | None


@app.command(name="list")
def list_(
    config: ConfigOption = None,
    *,
    mailbox: Annotated[Text, typer.Option(help="Name of a mailbox.")] = None,
    outcome: Annotated[Text, typer.Option(help="For example ticket_created, duplicate, quarantined.")] = None,
    reason: Annotated[Text, typer.Option(help="A reason code, see docs/reasons.md.")] = None,
    sender: Annotated[Text, typer.Option(help="Part of the author's or envelope sender's address.")] = None,
    subject: Annotated[Text, typer.Option(help="Part of the subject.")] = None,
    message_id: Annotated[Text, typer.Option(help="The whole Message-ID, with or without brackets.")] = None,
    since: Annotated[Text, typer.Option(metavar="TIME", help="Received at or after (ISO 8601).")] = None,
    until: Annotated[Text, typer.Option(metavar="TIME", help="Received before (ISO 8601).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
    is_json: JsonOption = False,
) -> None:
    """List stored messages, newest first."""
    settings, path = load(config)
    wanted = messages.Search(
        mailbox=text_of(mailbox),
        outcome=_code(outcome, Outcome, "--outcome"),
        reason=_code(reason, Reason, "--reason"),
        sender=text_of(sender),
        subject=text_of(subject),
        message_id=clean(message_id).strip().removeprefix("<").removesuffix(">") if message_id else None,
        since=time_of(since) if since else None,
        until=time_of(until) if until else None,
        limit=limit,
    )
    with opened_database(settings, path) as database, transaction(database) as tx:
        found = messages.search(tx, wanted)
    if is_json:
        for one in found:
            typer.echo(json.dumps(listed_json(one), ensure_ascii=False))
    else:
        message_table(found)


def _code(text: str | None, codes: type[StrEnum], option: str) -> str | None:
    """A code that exists: a misspelt one would find nothing, which looks like good news."""
    given = text_of(text)
    if given is None or given in {*codes}:
        return given
    near = difflib.get_close_matches(given, [*codes], cutoff=0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "docs/reasons.md has all of them"
    raise typer.BadParameter(f"{given!r} is no code: {hint}", param_hint=option)


@app.command()
def show(row_id: IdArgument, config: ConfigOption = None, *, is_json: JsonOption = False) -> None:
    """Show a message: envelope, outcome, every step of the decision, repeated deliveries."""
    settings, path = load(config)
    with opened_database(settings, path) as database, transaction(database) as tx:
        one = messages.get(tx, row_id)
        again = messages.redeliveries_of(tx, row_id)
        is_confirmation = one is not None and one.reason == Reason.FORWARDING_CONFIRMATION
        content = messages.content_of(tx, row_id) if is_confirmation else None
    if one is None:
        raise NotFound(f"there is no message {row_id}")
    # The code and the link stand nowhere but in the original: whoever sees a log must not be able to use them.
    confirmation = parse(content).confirmation if content is not None else None
    if is_json:
        typer.echo(json.dumps(listed_json(one, again, confirmation), ensure_ascii=False, indent=2))
    else:
        typer.echo(listed_text(one, again, confirmation))


@app.command()
def raw(
    row_id: IdArgument,
    config: ConfigOption = None,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
) -> None:
    """Write the original octets of a message to standard output or a file."""
    settings, path = load(config)
    with opened_database(settings, path) as database, transaction(database) as tx:
        content = messages.content_of(tx, row_id)
    if content is None:
        raise NotFound(f"there is no message {row_id}")
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise InboundError(f"{output}: {error.strerror}") from error


@app.command()
def retry(
    row_ids: Annotated[
        list[int] | None, typer.Argument(min=1, max=2**63 - 1, metavar="ID...", help="Quarantined messages.")
    ] = None,
    config: ConfigOption = None,
    *,
    is_all: Annotated[bool, typer.Option("--all", help="Every message in quarantine.")] = False,
    is_json: JsonOption = False,
) -> None:
    """Run quarantined messages through the pipeline again; each keeps its row and its time of receipt."""
    settings, path = load(config)
    if bool(row_ids) == is_all:
        raise typer.BadParameter("name the messages to retry, or say --all")
    with opened_database(settings, path) as database:
        if is_all:
            with transaction(database) as tx:
                row_ids = [one.id for one in messages.search(tx, messages.Search(outcome="quarantined", limit=100_000))]
            if not row_ids:
                typer.echo("nothing is in quarantine", err=True)
                return
        failures: list[str] = []
        with typer.progressbar(sorted(row_ids or ()), label="retry", file=sys.stderr) as progress:
            for row_id in progress:
                try:
                    answer = retry_message(row_id, settings, path, database)
                except InboundError as error:
                    failures.append(str(error))
                    continue
                if isinstance(answer, Deferred):
                    failures.append(f"message {row_id}: nothing stored, try again later: {answer.why}")
                else:
                    report(answer, is_json=is_json)
    if failures:
        raise InboundError("\n".join(failures))
