"""What list servers write when they do not pass a message on to their members: it reached nobody, as after a bounce."""

import re
from collections.abc import Sequence

from inbound.message.charset import clean_line, decode
from inbound.message.delivery_fields import ADDRESS, find_address, plain_address
from inbound.message.headers import message_ids
from inbound.message.structure import Part
from inbound.model.kinds import Action, DeliveryReport, Marks, ReportedRecipient
from inbound.model.mail import Address

_MAX_BYTES = 20_000
# RFC 3463 3.8: the sender is not authorized to send a message to the intended mailing list.
_STATUS = "5.7.2"

# fml, LISTSERV, Mailman, ezmlm and Sympa.
_SUBJECT = re.compile(
    r"you \S+ are not (?:a )?member|rejected posting to"
    r"|(?:your )?(?:message|posting|post) (?:to|for) (?:list )?\S+ (?:was |has been )?"
    r"(?:rejected|refused|not (?:distributed|posted))",
    re.IGNORECASE,
)
# Accounts of list servers, and what they put behind the name of a list.
_SERVER = re.compile(r"(?:listserv|majordomo|sympa|mailman|ezmlm|fml)\b", re.IGNORECASE)
_ROLE = re.compile(r"-(?:admin|owner|request|bounces|help|ctl|return)\b.*", re.IGNORECASE)


def has_refusal_subject(subject: str) -> bool:
    """Is it called as list servers call refusals? Cheap; nothing is decided by it alone."""
    return _SUBJECT.match(subject) is not None


def read_refusal(parts: Sequence[Part], marks: Marks, authors: tuple[Address, ...]) -> DeliveryReport | None:
    """Read a message that is called a refusal.

    Args:
        parts: all parts of the message, the root first.
        marks: of the message.
        authors: of the message.

    Returns:
        the report, about the list; None when no list server wrote it.
    """
    author = next((one.address for one in authors if one.address), "")
    local, _, domain = author.partition("@")
    if not (_SERVER.match(local) or (marks.is_list and _ROLE.search(local))):
        return None
    header = parts[0].header
    part = next((part for part in parts if part.content_type == "text/plain" and not part.children), parts[0])
    own = find_address(decode(header.first(b"to"))).lower()
    named = (plain_address(found) for found in ADDRESS.findall(decode(part.content()[:_MAX_BYTES])))
    others = (one for one in named if one.lower() not in {own, author.lower()})
    ids = message_ids(header.first(b"in-reply-to")) or message_ids(header.first(b"references"))
    refused = ReportedRecipient(
        address=clean_line(next(others, f"{_ROLE.sub('', local)}@{domain}")),
        action=Action.FAILED,
        status=_STATUS,
        is_status_stated=False,
        diagnostic="",
    )
    return DeliveryReport(recipients=(refused,), returned_message_id=ids[-1] if ids else None, returned_subject="")
