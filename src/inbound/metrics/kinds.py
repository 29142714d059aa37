"""Counters, gauges and histograms: what a process does with its cells. Any thread may use them."""

import os
import threading
from bisect import bisect_left
from collections.abc import Collection
from math import isnan, nan

from inbound.metrics.cells import Memory

#: of values of one histogram: all buckets, the one without bound, and the sum fit into the spare cells of a row
MOST_BOUNDS = 32

_lock = threading.Lock()


class Metric:
    """A name, what it means, and where this process counts it."""

    #: values under each set of labels
    count = 1

    def __init__(self, name: str, help: str, *labels: str) -> None:  # noqa: A002 - the word of the format
        """Declare a metric.

        Args:
            name: as shown.
            help: one sentence.
            labels: their names; values must come from a small closed set, never from what peers send.
        """
        self.name = name
        self.help = help
        self.labels = labels
        self._cells: dict[tuple[str, ...], int] = {}
        METRICS[name] = self

    def detach(self) -> None:
        """Forget where this process counted."""
        self._cells.clear()

    def _cell(self, labels: tuple[str, ...]) -> int:
        """Where the values are; the caller holds the lock."""
        cell = self._cells.get(labels)
        if cell is None:
            cell = self._cells[labels] = self._find((self.name, *labels))
        return cell

    def _find(self, key: tuple[str, ...]) -> int:
        for entry in _own.memory.entries(_own.row):
            if entry.key == key:
                return entry.cell
        return _own.memory.append(_own.row, key, self.count)


class Counter(Metric):
    """Something that only grows, as long as the daemon runs."""

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of the format
        *labels: str,
        known: Collection[str] = (),
    ) -> None:
        """Declare a counter.

        Args:
            name: as shown.
            help: one sentence.
            labels: their names.
            known: values of its only label, shown from the beginning: who computes a rate sees the first event too.
        """
        super().__init__(name, help, *labels)
        self.known = known

    def add(self, *labels: str, by: float = 1.0) -> None:
        """Count.

        Args:
            labels: their values.
            by: how many; 0 shows the counter from now on.
        """
        with _lock:
            cell = self._cells.get(labels)
            _own.values[self._cell(labels) if cell is None else cell] += by


class Gauge(Metric):
    """A state; it ends with the process that reported it."""

    def __init__(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of the format
        *labels: str,
        is_per_worker: bool = False,
    ) -> None:
        """Declare a gauge.

        Args:
            name: as shown.
            help: one sentence.
            labels: their names, without `worker`.
            is_per_worker: every worker has one, shown under the label `worker`.
        """
        super().__init__(name, help, *labels)
        self.is_per_worker = is_per_worker

    def set(self, value: float, *labels: str) -> None:
        """Report a state."""
        with _lock:
            _own.values[self._cell(labels)] = value

    def clear(self) -> None:
        """Report nothing any more."""
        with _lock:
            for cell in self._cells.values():
                _own.values[cell] = nan


class Histogram(Metric):
    """How often something was how large."""

    def __init__(self, name: str, help: str, bounds: tuple[float, ...]) -> None:  # noqa: A002 - the word of the format
        """Declare a histogram.

        Args:
            name: as shown.
            help: one sentence.
            bounds: ascending upper bounds of the buckets; one more takes what is larger.
        """
        assert len(bounds) <= MOST_BOUNDS  # noqa: S101 - all are declared in one file
        super().__init__(name, help)
        self.bounds = bounds
        self.count = len(bounds) + 2

    def observe(self, *values: float) -> None:
        """Note how large one or several things were."""
        with _lock:
            cells, first, bounds = _own.values, self._cell(()), self.bounds
            for value in values:
                cells[first + bisect_left(bounds, value)] += 1
                cells[first + self.count - 1] += value


class _Own:
    """Where this process counts: in memory of its own, until it is given a row."""

    def __init__(self, memory: Memory, row: int) -> None:
        self.memory = memory
        self.row = row
        self.values = memory.values


#: every metric by name, in the order of their declaration
METRICS: dict[str, Metric] = {}
_own = _Own(Memory(1), 0)


def begin(memory: Memory, row: int) -> None:
    """Count in a row from now on: go on with what its last process counted, without the states that it reported.

    Args:
        memory: made before the process was forked.
        row: nobody else's.
    """
    with _lock:
        for metric in METRICS.values():
            metric.detach()
        for entry in memory.entries(row):
            if isinstance(METRICS.get(entry.key[0]), Gauge):
                memory.forget(entry)
        _own.memory, _own.row, _own.values = memory, row, memory.values
        memory.occupy(row, os.getpid())


def is_reported(value: float) -> bool:
    """Is it the value of a gauge, or only the place of one?"""
    return not isnan(value)
