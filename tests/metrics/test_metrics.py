"""Counting in shared memory, and one view of it."""

import inspect
import os
import threading
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from inbound import logs, metrics
from inbound.metrics import kinds
from inbound.metrics.cells import Memory
from inbound.metrics.exposition import states, text
from inbound.model.outcome import Deferral
from inbound.model.proof import Method
from inbound.security.dns import Kind

ROW_WORDS = 65_536


@pytest.fixture
def memory() -> Iterator[Memory]:
    """Three rows; this process counts in the first one."""
    rows = Memory(3)
    metrics.begin(rows, 0)
    yield rows
    metrics.begin(Memory(1), 0)


def samples(memory: Memory) -> dict[str, float]:
    """Every sample as it is written in the text, with its value."""
    return {
        f"{sample.name}{dict(sorted(sample.labels.items())) or ''}": sample.value
        for family in text_string_to_metric_families(text(memory).decode())
        for sample in family.samples
    }


def test_all_rows_are_one_view(memory: Memory) -> None:
    """Counters and histograms of all processes are added up, by their labels."""
    for row in (0, 1):
        metrics.begin(memory, row)
        metrics.messages.add("support", "ticket_created", "new_ticket")
        metrics.messages.add("vip", "duplicate", "redelivered", by=2)
        metrics.batch_messages.observe(1, 3, 1_000)
    shown = samples(memory)
    ticket = {"mailbox": "support", "outcome": "ticket_created", "reason": "new_ticket"}
    assert shown[f"inbound_messages_total{ticket}"] == 2
    assert sum(value for name, value in shown.items() if name.startswith("inbound_messages_total")) == 6
    assert shown["inbound_batch_messages_count"] == 6
    assert shown["inbound_batch_messages_sum"] == 2_008
    assert [
        shown[f"inbound_batch_messages_bucket{{'le': '{le}'}}"] for le in ("1.0", "2.0", "4.0", "512.0", "+Inf")
    ] == [
        2,
        2,
        4,
        4,
        6,
    ]


def test_a_bound_belongs_to_its_bucket(memory: Memory) -> None:
    """`le` means "less or equal"."""
    metrics.queue_seconds.observe(0.001, 0.0010001, 20, 21)
    shown = samples(memory)
    found = [
        shown[f"inbound_queue_seconds_bucket{{'le': '{le}'}}"] for le in ("0.001", "0.0025", "10.0", "20.0", "+Inf")
    ]
    assert found == [1, 2, 2, 3, 4]


def test_a_successor_goes_on_counting(memory: Memory) -> None:
    """Counters outlive their process; what it reported as its state does not."""
    metrics.connections.add(by=5)
    metrics.open_connections.set(3)
    metrics.listening.set(1)
    assert samples(memory)["inbound_open_connections{'worker': '0'}"] == 3
    assert states(memory, metrics.listening) == [1]
    memory.vacate(0)
    assert "inbound_open_connections{'worker': '0'}" not in samples(memory)
    assert states(memory, metrics.listening) == []
    assert samples(memory)["inbound_connections_total"] == 5
    metrics.begin(memory, 0)
    assert memory.pid(0) == os.getpid()
    assert "inbound_open_connections{'worker': '0'}" not in samples(memory)
    metrics.connections.add()
    metrics.open_connections.set(0)
    assert samples(memory)["inbound_connections_total"] == 6
    assert samples(memory)["inbound_open_connections{'worker': '0'}"] == 0


def test_a_cleared_gauge_is_not_shown(memory: Memory) -> None:
    """What is gone is absent, not zero."""
    metrics.certificate_expiry.set(1, "127.0.0.1:25")
    metrics.certificate_expiry.clear()
    assert not any(name.startswith("inbound_certificate") for name in samples(memory))
    metrics.certificate_expiry.set(2, "127.0.0.1:25")
    assert (
        samples(memory)["inbound_certificate_expiry_timestamp_seconds{'listener': '127.0.0.1:25', 'worker': '0'}"] == 2
    )


def test_a_full_row_harms_nobody(memory: Memory) -> None:
    """What finds no place is not shown; what has one, and the neighbour's row, stay as they are."""
    metrics.connections.add()
    for number in range(3_000):
        metrics.messages.add(f"mailbox-{number}", "ticket_created", "x" * 160)
    for number in range(30):
        metrics.messages.add("m", "o", f"{number}")
    metrics.commit_seconds.observe(1)
    metrics.connections.add()
    shown = samples(memory)
    assert shown["inbound_connections_total"] == 2
    assert shown["inbound_batch_commit_seconds_count"] == 0
    assert 1_000 < sum(name.startswith("inbound_messages_total") for name in shown) < 3_030
    assert list(memory.entries(1)) == []


def test_an_entry_that_was_not_finished_is_not_there(memory: Memory) -> None:
    """A process that is killed while it makes an entry leaves whole ones only."""
    metrics.connections.add()
    before = list(memory.entries(0))
    used = memory._numbers[1]
    metrics.commands.add()
    memory._numbers[1] = used
    assert list(memory.entries(0)) == before
    metrics.begin(memory, 0)
    metrics.commands.add(by=7)
    assert samples(memory)["inbound_commands_total"] == 7


def test_threads_lose_nothing(memory: Memory) -> None:
    """The event loop and the committer count the same at the same time."""

    def count() -> None:
        for _ in range(20_000):
            metrics.received.add("support")

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert samples(memory)["inbound_messages_received_total{'mailbox': 'support'}"] == 40_000


def test_everything_is_shown_from_the_beginning(memory: Memory) -> None:
    """Each metric has its help and type before anything happened; words that are known have a zero."""
    shown = text(memory).decode()
    for metric in metrics.METRICS.values():
        assert f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} " in shown
    assert 'inbound_messages_deferred_total{reason="deadline"} 0.0\n' in shown


@pytest.mark.parametrize("metric", metrics.METRICS.values(), ids=lambda metric: metric.name)
def test_names_follow_the_rules(metric: kinds.Metric) -> None:
    """Names say unit and kind, help is a sentence, and labels are none that the format reserves."""
    assert metric.name.startswith("inbound_")
    assert metric.name.endswith("_total") == isinstance(metric, kinds.Counter)
    assert metric.help.endswith(".")
    assert set(metric.labels).isdisjoint({"le", "quantile", "worker", "job", "instance"})


def test_known_words_are_all_there_are() -> None:
    """The zeros at the beginning are of the words of the program."""
    assert {why.value for why in Deferral} < set(metrics.deferred.known)
    assert set(metrics.proofs.known) == {method.value for method in Method} - {Method.EARLIER}
    assert tuple(metrics.dns_failures.known) == Kind.__args__  # type: ignore[attr-defined] # of a Literal


def test_every_traceback_is_a_defect() -> None:
    """What the log shows with a traceback has a counter, under the same name."""
    with_traceback = {
        name
        for name, function in inspect.getmembers(logs, inspect.isfunction)
        if "exc_info=" in inspect.getsource(function)
    }
    assert set(metrics.defects.known) == with_traceback


def test_a_row_is_as_large_as_it_says(memory: Memory) -> None:
    """A histogram finds room among the cells that take what has no place."""
    assert len(memory.values) == 3 * ROW_WORDS
    assert max(metric.count for metric in metrics.METRICS.values()) <= kinds.MOST_BOUNDS + 2
