"""Signals of a process that forks."""

import contextlib
import signal
import socket
from collections.abc import Iterator

#: what the supervisor listens to
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@contextlib.contextmanager
def signals_as_octets() -> Iterator[socket.socket]:
    """A socket on which the numbers of the handled signals arrive, an octet each."""
    read, write = socket.socketpair()
    write.setblocking(False)  # noqa: FBT003 - the standard library has it so
    handlers = {number: signal.signal(number, _note) for number in HANDLED}
    signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
    try:
        yield read
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        read.close()
        write.close()


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Around a fork: a signal for the new process must not be noted as one for its parent."""
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def forget_signals() -> None:
    """In the new process: signals mean what they mean to everybody."""
    signal.set_wakeup_fd(-1)
    for number in HANDLED:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)


def _note(_number: int, _frame: object) -> None:
    """Python writes the number to the socket; there is nothing else to do."""


def leave_terminal_to_supervisor() -> None:
    """In a process that the supervisor ends: Ctrl-C and a lost terminal are the supervisor's to deal with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
