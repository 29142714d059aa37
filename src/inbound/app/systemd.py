"""What we tell systemd (sd_notify(3)), over the socket it names in $NOTIFY_SOCKET."""

import os
import socket


def notify(state: str) -> None:
    """Send a state such as ``READY=1``; does nothing when nobody listens.

    Args:
        state: newline-separated assignments of sd_notify(3).
    """
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    # A leading @ stands for the NUL of an abstract socket.
    target = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(state.encode(), target)


def watchdog_seconds() -> float | None:
    """How often systemd wants to hear ``WATCHDOG=1``: half the time after which it acts; None = never."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    # WATCHDOG_PID names the process that is watched; ours, unless an environment was inherited.
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdigit() or pid != str(os.getpid()):
        return None
    return int(microseconds) / 2_000_000
