"""Settings that name files: systemd credentials, and paths relative to the configuration file."""

import os
import re
from dataclasses import replace
from pathlib import Path

from inbound.config.reception import Listener, PeerRule
from inbound.config.settings import Settings
from inbound.model.mailbox import Mailbox

_PREFIX = "credential:"
# What systemd.exec(5) accepts as an ID, without what could lead out of the directory.
_CREDENTIAL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_LARGEST_SECRET_BYTES = 65_536


def is_credential(value: str) -> bool:
    """Does the value stand for a systemd credential?"""
    return value.startswith(_PREFIX)


def why_no_credential(value: str) -> str | None:
    """Say why a ``credential:NAME`` cannot be read, or None when it can."""
    name = value.removeprefix(_PREFIX)
    if _CREDENTIAL_NAME.fullmatch(name) is None:
        return "a credential is written credential:NAME, with letters, digits, dots, hyphens and underscores in NAME"
    if not os.environ.get("CREDENTIALS_DIRECTORY"):
        return f"credential {name} needs $CREDENTIALS_DIRECTORY: systemd sets it for LoadCredential={name}:PATH"
    return why_no_file(_credential_path(value), f"credential {name}")


def why_no_file(path: Path, what: str) -> str | None:
    """Say why a small file cannot be used, or None when it can be read and is not empty.

    Args:
        path: of the file.
        what: how messages call it.
    """
    try:
        if not path.is_file():
            return f"{what} is not a file" if path.exists() else f"{what} does not exist"
        if path.stat().st_size > _LARGEST_SECRET_BYTES:
            return f"{what} is too large"
        return None if path.read_bytes().strip() else f"{what} is empty"
    except OSError as error:
        return f"{what} cannot be read: {error.strerror}"


def _credential_path(value: str) -> Path:
    return Path(os.environ["CREDENTIALS_DIRECTORY"]) / value.removeprefix(_PREFIX)


def secret(value: str) -> str:
    """The value itself, or the text of the credential that it stands for.

    Raises:
        OSError: the credential cannot be read; ``why_no_credential`` has said so before.
    """
    if not is_credential(value):
        return value
    return _credential_path(value).read_text(encoding="utf-8", errors="replace").strip()


def absolute(value: str, directory: Path) -> str:
    """A path that starts at the directory of the configuration file; "" stays ""."""
    return str(directory / value) if value else ""


def pem_path(value: str, directory: Path) -> str:
    """The path of a PEM file or of the credential that stands for it; "" stays ""."""
    return str(_credential_path(value)) if is_credential(value) else absolute(value, directory)


def with_files(settings: Settings, directory: Path) -> Settings:
    """Put in the credentials, make paths absolute and domains lower case.

    Args:
        settings: without mistakes.
        directory: of the configuration file, absolute.
    """
    server, database, desk, smart_host = settings.server, settings.database, settings.desk, settings.smart_host
    return settings.model_copy(
        update={
            "server": server.model_copy(
                update={
                    "domains": _lower(server.domains),
                    "secret": secret(server.secret),
                    "old_secrets": tuple(secret(old) for old in server.old_secrets),
                    "state_directory": absolute(server.state_directory, directory),
                }
            ),
            "listeners": tuple(_listener_with_files(listener, directory) for listener in settings.listeners),
            "peers": tuple(_peer_with_files(peer) for peer in settings.peers),
            "authentication": settings.authentication.model_copy(
                update={"arc_sealers": _lower(settings.authentication.arc_sealers)}
            ),
            "database": database.model_copy(
                update={
                    "url": secret(database.url),
                    "embedded_binaries": absolute(database.embedded_binaries, directory),
                }
            ),
            "smart_host": smart_host.model_copy(
                update={
                    "password": secret(smart_host.password),
                    "ca_file": absolute(smart_host.ca_file, directory),
                }
            ),
            "mailboxes": tuple(_mailbox_with_files(mailbox, directory) for mailbox in settings.mailboxes),
            "desk": desk.model_copy(update={"public_mail_domains": _lower(desk.public_mail_domains)}),
        }
    )


def _listener_with_files(listener: Listener, directory: Path) -> Listener:
    files = {
        name: pem_path(getattr(listener, name), directory) for name in ("certificate", "key", "client_authorities")
    }
    return listener.model_copy(update=files)


def _mailbox_with_files(mailbox: Mailbox, directory: Path) -> Mailbox:
    keys = tuple(secret(key) for key in mailbox.keys)
    return replace(mailbox, keys=keys, templates=absolute(mailbox.templates, directory))


def _peer_with_files(peer: PeerRule) -> PeerRule:
    """Secrets put in, and everything that is compared in lower case."""
    users = tuple(user.model_copy(update={"password": secret(user.password)}) for user in peer.users)
    lower = {name: _lower(getattr(peer, name)) for name in ("certificate_names", "authserv_ids")}
    fingerprints = tuple(one.replace(":", "").lower() for one in peer.certificate_fingerprints)
    return peer.model_copy(update={"users": users, **lower, "certificate_fingerprints": fingerprints})


def _lower(domains: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(domain.lower() for domain in domains)
