"""The life of the reception: start, reload, stop."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from inbound.config import Limits, Listener, PeerRule, Server
from inbound.errors import InboundError
from inbound.model.mailbox import Mailbox
from inbound.smtp.server import Reception

if TYPE_CHECKING:
    from smtp.conftest import Certificate, Stage, StartStage, Talk

MAIL = b"Subject: hello\r\n\r\nbody\r\n"


async def deliver_slowly(stage: "Stage", talk: "Talk") -> None:
    """Go as far as a message that waits for its commit."""
    stage.intake.may_answer.clear()
    await talk.begin()
    await talk.say("DATA")
    await talk.send(MAIL + b".\r\n")
    async with asyncio.timeout(10):
        while not stage.intake.deliveries:  # noqa: ASYNC110 - the intake sets no event for a test
            await asyncio.sleep(0.001)


async def test_several_listeners(start: "StartStage") -> None:
    """Every listener is bound, named in the log with the port it got, and leads to the same intake."""
    with capture_logs() as events:
        stage = await start(listeners=(Listener(port=0), Listener(port=0)))
    first, second = stage.addresses
    assert first != second
    assert [(e["event"], e["address"], e["port"]) for e in events] == [("listening", *first), ("listening", *second)]
    for address, port in (first, second):
        reader, writer = await asyncio.open_connection(address, port)
        assert (await reader.readline()).startswith(b"220 ")
        writer.close()


async def test_a_taken_port_is_an_error_that_names_it(start: "StartStage") -> None:
    """A port that cannot be bound is told with its number, and the other listeners are closed again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InboundError, match=f"cannot listen on 127.0.0.1:{port}"):
            await start(listeners=(Listener(port=0), Listener(port=port)))


async def test_a_missing_certificate_is_an_error_that_names_it(stage: "Stage", tmp_path: Path) -> None:
    """A listener whose certificate cannot be loaded stops the start with the file's name."""
    missing = Listener(port=0, tls="starttls", certificate=str(tmp_path / "missing.pem"))
    with pytest.raises(InboundError, match=r"missing\.pem"):
        Reception(stage.settings.model_copy(update={"listeners": (missing,)}), stage.intake)


async def test_stop_says_goodbye_to_idle_peers(stage: "Stage", talk: "Talk") -> None:
    """A peer that waits hears 421 4.3.2 and the end; nobody new gets in."""
    await talk.begin()
    (address,) = stage.addresses
    await stage.reception.stop(10)
    assert await talk.reply() == "421 4.3.2 Service stopping, try again later"
    assert await talk.reply() == ""
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*address)


async def test_stop_lets_a_delivery_finish(stage: "Stage", talk: "Talk") -> None:
    """A message that is being committed is answered before the goodbye."""
    await deliver_slowly(stage, talk)
    stopping = asyncio.create_task(stage.reception.stop(10))
    await asyncio.sleep(0)
    stage.intake.may_answer.set()
    assert (await talk.reply()).startswith("250 ")
    assert (await talk.reply()).startswith("421 4.3.2")
    await stopping
    assert await talk.reply() == ""


async def test_stop_lets_a_message_arrive(stage: "Stage", talk: "Talk") -> None:
    """A message whose DATA has begun may still be sent to its end."""
    await talk.begin()
    await talk.say("DATA")
    stopping = asyncio.create_task(stage.reception.stop(10))
    await asyncio.sleep(0)
    await talk.send(MAIL + b".\r\n")
    assert (await talk.reply()).startswith("250 ")
    assert (await talk.reply()).startswith("421 4.3.2")
    await stopping
    assert len(stage.intake.deliveries) == 1


async def test_stop_cuts_off_what_takes_too_long(stage: "Stage", talk: "Talk") -> None:
    """After its deadline a stop waits for nobody, and says how many it cut off."""
    await deliver_slowly(stage, talk)
    with capture_logs() as events:
        await stage.reception.stop(0.05)
    assert [(e["event"], e["cut_off"]) for e in events] == [("reception_stopped", 1)]
    assert stage.intake.reserved_octets == 0
    assert await talk.reply() == ""


async def test_reload_counts_from_the_next_command(stage: "Stage", talk: "Talk") -> None:
    """New mailboxes, peers and limits apply to open connections, which stay open."""
    await talk.begin()
    mailboxes = (*stage.settings.mailboxes, Mailbox(name="new", address="new@desk.example"))
    assert (await talk.say("RCPT TO:<new@desk.example>")).startswith("550 5.1.1")
    stage.reception.replace(stage.settings.model_copy(update={"mailboxes": mailboxes}))
    assert (await talk.say("RCPT TO:<new@desk.example>")).startswith("250 ")
    other = PeerRule.model_validate({"name": "other", "networks": ["192.0.2.0/24"]})
    stage.reception.replace(stage.settings.model_copy(update={"peers": (other,)}))
    assert (await talk.say("RCPT TO:<support@desk.example>")).startswith("450 4.7.1")
    server = Server(max_message_bytes=200_000)
    stage.reception.replace(stage.settings.model_copy(update={"server": server, "limits": Limits(errors=1)}))
    assert "250-SIZE 200000" in (await talk.say("EHLO client.example")).split("\n")
    assert (await talk.say("BOGUS")).startswith("421 4.7.0")


async def test_reload_takes_a_renewed_certificate(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener], tmp_path: Path
) -> None:
    """A reload reads the certificate again; one that cannot be read changes nothing."""
    path = tmp_path / "certificate.pem"
    path.write_bytes(certificate.certificate.read_bytes())
    listener = tls_listener("starttls").model_copy(update={"certificate": str(path)})
    stage = await start(listeners=(listener,))
    before = stage.reception._doors[0].service.tls
    stage.reception.replace(stage.settings)
    after = stage.reception._doors[0].service.tls
    assert after is not before
    path.write_text("no certificate")
    with pytest.raises(InboundError, match="cannot load certificate"):
        stage.reception.replace(stage.settings.model_copy(update={"mailboxes": ()}))
    assert stage.reception._doors[0].service.tls is after
    talk = await stage.connect()
    await talk.reply()
    await talk.begin()
    await talk.start_tls(certificate)
