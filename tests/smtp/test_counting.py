"""What reception counts: every refusal and every 4yz under its reason."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from inbound import metrics
from inbound.metrics.cells import Memory
from inbound.metrics.exposition import text
from inbound.model.outcome import Deferral, Deferred

if TYPE_CHECKING:
    from smtp.conftest import Stage, Talk

Shown = Callable[[], set[str]]


@pytest.fixture
def shown() -> Iterator[Shown]:
    """Samples that are not zero, without those of histograms."""
    memory = Memory(1)
    metrics.begin(memory, 0)
    yield lambda: {
        line.removeprefix("inbound_")
        for line in text(memory).decode().splitlines()
        if line.startswith("inbound_") and not line.endswith(" 0.0")
    }
    metrics.begin(Memory(1), 0)


async def test_a_message_too_big_is_refused_for_good(shown: Shown, talk: "Talk") -> None:
    """5yz after DATA is an outcome, once for each mailbox, and counts as received."""
    await talk.begin("support@desk.example", "vip@desk.example")
    assert (await talk.data(b"x" * 100_001 + b"\r\n")).startswith("552 ")
    assert {
        'messages_total{mailbox="support",outcome="refused",reason="too_big"} 1.0',
        'messages_total{mailbox="vip",outcome="refused",reason="too_big"} 1.0',
        'messages_received_total{mailbox="support"} 1.0',
        'messages_received_total{mailbox="vip"} 1.0',
    } <= shown()


async def test_what_is_deferred_has_no_outcome(shown: Shown, stage: "Stage", talk: "Talk") -> None:
    """4yz after DATA counts under its reason, and not as received."""
    stage.intake.room_octets = 50_000
    await talk.begin()
    assert (await talk.data(b"x" * 60_000 + b"\r\n")).startswith("452 ")
    stage.intake.answer = Deferred(Deferral.DEADLINE)
    await talk.begin()
    assert (await talk.data()).startswith("451 ")
    stage.intake.answer = RuntimeError("a defect")
    await talk.begin()
    assert (await talk.data()).startswith("451 ")
    found = shown()
    assert {
        f'messages_deferred_total{{reason="{reason}"}} 1.0' for reason in ("no_room", "deadline", "defect")
    } <= found
    assert 'defects_total{event="reception_failed"} 1.0' in found
    assert 'proofs_total{method="trusted_peer"} 2.0' in found
    assert not any(line.startswith(("messages_total", "messages_received_total")) for line in found)


async def test_refusals_and_errors(shown: Shown, talk: "Talk") -> None:
    """A refused recipient counts by reason and reply, every error by its reply."""
    await talk.begin()
    assert (await talk.say("RCPT TO:<nobody@desk.example>")).startswith("550 5.1.1")
    assert (await talk.say("RCPT TO:<a@elsewhere.example>")).startswith("550 5.7.1")
    assert (await talk.say("EXPLODE")).startswith("500 ")
    assert {
        'recipients_refused_total{reason="unknown_mailbox",reply="550 5.1.1"} 1.0',
        'recipients_refused_total{reason="domain_not_served",reply="550 5.7.1"} 1.0',
        'command_errors_total{reply="550 5.1.1"} 1.0',
        'command_errors_total{reply="550 5.7.1"} 1.0',
        'command_errors_total{reply="500 5.5.1"} 1.0',
        "connections_total 1.0",
    } <= shown()
