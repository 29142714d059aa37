"""TLS as a scanner sees it: versions, ciphers, and peers that break off."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme
from structlog.testing import capture_logs

from inbound.config import Limits, Listener
from inbound.errors import InboundError
from inbound.smtp.tls import tls_context

if TYPE_CHECKING:
    from smtp.conftest import Certificate, Stage, StartStage, Talk


def client_context(certificate: "Certificate", **attributes: object) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate.authority))
    for name, value in attributes.items():
        setattr(context, name, value)
    return context


def write(listener: Listener, certificate: bytes, key: bytes) -> None:
    """Put a certificate where the listener looks for it."""
    Path(listener.certificate).write_bytes(certificate)
    Path(listener.key).write_bytes(key)


async def greeted(stage: "Stage") -> "Talk":
    talk = await stage.connect()
    assert (await talk.reply()).startswith("220 ")
    return talk


def test_ciphers_have_forward_secrecy_and_authenticate(tls_listener: Callable[[str], Listener]) -> None:
    """Nothing is offered that RFC 9325 advises against: every cipher is AEAD with an ephemeral key, from TLS 1.2."""
    context = tls_context(tls_listener("starttls"))
    assert context is not None
    ciphers = context.get_ciphers()
    assert {cipher["protocol"] for cipher in ciphers} == {"TLSv1.2", "TLSv1.3"}
    assert all(cipher["aead"] for cipher in ciphers)
    assert {cipher["kea"] for cipher in ciphers} == {"kx-ecdhe", "kx-any"}
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.security_level >= 2
    wanted = ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    assert context.options & wanted == wanted


@pytest.mark.parametrize("cipher", ["ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA384", "AES256-GCM-SHA384"])
async def test_old_ciphers_are_refused(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener], cipher: str
) -> None:
    """A peer that knows only CBC, or keys without forward secrecy, gets no connection; the log says why."""
    stage = await start(listeners=(tls_listener("starttls"),))
    talk = await greeted(stage)
    context = client_context(certificate, maximum_version=ssl.TLSVersion.TLSv1_2)
    context.set_ciphers(cipher)
    with capture_logs() as events:
        assert (await talk.say("STARTTLS")).startswith("220 ")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await talk.writer.start_tls(context, server_hostname="localhost")
        await (await greeted(stage)).say("NOOP")
    assert [event["event"] for event in events] == ["tls_failed"]
    assert "no shared cipher" in events[0]["error"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_carry_mail(
    start: "StartStage",
    certificate: "Certificate",
    tls_listener: Callable[[str], Listener],
    version: ssl.TLSVersion,
) -> None:
    """TLS 1.2 and TLS 1.3 deliver, and the message tells which it was."""
    stage = await start(listeners=(tls_listener("required"),))
    talk = await greeted(stage)
    assert (await talk.say("STARTTLS")).startswith("220 ")
    context = client_context(certificate, minimum_version=version, maximum_version=version)
    await talk.writer.start_tls(context, server_hostname="localhost")
    await talk.begin()
    assert (await talk.data()).startswith("250 ")
    assert stage.intake.deliveries[0].peer.tls == version.name.replace("_", ".")


async def test_a_certificate_changes_under_load(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener], tmp_path: Path
) -> None:
    """A renewed certificate is shown to the next peer; nobody who is connected notices, and no message is refused."""
    listener = tls_listener("required").model_copy(
        update={"certificate": str(tmp_path / "certificate.pem"), "key": str(tmp_path / "key.pem")}
    )
    write(listener, certificate.certificate.read_bytes(), certificate.key.read_bytes())
    stage = await start(listeners=(listener,), limits=Limits(greeting_seconds=0))
    old = await greeted(stage)
    await old.start_tls(certificate)
    renewed = trustme.CA()
    context = client_context(certificate)
    context.load_verify_locations(cadata=renewed.cert_pem.bytes().decode())
    seen: list[bytes] = []

    async def deliver_again_and_again() -> None:
        while len(set(seen)) < 2:
            talk = await greeted(stage)
            assert (await talk.say("STARTTLS")).startswith("220 ")
            await talk.writer.start_tls(context, server_hostname="localhost")
            seen.append(talk.writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
            await talk.begin()
            assert (await talk.data()).startswith("250 ")
            assert (await talk.say("QUIT")).startswith("221 ")

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(deliver_again_and_again())
        while len(seen) < 8:  # noqa: ASYNC110 - the reception sets no event for a test
            await asyncio.sleep(0.001)
        issued = renewed.issue_cert("localhost")
        write(listener, issued.cert_chain_pems[0].bytes(), issued.private_key_pem.bytes())
        stage.reception.replace(stage.settings)
    assert len(stage.intake.deliveries) == len(seen)
    await old.begin()
    assert (await old.data()).startswith("250 ")


async def test_a_certificate_that_goes_away_changes_nothing(
    start: "StartStage",
    certificate: "Certificate",
    tls_listener: Callable[[str], Listener],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """New settings whose files are replaced while they are read are in force as a whole or not at all."""
    files = {"certificate": str(tmp_path / "certificate.pem"), "key": str(tmp_path / "key.pem")}
    listener = tls_listener("starttls").model_copy(update=files)
    write(listener, certificate.certificate.read_bytes(), certificate.key.read_bytes())
    stage = await start(listeners=(listener,))
    before = stage.reception._handler.policy, [door.service.tls for door in stage.reception._doors]

    def vanish(one: Listener) -> ssl.SSLContext | None:
        context = tls_context(one)
        Path(one.certificate).unlink()
        return context

    monkeypatch.setattr("inbound.smtp.server.tls_context", vanish)
    with pytest.raises(InboundError):
        stage.reception.replace(stage.settings)
    assert (stage.reception._handler.policy, [door.service.tls for door in stage.reception._doors]) == before


async def test_a_peer_that_leaves_right_behind_the_handshake(
    start: "StartStage",
    certificate: "Certificate",
    tls_listener: Callable[[str], Listener],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The end of TLS is an ordinary end, also for asyncio: scanners fill no log with its warnings."""
    stage = await start(listeners=(tls_listener("starttls"),))
    with caplog.at_level(logging.DEBUG), capture_logs() as events:
        for pause_turns in range(6):
            talk = await greeted(stage)
            await talk.start_tls(certificate)
            for _ in range(pause_turns):
                await asyncio.sleep(0)
            talk.writer.close()
        async with asyncio.timeout(10):
            while stage.reception._connections.open:  # noqa: ASYNC110 - the reception sets no event for a test
                await asyncio.sleep(0.001)
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert events == []


async def test_a_handshake_that_is_broken_off_is_told(
    start: "StartStage", tls_listener: Callable[[str], Listener]
) -> None:
    """A peer that goes away instead of shaking hands is logged with what happened, never with an empty text."""
    stage = await start(listeners=(tls_listener("starttls"),))
    talk = await greeted(stage)
    with capture_logs() as events:
        assert (await talk.say("STARTTLS")).startswith("220 ")
        talk.writer.close()
        async with asyncio.timeout(10):
            while not events:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    assert (events[0]["event"], bool(events[0]["error"])) == ("tls_failed", True)


async def test_nothing_is_said_to_a_peer_that_is_gone(
    start: "StartStage",
    certificate: "Certificate",
    tls_listener: Callable[[str], Listener],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Answers that come when TLS has ended are not written: asyncio would warn about each of them."""
    limits = Limits(soft_errors=1, error_delay_seconds=0.01)
    stage = await start(listeners=(tls_listener("starttls"),), limits=limits)
    talk = await greeted(stage)
    await talk.start_tls(certificate)
    await talk.send(b"NONSENSE\r\n" * 19)
    await talk.reply()
    talk.writer.close()
    async with asyncio.timeout(10):
        while stage.reception._connections.open:  # noqa: ASYNC110 - the reception sets no event for a test
            await asyncio.sleep(0.001)
    assert [record.message for record in caplog.records if record.name == "asyncio"] == []


async def test_a_stop_behind_a_timeout(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener]
) -> None:
    """A connection that was closed for its silence, and whose peer does not notice, is not closed a second time."""
    stage = await start(listeners=(tls_listener("starttls"),), limits=Limits(command_seconds=0.3))
    talk = await greeted(stage)
    await talk.start_tls(certificate)
    # Under TLS both sides have to say that it ends; this one reads no more.
    talk.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of both directions
    (connection,) = stage.reception._connections.open
    with capture_logs() as events:
        async with asyncio.timeout(10):
            while not events:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
    assert connection in stage.reception._connections.open
    await stage.reception.stop(0.1)
    assert connection.task().done()
    assert connection.task().cancelled() or connection.task().exception() is None
    talk.writer.transport.abort()
    await asyncio.sleep(0)


async def test_a_goodbye_that_is_not_returned(
    start: "StartStage",
    certificate: "Certificate",
    tls_listener: Callable[[str], Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A peer that does not say under TLS that it ends is cut off: it is counted no more, and must not stay."""
    monkeypatch.setattr("inbound.smtp.protocol._LINGER_SECONDS", 0.05)
    stage = await start(listeners=(tls_listener("starttls"),))
    talk = await greeted(stage)
    await talk.start_tls(certificate)
    (connection,) = stage.reception._connections.open
    assert (await talk.say("NOOP")).startswith("250 ")
    talk.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport of both directions
    await talk.send(b"QUIT\r\n")
    async with asyncio.timeout(10):
        while connection._transport is not None:  # type: ignore[attr-defined]  # noqa: ASYNC110 - of asyncio, and as above
            await asyncio.sleep(0.001)
    assert stage.reception._connections.count.total == 0
    talk.writer.transport.abort()
    await asyncio.sleep(0)
