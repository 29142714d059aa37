"""``[server]``, ``[intake]`` and ``[database]``."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from inbound.config.checks.names import repeated, why_no_domain
from inbound.config.files import absolute, is_credential, secret, why_no_credential
from inbound.config.mistakes import Mistake, shown
from inbound.config.settings import Settings

#: of ``server.secret``, and of those before it
SHORTEST_SECRET_CHARS = 32
_URL_FORM = "a URL like postgresql://user@host/database"
_NOT_SHOWN = "it is not shown because it may hold a password"


def mistakes(settings: Settings, directory: Path) -> Iterator[Mistake]:
    """Every mistake in these tables."""
    yield from _domains(settings)
    yield from _secret(settings)
    yield from _state_directory(settings, directory)
    yield from _sizes(settings)
    yield from _database(settings, directory)


def _domains(settings: Settings) -> Iterator[Mistake]:
    server = settings.server
    if server.hostname and (why_not := why_no_domain(server.hostname)):
        yield Mistake(key=("server", "hostname"), message=why_not)
    if not server.domains:
        yield Mistake(key=("server", "domains"), message="must name at least one domain")
    for index, domain in enumerate(server.domains):
        if why_not := why_no_domain(domain):
            yield Mistake(key=("server", "domains", index), message=why_not)
    yield from repeated(((("server", "domains", i), domain) for i, domain in enumerate(server.domains)), "domain")


def _secret(settings: Settings) -> Iterator[Mistake]:
    server = settings.server
    if server.secret and (why_not := _why_no_secret(server.secret)):
        yield Mistake(key=("server", "secret"), message=why_not)
    for index, old in enumerate(server.old_secrets):
        if why_not := _why_no_secret(old):
            yield Mistake(key=("server", "old_secrets", index), message=why_not)


def _why_no_secret(written: str) -> str | None:
    if is_credential(written) and (why_not := why_no_credential(written)):
        return why_not
    if len(secret(written)) < SHORTEST_SECRET_CHARS:
        return f"must have at least {SHORTEST_SECRET_CHARS} characters; it is not shown because it is a secret"
    return None


def _state_directory(settings: Settings, directory: Path) -> Iterator[Mistake]:
    written = settings.server.state_directory
    if written and (why_not := _why_no_state(Path(absolute(written, directory)))):
        yield Mistake(key=("server", "state_directory"), message=f"{shown(written)} {why_not}")


def _why_no_state(path: Path) -> str | None:
    try:
        return "is not a directory" if path.exists() and not path.is_dir() else None
    except OSError as error:
        return f"cannot be used: {error.strerror}"


def _sizes(settings: Settings) -> Iterator[Mistake]:
    largest = settings.server.max_message_bytes
    for name, size in (("queue_bytes", settings.intake.queue_bytes), ("batch_bytes", settings.intake.batch_bytes)):
        if size < largest:
            yield Mistake(
                key=("intake", name),
                message=f"{size:_} is less than server.max_message_bytes, {largest:_}: no large message would fit",
                depends_on=(("server", "max_message_bytes"),),
            )


def _database(settings: Settings, directory: Path) -> Iterator[Mistake]:
    if why_not := _why_no_url(settings.database.url):
        yield Mistake(key=("database", "url"), message=why_not)
    binaries = settings.database.embedded_binaries
    if binaries and (why_not := _why_no_binaries(Path(absolute(binaries, directory)))):
        yield Mistake(key=("database", "embedded_binaries"), message=f"{shown(binaries)} {why_not}")


def _why_no_binaries(path: Path) -> str | None:
    try:
        missing = [name for name in ("initdb", "postgres") if not (path / name).is_file()]
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return f"has no {' and no '.join(missing)}; it must be the directory of PostgreSQL's programs" if missing else None


def _why_no_url(written: str) -> str | None:
    """Never shows any of the URL: it may hold a password."""
    if not written:
        return None
    if is_credential(written) and (why_not := why_no_credential(written)):
        return why_not
    if _is_url(secret(written)):
        return None
    if is_credential(written):
        return f"the content of the credential must be {_URL_FORM}; {_NOT_SHOWN}"
    return f"must be {_URL_FORM}, credential:NAME, or empty; {_NOT_SHOWN}"


def _is_url(url: str) -> bool:
    if not url.startswith("postgresql://") or not url.isprintable() or " " in url:
        return False
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True
