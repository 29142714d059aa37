"""What is known about an import while it runs: mistakes, entries that failed, rows that were written."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from inbound.errors import Problem
from inbound.model.directory import DirectoryKind, Entry, Tally
from inbound.values import immutable

#: after so many mistakes nothing more is read
MOST_PROBLEMS = 1_000


@immutable
class Desk:
    """What the configuration says about new objects."""

    #: in the desk's time zone
    today: date
    #: aware, UTC
    now: datetime
    #: of ``desk.statuses``
    complete_statuses: frozenset[str]
    #: columns of a ticket that its entry does not give
    ticket: Mapping[str, str]
    #: names of organizations to which mailboxes fall back
    fallbacks: frozenset[str] = frozenset()
    #: nothing is to stay: no counter moves
    is_rehearsal: bool = False


@dataclass(kw_only=True, slots=True)
class Report:
    """Filled by whoever reads, checks or writes."""

    problems: list[Problem] = field(default_factory=list)
    #: lower-case names, numbers and addresses of entries with mistakes: what refers to them is no second mistake
    failed: set[tuple[DirectoryKind, str]] = field(default_factory=set)
    entries: Counter[DirectoryKind] = field(default_factory=Counter)
    #: ids of rows by kind
    new: dict[DirectoryKind, set[int]] = field(default_factory=dict)
    changed: dict[DirectoryKind, set[int]] = field(default_factory=dict)
    #: called with the number of entries that have been dealt with since the last call
    on_progress: Callable[[int], None] = lambda _count: None

    def refuse(self, file: str, line: int | None, column: str, message: str) -> None:
        """Note a mistake, unless there are enough."""
        if not self.is_hopeless:
            self.problems.append(Problem(file=file, line=line, setting=column, message=message))

    def refuse_entry(self, entry: Entry, column: str, message: str) -> None:
        """Note a mistake in an entry, and that nobody can refer to it."""
        self.refuse(entry.file, entry.line, column, message)
        self.fail_entry(entry)

    def fail_entry(self, entry: Entry) -> None:
        """Note that nobody can refer to an entry, because of a mistake that has been told."""
        addresses = [one if isinstance(one, str) else one[1] for one in entry.values.get("addresses", ())]
        for word in (entry.values.get("name"), entry.values.get("number"), *addresses):
            if word:
                self.fail(entry.kind, word)

    def fail(self, kind: DirectoryKind, word: str) -> None:
        """Note a name, number or address of an entry with a mistake."""
        self.failed.add((kind, word.lower()))

    def has_failed(self, kind: DirectoryKind, word: str) -> bool:
        """Is this what an entry with a mistake is called?"""
        return (kind, word.lower()) in self.failed

    @property
    def is_clean(self) -> bool:
        """No mistake so far?"""
        return not self.problems

    @property
    def is_hopeless(self) -> bool:
        """So many mistakes that it is no use to look for more?"""
        return len(self.problems) >= MOST_PROBLEMS

    def tallies(self) -> dict[DirectoryKind, Tally]:
        """What became of the entries, by kind."""
        found: dict[DirectoryKind, Tally] = {}
        for kind, count in self.entries.items():
            new = self.new.get(kind, set())
            changed = self.changed.get(kind, set()) - new
            found[kind] = Tally(new=len(new), changed=len(changed), unchanged=count - len(new) - len(changed))
        return found
