"""Where the configuration file is when nobody says so, and where the daemon keeps its state."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import inbound
from inbound.config.settings import Settings
from inbound.errors import ConfigurationError, Problem

SYSTEM_CONFIG = Path("/etc/inbound/inbound.toml")
SYSTEM_STATE = Path("/var/lib/inbound")
_VARIABLE = "INBOUND_CONFIG"


def find_config(explicit: Path | None) -> Path:
    """The configuration file: the given one, else of $INBOUND_CONFIG, else the system's, else the checkout's example.

    Raises:
        ConfigurationError: none of them is there. Whether a given file exists is found out when it is read.
    """
    return _first_config(explicit, os.environ, SYSTEM_CONFIG, _checkout(Path(inbound.__file__)))


def _first_config(explicit: Path | None, environ: Mapping[str, str], system: Path, checkout: Path | None) -> Path:
    if explicit is not None:
        return explicit
    if environ.get(_VARIABLE):
        return Path(environ[_VARIABLE])
    if system.exists():
        return system
    if checkout is not None:
        return checkout / "config.example.toml"
    message = (
        f"no configuration: give --config FILE, set ${_VARIABLE}, write {system}, "
        "or run from a checkout, which has config.example.toml"
    )
    raise ConfigurationError([Problem(file="inbound", line=None, setting="", message=message)])


def _checkout(package_file: Path) -> Path | None:
    """The checkout that the package runs from: <checkout>/src/inbound/__init__.py; None when it is installed."""
    package = package_file.resolve().parent
    root = package.parent.parent
    is_checkout = package.parent.name == "src" and (root / "config.example.toml").is_file()
    return root if is_checkout else None


def state_directory(settings: Settings, config_path: Path) -> Path:
    """The directory of the embedded database and the lock file; it need not exist yet.

    In this order: ``server.state_directory``; $STATE_DIRECTORY, which systemd sets; ``.state`` in the checkout that the
    package runs from; /var/lib/inbound for root; $XDG_STATE_HOME/inbound or ~/.local/state/inbound.

    Args:
        settings: of the file.
        config_path: the file; a relative ``server.state_directory`` starts at its directory.

    Raises:
        ConfigurationError: the user has no home directory, and nothing else says where.
    """
    if settings.server.state_directory:
        return config_path.absolute().parent / settings.server.state_directory
    return _default_state_directory(os.environ, _checkout(Path(inbound.__file__)), is_root=os.geteuid() == 0)


def _default_state_directory(environ: Mapping[str, str], checkout: Path | None, *, is_root: bool) -> Path:
    if environ.get("STATE_DIRECTORY"):
        # systemd.exec(5): several directories are separated by colons.
        return Path(environ["STATE_DIRECTORY"].split(":")[0])
    if checkout is not None and _may_keep_state(checkout, is_root=is_root):
        return checkout / ".state"
    return SYSTEM_STATE if is_root else _home_state(environ)


def _may_keep_state(checkout: Path, *, is_root: bool) -> bool:
    """Root's embedded PostgreSQL runs as somebody else, who has to reach the directory through all its parents."""
    if is_root:
        return all(place.stat().st_mode & stat.S_IXOTH for place in (checkout, *checkout.parents))
    return os.access(checkout, os.W_OK)


def _home_state(environ: Mapping[str, str]) -> Path:
    # XDG Base Directory Specification: relative paths in its variables are ignored.
    xdg = Path(environ.get("XDG_STATE_HOME", ""))
    if xdg.is_absolute():
        return xdg / "inbound"
    try:
        return Path(environ.get("HOME") or Path.home()) / ".local" / "state" / "inbound"
    except RuntimeError:
        message = "this user has no home directory: say where the daemon may keep its state"
        problem = Problem(file="inbound", line=None, setting="server.state_directory", message=message)
        raise ConfigurationError([problem]) from None
