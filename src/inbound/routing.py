"""An envelope recipient to its mailbox: aliases, sub-addresses, postmaster, bounces. Pure; built from the settings."""

import re
import unicodedata
from enum import Enum

from inbound.config import Settings
from inbound.message.tokens import bounced_token, mailbox_mark
from inbound.model.mail import Recipient
from inbound.model.mailbox import Mailbox

#: RFC 5321 4.5.1: mail to it is accepted, in every served domain and without one.
_POSTMASTER = "postmaster"
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
#: RFC 5321 4.5.3.1.2
_MAX_DOMAIN_CHARS = 255


class Refusal(Enum):
    """Why a recipient is not accepted."""

    #: no mailbox of a served domain has this address
    UNKNOWN_MAILBOX = "unknown_mailbox"
    #: the mailbox is there, with ``active = false``
    INACTIVE_MAILBOX = "inactive_mailbox"
    #: mail for others: we are no relay
    DOMAIN_NOT_SERVED = "domain_not_served"


class Routes:
    """The recipients that are accepted, and where they lead."""

    def __init__(self, settings: Settings, secret: bytes = b"") -> None:
        """Prepare.

        Args:
            settings: checked.
            secret: of the desk, for the addresses that undeliverable notices come back to; empty: there are none.
        """
        self._domains = frozenset(_domain_key(domain) for domain in settings.server.domains)
        self._mailboxes = {
            _address_key(address): mailbox
            for mailbox in reversed(settings.mailboxes)
            for address in (*mailbox.aliases, mailbox.address)
        }
        self._postmaster = _postmaster_mailbox(settings)
        self._secrets = (secret, *(old.encode() for old in settings.server.old_secrets)) if secret else ()
        self._by_mark = {mailbox_mark(mailbox.name): mailbox for mailbox in settings.mailboxes}

    def route(self, address: str) -> Recipient | Refusal:
        """Where mail for an envelope recipient goes.

        Args:
            address: the forward-path without angle brackets and source route (RFC 5321 4.1.2): ``local@domain``, or
                ``postmaster`` alone; compared without regard to case.
        """
        local, at, domain = address.rpartition("@")
        if not at:
            local, domain = address, ""
        domain_key = _domain_key(domain)
        # RFC 5321 4.1.1.3: of addresses without a domain, only <postmaster> is accepted, in any case of letters.
        if domain_key not in self._domains and (domain or _local_key(local) != _POSTMASTER):
            return Refusal.DOMAIN_NOT_SERVED
        name, sub_address = self._split(_unquoted(local), domain_key)
        mailbox = self._mailboxes.get((_local_key(name), domain_key))
        if _local_key(name) == _POSTMASTER and (mailbox is None or not mailbox.active):
            mailbox = self._postmaster
        if mailbox is None and (token := bounced_token(address, self._secrets)) is not None:
            # What comes back from a notice belongs to the notice's mailbox.
            mailbox = self._by_mark.get(token.mailbox_mark)
        if mailbox is None:
            return Refusal.UNKNOWN_MAILBOX
        if not mailbox.active:
            return Refusal.INACTIVE_MAILBOX
        return Recipient(address=address, mailbox=mailbox.name, sub_address=sub_address)

    def _split(self, local: str, domain_key: str) -> tuple[str, str]:
        # An address that is configured with its "+" is no sub-address.
        if (_local_key(local), domain_key) in self._mailboxes:
            return local, ""
        name, _, sub_address = local.partition("+")
        return name, sub_address


def _postmaster_mailbox(settings: Settings) -> Mailbox | None:
    # People write to postmaster: an alerts mailbox comes last, because it takes nothing without a key.
    active = sorted(
        (mailbox for mailbox in settings.mailboxes if mailbox.active), key=lambda mailbox: mailbox.handler == "alerts"
    )
    named = (mailbox for mailbox in active if mailbox.name == settings.server.postmaster_mailbox)
    return next(named, active[0] if active else None)


def _address_key(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return _local_key(_unquoted(local)), _domain_key(domain)


def _unquoted(local: str) -> str:
    # RFC 5321 4.1.2: "support" and support are the same mailbox; the quotes are only spelling.
    if local.startswith('"') and local.endswith('"') and len(local) > 1:
        return _QUOTED_PAIR.sub(r"\1", local[1:-1])
    return local


def _local_key(local: str) -> str:
    # RFC 6531 3.1: the same name can be composed or decomposed.
    return local.lower() if local.isascii() else unicodedata.normalize("NFC", local).casefold()


def _domain_key(domain: str) -> str:
    if domain.isascii() or len(domain) > _MAX_DOMAIN_CHARS:
        return domain.lower()
    # RFC 5891 5: a domain in letters of its language and its xn-- form are one domain.
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return domain.casefold()
