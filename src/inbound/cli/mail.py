"""`inbound deliver`, `inbound explain` and `inbound parse`: one mail from a file."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from inbound.app.database import opened_database
from inbound.app.one_mail import Envelope, deliver, delivery_of, usual_sender
from inbound.app.rehearsal import explain
from inbound.app.secret import secret_of
from inbound.cli.options import ConfigOption, JsonOption, load, time_of
from inbound.cli.show import explanation, explanation_json
from inbound.cli.understood import understood_json, understood_text
from inbound.config import Settings
from inbound.errors import InboundError, NotFound
from inbound.message.charset import clean
from inbound.message.parse import parse
from inbound.model.mail import Delivery
from inbound.model.outcome import Committed, Deferred

FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="The mail, as it would come by SMTP; - = stdin.")]
ToOption = Annotated[
    list[str], typer.Option("--to", metavar="ADDRESS", help="Envelope recipient; may be given several times.")
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ADDRESS",
        help='Envelope sender; "" = null. Default: Return-Path of the mail, else null for a report, else its author.',
    ),
]
PeerOption = Annotated[str | None, typer.Option("--peer", metavar="IP", help="Pretend that this peer handed it over.")]
AtOption = Annotated[
    str | None, typer.Option("--at", metavar="TIME", help="Pretend that it came at this time (ISO 8601).")
]


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.command(name="deliver")(deliver_command)
    app.command(name="explain")(explain_command)
    app.command(name="parse")(parse_command)


def deliver_command(
    file: FileArgument,
    to: ToOption,
    mail_from: FromOption = None,
    peer: PeerOption = None,
    config: ConfigOption = None,
    *,
    is_json: JsonOption = False,
) -> None:
    """Process a mail and store the result, without SMTP. Exit code 75 (EX_TEMPFAIL): try again later."""
    settings, path = load(config)
    delivery = _delivery(file, to, mail_from, peer, None, settings, path)
    with opened_database(settings, path) as database:
        answer = deliver(delivery, settings, path, database)
    report(answer, is_json=is_json)


def explain_command(
    file: FileArgument,
    to: ToOption,
    mail_from: FromOption = None,
    peer: PeerOption = None,
    at: AtOption = None,
    config: ConfigOption = None,
    *,
    is_json: JsonOption = False,
) -> None:
    """Show what would become of a mail, stage by stage, and why. Runs the real pipeline and rolls back."""
    settings, path = load(config)
    delivery = _delivery(file, to, mail_from, peer, at, settings, path)
    with opened_database(settings, path) as database:
        explained = explain(delivery, settings, path, database)
    if is_json:
        typer.echo(json.dumps([explanation_json(one) for one in explained], ensure_ascii=False, indent=2))
    else:
        typer.echo("\n\n".join(explanation(one) for one in explained))


def parse_command(file: FileArgument, *, is_json: JsonOption = False) -> None:
    """Show everything that the reader understands of a mail. Needs no configuration and no database."""
    mail = parse(_read(file))
    if is_json:
        typer.echo(json.dumps(understood_json(mail), ensure_ascii=False, indent=2))
    else:
        typer.echo(understood_text(mail))


def report(answer: Committed | Deferred, *, is_json: bool) -> None:
    """Print what became of a delivery; exit 75 when nothing did."""
    if isinstance(answer, Deferred):
        typer.echo(f"nothing stored, try again later: {answer.why}", err=True)
        raise typer.Exit(75)
    for result in answer.results:
        if is_json:
            fields = ("mailbox", "outcome", "reason", "message_id", "number")
            typer.echo(json.dumps({name: getattr(result, name) for name in fields}))
        else:
            number = f" {result.number}" if result.number else ""
            typer.echo(f"{result.mailbox}: {result.outcome}{number} ({result.reason}), message {result.message_id}")


def _delivery(
    file: str, to: list[str], mail_from: str | None, peer: str | None, at: str | None, settings: Settings, config: Path
) -> Delivery:
    content = _read(file)
    if len(content) > settings.server.max_message_bytes:
        raise InboundError(f"{file} is larger than server.max_message_bytes: SMTP would refuse it with 552 5.3.4")
    envelope = Envelope(
        rcpt_to=tuple(clean(address) for address in to),
        mail_from=usual_sender(content) if mail_from is None else clean(mail_from).strip("<>"),
        peer_address=peer,
        received_at=time_of(at) if at else datetime.now(UTC),
    )
    return delivery_of(content, envelope, settings, secret=secret_of(settings, config))


def _read(file: str) -> bytes:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NotFound(f"{file}: {error.strerror}") from error
    # Over SMTP every line ends with CRLF (RFC 5321 2.3.8); files on disk rarely do.
    return content if b"\r\n" in content else content.replace(b"\n", b"\r\n")
