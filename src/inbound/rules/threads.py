"""Header threading: which earlier message a message answers, and what that was about (RFC 5322 3.6.4)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from inbound.message.forwarded import read_forward
from inbound.message.subjects import is_forward, outermost_prefix
from inbound.message.tokens import Token, bounced_token, find_token
from inbound.model.desk import Target
from inbound.model.earlier import Earlier, ObjectKey
from inbound.model.kinds import DeliveryReport
from inbound.model.mail import Mail
from inbound.model.mailbox import Mailbox
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Road
from inbound.rules.numbers import follow_merges
from inbound.values import immutable

#: entries of References that are looked up: the newest, and always the first
MAX_REFERENCES: Final = 30
#: entries of In-Reply-To: RFC 5322 allows several, programs write one
MAX_ANSWERED: Final = 10
#: how long a common root that never came here ties messages
ROOT_DAYS: Final = timedelta(days=30)

# Danish and Norwegian forward with it, Finnish replies with it.
_AMBIGUOUS_PREFIX = "vs"


@immutable
class Lead:
    """Something in a message that may lead to an object."""

    #: a Message-ID; empty for the token of an address
    message_id: str = ""
    #: what our own token in it says
    token: Token | None = None


@immutable
class Way:
    """An object that a lead leads to."""

    key: ObjectKey
    road: Road
    #: in words
    how: str


def thread_ids(mail: Mail) -> tuple[str, ...]:
    """The messages that a message refers to, the nearest first: In-Reply-To, then References from the newest on."""
    references = mail.references
    if len(references) > MAX_REFERENCES:
        references = (references[0], *references[1 - MAX_REFERENCES :])
    named = dict.fromkeys((*mail.in_reply_to[:MAX_ANSWERED], *reversed(references)))
    return tuple(one for one in named if one != mail.message_id)


def leads_of(mail: Mail, recipient: str, mailbox: Mailbox, secrets: Sequence[bytes]) -> tuple[Lead, ...]:
    """What is looked up for a message, in the order in which it counts.

    A report is led by the message that came back, whatever ``threading`` says: that is what it is about.

    Args:
        mail: understood.
        recipient: of the envelope: ``bounce+TOKEN@domain`` names a notice.
        mailbox: it came to.
        secrets: of the desk, that sign tokens.
    """
    token = bounced_token(recipient, secrets)
    leads = [Lead(token=token)] if token else []
    if isinstance(mail.report, DeliveryReport):
        returned = (mail.report.returned_message_id or "", *mail.report.returned_ids)
        leads += _read(dict.fromkeys(filter(None, returned)), secrets)
    elif not threads_by_header(mailbox):
        return tuple(leads)
    return (*leads, *_read(thread_ids(mail), secrets))


def threads_by_header(mailbox: Mailbox) -> bool:
    """Do In-Reply-To and References of its mail count? Monitoring tools answer nothing."""
    return mailbox.handler == "desk" and mailbox.threading == "headers"


def _read(message_ids: Iterable[str], secrets: Sequence[bytes]) -> list[Lead]:
    return [Lead(message_id=message_id, token=find_token(message_id, secrets)) for message_id in message_ids]


def ways_of(
    leads: Sequence[Lead], mail: Mail, mailbox: Mailbox, received_at: datetime, earlier: Earlier
) -> tuple[Way, ...]:
    """The objects that a message may be about, in the order in which they are tried.

    Args:
        leads: of the message.
        mail: understood.
        mailbox: it came to.
        received_at: aware.
        earlier: what is stored.
    """
    first: dict[ObjectKey, Way] = {}
    for way in chain(_direct(leads, mailbox.name, earlier), _roots(leads, mail, mailbox, received_at, earlier)):
        first.setdefault(way.key, way)
    return tuple(first.values())


def _direct(leads: Sequence[Lead], mailbox: str, earlier: Earlier) -> Iterator[Way]:
    for lead in leads:
        if lead.token is not None:
            if lead.token.kind is not None:
                key = (lead.token.kind, lead.token.object_id)
                yield Way(key=key, road=Road.TOKEN, how=f"the token of our notice {lead.token.notice_id}")
        elif (stored := earlier.by_message_id.get((mailbox, lead.message_id))) and stored.object:
            how = f"message {stored.row_id}, {lead.message_id[:100]!r}"
            yield Way(key=stored.object, road=Road.MESSAGE, how=how)


def _roots(
    leads: Sequence[Lead], mail: Mail, mailbox: Mailbox, received_at: datetime, earlier: Earlier
) -> Iterator[Way]:
    """What other messages refer to as well; also this message itself, when it comes after its first answer."""
    ids = [lead.message_id for lead in leads if lead.message_id]
    is_new_id = mail.message_id is not None and (mailbox.name, mail.message_id) not in earlier.used_ids
    if mail.message_id is not None and is_new_id and threads_by_header(mailbox):
        ids.append(mail.message_id)
    for message_id in ids:
        stored = earlier.by_reference.get((mailbox.name, message_id))
        if stored and stored.object and stored.received_at >= received_at - ROOT_DAYS:
            how = f"message {stored.row_id}, which refers to {message_id[:100]!r} too"
            yield Way(key=stored.object, road=Road.REFERENCE, how=how)


def thread_target(
    ways: Sequence[Way], by_key: Mapping[ObjectKey, Target], merged: Mapping[int, Target], *, has_leads: bool
) -> tuple[Target | None, Road, tuple[Step, ...]]:
    """The object that a message answers: the first that exists, through all merges.

    Args:
        ways: of the message.
        by_key: objects that exist.
        merged: tickets by id that others were merged into.
        has_leads: does the message refer to anything?

    Returns:
        None when it leads nowhere, how it leads there, and the trace.
    """
    for way in ways:
        target = by_key.get(way.key)
        if target is None:
            continue
        steps = [hit("classify", "header_thread", f"{way.how} leads to {target.kind} {target.number}")]
        followed = follow_merges(target, merged) if target.kind == "ticket" else target
        if followed is not target:
            steps.append(hit("classify", "merged", f"{target.number} was merged into {followed.number}"))
        return followed, way.road, tuple(steps)
    if not has_leads:
        return None, Road.NUMBER, ()
    step = miss("classify", "header_thread", "nothing that In-Reply-To and References name has an object here")
    return None, Road.NUMBER, (step,)


def is_passed_on(mail: Mail) -> bool:
    """Does the subject say that the message forwards another, which then is something new?"""
    if not is_forward(mail.subject):
        return False
    return outermost_prefix(mail.subject) != _AMBIGUOUS_PREFIX or read_forward(mail.text, mail.subject) is not None
