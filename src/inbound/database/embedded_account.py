"""Who runs the embedded PostgreSQL, and what that user may reach.

PostgreSQL refuses to run as root and wants a user that the system knows. An ordinary user runs it as itself; root runs
it as an unprivileged user.
"""

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from inbound.errors import EmbeddedPostgresError
from inbound.values import immutable

#: whom root becomes, the first that exists
UNPRIVILEGED = ("postgres", "nobody")
#: seconds for commands that only look
LOOK_SECONDS = 10.0


@immutable
class Account:
    """A user with a passwd entry."""

    name: str
    uid: int
    gid: int


def server_account(data_directory: Path) -> Account:
    """Tell the user that runs the server: the owner of an existing data directory, else whom we may become.

    Raises:
        EmbeddedPostgresError: when there is no such user, or the data belongs to somebody whom we cannot become.
    """
    if not data_directory.exists():
        return _unprivileged() if os.geteuid() == 0 else _account_of(os.geteuid())
    owner = data_directory.stat().st_uid
    if owner == 0:
        raise EmbeddedPostgresError(f"{data_directory} belongs to root, as whom PostgreSQL does not run")
    if os.geteuid() not in {0, owner}:
        raise EmbeddedPostgresError(
            f"{data_directory} belongs to user {_name_of(owner)}: start inbound as that user or as root, "
            "or set server.state_directory to another place"
        )
    return _account_of(owner)


def database_users(account: Account) -> tuple[str, ...]:
    """Tell the system users who may connect: root, and the server's own unless anybody may be running as it."""
    return ("root",) if account.name == "nobody" and os.geteuid() == 0 else ("root", account.name)


def run_as(account: Account | None, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end, as another user when we are root; None runs it as ourselves.

    Raises:
        OSError: when it cannot be executed.
        subprocess.TimeoutExpired: when it does not end.
    """
    is_drop = account is not None and os.geteuid() == 0
    return subprocess.run(  # noqa: S603 -- commands are built here from paths that the operator chose, without a shell
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=LOOK_SECONDS,
        cwd="/",
        user=account.uid if account is not None and is_drop else None,
        group=account.gid if account is not None and is_drop else None,
        extra_groups=[] if is_drop else None,
    )


def require_way_to(directory: Path, account: Account) -> None:
    """Check that the server can walk down to a directory.

    Raises:
        EmbeddedPostgresError: naming the first directory on the way that is closed.
    """
    for step in (*reversed(directory.parents), directory):
        # Asked of the kernel, not computed from mode bits: access lists and mounts count too.
        if run_as(account, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(step)]).returncode != 0:
            raise EmbeddedPostgresError(
                f"PostgreSQL cannot run as root, and user {account.name}, as whom it would run, may not enter {step}: "
                "set server.state_directory to a place that every user can reach, like /var/lib/inbound"
            )


def make_owned_directory(path: Path, account: Account, *, mode: int) -> None:
    """Make a directory that belongs to `account`, or check that the existing one does and is closed to others' writing.

    Raises:
        EmbeddedPostgresError: when somebody else made it: what lies there must not be trusted.
    """
    if not os.path.lexists(path):
        path.mkdir(mode=0o700)
    _require_ours(path, path.lstat(), account)
    # Not by name: nothing that takes the directory's place from here on is given away.
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _require_ours(path, os.fstat(descriptor), account)
        os.fchown(descriptor, account.uid, account.gid)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def current_account() -> Account:
    """Tell the user of this process.

    Raises:
        EmbeddedPostgresError: when it has no passwd entry, as in a container with an arbitrary user.
    """
    return _account_of(os.geteuid())


def launch_command(account: Account, command: Sequence[str], *, parent_signal: int) -> list[str]:
    """Wrap a command so that it runs as `account` and receives `parent_signal` when this process ends."""
    child = str(Path(__file__).with_name("embedded_child.py"))
    who = (str(account.uid), str(account.gid))
    return [sys.executable, "-I", "-S", child, str(parent_signal), str(os.getpid()), *who, *command]


def _require_ours(path: Path, status: os.stat_result, account: Account) -> None:
    if status.st_uid not in {os.geteuid(), account.uid}:
        owner = _name_of(status.st_uid)
        raise EmbeddedPostgresError(
            f"{path} belongs to user {owner}, not to {account.name}: start inbound as {owner}, "
            "or set server.state_directory to another place"
        )
    if not stat.S_ISDIR(status.st_mode):
        raise EmbeddedPostgresError(f"{path} is not a directory: move it away")
    if status.st_mode & 0o022:
        raise EmbeddedPostgresError(f"others may write into {path}: chmod go-w it, if you trust what lies there")


def _unprivileged() -> Account:
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_name in UNPRIVILEGED and entry.pw_uid != 0}
    for name in UNPRIVILEGED:
        if name in known:
            return Account(name=name, uid=known[name].pw_uid, gid=known[name].pw_gid)
    raise EmbeddedPostgresError(
        f"PostgreSQL cannot run as root, and none of the users {', '.join(UNPRIVILEGED)} exists: "
        "start inbound as an ordinary user, or set database.url to your own PostgreSQL"
    )


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise EmbeddedPostgresError(
            f"user {uid} has no entry in /etc/passwd, without which PostgreSQL does not run: "
            "add one, or set database.url to your own PostgreSQL"
        ) from error
    return Account(name=entry.pw_name, uid=uid, gid=entry.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
