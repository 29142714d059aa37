"""``[[listeners]]``: where mail comes in."""

import ssl
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from inbound.config.files import is_credential, pem_path, why_no_credential, why_no_file
from inbound.config.mistakes import Mistake, shown
from inbound.config.positions import Key
from inbound.config.reception import Listener
from inbound.config.settings import Settings


def mistakes(settings: Settings, directory: Path) -> Iterator[Mistake]:
    """Every mistake in these tables."""
    if not settings.listeners:
        yield Mistake(key=("listeners",), message="there must be at least one: nobody could deliver mail")
    for index, listener in enumerate(settings.listeners):
        yield from _address(("listeners", index), listener)
        yield from _tls(("listeners", index), listener, directory)
    yield from _shared_ports(settings.listeners)


def _address(key: Key, listener: Listener) -> Iterator[Mistake]:
    if _ip(listener) is None:
        message = f'{shown(listener.address)} is no IP address; it must be like "127.0.0.1", "0.0.0.0" or "::"'
        yield Mistake(key=(*key, "address"), message=message)


def _ip(listener: Listener) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(listener.address)
    except ValueError:
        return None


def _shared_ports(listeners: tuple[Listener, ...]) -> Iterator[Mistake]:
    """The second of two listeners that cannot both be bound."""
    for second, listener in enumerate(listeners):
        for first in range(second):
            if collide(listeners[first], listener):
                yield Mistake(
                    key=("listeners", second),
                    message=f"{listener.address} port {listener.port} is taken by another listener",
                    other=("listeners", first),
                    depends_on=(("listeners", second),),
                )
                break


def collide(first: Listener, second: Listener) -> bool:
    """Do two listeners want the same port?"""
    # Port 0 is "any free one".
    if first.port != second.port or first.port == 0:
        return False
    one, two = _ip(first), _ip(second)
    if one is None or two is None or one.version != two.version:
        return False
    return one == two or one.is_unspecified or two.is_unspecified


def _tls(key: Key, listener: Listener, directory: Path) -> Iterator[Mistake]:
    if listener.tls == "none":
        if listener.client_authorities:
            message = 'peers show certificates only under TLS; write tls = "starttls" or "required"'
            yield Mistake(key=(*key, "client_authorities"), message=message, depends_on=((*key, "tls"),))
        if "tls" not in listener.model_fields_set and (listener.certificate or listener.key):
            message = 'a certificate is given but TLS is off; write tls = "starttls", "required" or "none"'
            yield Mistake(key=(*key, "tls"), message=message)
        return
    yield from _client_authorities(key, listener, directory)
    unusable = [*_pem_file(key, "certificate", listener, directory), *_pem_file(key, "key", listener, directory)]
    yield from unusable
    if not unusable and (why_not := _why_no_pair(listener, directory)):
        depends_on = ((*key, "certificate"), (*key, "key"), (*key, "tls"))
        yield Mistake(key=(*key, "certificate"), message=why_not, depends_on=depends_on)


def _client_authorities(key: Key, listener: Listener, directory: Path) -> Iterator[Mistake]:
    value = listener.client_authorities
    if value and (why_not := _why_no_pem(value, "certificate", listener.tls, directory)):
        yield Mistake(key=(*key, "client_authorities"), message=why_not)


def _pem_file(key: Key, name: str, listener: Listener, directory: Path) -> Iterator[Mistake]:
    value = {"certificate": listener.certificate, "key": listener.key}[name]
    if why_not := _why_no_pem(value, name, listener.tls, directory):
        yield Mistake(key=(*key, name), message=why_not, depends_on=((*key, "tls"),))


def _why_no_pem(value: str, name: str, tls: str, directory: Path) -> str | None:
    if not value:
        return f'missing; tls = "{tls}" needs the path of a PEM file, or credential:NAME'
    if "-----BEGIN" in value:
        return "write the path of the PEM file, not its content"
    if is_credential(value) and (why_not := why_no_credential(value)):
        return why_not
    # What was written for the key may be the key itself.
    path, what = Path(pem_path(value, directory)), "the path" if name == "key" else shown(value)
    return why_no_file(path, what) or _why_no_pem_content(path.read_bytes(), name, what)


def _why_no_pem_content(octets: bytes, name: str, what: str) -> str | None:
    if name == "certificate":
        return None if b"-----BEGIN CERTIFICATE-----" in octets else f"{what} holds no certificate in PEM form"
    if b"PRIVATE KEY-----" not in octets:
        return f"{what} holds no private key in PEM form"
    if b"ENCRYPTED" in octets:
        return f"{what} is protected by a passphrase, which a daemon cannot ask for; store it without one"
    return None


def _why_no_pair(listener: Listener, directory: Path) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password function OpenSSL would ask on the terminal.
        context.load_cert_chain(
            pem_path(listener.certificate, directory), pem_path(listener.key, directory), password=lambda: ""
        )
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "certificate and key do not belong together"
        return f"certificate and key cannot be used: {error.reason or 'not valid PEM'}"
    return None
