"""Which settings exist, and what each may be: read from the models, so that messages never disagree with them."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from inbound.config.positions import Key
from inbound.config.settings import Settings

DURATION_FORMS = 'a duration such as "30m", "8h", "2d" or "1w", up to ten years'
NETWORK_FORMS = 'a network such as "192.0.2.0/24" or "2001:db8::/32", or a single address'


def settings_of(table: Any) -> dict[str, Any]:
    """Name and annotated type of every setting of a table; empty for what is no table."""
    if not isinstance(table, type):
        return {}
    if issubclass(table, BaseModel):
        return {name: field.rebuild_annotation() for name, field in table.model_fields.items()}
    if dataclasses.is_dataclass(table):
        hints = get_type_hints(table, include_extras=True)
        return {field.name: hints[field.name] for field in dataclasses.fields(table)}
    return {}


def required_of(table: Any) -> frozenset[str]:
    """The settings of a table that have no default."""
    if not settings_of(table):
        return frozenset()
    if issubclass(table, BaseModel):
        return frozenset(name for name, field in table.model_fields.items() if field.is_required())
    return frozenset(
        field.name
        for field in dataclasses.fields(table)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )


def type_at(key: Key) -> Any | None:
    """The annotated type of a setting, or None when no such setting exists."""
    found: Any = Settings
    for step in key:
        found = element_of(found) if isinstance(step, int) else settings_of(found).get(step)
        if found is None:
            return None
    return found


def element_of(annotation: Any) -> Any | None:
    """The type of the elements of a list, or None for what is no list."""
    return get_args(annotation)[0] if get_origin(annotation) is tuple else None


def is_duration(annotation: Any, *, is_needed: bool = False) -> bool:
    """Is this the type of a duration, perhaps of one that there must be?"""
    return annotation is timedelta or (not is_needed and timedelta in get_args(annotation))


def is_network(annotation: Any) -> bool:
    """Is this the type of one network?"""
    return IPv4Network in get_args(annotation)


def is_secret(key: Key) -> bool:
    """May the value of this setting hold a secret? What stands in place of a table may."""
    annotation = type_at(key)
    if settings_of(annotation) or settings_of(element_of(annotation)):
        return True
    while isinstance(key[-1], int):  # what holds for a list holds for its elements
        key = key[:-1]
    table: Any = type_at(key[:-1])
    name = str(key[-1])
    if isinstance(table, type) and issubclass(table, BaseModel):
        return not table.model_fields[name].repr
    return any(field.name == name and not field.repr for field in dataclasses.fields(table))


def placeholder(annotation: Any) -> Any:
    """A value, as JSON, that a setting of this type takes: it stands in for a wrong one while the rest is checked."""
    if element_of(annotation) is not None:
        return []
    if is_network(annotation):
        return "192.0.2.0/24"
    if is_duration(annotation):
        return "PT60S"
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    required = required_of(annotation)
    if settings_of(annotation):
        return {name: placeholder(inner) for name, inner in settings_of(annotation).items() if name in required}
    return ""


def allowed(key: Key) -> str:
    """What a setting that exists may be, to be read after "must be"."""
    annotation = type_at(key)
    element = element_of(annotation)
    if settings_of(annotation):
        return f"a table, under its own {_header(key)} line or written as {{ … }}"
    if settings_of(element):
        return f"a list of tables, each under its own {_header((*key, 0))} line or written as {{ … }}"
    if element is not None:
        return _allowed_list(element)
    return _allowed_value(annotation)


def _allowed_list(element: Any) -> str:
    if is_network(element):
        return 'a list such as ["192.0.2.0/24"]'
    if get_origin(element) is Literal:
        return "a list of " + ", ".join(f'"{choice}"' for choice in get_args(element))
    return 'a list such as ["one", "two"]'


def _allowed_value(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return _allowed_value(get_args(annotation)[0]) + _allowed_range(annotation.__metadata__)
    if is_network(annotation):
        return NETWORK_FORMS
    if is_duration(annotation):
        return DURATION_FORMS if is_duration(annotation, is_needed=True) else f'{DURATION_FORMS}, or "" for none'
    words = {str: "text in quotes", bool: "true or false", int: "a whole number", float: "a number"}
    return words[annotation]


def _allowed_range(metadata: tuple[Any, ...]) -> str:
    bounds = {
        name: getattr(bound, name)
        for bound in _flat(metadata)
        for name in ("gt", "ge", "le")
        if getattr(bound, name, None) is not None
    }
    # Digits are grouped the way TOML allows, so that a limit can be copied into the file.
    match bounds:
        case {"ge": lowest, "le": highest}:
            return f" from {lowest:_} to {highest:_}"
        case {"gt": below, "le": highest}:
            return f" above {below:_}, at most {highest:_}"
        case {"ge": lowest}:
            return f", at least {lowest:_}"
        case _:
            return ""


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for entry in metadata:
        yield from getattr(entry, "metadata", None) or (entry,)


def unknown_setting(key: Key) -> tuple[str, Key | None]:
    """What to say about a setting that does not exist.

    Returns:
        The message, and the setting that was certainly meant (None when that is not clear).
    """
    name, names = str(key[-1]), sorted(settings_of(type_at(key[:-1])))
    if near := get_close_matches(name, names, n=1, cutoff=0.8):
        return f'unknown setting; did you mean "{near[0]}"?', (*key[:-1], near[0])
    if around := next((key[:length] for length in range(len(key) - 2, 0, -1) if _knows(key[:length], name)), None):
        # In TOML everything below a header belongs to it, up to the next header.
        message = f"unknown setting here; it belongs in {_header(around)}, above the first table inside that"
        return message, (*around, name)
    headers = [header for header, known in (("the top level", settings_of(Settings)), *_tables()) if name in known]
    if 0 < len(headers) <= 2:
        return f"unknown setting here; it belongs in {' or '.join(headers)}", None
    if near := get_close_matches(name, names, n=1):
        return f'unknown setting; did you mean "{near[0]}"?', (*key[:-1], near[0])
    return f"unknown setting; known here: {', '.join(names)}", None


def _knows(table: Key, name: str) -> bool:
    return name in settings_of(type_at(table))


def _header(table: Key) -> str:
    dotted = ".".join(step for step in table if isinstance(step, str))
    return f"[[{dotted}]]" if isinstance(table[-1], int) else f"[{dotted}]"


def _tables(table: Any = Settings, way: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Header and settings of every table below the top level."""
    for name, annotation in settings_of(table).items():
        inner, dotted = element_of(annotation) or annotation, f"{way}{name}"
        if known := settings_of(inner):
            brackets = "[[{}]]" if element_of(annotation) else "[{}]"
            yield brackets.format(dotted), known
            yield from _tables(inner, f"{dotted}.")
