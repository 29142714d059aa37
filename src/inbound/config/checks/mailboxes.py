"""``[[mailboxes]]``: names, addresses, what they create, and everything that belongs to one mailbox."""

import re
from collections.abc import Iterator

from inbound.config.checks import alerts, defaults, filters
from inbound.config.checks.names import listed, out_of_range, repeated, why_no_address
from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key
from inbound.config.settings import Settings
from inbound.model.mailbox import Mailbox, ObjectKind

_NAME = re.compile(r"[a-z0-9_-]+")
_LARGEST_BYTES = 1_000_000_000  # as server.max_message_bytes


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Every mistake in these tables."""
    yield from _names(settings)
    yield from _active(settings)
    yield from _postmaster(settings)
    addresses = list(_addresses(settings.mailboxes))
    yield from repeated(addresses, "address")
    for key, address in addresses:
        yield from _address(key, address, settings.server.domains)
    for index, mailbox in enumerate(settings.mailboxes):
        yield from _mailbox(("mailboxes", index), mailbox, settings)


def _mailbox(key: Key, mailbox: Mailbox, settings: Settings) -> Iterator[Mistake]:
    yield from _public_address((*key, "public_address"), mailbox.public_address)
    yield from _creates((*key, "creates"), mailbox.creates)
    yield from _sizes(key, mailbox)
    yield from alerts.mistakes(key, mailbox, settings.server.domains)
    yield from filters.mistakes(key, mailbox)
    yield from defaults.mistakes(key, mailbox, settings)


def _names(settings: Settings) -> Iterator[Mistake]:
    names: list[tuple[Key, str]] = [
        (("mailboxes", index, "name"), mailbox.name) for index, mailbox in enumerate(settings.mailboxes)
    ]
    for key, name in names:
        if _NAME.fullmatch(name) is None:
            yield Mistake(key=key, message=f"{shown(name)} must consist of a-z, 0-9, hyphen and underscore")
    yield from repeated(names, "mailbox")


def _active(settings: Settings) -> Iterator[Mistake]:
    if not any(mailbox.active for mailbox in settings.mailboxes):
        depends_on = tuple(("mailboxes", index, "active") for index in range(len(settings.mailboxes)))
        message = "there must be at least one active mailbox, under its own [[mailboxes]] line"
        yield Mistake(key=("mailboxes",), message=message, depends_on=depends_on)


def _postmaster(settings: Settings) -> Iterator[Mistake]:
    name = settings.server.postmaster_mailbox
    # Mail without a key would end in quarantine.
    allowed = [mailbox.name for mailbox in settings.mailboxes if mailbox.active and mailbox.handler == "desk"]
    if name and name not in allowed:
        yield Mistake(
            key=("server", "postmaster_mailbox"),
            message=f'{shown(name)} is no active desk mailbox; allowed: {listed(allowed)}, or "" for the first of them',
            depends_on=tuple(
                ("mailboxes", index, part)
                for index in range(len(settings.mailboxes))
                for part in ("name", "active", "handler")
            ),
        )


def _addresses(mailboxes: tuple[Mailbox, ...]) -> Iterator[tuple[Key, str]]:
    for index, mailbox in enumerate(mailboxes):
        yield ("mailboxes", index, "address"), mailbox.address
        for position, alias in enumerate(mailbox.aliases):
            yield ("mailboxes", index, "aliases", position), alias


def _address(key: Key, address: str, domains: tuple[str, ...]) -> Iterator[Mistake]:
    if why_not := why_no_address(address):
        yield Mistake(key=key, message=why_not)
        return
    local_part, _, domain = address.lower().rpartition("@")
    if domain not in {served.lower() for served in domains}:
        message = f"{shown(address)} is in no served domain; server.domains: {listed(domains)}"
        yield Mistake(key=key, message=message, depends_on=(("server", "domains"),))
    if why_not := _why_reserved(local_part):
        yield Mistake(key=key, message=f"{shown(address)} {why_not}")


def _why_reserved(local_part: str) -> str | None:
    if local_part == "postmaster":
        # RFC 5321 section 4.5.1: always accepted, in every served domain.
        return "is served without being listed: server.postmaster_mailbox says where it goes"
    if local_part.partition("+")[0] == "bounce":
        return "is reserved: bounce+TOKEN receives what comes back from notices"
    if "+" in local_part:
        return "must not have a +: what follows it is the sub-address, which every address accepts"
    return None


def _public_address(key: Key, address: str) -> Iterator[Mistake]:
    if address and (why_not := why_no_address(address)):
        yield Mistake(key=key, message=why_not)


def _creates(key: Key, kinds: tuple[ObjectKind, ...]) -> Iterator[Mistake]:
    if "ticket" not in kinds:
        yield Mistake(key=key, message='must have "ticket": what a mailbox may not create becomes a ticket in the end')
    yield from repeated([((*key, index), kind) for index, kind in enumerate(kinds)], "kind")


def _sizes(key: Key, mailbox: Mailbox) -> Iterator[Mistake]:
    one, all_of_them = mailbox.max_attachment_bytes, mailbox.max_attachments_bytes
    yield from out_of_range((*key, "image_attachment_min_bytes"), mailbox.image_attachment_min_bytes, 0, _LARGEST_BYTES)
    yield from out_of_range((*key, "max_attachment_bytes"), one, 0, _LARGEST_BYTES)
    yield from out_of_range((*key, "max_attachments_bytes"), all_of_them, 0, _LARGEST_BYTES)
    if one > all_of_them:
        message = f"{one:_} is more than max_attachments_bytes, {all_of_them:_}: no such file would ever fit"
        depends_on = ((*key, "max_attachments_bytes"),)
        yield Mistake(key=(*key, "max_attachment_bytes"), message=message, depends_on=depends_on)
