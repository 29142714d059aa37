"""Peers on the wire: logins, certificates, DNS, who talks too early, who is too slow, and proof of authorship."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from structlog.testing import capture_logs

from inbound.config import Limits, Listener, PeerRule, Server
from inbound.config.passwords import hash_password
from inbound.model.proof import Method
from security.signing import Signer, Zone, message

if TYPE_CHECKING:
    from smtp.conftest import Certificate, Stage, StartStage, Talk

PASSWORD = hash_password("secret")
RCPT = "RCPT TO:<support@desk.example>"


def rule(**settings: Any) -> PeerRule:
    return PeerRule.model_validate({"name": "peer", **settings})


def plain(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def sasl(user: str, password: str) -> str:
    """The response of PLAIN (RFC 4616 2)."""
    return plain(f"\0{user}\0{password}")


async def under_tls(stage: "Stage", certificate: "Certificate") -> "Talk":
    talk = await stage.connect()
    await talk.reply()
    await talk.say("EHLO client.example")
    await talk.start_tls(certificate)
    return talk


@pytest.fixture
async def login_stage(start: "StartStage", tls_listener: Callable[[str], Listener]) -> "Stage":
    """A reception that lets in nobody but the user mta."""
    return await start(
        listeners=(tls_listener("starttls"),),
        peers=(rule(users=[{"name": "mta", "password": PASSWORD}]),),
        limits=Limits(soft_errors=20),
    )


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        ([f"AUTH PLAIN {sasl('mta', 'secret')}"], "235 2.7.0"),
        (["AUTH PLAIN", sasl("mta", "secret")], "235 2.7.0"),
        (["auth plain =", plain("x")], "501 5.5.2"),
        (["AUTH LOGIN", plain("mta"), plain("secret")], "235 2.7.0"),
        ([f"AUTH LOGIN {plain('mta')}", plain("secret")], "235 2.7.0"),
        # Wrong in one way or another.
        ([f"AUTH PLAIN {sasl('mta', 'wrong')}"], "535 5.7.8"),
        ([f"AUTH PLAIN {sasl('nobody', 'secret')}"], "535 5.7.8"),
        ([f"AUTH PLAIN {sasl('mta', '')}"], "535 5.7.8"),
        (["AUTH LOGIN", "*"], "501 5.7.0"),
        (["AUTH LOGIN", plain("mta"), "*"], "501 5.7.0"),
        (["AUTH PLAIN ***"], "501 5.5.2"),
        ([f"AUTH PLAIN {plain('no zeros')}"], "501 5.5.2"),
        ([f"AUTH LOGIN {base64.b64encode(bytes([0xFF])).decode()}", plain("secret")], "501 5.5.2"),
        (["AUTH CRAM-MD5"], "504 5.5.4"),
        (["AUTH"], "501 5.5.4"),
    ],
)
async def test_login(login_stage: "Stage", certificate: "Certificate", lines: list[str], reply: str) -> None:
    """PLAIN and LOGIN, with and without initial response (RFC 4954 4); only who logged in may deliver."""
    talk = await under_tls(login_stage, certificate)
    assert "AUTH PLAIN LOGIN" in (await talk.say("EHLO client.example"))
    answers = [await talk.say(line) for line in lines]
    if reply == "501 5.5.2" and len(answers) == 2 and answers[0].startswith("501"):
        answers.pop()
    assert answers[-1].startswith(reply)
    assert all(answer.startswith("334 ") for answer in answers[:-1])
    await talk.say("MAIL FROM:<a@client.example>")
    assert (await talk.say(RCPT)).startswith("250 " if reply.startswith("235") else "450 4.7.1")


async def test_login_has_its_time(login_stage: "Stage", certificate: "Certificate") -> None:
    """In clear text a password is not taken; nor twice, nor within a transaction, nor after HELO."""
    talk = await login_stage.connect()
    await talk.reply()
    assert "AUTH" not in await talk.say("EHLO client.example")
    assert (await talk.say(f"AUTH PLAIN {sasl('mta', 'secret')}")).startswith("538 ")
    talk = await under_tls(login_stage, certificate)
    assert (await talk.say("AUTH PLAIN")).startswith("503 ")
    await talk.say("HELO client.example")
    assert (await talk.say("AUTH PLAIN")).startswith("503 ")
    await talk.say("EHLO client.example")
    await talk.say("MAIL FROM:<a@client.example>")
    assert (await talk.say("AUTH PLAIN")).startswith("503 ")
    await talk.say("RSET")
    assert (await talk.say(f"AUTH PLAIN {sasl('mta', 'secret')}")).startswith("235 ")
    assert (await talk.say("AUTH PLAIN")).startswith("503 ")
    assert "AUTH" not in await talk.say("EHLO client.example")


async def test_failed_logins_are_logged_and_counted(login_stage: "Stage", certificate: "Certificate") -> None:
    """Guessing is told with address and user, never with the password, and ends like any other error."""
    talk = await under_tls(login_stage, certificate)
    await talk.say("EHLO client.example")
    login_stage.reception.replace(login_stage.settings.model_copy(update={"limits": Limits(errors=2)}))
    with capture_logs() as events:
        for reply in ("535 5.7.8", "421 4.7.0"):
            line = f"AUTH PLAIN {sasl('mta', 'hunter2')}"
            assert (await talk.say(line)).startswith(reply)
    assert [(e["peer"], e["user"]) for e in events if e["event"] == "login_failed"] == [("127.0.0.1", "mta")] * 2
    assert "hunter2" not in str(events)


@pytest.mark.parametrize("way", ["fingerprint", "name"])
@pytest.mark.parametrize("is_known", [True, False])
async def test_client_certificates(
    start: "StartStage",
    certificate: "Certificate",
    tls_listener: Callable[[str], Listener],
    tmp_path: Path,
    *,
    way: str,
    is_known: bool,
) -> None:
    """A certificate lets in by its fingerprint or its name, once the authorities of the listener vouch for it."""
    authority = trustme.CA()
    issued = authority.issue_cert("mx.peer.example")
    own = tmp_path / "client.pem"
    own.write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    (tmp_path / "authorities.pem").write_bytes(authority.cert_pem.bytes())
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())).hexdigest()
    ways = {
        "fingerprint": {"certificate_fingerprints": [fingerprint if is_known else "ab" * 32]},
        "name": {"certificate_names": ["mx.peer.example" if is_known else "other.example"]},
    }
    listener = tls_listener("starttls").model_copy(update={"client_authorities": str(tmp_path / "authorities.pem")})
    stage = await start(listeners=(listener,), peers=(rule(**ways[way]),))
    for shows in (True, False):
        talk = await stage.connect()
        await talk.reply()
        await talk.say("EHLO client.example")
        assert (await talk.say("STARTTLS")).startswith("220 ")
        context = ssl.create_default_context(cafile=str(certificate.authority))
        if shows:
            context.load_cert_chain(own)
        await talk.writer.start_tls(context, server_hostname="localhost")
        await talk.say("EHLO client.example")
        await talk.say("MAIL FROM:<a@client.example>")
        assert (await talk.say(RCPT)).startswith("250 " if shows and is_known else "450 4.7.1")


@pytest.mark.parametrize(
    ("refusal", "has_trouble", "reply"),
    [
        ("defer", False, "450 4.7.1"),
        ("reject", False, "550 5.7.1"),
        ("reject", True, "450 4.7.1"),
    ],
)
async def test_peers_by_dns(start: "StartStage", *, refusal: str, has_trouble: bool, reply: str) -> None:
    """Who is not in an SPF record is refused as configured; without an answer nobody is refused for good."""
    zone = Zone({("spf.example", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"]})
    zone.trouble = {"*"} if has_trouble else set()
    server = Server.model_validate({"hostname": "mx.desk.example", "peer_refusal": refusal})
    stage = await start(lookup=zone.lookup, peers=(rule(spf="spf.example"),), server=server)
    talk = await stage.connect()
    await talk.reply()
    await talk.say("EHLO client.example")
    await talk.say("MAIL FROM:<a@client.example>")
    with capture_logs() as events:
        assert (await talk.say(RCPT)).startswith(reply)
    assert [event["reason"] for event in events] == ["peer_uncertain" if has_trouble else "peer_not_allowed"]
    zone.records["spf.example", "TXT"] = ["v=spf1 ip4:127.0.0.0/8"]
    zone.trouble = set()
    stage.reception._resolver._entries.clear()
    stage.reception.replace(stage.settings)
    assert (await talk.say(RCPT)).startswith("250 ")
    assert len(zone.asked) == 2


async def test_early_talkers(stage: "Stage") -> None:
    """Who talks before the greeting hears 554 and the end, and nothing of it is obeyed (RFC 5321 3.1)."""
    stage.reception.replace(stage.settings.model_copy(update={"limits": Limits(greeting_seconds=0.2)}))
    talk = await stage.connect()
    with capture_logs() as events:
        await talk.send(b"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n")
        assert (await talk.reply()).startswith("554 ")
        assert await talk.reply() == ""
    assert [event.get("reason") for event in events] == ["early_talker", None]


@pytest.mark.parametrize("line", ["GET / HTTP/1.1", "POST /x HTTP/1.0", "CONNECT a:25 HTTP/1.1"])
async def test_web_requests(talk: "Talk", line: str) -> None:
    """A request of a web page ends the connection, so that commands in its text are never read."""
    assert (await talk.say(line)).startswith("500 5.5.1")
    assert await talk.reply() == ""


async def test_errors_slow_down(stage: "Stage", talk: "Talk", monkeypatch: pytest.MonkeyPatch) -> None:
    """From the soft limit on every error costs its peer time."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    limits = Limits(soft_errors=2, errors=6, error_delay_seconds=7.5)
    stage.reception.replace(stage.settings.model_copy(update={"limits": limits}))
    monkeypatch.setattr("inbound.smtp.protocol.asyncio.sleep", sleep)
    for _ in range(5):
        assert (await talk.say("BOGUS")).startswith("500 ")
    assert slept == [7.5] * 3
    assert (await talk.say("BOGUS")).startswith("421 ")


@pytest.mark.parametrize("limits", [{"data_block_seconds": 0.1}, {"data_seconds": 0.1}])
async def test_messages_that_drip(stage: "Stage", talk: "Talk", limits: dict[str, float]) -> None:
    """Silence within a message has a limit, and so has the whole message."""
    await talk.begin()
    stage.reception.replace(stage.settings.model_copy(update={"limits": Limits.model_validate(limits)}))
    await talk.say("DATA")
    await talk.send(b"Subject: x\r\n")
    assert (await talk.reply()).startswith("421 4.4.2")
    assert stage.intake.reserved_octets == 0


async def test_talking_without_mail_ends(start: "StartStage") -> None:
    """However many commands come in time, without a message a connection has an end."""
    stage = await start(limits=Limits(idle_seconds=0.3))
    talk = await stage.connect()
    await talk.reply()
    async with asyncio.timeout(10):
        while (reply := await talk.say("NOOP")).startswith("250 "):  # noqa: ASYNC110 - commands come one by one
            await asyncio.sleep(0.02)
    assert reply.startswith("421 4.4.2")


async def test_proof_travels_with_the_message(start: "StartStage") -> None:
    """A signature is verified before the message is handed over; a peer that is trusted needs none."""
    zone = Zone()
    signer = Signer("corp.example", zone)
    stage = await start(lookup=zone.lookup, peers=(rule(networks=["127.0.0.0/8"]),))
    talk = await stage.connect()
    await talk.reply()
    for content in (signer.sign(message()), message()):
        await talk.begin()
        assert (await talk.data(content)).startswith("250 ")
    proven, unproven = [delivery.proof for delivery in stage.intake.deliveries]
    assert (proven.is_proven, proven.method, proven.domain) == (True, Method.DKIM, "corp.example")
    assert not unproven.is_proven
