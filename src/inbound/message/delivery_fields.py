"""Fields of a delivery status (RFC 3464 2.1) -> groups, one per recipient; also where they stand in a text part."""

import re
from collections.abc import Iterable

# local@domain in running text; the look-behind keeps runs without "@" linear.
ADDRESS = re.compile(r"(?<![\w.!#$%&*+/=?^`{|}~-])([\w.!#$%&*+/=?^`{|}~-]{1,64}@[\w-](?:[\w.-]{0,252}\w)?)")
# A local part that needs quotes (RFC 5321 4.1.2).
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.){1,64}\"@[\w-](?:[\w.-]{0,252}\w)?")
_FIELD = re.compile(r"([A-Za-z][A-Za-z-]{2,40}):[ \t]*+(.*+)\Z", re.DOTALL)
_PER_RECIPIENT = frozenset({
    "final-recipient",
    "original-recipient",
    "action",
    "status",
    "diagnostic-code",
    "remote-mta",
    "last-attempt-date",
    "will-retry-until",
    "x-actual-recipient",
    "x-display-name",
    "x-supplementary-info",
    "x-notes",
    "final-log-id",
    "x-outlook-error",
})  # fmt: skip
_OUTCOME = frozenset({"action", "status", "diagnostic-code"})
#: groups that are read of one report
MAX_GROUPS = 500

Group = dict[str, str]


def read_groups(text: str, *, is_part: bool = False) -> list[Group]:
    """The groups of per-recipient fields.

    An empty line ends a group that is complete, a name that is already there begins a new one: some reports have empty
    lines inside of groups, and some have none between them. Lines that are no such fields are passed over.

    Args:
        text: content of a message/delivery-status part, or of a text part in which someone wrote the same.
        is_part: is it the part that is made for it? Then a single group may lack its recipient.

    Returns:
        names in lower case, values unfolded; at most `MAX_GROUPS`.
    """
    groups: list[Group] = []
    current: Group = {}
    for name, value in _fields(text.split("\n")):
        if _is_complete(current) and (name in current if name else "status" in current):
            groups.append(current)
            current = {}
        if name in _PER_RECIPIENT and len(groups) < MAX_GROUPS:
            current.setdefault(name, value)
    if _is_complete(current) or (is_part and not groups and _OUTCOME & current.keys()):
        groups.append(current)
    return groups


def _is_complete(group: Group) -> bool:
    has_recipient = "final-recipient" in group or "original-recipient" in group
    return has_recipient and bool(_OUTCOME & group.keys())


def _fields(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Name and value; ("", "") for an empty line."""
    name = ""
    value: list[str] = []
    for line in lines:
        if name and line[:1] in {" ", "\t"} and line.strip():
            value.append(line.strip())
            continue
        if name:
            yield name, " ".join(value)
            name = ""
        if field := _FIELD.match(line.strip()):
            name, value = field[1].lower(), [field[2].strip()]
        elif not line.strip():
            yield "", ""
    if name:
        yield name, " ".join(value)


def group_address(group: Group) -> str:
    """The recipient as an address: as the sender wrote it, else the final one.

    RFC 3464 2.3.2 puts the type in front (``rfc822;``); an X.400 or a local name is no address.
    """
    for name in ("original-recipient", "final-recipient", "x-actual-recipient", "x-display-name"):
        _, _, typed = group.get(name, "").rpartition(";")
        if found := find_address(typed.replace("<", " ").replace(">", " ")):
            return found
    return ""


def find_address(text: str) -> str:
    """The first address in a text; empty without one."""
    found = ADDRESS.search(text) or _QUOTED.search(text)
    return plain_address(found[0]) if found else ""


def plain_address(found: str) -> str:
    """An address that was found in running text, without what stuck to it (``SMTP=``), domain in lower case."""
    local, _, domain = found.rpartition("@")
    kind, equals, rest = local.partition("=")
    if equals and kind.lower() in {"smtp", "to", "rcpt", "recipient", "for", "addr"}:
        local = rest
    return f"{local.strip('=')}@{domain.lower()}"
