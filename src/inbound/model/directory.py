"""What an operator fills the directory with: entries of files, before anybody knows their ids."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from inbound.values import immutable

#: in the order in which they are imported: what is referred to comes first
DirectoryKind = Literal["organizations", "resources", "contacts", "devices", "projects", "tasks", "change_requests"]
KINDS: tuple[DirectoryKind, ...] = get_args(DirectoryKind)

#: which organizations there may be; rules.attribution knows which of them take tickets
ORGANIZATION_TYPES = ("customer", "partner", "vendor", "local", "lead", "prospect", "dead", "cancelled")


@immutable
class Entry:
    """One row of a CSV file, or one table of a TOML file, readable in itself."""

    kind: DirectoryKind
    file: str
    #: 1-based
    line: int
    #: by column; a column that the file does not have is not here
    values: Mapping[str, Any]


@immutable
class Tally:
    """What an import did to the rows of one kind."""

    new: int
    changed: int
    unchanged: int
