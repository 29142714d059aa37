"""Entries of files → rows of the directory, set by set, in one transaction.

report    what is known while it runs: mistakes, failed entries, rows written
finding   names, addresses and numbers → ids
writing   drafts → rows: inserts, and updates of what differs
counters  numbers from outside beside those that are counted here
people    organizations, resources, contacts, devices
work      projects, tasks, change requests
"""

from collections.abc import Sequence

import psycopg
from sqlalchemy import text

from inbound.database.engine import Database, Transaction, rolled_back, transaction
from inbound.database.imports import people, work
from inbound.database.imports.counters import begin_day
from inbound.database.imports.report import Desk, Report
from inbound.database.tables import NUMBER_TAKEN
from inbound.errors import ImportRefused, InboundError, Problem
from inbound.model.directory import DirectoryKind, Entry

__all__ = ["Desk", "Report", "run_import"]

#: one import at a time; an arbitrary constant of this program
_IMPORT_LOCK = 0x696E626F756E65


def run_import(engine: Database, entries: Sequence[Entry], desk: Desk, report: Report) -> None:
    """Write entries of all kinds in one transaction: all of them, or none when there is any mistake.

    Args:
        engine: of the database.
        entries: readable in themselves.
        desk: what the configuration says about new objects; a rehearsal leaves nothing behind.
        report: where mistakes and counts go; those that are there already count.

    Raises:
        ImportRefused: with every mistake.
        DatabaseTrouble: PostgreSQL cannot go on.
    """
    if report.is_clean and not desk.is_rehearsal:
        begin_day(engine, (entry.values["number"] for entry in entries if "number" in entry.values), desk.today)
    try:
        with (rolled_back if desk.is_rehearsal else transaction)(engine) as tx:
            if not report.is_hopeless:
                _import_entries(tx, entries, desk, report)
            if not report.is_clean:
                problems = sorted(report.problems, key=_in_order_of_lines)
                raise ImportRefused(problems, is_cut=report.is_hopeless)
    except psycopg.IntegrityError as error:
        if error.diag.constraint_name == NUMBER_TAKEN:
            raise InboundError(
                "a number was given to something else at the same moment: run the import again"
            ) from error
        raise


def _in_order_of_lines(problem: Problem) -> tuple[str, int]:
    return problem.file, problem.line or 0


def _import_entries(tx: Transaction, entries: Sequence[Entry], desk: Desk, report: Report) -> None:
    """What is referred to comes first."""
    # An import may take longer than any statement of the pipeline.
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        tx.execute(text(f"SET LOCAL {setting} = 0"))
    tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORT_LOCK})
    of: dict[DirectoryKind, list[Entry]] = {}
    for entry in entries:
        of.setdefault(entry.kind, []).append(entry)
    report.entries.update({kind: len(found) for kind, found in of.items()})
    people.import_organizations(tx, of.get("organizations", []), desk, report)
    people.import_resources(tx, of.get("resources", []), report)
    people.link_organizations(tx, of.get("organizations", []), report)
    people.import_contacts(tx, of.get("contacts", []), report)
    people.import_devices(tx, of.get("devices", []), report)
    work.import_projects(tx, of.get("projects", []), desk, report)
    work.import_tasks(tx, of.get("tasks", []), desk, report)
    work.import_change_requests(tx, of.get("change_requests", []), desk, report)
