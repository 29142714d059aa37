"""The detectors of flufl.bounce (Mailman's) for the forms of old mail servers that nothing else here knows."""

import logging
from email import message_from_bytes
from functools import cache

from inbound.message.charset import clean

#: octets of a bounce that is handed over; the detectors search line by line and are not linear
MAX_BYTES = 32_000
#: octets of a line
MAX_LINE_BYTES = 1000
#: recipients that are taken
MAX_RECIPIENTS = 100


def other_recipients(content: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Ask every detector.

    Args:
        content: the whole message.

    Returns:
        whom it will be tried for again, and whom it failed for; nothing for what is too large.
    """
    if len(content) > MAX_BYTES or max(map(len, content.split(b"\n"))) > MAX_LINE_BYTES:
        return (), ()
    _silence()
    from flufl.bounce import all_failures

    try:
        temporary, permanent = all_failures(message_from_bytes(content))
    except Exception:  # noqa: BLE001  # it was written for well-formed mail, and raises whatever comes on other mail
        return (), ()
    return _addresses(temporary), _addresses(permanent)


@cache
def _silence() -> None:
    """It logs every detector, and its errors on standard error."""
    logging.getLogger("flufl.bounce").disabled = True


def _addresses(found: frozenset[bytes]) -> tuple[str, ...]:
    texts = sorted(clean(address.decode("utf-8", "replace")) for address in found)
    return tuple(text for text in texts if "@" in text and text.isprintable())[:MAX_RECIPIENTS]
