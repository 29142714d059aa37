"""The files of the embedded PostgreSQL: where they lie, how they are made, and which process uses them."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from inbound.database.embedded_account import Account, current_account, launch_command, make_owned_directory
from inbound.database.embedded_binaries import Binaries
from inbound.errors import EmbeddedPostgresError
from inbound.values import immutable

#: role, and name of the database
NAME = "inbound"
#: names the socket; the server listens on no network
PORT = 5432
#: sizeof(sun_path) without its NUL, unix(7)
LONGEST_SOCKET_PATH_BYTES = 107
INITDB_SECONDS = 120.0
_UNFINISHED = "data.unfinished-"
#: how long the fast and then the immediate shutdown of a killed daemon's server may take
ORPHAN_FAST_SECONDS = 30.0
ORPHAN_IMMEDIATE_SECONDS = 10.0
#: what neither a libpq address nor unix_socket_directories takes literally
_UNSAFE_IN_SOCKET_PATH = re.compile(r"[^\w./+=~@%-]", re.ASCII)
#: all that PostgreSQL gets from the daemon's environment: PGDATA, PGPORT and the like would change what it does
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@immutable(kw_only=False)
class Layout:
    """Where everything lies below the state directory."""

    state_directory: Path

    @property
    def lock(self) -> Path:
        return self.state_directory / "postgres.lock"

    @property
    def home(self) -> Path:
        return self.state_directory / "postgres"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def host_rules(self) -> Path:
        return self.home / "pg_hba.conf"

    @property
    def user_map(self) -> Path:
        return self.home / "pg_ident.conf"

    @property
    def postmaster_pid(self) -> Path:
        return self.data / "postmaster.pid"


@immutable
class Postmaster:
    """A running server, as it describes itself in postmaster.pid."""

    pid: int
    socket_directory: Path
    is_ready: bool


def url_of(socket_directory: Path, database: str = NAME) -> str:
    """Write the libpq URL; the port is there so that PGPORT in somebody's environment does not lead astray."""
    return f"postgresql://{NAME}@/{database}?host={quote(str(socket_directory), safe='')}&port={PORT}"


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it did not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not (is_met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_met


def make_home(layout: Layout) -> None:
    """Make the state directory and our place in it, which stays ours: the server's user cannot plant links there."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    if not layout.state_directory.exists():
        layout.state_directory.mkdir(parents=True)
        layout.state_directory.chmod(mode)
    make_owned_directory(layout.home, current_account(), mode=mode)


def make_socket_directory(layout: Layout, account: Account) -> Path:
    """Make the directory of the socket: in the state directory, or somewhere with a shorter name.

    Closed to everybody but the server's user and root, before PostgreSQL asks who is calling.
    """
    directory = layout.home / "run"
    if not _is_fit_for_socket(directory):
        digest = hashlib.blake2b(os.fsencode(layout.data), digest_size=8).hexdigest()
        directory = _runtime_directory() / f"inbound-{account.uid}-{digest}"
    make_owned_directory(directory, account, mode=0o700)
    return directory


def write_access_rules(layout: Layout, users: tuple[str, ...]) -> None:
    """Admit the named system users, recognised by the kernel, and nobody else."""
    _replace_file(layout.host_rules, f"local all all peer map={NAME}\n")
    _replace_file(layout.user_map, "".join(f'{NAME} "{user}" {NAME}\n' for user in users))


def data_major(layout: Layout) -> int | None:
    """Tell the major version that wrote the data directory; None when there is none yet.

    Raises:
        EmbeddedPostgresError: when something else lies there.
    """
    if not layout.data.exists() or not any(layout.data.iterdir()):
        return None
    try:
        return int((layout.data / "PG_VERSION").read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError) as error:
        raise EmbeddedPostgresError(
            f"{layout.data} is no data directory of PostgreSQL: move it away, or set server.state_directory"
        ) from error


def remove_unfinished_data(layout: Layout) -> None:
    """Remove what an interrupted `create_data` left; what its initdb is still writing goes the next time."""
    for unfinished in layout.home.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def create_data(layout: Layout, binaries: Binaries, account: Account, *, is_durable: bool) -> None:
    """Run initdb beside the final place and move the result there, so that half a data directory is never used.

    Raises:
        EmbeddedPostgresError: with what initdb said.
    """
    unfinished = Path(tempfile.mkdtemp(dir=layout.home, prefix=_UNFINISHED))
    make_owned_directory(unfinished, account, mode=0o700)
    # libc and C.UTF-8: wheels come without ICU, and the order of strings is the same on every machine.
    options = ["--encoding=UTF8", "--locale-provider=libc", "--locale=C.UTF-8", "--data-checksums"]
    if not is_durable:
        options.append("--no-sync")
    _run_initdb(
        [f"{binaries.directory}/initdb", "-D", str(unfinished), "-U", NAME, "--auth=peer", *options],
        account,
    )
    unfinished.rename(layout.data)
    _sync_directory(layout.home)


def running_postmaster(layout: Layout) -> Postmaster | None:
    """Tell the server that runs on the data directory; None when none does.

    Raises:
        PermissionError: when the data belongs to another user.
    """
    try:
        # https://www.postgresql.org/docs/current/storage-file-layout.html: pid, data directory, start time, port,
        # socket directory, listen address, shared memory key, status
        lines = [line.strip() for line in layout.postmaster_pid.read_text(errors="replace").split("\n")]
    except FileNotFoundError:
        return None
    pid = int(lines[0]) if lines[0].isdecimal() else 0
    if not _is_postmaster(pid, layout.data):
        return None
    padded = [*lines, *[""] * 8]
    return Postmaster(pid=pid, socket_directory=Path(padded[4]), is_ready=padded[7] == "ready")


def await_orphan(layout: Layout) -> None:
    """Wait for the end of a server whose daemon was killed, and hurry it.

    Raises:
        EmbeddedPostgresError: when it does not end.
    """
    for stop_signal, seconds in (
        (signal.SIGINT, ORPHAN_FAST_SECONDS),
        (signal.SIGQUIT, ORPHAN_IMMEDIATE_SECONDS),
    ):
        postmaster = running_postmaster(layout)
        if postmaster is None or _ends(postmaster, layout, stop_signal, seconds):
            return
    raise EmbeddedPostgresError(f"the PostgreSQL of a killed daemon still runs on {layout.data} and does not end")


def disarm_stale_files(layout: Layout, socket_directory: Path) -> None:
    """Keep the remains of a server that is gone from stopping the next one, once `running_postmaster` found none.

    After a reboot, or in a container, the process id in them may belong to an unrelated process by now, and PostgreSQL
    would take that for a running server. Our own id in its place is never taken so: PostgreSQL disregards its parent's.
    The rest of postmaster.pid has to stay: by it PostgreSQL finds backends that outlived their postmaster.
    """
    for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
        (socket_directory / name).unlink(missing_ok=True)
    try:
        descriptor = os.open(layout.postmaster_pid, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    with os.fdopen(descriptor, "r+b") as file:
        _, newline, rest = file.read().partition(b"\n")
        if newline:
            file.seek(0)
            file.write(b"%d\n%b" % (os.getpid(), rest))
            file.truncate()
    if not newline:
        # Cut off before its first line was written: PostgreSQL refuses such a file, and nothing can be learned from it.
        layout.postmaster_pid.unlink()


def _ends(postmaster: Postmaster, layout: Layout, stop_signal: signal.Signals, seconds: float) -> bool:
    try:
        os.kill(postmaster.pid, stop_signal)
    except ProcessLookupError:
        return True
    return wait_until(lambda: not _is_postmaster(postmaster.pid, layout.data), seconds)


def _is_postmaster(pid: int, data: Path) -> bool:
    """Tell whether a process id is PostgreSQL on this data directory; its number alone may have been used again."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return Path(os.fsdecode(command[0])).name == "postgres" and os.fsencode(data) in command


def _is_fit_for_socket(directory: Path) -> bool:
    length_bytes = len(os.fsencode(directory / f".s.PGSQL.{PORT}"))
    return length_bytes <= LONGEST_SOCKET_PATH_BYTES and not _UNSAFE_IN_SOCKET_PATH.search(str(directory))


def _runtime_directory() -> Path:
    """Find a place for sockets: /run for root, XDG_RUNTIME_DIR for others if it is really theirs, else /tmp."""
    wished = Path("/run") if os.geteuid() == 0 else Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent")
    is_ours = wished.is_dir() and wished.stat().st_uid == os.geteuid() and os.access(wished, os.W_OK)
    longest = wished / f"inbound-{2**32}-{'0' * 16}"
    return wished if is_ours and _is_fit_for_socket(longest) else Path("/tmp")  # noqa: S108 -- make_owned_directory checks what lies there


def _run_initdb(command: list[str], account: Account) -> None:
    try:
        done = subprocess.run(  # noqa: S603 -- built from paths that the operator chose, without a shell
            launch_command(account, command, parent_signal=signal.SIGTERM),
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=INITDB_SECONDS,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddedPostgresError(f"initdb did not end within {INITDB_SECONDS:.0f} seconds") from error
    if done.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed with status {done.returncode}:\n{done.stdout[-2000:].strip()}")


def _replace_file(path: Path, text: str) -> None:
    """Write a whole file or nothing; a link in its place is replaced, never followed."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o644)
    Path(name).rename(path)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
