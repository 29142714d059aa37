"""`inbound directory`: what it prints, and its exit codes."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from inbound import cli, logs
from inbound.app.directory.example import example_file
from running_daemon import Daemon


class Shell:
    """Runs commands on one configuration, in this process: a process each would take most of the time to start."""

    def __init__(self, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._config = config
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        # The log of these tests is pytest's.
        monkeypatch.setattr(logs, "configure", lambda *_: None)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `inbound directory …`."""
        words = ["inbound", "directory", *arguments, "--config", str(self._config)]
        self._monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as end:
            cli.main()
        code = end.value.code if isinstance(end.value.code, int) else 0
        written = self._capsys.readouterr()
        return subprocess.CompletedProcess(words, code, written.out, written.err)

    def list(self, *arguments: str) -> list[dict[str, Any]]:
        """Run `inbound directory list … --json`."""
        done = self.command("list", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def config(database_url: str) -> Iterator[Path]:
    """A configuration on an empty database."""
    daemon = Daemon(database_url)
    yield daemon.config
    daemon.close()


@pytest.fixture
def here(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell on a database that holds the example desk."""
    shell = Shell(config, monkeypatch, capsys)
    done = shell.command("import", str(example_file()))
    assert done.returncode == 0, done.stderr
    return shell


def test_import_says_what_it_did(here: Shell, tmp_path: Path) -> None:
    """What is new, changed and unchanged, by kind, for people and for programs; twice says that there was nothing."""
    again = here.command("import", str(example_file())).stdout
    assert "contacts: 0 new, 0 changed, 6 unchanged" in again
    assert "nothing to do: all of it is there already" in again
    path = tmp_path / "people.csv"
    path.write_text("organization,name,addresses\nBrightwater Dental Ltd,Ivy,ivy@brightwater.example\n")
    rehearsed = here.command("import", str(path), "--kind", "contact", "--dry-run", "--json")
    assert json.loads(rehearsed.stdout) == {
        "ok": True,
        "dry_run": True,
        "kinds": {"contacts": {"new": 1, "changed": 0, "unchanged": 0}},
    }
    assert here.list("contacts", "--search", "ivy") == []
    assert "contacts: 1 new" in here.command("import", str(path), "--kind", "contacts").stdout
    assert here.list("contacts", "--search", "IVY")[0]["organization"] == "Brightwater Dental Ltd"


def test_import_refuses_with_every_mistake(here: Shell, tmp_path: Path) -> None:
    """Exit code 1, each mistake on a line of standard error, or as JSON; nothing was imported."""
    path = tmp_path / "devices.csv"
    path.write_text("organization,name,active\nBrightwater Dental Ltd,UPS,\nGone,UPS,\nBrightwater Dental Ltd,PC,x1\n")
    done = here.command("import", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f'{path}:3: organization: there is no organization "Gone"')
    assert lines[1].startswith(f'{path}:4: active: "x1" must be true or false')
    assert lines[2:] == ["2 mistakes; nothing was imported"]
    told = json.loads(here.command("import", str(path), "--json").stdout)
    assert told["ok"] is False
    assert [(one["line"], one["column"]) for one in told["problems"]] == [(3, "organization"), (4, "active")]
    assert len(here.list("devices")) == 2


def test_list_shows_what_is_known(here: Shell) -> None:
    """Every kind can be listed, and searched by anything that is known about its entries."""
    assert [one["name"] for one in here.list("organizations", "--search", "nordlicht-lager.example")] == [
        "Nordlicht Lager Süd GmbH"
    ]
    assert here.list("contacts", "--search", "becker-privat")[0]["addresses"][2] == "anna@becker-privat.example"
    assert here.list("resources", "--search", "network engineer")[0]["name"] == "Tina Hartmann"
    assert here.list("device", "--search", "8844")[0]["external_ids"] == ["rmm:8844"]
    assert here.list("projects")[0]["resources"] == ["Tina Hartmann"]
    assert [one["project"] for one in here.list("tasks")] == ["P20250106.0001"] * 2
    assert here.list("change-requests")[0]["approvers"] == ["Sam Patel", "Grace Okafor"]
    assert len(here.list("contacts", "--limit", "2")) == 2
    assert "Jürgen Weiß" in here.command("list", "contacts").stdout


def test_deactivate_and_activate(here: Shell) -> None:
    """By name, by address or by id; a second time says that there was nothing to do."""
    assert "Anna Becker (id 1) is inactive" in here.command("deactivate", "contacts", "1").stdout
    done = here.command("deactivate", "contact", "A.Becker@nordlicht-logistik.example")
    assert "was inactive already" in done.stdout
    assert here.list("contacts", "--search", "anna")[0]["active"] is False
    assert "is active" in here.command("activate", "contacts", "Anna Becker").stdout


REFUSALS = (
    (("deactivate", "contacts", "Nobody"), 1, "there is no contact 'Nobody'"),
    (("deactivate", "contacts", "99999999999999999999"), 1, "there is no contact"),
    (("deactivate", "robots", "R2"), 2, "is no kind; kinds: organizations"),
    (("deactivate", "tasks", "T20250106.0001"), 2, "set their status instead"),
    (("deactivate", "organizations", "Service Desk"), 1, "is the desk itself"),
    (("delete", "organizations", "Service Desk"), 1, "it is the desk itself"),
    (("delete", "organizations", "Brightwater Dental Ltd"), 1, "3 contacts, 1 devices, 1 tickets"),
    (("delete", "organizations", "Nordlicht Logistik GmbH"), 1, "1 organizations (parent)"),
    (("delete", "resources", "Tina Hartmann"), 1, "1 tasks (primary_resource), 1 task_resources"),
    (("delete", "contacts", "Grace Okafor"), 1, "1 change_request_approvers; deactivate it instead"),
    (("delete", "projects", "P20250106.0001"), 1, "2 tasks"),
    (("import", "/nonexistent.csv", "--kind", "robots"), 2, "is no kind"),
    (("import", "/nonexistent.csv", "--kind", "contacts"), 1, "cannot be read: No such file"),
)


def test_refusals_say_why(here: Shell) -> None:
    """What is referred to stays, and the reason names what refers to it, with counts."""
    for arguments, code, message in REFUSALS:
        done = here.command(*arguments)
        assert done.returncode == code, done.stderr
        assert message in " ".join(done.stderr.replace("│", " ").split())


def test_delete_what_nothing_refers_to(here: Shell, database_url: str) -> None:
    """It goes with its own rows; its number stays taken."""
    for kind, name in (
        ("contacts", "Holly Marsh"),
        ("devices", "BACKUP-01"),
        ("resources", "Otto Brandt"),
        ("tasks", "T20250106.0001"),
        ("organizations", "Kessler & Söhne KG"),
        ("change_requests", "T20250106.0003"),
    ):
        done = here.command("delete", kind, name)
        assert done.returncode == 0, done.stderr
        assert here.list(kind, "--search", name) == []
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM object_numbers").fetchone() == (4,)
        assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (1,)
        connection.execute("UPDATE contacts SET name = 'Daniel Price' WHERE name = 'Grace Okafor'")
    unclear = here.command("deactivate", "contacts", "Daniel Price")
    assert "2 contacts are meant by 'Daniel Price'; give an id" in unclear.stderr


def test_a_fallback_stays(here: Shell, config: Path) -> None:
    """An organization that a mailbox falls back to is neither deactivated nor deleted under it."""
    with config.open("a", encoding="utf-8") as file:
        file.write('\nfallback_organization = "Kessler & Söhne KG"\n')
    for verb in ("deactivate", "delete"):
        done = here.command(verb, "organizations", "Kessler & Söhne KG")
        assert done.returncode == 1
        assert "is the fallback_organization of support" in done.stderr
    path = config.with_name("organizations.csv")
    path.write_text("name,active\nKessler & Söhne KG,no\n", encoding="utf-8")
    assert "is a mailbox's fallback_organization" in here.command("import", str(path)).stderr
