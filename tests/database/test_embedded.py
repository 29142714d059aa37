"""The embedded PostgreSQL: its data outlives every kind of end, and it is nobody else's."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from inbound.database.embedded import EmbeddedPostgres, embedded_url
from inbound.database.embedded_account import server_account
from inbound.database.embedded_binaries import Binaries, installed_binaries
from inbound.database.embedded_cluster import LONGEST_SOCKET_PATH_BYTES, Layout, running_postmaster
from inbound.errors import AlreadyRunning, EmbeddedPostgresError

IS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root runs PostgreSQL as somebody else")

DAEMON = """
import sys, time
from pathlib import Path
from inbound.database.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), flush=True)
time.sleep(60)
"""

Make = Callable[..., EmbeddedPostgres]


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """A directory that every user can reach, which pytest's own are not."""
    directory = Path(tempfile.mkdtemp(prefix="inbound-embedded-"))
    directory.chmod(0o711)
    yield directory
    assert is_soon(lambda: running_postmaster(Layout(directory)) is None)
    shutil.rmtree(directory)


@pytest.fixture
def empty() -> Iterator[Path]:
    """A state directory before the first start."""
    with reachable_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A state directory whose first start, the slow one, is done; only for tests that leave it sound."""
    with reachable_directory() as directory:
        server = EmbeddedPostgres(directory, durable=False)
        write(server.start(), 0)
        server.stop()
        yield directory


@pytest.fixture
def state(used: Path) -> Iterator[Path]:
    """The same, with nothing running on it before and after."""
    yield used
    assert is_soon(lambda: running_postmaster(Layout(used)) is None)


@pytest.fixture
def make(state: Path) -> Iterator[Make]:
    """Servers, on `state` if nothing else is said, that are stopped after the test."""
    servers = []

    def make_server(directory: Path = state, **options: Any) -> EmbeddedPostgres:
        servers.append(EmbeddedPostgres(directory, **({"durable": False} | options)))
        return servers[-1]

    yield make_server
    for server in servers:
        server.stop()


@pytest.fixture
def daemon(state: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of its own with a server on `state`, to be killed."""
    with subprocess.Popen([sys.executable, "-c", DAEMON, str(state)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("postgresql://")
        yield process
        process.kill()


def is_soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def write(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept (value int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def kept(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def setting(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def process_of(state: Path) -> int:
    postmaster = running_postmaster(Layout(state))
    assert postmaster is not None
    return postmaster.pid


def is_running(pid: int) -> bool:
    """A process that nobody has reaped yet has ended all the same; its command line is empty."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("binaries", installed_binaries(), ids=lambda binaries: binaries.version)
def test_data_survives_stop_and_start(empty: Path, make: Make, binaries: Binaries) -> None:
    """What was written is there after a stop and a second start, on every installed version."""
    server = make(empty, binaries=str(binaries.directory))
    write(server.start(), 1)
    pid = process_of(empty)
    server.stop()
    assert not is_running(pid)
    assert not server.is_alive()

    assert kept(server.start()) == [1]
    assert setting(server.url, "server_version").split()[0] == binaries.version


def test_database_is_the_same_everywhere(make: Make) -> None:
    """Text is UTF-8 in code point order and times are UTC, whatever the machine is set to; no network is open."""
    url = make().start()
    with psycopg.connect(url) as connection:
        query = "SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()"
        assert connection.execute(query).fetchone() == ("C.UTF-8", "C.UTF-8")
    expected = {"server_encoding": "UTF8", "TimeZone": "UTC", "listen_addresses": ""}
    assert {name: setting(url, name) for name in expected} == expected


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
def test_durability(make: Make, *, durable: bool, expected: str) -> None:
    """A commit is on disk before it is confirmed, unless a test asked for speed."""
    url = make(durable=durable).start()
    assert {setting(url, name) for name in ("fsync", "synchronous_commit", "full_page_writes")} == {expected}


def test_killed_daemon_leaves_no_server(state: Path, make: Make, daemon: subprocess.Popen[str]) -> None:
    """A kill -9 of the daemon shuts its PostgreSQL down cleanly."""
    pid = process_of(state)
    write(embedded_url(state) or "", 1)
    daemon.kill()
    assert is_soon(lambda: not is_running(pid))
    assert "database system is shut down" in Layout(state).log.read_text()
    assert kept(make().start()) == [1]


def test_start_right_after_kill(state: Path, make: Make, daemon: subprocess.Popen[str]) -> None:
    """A new daemon waits for the server of a killed one, even one with a client that holds a transaction."""
    url = embedded_url(state) or ""
    write(url, 1)
    with closing(psycopg.connect(url)) as busy:
        busy.execute("INSERT INTO kept VALUES (2)")
        daemon.kill()
        daemon.wait()
        assert kept(make().start()) == [1]


def test_second_daemon_is_refused(state: Path, make: Make, daemon: subprocess.Popen[str]) -> None:
    """Two daemons on one state directory would share nothing well: the second is told so, the first goes on."""
    with pytest.raises(AlreadyRunning, match=str(state)):
        make().start()
    assert daemon.poll() is None
    assert embedded_url(state) is not None


def test_second_server_is_refused_until_the_first_stops(make: Make) -> None:
    """The lock is held from start to stop."""
    first, second = make(), make()
    first.start()
    with pytest.raises(AlreadyRunning):
        second.start()
    first.stop()
    second.start()


def test_stale_pid_file_of_a_reused_pid(state: Path, make: Make) -> None:
    """After a reboot the old process id may be somebody else's, even of the same user: the server starts."""
    server = make()
    write(server.start(), 1)
    layout, account = Layout(state), server_account(Layout(state).data)
    remains = layout.postmaster_pid.read_text().partition("\n")[2]
    server.stop()
    with subprocess.Popen(["sleep", "60"], user=account.uid if IS_ROOT else None, cwd="/") as stranger:
        for path in (layout.postmaster_pid, layout.home / "run" / ".s.PGSQL.5432.lock"):
            path.write_text(f"{stranger.pid}\n{remains}")
            os.chown(path, account.uid, account.gid)
            path.chmod(0o600)
        assert embedded_url(state) is None
        assert kept(server.start()) == [1]
        assert stranger.poll() is None
        stranger.kill()


def test_empty_pid_file(state: Path, make: Make) -> None:
    """A pid file cut off by a power failure does not stop the next start."""
    server = make()
    write(server.start(), 1)
    server.stop()
    Layout(state).postmaster_pid.touch(mode=0o600)
    assert kept(server.start()) == [1]


def test_died_server_is_restarted(state: Path, make: Make) -> None:
    """A postmaster that was killed is launched again at the same URL, with what was committed."""
    server = make(durable=True)
    write(server.start(), 1)
    assert not server.restart_if_dead()
    os.kill(process_of(state), signal.SIGKILL)
    assert is_soon(lambda: not server.is_alive())

    assert server.restart_if_dead()
    assert is_soon(lambda: server.restart_if_dead() or embedded_url(state) is not None)
    assert is_soon(lambda: embedded_url(state) == server.url)
    assert kept(server.url) == [1]


def test_killed_server_is_started_again(state: Path, make: Make) -> None:
    """start() after the death of the server starts it again, waiting for the backends that it left."""
    server = make(durable=True)
    write(server.start(), 1)
    with closing(psycopg.connect(server.url)):
        os.kill(process_of(state), signal.SIGKILL)
        assert is_soon(lambda: not server.is_alive())
        assert kept(server.start()) == [1]


def test_stopped_server_is_not_restarted(make: Make) -> None:
    """A stop is no death, and stopping twice is stopping once."""
    server = make()
    server.start()
    server.stop()
    server.stop()
    assert not server.restart_if_dead()
    assert not server.is_alive()


def test_start_twice_is_start_once(state: Path, make: Make) -> None:
    """start() on a running server returns its URL and launches nothing."""
    server = make()
    url, pid = server.start(), process_of(state)
    assert server.start() == url
    assert process_of(state) == pid


def test_interrupted_initdb_is_repeated(empty: Path, make: Make) -> None:
    """Half a data directory, left by a crash in the first start, is removed and never used."""
    half = Layout(empty).home / "data.unfinished-x"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    make(empty).start()
    assert not half.exists()


@pytest.mark.parametrize("name", ["long-" * 30, "with, a comma: and 'quotes'"], ids=["long", "odd"])
def test_state_directory_unfit_for_a_socket(empty: Path, make: Make, name: str) -> None:
    """Where the state directory's name does not fit into a socket address, the socket lies elsewhere, privately."""
    server = make(empty / name)
    url = server.start()
    assert embedded_url(empty / name) == url
    (host,) = {make_url(url).query["host"]}
    directory = Path(str(host))
    assert empty not in directory.parents
    assert len(f"{directory}/.s.PGSQL.5432") <= LONGEST_SOCKET_PATH_BYTES
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    write(url, 1)
    assert kept(url) == [1]
    server.stop()
    directory.rmdir()


def test_planted_socket_directory_is_refused(empty: Path, make: Make) -> None:
    """A link where the private directory should be is not followed."""
    Layout(empty).home.mkdir(mode=0o700)
    (Layout(empty).home / "run").symlink_to("/tmp")  # noqa: S108 -- the place must not be used
    with pytest.raises(EmbeddedPostgresError, match="run is not a directory"):
        make(empty).start()


@as_root
def test_directory_of_another_user_is_refused(empty: Path, make: Make) -> None:
    """What an ordinary user made is not taken over by root, and the error names the user."""
    Layout(empty).home.mkdir(mode=0o700)
    os.chown(Layout(empty).home, NOBODY.pw_uid, NOBODY.pw_gid)
    with pytest.raises(EmbeddedPostgresError, match="belongs to user nobody, not to root"):
        make(empty).start()
    assert list(Layout(empty).home.iterdir()) == []


def test_writable_directory_is_refused(empty: Path, make: Make) -> None:
    """A directory into which others could have put things is not trusted."""
    Layout(empty).home.mkdir()
    Layout(empty).home.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="others may write"):
        make(empty).start()


def test_url_works_in_another_process(state: Path, make: Make) -> None:
    """The URL alone leads another process to the database, whatever PG* variables say there."""
    write(make().start(), 7)
    script = "import psycopg, sys; print(psycopg.connect(sys.argv[1]).execute('SELECT value FROM kept').fetchone()[0])"
    environment = os.environ | {"PGPORT": "1", "PGHOST": "/nowhere", "PGDATABASE": "other"}
    command = [sys.executable, "-W", "ignore", "-c", script, embedded_url(state) or ""]
    assert subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout == "7\n"


def test_no_url_without_a_server(empty: Path, make: Make) -> None:
    """Asking for the URL starts nothing: before, between and after there is none."""
    server = make(empty)
    assert embedded_url(empty) is None
    with pytest.raises(EmbeddedPostgresError):
        _ = server.url
    server.start()
    server.stop()
    assert embedded_url(empty) is None


@as_root
def test_other_users_are_refused(state: Path, make: Make) -> None:
    """Nobody but root and the server's own user may connect, even if they reach the socket."""
    url = make().start()
    server_uid = server_account(Layout(state).data).uid
    stranger = next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in {0, server_uid})
    assert "Permission denied" in refusal(url, stranger)
    (Layout(state).home / "run").chmod(0o755)
    assert "Peer authentication failed" in refusal(url, stranger)


def refusal(url: str, uid: int) -> str:
    """Connect as another user, and tell what is said."""
    os.seteuid(uid)
    try:
        with pytest.raises(psycopg.OperationalError) as raised:
            psycopg.connect(url)
    finally:
        os.seteuid(0)
    return str(raised.value)


@as_root
def test_server_of_root_is_unprivileged(state: Path, make: Make) -> None:
    """As root, the server runs as an ordinary user without root's groups, and cannot write beside its data."""
    make().start()
    status = Path(f"/proc/{process_of(state)}/status").read_text()
    ids = {
        line.split(":")[0]: line.split()[1:] for line in status.splitlines() if line.startswith(("Uid", "Gid", "Gro"))
    }
    assert "0" not in {number for numbers in ids.values() for number in numbers}
    assert Layout(state).home.stat().st_uid == 0
    assert stat.S_IMODE(Layout(state).home.stat().st_mode) == 0o711


@as_root
def test_unreachable_programs_are_copied(empty: Path, make: Make) -> None:
    """Programs below a directory of root's are copied once to where the server's user can execute them."""
    closed = empty / "closed"
    closed.mkdir(mode=0o700)
    original = next((found for found in installed_binaries() if (found.directory.parent / "share").is_dir()), None)
    if original is None:
        pytest.skip("the distribution's PostgreSQL cannot be moved, and no wheel is installed")
    packages = original.directory.parent.parent.parent
    for part in (original.directory.parent, packages / f"{original.directory.parent.parent.name}.libs"):
        shutil.copytree(part, closed / part.relative_to(packages))
    server = make(empty, binaries=str(closed / original.directory.relative_to(packages)))
    server.start()
    copy = Layout(empty).home / f"postgresql-{original.version}"
    made_at = copy.stat().st_mtime_ns
    server.stop()
    server.start()
    assert copy.stat().st_mtime_ns == made_at
    assert str(copy) in Path(f"/proc/{process_of(empty)}/cmdline").read_text()


@as_root
def test_unreachable_state_directory(empty: Path, make: Make) -> None:
    """A state directory below one of root's own is refused, with the name of the closed one and the setting."""
    closed = empty / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match=rf"may not enter {closed}:.*server\.state_directory"):
        make(closed / "state").start()


@pytest.mark.skipif(IS_ROOT, reason="root may write everywhere")
def test_unwritable_state_directory(empty: Path, make: Make) -> None:
    """A state directory that cannot be written is named in the error."""
    empty.chmod(0o500)
    with pytest.raises(EmbeddedPostgresError, match=str(empty)):
        make(empty).start()
    empty.chmod(0o700)


def test_other_major_version_is_refused(empty: Path, make: Make) -> None:
    """Data of a major version whose programs are missing is left as it is, and the error says what to do."""
    server = make(empty)
    server.start()
    server.stop()
    version = Layout(empty).data / "PG_VERSION"
    version.write_text("99\n")
    with pytest.raises(EmbeddedPostgresError, match=r"PostgreSQL 99.*database\.embedded_binaries.*pg_dump"):
        server.start()
    assert version.read_text() == "99\n"


def test_programs_that_fit_the_data_are_preferred(empty: Path, make: Make) -> None:
    """A newer PostgreSQL that appears later does not stop a database of the older one, while that is installed."""
    oldest = installed_binaries()[-1]
    server = make(empty, binaries=str(oldest.directory))
    write(server.start(), 1)
    server.stop()
    later = make(empty)
    assert kept(later.start()) == [1]
    assert setting(later.url, "server_version_num").startswith(str(oldest.major))


def test_foreign_directory_is_left_alone(empty: Path, make: Make) -> None:
    """Something else in the place of the data is neither used nor removed."""
    server = make(empty)
    server.start()
    server.stop()
    (Layout(empty).data / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedPostgresError, match="no data directory"):
        server.start()
    assert (Layout(empty).data / "global").is_dir()


def test_missing_programs_are_explained(state: Path, make: Make) -> None:
    """Without programs the error names the place looked at and the ways out."""
    with pytest.raises(
        EmbeddedPostgresError, match=rf"embedded_binaries = {state}.*inbound\[embedded\].*database\.url"
    ):
        make(binaries=str(state)).start()


def test_server_that_cannot_start_says_why(empty: Path, make: Make) -> None:
    """When PostgreSQL dies while starting, the error carries what it wrote into its log."""
    server = make(empty)
    server.start()
    server.stop()
    (Layout(empty).data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match="no_such_setting"):
        server.start()
    assert not server.is_alive()


def test_only_the_main_thread_starts(make: Make) -> None:
    """The server would end with the thread that started it, so no other thread may."""
    server, raised = make(), []

    def start() -> None:
        try:
            server.start()
        except EmbeddedPostgresError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_long_log_is_emptied(state: Path, make: Make) -> None:
    """The log does not grow from start to start without bound."""
    server = make()
    server.start()
    server.stop()
    with Layout(state).log.open("ab") as log:
        log.truncate(5_000_000)
    server.start()
    assert Layout(state).log.stat().st_size < 100_000
