"""Keys of alerts mailboxes: no message shows one."""

from collections.abc import Iterator

from inbound.config.files import is_credential, secret, why_no_credential
from inbound.config.mistakes import Mistake
from inbound.config.positions import Key
from inbound.model.mailbox import Mailbox

#: of config.example.toml, which everybody can read
EXAMPLE_KEY = "example-key-for-trials"
_SHORTEST_KEY, _LONGEST_KEY = 16, 256
# RFC 2606 and RFC 6761: nobody's mail server serves these.
_RESERVED_DOMAINS = frozenset({"example", "test", "invalid", "localhost", "example.com", "example.net", "example.org"})


def mistakes(key: Key, mailbox: Mailbox, domains: tuple[str, ...]) -> Iterator[Mistake]:
    """Every mistake in the keys of one mailbox.

    Args:
        key: of the mailbox.
        mailbox: with keys as the file says, credentials not yet read.
        domains: that are served.
    """
    keys: Key = (*key, "keys")
    if mailbox.handler == "desk":
        if mailbox.keys:
            message = 'is for alerts mailboxes, those with handler = "alerts"'
            yield Mistake(key=keys, message=message, depends_on=((*key, "handler"),))
        return
    if not mailbox.keys:
        message = "missing; an alerts mailbox needs at least one key, which monitoring tools send as PW"
        yield Mistake(key=keys, message=message, depends_on=((*key, "handler"),))
    for index, written in enumerate(mailbox.keys):
        if why_not := _why_no_key(written):
            yield Mistake(key=(*keys, index), message=why_not)
        elif secret(written) == EXAMPLE_KEY and (real := next((one for one in domains if not _is_reserved(one)), None)):
            message = f"is the key of the example, which everybody knows; {real} needs one of its own"
            yield Mistake(key=(*keys, index), message=message, depends_on=(("server", "domains"),))


def _why_no_key(written: str) -> str | None:
    if is_credential(written) and (why_not := why_no_credential(written)):
        return why_not
    text = secret(written)
    if not _SHORTEST_KEY <= len(text) <= _LONGEST_KEY:
        return f"a key has {_SHORTEST_KEY} to {_LONGEST_KEY} characters; this one has {len(text)}"
    if not text.isascii() or not text.isprintable() or text != text.strip():
        return "a key consists of letters, digits and signs of ASCII, without blanks at its ends"
    return None


def _is_reserved(domain: str) -> bool:
    labels = domain.lower().split(".")
    return any(".".join(labels[start:]) in _RESERVED_DOMAINS for start in range(len(labels)))
