"""The configuration file: what loads, what does not, and what is said about it."""

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from inbound.config import Settings, find_config, load_settings, locations, state_directory
from inbound.config.checks import all_mistakes
from inbound.config.shape import element_of, settings_of
from inbound.config.structure import check_structure
from inbound.errors import ConfigurationError
from inbound.model.mailbox import Mailbox

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.toml"
BAD_CONFIGS = sorted((ROOT / "tests" / "bad_configs").iterdir())
MINIMAL = """
[[peers]]
name = "loopback"
networks = ["127.0.0.1"]

[[mailboxes]]
name = "support"
address = "support@desk.example"
"""
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CREDENTIALS_DIRECTORY", "INBOUND_CONFIG", "STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "inbound.toml"


def load(config: Path, text: str) -> Settings:
    config.write_text(text, encoding="utf-8")
    return load_settings(config)


def mistakes(config: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load(config, text)
    return str(raised.value)


class TestExample:
    def test_loads_unmodified(self) -> None:
        """The example serves desk.example on loopback, with an alerts mailbox and a vip one with critical tickets."""
        settings = load_settings(EXAMPLE)
        assert [(mailbox.address, mailbox.ticket.priority) for mailbox in settings.mailboxes] == [
            ("support@desk.example", "Medium"),
            ("alerts@desk.example", "Medium"),
            ("vip@desk.example", "Critical"),
        ]
        assert settings.mailboxes[2].ticket.due == timedelta(hours=4)
        assert [(listener.address, listener.port) for listener in settings.listeners] == [("127.0.0.1", 8025)]
        assert [peer.trusted for peer in settings.peers] == [True]

    def test_every_setting_appears(self) -> None:
        """With the commented settings included, the example shows every setting there is."""
        assert set(dotted_settings()) - set(dotted_in(uncommented_example())) == set()

    def test_shows_the_defaults(self) -> None:
        """What the example shows is the default, except where it names its own peers, tags and mailboxes."""
        shown = tomllib.loads(uncommented_example())
        structure = check_structure(shown)
        assert structure.mistakes == ()
        own: dict[str, Any] = {"peers": True, "mailboxes": True, "desk": {"tags"}}
        assert structure.settings.model_dump(exclude=own) == Settings().model_dump(exclude=own)
        support = structure.settings.mailboxes[0]
        assert support == Mailbox(name=support.name, address=support.address)

    def test_vip_mailbox_is_eight_lines(self) -> None:
        """A mailbox with other defaults costs eight lines."""
        lines = EXAMPLE.read_text().rpartition("[[mailboxes]]")[2].splitlines()
        assert 1 + sum(bool(line) for line in lines) == 8

    def test_documentation_names_every_setting(self) -> None:
        """docs/configuration.md names every setting by its full name."""
        text = (ROOT / "docs" / "configuration.md").read_text()
        assert [name for name in dotted_settings() if f"`{name}`" not in text] == []

    def test_documented_defaults(self) -> None:
        """The defaults in the table of settings are those of the models."""
        text = (ROOT / "docs" / "configuration.md").read_text()
        documented = dict(re.findall(r"^\| `([a-z_.]+)` \| `([^`]+)` \|", text, flags=re.MULTILINE))
        assert len(documented) > 40
        wrong = {name: value for name, value in documented.items() if tomllib.loads(f"x={value}")["x"] != default(name)}
        assert wrong == {}


def uncommented_example() -> str:
    """The example with its commented settings: "#name = ..." and "#    { ... }", but not "# explanation"."""
    return re.sub(r"^#(?=[^ #\n]|    \{)", "", EXAMPLE.read_text(), flags=re.MULTILINE)


def dotted_settings(table: Any = Settings, way: str = "") -> Iterator[str]:
    """The full name of every setting that is no table by itself."""
    for name, annotation in settings_of(table).items():
        inner = element_of(annotation) or annotation
        if settings_of(inner):
            yield from dotted_settings(inner, f"{way}{name}.")
        else:
            yield f"{way}{name}"


def dotted_in(text: str) -> Iterator[str]:
    def walk(value: Any, way: str) -> Iterator[str]:
        if isinstance(value, dict):
            for name, below in value.items():
                yield from walk(below, f"{way}.{name}")
        elif isinstance(value, list) and any(isinstance(below, dict) for below in value):
            for below in value:
                yield from walk(below, way)
        else:
            yield way.removeprefix(".")

    return walk(tomllib.loads(text), "")


def default(name: str) -> Any:
    """The default of a setting, as TOML would have it."""
    value: Any = Settings(
        peers=({"name": "x", "networks": ()},),  # type: ignore[arg-type] # pydantic makes the model of it
        mailboxes=(Mailbox(name="x", address="x"),),
    )
    for step in name.split("."):
        value = getattr(value[0] if isinstance(value, tuple) else value, step)
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 3600:g}h" if value >= timedelta(hours=1) else f"{value.seconds / 60:g}m"
    return {None: ""}.get(value, list(value) if isinstance(value, tuple) else value)


class TestMistakes:
    @pytest.mark.parametrize("directory", BAD_CONFIGS, ids=lambda directory: directory.name)
    def test_bad_config(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every mistake of a file is told at once: file, line, setting, value, and what is allowed."""
        monkeypatch.chdir(directory)
        with pytest.raises(ConfigurationError) as raised:
            load_settings(Path("inbound.toml"))
        assert f"{raised.value}\n" == (directory / "expected.txt").read_text(encoding="utf-8")

    def test_secrets_stay_secret(self) -> None:
        """No message repeats a password, wherever somebody wrote it."""
        with_secret = [directory for directory in BAD_CONFIGS if SECRET.encode() in read(directory, "inbound.toml")]
        assert len(with_secret) >= 5
        assert [directory.name for directory in with_secret if SECRET.encode() in read(directory, "expected.txt")] == []

    @pytest.mark.parametrize(
        "setting",
        [
            f'database = "{SECRET}"',
            f"database.url = ['{SECRET}']",
            f'database.url = "host=db password={SECRET}"',
            f'database.url = "postgresql://desk:{SECRET}@[db/desk"',
            f'database.url = "postgresql://desk:{SECRET}@db/desk\\n"',
            f'database.embedded_binaries = "postgresql://desk:{SECRET}@db/desk"',
            f'database.password = "{SECRET}"',
            f'server.hostname = "postgresql://desk:{SECRET}@db/desk"',
            f'listeners = [{{ tls = "starttls", certificate = "/", key = "{SECRET}" }}]',
            f"listeners = [{{ key = [{SECRET!r}] }}]",
            f'listeners = ["{SECRET}"]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", keys = ["{SECRET}"] }}]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", keys = "{SECRET}" }}]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", keys = [["{SECRET}"]] }}]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", keys = ["{SECRET}\\n"] }}]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", keys = {{ one = "{SECRET}" }} }}]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", key = "{SECRET}" }}]',
            f'mailboxes = [{{ name = "a", address = "a@desk.example", handler = "alerts", keys = ["{SECRET}"] }}]',
        ],
    )
    def test_no_message_repeats(self, config: Path, setting: str) -> None:
        """A value that may be a secret is never repeated, whatever is wrong with it."""
        said = mistakes(config, f"{setting}\n{MINIMAL if 'mailboxes' not in setting else ''}")
        assert f"{config}:1: " in said
        assert SECRET not in said

    def test_settings_do_not_show_secrets(self, config: Path) -> None:
        """Settings that end up in a log by accident show no password."""
        settings = load(config, f'database.url = "postgresql://desk:{SECRET}@db/desk"\n{MINIMAL}')
        assert SECRET in settings.database.url
        assert SECRET not in repr(settings)

    @pytest.mark.parametrize("ending", ["\n", "\r\n"], ids=["LF", "CRLF"])
    def test_line_endings_and_byte_order_mark(self, config: Path, ending: str) -> None:
        """A file from a Windows editor is read, and its lines are counted, like any other."""
        config.write_bytes(b"\xef\xbb\xbf" + ("[server]\nport = 1\n" + MINIMAL).replace("\n", ending).encode())
        with pytest.raises(ConfigurationError, match=r"inbound\.toml:2: server\.port: unknown"):
            load_settings(config)

    def test_no_such_file(self, config: Path) -> None:
        """A file that is not there is said to be not there."""
        with pytest.raises(ConfigurationError, match=r"inbound\.toml: no such file$"):
            load_settings(config)

    def test_directory(self, tmp_path: Path) -> None:
        """A directory is not read as a file."""
        with pytest.raises(ConfigurationError, match="is a directory"):
            load_settings(tmp_path)

    def test_unreadable(self, tmp_path: Path) -> None:
        """What the system refuses is told in the system's words."""
        with pytest.raises(ConfigurationError, match="cannot be read: File name too long"):
            load_settings(tmp_path / ("x" * 300))

    @pytest.mark.parametrize("text", [f"x = {'9' * 5000}", "x = " + "[" * 5000 + "]" * 5000], ids=["digits", "depth"])
    def test_what_the_library_cannot_read(self, config: Path, text: str) -> None:
        """Numbers and nesting beyond what the TOML library can hold are mistakes, not crashes."""
        assert "not valid TOML" in mistakes(config, text)


def read(directory: Path, name: str) -> bytes:
    return (directory / name).read_bytes()


STRANGE = st.recursive(
    st.text(max_size=5) | st.integers() | st.booleans() | st.floats() | st.sampled_from(["\x00", "1d", "::/0", "a@b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x"]), inner, max_size=2),
    max_leaves=4,
)


def put_anywhere(data: st.DataObject, place: Any) -> None:
    """Replace or add one value, at any depth."""
    new = "new" if isinstance(place, dict) else len(place)
    step = data.draw(st.sampled_from([*(place if isinstance(place, dict) else range(len(place))), new]))
    if step != new and isinstance(place[step], dict | list) and data.draw(st.integers(0, 3)):
        put_anywhere(data, place[step])
    elif step == len(place):
        place.append(data.draw(STRANGE))
    else:
        place[step] = data.draw(STRANGE)


@given(data=st.data())
def test_any_value_anywhere(data: st.DataObject) -> None:
    """Whatever stands wherever: the checks find mistakes or none, and go on with settings that can be used."""
    document = tomllib.loads(uncommented_example())
    for _ in range(data.draw(st.integers(1, 4))):
        put_anywhere(data, document)
    before = json.dumps(document)
    structure = check_structure(document)
    assert json.dumps(document) == before
    assert {mistake.key for mistake in structure.mistakes} <= structure.wrong
    assert all(mistake.message for mistake in all_mistakes(structure.settings, ROOT))


class TestValues:
    def test_minimal(self, config: Path) -> None:
        """A file that says who may deliver and where to is enough; a mailbox has the shipped pick lists to name."""
        settings = load(config, MINIMAL)
        assert settings.mailboxes == (Mailbox(name="support", address="support@desk.example"),)
        assert [status.name for status in settings.desk.statuses if status.complete] == ["Complete"]

    @pytest.mark.parametrize(
        ("written", "due"),
        [
            ("30m", timedelta(minutes=30)),
            ("8h", timedelta(hours=8)),
            ("2d", timedelta(days=2)),
            ("1w", timedelta(weeks=1)),
            ("3650d", timedelta(days=3650)),
            ("", None),
        ],
    )
    def test_due(self, config: Path, written: str, due: timedelta | None) -> None:
        """An offset is a whole number of minutes, hours, days or weeks; nothing written means none."""
        settings = load(config, f'{MINIMAL}ticket.due = "{written}"\n')
        assert settings.mailboxes[0].ticket.due == due

    def test_domains_are_lower_case(self, config: Path) -> None:
        """Domains compare whatever their case, so they are kept in one."""
        settings = load(
            config,
            'server.domains = ["Desk.EXAMPLE"]\ndesk.public_mail_domains = ["Mail.Example"]\n' + MINIMAL,
        )
        assert settings.server.domains == ("desk.example",)
        assert settings.desk.public_mail_domains == ("mail.example",)

    def test_relative_paths(self, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Relative paths start at the directory of the file, not at the one the program runs in."""
        binaries = tmp_path / "pg" / "bin"
        binaries.mkdir(parents=True)
        for name in ("initdb", "postgres"):
            (binaries / name).touch()
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        config.write_text(f'server.state_directory = "state"\ndatabase.embedded_binaries = "pg/bin"\n{MINIMAL}')
        monkeypatch.chdir(elsewhere)
        settings = load_settings(Path("../inbound.toml"))
        assert Path(settings.server.state_directory).resolve() == tmp_path.resolve() / "state"
        assert Path(settings.database.embedded_binaries).samefile(binaries)
        assert Path(settings.server.state_directory).is_absolute()

    def test_only_secrets_and_tls_files_are_credentials(self, config: Path) -> None:
        """Elsewhere "credential:" is text like any other."""
        settings = load(config, f'server.state_directory = "credential:x"\n{MINIMAL}')
        assert settings.server.state_directory == str(config.parent / "credential:x")

    def test_wildcard_ports(self, config: Path) -> None:
        """Listeners on any free port never collide; neither do both kinds of wildcard."""
        listeners = "".join(
            f'[[listeners]]\naddress = "{address}"\nport = {port}\n'
            for address, port in [("127.0.0.1", 0), ("127.0.0.1", 0), ("0.0.0.0", 25), ("::", 25)]  # noqa: S104 - under test
        )
        assert len(load(config, listeners + MINIMAL).listeners) == 4


class TestTls:
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    def listener(self, certificate: str, key: str) -> str:
        return f'[[listeners]]\ntls = "required"\ncertificate = "{certificate}"\nkey = "{key}"\n{MINIMAL}'

    def write(self, directory: Path, name: str, authority: trustme.CA) -> None:
        issued = authority.issue_cert("mx.desk.example")
        (directory / f"{name}.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        (directory / f"{name}.key").write_bytes(issued.private_key_pem.bytes())

    def test_matching_pair(self, config: Path, tmp_path: Path, authority: trustme.CA) -> None:
        """A certificate and its key load, and their paths are absolute afterwards."""
        self.write(tmp_path, "mx", authority)
        (listener,) = load(config, self.listener("mx.pem", "mx.key")).listeners
        assert (listener.certificate, listener.key) == (str(tmp_path / "mx.pem"), str(tmp_path / "mx.key"))

    def test_pair_that_does_not_match(self, config: Path, tmp_path: Path, authority: trustme.CA) -> None:
        """The key of another certificate is a mistake before the first connection."""
        self.write(tmp_path, "mx", authority)
        self.write(tmp_path, "old", authority)
        said = mistakes(config, self.listener("mx.pem", "old.key"))
        assert said == f"{config}:3: listeners[0].certificate: certificate and key do not belong together"

    def test_encrypted_key(self, config: Path, tmp_path: Path, authority: trustme.CA) -> None:
        """A key with a passphrase is told apart, and nobody is asked for the passphrase."""
        self.write(tmp_path, "mx", authority)
        (tmp_path / "mx.key").write_text(
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
        )
        assert "is protected by a passphrase" in mistakes(config, self.listener("mx.pem", "mx.key"))

    def test_damaged_certificate(self, config: Path, tmp_path: Path, authority: trustme.CA) -> None:
        """A file that only looks like a certificate is a mistake."""
        self.write(tmp_path, "mx", authority)
        (tmp_path / "mx.pem").write_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
        assert f"{config}:3: listeners[0].certificate: certificate and key cannot be used" in mistakes(
            config, self.listener("mx.pem", "mx.key")
        )

    def test_credentials(
        self, config: Path, tmp_path: Path, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Certificate and key may be systemd credentials: their paths are those of the credential files."""
        credentials = tmp_path / "credentials"
        credentials.mkdir()
        self.write(credentials, "mx", authority)
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
        (listener,) = load(config, self.listener("credential:mx.pem", "credential:mx.key")).listeners
        assert (listener.certificate, listener.key) == (str(credentials / "mx.pem"), str(credentials / "mx.key"))


class TestCredentials:
    @pytest.fixture
    def credential(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        return tmp_path / "database-url"

    TEXT = f'database.url = "credential:database-url"\n{MINIMAL}'

    def test_content_is_the_url(self, config: Path, credential: Path) -> None:
        """The URL is what the credential holds, without the line break at its end."""
        credential.write_text(f"postgresql://desk:{SECRET}@db/desk\n")
        assert load(config, self.TEXT).database.url == f"postgresql://desk:{SECRET}@db/desk"

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "credential database-url does not exist"),
            ("\n", "credential database-url is empty"),
            (SECRET, "the content of the credential must be a URL like postgresql://"),
            (f"postgresql://db/desk\n{SECRET}\n", "the content of the credential must be a URL like postgresql://"),
            (SECRET * 10_000, "credential database-url is too large"),
        ],
    )
    def test_unusable(self, config: Path, credential: Path, content: str | None, message: str) -> None:
        """A credential that is missing, empty or no URL is a mistake, and its content is not shown."""
        if content is not None:
            credential.write_text(content)
        said = mistakes(config, self.TEXT).removeprefix(f"{config}:1: database.url: ")
        assert said.startswith(message)
        assert SECRET not in said


class TestFindConfig:
    def test_explicit_wins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A file given by hand is taken, whatever else there is and even if it is not there."""
        monkeypatch.setenv("INBOUND_CONFIG", "other.toml")
        assert find_config(tmp_path / "mine.toml") == tmp_path / "mine.toml"

    def test_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """$INBOUND_CONFIG comes next."""
        monkeypatch.setenv("INBOUND_CONFIG", "other.toml")
        assert find_config(None) == Path("other.toml")

    def test_system_before_checkout(self, config: Path) -> None:
        """The system's file comes before the example of the checkout, and only if it exists."""
        assert locations._first_config(None, {}, config, ROOT) == EXAMPLE
        config.touch()
        assert locations._first_config(None, {"INBOUND_CONFIG": ""}, config, ROOT) == config

    def test_checkout(self) -> None:
        """The package that runs here runs from this checkout; an installed one from none."""
        assert locations._checkout(ROOT / "src" / "inbound" / "__init__.py") == ROOT
        assert locations._checkout(Path("/usr/lib/python3/site-packages/inbound/__init__.py")) is None

    def test_nothing(self, config: Path) -> None:
        """Without any file the message names every way to give one."""
        with pytest.raises(ConfigurationError) as raised:
            locations._first_config(None, {}, config, None)
        for way in ("--config", "$INBOUND_CONFIG", str(config), "config.example.toml"):
            assert way in str(raised.value)


class TestStateDirectory:
    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        place = tmp_path / "outer" / "checkout"
        place.mkdir(parents=True)
        return place

    def test_setting_wins(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The setting comes first, relative to its file."""
        monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/systemd-said")
        settings = load(config, f'server.state_directory = "state"\n{MINIMAL}')
        assert state_directory(settings, config) == config.parent / "state"

    def test_systemd(self, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The directory that systemd made comes next, the first of several."""
        monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
        assert state_directory(load(config, MINIMAL), config) == Path("/var/lib/one")

    def test_checkout_of_a_user(self, checkout: Path) -> None:
        """A checkout keeps its state beside itself."""
        assert locations._default_state_directory({}, checkout, is_root=False) == checkout / ".state"

    @pytest.mark.parametrize(("mode", "is_reachable"), [(0o755, True), (0o711, True), (0o700, False), (0o750, False)])
    def test_checkout_of_root(self, mode: int, *, is_reachable: bool) -> None:
        """For root only if an unprivileged PostgreSQL can pass every directory above the state."""
        # pytest's own temporary directories are closed to others.
        with TemporaryDirectory() as outer:
            checkout = Path(outer) / "checkout"
            checkout.mkdir()
            checkout.chmod(0o755)
            Path(outer).chmod(mode)
            expected = checkout / ".state" if is_reachable else Path("/var/lib/inbound")
            assert locations._default_state_directory({}, checkout, is_root=True) == expected

    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({"HOME": "/home/ann"}, "/home/ann/.local/state/inbound"),
            ({"HOME": "/home/ann", "XDG_STATE_HOME": "/state"}, "/state/inbound"),
            ({"HOME": "/home/ann", "XDG_STATE_HOME": "relative"}, "/home/ann/.local/state/inbound"),
        ],
    )
    def test_user_without_checkout(self, environ: dict[str, str], expected: str) -> None:
        """An installed daemon of a user follows the XDG specification."""
        assert locations._default_state_directory(environ, None, is_root=False) == Path(expected)

    def test_root_without_checkout(self) -> None:
        """An installed daemon of root uses the system's place."""
        assert locations._default_state_directory({"HOME": "/root"}, None, is_root=True) == Path("/var/lib/inbound")
