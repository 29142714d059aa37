"""The desk's secret: what keys digests that nobody may try out."""

import os
import secrets
from pathlib import Path

from inbound.config import Settings, state_directory
from inbound.errors import InboundError

#: made at the first start, in the state directory
FILE_NAME = "secret"
_BYTES = 32


def secret_of(settings: Settings, config: Path) -> bytes:
    """The secret of the settings, else of the state directory, where it is made when missing.

    Args:
        settings: checked.
        config: the file; a relative state directory starts at its directory.

    Raises:
        InboundError: the file cannot be read or made.
    """
    if settings.server.secret:
        return settings.server.secret.encode()
    directory = state_directory(settings, config)
    path = directory / FILE_NAME
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path, directory)
        return path.read_bytes().strip()
    except OSError as error:
        raise InboundError(f"the desk's secret cannot be kept in {path}: {error.strerror}") from error


def _make(path: Path, directory: Path) -> None:
    """Whole or not at all, and for the eyes of whom the directory belongs to."""
    unfinished = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(_BYTES).encode() + b"\n")
        if os.geteuid() == 0:
            owner = directory.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
    try:
        # A second process may have been faster; then its secret counts.
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
