"""The running daemon: a process that sends notices, and everything that can happen to it."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from desk import mail
from running_daemon import Daemon
from sink import Sink

SMART_HOST = '[smart_host]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
PEOPLE = """
INSERT INTO organizations (name) VALUES ('Customer Ltd');
INSERT INTO contacts (organization_id, name) VALUES (1, 'Ann Smith');
INSERT INTO contact_addresses VALUES (1, 1, 'ann@customer.example');
"""


@pytest.fixture
def sink() -> Iterator[Sink]:
    smart_host = Sink().start()
    yield smart_host
    smart_host.stop()


@pytest.fixture
def daemon(database_url: str, sink: Sink) -> Iterator[Daemon]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(PEOPLE)
    one = Daemon(database_url, more=SMART_HOST.format(port=sink.port))
    one.start()
    yield one
    one.close()


def wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that happens in another process."""
    for _ in range(int(seconds * 20)):
        if is_true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_the_loop_closes_over_smtp(daemon: Daemon, sink: Sink) -> None:
    """Mail in, notice out, reply in: the note is on the ticket; what bounces is accepted by its token only."""
    daemon.send(mail())
    wait_until(lambda: len(sink.taken) == 1)
    notice = sink.taken[0]
    daemon.send(mail(subject="AW: Drucker", extra=f"In-Reply-To: {notice.mail['Message-ID']}\r\n"))
    assert daemon.wait_for("message", count=2)["outcome"] == "ticket_note_added"
    daemon.send(mail(subject="Undeliverable"), to=[notice.mail_from])
    assert daemon.wait_for("message", count=3)["mailbox"] == "support"
    assert daemon.command("check").stdout.splitlines()[-1].endswith(b"answers")


def test_notices_survive_what_happens(daemon: Daemon, sink: Sink) -> None:
    """The smart host goes, the sender is killed, the daemon is restarted: each ticket is confirmed once."""
    sink.stop()
    daemon.send(mail())
    daemon.wait_for("smart_host_unavailable")
    # The last that was forked.
    os.kill(daemon.workers()[-1], signal.SIGKILL)
    daemon.wait_for("sender_started", count=2)
    daemon.send(mail())
    daemon.end()
    sink.start()
    daemon.start()
    wait_until(lambda: len(sink.taken) == 2)
    assert daemon.end() == 0
    assert len({taken.mail["Message-ID"] for taken in sink.taken}) == 2


def test_a_reload_starts_and_stops_the_sender(daemon: Daemon, sink: Sink) -> None:
    """Without a smart host there is no sender and nothing is queued; with one there is."""
    with_host = daemon.config.read_text()
    daemon.config.write_text(with_host.replace('host = "127.0.0.1"', 'host = ""'))
    daemon.send_signal(signal.SIGHUP)
    assert daemon.wait_for("worker_ended")["process"] == "sender"
    assert len(daemon.workers()) == 2
    daemon.send(mail())
    daemon.config.write_text(with_host)
    daemon.send_signal(signal.SIGHUP)
    daemon.wait_for("sender_started", count=2)
    daemon.send(mail(subject="Second"))
    wait_until(lambda: len(sink.taken) == 1)
    assert "Second" in str(sink.taken[0].mail["Subject"])
