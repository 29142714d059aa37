"""Become PostgreSQL: the short program that runs between the daemon's fork and `exec postgres`.

Not imported: `embedded.py` runs this file with a bare interpreter. `subprocess` could do the same in a `preexec_fn`,
but that is unsafe (and from Python 3.12 a warning) in a process with threads, and the daemon has threads when it
restarts a server that died.

    embedded_child.py SIGNAL PARENT_PID UID GID PROGRAM [ARGUMENT...]

Drops from root to UID and GID, asks the kernel for SIGNAL when the parent ends, however it ends, and executes PROGRAM.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def drop_privileges(uid: int, gid: int) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def end_with_parent(signal_number: int, parent_pid: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have ended before prctl: then no signal comes any more.
    if os.getppid() != parent_pid:
        sys.exit("the parent process has ended")


def main(signal_number: str, parent_pid: str, uid: str, gid: str, *command: str) -> None:
    # In this order: the kernel forgets the wish when credentials change.
    drop_privileges(int(uid), int(gid))
    end_with_parent(int(signal_number), int(parent_pid))
    os.execv(command[0], command)  # noqa: S606 -- the program and its arguments come from embedded.py, not from outside


if __name__ == "__main__":
    main(*sys.argv[1:])
