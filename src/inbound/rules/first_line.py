"""What the first line of a reply asks for, and the state of the object that decides about it."""

from dataclasses import replace

from inbound.model.authorship import Authorship
from inbound.model.desk import Target
from inbound.model.indicated import Writer
from inbound.model.mailbox import Mailbox
from inbound.model.verdict import FirstLine, Picks, Standing
from inbound.rules.indicators import read_indicators
from inbound.rules.proof import is_author_proven, is_listed_approver


def is_complete(target: Target, picks: Picks) -> bool:
    """Is the object done? A status that the file does not know counts as not complete."""
    return target.status in picks.complete_statuses


def read_first_line(
    text: str,
    authorship: Authorship,
    standing: Standing,
    target: Target,
    mailbox: Mailbox,
    picks: Picks,
    *,
    is_proven: bool,
) -> FirstLine:
    """Read what a resource or an approver wants done with an object.

    Args:
        text: the new text, without what is quoted; empty when nothing is new.
        authorship: who wrote it.
        standing: what that author may do.
        target: the object.
        mailbox: it came to.
        picks: active statuses and roles.
        is_proven: of the address in From.
    """
    resource = authorship.attribution.resource if authorship.attribution else None
    is_listed = is_listed_approver(authorship, target.approvers)
    is_prohibited = mailbox.ticket_time_entry.when_complete == "prohibit" and target.kind == "ticket"
    writer = Writer(
        target=target.kind,
        is_resource=standing is Standing.PROVEN_RESOURCE,
        statuses=picks.statuses,
        roles=picks.roles,
        held_roles=resource.roles if resource else (),
        is_change_request=target.approvers is not None,
        is_approver=is_listed and is_author_proven(authorship, is_proven=is_proven),
        is_time_prohibited=is_prohibited and is_complete(target, picks),
    )
    indicated = read_indicators(text, writer)
    if indicated is None and is_listed and not writer.is_approver:
        claimed = read_indicators(text, replace(writer, is_approver=True))
        return FirstLine(is_unproven_approval=claimed is not None)
    return FirstLine(indicated=indicated)
