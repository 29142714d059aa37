"""`inbound directory import`: read, check, write; all or nothing."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from inbound.app.directory.columns import columns_of
from inbound.app.directory.files import Read, read_files
from inbound.config import Settings
from inbound.database.engine import Database
from inbound.database.imports import Desk, Report, run_import
from inbound.model.directory import DirectoryKind, Tally
from inbound.values import immutable


@immutable
class Progress:
    """Who watches an import."""

    #: called with the number of entries, once they have been read
    on_total: Callable[[int], None] = lambda _count: None
    #: called with how many more have been written
    on_written: Callable[[int], None] = lambda _count: None


def import_files(
    database: Database,
    settings: Settings,
    paths: Sequence[Path],
    *,
    kind: DirectoryKind | None = None,
    is_rehearsal: bool = False,
    progress: Progress | None = None,
) -> dict[DirectoryKind, Tally]:
    """Import files: everything in them, or nothing.

    Args:
        database: ready, with the schema of this program.
        settings: pick lists, time zone, mailboxes.
        paths: CSV and TOML.
        kind: of every CSV file; None = their names say it.
        is_rehearsal: look what would be done, and leave nothing behind.
        progress: who watches.

    Returns:
        what was done (or would be), by kind.

    Raises:
        ImportRefused: with every mistake, each with file and line.
    """
    watched = progress or Progress()
    report = Report(on_progress=watched.on_written)
    read = Read(columns=columns_of(settings), report=report)
    read_files(paths, kind, read)
    watched.on_total(len(read.entries))
    run_import(database, read.entries, _desk(settings, is_rehearsal=is_rehearsal), report)
    return report.tallies()


def _desk(settings: Settings, *, is_rehearsal: bool) -> Desk:
    now = datetime.now(UTC)
    # A change request is a ticket: what nobody says about it is what the first mailbox says about tickets.
    active = [mailbox for mailbox in settings.mailboxes if mailbox.active]
    ticket = active[0].ticket if active else None
    return Desk(
        today=now.astimezone(ZoneInfo(settings.desk.time_zone)).date(),
        now=now,
        complete_statuses=frozenset(status.name for status in settings.desk.statuses if status.complete),
        ticket={
            "status": ticket.status if ticket else settings.desk.statuses[0].name,
            "priority": ticket.priority if ticket else settings.desk.priorities[0].name,
            "ticket_type": "Change Request" if _has_change_requests(settings) else "",
        },
        fallbacks=frozenset(mailbox.fallback_organization for mailbox in settings.mailboxes),
        is_rehearsal=is_rehearsal,
    )


def _has_change_requests(settings: Settings) -> bool:
    return any(choice.name == "Change Request" for choice in settings.desk.ticket_types)
