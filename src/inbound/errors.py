"""Every error that inbound raises on purpose.

InboundError
├── ConfigurationError      the TOML file is wrong; carries every problem with its line
├── DatabaseError           something about PostgreSQL that the operator has to look at
│   ├── DatabaseTrouble     our trouble, never the message's: roll back, retry, then 451
│   │   └── IdentityTaken   another process stored the same message first: retry, and find it
│   ├── SchemaMismatch      the schema is older or newer than this program
│   └── UnsafeDurability    the server would confirm commits that it has not written
├── EmbeddedPostgresError   the private PostgreSQL cannot be found, created or started
├── ImportRefused           files for the directory have mistakes; carries every one with its line
├── StillReferredTo         what cannot be deleted or deactivated, and what refers to it
├── NotFound                no such message, mailbox, entry of the directory or file
└── AlreadyRunning          another daemon uses the state directory
"""

from collections.abc import Sequence

from inbound.values import immutable


class InboundError(Exception):
    """What went wrong, where, and what to do; the text is for the operator, never for a peer."""


@immutable
class Problem:
    """One mistake in a configuration, or in a file for the directory."""

    #: path of the file
    file: str
    #: 1-based; None when the mistake is something that is missing
    line: int | None
    #: dotted name of the setting, like ``mailboxes[1].ticket.priority``, or the column
    setting: str
    #: what is wrong and what is allowed
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.setting}: {self.message}" if self.setting else f"{where}: {self.message}"


class ConfigurationError(InboundError):
    """All mistakes of a configuration at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class DatabaseError(InboundError):
    """Something about PostgreSQL that the operator has to look at."""


class DatabaseTrouble(DatabaseError):
    """Our trouble, not the message's: SQLSTATE classes 08, 40, 53, 57, 58, 55P03, or a lost COMMIT."""


class IdentityTaken(DatabaseTrouble):
    """Another process stored the same message between our look-up and our insert."""


class SchemaMismatch(DatabaseError):
    """The database schema is not the one this program was written for."""


class UnsafeDurability(DatabaseError):
    """fsync, full_page_writes or synchronous_commit is off."""


class EmbeddedPostgresError(InboundError):
    """The private PostgreSQL cannot be found, created or started."""


class ImportRefused(InboundError):
    """All mistakes of files for the directory at once; nothing was written."""

    def __init__(self, problems: Sequence[Problem], *, is_cut: bool = False) -> None:
        self.problems = tuple(problems)
        #: there were so many that the rest was not looked at
        self.is_cut = is_cut
        super().__init__("\n".join(str(problem) for problem in self.problems))


class StillReferredTo(InboundError):
    """What cannot be deleted or deactivated, with what refers to it and how often."""


class NotFound(InboundError):
    """No such message, mailbox, entry of the directory or file."""


class AlreadyRunning(InboundError):
    """Another daemon uses the state directory."""
