"""One view of what all processes count, in the text format of Prometheus."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from inbound.metrics.cells import Memory
from inbound.metrics.kinds import METRICS, Counter, Gauge, Histogram, is_reported

#: of what `text` returns
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Labels = tuple[str, ...]


def text(memory: Memory) -> bytes:
    """All metrics: counters and histograms of all processes that ever were, states of those that are."""
    return generate_latest(_View(memory))


def states(memory: Memory, gauge: Gauge) -> list[float]:
    """What living processes report in a gauge without labels."""
    return [
        memory.values[entry.cell]
        for row in memory.rows
        if memory.pid(row)
        for entry in memory.entries(row)
        if entry.key == (gauge.name,) and is_reported(memory.values[entry.cell])
    ]


class _View(Collector):
    """The rows of a memory, added up."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def collect(self) -> Iterator[Metric]:
        entries = self._entries()
        for metric in METRICS.values():
            own = entries.get(metric.name, [])
            match metric:
                case Counter():
                    yield _counter(metric, own)
                case Gauge():
                    yield self._gauge(metric, own)
                case Histogram():
                    yield _histogram(metric, own)

    def _entries(self) -> dict[str, list[tuple[int, _Labels, Sequence[float]]]]:
        """Row, labels and values of all entries by metric."""
        found: dict[str, list[tuple[int, _Labels, Sequence[float]]]] = {}
        for row in self._memory.rows:
            for entry in self._memory.entries(row):
                name, *labels = entry.key
                values = self._memory.values[entry.cell : entry.cell + entry.count].tolist()
                found.setdefault(name, []).append((row, tuple(labels), values))
        return found

    def _gauge(self, metric: Gauge, entries: Sequence[tuple[int, _Labels, Sequence[float]]]) -> Metric:
        names = ("worker", *metric.labels) if metric.is_per_worker else metric.labels
        family = GaugeMetricFamily(metric.name, metric.help, labels=names)
        for row, labels, (value,) in entries:
            if self._memory.pid(row) and is_reported(value):
                family.add_metric((str(row), *labels) if metric.is_per_worker else labels, value)
        return family


def _sums(entries: Sequence[tuple[int, _Labels, Sequence[float]]]) -> dict[_Labels, list[float]]:
    sums: dict[_Labels, list[float]] = {}
    for _, labels, values in entries:
        before = sums.get(labels)
        sums[labels] = [one + other for one, other in zip(before, values, strict=True)] if before else list(values)
    return sums


def _counter(metric: Counter, entries: Sequence[tuple[int, _Labels, Sequence[float]]]) -> Metric:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    known: list[_Labels] = [(value,) for value in metric.known] if metric.labels else [()]
    for labels, (value,) in sorted({**{one: [0.0] for one in known}, **_sums(entries)}.items()):
        family.add_metric(labels, value)
    return family


def _histogram(metric: Histogram, entries: Sequence[tuple[int, _Labels, Sequence[float]]]) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help)
    *counts, total = _sums(entries).get((), [0.0] * metric.count)
    bounds = [*(str(float(bound)) for bound in metric.bounds), "+Inf"]
    family.add_metric((), list(zip(bounds, accumulate(counts), strict=True)), total)
    return family
