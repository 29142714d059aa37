"""Every line that the system itself writes into a text or tells the author of one, in English and German."""

from collections.abc import Sequence
from typing import Literal

from inbound.model.indicated import Problem, WrongValue

Language = Literal["en", "de"]

_PROBLEMS: dict[Problem, tuple[str, str]] = {
    Problem.HOURS_UNREADABLE: ("is not a time", "ist keine Zeitangabe"),
    Problem.HOURS_OUT_OF_RANGE: (
        "must be more than 0 and at most 24 hours",
        "muss mehr als 0 und höchstens 24 Stunden sein",
    ),
    Problem.NO_TIME_ON_PROJECTS: (
        "cannot be entered on a project, only on tickets and tasks",
        "kann nicht auf ein Projekt gebucht werden, nur auf Tickets und Aufgaben",
    ),
    Problem.TICKET_COMPLETE: (
        "cannot be entered: the ticket is complete",
        "kann nicht gebucht werden: das Ticket ist abgeschlossen",
    ),
    Problem.STATUS_UNKNOWN: ("is not a status", "ist kein Status"),
    Problem.ROLE_UNKNOWN: ("is not a role", "ist keine Rolle"),
    Problem.ROLE_NOT_HELD: ("is not one of your roles", "ist keine Ihrer Rollen"),
    Problem.DECISION_UNREADABLE: ("is not a decision", "ist keine Entscheidung"),
    Problem.NO_CHANGE_REQUEST: (
        "is not possible: the ticket is not a change request",
        "ist nicht möglich: das Ticket ist keine Änderungsanforderung",
    ),
    Problem.NO_APPROVER: (
        "is not possible: you are not an approver of this change request",
        "ist nicht möglich: Sie stehen nicht auf der Liste der Genehmigenden",
    ),
    Problem.REPEATED: ("is there more than once", "steht mehrfach da"),
    Problem.UNKNOWN_INDICATOR: ("is unknown", "ist unbekannt"),
}
_ALLOWED = ("Allowed", "Erlaubt")
_NOTHING = ("nothing", "nichts")
_LEFT_OUT = ("Left out because of its size: {files}", "Wegen der Größe weggelassen: {files}")
_LEFT_OUT_SEVERAL = ("Left out because of their size: {files}", "Wegen der Größe weggelassen: {files}")
_AMBIGUOUS = (
    "The sender's address belongs to several contacts: {names}.",
    "Die Absenderadresse gehört zu mehreren Kontakten: {names}.",
)
_APPROVED = ("{name} approved this change request.", "{name} hat diese Änderungsanforderung genehmigt.")
_REJECTED = ("{name} rejected this change request.", "{name} hat diese Änderungsanforderung abgelehnt.")
_NOT_DELIVERED = (
    "The message could not be delivered to {address}: {status}",
    "Die Nachricht konnte nicht an {address} zugestellt werden: {status}",
)
_DELAYED = (
    "The message has not been delivered to {address} yet: {status}",
    "Die Nachricht wurde noch nicht an {address} zugestellt: {status}",
)
_ENCRYPTED = (
    "The message is encrypted. The original is kept and can be read by whoever has the key.",
    "Die Nachricht ist verschlüsselt. Das Original bleibt erhalten; lesen kann es, wer den Schlüssel hat.",
)
#: recipients that a note about a bounce names
MAX_NAMED = 20
_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))


def say(texts: tuple[str, str], language: Language, **values: str) -> str:
    """The text of a language, with the values in place. Values are never read as a template.

    Args:
        texts: English, German.
        language: of the mailbox.
        values: by the name that stands in braces.
    """
    return texts[language == "de"].format_map(values)


def wrong_value(wrong: WrongValue, language: Language) -> str:
    """Name a wrong value and the allowed ones, as in "#S=Donne is not a status. Allowed: New, Complete."."""
    line = f"{wrong.indicator}={wrong.value} {say(_PROBLEMS[wrong.problem], language)}."
    if _has_values(wrong.problem):
        allowed = ", ".join(wrong.allowed) or say(_NOTHING, language)
        line += f" {say(_ALLOWED, language)}: {allowed}."
    return line


def _has_values(problem: Problem) -> bool:
    """Would another value have been right?"""
    return problem not in {
        Problem.NO_TIME_ON_PROJECTS,
        Problem.TICKET_COMPLETE,
        Problem.NO_CHANGE_REQUEST,
        Problem.NO_APPROVER,
        Problem.REPEATED,
    }


def left_out(files: Sequence[tuple[str, int]], language: Language) -> str:
    """The line that names the attachments which were left out.

    Args:
        files: name and size in octets, at least one.
        language: of the mailbox.
    """
    named = ", ".join(f"{name} ({size(octets, language)})" for name, octets in files)
    return say(_LEFT_OUT if len(files) == 1 else _LEFT_OUT_SEVERAL, language, files=named)


def size(octets: int, language: Language) -> str:
    """``12.3 MB``, in German ``12,3 MB``; kB = 1,000 and MB = 1,000,000 octets."""
    for unit, name in _UNITS:
        if octets >= unit:
            number = f"{octets / unit:.1f}"
            return f"{number.replace('.', ',') if language == 'de' else number} {name}"
    return f"{octets} B"


def with_lines(text: str, lines: Sequence[str]) -> str:
    """A text that ends with lines of the system's own, apart from what was written."""
    return "\n\n".join(part for part in (text.rstrip(), "\n".join(lines)) if part) if lines else text


def ambiguous(names: Sequence[str], language: Language) -> str:
    """The line that names the contacts who share the sender's address."""
    return say(_AMBIGUOUS, language, names=", ".join(names))


def decision(name: str, language: Language, *, is_approved: bool) -> str:
    """The line of the note that an approval or rejection leaves."""
    return say(_APPROVED if is_approved else _REJECTED, language, name=name)


def not_delivered(address: str, status: str, language: Language, *, is_delayed: bool) -> str:
    """The line of the note that a delivery status notification leaves, one per recipient.

    Args:
        address: of the final recipient (RFC 3464 2.3.2).
        status: enhanced status code (RFC 3463).
        language: of the mailbox.
        is_delayed: not failed yet.
    """
    return say(_DELAYED if is_delayed else _NOT_DELIVERED, language, address=address, status=status or "?")


def encrypted(language: Language) -> str:
    """The line of an object that was made of a message which nobody here can read."""
    return say(_ENCRYPTED, language)
