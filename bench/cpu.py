"""CPU time of processes and threads, as the kernel counts it (proc(5))."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, kw_only=True, slots=True)
class DaemonCpu:
    """Seconds that a daemon has used, without its PostgreSQL."""

    #: event loops: reception
    loops: float
    #: all other threads: the committers
    committers: float

    def __sub__(self, other: "DaemonCpu") -> "DaemonCpu":
        return DaemonCpu(loops=self.loops - other.loops, committers=self.committers - other.committers)


def daemon_cpu(pid: int) -> DaemonCpu:
    """What the daemon's supervisor and its workers have used.

    A worker is an event loop in its first thread and a committer in another. Threads that have ended are not counted:
    none does, as long as the daemon serves.
    """
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    # A forked worker has the command line of the supervisor.
    pids = [pid, *(int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes() == command)]
    threads = [(process, int(task.name)) for process in pids for task in Path(f"/proc/{process}/task").iterdir()]
    return DaemonCpu(
        loops=sum(_thread_seconds(process, thread) for process, thread in threads if process == thread),
        committers=sum(_thread_seconds(process, thread) for process, thread in threads if process != thread),
    )


def family_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes, and of those children of theirs that have ended: a whole PostgreSQL."""
    return sum(_ticks(pid, own=True) + _ticks(pid, own=False) for pid in pids) / _TICKS_PER_SECOND


def _thread_seconds(pid: int, thread: int) -> float:
    # Nanoseconds: exact, where stat has hundredths of a second. Not in every kernel.
    path = Path(f"/proc/{pid}/task/{thread}/schedstat")
    if path.exists():
        return int(path.read_text(encoding="ascii").split()[0]) / 1e9
    fields = _stat_fields(Path(f"/proc/{pid}/task/{thread}/stat"))
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _ticks(pid: int, *, own: bool) -> int:
    try:
        fields = _stat_fields(Path(f"/proc/{pid}/stat"))
    except OSError:
        # It has ended between two looks.
        return 0
    first = 11 if own else 13
    return int(fields[first]) + int(fields[first + 1])


def _stat_fields(path: Path) -> list[str]:
    """From the third field on: the second is a name, and may hold blanks."""
    return path.read_text(encoding="utf-8").rpartition(")")[2].split()
