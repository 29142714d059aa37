"""Runs the SMTP dialogues of ../shared/dialogs against a fresh daemon: `make dialogs`.

The runner there judges the replies. Two cases that it leaves to us are played here: the database stopped between RCPT
and DATA, and many connections from one address. Arguments are handed to the runner (`--only ID,ID`, `--timeout S`).
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme

ROOT = Path(__file__).resolve().parents[1]
DIALOGS = ROOT.parent / "shared" / "dialogs"
START_SECONDS = 120
STOP_SECONDS = 30
HOST = "127.0.0.1"
#: events that mean a defect of ours, never a peer's or the database's doing
DEFECTS = ("reception_failed", "message_failed", "intake_failed", "Traceback")

CONFIG = """
[server]
hostname = "mx.desk.example"
domains = ["desk.example"]
state_directory = "{directory}/state"

[[listeners]]
address = "{host}"
port = 0
tls = "starttls"
certificate = "{directory}/certificate.pem"
key = "{directory}/key.pem"

[[peers]]
name = "loopback"
networks = ["127.0.0.0/8"]
trusted = true

[intake]
deadline_seconds = 3.0

[logs]
format = "json"

[[mailboxes]]
name = "support"
address = "support@desk.example"

[[mailboxes]]
name = "vip"
address = "vip@desk.example"
"""


def main() -> int:
    """Play everything; 0 when every dialogue went as expected."""
    if not DIALOGS.is_dir():
        print(f"{DIALOGS} does not exist: no dialogues to run")
        return 0
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inbound-")))
        # As root the embedded PostgreSQL runs as somebody else, who has to reach its files.
        directory.chmod(0o755)
        daemon = stack.enter_context(running_daemon(directory))
        port = wait_for_port(daemon, directory / "log")
        results = run_dialogues(port, directory / "results.json")
        results["abuse-05"] = judge(many_connections(port), "220 or 421 for each of 200 connections")
        results["sem-01"] = judge(
            stopped_database(port, directory), "451 while the database is stopped, 250 when it goes on"
        )
        log_verdict = judge(log_has_no_defect(directory / "log"), "no defect of ours in the log")
    failed = [name for name, verdict in {**results, "log": log_verdict}.items() if verdict == "FAIL"]
    counts = {verdict: list(results.values()).count(verdict) for verdict in ("pass", "FAIL", "skip")}
    print(f"all {len(results)} dialogues: {counts}" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


@contextmanager
def running_daemon(directory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A daemon with its own configuration, certificate and database below the directory."""
    issued = trustme.CA().issue_cert("localhost", HOST)
    (directory / "certificate.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    (directory / "key.pem").write_bytes(issued.private_key_pem.bytes())
    (directory / "inbound.toml").write_text(CONFIG.format(directory=directory, host=HOST), encoding="utf-8")
    command = [sys.executable, "-m", "inbound", "serve", "--config", str(directory / "inbound.toml")]
    with (directory / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT) as daemon:
        try:
            yield daemon
        finally:
            daemon.terminate()
            try:
                daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                daemon.kill()


def wait_for_port(daemon: "subprocess.Popen[bytes]", log: Path) -> int:
    """The port that the daemon says it listens on."""
    give_up_at = time.monotonic() + START_SECONDS
    while daemon.poll() is None and time.monotonic() < give_up_at:
        for event in events(log):
            if event.get("event") == "listening":
                return int(str(event["port"]))
        time.sleep(0.1)
    sys.exit(f"the daemon did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")


def events(log: Path) -> Iterator[dict[str, object]]:
    """The JSON lines of the log."""
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield json.loads(line)


def run_dialogues(port: int, results: Path) -> dict[str, str]:
    """Verdict by dialogue, from the runner."""
    command = [sys.executable, str(DIALOGS / "smtp_run.py"), HOST, str(port), "--json", str(results)]
    mailboxes = ["--rcpt", "support@desk.example", "--rcpt2", "vip@desk.example", "--badrcpt", "nobody@desk.example"]
    subprocess.run([*command, *mailboxes, "--starttls", "--heavy", *sys.argv[1:]], check=True)
    return {result[0]: result[1] for result in json.loads(results.read_text(encoding="utf-8"))}


def many_connections(port: int) -> bool:
    """200 connections from one address: greeted or sent away, and a later one is greeted again."""
    with ExitStack() as stack:
        peers = [stack.enter_context(socket.create_connection((HOST, port), 5)) for _ in range(200)]
        greetings = [peer.recv(200)[:3] for peer in peers]
    give_up_at = time.monotonic() + 10
    while first_reply(port) != b"220":
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.1)
    return set(greetings) <= {b"220", b"421"}


def first_reply(port: int) -> bytes:
    """The code that a new connection hears."""
    with socket.create_connection((HOST, port), 5) as peer:
        return peer.recv(200)[:3]


def stopped_database(port: int, directory: Path) -> bool:
    """Stop the database between RCPT and DATA, let it go on, and send the message again as a mail server does."""
    with socket.create_connection((HOST, port), 20) as peer:
        envelope = b"MAIL FROM:<a@client.example>\r\nRCPT TO:<support@desk.example>\r\n"
        code(peer, b"", replies=1)
        code(peer, b"HELO client.example\r\n" + envelope, replies=3)
        processes = database_processes(directory)
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            content = b"Subject: stopped database\r\nMessage-ID: <stopped@client.example>\r\n\r\nbody\r\n.\r\n"
            first = code(peer, b"DATA\r\n", replies=1), code(peer, content, replies=1)
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)
        code(peer, envelope, replies=2)
        again = code(peer, b"DATA\r\n", replies=1), code(peer, content, replies=1)
    print(f"database stopped between RCPT and DATA: {first[1]}, when it went on: {again[1]}")
    return bool(processes) and first == ("354", "451") and again == ("354", "250")


def code(peer: socket.socket, octets: bytes, *, replies: int) -> str:
    """Send octets, wait for so many replies of one line, and return the code of the last."""
    peer.sendall(octets)
    received = b""
    while received.count(b"\r\n") < replies:
        if not select.select([peer], [], [], 20)[0]:
            return "none"
        chunk = peer.recv(4096)
        if not chunk:
            return "close"
        received += chunk
    return received.splitlines()[-1][:3].decode("ascii")


def database_processes(directory: Path) -> list[int]:
    """The processes of the daemon's own PostgreSQL, the first one first."""
    pids = [int(path.read_text(encoding="ascii").split()[0]) for path in directory.rglob("postmaster.pid")]
    children = (Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split() for pid in pids)
    return pids + [int(child) for group in children for child in group]


def log_has_no_defect(log: Path) -> bool:
    """Print and count the lines that tell of a defect."""
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if is_defect(line)]
    for line in lines:
        print(line[:2_000])
    return not lines


def is_defect(line: str) -> bool:
    """Does this line of the log tell of a defect of ours?"""
    return any(word in line for word in DEFECTS)


def judge(is_good: bool, expectation: str) -> str:  # noqa: FBT001 - the verdict is what it is about
    """A verdict, printed when it is bad."""
    if not is_good:
        print(f"FAIL expected {expectation}")
    return "pass" if is_good else "FAIL"


if __name__ == "__main__":
    sys.exit(main())
