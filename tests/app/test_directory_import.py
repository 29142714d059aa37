"""Filling the directory from files: what gets in, what is refused, and that twice is the same as once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk import SETTINGS, Desk, mail
from inbound.app.directory import files
from inbound.app.directory.columns import columns_of
from inbound.app.directory.example import example_file, is_example_desk, load_example
from inbound.app.directory.load import import_files
from inbound.config import Settings
from inbound.database.imports import Report
from inbound.errors import ImportRefused
from inbound.model.directory import DirectoryKind, Tally

Write = Callable[[str, str], Path]

TODAY = datetime.now(UTC)
TOMORROW = TODAY + timedelta(days=1)

BASE = """
[[organizations]]
name = "Nordlicht GmbH"
domains = ["nordlicht.example"]
[[resources]]
name = "Tina"
addresses = ["tina@helpdesk.example"]
roles = ["network engineer"]
[[contacts]]
organization = "Nordlicht GmbH"
name = "Anna Becker"
addresses = ["anna@nordlicht.example", "", "anna@privat.example"]
[[projects]]
number = "P20250106.0001"
organization = "Nordlicht GmbH"
title = "Umzug"
[[tasks]]
number = "T20250106.0001"
project = "P20250106.0001"
title = "Kabel"
[[change_requests]]
number = "T20250106.0002"
organization = "Nordlicht GmbH"
title = "Firewall"
approvers = ["Tina", "anna@nordlicht.example"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Write:
    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return path

    return write


def load(desk: Desk, *paths: Path, kind: DirectoryKind | None = None, dry: bool = False) -> dict[DirectoryKind, Tally]:
    return import_files(desk.database, SETTINGS, paths, kind=kind, is_rehearsal=dry)


def problems(desk: Desk, *paths: Path, kind: DirectoryKind | None = None) -> list[str]:
    """The mistakes, without the directory of the files."""
    with pytest.raises(ImportRefused) as refused:
        load(desk, *paths, kind=kind)
    return [str(one).replace(f"{paths[0].parent}/", "") for one in refused.value.problems]


def counts(desk: Desk) -> list[int]:
    """Rows of every table that an import writes."""
    people = ("organizations", "contacts", "contact_addresses", "resources", "resource_roles", "devices")
    work = ("projects", "tasks", "tickets", "object_numbers", "change_request_approvers", "number_counters")
    return [desk.value(f"SELECT count(*) FROM {table}") for table in people + work]  # noqa: S608 - names from above


def test_the_example_is_a_desk_that_works(desk: Desk) -> None:
    """It goes in once, a second time changes nothing, and mail finds its people."""
    assert load_example(desk.database, SETTINGS)
    before = counts(desk)
    assert all(tally.new == tally.changed == 0 for tally in load(desk, example_file()).values())
    assert counts(desk) == before
    assert not load_example(desk.database, SETTINGS)
    desk.receive(mail(author="anna@becker-privat.example"))
    desk.receive(mail(author="tina@helpdesk.example"))
    names = desk.rows(
        "SELECT o.name, c.name, r.name FROM tickets t JOIN organizations o ON o.id = t.organization_id "
        "LEFT JOIN contacts c ON c.id = t.contact_id LEFT JOIN resources r ON r.id = t.originator_resource_id "
        "WHERE t.id NOT IN (SELECT ticket_id FROM change_requests) ORDER BY t.id"
    )
    assert names == [("Nordlicht Logistik GmbH", "Anna Becker", None), ("Service Desk", None, "Tina Hartmann")]


def test_the_example_is_only_for_a_desk_that_nobody_uses(desk: Desk) -> None:
    """It is the example configuration on the embedded database, and there is nobody in it yet."""
    config = example_file().parents[1] / "config.example.toml"
    own = Settings.model_validate({"database": {"url": "postgresql://db.example/inbound"}})
    assert is_example_desk(SETTINGS, config)
    assert not is_example_desk(own, config)
    assert not is_example_desk(SETTINGS, Path("/etc/inbound/inbound.toml"))
    desk.add_resource("Tom")
    assert not load_example(desk.database, SETTINGS)


def test_the_example_is_no_reason_not_to_start(desk: Desk) -> None:
    """A configuration without its roles refuses it, and nothing of it is there."""
    settings = SETTINGS.model_copy(update={"desk": SETTINGS.desk.model_copy(update={"roles": ()})})
    before = counts(desk)
    assert not load_example(desk.database, settings)
    assert counts(desk) == before


def test_everything_is_stored(desk: Desk, file: Write) -> None:
    """Each column of a file arrives where the schema says."""
    load(desk, file("desk.toml", BASE))
    assert desk.rows("SELECT position, address FROM contact_addresses ORDER BY position") == [
        (1, "anna@nordlicht.example"),
        (3, "anna@privat.example"),
    ]
    assert desk.value("SELECT role FROM resource_roles") == "Network Engineer"
    assert desk.rows("SELECT number, kind FROM object_numbers ORDER BY number") == [
        ("P20250106.0001", "P"),
        ("T20250106.0001", "T"),
        ("T20250106.0002", "T"),
    ]
    assert desk.rows("SELECT status, priority, ticket_type FROM tickets") == [("New", "Medium", "Change Request")]
    assert (
        desk.value("SELECT count(*) FROM change_request_approvers WHERE num_nonnulls(resource_id, contact_id) = 1") == 2
    )


def test_twice_is_the_same_as_once(desk: Desk, file: Write) -> None:
    """The second time all of it is unchanged, and no row is written."""
    path = file("desk.toml", BASE)
    load(desk, path)
    rows = desk.rows("SELECT xmin::text, ctid::text FROM contacts UNION ALL SELECT xmin::text, ctid::text FROM tickets")
    assert set(load(desk, path).values()) == {Tally(new=0, changed=0, unchanged=1)}
    again = desk.rows(
        "SELECT xmin::text, ctid::text FROM contacts UNION ALL SELECT xmin::text, ctid::text FROM tickets"
    )
    assert again == rows


def test_a_dry_run_leaves_nothing(desk: Desk, file: Write) -> None:
    """It counts what would be done, and neither rows nor counters move."""
    path = file("desk.toml", BASE.replace("T20250106.0001", f"T{TODAY:%Y%m%d}.0007"))
    before, sequence = counts(desk), desk.value("SELECT last_value FROM ticket_numbers")
    assert load(desk, path, dry=True)["contacts"] == Tally(new=1, changed=0, unchanged=0)
    assert counts(desk) == before
    assert desk.value("SELECT last_value FROM ticket_numbers") == sequence


def test_what_a_file_does_not_say_stays(desk: Desk, file: Write) -> None:
    """A column that is not there leaves what is stored; an empty cell empties it."""
    load(desk, file("desk.toml", BASE))
    desk.run("UPDATE contacts SET active = false")
    assert (
        load(desk, file("contacts.csv", "organization,name\nNordlicht GmbH,Anna Becker\n"))["contacts"].unchanged == 1
    )
    assert desk.value("SELECT active FROM contacts") is False
    assert desk.value("SELECT count(*) FROM contact_addresses") == 2
    changed = file("contacts.csv", "Organization;Name;Addresses;Active\nNordlicht GmbH;Anna Becker;;ja\n")
    assert load(desk, changed)["contacts"] == Tally(new=0, changed=1, unchanged=0)
    assert desk.value("SELECT active FROM contacts") is True
    assert desk.value("SELECT count(*) FROM contact_addresses") == 0


@pytest.mark.parametrize(
    ("rows", "names", "addresses"),
    [
        # the same address 1: another name
        (["Anna Meyer,anna@nordlicht.example"], ["Anna Meyer"], ["anna@nordlicht.example"]),
        # the same name: another address 1
        (["Anna Becker,ab@nordlicht.example"], ["Anna Becker"], ["ab@nordlicht.example"]),
        # another of that name beside the one who has the address
        (
            ["Anna Becker,ab@nordlicht.example", "Anna Becker,ANNA@nordlicht.example"],
            ["Anna Becker", "Anna Becker"],
            ["ANNA@nordlicht.example", "ab@nordlicht.example"],
        ),
        # neither
        (["Bea,bea@nordlicht.example"], ["Anna Becker", "Bea"], ["anna@nordlicht.example", "bea@nordlicht.example"]),
    ],
)
def test_contacts_are_recognised(
    desk: Desk, file: Write, rows: list[str], names: list[str], addresses: list[str]
) -> None:
    """By address 1 within the organization, else by a name that only one has; and the second time all are known."""
    load(desk, file("desk.toml", BASE))
    path = file("contacts.csv", "organization,name,addresses\n" + "".join(f"Nordlicht GmbH,{row}\n" for row in rows))
    load(desk, path)
    assert [name for (name,) in desk.rows("SELECT name FROM contacts ORDER BY name")] == names
    found = desk.rows('SELECT address COLLATE "C" AS a FROM contact_addresses WHERE position = 1 ORDER BY a')
    assert [address for (address,) in found] == addresses
    assert load(desk, path)["contacts"].unchanged == len(rows)


def test_references_may_come_later_in_the_same_import(desk: Desk, file: Write) -> None:
    """Parents, account managers and co-managing users refer to each other across files, in any order."""
    organizations = file(
        "organizations.csv", "name,parent,account_manager\nSüd GmbH,Nord GmbH,tina@helpdesk.example\nNord GmbH,,\n"
    )
    resources = file(
        "resources.csv", "name,addresses,co_managed_organization\nTina,tina@helpdesk.example,\nCora,,Süd GmbH\n"
    )
    load(desk, resources, organizations)
    query = (
        "SELECT o.name, p.name, m.name FROM organizations o JOIN organizations p ON p.id = o.parent_id "
        "JOIN resources m ON m.id = o.account_manager_id"
    )
    assert desk.rows(query) == [("Süd GmbH", "Nord GmbH", "Tina")]
    tallies = load(desk, organizations, resources)
    assert tallies["organizations"] == tallies["resources"] == Tally(new=0, changed=0, unchanged=2)


def test_a_decision_outlives_the_list_of_approvers(desk: Desk, file: Write) -> None:
    """Who has decided stays on the list; who has not is taken off it."""
    load(desk, file("desk.toml", BASE))
    desk.run("UPDATE change_request_approvers SET decision = 'approved' WHERE contact_id IS NOT NULL")
    path = file("change-requests.csv", "number,approvers\nt20250106.0002,\n")
    assert load(desk, path)["change_requests"].changed == 1
    assert desk.rows("SELECT contact_id IS NOT NULL, decision FROM change_request_approvers") == [(True, "approved")]
    assert load(desk, path)["change_requests"].unchanged == 1


def test_a_ticket_becomes_a_change_request(desk: Desk, file: Write) -> None:
    """A number that a ticket has already makes that ticket one, and leaves what the file does not say."""
    number = desk.receive(mail(subject="Firewall")).number
    desk.add_resource("Tina")
    path = file("x.csv", f"number,approvers\n{number},Tina\n")
    assert load(desk, path, kind="change_requests")["change_requests"] == Tally(new=0, changed=1, unchanged=0)
    assert desk.rows("SELECT title, (SELECT count(*) FROM change_request_approvers) FROM tickets") == [("Firewall", 1)]


def test_completion_follows_the_status(desk: Desk, file: Write) -> None:
    """A complete status sets the time of completion once; another one clears it."""
    path = file("desk.toml", BASE.replace('title = "Kabel"', 'title = "Kabel"\nstatus = "complete"'))
    load(desk, path)
    at = desk.value("SELECT completed_at FROM tasks WHERE status = 'Complete'")
    assert at is not None
    assert load(desk, path)["tasks"].unchanged == 1
    load(desk, file("tasks.csv", "number,status\nT20250106.0001,New\n"))
    assert desk.value("SELECT completed_at FROM tasks") is None


def test_numbers_of_today_are_counted_past(desk: Desk, file: Write) -> None:
    """A ticket that comes after an imported task of today has a higher number, on a day that mail began or not."""
    for count in (7, 40):
        load(desk, file("desk.toml", BASE.replace("T20250106.0001", f"T{TODAY:%Y%m%d}.{count:04}")))
        made = desk.receive(mail(), at=TODAY).number
        assert made is not None
        assert int(made[-4:]) == count + 1


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # the file itself
        ("", "contacts.csv:1: the first line must name the columns; known: organization, name"),
        ("name\nA\n", "contacts.csv:1: organization: this column is missing"),
        (
            "organisation,name\n",
            'contacts.csv:1: organisation: "organisation" is no column; did you mean "organization"?',
        ),
        ("organization,name,name\n", "contacts.csv:1: name: stands twice"),
        ("organization,name\nA\n", "contacts.csv:2: has 1 cells, the first line has 2"),
        ('organization,name\n"A,B\n', "contacts.csv:2: not valid CSV: unexpected end of data"),
        # cells
        ("organization,name\nNordlicht GmbH,\n", "contacts.csv:2: name: must not be empty"),
        (
            "organization,name\nNordlicht GmbH," + "x" * 300,
            "contacts.csv:2: name: 300 characters are too many; at most",
        ),
        ("organization,name\nNordlicht GmbH,a\x1b[2J", 'contacts.csv:2: name: "a\\u001b[2J" has control characters'),
        ("organization,name,active\nNordlicht GmbH,A,maybe", 'contacts.csv:2: active: "maybe" must be true or false'),
        (
            "organization,name,addresses\nNordlicht GmbH,A,a.example",
            'contacts.csv:2: addresses: "a.example" is no mail',
        ),
        (
            "organization,name,addresses\nNordlicht GmbH,A,a@b..example",
            'contacts.csv:2: addresses: "a@b..example" is no',
        ),
        ("organization,name,addresses\nNordlicht GmbH,A,A <a@b.example>", "contacts.csv:2: addresses: "),
        ("organization,name,addresses\nNordlicht GmbH,A,a@b.example;A@B.example", 'contacts.csv:2: addresses: "A@B.'),
        (
            "organization,name,addresses\nNordlicht GmbH,A,a@b.c;b@b.c;c@b.c;d@b.c",
            "contacts.csv:2: addresses: 4 are too",
        ),
        (
            "organization,name,addresses\nNordlicht GmbH,A,support@desk.example",
            'contacts.csv:2: addresses: "support@desk',
        ),
        # references
        ("organization,name\nNordwind AG,A", 'contacts.csv:2: organization: there is no organization "Nordwind AG"'),
        ("organization,name\nTwice,A", 'contacts.csv:2: organization: "Twice" is not clear: 2 organizations'),
        # repetitions
        (
            "organization,name\nNordlicht GmbH,A\n\nNordlicht GmbH,A\n",
            'contacts.csv:4: name: "A" stands twice, first in line 2',
        ),
        (
            "organization,name,addresses\nNordlicht GmbH,A,a@b.c\nNordlicht GmbH,B,A@b.c\n",
            'contacts.csv:3: addresses: "a@b.c" stands twice, first in line 2',
        ),
    ],
)
def test_bad_contacts_are_named(desk: Desk, file: Write, content: str, expected: str) -> None:
    """One mistake, one line of text with file, line, column, value and what is allowed; nothing is imported."""
    desk.add_organization("Nordlicht GmbH")
    desk.add_organization("Twice")
    desk.add_organization("Twice")
    before = counts(desk)
    (found,) = problems(desk, file("contacts.csv", content))
    assert found.startswith(expected)
    assert counts(desk) == before


@pytest.mark.parametrize(
    ("content", "line", "expected"),
    [
        # organizations
        ('[[organizations]]\nname = "X"\ntype = "client"', 3, '"client" is not known; allowed: "customer", "partner"'),
        ('[[organizations]]\nname = "X"\ndomains = ["gmail.com"]', 3, '"gmail.com" is a public mail domain'),
        ('[[organizations]]\nname = "X"\ndomains = ["co.uk"]', 3, '"co.uk" is a public suffix'),
        ('[[organizations]]\nname = "X"\ndomains = ["a..example"]', 3, '"a..example" is no domain name'),
        ('[[organizations]]\nname = "X"\ndomains = ["ü..example"]', 3, '"ü..example" is no domain name'),
        ('[[organizations]]\nname = "X"\nexternal_ids = ["rmm:"]', 3, '"rmm:" must be like rmm:4711'),
        ('[[organizations]]\nname = "X"\nparent = "X"', 1, "an organization is not its own parent"),
        ('[[organizations]]\nname = "X"\ntype = "local"', 1, "there is a local organization already"),
        ('[[organizations]]\nname = "Service Desk"\ntype = "customer"', 1, "its type stays local"),
        ('[[organizations]]\nname = "Service Desk"\nactive = false', 1, "it stays active"),
        ('[[organizations]]\ntype = "customer"', 1, "is missing"),
        ("[[organizations]]\nname = 7", 2, "7 must be text in quotes"),
        ('[[organizations]]\nname = "X"\ncolour = "red"', 3, '"colour" is no column; known: name, type'),
        ('[organizations]\nname = "X"', 1, "must be tables, each under its own [[organizations]]"),
        ('[[customers]]\nname = "X"', 1, '"customers" is no kind'),
        ("[[organizations]]\nname = ", 2, "not valid TOML"),
        # resources
        ('[[resources]]\nname = "T"\nroles = ["Network Enginer"]', 3, 'did you mean "Network Engineer"? allowed: '),
        ('[[resources]]\nname = "T"\nroles = "Plumber"', 3, '"Plumber" is not known'),
        ('[[resources]]\nname = "T"\nco_managed_organization = "Y"', 1, 'there is no organization "Y"'),
        # devices
        ('[[devices]]\norganization = "Y"\nname = "D"', 1, 'there is no organization "Y"'),
        # numbers
        ('[[projects]]\nnumber = "T20250106.0001"\ntitle = "x"', 2, "is no number; it must be like P20260131.0003"),
        ('[[projects]]\nnumber = "P20251306.0001"\ntitle = "x"', 2, "is no number"),
        ('[[projects]]\nnumber = "P20250106.0001.001"', 2, "is no number"),
        ('[[projects]]\nnumber = "P20250106.0002"\ntitle = "x"', 1, 'is missing: "P20250106.0002" is new'),
        ('[[tasks]]\nnumber = "T20250106.0001"\nproject = "P20250101.0001"\ntitle = "x"', 1, "there is no project"),
        ('[[tasks]]\nnumber = "T20250106.0001"\nproject = "P20250101.0001"\ntitle = "x"\nstatus = "Nwe"', 5, '"New"?'),
        # change requests
        (
            '[[change_requests]]\nnumber = "T20250106.0001"\norganization = "Service Desk"\ntitle = ""\napprovers = []',
            4,
            "must not be empty",
        ),
        ('[[change_requests]]\nnumber = "T20250106.0002"\napprovers = ["Z"]', 1, 'there is no resource or contact "Z"'),
        ('[[change_requests]]\nnumber = "T20250106.0001"\npriority = ""', 3, '"" is not known; allowed: "Critical"'),
    ],
)
def test_bad_entries_are_named(desk: Desk, file: Write, content: str, line: int, expected: str) -> None:
    """Mistakes in TOML stand where the value stands, in the words of CSV."""
    load(desk, file("base.toml", BASE))
    (found,) = problems(desk, file("desk.toml", content))
    assert found.startswith(f"desk.toml:{line}: ")
    assert expected in found


def test_numbers_are_given_once(desk: Desk, file: Write) -> None:
    """The registry refuses what a ticket has, what another file has, and what is still to be counted."""
    number = desk.receive(mail()).number
    task = '[[tasks]]\nnumber = "{}"\nproject = "P20250106.0001"\ntitle = "x"\n'
    wanted = [f"{number}", "T20250106.0002", f"T{TOMORROW:%Y%m%d}.0001", f"T{TODAY:%Y%m%d}.999999999"]
    load(desk, file("base.toml", BASE))
    desk.receive(mail(), at=TODAY)
    found = problems(desk, file("desk.toml", "".join(task.format(number) for number in wanted)))
    assert [one.split(": ")[0] for one in found] == [f"desk.toml:{line}" for line in (1, 5, 9, 13)]
    assert "already the number of something else" in found[0]
    assert "already the number of something else" in found[1]
    assert "of a day that has not come" in found[2]
    assert "ahead of the counter" in found[3]


def test_all_mistakes_at_once_and_none_twice(desk: Desk, file: Write) -> None:
    """Mistakes of every kind and file come together; what only follows from another one is not told."""
    organizations = file("organizations.csv", "name,type\nBad AG,client\nGood AG,customer\n")
    contacts = file("contacts.csv", "organization,name,active\nBad AG,A,\nGood AG,B,perhaps\nGood AG,C,\nGone AG,D,\n")
    requests = file("change_requests.csv", "number,organization,title,approvers\nT20250101.0001,Good AG,x,B;C\n")
    tasks = file("tasks.csv", "number,title\nT20250101.0001,x\n")
    found = problems(desk, organizations, contacts, tasks, requests)
    assert [one.split(": ")[:2] for one in found] == [
        ["contacts.csv:3", "active"],
        ["contacts.csv:5", "organization"],
        ["organizations.csv:2", "type"],
        ["tasks.csv:2", "project"],
    ]
    assert desk.value("SELECT count(*) FROM organizations") == 1


def test_a_thousand_mistakes_are_enough(desk: Desk, file: Write) -> None:
    """A large wrong file is not read to its end, and the refusal says so."""
    content = "name,type\n" + "".join(f"O{row},x\n" for row in range(1500))
    with pytest.raises(ImportRefused) as refused:
        load(desk, file("organizations.csv", content))
    assert (len(refused.value.problems), refused.value.is_cut) == (1000, True)
    with pytest.raises(ImportRefused) as refused:
        load(desk, file("organizations.csv", content[: content.index("O999,")]))
    assert (len(refused.value.problems), refused.value.is_cut) == (999, False)
    wide = file("organizations.csv", ",".join(f"c{column}" for column in range(10_000)))
    assert problems(desk, wide)[0].startswith("organizations.csv:1: has 10000 columns; known: name, type")


def test_a_column_for_each_address(desk: Desk, file: Write) -> None:
    """What spreadsheets have as columns is the same list; both at once is a mistake."""
    desk.add_organization("Nordlicht GmbH")
    head = "organization,name,address 1,address 3"
    load(desk, file("contacts.csv", f"{head}\nNordlicht GmbH,A,a@x.example,c@x.example\n"))
    expected = [(1, "a@x.example"), (3, "c@x.example")]
    assert desk.rows("SELECT position, address FROM contact_addresses ORDER BY position") == expected
    again = file("contacts.csv", "organization,name,addresses\nNordlicht GmbH,A,a@x.example;;c@x.example\n")
    assert load(desk, again)["contacts"].unchanged == 1
    both = f"{head},addresses\nNordlicht GmbH,A,a@x.example,,b@x.example\n"
    assert "not in both" in problems(desk, file("contacts.csv", both))[0]
    twice = f"{head}\nNordlicht GmbH,A,a@x.example,A@x.example\n"
    assert "stands twice" in problems(desk, file("contacts.csv", twice))[0]


@given(
    octets=st.one_of(
        st.binary(max_size=300), st.text(alphabet=',;"\n\r\t#[]{}=.\\ aA1é\x00@', max_size=300).map(str.encode)
    )
)
def test_any_octets_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    """Nothing that stands in a file makes the reader fail."""
    directory = tmp_path_factory.mktemp("octets")
    for name in ("contacts.csv", "organizations.csv", "desk.toml"):
        for head in (b"", b"name,addresses,organization,domains\n", b"[[organizations]]\nname = "):
            path = directory / name
            path.write_bytes(head + octets)
            read = files.Read(columns=columns_of(SETTINGS), report=Report())
            files.read_files([path], None, read)
            assert all(one.line is None or one.line > 0 for one in read.report.problems)


def test_files_are_bounded(desk: Desk, file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many entries and too large files are refused, whatever is in them."""
    monkeypatch.setattr(files, "MOST_ENTRIES", 3)
    path = file("organizations.csv", "name\n" + "".join(f"O{row}\n" for row in range(9)))
    assert "one import takes fewer than 3 entries" in problems(desk, path)[-1]
    monkeypatch.setattr(files, "LARGEST_CSV_BYTES", 10)
    assert "split it" in problems(desk, path)[0]
    monkeypatch.setattr(files, "LARGEST_TOML_BYTES", 10)
    assert "split it" in problems(desk, file("x.toml", BASE))[0]


@pytest.mark.parametrize(
    ("name", "octets", "expected"),
    [
        ("contacts.txt", b"", "contacts.txt: must end in .csv or .toml"),
        ("people.csv", b"", "people.csv: the name does not say what it holds"),
        ("contacts.csv", b"organization,name\nA,B\nA,J\xfcrgen\n", "contacts.csv:3: not UTF-8"),
        ("desk.toml", b"# J\xfcrgen\n", "desk.toml:1: not UTF-8"),
        ("contacts.csv", b"organization,name\n\0\n", "contacts.csv:2: "),
        ("desk.toml", b"x = " + b"[" * 5000, "desk.toml"),
        ("contacts.csv", b"organization,name\n" + b"x" * 500_000, "contacts.csv:2: not valid CSV: field larger"),
    ],
)
def test_files_that_are_none(desk: Desk, tmp_path: Path, name: str, octets: bytes, expected: str) -> None:
    """What cannot be read is told like any other mistake."""
    (tmp_path / name).write_bytes(octets)
    assert problems(desk, tmp_path / name)[0].startswith(expected)


def test_international_domains_are_domains(desk: Desk, file: Write) -> None:
    """In either form, and mail from the other form is theirs too."""
    load(desk, file("organizations.csv", "name,domains\nMüller,Müller.example\nBäcker,xn--bcker-gra.example\n"))
    desk.receive(mail(author="Ann <ann@xn--mller-kva.example>"))
    desk.receive(mail(author="Ann <ann@xn--bcker-gra.example>"))
    query = "SELECT o.name FROM tickets t JOIN organizations o ON o.id = t.organization_id ORDER BY t.id"
    assert desk.rows(query) == [("Müller",), ("Bäcker",)]


def test_files_that_are_not_there(desk: Desk, tmp_path: Path) -> None:
    """A missing file and a directory are mistakes, and the other files are read all the same."""
    (tmp_path / "tasks.csv").mkdir()
    found = problems(desk, tmp_path / "contacts.csv", tmp_path / "x.toml", tmp_path / "tasks.csv")
    assert len(found) == 3


def test_spreadsheets_write_csv_in_their_own_way(desk: Desk, tmp_path: Path) -> None:
    """A byte order mark, semicolons, tabs, CRLF, quoted lists and empty lines at the end are fine."""
    path = tmp_path / "organizations.csv"
    path.write_bytes('\ufeffName;Domains\r\n"Müller; Söhne";"a.example;b.example"\r\n;\r\n'.encode())
    assert load(desk, path)["organizations"].new == 1
    path.write_bytes(b"name\tdomains\r\nOther\tc.example\r\n")
    load(desk, path)
    assert desk.rows("SELECT domain FROM organization_domains ORDER BY 1") == [
        ("a.example",),
        ("b.example",),
        ("c.example",),
    ]
