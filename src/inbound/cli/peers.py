"""`inbound peers test` and `inbound peers hash`: who may deliver mail."""

import asyncio
import getpass
import json
import sys
from typing import Annotated

import typer

from inbound.cli.options import ConfigOption, JsonOption, load
from inbound.cli.show import printable
from inbound.config import Settings
from inbound.config.passwords import hash_password
from inbound.errors import InboundError
from inbound.security.dns import Resolver, system_lookup
from inbound.security.peers import Evidence, Judgement, Peers, parse_address

app = typer.Typer(help="Who may deliver mail.", no_args_is_help=True)


@app.command(name="test")
def show_command(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="IP address of the peer.")],
    hostname: Annotated[
        str | None,
        typer.Option("--hostname", metavar="NAME", help="Pretend that DNS confirms this host name; default: ask."),
    ] = None,
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="Pretend that it logged in as this user.")] = "",
    config: ConfigOption = None,
    *,
    is_json: JsonOption = False,
) -> None:
    """Say which entry of the configuration lets a peer in, or why none does. Exit code 1 when none does."""
    settings, _ = load(config)
    parsed = parse_address(address)
    if parsed is None:
        raise InboundError(f"{address!r} is no IP address")
    asked = asyncio.run(_ask(settings, Evidence(address=parsed, user=user, hostname=hostname)))
    allowed = next((one for one in asked if one.is_allowed), None)
    if is_json:
        ways = [{"peer": _name(one), "hit": one.is_allowed, "detail": one.detail} for one in asked]
        typer.echo(json.dumps({"peer": _name(allowed) if allowed else None, "ways": ways}))
    else:
        for one in asked:
            typer.echo(printable(f"{'*' if one.is_allowed else '-'} {_name(one)}: {one.detail}"))
        typer.echo(f"{address} is let in by {_name(allowed)}" if allowed else f"{address} is not let in")
    if allowed is None:
        raise typer.Exit(1)


@app.command(name="hash")
def hash_command() -> None:
    """Print what stands in the file for a password. Asks for it, or reads it from standard input."""
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InboundError("no password was given")
    typer.echo(hash_password(password))


async def _ask(settings: Settings, evidence: Evidence) -> list[Judgement]:
    """Every way, up to the one that lets it in."""
    peers = Peers(settings.peers, Resolver(system_lookup, seconds=settings.limits.dns_seconds))
    asked: list[Judgement] = []
    async for one in peers.ways(evidence):
        asked.append(one)
        if one.is_allowed:
            break
    return asked


def _name(judgement: Judgement) -> str:
    if judgement.rule is None:
        return ""
    return f"{judgement.rule.name} (trusted)" if judgement.rule.trusted else judgement.rule.name
