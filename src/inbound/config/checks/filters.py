"""What a mailbox takes for its own lists, for blocked mail, and for spam."""

import re
from collections.abc import Iterator

from inbound.config.checks.names import out_of_range
from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key
from inbound.model.mailbox import Mailbox, SpamHeader

# RFC 2919 section 2 list-id, without the comment and brackets around it.
_LIST_ID = re.compile(r"[!-;=?-~]+")
_SENDER = re.compile(r"[^\s@<>]*@[^\s@<>]+")
# RFC 5322 section 3.6.8 ftext.
_FIELD_NAME = re.compile(r"[!-9;-~]+")
_PARAMETER = re.compile(r"[A-Za-z0-9_.-]+")
_LARGEST_LEVEL = 1_000_000


def mistakes(key: Key, mailbox: Mailbox) -> Iterator[Mistake]:
    """Every mistake in these settings of one mailbox."""
    for index, list_id in enumerate(mailbox.own_lists):
        if _LIST_ID.fullmatch(list_id) is None:
            message = f"{shown(list_id)} is no List-Id value; it must be like support.desk.example, without brackets"
            yield Mistake(key=(*key, "own_lists", index), message=message)
    for index, sender in enumerate(mailbox.blocked_senders):
        if why_not := _why_no_sender(sender):
            yield Mistake(key=(*key, "blocked_senders", index), message=why_not)
    for index, subject in enumerate(mailbox.blocked_subjects):
        if not subject.strip("* "):
            message = f"{shown(subject)} would block every subject; write a text that blocked mail has in it"
            yield Mistake(key=(*key, "blocked_subjects", index), message=message)
    for index, spam_header in enumerate(mailbox.spam_headers):
        yield from _spam_header((*key, "spam_headers", index), spam_header)


def _why_no_sender(text: str) -> str | None:
    if not text.strip("*@"):
        return f"{shown(text)} would block everybody; name an address or a domain"
    if _SENDER.fullmatch(text) is None:
        return f'{shown(text)} is no sender; it must be like "ann@spam.example", "@spam.example" or "*@*.spam.example"'
    return None


def _spam_header(key: Key, entry: SpamHeader) -> Iterator[Mistake]:
    if _FIELD_NAME.fullmatch(entry.header) is None:
        message = f"{shown(entry.header)} is no name of a header field; it must be like X-Spam-Flag, without colon"
        yield Mistake(key=(*key, "header"), message=message)
    if entry.parameter and _PARAMETER.fullmatch(entry.parameter) is None:
        message = f"{shown(entry.parameter)} is no name of a parameter; it must be like SCL, without colon"
        yield Mistake(key=(*key, "parameter"), message=message)
    yield from out_of_range((*key, "at_least"), entry.at_least, 0, _LARGEST_LEVEL)
    if bool(entry.value.strip()) == bool(entry.at_least):
        message = 'must have either a value, like "YES", or at_least, like 5'
        yield Mistake(key=key, message=message, depends_on=((*key, "value"), (*key, "at_least")))
