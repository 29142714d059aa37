"""The daemon as a process: start, mail, reload, stop, kill."""

import contextlib
import fcntl
import os
import signal
import smtplib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from desk import mail
from inbound.app.reload import needs_restart
from inbound.app.systemd import notify, watchdog_seconds
from inbound.config import Settings
from running_daemon import Daemon


@pytest.fixture
def daemon(database_url: str) -> Iterator[Daemon]:
    """A running daemon on the tests' PostgreSQL."""
    running = Daemon(database_url)
    try:
        running.start()
        yield running
    finally:
        running.close()


def test_250_means_that_it_is_in_the_database(daemon: Daemon, database_url: str) -> None:
    """A mail by a real client is a ticket when the client hears 250; the log has one canonical line for it."""
    daemon.send(mail(subject="Hello"))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT title FROM tickets").fetchall() == [("Hello",)]
    (line,) = daemon.events("message")
    assert (line["outcome"], line["reason"], line["mailbox"]) == ("ticket_created", "new_ticket", "support")


def test_stop_drains(daemon: Daemon) -> None:
    """SIGTERM ends the daemon with exit code 0, and an idle peer hears 421."""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=30) as idle:
        assert idle.recv(1024).startswith(b"220 ")
        assert daemon.end() == 0
        assert idle.recv(1024).startswith(b"421 4.3.2 ")
    assert daemon.events("stopped")


def test_reload_follows_a_good_file(daemon: Daemon) -> None:
    """SIGHUP brings a new mailbox into force without a restart."""
    with pytest.raises(smtplib.SMTPRecipientsRefused, match=r"5\.1\.1"):
        daemon.send(mail(), ["new@desk.example"])
    with daemon.config.open("a") as file:
        file.write('[[mailboxes]]\nname = "new"\naddress = "new@desk.example"\n')
    daemon.send_signal(signal.SIGHUP)
    assert daemon.wait_for("reloaded")["needs_restart"] == []
    daemon.send(mail(), ["new@desk.example"])


def test_reload_refuses_a_bad_file(daemon: Daemon) -> None:
    """A wrong file, and one that drops a mailbox with stored mail, change nothing and say so."""
    daemon.send(mail())
    good = daemon.config.read_text()
    daemon.config.write_text(good.replace('name = "support"', 'nam = "support"'))
    daemon.send_signal(signal.SIGHUP)
    assert "nam" in daemon.wait_for("reload_failed")["problems"][0]
    daemon.send(mail())
    daemon.config.write_text(good.replace('name = "support"', 'name = "other"'))
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_for("reload_failed", count=2)
    assert "'support' is gone, but 2 stored messages" in daemon.events("reload_failed")[1]["problems"][0]
    daemon.send(mail())


def test_a_wrong_configuration_does_not_start() -> None:
    """`serve` prints the mistakes with file and line, and exits with 2."""
    daemon = Daemon("postgresql://nobody@127.0.0.1:1/x")
    try:
        daemon.config.write_text(daemon.config.read_text().replace("port = 0", 'port = "zero"'))
        done = daemon.command("serve")
        assert done.returncode == 2
        assert f"{daemon.config}:7: listeners[0].port" in done.stderr.decode()
    finally:
        daemon.close()


def test_an_unreachable_database_is_a_clear_error() -> None:
    """No traceback, no password: what cannot be reached, exit code 1."""
    daemon = Daemon("postgresql://nobody:secret@127.0.0.1:1/x")
    try:
        done = daemon.command("serve")
        assert done.returncode == 1
        assert b"connection" in done.stderr
        assert b"Traceback" not in done.stderr
        assert b"secret" not in done.stderr
    finally:
        daemon.close()


def test_an_unsafe_server_is_refused(database_url: str) -> None:
    """The tests' PostgreSQL has fsync off: without permission the daemon does not start on it."""
    daemon = Daemon(database_url)
    try:
        daemon.config.write_text(daemon.config.read_text().replace("allow_unsafe_durability = true", ""))
        assert daemon.command("migrate").returncode == 0
        done = daemon.command("serve")
        assert done.returncode == 1
        assert b"fsync" in done.stderr
    finally:
        daemon.close()


def test_kill_9_loses_nothing_and_leaves_nothing() -> None:
    """The embedded PostgreSQL ends with its killed daemon; what was answered with 250 is there after a restart."""
    daemon = Daemon()
    daemon.config.write_text(daemon.config.read_text().replace('url = ""\nallow_unsafe_durability = true\n', ""))
    try:
        daemon.start()
        url = daemon.command("database", "url").stdout.decode().strip()
        content = mail(subject="Survivor")
        daemon.send(content)
        daemon.end(signal.SIGKILL)
        daemon.start()
        daemon.send(content)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT title FROM tickets").fetchall() == [("Survivor",)]
            assert connection.execute("SELECT delivery_count FROM messages").fetchall() == [(2,)]
        assert daemon.end(signal.SIGINT) == 0
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
    finally:
        daemon.close()


def test_a_daemon_waits_for_a_command_on_its_database() -> None:
    """A command that runs the embedded PostgreSQL for a moment does not keep the daemon from starting."""
    daemon = Daemon()
    daemon.config.write_text(daemon.config.read_text().replace('url = ""\nallow_unsafe_durability = true\n', ""))
    try:
        state = daemon.directory / "state"
        state.mkdir()
        lock = (state / "postgres.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        ends = threading.Timer(1, lock.close)
        ends.start()
        daemon.start()
        ends.join()
        assert daemon.end() == 0
    finally:
        daemon.close()


def test_a_killed_worker_is_replaced(daemon: Daemon, database_url: str) -> None:
    """Kill -9 of a worker costs its connections and nothing else: another worker takes its place, on the same port."""
    for pid in daemon.workers():
        os.kill(pid, signal.SIGKILL)
        assert daemon.wait_for("worker_ended")["status"] == -signal.SIGKILL
    for number in range(20):
        daemon.send(mail(subject=f"Printer {number}"))
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (20,)
    assert daemon.end() == 0


def test_workers_keep_to_a_processor_each(daemon: Daemon) -> None:
    """Where there are as many processors as workers, every worker has its own; elsewhere the kernel decides."""
    processors = os.sched_getaffinity(0)
    workers = daemon.workers()
    own = [{processor} for processor in sorted(processors)]
    expected = own if len(processors) == len(workers) else [processors] * len(workers)
    assert sorted(map(os.sched_getaffinity, workers), key=sorted) == expected


def test_a_hanging_worker_is_replaced(daemon: Daemon) -> None:
    """A worker that says nothing is ended, so that its peers can come back to one that answers."""
    (first, *_) = daemon.workers()
    os.kill(first, signal.SIGSTOP)
    assert daemon.wait_for("worker_hangs")["pid"] == first
    assert daemon.wait_for("worker_ended")["pid"] == first
    for _ in range(20):
        daemon.send(mail())


def test_workers_share_the_limit_of_connections(database_url: str) -> None:
    """Connections are counted over all workers, wherever the kernel put them."""
    daemon = Daemon(database_url, more="[limits]\nconnections = 8\n")
    try:
        daemon.start()
        with contextlib.ExitStack() as stack:
            open_ = [stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port))) for _ in range(8)]
            assert all(one.recv(100).startswith(b"220 ") for one in open_)
            ninth = stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
            assert ninth.recv(100).startswith(b"421 ")
    finally:
        daemon.close()


def test_a_second_daemon_on_a_taken_port_does_not_start(daemon: Daemon, database_url: str) -> None:
    """Workers share a port among themselves, never with another daemon."""
    second = Daemon(database_url)
    try:
        second.config.write_text(second.config.read_text().replace("port = 0", f"port = {daemon.port}"))
        done = second.command("serve")
        assert done.returncode == 1
        assert f"cannot listen on 127.0.0.1:{daemon.port}" in done.stderr.decode()
    finally:
        second.close()


def test_needs_restart_names_what_a_reload_cannot_apply() -> None:
    """Only settings that differ and that are read once are named."""
    old = Settings()
    new = Settings.model_validate({"listeners": [{"port": 1}], "logs": {"level": "debug"}})
    assert needs_restart(old, old) == []
    assert needs_restart(old, new) == ["logs", "listeners"]


def test_systemd_hears_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The notification reaches the socket that systemd names; the watchdog is fed at half its time."""
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        notify("READY=1")
        assert systemd.recv(100) == b"READY=1"
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_seconds() is None
    monkeypatch.delenv("WATCHDOG_PID")
    assert watchdog_seconds() == 15
