"""Address lists (RFC 5322 3.4 and 4.4), and what people and programs write instead of them."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from inbound.message.charset import clean_line, decode
from inbound.message.encoded_words import decode_words
from inbound.model.mail import Address

#: addresses read of one list, and octets of it that are looked at
MAX_ADDRESSES = 1000
MAX_LIST_BYTES = 100_000
#: RFC 5321 4.5.3.1: a local part of 64 octets, "@" and a domain of 255; longer ones reach nobody
MAX_ADDRESS_CHARS = 320

# The two forms nearly every mail has: [name] <local@domain>, and the bare address.
_ORDINARY = re.compile(
    r'\s*+(?:"([^"\\]*+)"\s*+|([^"<>()@,;:\\]*+))<([^\s<>()@,;:\\"]++@[^\s<>()@,;:\\"\[\]]++)>\s*+\Z'
    r'|\s*+([^\s<>()@,;:\\"]++@[^\s<>()@,;:\\"\[\]]++)\s*+\Z'
)
_TOKEN = re.compile(
    r"(?P<word>=\?[^?\s]++\?[bBqQ]\?[^?\s]*+\?=)"  # an encoded word may hold commas and parentheses it should not
    r'|"(?P<quoted>(?>(?:[^"\\]|\\.)*))"'
    r"|<(?P<angle>[^<>]*+)>|<(?P<open>[^<>,;\s]*+)"
    r"|\((?P<comment>(?>(?:[^()\\]|\\.|\([^()]*+\))*))\)"
    r"|(?P<mark>[,;:])"
    r'|(?P<text>[^\s"<(,;:]++)',
    re.DOTALL,
)
_PLAIN_ADDRESS = re.compile(r"([A-Za-z0-9._+=-]++)@([A-Za-z0-9.-]*+(?<=[A-Za-z0-9]))\Z")
_COMMENT = re.compile(r"\([^()]*+\)")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_ROUTE = re.compile(r"@[^:]*+:")
_FORBIDDEN = re.compile(r"[\s<>]")
# Address books write the kind of an address before it.
_SCHEME = re.compile(r"(?:mailto|smtp):", re.IGNORECASE)
_BLANKS_AROUND_AT = re.compile(r" @ ([^ .]+\.[^ .])")
_SPACES = re.compile(r"\s+")


@dataclass(slots=True)
class _Mailbox:
    """What has been read since the last separator."""

    phrase: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angle: str | None = None
    has_quotes: bool = False


@dataclass(slots=True)
class _List:
    """What has been read of the list."""

    found: list[Address] = field(default_factory=list)
    #: phrases without an address: perhaps the "Doe" of ``Doe, John <john@example.com>``
    waiting: list[str] = field(default_factory=list)
    current: _Mailbox = field(default_factory=_Mailbox)
    group: str = ""
    group_start: int = 0
    is_after_group: bool = False


def parse_addresses(value: bytes) -> tuple[Address, ...]:
    """Read an address list.

    Groups give their members, an empty group its name; semicolons separate like commas; a name that nobody can be
    reached by is kept with an empty address. `MAX_ADDRESSES` and `MAX_LIST_BYTES` bound what is read.

    Args:
        value: unfolded field value, as sent.

    Returns:
        the addresses, in their order.
    """
    return _common(value) if len(value) <= _COMMON_BYTES else _parse(value[:MAX_LIST_BYTES])


def _parse(value: bytes) -> tuple[Address, ...]:
    text = value.decode("latin-1")
    pieces = text.split(",", MAX_ADDRESSES)
    ordinary = [match.groups() for piece in pieces if (match := _ORDINARY.match(piece))]
    if len(ordinary) == len(pieces) <= MAX_ADDRESSES:
        return tuple(_address(quoted or plain or "", angle or bare) for quoted, plain, angle, bare in ordinary)
    found = _read_list(text)
    if b"=?" in value and not any(address.address for address in found):
        # Some programs encode the whole field, brackets and all, against RFC 2047 5.
        decoded = _read_list(decode_words(value).encode().decode("latin-1"))
        if any(address.address for address in decoded):
            return decoded
    return found


#: Most mails of a desk are to one of its few addresses.
_COMMON_BYTES = 100
_common = lru_cache(maxsize=1_000)(_parse)


def _read_list(text: str) -> tuple[Address, ...]:
    state = _List()
    end_of_last = -1
    for token in _TOKEN.finditer(text):
        kind, word = token.lastgroup, token[token.lastgroup or 0]
        if kind == "mark":
            _separate(state, word)
            if len(state.found) >= MAX_ADDRESSES:
                break
        elif kind == "text" and word[0] == "@" and token.start() == end_of_last and state.current.phrase:
            # RFC 5322 3.4.1: a quoted local part outside of angle brackets
            state.current.phrase[-1] = f'"{state.current.phrase[-1]}"{word}'
        else:
            _take(state.current, kind, word)
        end_of_last = token.end() if kind == "quoted" else -1
    _finish(state)
    _flush(state)
    _close_group(state)
    return tuple(state.found[:MAX_ADDRESSES])


def _take(mailbox: _Mailbox, kind: str | None, word: str) -> None:
    match kind:
        case "angle" | "open":
            # Of several pairs of brackets the last with an address counts: <name> <a@b>.
            if mailbox.angle is None or "@" in word:
                mailbox.angle = word
        case "comment":
            mailbox.comments.append(word)
        case "quoted":
            mailbox.has_quotes = True
            mailbox.phrase.append(_QUOTED_PAIR.sub(r"\1", word))
        case _:
            if word.strip(">)"):
                mailbox.phrase.append(word)


def _separate(state: _List, mark: str) -> None:
    if mark == ":" and state.current.angle is None:
        _flush(state)
        phrase = state.current.phrase
        if phrase and phrase[-1].lower().lstrip("[") == "mailto":
            phrase.pop()
            return
        state.current = _Mailbox()
        state.group, state.group_start = " ".join(phrase), len(state.found)
        return
    _finish(state)
    if mark == ";":
        _flush(state)
        _close_group(state)


def _finish(state: _List) -> None:
    """Turn what stands between two separators into addresses."""
    mailbox, state.current = state.current, _Mailbox()
    if mailbox.angle is None and "@" in mailbox.phrase[1:-1]:
        # RFC 5322 4.4 allows blanks around the "@"; "Sales @ Shop" is a name.
        mailbox.phrase = _BLANKS_AROUND_AT.sub(r"@\1", " ".join(mailbox.phrase)).split(" ")
    if mailbox.angle is None and not any(map(_has_address, mailbox.phrase)):
        # A comment alone names somebody, unless it stands behind a group.
        if name := " ".join(mailbox.phrase or ([] if state.is_after_group else mailbox.comments)):
            state.waiting.append(name)
        return
    if mailbox.angle is not None and mailbox.phrase and not mailbox.has_quotes:
        mailbox.phrase[:0] = [f"{name}," for name in state.waiting]
        state.waiting.clear()
    _flush(state)
    state.found.extend(_addresses(mailbox))


def _addresses(mailbox: _Mailbox) -> list[Address]:
    comment = " ".join(mailbox.comments)
    if mailbox.angle is not None:
        reached = _address(" ".join(mailbox.phrase) or comment, mailbox.angle)
        if reached.address or not any(map(_has_address, mailbox.phrase)):
            return [reached] if reached.address or reached.name else []
    bare = [word for word in mailbox.phrase if _has_address(word)]
    if len(bare) > 1:
        return [_address("", word) for word in bare]
    return [_address(" ".join(word for word in mailbox.phrase if word != bare[0]) or comment, bare[0])]


def _has_address(word: str) -> bool:
    """An "@" alone, or at the end of a word, is only a sign in a name."""
    return "@" in word[1:-1]


def _flush(state: _List) -> None:
    state.found.extend(Address(name=_name(name), address="") for name in state.waiting if _name(name))
    state.waiting.clear()


def _close_group(state: _List) -> None:
    if state.group and len(state.found) == state.group_start:
        state.found.append(Address(name=_name(state.group), address=""))
    state.is_after_group = bool(state.group)
    state.group = ""


def _address(name: str, raw: str) -> Address:
    address = _reachable(raw)
    return Address(name=_name(name) or ("" if address else _name(raw)), address=address)


def _reachable(raw: str) -> str:
    """``local@domain``, or empty when that is not what it says."""
    if (plain := _PLAIN_ADDRESS.match(raw)) and len(raw) <= MAX_ADDRESS_CHARS:
        return f"{plain[1]}@{plain[2].lower()}"
    raw = _COMMENT.sub("", raw) if "(" in raw else raw
    text = raw if raw.isascii() else decode(raw.encode("latin-1"))
    text = text.strip()
    text = text[route.end() :] if (route := _ROUTE.match(text)) else text
    if text[-1:] == "]" and "@[" not in text:
        text = text[:-1].removeprefix("[")
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :]
    local, _, domain = text.strip("'").rpartition("@")
    local, domain = local.strip(), domain.strip().rstrip(".>").lower()
    is_quoted = local[:1] == '"' and local[-1:] == '"'
    if not local or not domain or len(local) + 1 + len(domain) > MAX_ADDRESS_CHARS:
        return ""
    address = f"{local}@{domain}"
    if not address.isprintable() or _FORBIDDEN.search(domain if is_quoted else address):
        return ""
    return address


def _name(raw: str) -> str:
    """A display name: encoded words decoded, on one line, without the single quotes Outlook adds."""
    if not raw:
        return ""
    if "=?" not in raw and raw.isascii() and raw.isprintable():
        name = raw.strip()
        name = _SPACES.sub(" ", name) if "  " in name else name
    else:
        name = _SPACES.sub(" ", clean_line(decode_words(raw.encode("latin-1"))))
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "'" else name
