"""Delivery status notifications: RFC 3464, and what mail servers write instead of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from inbound.message.bounce_fallback import other_recipients
from inbound.message.bounce_outcome import told_outcome
from inbound.message.bounce_signs import is_bounce, is_machine
from inbound.message.bounce_status import (
    has_code,
    one_line,
    reply_class,
    says_why,
    stated_status,
    status_rank,
    worded_status,
)
from inbound.message.bounce_subjects import has_bounce_subject
from inbound.message.bounce_text import read_recipients, report_lines
from inbound.message.charset import clean_line, decode
from inbound.message.delivery_fields import ADDRESS, Group, find_address, group_address, plain_address, read_groups
from inbound.message.encoded_words import decode_words
from inbound.message.headers import Header, message_ids, read_header
from inbound.message.html import html_to_text
from inbound.message.structure import Part, read_structure
from inbound.model.kinds import Action, DeliveryReport, Marks, ReportedRecipient
from inbound.model.mail import Address

#: octets of the texts of one report that are read
MAX_TEXT_BYTES = 200_000
#: octets of a field that lists recipients
MAX_FIELD_BYTES = 20_000
#: entries of In-Reply-To and of References of the message that came back
MAX_RETURNED_IDS = 30
#: X-Inbound-Loop fields of it, and characters of one
MAX_LOOPS = 4
MAX_LOOP_CHARS = 200
#: recipients that are kept
MAX_RECIPIENTS = 500
# Characters of a report in which a status is looked for.
_SAID_CHARS = 10_000

STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
RETURNED_TYPES = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"})

# The rank of a status that says what was wrong.
_EXACT = 3

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")


def read_delivery_report(
    parts: Sequence[Part], marks: Marks, subject: str, authors: tuple[Address, ...]
) -> DeliveryReport | None:
    """Read a message as a delivery status notification.

    It is one when it has that form (multipart/report, RFC 6522), or when it comes as a bounce comes (null reverse-path,
    mailer-daemon) and is called or reads like one. A person's mail about a bounce is neither.

    Args:
        parts: all parts of the message, the root first.
        marks: of the message.
        subject: decoded.
        authors: of the message.

    Returns:
        the report; None when the message is none, or says nothing about any recipient.
    """
    groups = _groups(parts)
    returned = next((part for part in parts[1:] if part.content_type in RETURNED_TYPES), None)
    text = _text(parts)
    lines, rest = report_lines(text)
    said = "\n".join(lines)[:_SAID_CHARS]
    is_called = has_bounce_subject(subject)
    has_form = _is_report(parts[0]) or marks.generated_field == "x-failed-recipients"
    has_form = has_form or (bool(groups) and (is_called or is_machine(authors, marks)))
    returned_header = _returned_header(returned, rest)
    if not has_form and not (
        is_bounce(
            said,
            subject,
            marks,
            authors,
            is_returned=returned is not None or bool(rest),
            names_others=_names_others(said, parts[0].header),
        )
        or (is_called and _is_sent_back(parts[0].header, returned_header) and has_code(said))
    ):
        return None
    if returned is not None and not groups and (inner := _wrapped(returned)):
        return read_delivery_report(inner, marks, subject, authors)
    recipients = _from_groups(groups or read_groups(text), lines, said, subject)
    if not any(one.address for one in recipients):
        named = _from_text(lines, said, parts[0], returned_header, subject)
        # The fields of a report say best what happened, also where they do not say to whom.
        if len(named) == 1 and recipients:
            named = [replace(recipients[0], address=named[0].address)]
        recipients = named or recipients
    if not recipients and (has_form or is_called):
        recipients = [_told("", said, "", told_outcome(subject, said))]
    if not recipients:
        return None
    ids = message_ids(returned_header.first(b"message-id"))
    return DeliveryReport(
        recipients=tuple(recipients),
        returned_message_id=ids[0] if ids else None,
        returned_subject=clean_line(decode_words(returned_header.first(b"subject"))),
        returned_ids=_returned_ids(returned_header),
    )


def _returned_ids(header: Header) -> tuple[str, ...]:
    """What the message that came back refers to, the nearest first; and what only our notices have."""
    answered = message_ids(b" ".join(header.values(b"in-reply-to")))
    references = message_ids(b" ".join(header.values(b"references")))
    loops = (clean_line(decode(value))[:MAX_LOOP_CHARS] for value in header.values(b"x-inbound-loop")[:MAX_LOOPS])
    return (*loops, *answered[:MAX_RETURNED_IDS], *references[::-1][:MAX_RETURNED_IDS])


def _own(header: Header) -> frozenset[str]:
    """Addresses that a report goes to, in lower case."""
    return frozenset(address.lower() for address in ADDRESS.findall(decode(header.first(b"to"))))


def _names_others(said: str, header: Header) -> bool:
    own = _own(header)
    return any(found[1].lower() not in own for found in ADDRESS.finditer(said))


def _is_sent_back(header: Header, returned: Header) -> bool:
    """Did the message that came back come from whom this one goes to? Who shows a bounce of his own is another."""
    senders, receivers = (
        {plain_address(address).lower() for address in ADDRESS.findall(decode(one.first(name)[:MAX_FIELD_BYTES]))}
        for one, name in ((returned, b"from"), (header, b"to"))
    )
    return not senders.isdisjoint(receivers)


def _is_report(root: Part) -> bool:
    """RFC 6522 3 wants the type of the report, and many leave it out."""
    kind = root.parameters.get("report-type", "delivery-status").lower()
    return root.content_type == "multipart/report" and kind == "delivery-status"


def _wrapped(returned: Part) -> list[Part]:
    """The parts of a report that a gateway put into a message of its own, with a notice below it."""
    inner = read_structure(returned.content()[:MAX_TEXT_BYTES]).root
    return [inner, *inner.children] if _is_report(inner) and any(map(_is_status, inner.children)) else []


def _is_status(part: Part) -> bool:
    return part.content_type in STATUS_TYPES


def _groups(parts: Sequence[Part]) -> list[Group]:
    """What the parts that are made for it say."""
    found = (
        group
        for part in parts
        if _is_status(part)
        for group in read_groups(decode(part.content()[:MAX_TEXT_BYTES]).replace("\r\n", "\n"), is_part=True)
    )
    return list(islice(found, MAX_RECIPIENTS))


def _text(parts: Sequence[Part]) -> str:
    """All texts of a report, one after the other."""
    plain = [part for part in parts if part.content_type == "text/plain" and not part.children]
    html = [part for part in parts if part.content_type == "text/html" and not part.children]
    texts = [_decoded(part) for part in plain]
    if not any(text.strip() for text in texts):
        texts = [html_to_text(_decoded(part)) for part in html]
    if not texts and not parts[0].children:
        # A multipart whose delimiters were lost.
        texts = [_decoded(parts[0])]
    return "\n".join(texts)[:MAX_TEXT_BYTES]


def _decoded(part: Part) -> str:
    octets = part.content()[:MAX_TEXT_BYTES]
    return decode(octets, part.parameters.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")


def _returned_header(returned: Part | None, rest: str) -> Header:
    """The header of the message that came back: in its part, or behind the text."""
    if returned is not None:
        content = returned.content()[:MAX_TEXT_BYTES]
        return read_header(content, 0, len(content), is_message=True)[0]
    start = re.search(r"^(?:>?From |[A-Za-z][\w-]+: ?)", rest, re.MULTILINE)
    content = rest[start.start() if start else 0 :].encode()
    return read_header(content, 0, len(content), is_message=True)[0]


def _from_groups(groups: list[Group], lines: list[str], said: str, subject: str) -> list[ReportedRecipient]:
    """Each by its fields; where they say little, by what the text says about it."""
    told = read_recipients(lines, not_meant=frozenset()) if len(groups) > 1 else {}
    texts = {address.lower(): text for address, text in told.items()}
    recipients: dict[str, ReportedRecipient] = {}
    for group in groups:
        address = group_address(group)
        about = said if len(groups) == 1 else texts.get(address.lower(), "")
        recipients.setdefault(address.lower(), _recipient(address, group, about, subject))
    return list(recipients.values())


def _recipient(address: str, group: Group, said: str, subject: str) -> ReportedRecipient:
    diagnostic = group.get("diagnostic-code", "") or group.get("x-supplementary-info", "") or group.get("status", "")
    diagnostic = clean_line(one_line(diagnostic))
    action = _stated_action(group.get("action", ""))
    if action is None:
        action = told_outcome(subject, said)
    status = _stated(group.get("status", ""), diagnostic, said, is_final=action is Action.FAILED)
    kind = "4" if action is Action.DELAYED else reply_class(diagnostic) or reply_class(said)
    return ReportedRecipient(
        address=address,
        action=action,
        status=status or worded_status(kind, diagnostic, said),
        is_status_stated=bool(status),
        diagnostic=diagnostic,
    )


def _stated(field: str, diagnostic: str, said: str, *, is_final: bool) -> str:
    """The status as stated: many servers derive theirs from the reply code alone, or say nothing but that it failed.

    The other server's own words are more exact, and a status that says nothing may be of the wrong class.
    """
    found = _STATUS.search(field)
    status = found[0] if found else ""
    is_vague = status_rank(status) == 0
    told = stated_status(diagnostic)
    if is_vague and status_rank(told) == 0:
        told = stated_status(said) or told
    is_same_class = not status or told[:1] == status[0]
    says_more = status_rank(told) > status_rank(status) or status_rank(told) == _EXACT
    if told and says_more and (is_same_class or (is_vague and is_final)):
        return told
    is_contradicted = is_final and is_vague and reply_class(diagnostic) not in {"", status[:1]}
    return told if is_contradicted else status or told


def _stated_action(value: str) -> Action | None:
    """RFC 3464 2.3.3, with comments; OpenSMTPD says "error"."""
    word = value.strip().lower()
    if word.startswith("error"):
        return Action.FAILED
    return next((action for action in Action if word.startswith(action.value[:5])), None)


def _from_text(lines: list[str], said: str, root: Part, returned: Header, subject: str) -> list[ReportedRecipient]:
    """By the field that names them, by the text, by the detectors of others, by whom the message went to."""
    header = root.header
    found = read_recipients(lines, not_meant=_own(header))
    if failed := ADDRESS.findall(_failed_recipients(header)):
        told = {address.lower(): text for address, text in found.items()}
        found = {address: told.get(address.lower(), said) for address in map(plain_address, failed)}
    action = told_outcome(subject, said)
    if not found:
        late, permanent = other_recipients(root.source)
        found = dict.fromkeys([*permanent, *late], said)
        action = Action.DELAYED if late and not permanent else action
    if not found and (address := find_address(decode(returned.first(b"to")))):
        found = {address: said}
    if len(found) > 1 and not any(map(says_why, found.values())):
        # Some say only once what happened to several.
        shared = _told("", said, "", action)
        return [replace(shared, address=address) for address in found]
    return [_told(address, text, said if len(found) == 1 else "", action) for address, text in found.items()]


def _failed_recipients(header: Header) -> str:
    """Exim and Gmail name them in a field of their own."""
    return decode(b",".join(header.values(b"x-failed-recipients"))[:MAX_FIELD_BYTES])


def _told(address: str, text: str, said: str, action: Action) -> ReportedRecipient:
    """One recipient, by the text about it; by the whole text where it is about nobody else."""
    status = "2.0.0" if action is Action.DELIVERED else stated_status(text) or stated_status(said)
    kind = "4" if action is Action.DELAYED else reply_class(text) or reply_class(said)
    # Some say what happened first, and to whom only then.
    return ReportedRecipient(
        address=address,
        action=action,
        status=status or worded_status(kind, text, said),
        is_status_stated=bool(status) and action is not Action.DELIVERED,
        diagnostic=clean_line(one_line(text if has_code(text) or not said else said)),
    )
