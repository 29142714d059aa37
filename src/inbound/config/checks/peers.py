"""``[[peers]]`` and ``[authentication]``: from whom mail comes, and whose word is believed."""

import re
from collections.abc import Iterator

from inbound.config.checks.names import not_a_name, repeated, why_no_domain
from inbound.config.files import is_credential, secret, why_no_credential
from inbound.config.mistakes import Mistake, shown
from inbound.config.passwords import is_hash
from inbound.config.positions import Key
from inbound.config.reception import PeerRule
from inbound.config.settings import Settings

_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}")
_HASH_NEEDED = "the password must be what `inbound peers hash` prints; it is not shown because it is a secret"


def mistakes(settings: Settings) -> Iterator[Mistake]:
    """Every mistake in these tables."""
    if not settings.peers:
        message = "nobody may deliver mail: name the servers that may, each under its own [[peers]] line"
        yield Mistake(key=("peers",), message=message)
    for index, peer in enumerate(settings.peers):
        yield from _peer(("peers", index), peer, settings)
    names: list[tuple[Key, str]] = [(("peers", index, "name"), peer.name) for index, peer in enumerate(settings.peers)]
    yield from not_a_name(names)
    yield from repeated(names, "peer")
    yield from _users(settings)
    for index, domain in enumerate(settings.authentication.arc_sealers):
        if why_not := why_no_domain(domain):
            yield Mistake(key=("authentication", "arc_sealers", index), message=why_not)


def _peer(key: Key, peer: PeerRule, settings: Settings) -> Iterator[Mistake]:
    if not _has_a_way(peer):
        ways = "networks, preset, spf, hostname, users, certificate_fingerprints or certificate_names"
        yield Mistake(
            key=(*key, "networks"),
            message=f"nothing here lets a peer in; write {ways}",
            depends_on=tuple((*key, name) for name in ways.replace(" or ", ", ").split(", ")),
        )
    if peer.spf and (why_not := why_no_domain(peer.spf.replace("_", "-").strip("-"))):
        yield Mistake(key=(*key, "spf"), message=why_not)
    if peer.hostname and (why_not := why_no_domain(peer.hostname.removeprefix("*."))):
        yield Mistake(key=(*key, "hostname"), message=why_not)
    if peer.hostname.startswith("*.") and "." not in peer.hostname.removeprefix("*."):
        message = f"{shown(peer.hostname)} would let in everybody of a whole top-level domain"
        yield Mistake(key=(*key, "hostname"), message=message)
    yield from _certificates(key, peer, settings)
    for index, authserv_id in enumerate(peer.authserv_ids):
        if not authserv_id or authserv_id != authserv_id.strip():
            yield Mistake(key=(*key, "authserv_ids", index), message="must be a name without blanks around it")


def _has_a_way(peer: PeerRule) -> bool:
    certificates = (*peer.certificate_fingerprints, *peer.certificate_names)
    return bool(peer.networks or peer.preset or peer.spf or peer.hostname or peer.users or certificates)


def _certificates(key: Key, peer: PeerRule, settings: Settings) -> Iterator[Mistake]:
    for index, fingerprint in enumerate(peer.certificate_fingerprints):
        if _FINGERPRINT.fullmatch(fingerprint) is None:
            message = f"{shown(fingerprint)} is no SHA-256 fingerprint; it must be 64 hexadecimal digits"
            yield Mistake(key=(*key, "certificate_fingerprints", index), message=message)
    for index, name in enumerate(peer.certificate_names):
        if why_not := why_no_domain(name):
            yield Mistake(key=(*key, "certificate_names", index), message=why_not)
    for setting in ("certificate_fingerprints", "certificate_names"):
        if getattr(peer, setting) and not any(one.client_authorities for one in settings.listeners):
            message = "no listener asks for certificates: give one client_authorities"
            yield Mistake(key=(*key, setting), message=message, depends_on=(("listeners",),))


def _users(settings: Settings) -> Iterator[Mistake]:
    has_tls = any(listener.tls != "none" for listener in settings.listeners)
    users = [
        (("peers", index, "users", position), user)
        for index, peer in enumerate(settings.peers)
        for position, user in enumerate(peer.users)
    ]
    names: list[tuple[Key, str]] = [((*key, "name"), user.name) for key, user in users]
    yield from not_a_name(names)
    yield from repeated(names, "user")
    for key, user in users:
        why_not = why_no_credential(user.password) if is_credential(user.password) else None
        if why_not is None and not is_hash(secret(user.password)):
            why_not = _HASH_NEEDED
        if why_not:
            yield Mistake(key=(*key, "password"), message=why_not)
        if not has_tls:
            message = 'users log in only under TLS: give a listener tls = "starttls" or "required"'
            yield Mistake(key=(*key, "name"), message=message, depends_on=(("listeners",),))
