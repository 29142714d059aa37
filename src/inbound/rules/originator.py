"""Who the originator is. For which organization, and as whom, is asked in `attribution`."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from inbound.message.subjects import is_forward
from inbound.model.authorship import Directory, Originator, Question, Source
from inbound.model.desk import Resource
from inbound.model.mail import Address
from inbound.model.mailbox import Mailbox
from inbound.model.trace import Step, hit, miss

Found = tuple[Originator | None, Step]


def originator_of(
    question: Question, directory: Directory, is_known: Callable[[Address], bool]
) -> tuple[Originator, tuple[Step, ...]]:
    """Read who wrote the message; the author in From, unless one of the rules below knows better.

    Args:
        question: about one message.
        directory: what the database knew.
        is_known: is an address a contact's, or from the web domain of an organization?

    Returns:
        the originator, and a trace step for every rule that was asked.
    """
    steps: list[Step] = []
    for originator, step in _ask(question, directory, is_known):
        steps.append(step)
        if originator is not None:
            return originator, tuple(steps)
    author = _reachable(question.from_)
    return Originator(author=author, source=Source.FROM), (*steps, _from_step(question, author))


def possible_authors(question: Question) -> tuple[Address, ...]:
    """Everybody who could turn out to be the originator: whom the directory must know before it is asked."""
    named = (question.original_from, question.original_sender, question.forwarded)
    found = (*question.from_, *question.reply_to, *(address for address in named if address))
    return tuple(dict.fromkeys(address for address in found if address.address))


def needs_blocks(from_: tuple[Address, ...], subject: str, mailbox: Mailbox) -> bool:
    """Could a forwarded header block decide? Only then the text must be searched for them.

    Args:
        from_: authors.
        subject: decoded.
        mailbox: it came to.
    """
    author = _reachable(from_)
    return author is not None and (is_own(author, mailbox) or is_forward(subject))


def is_own(address: Address, mailbox: Mailbox) -> bool:
    """Is it an address of the mailbox, with or without "+anything", or of a list that leads to it?"""
    key = without_sub_address(address.key)
    addresses, lists = _own_keys(mailbox.address, mailbox.aliases, mailbox.public_address, mailbox.own_lists)
    # A List-Id is the address of its list with a dot in place of the "@" (RFC 2919 2).
    return key in addresses or (bool(lists) and key.replace("@", ".", 1) in lists)


@lru_cache(maxsize=1_000)  # asked several times for every message, of as many mailboxes as there are
def _own_keys(
    address: str, aliases: tuple[str, ...], public_address: str, lists: tuple[str, ...]
) -> tuple[frozenset[str], frozenset[str]]:
    addresses = (address, *aliases, public_address)
    return frozenset(one.lower() for one in addresses), frozenset(one.lower() for one in lists)


def without_sub_address(key: str) -> str:
    """``support+anything@`` is ``support@``.

    Args:
        key: a lower-case address.
    """
    local, _, domain = key.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def acting_resource(author: Address | None, directory: Directory) -> Resource | None:
    """The active resource (not a co-managing user) with that address; several: the lowest id."""
    found = directory.resources.get(author.key, ()) if author else ()
    desk = [resource for resource in found if resource.is_active and resource.co_managed is None]
    return min(desk, key=lambda resource: resource.id) if desk else None


def _ask(question: Question, directory: Directory, is_known: Callable[[Address], bool]) -> Iterator[Found]:
    """The rules in their order."""
    if question.mailbox.originator == "reply_to":
        yield _reply_to(question)
    author = _reachable(question.from_)
    if author is not None and is_own(author, question.mailbox):
        yield from _mailbox_itself(question)
    else:
        yield from _resource_forward(question, directory, is_known)


def _reply_to(question: Question) -> Found:
    """``originator = "reply_to"``: web forms name their visitor there."""
    author = _first_foreign(question.reply_to, question)
    if author is None:
        return None, miss("resolve_sender", Source.REPLY_TO, "Reply-To names nobody else")
    written = _reachable(question.from_)
    if written is not None and author.key == written.key:
        return None, miss("resolve_sender", Source.REPLY_TO, "Reply-To names the author in From")
    detail = f"the mailbox takes {author.key} from Reply-To"
    return Originator(author=author, source=Source.REPLY_TO), hit("resolve_sender", Source.REPLY_TO, detail)


def _mailbox_itself(question: Question) -> Iterator[Found]:
    """From is the mailbox's own address or its list: others say who wrote to it."""
    fields = (
        (Source.ORIGINAL_FROM, "X-Original-From", (question.original_from,)),
        (Source.ORIGINAL_SENDER, "X-Original-Sender", (question.original_sender,)),
        (Source.REPLY_TO, "Reply-To", question.reply_to),
    )
    for source, name, addresses in fields:
        author = _first_foreign(addresses, question)
        if author is not None:
            detail = f"From is the mailbox itself; {name} names {author.key}"
            yield Originator(author=author, source=source), hit("resolve_sender", source, detail)
        yield None, miss("resolve_sender", source, f"From is the mailbox itself; {name} names nobody else")
    yield _forwarded_block(question)
    detail = "From is the mailbox itself, and nothing names the author"
    yield Originator(author=None, source=Source.MAILBOX), hit("resolve_sender", Source.MAILBOX, detail)


def _forwarded_block(question: Question) -> Found:
    """One forwarded header block: somebody configured forward instead of redirect."""
    author = _first_foreign((question.forwarded,), question) if question.block_count == 1 else None
    if author is None:
        detail = f"the text has {question.block_count} forwarded header blocks; exactly one must name an author"
        return None, miss("resolve_sender", Source.FORWARDED_BLOCK, detail)
    detail = f"the mail was forwarded, not redirected; its forwarded header block names {author.key}"
    return Originator(author=author, source=Source.FORWARDED_BLOCK), hit(
        "resolve_sender", Source.FORWARDED_BLOCK, detail
    )


def _resource_forward(question: Question, directory: Directory, is_known: Callable[[Address], bool]) -> Iterator[Found]:
    """A resource's own forward with exactly one block whose author is a contact or of a known domain."""
    forwarder = acting_resource(_reachable(question.from_), directory)
    if forwarder is None or not is_forward(question.subject):
        return
    author = _first_foreign((question.forwarded,), question) if question.block_count == 1 else None
    why_not = _why_no_forward(question, author, is_known)
    if why_not or author is None:
        yield None, miss("resolve_sender", Source.RESOURCE_FORWARD, f"{forwarder.name} forwards, but {why_not}")
        return
    detail = f"{forwarder.name} forwards a mail of {author.key}"
    originator = Originator(author=author, source=Source.RESOURCE_FORWARD, forwarder=forwarder)
    yield originator, hit("resolve_sender", Source.RESOURCE_FORWARD, detail)


def _why_no_forward(question: Question, author: Address | None, is_known: Callable[[Address], bool]) -> str:
    if question.mailbox.resource_forwards == "resource":
        return 'the mailbox says resource_forwards = "resource"'
    if question.target is not None:
        return f"the subject names {question.target.number}, and a number attaches first"
    if not question.is_proven:
        return "nothing proves it (sender_not_authenticated)"
    if author is None:
        return f"the text has {question.block_count} forwarded header blocks; exactly one must name an author"
    return "" if is_known(author) else f"{author.key} is neither a contact nor of a known domain"


def _from_step(question: Question, author: Address | None) -> Step:
    if author is not None:
        return hit("resolve_sender", Source.FROM, f"From names {author.key}")
    names = ", ".join(address.name for address in question.from_) or "nobody"
    return miss("resolve_sender", Source.FROM, f"the message names no author address: From names {names[:200]}")


def _reachables(addresses: tuple[Address | None, ...]) -> list[Address]:
    return [address for address in addresses if address is not None and address.address]


def _reachable(addresses: tuple[Address | None, ...]) -> Address | None:
    for one in addresses:
        if one is not None and one.address:
            return one
    return None


def _first_foreign(addresses: tuple[Address | None, ...], question: Question) -> Address | None:
    """The first who is not the mailbox itself."""
    return next((one for one in _reachables(addresses) if not is_own(one, question.mailbox)), None)
