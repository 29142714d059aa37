"""One mistake, before it has a file and a line; and how keys and values look in messages."""

import json
import re
from collections.abc import Iterable
from typing import Any

from inbound.config.positions import Key
from inbound.values import immutable

_BARE_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_SHOWN = 60


@immutable
class Mistake:
    """What is wrong with one setting."""

    key: Key
    message: str
    #: the other setting of a pair; its line is added to the message
    other: Key | None = None
    #: settings that the message takes for granted: while one of them is wrong itself, this mistake may be its echo
    depends_on: tuple[Key, ...] = ()

    def is_echo_of(self, wrong: Iterable[Key]) -> bool:
        """Does it only follow from settings that are already known to be wrong?"""
        taken_for_granted = self.depends_on if self.other is None else (*self.depends_on, self.other)
        return any(
            is_within(self.key, key)
            or any(is_within(granted, key) or is_within(key, granted) for granted in taken_for_granted)
            for key in wrong
        )


def is_within(key: Key, table: Key) -> bool:
    """Is ``key`` the setting ``table`` or something inside it?"""
    return key[: len(table)] == table


def dotted(key: Key) -> str:
    """``("mailboxes", 1, "name")`` as ``mailboxes[1].name``: indexes count from 0."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in key)
    return text.removeprefix(".")


def _name(step: str) -> str:
    return step if _BARE_NAME.fullmatch(step) else _quoted(step)


def shown(value: Any) -> str:
    """A value for a message, as it would be written in TOML; never a URL, which may carry a password."""
    match value:
        case bool():
            return str(value).lower()
        case int() if abs(value) > 2**64:
            return "this huge number"
        case int() | float():
            return str(value)
        case str():
            return "the value" if "://" in value else _quoted(value)
        case _:
            return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "a date or time"


def _quoted(text: str) -> str:
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"
    # JSON escapes what a terminal would obey, and is a TOML string at the same time.
    return json.dumps(cut, ensure_ascii=not cut.isprintable())
