"""What nearly decided, and why it did not: lines for the trace, beside those of the rules that did."""

from collections.abc import Iterator

from inbound.model.outcome import Reason
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Case, Road, Standing, Verdict
from inbound.rules.indicators import begins_with_indicator
from inbound.rules.wording import wrong_value

#: notes that change nothing in any case
_INTERNAL = frozenset({Reason.ATTACHED_STRANGER, Reason.SENDER_NOT_AUTHENTICATED, Reason.INDICATOR_REJECTED})


def explain_nearest(case: Case, verdict: Verdict, text: str) -> Iterator[Step]:
    """Say what an operator would ask about next.

    Args:
        case: everything that decided.
        verdict: what was decided.
        text: the new text, in whose first line indicators may stand.
    """
    if case.standing is Standing.UNPROVEN_RESOURCE:
        detail = "the address is a resource's, and nothing proves who wrote the mail: nothing is done in its name"
        yield hit("classify", "sender_not_authenticated", detail)
    for wrong in verdict.rejected.wrong if verdict.rejected else ():
        yield hit("classify", "indicators", wrong_value(wrong, "en"))
    if case.first_line.indicated is None and begins_with_indicator(text):
        yield miss("classify", "indicators", _why_text(case))
    is_note = verdict.kind in {"ticket_note", "task_note"} and verdict.reason not in _INTERNAL
    if is_note and verdict.indicated is None and not verdict.is_reopened:
        yield from _status(case, verdict)


def _why_text(case: Case) -> str:
    """Why a first line that looks like indicators is none."""
    if case.target is None:
        return "the first line is text: nothing leads to a ticket, task or project"
    if case.road is not Road.NUMBER:
        return "the first line is text: it counts only with the number in the subject"
    if case.first_line.is_unproven_approval:
        return "the first line is not applied: nothing proves that the approver wrote it"
    if case.standing is Standing.PROVEN_RESOURCE:
        return "the first line is text: #S= and #R= count only together with #T="
    return "the first line is text: only a resource's counts, and of an approver #A= alone"


def _status(case: Case, verdict: Verdict) -> Iterator[Step]:
    if case.target is None:
        return
    if case.target.kind == "ticket" and not case.is_complete:
        detail = f"{case.target.number} is not complete: its status is {case.target.status or 'none'}"
        yield miss("classify", "when_complete", detail)
    if verdict.status:
        yield hit("classify", "status_after", f"the status becomes {verdict.status}")
    elif case.is_automated or case.is_calendar_reply:
        yield miss("classify", "status_after", "automated mail and calendar replies change no status")
    elif not case.is_complete:
        who = "resource" if case.standing is Standing.PROVEN_RESOURCE else "contact"
        yield miss("classify", "status_after", f"the mailbox has no status_after_{who}: the status stays")
