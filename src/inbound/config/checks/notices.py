"""``[smart_host]``, ``desk.operators``, and who gets which notice."""

import dataclasses
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

from inbound.config.checks.names import listed, repeated, why_no_address, why_no_domain
from inbound.config.files import absolute, is_credential, why_no_credential
from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key
from inbound.config.settings import Settings
from inbound.model.mailbox import OTHER_KINDS, Mailbox, Notify
from inbound.model.notice import ROLES

_LISTS = tuple(field.name for field in dataclasses.fields(Notify) if field.name not in {"object_kinds", "strangers"})


def mistakes(settings: Settings, directory: Path) -> Iterator[Mistake]:
    """Every mistake in these settings."""
    yield from _smart_host(settings, directory)
    operators: list[tuple[Key, str]] = [
        (("desk", "operators", index), address) for index, address in enumerate(settings.desk.operators)
    ]
    yield from _addresses(operators, settings)
    for index, mailbox in enumerate(settings.mailboxes):
        yield from _mailbox(("mailboxes", index), mailbox, settings, directory)


def _smart_host(settings: Settings, directory: Path) -> Iterator[Mistake]:
    smart_host = settings.smart_host
    if smart_host.host and not _is_host(smart_host.host):
        message = f"{shown(smart_host.host)} is no host; it must be a name like mail.desk.example, or an IP address"
        yield Mistake(key=("smart_host", "host"), message=message)
    if is_credential(smart_host.password) and (why_not := why_no_credential(smart_host.password)):
        yield Mistake(key=("smart_host", "password"), message=why_not)
    if bool(smart_host.username) != bool(smart_host.password):
        missing = "password" if smart_host.username else "username"
        yield Mistake(key=("smart_host", missing), message="a login has a username and a password, or neither")
    if smart_host.password and smart_host.tls == "none":
        message = '"none" would send the password in clear text; it must be "starttls" or "implicit"'
        yield Mistake(key=("smart_host", "tls"), message=message, depends_on=(("smart_host", "password"),))
    if smart_host.command_seconds > smart_host.notice_seconds:
        message = f"{smart_host.command_seconds} is more than smart_host.notice_seconds, {smart_host.notice_seconds}"
        depends_on = (("smart_host", "notice_seconds"),)
        yield Mistake(key=("smart_host", "command_seconds"), message=message, depends_on=depends_on)
    if smart_host.ca_file and (why_not := _why_no_authorities(Path(absolute(smart_host.ca_file, directory)))):
        yield Mistake(key=("smart_host", "ca_file"), message=f"{shown(smart_host.ca_file)} {why_not}")


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return why_no_domain(text) is None
    return True


def _why_no_authorities(path: Path) -> str | None:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        return f"cannot be used: {error.strerror or error}"
    return None


def _mailbox(key: Key, mailbox: Mailbox, settings: Settings, directory: Path) -> Iterator[Mistake]:
    notify: Key = (*key, "notify")
    for name in _LISTS:
        named: list[tuple[Key, str]] = [
            ((*notify, name, index), one) for index, one in enumerate(getattr(mailbox.notify, name))
        ]
        yield from _addresses([(where, one) for where, one in named if one not in ROLES], settings, is_role_fine=True)
        yield from repeated(named, "recipient")
    for index, kind in enumerate(mailbox.notify.object_kinds):
        if kind not in OTHER_KINDS:
            message = f"{shown(kind)} has a notice of its own, ticket_created; allowed: {listed(OTHER_KINDS)}"
            yield Mistake(key=(*notify, "object_kinds", index), message=message)
    if mailbox.templates and not Path(absolute(mailbox.templates, directory)).is_dir():
        yield Mistake(key=(*key, "templates"), message=f"{shown(mailbox.templates)} is not a directory")


def _addresses(named: list[tuple[Key, str]], settings: Settings, *, is_role_fine: bool = False) -> Iterator[Mistake]:
    own = {
        one.casefold()
        for mailbox in settings.mailboxes
        for one in (mailbox.address, mailbox.public_address, *mailbox.aliases)
    }
    for key, address in named:
        if "@" not in address and is_role_fine:
            message = f"{shown(address)} is no role and no address; roles: {listed(ROLES)}"
            yield Mistake(key=key, message=message)
        elif why_not := why_no_address(address):
            yield Mistake(key=key, message=why_not)
        elif address.casefold() in own:
            yield Mistake(key=key, message=f"{shown(address)} is a mailbox of this desk: its notices would come back")
