"""AUTH (RFC 4954): the exchange of one login, and whether its password is right."""

import asyncio
import base64
import binascii
import functools
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from inbound.config.passwords import hash_password, matches
from inbound.smtp import replies
from inbound.smtp.replies import Reply
from inbound.values import immutable

#: RFC 4954 4: the sign of an empty initial response, and of giving up
_EMPTY, _CANCEL = "=", "*"
_MAX_USER_CHARS = 255
#: attempts that are computed at the same time, 16 MB each
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="login")


@immutable(kw_only=False)
class Credentials:
    """What a peer says about itself."""

    user: str
    password: bytes


class Exchange:
    """One AUTH command, line by line."""

    def __init__(self, mechanism: str) -> None:
        self._mechanism = mechanism
        self._user: bytes | None = None

    @classmethod
    def begin(cls, argument: str) -> "tuple[Exchange | None, Reply | Credentials]":
        """Read the argument of AUTH.

        Returns:
            the exchange, None when it is over; and what to answer, or the credentials.
        """
        mechanism, _, initial = argument.partition(" ")
        if mechanism.upper() not in {"PLAIN", "LOGIN"}:
            return None, replies.AUTH_UNKNOWN if mechanism else replies.BAD_ARGUMENT
        exchange = cls(mechanism.upper())
        if not initial:
            first = replies.AUTH_CONTINUE if exchange._mechanism == "PLAIN" else replies.AUTH_USER
            return exchange, first
        answer = exchange.answer("" if initial == _EMPTY else initial)
        return (exchange if answer is replies.AUTH_PASSWORD else None), answer

    def answer(self, line: str) -> Reply | Credentials:
        """Read a line of the peer. AUTH_PASSWORD asks for one more; everything else ends the exchange."""
        if line == _CANCEL:
            return replies.AUTH_CANCELLED
        try:
            octets = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            return replies.AUTH_UNREADABLE
        if self._mechanism == "PLAIN":
            # RFC 4616 2: authorization identity, user, password.
            parts = octets.split(b"\0")
            return _credentials(parts[1], parts[2]) if len(parts) == 3 else replies.AUTH_UNREADABLE
        if self._user is None:
            self._user = octets
            return replies.AUTH_PASSWORD
        return _credentials(self._user, octets)


def _credentials(user: bytes, password: bytes) -> Reply | Credentials:
    try:
        name = user.decode()
    except UnicodeDecodeError:
        return replies.AUTH_UNREADABLE
    if not name or not password or len(name) > _MAX_USER_CHARS:
        return replies.AUTH_FAILED
    return Credentials(name, password)


@functools.cache
def _nobody() -> str:
    """Compared with when the user is unknown: an attempt takes as long as any other."""
    return hash_password("nobody")


async def is_right(credentials: Credentials, users: Mapping[str, str]) -> bool:
    """Is it the password of a user? Computed beside the event loop.

    Args:
        credentials: of a peer.
        users: hashes by name.
    """
    stored = users.get(credentials.user)
    loop = asyncio.get_running_loop()
    is_match = await loop.run_in_executor(_THREADS, matches, credentials.password, stored or _nobody())
    return is_match and stored is not None
