"""From TOML values to ``Settings``: names, types and ranges, each mistake told, the rest still usable."""

import json
import math
from collections.abc import Iterator
from copy import deepcopy
from ipaddress import ip_network
from typing import Any

from pydantic import ValidationError

from inbound.config.durations import parse_duration
from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key
from inbound.config.settings import Settings
from inbound.config.shape import (
    allowed,
    element_of,
    is_duration,
    is_network,
    is_secret,
    placeholder,
    required_of,
    type_at,
    unknown_setting,
)
from inbound.values import immutable

_LARGEST_INTEGER = 2**63  # https://toml.io/en/v1.0.0#integer
_CONTROL = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)))


@immutable
class Structure:
    """Settings in which everything wrong has been replaced by something harmless."""

    settings: Settings
    mistakes: tuple[Mistake, ...]
    #: the settings that are not what the file says; more than the mistakes: also what a misspelt name stood for
    wrong: frozenset[Key]


def check_structure(data: dict[str, Any]) -> Structure:
    """Check names, types and ranges of everything in a file.

    Args:
        data: what ``tomllib`` made of the file; not changed.
    """
    usable = deepcopy(data)
    mistakes = _take_out_unusable_values(usable)
    _spell_durations(usable, mistakes)
    mistakes += _type_mistakes(usable)
    wrong = frozenset(key for mistake in mistakes for key in (mistake.key, *mistake.depends_on))
    # The innermost first: a table around a mistake may itself be replaced.
    for key in sorted(wrong, key=len, reverse=True):
        _replace(usable, key)
    return Structure(settings=_validated(usable), mistakes=tuple(mistakes), wrong=wrong)


def _take_out_unusable_values(data: dict[str, Any]) -> list[Mistake]:
    mistakes = []
    for key in list(_unusable_values(data, ())):
        if type_at(key) is None:
            # The setting is unknown, or something around the value is wrong already: that is told later, once.
            _value_at(data, key[:-1])[key[-1]] = ""
        else:
            mistakes.append(_unusable(key, _value_at(data, key)))
            _replace(data, key)
    return mistakes


def _unusable_values(value: Any, key: Key) -> Iterator[Key]:
    """Where values stand that TOML knows and no setting takes."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unusable_values(inner, (*key, step))
    elif not _is_usable(value):
        yield key


def _is_usable(value: Any) -> bool:
    match value:
        case str():
            return _CONTROL.isdisjoint(value)
        case int():
            return -_LARGEST_INTEGER <= value < _LARGEST_INTEGER
        case float():
            return math.isfinite(value)
        case _:
            return False  # dates and times


def _unusable(key: Key, value: Any) -> Mistake:
    if isinstance(value, str):
        return Mistake(key=key, message="has a line break or another control character in its text")
    return _not_allowed(key, value)


def _spell_durations(data: dict[str, Any], mistakes: list[Mistake]) -> None:
    """Turn durations into the form that pydantic reads, which accepts more forms than an operator should know."""
    for key in list(_durations(data, ())):
        table, written = _value_at(data, key[:-1]), _value_at(data, key)
        duration = parse_duration(written) if isinstance(written, str) else None
        is_none = written == "" and not is_duration(type_at(key), is_needed=True)
        if duration is None and not is_none:
            mistakes.append(_not_allowed(key, written))
        if duration is not None:
            table[key[-1]] = f"PT{duration.total_seconds():.0f}S"
        elif is_none:
            table[key[-1]] = None
        else:
            # Told already: it must not be told again in other words.
            table[key[-1]] = placeholder(type_at(key))


def _durations(value: Any, key: Key) -> Iterator[Key]:
    """Where durations stand."""
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _durations(inner, (*key, step))
    elif key and is_duration(type_at(key)):
        yield key


def _validated(data: dict[str, Any]) -> Settings:
    # JSON mode is the one in which strict still turns lists into tuples and text into networks.
    return Settings.model_validate_json(json.dumps(data), strict=True)


def _type_mistakes(data: dict[str, Any]) -> list[Mistake]:
    try:
        _validated(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        # A network is tried as version 4 and as version 6: two errors, one mistake.
        mistakes = {mistake.key: mistake for mistake in (_type_mistake(d["type"], d["loc"], data) for d in details)}
        # A required setting whose name is misspelt is unknown and missing: two errors, one mistake.
        meant = {key for mistake in mistakes.values() for key in mistake.depends_on}
        echoes = meant.intersection(detail["loc"] for detail in details if detail["type"] == "missing")
        return [mistake for key, mistake in mistakes.items() if key not in echoes]
    return []


def _type_mistake(kind: str, key: Key, data: dict[str, Any]) -> Mistake:
    match kind:
        case "missing":
            return Mistake(key=key, message=f"missing; it must be {allowed(key)}")
        case "extra_forbidden" | "unexpected_keyword_argument":
            message, meant = unknown_setting(key)
            return Mistake(key=key, message=message, depends_on=(meant,) if meant else ())
        case _:
            while type_at(key) is None:  # pydantic adds what it tried: ("networks", 0, "ipv4network")
                key = key[:-1]
            return _not_allowed(key, _value_at(data, key))


def _not_allowed(key: Key, value: Any) -> Mistake:
    what = "the value" if is_secret(key) and not isinstance(value, dict | list) else shown(value)
    return Mistake(key=key, message=_host_bits(key, value) or f"{what} is not allowed; it must be {allowed(key)}")


def _host_bits(key: Key, value: Any) -> str | None:
    if not isinstance(value, str) or not is_network(type_at(key)):
        return None
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return None
    return f'{shown(value)} has bits set outside its prefix; write "{network}" for the network, or the address alone'


def _value_at(data: Any, key: Key) -> Any:
    for step in key:
        data = data[step]
    return data


def _replace(data: dict[str, Any], key: Key) -> None:
    """Put something harmless where the mistake is, and leave everything else in its place."""
    around = _value_at(data, key[:-1])
    if isinstance(key[-1], int):
        around[key[-1]] = placeholder(element_of(type_at(key[:-1])))
    elif key[-1] in required_of(type_at(key[:-1])):
        around[key[-1]] = placeholder(type_at(key))
    else:
        around.pop(key[-1], None)
