"""`inbound peers`, and how explain, deliver and check judge peers, authors and certificates."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
import typer.testing

from inbound.app.one_mail import Envelope, delivery_of
from inbound.cli import app
from inbound.config import Listener, Settings
from inbound.config.passwords import matches
from inbound.errors import InboundError, NotFound
from inbound.model.proof import Method
from inbound.security.dns import Answer, DnsTrouble, Kind
from inbound.smtp.tls import expiries, expiry_of
from security.signing import Signer, Zone, message

RUNNER = typer.testing.CliRunner()
CONFIG = """
[[peers]]
name = "own"
networks = ["192.0.2.1"]
trusted = true

[[peers]]
name = "microsoft"
preset = "microsoft365"

[[mailboxes]]
name = "support"
address = "support@desk.example"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file, and DNS that knows one record and has trouble with host names."""

    async def lookup(name: str, kind: Kind) -> Answer:
        await asyncio.sleep(0)
        if kind == "PTR":
            raise DnsTrouble("SERVFAIL")
        return Answer(("v=spf1 ip4:198.51.100.0/24 -all",) if name == "spf.protection.outlook.com" else (), 60)

    monkeypatch.setattr("inbound.cli.peers.system_lookup", lookup)
    path = tmp_path / "inbound.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def run(*arguments: str, text: str = "") -> Any:
    return RUNNER.invoke(app, list(arguments), input=text)


@pytest.mark.parametrize(
    ("arguments", "status", "last", "word"),
    [
        (["192.0.2.1"], 0, "192.0.2.1 is let in by own (trusted)", "* own (trusted): network 192.0.2.1/32"),
        (["40.95.7.7"], 0, "40.95.7.7 is let in by microsoft", "* microsoft: network 40.95.0.0/16"),
        (
            ["198.51.100.9"],
            0,
            "198.51.100.9 is let in by microsoft",
            "ip4:198.51.100.0/24 of spf.protection.outlook.com",
        ),
        (
            ["203.0.113.1"],
            1,
            "203.0.113.1 is not let in",
            "- microsoft: host name for *.outbound.protection.outlook.com: PTR",
        ),
        (
            ["203.0.113.1", "--hostname", "mail-x.outbound.protection.outlook.com"],
            0,
            "203.0.113.1 is let in by microsoft",
            "* microsoft: host name mail-x",
        ),
    ],
)
def test_which_entry_lets_a_peer_in(config: Path, arguments: list[str], status: int, last: str, word: str) -> None:
    """Every way that was asked is shown with what came of it, up to the one that hits."""
    done = run("peers", "test", *arguments, "--config", str(config))
    assert done.exit_code == status, done.output
    assert done.output.splitlines()[-1] == last
    assert word in done.output


def test_peers_for_programs(config: Path) -> None:
    """--json has the entry and the ways."""
    said = json.loads(run("peers", "test", "192.0.2.1", "--json", "--config", str(config)).output)
    assert said == {
        "peer": "own (trusted)",
        "ways": [{"peer": "own (trusted)", "hit": True, "detail": "network 192.0.2.1/32"}],
    }


def test_what_is_no_address(config: Path) -> None:
    """A host name in place of an address is told so."""
    assert isinstance(run("peers", "test", "mail.example", "--config", str(config)).exception, InboundError)


def test_hash() -> None:
    """What is printed for a password fits it."""
    assert matches(b"secret", run("peers", "hash", text="secret\n").output.strip())
    assert isinstance(run("peers", "hash", text="\n").exception, InboundError)


def test_one_mail_is_judged_as_reception_would() -> None:
    """Outside SMTP peer and author are judged in the same way; who is not let in hears so."""
    zone = Zone({("spf.example", "TXT"): ["v=spf1 ip4:198.51.100.0/24"]})
    signer = Signer("corp.example", zone)
    settings = Settings.model_validate(
        {
            "peers": [
                {"name": "provider", "spf": "spf.example"},
                {"name": "own", "networks": ["127.0.0.1"], "trusted": True},
            ],
            "mailboxes": [{"name": "support", "address": "support@desk.example"}],
        }
    )

    def judged(content: bytes, peer: str | None) -> Any:
        envelope = Envelope(
            rcpt_to=("support@desk.example",), mail_from="", peer_address=peer, received_at=datetime.now(UTC)
        )
        return delivery_of(content, envelope, settings, zone.lookup)

    assert judged(signer.sign(message()), "198.51.100.1").proof.method is Method.DKIM
    assert not judged(message(), "198.51.100.1").proof.is_proven
    assert judged(message(), None).peer.is_trusted
    with pytest.raises(NotFound, match=r"lets 203\.0\.113\.1 in"):
        judged(message(), "203.0.113.1")


def test_until_when_certificates_are_valid(tmp_path: Path) -> None:
    """The day is read from the certificate; one that has expired is an error that names the listener."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40)
    listener = _listener(tmp_path, until)
    assert expiry_of(listener) == until
    assert expiries(Settings(listeners=(listener, Listener()))) == {
        "listener 127.0.0.1:8025": f"{until:%Y-%m-%d %H:%M:%S} UTC"
    }
    with pytest.raises(InboundError, match=r"listener 127\.0\.0\.1:8025: .*expired"):
        expiry_of(_listener(tmp_path, datetime.now(UTC) - timedelta(days=1)))


def _listener(directory: Path, until: datetime) -> Listener:
    issued = trustme.CA().issue_cert("localhost", not_after=until)
    pem = directory / "certificate.pem"
    pem.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    return Listener(tls="starttls", certificate=str(pem), key=str(pem))
