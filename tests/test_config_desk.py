"""What the configuration says about a desk: mailboxes and their defaults, alerts keys, editions."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import get_type_hints

import pytest

from inbound.config import Settings, load_settings
from inbound.config.checks.alerts import EXAMPLE_KEY
from inbound.errors import ConfigurationError
from inbound.model.mailbox import ALL_KINDS, Mailbox

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
PEER = '[[peers]]\nname = "loopback"\nnetworks = ["127.0.0.1"]\n'
KEY = "a-key-of-the-backups"


def mailbox(name: str, *settings: str) -> str:
    lines = "".join(f"{setting}\n" for setting in settings)
    return f'[[mailboxes]]\nname = "{name}"\naddress = "{name}@desk.example"\n{lines}'


def alerts(name: str = "alerts", *settings: str, key: str = KEY) -> str:
    return mailbox(name, 'handler = "alerts"', f'keys = ["{key}"]', *settings)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path / "inbound.toml"


def load(config: Path, *parts: str) -> Settings:
    config.write_text("\n".join([*parts, PEER]), encoding="utf-8")
    return load_settings(config)


def mistakes(config: Path, *parts: str) -> list[str]:
    """What is said, without file and line."""
    with pytest.raises(ConfigurationError) as raised:
        load(config, *parts)
    return [f"{problem.setting}: {problem.message}" for problem in raised.value.problems]


class TestEditions:
    @pytest.mark.parametrize("name", ["basic", "advanced", "unlimited"])
    def test_desk_and_alerts(self, config: Path, name: str) -> None:
        """Every edition has a desk mailbox and an alerts mailbox, and any number that is not active."""
        idle = [mailbox(f"idle{number}", "active = false") for number in range(20)]
        old = alerts("old", "active = false")
        settings = load(config, f'desk.edition = "{name}"\n', mailbox("support"), alerts(), *idle, old)
        assert len(settings.mailboxes) == 23

    def test_advanced_has_fifteen(self, config: Path) -> None:
        """The fifteenth desk mailbox is fine."""
        boxes = [mailbox(f"box{number}") for number in range(15)]
        assert len(load(config, 'desk.edition = "advanced"\n', alerts(), *boxes).mailboxes) == 16

    def test_unlimited(self, config: Path) -> None:
        """Without a word there is no limit."""
        boxes = [mailbox(f"box{number}") for number in range(40)]
        assert len(load(config, alerts("one"), alerts("two"), *boxes).mailboxes) == 42

    @pytest.mark.parametrize(
        ("edition", "creates"), [("basic", ("ticket",)), ("advanced", ALL_KINDS), ("unlimited", ALL_KINDS)]
    )
    def test_unwritten_creates(self, config: Path, edition: str, creates: tuple[str, ...]) -> None:
        """A desk mailbox that says nothing creates what the edition has; alerts keep their notes."""
        settings = load(config, f'desk.edition = "{edition}"\n', mailbox("support"), alerts())
        assert [one.creates for one in settings.mailboxes] == [creates, ALL_KINDS]

    def test_written_creates(self, config: Path) -> None:
        """What a mailbox says stays, in its order, where the edition has it."""
        settings = load(config, 'desk.edition = "advanced"\n', mailbox("support", 'creates = ["task_note", "ticket"]'))
        assert settings.mailboxes[0].creates == ("task_note", "ticket")

    def test_example_in_another_edition(self, config: Path) -> None:
        """Two desk mailboxes are one too many for basic, and both are named."""
        text = EXAMPLE.read_text().replace('edition = "unlimited"', 'edition = "basic"')
        config.write_text(text)
        with pytest.raises(ConfigurationError) as raised:
            load_settings(config)
        assert [problem.setting for problem in raised.value.problems] == ["desk.edition"]
        assert '"support", "vip"' in str(raised.value)


class TestKeys:
    def test_literal_and_credential(self, config: Path) -> None:
        """A key is what is written, or the content of the credential without the line break at its end."""
        (config.parent / "rmm-key").write_text("what-the-rmm-sends\n")
        boxes = mailbox("alerts", 'handler = "alerts"', f'keys = ["{KEY}", "credential:rmm-key"]')
        assert load(config, boxes).mailboxes[0].keys == (KEY, "what-the-rmm-sends")

    def test_is_never_shown(self, config: Path) -> None:
        """Whoever prints settings prints no key."""
        settings = load(config, alerts())
        assert KEY not in repr(settings)
        assert KEY not in repr(settings.mailboxes[0])

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("hunter2", "a key has 16 to 256 characters; this one has 7"),
            ("hunter2" * 40, "a key has 16 to 256 characters; this one has 280"),
            ("hunter2\nhunter2\nhunter2", "a key consists of letters, digits and signs of ASCII"),
            ("hunter2-hünter2-hunter2", "a key consists of letters, digits and signs of ASCII"),
            ("\n", "credential rmm-key is empty"),
        ],
    )
    def test_unusable_credential(self, config: Path, content: str, message: str) -> None:
        """What no tool could send is a mistake, and is not shown."""
        (config.parent / "rmm-key").write_text(content, encoding="utf-8")
        (said,) = mistakes(config, alerts(key="credential:rmm-key"))
        assert said.startswith(f"mailboxes[0].keys[0]: {message}")
        assert "hunter2" not in said

    @pytest.mark.parametrize("length", [16, 256])
    def test_lengths(self, config: Path, length: int) -> None:
        """The shortest and the longest key."""
        assert load(config, alerts(key="k" * length)).mailboxes[0].keys == ("k" * length,)

    @pytest.mark.parametrize(
        ("domain", "is_real"),
        [
            # nobody's (RFC 2606, RFC 6761)
            ("desk.example", False),
            ("mail.Example.COM", False),
            ("desk.test", False),
            ("localhost", False),
            # somebody's
            ("desk.org", True),
            ("example.de", True),
            ("anexample.com", True),
        ],
    )
    def test_key_of_the_example(self, config: Path, domain: str, *, is_real: bool) -> None:
        """The key that everybody knows opens no mailbox of a real domain, whatever else is served."""
        boxes = f'server.domains = ["desk.example", "a.{domain}"]\n', alerts(key=EXAMPLE_KEY)
        if is_real:
            (said,) = mistakes(config, *boxes)
            assert said.endswith(f"is the key of the example, which everybody knows; a.{domain} needs one of its own")
        else:
            assert load(config, *boxes).mailboxes[0].keys == (EXAMPLE_KEY,)

    def test_key_of_the_example_as_credential(self, config: Path) -> None:
        """It is no better in a file of its own."""
        (config.parent / "rmm-key").write_text(EXAMPLE_KEY)
        said = mistakes(config, 'server.domains = ["desk.example", "desk.org"]\n', alerts(key="credential:rmm-key"))
        assert len(said) == 1

    def test_the_example_uses_it(self) -> None:
        """The check knows the key that the example file has."""
        keys = [one.keys for one in load_settings(EXAMPLE).mailboxes if one.handler == "alerts"]
        assert keys == [(EXAMPLE_KEY,)]


def text_defaults() -> Iterator[tuple[str, str]]:
    """Every default of a mailbox that is free text: (table, setting)."""
    for table, kind in get_type_hints(Mailbox).items():
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            yield from ((table, one.name) for one in fields(kind) if hints[one.name] is str)


class TestDefaults:
    def test_every_name_is_looked_up(self, config: Path) -> None:
        """No default takes a name that stands nowhere."""
        settings = [f'{table}.{name} = "Nonsense"' for table, name in text_defaults()]
        assert len(settings) > 20
        said = mistakes(config, mailbox("support", *settings, 'ticket.tags = ["Nonsense"]'))
        named = {one.split(": ")[0] for one in said}
        # Which sub-issues there are nobody knows while the issue type is wrong.
        expected = {f"mailboxes[0].{table}.{name}" for table, name in text_defaults()} | {"mailboxes[0].ticket.tags[0]"}
        assert expected - named == {"mailboxes[0].ticket.sub_issue_type"}

    def test_everything_at_once(self, config: Path) -> None:
        """A mailbox that says everything, and says it right, loads as written."""
        desk = """
            [desk]
            tags = [{ name = "VPN", aliases = ["remote access"] }, { name = "Old", active = false }]
            categories = [{ name = "Standard", tags = ["VPN"] }, { name = "Past", active = false, tags = ["Old"] }]
            queues = [{ name = "First", members = ["ann@desk.example", "bob@desk.example"] }]
        """
        box = mailbox(
            "support",
            'own_lists = ["support.desk.example"]',
            'blocked_senders = ["ann@spam.example", "@spam.example", "*@*.spam.example", "bounce-*@lists.example"]',
            'blocked_subjects = ["lottery", "you have * won"]',
            'spam_headers = [{ header = "X-Spam-Score", at_least = 7 }]',
            'spam_action = "quarantine"',
            "ticket = { category = 'Standard', queue = 'First', primary_resource = 'ann@desk.example', "
            "role = 'Network Engineer', tags = ['VPN'], auto_tag = false }",
            "ticket_note = { status_after_contact = 'In Progress', reopen_status = 'Escalate', reopen_days = 0 }",
            "ticket_time_entry = { work_type = 'Travel', when_complete = 'prohibit', append_to_resolution = true }",
            "project_note = { note_type = '', publish = 'internal' }",
            "task_note = { status_after_resource = 'Waiting Customer' }",
            "task_time_entry = { role = 'Project Manager' }",
        )
        (loaded,) = load(config, desk, box).mailboxes
        assert loaded.ticket.tags == ("VPN",)
        assert loaded.ticket_note.reopen_days == 0
        assert [(mark.header, mark.at_least) for mark in loaded.spam_headers] == [("X-Spam-Score", 7)]
        assert loaded.project_note.publish == "internal"

    def test_thirty_tags(self, config: Path) -> None:
        """A ticket has at most 30 tags, and may have as many."""
        names = [f"tag {number}" for number in range(30)]
        desk = "".join(f'[[desk.tags]]\nname = "{name}"\n' for name in names)
        settings = load(config, desk, mailbox("support", f"ticket.tags = {names}"))
        assert len(settings.mailboxes[0].ticket.tags) == 30
