"""What the daemon must reach, each figure beside another one of the same round on the same machine."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measuring import Run
from rounds import BIG, EMPTY, FULL, PGBENCH, RENEWED, SINGLE, SINK, SINK_BIG, STOCK
from stages import Stages

#: CPU of a message with a filled database, against an empty one
MOST_GROWTH = 1.2
#: CPU microseconds of a message at 50 connections
MOST_RECEPTION_US = 130.0
MOST_READING_AND_RULES_US = 250.0
MOST_DATA_LAYER_US = 150.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """One figure, its target, and where it came from."""

    name: str
    value: float
    target: float
    #: is more better?
    is_least: bool = True
    unit: str = ""
    #: one figure per round
    rounds: tuple[float, ...] = ()

    @property
    def is_met(self) -> bool:
        """Is the target reached?"""
        return self.value >= self.target if self.is_least else self.value <= self.target


#: name, the daemon's run, the other run, least ratio of messages per second
_RATIOS = (
    ("against smtp-sink", FULL, SINK, 0.08),
    ("against pgbench, one message per transaction", FULL, PGBENCH, 1.3),
    ("against the same pipeline, one message per transaction", FULL, SINGLE, 4.0),
    ("a new connection per message, against stock aiosmtpd", RENEWED, STOCK, 0.5),
    ("1.4 MB mails, against smtp-sink", BIG, SINK_BIG, 0.3),
)


def criteria(runs: Sequence[Run], stages: Stages | None) -> list[Criterion]:
    """All that can be said about these runs.

    Args:
        runs: of all rounds.
        stages: how the committer's time is spent; None = not known.
    """
    found = [
        Criterion(name=name, value=statistics.median(ratios), target=target, rounds=tuple(ratios))
        for name, ours, theirs, target in _RATIOS
        if (ratios := _by_round(runs, ours, theirs, lambda run: run.per_second))
    ]
    if growth := _by_round(runs, FULL, EMPTY, lambda run: run.daemon_us + run.postgres_us):
        name = "CPU of daemon and PostgreSQL, filled against empty database"
        value = statistics.median(growth)
        found.append(Criterion(name=name, value=value, target=MOST_GROWTH, is_least=False, rounds=tuple(growth)))
    full = [run for run in runs if run.what == FULL]
    return found + (_cpu(full, stages) if full and stages else [])


def _by_round(runs: Sequence[Run], ours: str, theirs: str, figure: Callable[[Run], float]) -> list[float]:
    """Ratios round by round: what else a machine does hits both of a pair."""
    pairs = zip((run for run in runs if run.what == ours), (run for run in runs if run.what == theirs), strict=False)
    return [figure(one) / figure(other) for one, other in pairs]


def _cpu(full: Sequence[Run], stages: Stages) -> list[Criterion]:
    loop = statistics.median(run.loop_us for run in full)
    committer = statistics.median(run.committer_us for run in full)
    return [
        Criterion(name=f"CPU of a message: {name}", value=value, target=target, is_least=False, unit=" us")
        for name, value, target in (
            ("reception", loop, MOST_RECEPTION_US),
            ("reading and rules", committer * (stages.reading + stages.rules), MOST_READING_AND_RULES_US),
            ("data layer", committer * stages.data_layer, MOST_DATA_LAYER_US),
        )
    ]
