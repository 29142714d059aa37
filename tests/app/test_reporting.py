"""Metrics of a running daemon: one view, whatever happens to its processes."""

import http.client
import os
import signal
import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import trustme
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine

from desk import mail
from inbound import metrics
from inbound.app.reporting import DatabaseWatch, Reporter
from inbound.config import Settings
from inbound.metrics.cells import Memory
from running_daemon import Daemon
from sink import Sink

METRICS = '[metrics]\naddress = "127.0.0.1"\nport = 0\n'
Labels = tuple[tuple[str, str], ...]
Samples = dict[tuple[str, Labels], float]


@pytest.fixture
def daemon(database_url: str) -> Iterator[Daemon]:
    one = Daemon(database_url, more=METRICS)
    yield one
    one.close()


def get(daemon: Daemon, path: str) -> tuple[int, str]:
    """Status and content of a page."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.events("showing_metrics")[-1]["port"], timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def scrape(daemon: Daemon) -> Samples:
    """Every sample, by name and labels."""
    status, content = get(daemon, "/metrics")
    assert status == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(content)
        for sample in family.samples
    }


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum over all samples of that name that have those labels."""
    return sum(
        value for (one, known), value in samples.items() if one == name and labels.items() <= dict(known).items()
    )


def wait_until(is_true: Callable[[], bool]) -> None:
    """Wait for something that happens in another process."""
    for _ in range(1_200):
        if is_true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


def test_what_happened_is_counted(daemon: Daemon) -> None:
    """Messages by outcome and reason, refusals by reply, bytes, batches: over all workers, and the sums agree."""
    daemon.start()
    content = mail(subject="Printer")
    for one in (content, content, mail()):
        daemon.send(one)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        daemon.send(mail(), ["nobody@desk.example"])
    shown = scrape(daemon)
    assert total(shown, "inbound_messages_total", outcome="ticket_created", reason="new_ticket", mailbox="support") == 2
    assert total(shown, "inbound_messages_total", outcome="duplicate", reason="redelivered") == 1
    assert total(shown, "inbound_messages_total") == total(shown, "inbound_messages_received_total") == 3
    assert total(shown, "inbound_recipients_refused_total", reason="unknown_mailbox", reply="550 5.1.1") == 1
    assert total(shown, "inbound_command_errors_total", reply="550 5.1.1") == 1
    assert total(shown, "inbound_connections_total") == 4
    # EHLO, MAIL, RCPT and DATA of three; EHLO, MAIL, RCPT and RSET of one; QUIT of each may still be on its way.
    assert total(shown, "inbound_commands_total") >= 12
    assert total(shown, "inbound_message_bytes_total") > 2 * len(content)
    assert total(shown, "inbound_proofs_total", method="trusted_peer") == 3
    for histogram in ("queue_seconds", "batch_messages", "batch_parse_seconds", "batch_commit_seconds"):
        assert total(shown, f"inbound_{histogram}_count") == 3
    assert total(shown, "inbound_batch_messages_sum") == 3
    assert total(shown, "inbound_worker_listening") == total(shown, "inbound_workers") == 2
    assert total(shown, "inbound_database_up") == 1
    memory = {dict(known)["process"] for one, known in shown if one == "inbound_resident_memory_bytes"}
    assert memory == {"worker 0", "worker 1", "reporter", "supervisor"}
    assert get(daemon, "/healthz") == (200, "ok\n")
    assert get(daemon, "/")[0] == 404


def test_no_counter_goes_back(daemon: Daemon) -> None:
    """A killed worker takes its states with it, not what it counted; its successor, and a new reporter, go on."""
    daemon.start()
    for _ in range(6):
        daemon.send(mail())
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=30) as idle:
        assert idle.recv(100).startswith(b"220 ")
        wait_until(lambda: total(scrape(daemon), "inbound_open_connections") == 1)
        before = scrape(daemon)
        (worker,) = (number for number in "01" if total(before, "inbound_open_connections", worker=number))
        os.kill(daemon.workers()[int(worker)], signal.SIGKILL)
        wait_until(lambda: total(scrape(daemon), "inbound_process_restarts_total", process="worker") == 1)
    wait_until(lambda: total(scrape(daemon), "inbound_worker_listening") == 2)
    # In the order of their beginning: the other worker, the reporter, the new worker.
    os.kill(daemon.workers()[1], signal.SIGKILL)
    wait_until(lambda: _has_new_reporter(daemon))
    daemon.send(mail())
    after = scrape(daemon)
    counted = {key: value for key, value in before.items() if key[0].endswith(("_total", "_bucket", "_count", "_sum"))}
    assert {key for key, value in counted.items() if after[key] < value} == set()
    assert total(after, "inbound_messages_total") == total(after, "inbound_messages_received_total") == 7
    assert total(after, "inbound_open_connections") <= 1
    assert total(after, "inbound_process_restarts_total") == 2


def _has_new_reporter(daemon: Daemon) -> bool:
    try:
        return total(scrape(daemon), "inbound_process_restarts_total", process="reporter") == 1
    except (OSError, http.client.HTTPException):
        return False


def test_notices_are_counted(database_url: str) -> None:
    """The process that sends them counts attempts; what waits is read from the database."""
    sink = Sink().start()
    daemon = Daemon(database_url, more=f'{METRICS}[smart_host]\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "none"\n')
    try:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("INSERT INTO organizations (name) VALUES ('Customer Ltd')")
            connection.execute("INSERT INTO contacts (organization_id, name) VALUES (1, 'Ann Smith')")
            connection.execute("INSERT INTO contact_addresses VALUES (1, 1, 'ann@customer.example')")
        daemon.start()
        daemon.send(mail())
        name = "inbound_notice_attempts_total"
        wait_until(lambda: total(scrape(daemon), name, kind="ticket_created", state="sent") == 1)
        assert total(scrape(daemon), "inbound_notices_pending", kind="ticket_created") == 0
        assert total(scrape(daemon), "inbound_resident_memory_bytes", process="sender") > 0
    finally:
        daemon.close()
        sink.stop()


def test_a_reload_shows_the_new_certificate(daemon: Daemon) -> None:
    """The day until which a certificate is valid follows SIGHUP, also into the past."""
    pem = daemon.directory / "certificate.pem"
    config = daemon.config.read_text()
    daemon.config.write_text(
        config.replace("[[peers]]", f'tls = "starttls"\ncertificate = "{pem}"\nkey = "{pem}"\n[[peers]]')
    )
    name = "inbound_certificate_expiry_timestamp_seconds"
    days = [datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (40, 80, -1)]
    for count, until in enumerate(days):
        _write_certificate(pem, until)
        if count == 0:
            daemon.start()
        else:
            daemon.send_signal(signal.SIGHUP)
        wait_until(lambda: {value for (one, _), value in scrape(daemon).items() if one == name} == {until.timestamp()})  # noqa: B023 - called before the next turn
    assert total(scrape(daemon), "inbound_reloads_total", result="taken") == 2
    with daemon.config.open("a") as file:
        file.write("wrong\n")
    daemon.send_signal(signal.SIGHUP)
    wait_until(lambda: total(scrape(daemon), "inbound_reloads_total", result="refused") == 1)


def _write_certificate(pem: Path, until: datetime) -> None:
    pem.write_bytes(trustme.CA().issue_cert("localhost", not_after=until).private_key_and_cert_chain_pem.bytes())


def test_a_taken_port_says_what_to_do(daemon: Daemon, database_url: str) -> None:
    """The daemon does not start, and names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        daemon.config.write_text(daemon.config.read_text().replace(METRICS, METRICS.replace("= 0", f"= {port}")))
        done = daemon.command("serve")
    assert done.returncode == 1
    problem = done.stderr.decode()
    assert f"cannot show metrics on 127.0.0.1:{port}: Address already in use; choose another metrics.port" in problem


def test_health_needs_a_worker_and_the_database(database: Engine) -> None:
    """Without a listening worker, or when the database is silent, a balancer sends its mail elsewhere."""
    memory = Memory(2)
    metrics.begin(memory, 0)
    watch = DatabaseWatch(database)
    reporter = Reporter(Settings(), memory, ("worker 0", "reporter"), watch)
    try:
        assert reporter.page("/healthz").content == b"no worker takes mail\n"
        metrics.listening.set(1)
        assert reporter.page("/healthz").status == 200
        watch._answered_at -= 60
        assert reporter.page("/healthz").status == 503
        assert reporter.page("/healthz").content == b"the database has not answered for 60 seconds\n"
        assert b"\ninbound_database_up 0.0\n" in reporter.page("/metrics").content
        watch.ask()
        assert reporter.page("/healthz").status == 200
        memory.vacate(0)
        assert reporter.page("/healthz").status == 503
    finally:
        metrics.begin(Memory(1), 0)


def test_who_may_ask() -> None:
    """Only this machine, unless the settings name others; a reload changes it."""
    reporter = Reporter(Settings(), Memory(1), ("worker 0",), DatabaseWatch.__new__(DatabaseWatch))
    assert [reporter.may_ask(one) for one in ("127.0.0.1", "::1", "192.0.2.1", "2001:db8::1")] == [
        True,
        True,
        False,
        False,
    ]
    reporter.replace(Settings.model_validate({"metrics": {"networks": ["192.0.2.0/24"]}}))
    assert [reporter.may_ask(one) for one in ("127.0.0.1", "::1", "192.0.2.1")] == [False, False, True]
