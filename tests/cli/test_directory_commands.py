"""`inbound directory`, as a shell runs it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from inbound.app.directory.example import example_file
from running_daemon import Daemon


@pytest.fixture
def here(database_url: str) -> Iterator[Daemon]:
    """A configuration on a database that holds the example desk; no daemon runs."""
    daemon = Daemon(database_url)
    done = daemon.command("directory", "import", str(example_file()))
    assert done.returncode == 0, done.stderr
    yield daemon
    daemon.close()


def listed(daemon: Daemon, *arguments: str) -> list[dict[str, Any]]:
    done = daemon.command("directory", "list", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_import_says_what_it_did(here: Daemon, tmp_path: Path) -> None:
    """What is new, changed and unchanged, by kind, for people and for programs; twice says that there was nothing."""
    again = here.command("directory", "import", str(example_file())).stdout.decode()
    assert "contacts: 0 new, 0 changed, 6 unchanged" in again
    assert "nothing to do: all of it is there already" in again
    path = tmp_path / "people.csv"
    path.write_text("organization,name,addresses\nBrightwater Dental Ltd,Ivy,ivy@brightwater.example\n")
    rehearsed = here.command("directory", "import", str(path), "--kind", "contact", "--dry-run", "--json")
    assert json.loads(rehearsed.stdout) == {
        "ok": True,
        "dry_run": True,
        "kinds": {"contacts": {"new": 1, "changed": 0, "unchanged": 0}},
    }
    assert listed(here, "contacts", "--search", "ivy") == []
    assert b"contacts: 1 new" in here.command("directory", "import", str(path), "--kind", "contacts").stdout
    assert listed(here, "contacts", "--search", "IVY")[0]["organization"] == "Brightwater Dental Ltd"


def test_import_refuses_with_every_mistake(here: Daemon, tmp_path: Path) -> None:
    """Exit code 1, each mistake on a line of standard error, or as JSON; nothing was imported."""
    path = tmp_path / "devices.csv"
    path.write_text("organization,name,active\nBrightwater Dental Ltd,UPS,\nGone,UPS,\nBrightwater Dental Ltd,PC,x1\n")
    done = here.command("directory", "import", str(path))
    assert (done.returncode, done.stdout) == (1, b"")
    lines = done.stderr.decode().splitlines()
    assert lines[0].startswith(f'{path}:3: organization: there is no organization "Gone"')
    assert lines[1].startswith(f'{path}:4: active: "x1" must be true or false')
    assert lines[2:] == ["2 mistakes; nothing was imported"]
    told = json.loads(here.command("directory", "import", str(path), "--json").stdout)
    assert told["ok"] is False
    assert [(one["line"], one["column"]) for one in told["problems"]] == [(3, "organization"), (4, "active")]
    assert len(listed(here, "devices")) == 2


def test_list_shows_what_is_known(here: Daemon) -> None:
    """Every kind can be listed, and searched by anything that is known about its entries."""
    assert [one["name"] for one in listed(here, "organizations", "--search", "nordlicht-lager.example")] == [
        "Nordlicht Lager Süd GmbH"
    ]
    assert listed(here, "contacts", "--search", "becker-privat")[0]["addresses"][2] == "anna@becker-privat.example"
    assert listed(here, "resources", "--search", "network engineer")[0]["name"] == "Tina Hartmann"
    assert listed(here, "device", "--search", "8844")[0]["external_ids"] == ["rmm:8844"]
    assert listed(here, "projects")[0]["resources"] == ["Tina Hartmann"]
    assert [one["project"] for one in listed(here, "tasks")] == ["P20250106.0001"] * 2
    assert listed(here, "change-requests")[0]["approvers"] == ["Sam Patel", "Grace Okafor"]
    assert len(listed(here, "contacts", "--limit", "2")) == 2
    assert "Jürgen Weiß" in here.command("directory", "list", "contacts").stdout.decode()


def test_deactivate_and_activate(here: Daemon) -> None:
    """By name, by address or by id; a second time says that there was nothing to do."""
    assert b"Anna Becker (id 1) is inactive" in here.command("directory", "deactivate", "contacts", "1").stdout
    done = here.command("directory", "deactivate", "contact", "A.Becker@nordlicht-logistik.example")
    assert b"was inactive already" in done.stdout
    assert listed(here, "contacts", "--search", "anna")[0]["active"] is False
    assert b"is active" in here.command("directory", "activate", "contacts", "Anna Becker").stdout


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


def test_refusals_say_why(here: Daemon) -> None:
    """What is referred to stays, and the reason names what refers to it, with counts."""
    for arguments, code, message in REFUSALS:
        done = here.command("directory", *arguments)
        assert done.returncode == code, done.stderr
        assert message in " ".join(done.stderr.decode().replace("│", " ").split())


def test_delete_what_nothing_refers_to(here: Daemon, database_url: str) -> None:
    """It goes with its own rows; its number stays taken."""
    for kind, name in (
        ("contacts", "Holly Marsh"),
        ("devices", "BACKUP-01"),
        ("resources", "Otto Brandt"),
        ("tasks", "T20250106.0001"),
        ("organizations", "Kessler & Söhne KG"),
        ("change_requests", "T20250106.0003"),
    ):
        done = here.command("directory", "delete", kind, name)
        assert done.returncode == 0, done.stderr
        assert listed(here, kind, "--search", name) == []
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM object_numbers").fetchone() == (4,)
        assert connection.execute("SELECT count(*) FROM tickets").fetchone() == (1,)
        connection.execute("UPDATE contacts SET name = 'Daniel Price' WHERE name = 'Grace Okafor'")
    unclear = here.command("directory", "deactivate", "contacts", "Daniel Price")
    assert b"2 contacts are meant by 'Daniel Price'; give an id" in unclear.stderr


def test_a_fallback_stays(database_url: str) -> None:
    """An organization that a mailbox falls back to is neither deactivated nor deleted under it."""
    more = '[[mailboxes]]\nname = "b"\naddress = "b@desk.example"\nfallback_organization = "Kessler & Söhne KG"'
    daemon = Daemon(database_url, more=more)
    try:
        assert daemon.command("directory", "import", str(example_file())).returncode == 0
        for verb in ("deactivate", "delete"):
            done = daemon.command("directory", verb, "organizations", "Kessler & Söhne KG")
            assert done.returncode == 1
            assert b"is the fallback_organization of b" in done.stderr
    finally:
        daemon.close()
