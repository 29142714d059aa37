"""Tokens: what a notice carries, so that its replies, its bounces and its echoes are known for what they are.

One word of 56 letters and digits (RFC 4648 6, in lower case), which stands

- before the ``@`` of a notice's Message-ID, and of the first entry of its References: some relays replace the former;
- in its reverse-path, ``bounce+TOKEN@domain``: 63 of the 64 octets that a local part may have (RFC 5321 4.5.3.1.1);
- as the value of its ``X-Inbound-Loop``.

Case says nothing in it, and it is found wherever it stands as a word of its own, whatever a relay made of the rest.
Half of it is a keyed digest: without the desk's secret nobody can make one, and a forged one is just a word.
"""

import base64
import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from inbound.model.desk import TargetKind
from inbound.values import immutable

#: what the local part of a notice's reverse-path begins with
BOUNCE_PREFIX: Final = "bounce+"

# What is signed begins with this: a digest made for anything else is no token.
_PURPOSE = b"inbound token 1\0"
_KINDS: tuple[TargetKind | None, ...] = (None, "ticket", "task", "project")
_ID_BYTES = 7
_MAILBOX_BYTES = 4
_SIGNED_BYTES = 1 + 2 * _ID_BYTES + _MAILBOX_BYTES
_DIGEST_BYTES = 16
_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{56}(?![A-Za-z0-9])")
# Tokens that are tried in one text: each costs a digest.
_MAX_TRIED = 4


@immutable
class Token:
    """What a notice was about."""

    #: None: about no object
    kind: TargetKind | None
    #: row of the ticket, task or project; 0 without one
    object_id: int
    #: row of the notice
    notice_id: int
    #: `mailbox_mark` of the mailbox that the notice came from
    mailbox_mark: int


def mailbox_mark(name: str) -> int:
    """A mailbox in 32 bits, so that a token leads to its mailbox without a look-up.

    Args:
        name: of the mailbox.
    """
    return int.from_bytes(sha256(name.encode()).digest()[:_MAILBOX_BYTES])


def make_token(token: Token, secret: bytes) -> str:
    """Write a token down.

    Args:
        token: ids under 2**56.
        secret: of the desk.

    Returns:
        56 lower-case letters and digits.
    """
    signed = b"".join(
        (
            _KINDS.index(token.kind).to_bytes(1),
            token.object_id.to_bytes(_ID_BYTES),
            token.notice_id.to_bytes(_ID_BYTES),
            token.mailbox_mark.to_bytes(_MAILBOX_BYTES),
        )
    )
    return base64.b32encode(signed + _digest(signed, secret)).decode("ascii").lower()


def find_token(text: str, secrets: Sequence[bytes]) -> Token | None:
    """The first token in a text that one of the secrets has signed.

    Args:
        text: a msg-id, the local part of an address, the value of a field; or anything else.
        secrets: of the desk: the present one, and those before it.

    Returns:
        None when there is none; a forged one is none.
    """
    for count, word in enumerate(_TOKEN.finditer(text)):
        if count == _MAX_TRIED:
            return None
        octets = base64.b32decode(word[0].upper())
        signed, digest = octets[:_SIGNED_BYTES], octets[_SIGNED_BYTES:]
        # All are compared, each in constant time: how long it takes says nothing about what was close.
        matches = [hmac.compare_digest(_digest(signed, secret), digest) for secret in secrets]
        if any(matches) and signed[0] < len(_KINDS):
            return _read(signed)
    return None


def bounced_token(address: str, secrets: Sequence[bytes]) -> Token | None:
    """The token of ``bounce+TOKEN@domain``, in any case of letters; None for any other address.

    Args:
        address: an envelope recipient without angle brackets.
        secrets: as in `find_token`.
    """
    local = address.rpartition("@")[0]
    if not local.lower().startswith(BOUNCE_PREFIX):
        return None
    return find_token(local[len(BOUNCE_PREFIX) :], secrets)


def _read(signed: bytes) -> Token:
    first, second, third = 1, 1 + _ID_BYTES, 1 + 2 * _ID_BYTES
    return Token(
        kind=_KINDS[signed[0]],
        object_id=int.from_bytes(signed[first:second]),
        notice_id=int.from_bytes(signed[second:third]),
        mailbox_mark=int.from_bytes(signed[third:]),
    )


def _digest(signed: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE + signed, "sha256")[:_DIGEST_BYTES]
