"""``desk.edition``: how many mailboxes it has, and what they create."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from inbound.config.checks.names import listed
from inbound.config.mistakes import Mistake
from inbound.config.positions import Key
from inbound.config.settings import Settings
from inbound.model.mailbox import ALL_KINDS, Handler, Mailbox, ObjectKind
from inbound.values import immutable


@immutable
class _Edition:
    """The most that it has."""

    #: active ones
    mailboxes: Mapping[Handler, int]
    #: by desk mailboxes
    creates: tuple[ObjectKind, ...]


_EDITIONS = {
    "basic": _Edition(mailboxes={"alerts": 1, "desk": 1}, creates=("ticket",)),
    "advanced": _Edition(mailboxes={"alerts": 1, "desk": 15}, creates=ALL_KINDS),
    "unlimited": _Edition(mailboxes={}, creates=ALL_KINDS),
}


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Mailboxes that the edition does not have, and kinds of objects that they do not create."""
    edition = _EDITIONS[settings.desk.edition]
    for handler, most in edition.mailboxes.items():
        yield from _too_many(settings, handler, most)
    for index, mailbox in enumerate(settings.mailboxes):
        if _creates_too_much(mailbox, edition):
            message = (
                f'desk.edition = "{settings.desk.edition}" creates nothing but {listed(edition.creates)}: '
                f"write that for {listed([mailbox.name])}, or leave it out"
            )
            yield Mistake(key=("mailboxes", index, "creates"), message=message, depends_on=(("desk", "edition"),))


def within_edition(settings: Settings) -> Settings:
    """Desk mailboxes that create everything create what the edition has.

    Args:
        settings: without mistakes.
    """
    creates = _EDITIONS[settings.desk.edition].creates
    mailboxes = tuple(
        replace(mailbox, creates=creates) if _creates_everything(mailbox) else mailbox for mailbox in settings.mailboxes
    )
    return settings.model_copy(update={"mailboxes": mailboxes})


def _too_many(settings: Settings, handler: Handler, most: int) -> Iterator[Mistake]:
    active = [mailbox.name for mailbox in settings.mailboxes if mailbox.active and mailbox.handler == handler]
    if len(active) > most:
        what = f"{handler} mailbox" if most == 1 else f"{handler} mailboxes"
        parts = ("name", "active", "handler")
        depends_on: tuple[Key, ...] = tuple(
            ("mailboxes", index, part) for index in range(len(settings.mailboxes)) for part in parts
        )
        yield Mistake(
            key=("desk", "edition"),
            message=(
                f'"{settings.desk.edition}" has {most} active {what}, but {len(active)} are active: {listed(active)}; '
                f"set active = false where they are too many"
            ),
            depends_on=depends_on,
        )


def _creates_too_much(mailbox: Mailbox, edition: _Edition) -> bool:
    if mailbox.handler == "alerts" or not mailbox.active or _creates_everything(mailbox):
        return False
    return not set(mailbox.creates) <= set(edition.creates)


def _creates_everything(mailbox: Mailbox) -> bool:
    """All six kinds are the default, and stand for what the edition has."""
    return mailbox.handler == "desk" and set(mailbox.creates) == set(ALL_KINDS)
