"""The commands, as a shell runs them."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import typer.main
import typer.testing

from desk import mail
from inbound import __version__
from inbound.app.one_mail import usual_sender
from inbound.cli import app
from running_daemon import Daemon


@pytest.fixture
def here(database_url: str) -> Iterator[Daemon]:
    """A configuration on a fresh database; no daemon runs."""
    daemon = Daemon(database_url)
    yield daemon
    daemon.close()


def test_the_program_says_its_version() -> None:
    """``--version`` needs no configuration."""
    done = typer.testing.CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"inbound {__version__}\n")


def test_help_shows_every_word() -> None:
    """What a command says of itself is shown whole: brackets would be taken for markup and vanish."""
    groups = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # a group, typed as a command
    commands = {(name,): one for name, one in groups.items() if not hasattr(one, "commands")}
    commands |= {
        (name, sub): one for name, group in groups.items() for sub, one in getattr(group, "commands", {}).items()
    }
    assert len(commands) > 15
    for words, command in commands.items():
        shown = typer.testing.CliRunner().invoke(app, [*words, "--help"]).stdout
        assert " ".join(command.help.split()) in " ".join(shown.split()), words


def test_deliver_then_find_it_again(here: Daemon, tmp_path: Path) -> None:
    """Deliver stores for real; list, show and raw find the message; a second delivery is a duplicate."""
    file = tmp_path / "mail.eml"
    file.write_bytes(mail(subject="Hello"))
    first = here.command("deliver", str(file), "--to", "Support+x@DESK.example", "--json")
    assert first.returncode == 0, first.stderr
    made = json.loads(first.stdout)
    assert (made["outcome"], made["mailbox"]) == ("ticket_created", "support")
    again = here.command("deliver", "-", "--to", "support@desk.example", stdin=file.read_bytes())
    assert b"duplicate" in again.stdout
    (listed,) = here.command("messages", "list", "--subject", "hell", "--json").stdout.splitlines()
    assert json.loads(listed)["number"] == made["number"]
    assert here.command("messages", "list", "--sender", "100%", "--json").stdout == b""
    shown = json.loads(here.command("messages", "show", "1", "--json").stdout)
    assert shown["delivery_count"] == 2
    assert shown["sub_address"] == "x"
    assert shown["mail_from"] == "ann@customer.example"
    assert len(shown["redeliveries"]) == 1
    assert here.command("messages", "raw", "1").stdout == file.read_bytes()
    assert b"Hello" in here.command("messages", "show", "1").stdout


@pytest.mark.parametrize(
    ("header", "mail_from"),
    [
        # as a mail server wrote it down
        ("Return-Path: <srs0=a=b@relay.example>\r\n", "srs0=a=b@relay.example"),
        ("Return-Path: <>\r\n", ""),
        # as it usually is
        ("", "ann@customer.example"),
        ("X-Failed-Recipients: bob@customer.example\r\n", ""),
    ],
)
def test_the_reverse_path_of_a_file(header: str, mail_from: str) -> None:
    """Where nobody says how a mail came, it came as such a mail does."""
    assert usual_sender(mail(extra=header)) == mail_from


def test_the_null_reverse_path_may_have_brackets(here: Daemon) -> None:
    """As SMTP writes it."""
    done = here.command("explain", "-", "--to", "support@desk.example", "--json", "--from", "<>", stdin=mail())
    assert json.loads(done.stdout)[0]["would_write"]["messages"]["mail_from"] == ""


def test_show_has_the_code_of_a_forwarding_confirmation(here: Daemon) -> None:
    """Code and link are shown to whoever asks for the message, and stand nowhere else."""
    body = "Confirmation code: 123456789\r\n\r\nhttps://mail-settings.google.com/mail/vf-%5Babc%5D-def\r\n"
    subject = "(#123456789) Gmail Forwarding Confirmation - Receive Mail from ann@customer.example"
    content = mail(author="Gmail Team <forwarding-noreply@google.com>", subject=subject, body=body)
    done = here.command("deliver", "-", "--to", "support@desk.example", "--json", stdin=content)
    assert json.loads(done.stdout)["reason"] == "forwarding_confirmation"
    assert b"mail-settings" not in done.stderr
    shown = json.loads(here.command("messages", "show", "1", "--json").stdout)
    assert shown["confirmation"]["code"] == "123456789"
    assert "mail-settings" not in json.dumps(shown["trace"])
    assert b"link        https://mail-settings.google.com/" in here.command("messages", "show", "1").stdout


def test_explain_writes_nothing(here: Daemon) -> None:
    """Explain shows stages and rows, also of a stored message, and leaves the database as it was."""
    content = mail()
    for _ in range(2):
        done = here.command("explain", "-", "--to", "support@desk.example", "--json", stdin=content)
        (explained,) = json.loads(done.stdout)
        assert explained["outcome"] == "ticket_created"
        assert explained["would_write"]["tickets"]["title"] == "Printer"
        here.command("deliver", "-", "--to", "support@desk.example", stdin=content)
    assert "its own row does not count" in str(explained["steps"])
    assert len(here.command("messages", "list", "--json").stdout.splitlines()) == 1
    text = here.command("explain", "-", "--to", "support@desk.example", stdin=content).stdout.decode()
    assert "resolve_sender" in text
    assert "would be written" in text


def test_explain_of_another_day_does_not_begin_it(here: Daemon, database_url: str) -> None:
    """Looking at a future day leaves its numbers alone: they still begin at 0001 when it comes."""
    here.command("migrate")
    done = here.command("explain", "-", "--to", "support@desk.example", "--at", "2031-01-01", "--json", stdin=mail())
    assert json.loads(done.stdout)[0]["would_write"]["tickets"]["number"].startswith("T20310101.")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM number_counters").fetchone() == (0,)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("deliver", "/nonexistent", "--to", "support@desk.example"), 1, "/nonexistent"),
        (("deliver", "-", "--to", "nobody@desk.example"), 1, "nobody@desk.example: unknown_mailbox"),
        (("deliver", "-", "--to", "x@other.example"), 1, "domain_not_served"),
        (("explain", "-", "--to", "support@desk.example", "--peer", "192.0.2.1"), 1, "no [[peers]] entry"),
        (("explain", "-", "--to", "support@desk.example", "--at", "noon"), 2, "not a time"),
        (("messages", "show", "99"), 1, "there is no message 99"),
        (("messages", "raw", "99"), 1, "there is no message 99"),
        (("messages", "retry", "99"), 1, "there is no message 99"),
        (("messages", "retry"), 2, "name the messages"),
        (("messages", "list", "--reason", "own-notice"), 2, "is no code: did you mean own_notice"),
        (("messages", "list", "--outcome", "zzz"), 2, "docs/reasons.md has all of them"),
        (("messages", "show", "9" * 30), 2, "than or equal to"),
        (("migrate", "--revision", "nonsense"), 1, "cannot migrate to revision"),
    ],
)
def test_mistakes_are_clear(here: Daemon, arguments: tuple[str, ...], code: int, message: str) -> None:
    """A wrong argument ends with its own exit code and one sentence, never with a traceback."""
    assert here.command("migrate").returncode == 0
    done = here.command(*arguments, stdin=mail())
    assert done.returncode == code
    assert message in " ".join(done.stderr.decode().replace("│", "").split())
    assert b"Traceback" not in done.stderr


def test_retry_refuses_what_is_not_in_quarantine(here: Daemon) -> None:
    """Only quarantined messages are retried; --all with an empty quarantine is fine."""
    here.command("deliver", "-", "--to", "support@desk.example", stdin=mail())
    done = here.command("messages", "retry", "1")
    assert done.returncode == 1
    assert b"is not in quarantine: its outcome is ticket_created" in done.stderr
    nothing = here.command("messages", "retry", "--all")
    assert (nothing.returncode, nothing.stderr) == (0, b"nothing is in quarantine\n")


def test_check_lists_stored_names_that_the_file_drops(here: Daemon) -> None:
    """Check accepts a good file, and refuses one that drops a mailbox or a pick-list value in use, with the count."""
    here.command("deliver", "-", "--to", "support@desk.example", stdin=mail())
    assert json.loads(here.command("check", "--json").stdout)["ok"] is True
    text = here.config.read_text().replace('name = "support"', 'name = "other"')
    here.config.write_text(text + '[mailboxes.ticket]\nstatus = "Open"\n[[desk.statuses]]\nname = "Open"\n')
    done = here.command("check", "--json")
    assert done.returncode == 2
    problems = {problem["setting"]: problem["message"] for problem in json.loads(done.stdout)["problems"]}
    assert "'support' is gone, but 1 stored messages" in problems["mailboxes"]
    assert "'New' is gone, but 1 stored rows" in problems["desk.statuses"]


def test_migrate_goes_forward_and_back(database_url: str) -> None:
    """Migrate makes the schema, says so, and can undo it; serve refuses an empty database and names the command."""
    daemon = Daemon(database_url)
    try:
        assert b"nothing to do" in daemon.command("migrate").stdout
        assert b"-> None" in daemon.command("migrate", "--revision", "base").stdout
        refused = daemon.command("messages", "list")
        assert refused.returncode == 1
        assert b"run `inbound migrate`" in refused.stderr
        assert b"empty -> 0004" in daemon.command("migrate").stdout
    finally:
        daemon.close()


def test_database_url_of_an_embedded_one_that_does_not_run() -> None:
    """Without a running daemon there is no URL, and nothing on standard output that psql would take for one."""
    daemon = Daemon()
    try:
        done = daemon.command("database", "url")
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"not running" in done.stderr
    finally:
        daemon.close()
