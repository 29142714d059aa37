"""Conversations over real sockets that need more than fixed lines: limits, deadlines, TLS, disconnects, our defects."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from inbound.config import Limits, Listener, PeerRule, Server
from inbound.model.mail import Peer, Recipient
from inbound.model.outcome import Deferral, Deferred
from inbound.smtp.stream import STREAM_LIMIT_BYTES

if TYPE_CHECKING:
    from smtp.conftest import Certificate, Stage, StartStage, Talk

MAIL = b"From: a@client.example\r\nSubject: hello\r\n\r\nbody\r\n"


async def until(condition: Callable[[], object]) -> None:
    """Wait, not for ever, for something that happens on the other side."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the other side sets no event for a test
            await asyncio.sleep(0.001)


def limit(stage: "Stage", **limits: float) -> None:
    """Change limits from the next command on."""
    stage.reception.replace(stage.settings.model_copy(update={"limits": Limits.model_validate(limits)}))


async def test_a_message_arrives_as_it_was_sent(stage: "Stage", talk: "Talk") -> None:
    """Content, envelope and peer are handed over as they are, aware of the time in UTC."""
    await talk.begin("Support+a@desk.example", "vip@desk.example", mail_from="SRS0=x=y=orig.example=user@fwd.example")
    assert await talk.data(MAIL + b"caf\xe9 \x00\r\n") == "250 2.0.0 Message stored"
    (delivery,) = stage.intake.deliveries
    assert delivery.content == MAIL + b"caf\xe9 \x00\r\n"
    assert delivery.mail_from == "SRS0=x=y=orig.example=user@fwd.example"
    assert delivery.recipients == (
        Recipient(address="Support+a@desk.example", mailbox="support", sub_address="a"),
        Recipient(address="vip@desk.example", mailbox="vip", sub_address=""),
    )
    assert delivery.peer == Peer(address="127.0.0.1", helo="client.example", tls=None, name="loopback", is_trusted=True)
    assert delivery.received_at.utcoffset() is not None


async def test_two_addresses_of_a_mailbox_are_one_recipient(stage: "Stage", talk: "Talk") -> None:
    """The first address of a mailbox stands for all that lead there."""
    await talk.begin("help@desk.example", "support@desk.example", "SUPPORT+x@desk.example")
    assert (await talk.data()).startswith("250 ")
    (delivery,) = stage.intake.deliveries
    assert [recipient.address for recipient in delivery.recipients] == ["help@desk.example"]


async def test_messages_follow_each_other(stage: "Stage", talk: "Talk") -> None:
    """A connection carries several messages, each with its own envelope."""
    for mailbox in ("support", "vip", "support"):
        await talk.begin(f"{mailbox}@desk.example")
        assert (await talk.data()).startswith("250 ")
    assert [d.recipients[0].mailbox for d in stage.intake.deliveries] == ["support", "vip", "support"]


@pytest.mark.parametrize(("setting", "reply"), [("defer", "450 4.7.1"), ("reject", "550 5.7.1")])
async def test_unknown_peers_are_refused_at_rcpt(start: "StartStage", setting: str, reply: str) -> None:
    """A peer outside every network hears so for each recipient, before it learns which exist, and it is logged."""
    other = PeerRule.model_validate({"name": "other", "networks": ["192.0.2.0/24"]})
    server = Server.model_validate({"hostname": "mx.desk.example", "peer_refusal": setting})
    stage = await start(peers=(other,), server=server)
    talk = await stage.connect()
    await talk.reply()
    await talk.say("EHLO client.example")
    assert (await talk.say("MAIL FROM:<a@client.example>")).startswith("250 ")
    with capture_logs() as events:
        for recipient in ("support", "nobody"):
            assert (await talk.say(f"RCPT TO:<{recipient}@desk.example>")).startswith(reply)
    assert [(e["event"], e["peer"], e["mail_from"], e["rcpt_to"], e["reason"]) for e in events] == [
        ("recipient_refused", "127.0.0.1", "a@client.example", f"{name}@desk.example", "peer_not_allowed")
        for name in ("support", "nobody")
    ]
    assert (await talk.say("DATA")).startswith("503 ")


# Answers of the intake, and our own defects.


@pytest.mark.parametrize(
    ("why", "reply"),
    [
        (Deferral.DATABASE_UNAVAILABLE, "451 4.3.0"),
        (Deferral.DEADLINE, "451 4.3.0"),
        (Deferral.PIPELINE_BROKEN, "451 4.3.0"),
        (Deferral.OVERLOADED, "452 4.3.1"),
    ],
)
async def test_deferred_messages_stay_with_the_peer(stage: "Stage", talk: "Talk", why: Deferral, reply: str) -> None:
    """What was not committed is answered with 4yz, logged with its reason, and the connection goes on."""
    stage.intake.answer = Deferred(why)
    await talk.begin()
    with capture_logs() as events:
        assert (await talk.data()).startswith(reply)
    assert [(e["event"], e["reason"]) for e in events] == [("message_deferred", why.value)]
    assert (await talk.say("NOOP")).startswith("250 ")


async def test_a_stopping_intake_closes_the_connection(stage: "Stage", talk: "Talk") -> None:
    """421 is the last reply of a connection (RFC 5321 3.8)."""
    stage.intake.answer = Deferred(Deferral.STOPPING)
    await talk.begin()
    assert (await talk.data()).startswith("421 4.3.2")
    assert await talk.reply() == ""


async def test_a_defect_of_ours_is_our_secret(stage: "Stage", talk: "Talk") -> None:
    """Whatever goes wrong behind DATA, the peer hears 451 4.3.0 and nothing else; the traceback is in the log."""
    stage.intake.answer = RuntimeError("password=hunter2")
    await talk.begin()
    with capture_logs() as events:
        assert await talk.data() == "451 4.3.0 Temporary failure, try again later"
    assert [(e["event"], str(e["exc_info"])) for e in events] == [("reception_failed", "password=hunter2")]
    assert stage.intake.reserved_octets == 0
    stage.intake.answer = Deferred(Deferral.OVERLOADED)
    await talk.begin()
    assert (await talk.data()).startswith("452 4.3.1")


async def test_a_defect_within_a_command_is_our_secret(
    stage: "Stage", talk: "Talk", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that fails in us is answered with 451 and the connection goes on."""

    def broken(_address: str) -> None:
        raise LookupError("/etc/secret")

    await talk.say("EHLO client.example")
    await talk.say("MAIL FROM:<a@client.example>")
    with monkeypatch.context() as patch, capture_logs() as events:
        patch.setattr(stage.reception._handler.policy.routes, "route", broken)
        assert await talk.say("RCPT TO:<support@desk.example>") == "451 4.3.0 Temporary failure, try again later"
    assert [(e["event"], str(e["exc_info"])) for e in events] == [("reception_failed", "/etc/secret")]
    assert (await talk.say("RCPT TO:<support@desk.example>")).startswith("250 ")


async def test_a_defect_within_a_message_ends_the_connection(stage: "Stage", talk: "Talk") -> None:
    """Where it is unknown what of a message was read, nothing that follows is taken for a command."""
    await talk.begin()
    stage.intake.room_octets = None  # type: ignore[assignment]  # makes reserve() raise: a defect of ours
    assert await talk.say("DATA") == "354 End data with <CR><LF>.<CR><LF>"
    with capture_logs() as events:
        await talk.send(MAIL + b".\r\n")
        assert (await talk.reply()).startswith("421 4.3.0")
        assert await talk.reply() == ""
    assert events[0]["event"] == "reception_failed"


# Limits.


async def test_messages_over_the_limit(stage: "Stage", talk: "Talk") -> None:
    """A message over the limit is refused for good, when announced (RFC 1870 6.1) and when it comes unannounced."""
    await talk.say("EHLO client.example")
    assert (await talk.say("MAIL FROM:<a@client.example> SIZE=100001")).startswith("552 5.3.4")
    assert (await talk.say("MAIL FROM:<a@client.example> SIZE=100000")).startswith("250 ")
    await talk.say("RSET")
    await talk.begin()
    assert (await talk.data(b"x" * 100_001 + b"\r\n.\nQUIT\r\n")).startswith("552 5.3.4")
    await talk.begin()
    assert (await talk.data(b"x" * 99_998 + b"\r\n")).startswith("250 ")
    assert [len(delivery.content) for delivery in stage.intake.deliveries] == [100_000]


async def test_no_room_for_the_octets_in_progress(stage: "Stage", talk: "Talk") -> None:
    """Where all messages in progress together are too big, the peer is told to come again."""
    stage.intake.room_octets = 50_000
    await talk.begin()
    assert (await talk.data(b"x" * 60_000 + b"\r\n")).startswith("452 4.3.1")
    await talk.begin()
    assert (await talk.data()).startswith("250 ")
    assert stage.intake.reserved_octets == 0


async def test_octets_are_reserved_until_the_answer(stage: "Stage", talk: "Talk") -> None:
    """A message counts among those in progress until it is answered, and then no more."""
    stage.intake.may_answer.clear()
    await talk.begin()
    await talk.say("DATA")
    await talk.send(MAIL + b".\r\n")
    await until(lambda: stage.intake.deliveries)
    assert stage.intake.reserved_octets == len(MAIL)
    stage.intake.may_answer.set()
    assert (await talk.reply()).startswith("250 ")
    assert stage.intake.reserved_octets == 0


async def test_recipients_are_limited(start: "StartStage") -> None:
    """The recipient over the limit hears 452 4.5.3 (RFC 5321 4.5.3.1.10); the message goes to the others."""
    stage = await start(limits=Limits(recipients=100, errors=3))
    talk = await stage.connect()
    await talk.reply()
    await talk.begin(*["support@desk.example"] * 100)
    for _ in range(5):
        assert (await talk.say("RCPT TO:<vip@desk.example>")).startswith("452 4.5.3")
    assert (await talk.data()).startswith("250 ")


async def test_errors_are_limited(start: "StartStage") -> None:
    """The last error that a connection may make is answered with 421 and the end."""
    stage = await start(limits=Limits(errors=3))
    talk = await stage.connect()
    await talk.reply()
    assert [(await talk.say("BOGUS"))[:9] for _ in range(3)] == ["500 5.5.1", "500 5.5.1", "421 4.7.0"]
    assert await talk.reply() == ""


async def test_commands_without_a_message_are_limited(start: "StartStage") -> None:
    """Commands are counted between messages: who delivers may go on, who only talks may not."""
    stage = await start(limits=Limits(commands=5))
    talk = await stage.connect()
    await talk.reply()
    for _ in range(3):
        await talk.begin()
        assert (await talk.data()).startswith("250 ")
    assert [(await talk.say("NOOP"))[:9] for _ in range(6)] == ["250 2.0.0"] * 5 + ["421 4.7.0"]
    assert await talk.reply() == ""


async def test_messages_of_a_connection_are_limited(start: "StartStage") -> None:
    """After the last message of a connection MAIL is answered with 421."""
    stage = await start(limits=Limits(messages_per_connection=2))
    talk = await stage.connect()
    await talk.reply()
    for _ in range(2):
        await talk.begin()
        assert (await talk.data()).startswith("250 ")
    assert (await talk.say("MAIL FROM:<a@client.example>")).startswith("421 4.7.0")
    assert await talk.reply() == ""


async def test_connections_are_limited(start: "StartStage") -> None:
    """A connection too many hears 421 instead of the greeting, and gets in when another has left."""
    stage = await start(limits=Limits(connections=5, connections_per_network=2))
    first, second, third = [await stage.connect() for _ in range(3)]
    assert (await first.reply(), await second.reply()) == ("220 mx.desk.example ESMTP",) * 2
    assert (await third.reply(), await third.reply()) == ("421 4.7.0 Too many connections", "")
    assert (await first.say("QUIT")).startswith("221 ")
    assert await first.reply() == ""
    fourth = await stage.connect()
    assert (await fourth.reply()).startswith("220 ")


async def test_an_endless_command_line(talk: "Talk") -> None:
    """A line without end is refused as soon as it outgrows the buffer, and the connection closed."""
    await talk.send(b"NOOP " + b"x" * STREAM_LIMIT_BYTES)
    assert (await talk.reply()).startswith("500 5.5.2")
    # Octets that were not read may turn the close into a reset.
    with suppress(ConnectionResetError):
        assert await talk.reply() == ""


async def test_a_long_command_line(talk: "Talk") -> None:
    """A line over the limit that does end is refused, and the next one obeyed."""
    assert (await talk.say("NOOP " + "x" * 3_000)).startswith("500 5.5.2")
    assert (await talk.say("NOOP")).startswith("250 ")


@pytest.mark.parametrize("sent", [b"", b"N", b"NOOP\r"])
async def test_slow_commands_time_out(stage: "Stage", talk: "Talk", sent: bytes) -> None:
    """A whole command line has one deadline, however it drips; then 421 4.4.2 and the end."""
    limit(stage, command_seconds=0.2)
    assert (await talk.say("NOOP")).startswith("250 ")
    await talk.send(sent)
    assert await talk.reply() == "421 4.4.2 Timeout, closing connection"
    assert await talk.reply() == ""


async def test_slow_commands_time_out_without_a_log(
    stage: "Stage", talk: "Talk", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk behind the log keeps no connection open that nobody would close later."""

    def fail(**_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("inbound.logs.connection_ended", fail)
    limit(stage, command_seconds=0.2)
    assert (await talk.say("NOOP")).startswith("250 ")
    assert await talk.reply() == "421 4.4.2 Timeout, closing connection"
    async with asyncio.timeout(10):
        assert await talk.reply() == ""


async def test_slow_messages_time_out(stage: "Stage", talk: "Talk") -> None:
    """A whole message has one deadline; what came of it is forgotten."""
    await talk.begin()
    limit(stage, data_seconds=0.2)
    await talk.say("DATA")
    await talk.send(MAIL)
    assert (await talk.reply()).startswith("421 4.4.2")
    assert await talk.reply() == ""
    assert stage.intake.deliveries == []
    assert stage.intake.reserved_octets == 0


async def test_a_peer_that_does_not_read_is_cut_off(
    stage: "Stage", talk: "Talk", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replies that nobody takes do not keep a connection for ever."""
    monkeypatch.setattr("inbound.smtp.protocol._LINGER_SECONDS", 0.05)
    limit(stage, command_seconds=0.2, commands=1_000_000)
    talk.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while stage.reception._connections.open:
                await talk.send(b"HELP\r\n" * 1_000)
    assert stage.reception._connections.count.total == 0


async def test_a_slow_commit_is_not_the_peers_fault(stage: "Stage", talk: "Talk") -> None:
    """While a message is being committed no deadline of the peer runs; afterwards one does."""
    (connection,) = stage.reception._connections.open
    stage.intake.may_answer.clear()
    await talk.begin()
    assert connection._deadline._at < inf
    await talk.say("DATA")
    await talk.send(MAIL + b".\r\n")
    await until(lambda: stage.intake.deliveries)
    assert connection._deadline._at == inf
    stage.intake.may_answer.set()
    assert (await talk.reply()).startswith("250 ")
    assert connection._deadline._at < inf


# Disconnects.


async def test_a_peer_that_closes_its_side_hears_the_answer(stage: "Stage", talk: "Talk") -> None:
    """Everything that was sent before the end of the stream is obeyed and answered."""
    await talk.begin()
    await talk.send(b"DATA\r\n" + MAIL + b".\r\nQUIT\r\n")
    talk.writer.write_eof()
    assert [(await talk.reply())[:3] for _ in range(4)] == ["354", "250", "221", ""]
    assert len(stage.intake.deliveries) == 1


async def test_a_vanished_peer_does_not_stop_a_commit(stage: "Stage", talk: "Talk") -> None:
    """A connection cut while its message is being committed leaves the commit alone; its octets stay reserved."""
    stage.intake.may_answer.clear()
    await talk.begin()
    await talk.say("DATA")
    await talk.send(MAIL + b".\r\n")
    await until(lambda: stage.intake.deliveries)
    talk.writer.transport.abort()
    other = await stage.connect()
    await other.reply()
    assert (await other.say("NOOP")).startswith("250 ")
    assert stage.intake.reserved_octets == len(MAIL)
    stage.intake.may_answer.set()
    await until(lambda: not stage.intake.reserved_octets)


async def test_a_message_cut_in_the_middle_is_forgotten(stage: "Stage", talk: "Talk") -> None:
    """A connection that ends within a message stores nothing, reserves nothing, and is logged with its envelope."""
    await talk.begin()
    await talk.say("DATA")
    with capture_logs() as events:
        await talk.send(MAIL + b"half")
        talk.writer.close()
        await talk.writer.wait_closed()
        await until(lambda: events)
    assert (events[0]["event"], events[0]["mail_from"]) == ("message_interrupted", "a@client.example")
    assert stage.intake.deliveries == []
    assert stage.intake.reserved_octets == 0


# TLS.


async def test_starttls_begins_anew(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener]
) -> None:
    """After the handshake the peer introduces itself again, STARTTLS is gone, and the message tells of TLS."""
    stage = await start(listeners=(tls_listener("starttls"),))
    talk = await stage.connect()
    await talk.reply()
    assert "STARTTLS" in (await talk.say("EHLO client.example"))
    assert (await talk.say("MAIL FROM:<a@client.example>")).startswith("250 ")
    version = await talk.start_tls(certificate)
    assert version in {"TLSv1.2", "TLSv1.3"}
    assert (await talk.say("RCPT TO:<support@desk.example>")).startswith("503 ")
    assert (await talk.say("MAIL FROM:<a@client.example>")).startswith("503 ")
    assert "STARTTLS" not in (await talk.say("EHLO client.example")).split("\n")[1:]
    assert (await talk.say("STARTTLS")).startswith("503 5.5.1")
    await talk.begin()
    assert (await talk.data(b"x" * 80_000 + b"\r\n")).startswith("250 ")
    assert stage.intake.deliveries[0].peer.tls == version
    assert (await talk.say("QUIT")).startswith("221 ")
    assert await talk.reply() == ""


async def test_commands_before_the_handshake_are_forgotten(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener]
) -> None:
    """What somebody slipped in behind STARTTLS in clear text is never obeyed within TLS (RFC 3207 6)."""
    stage = await start(listeners=(tls_listener("starttls"),))
    talk = await stage.connect()
    await talk.reply()
    await talk.say("EHLO client.example")
    await talk.start_tls_with(certificate, b"STARTTLS\r\nEHLO evil.example\r\nNOOP\r\n")
    assert (await talk.say("MAIL FROM:<a@client.example>")).startswith("503 ")
    assert (await talk.say("QUIT")).startswith("221 ")
    assert await talk.reply() == ""


async def test_a_listener_that_requires_tls(
    start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener]
) -> None:
    """In clear text everything but the way to TLS is answered with 530 5.7.0 (RFC 3207 4)."""
    stage = await start(listeners=(tls_listener("required"),))
    talk = await stage.connect()
    await talk.reply()
    assert "STARTTLS" in (await talk.say("EHLO client.example"))
    for line in ("MAIL FROM:<a@client.example>", "RCPT TO:<support@desk.example>", "DATA", "VRFY a", "RSET"):
        assert (await talk.say(line)).startswith("530 5.7.0")
    assert (await talk.say("NOOP")).startswith("250 ")
    await talk.start_tls(certificate)
    await talk.begin()
    assert (await talk.data()).startswith("250 ")


async def test_a_failed_handshake_hurts_nobody_else(
    start: "StartStage", tls_listener: Callable[[str], Listener]
) -> None:
    """Garbage instead of a handshake closes that connection, is logged, and others go on."""
    stage = await start(listeners=(tls_listener("starttls"),))
    bad, good = await stage.connect(), await stage.connect()
    await good.reply()
    await bad.reply()
    with capture_logs() as events:
        assert (await bad.say("STARTTLS")).startswith("220 ")
        await bad.send(b"this is no handshake at all\r\n" * 5)
        assert await bad.reader.read() is not None
        assert (await good.say("NOOP")).startswith("250 ")
        await until(lambda: events)
    assert events[0]["event"] == "tls_failed"


async def test_without_certificate_there_is_no_starttls(talk: "Talk") -> None:
    """A listener with ``tls = "none"`` neither lists nor obeys STARTTLS."""
    assert "STARTTLS" not in await talk.say("EHLO client.example")
    assert (await talk.say("STARTTLS")).startswith("502 ")


async def test_no_room_is_said_before_the_message(stage: "Stage", talk: "Talk") -> None:
    """A peer that announces more than there is room for need not send it first (RFC 1870 6.1)."""
    stage.intake.room_octets = 50_000
    await talk.say("EHLO client.example")
    with capture_logs() as events:
        assert (await talk.say("MAIL FROM:<a@client.example> SIZE=50001")).startswith("452 4.3.1")
        assert (await talk.say("MAIL FROM:<a@client.example> SIZE=100001")).startswith("552 5.3.4")
        assert (await talk.say("MAIL FROM:<a@client.example> SIZE=50000")).startswith("250 ")
    assert [(e["event"], e["mail_from"], e["reason"]) for e in events] == [
        ("message_refused", "a@client.example", "no_room"),
        ("message_refused", "a@client.example", "too_big"),
    ]
    assert stage.intake.reserved_octets == 0


async def test_refused_envelopes_are_in_the_log(talk: "Talk") -> None:
    """Whoever looks for a mail that never came finds why, also where no address could be read."""
    await talk.say("EHLO client.example")
    with capture_logs() as events:
        assert (await talk.say("MAIL FROM:<a@client.example> RET=FULL")).startswith("555 ")
        await talk.say("MAIL FROM:<a@client.example>")
        assert (await talk.say("RCPT TO:<support@desk.example")).startswith("501 ")
        assert (await talk.say("RCPT TO:<nobody@desk.example>")).startswith("550 ")
        await talk.say("DATA")
        await talk.say("BOGUS")
    assert [(e["event"], e["mail_from"], e.get("command"), e["reply"]) for e in events] == [
        ("command_refused", "", "MAIL FROM:<a@client.example> RET=FULL", "555 5.5.4 Parameter not recognized"),
        (
            *("command_refused", "a@client.example", "RCPT TO:<support@desk.example"),
            "501 5.1.3 Syntax error in recipient address",
        ),
        ("recipient_refused", "a@client.example", None, "550 5.1.1 No such mailbox"),
    ]
