"""TLS: what a listener needs for it, what a peer's certificate says, how long our own is valid."""

import contextlib
import hashlib
import ssl
from asyncio.sslproto import SSLProtocol
from datetime import UTC, datetime
from typing import Any

from inbound.config import Listener, Settings
from inbound.errors import InboundError

#: of TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 4.2); those of TLS 1.3 all are like that
_CIPHERS = "@SECLEVEL=2:ECDHE+AESGCM:ECDHE+CHACHA20"
#: of OpenSSL, x509_vfy.h, without a name in the standard library: a certificate verifies whatever the time is
_NO_CHECK_TIME = 0x200000
# asyncio gives every connection under TLS a buffer of 256 kB for reading; a record of TLS has 16 kB (RFC 8446 5.1).
SSLProtocol.max_size = 65_536
#: more than any handshake takes
_HANDSHAKE_TURNS = 5


def tls_context(listener: Listener) -> ssl.SSLContext | None:
    """What a listener needs for STARTTLS; None when it offers none.

    Raises:
        InboundError: the certificate or key cannot be loaded.
    """
    if listener.tls == "none":
        return None
    # RFC 8996: TLS before 1.2 is dead. Python's defaults forbid compression and prefer our order.
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        # An empty password: a daemon must not ask for one at the terminal.
        context.load_cert_chain(listener.certificate, listener.key or None, password="")
        if listener.client_authorities:
            context.load_verify_locations(listener.client_authorities)
            context.verify_mode = ssl.CERT_OPTIONAL
            # A certificate that is listed itself needs no authority above it.
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    except OSError as error:
        raise InboundError(
            f"listener {listener.address}:{listener.port}: cannot load certificate {listener.certificate!r} "
            f"with key {listener.key!r}: {error}"
        ) from error
    return context


def client_certificate(tls: Any) -> tuple[str, tuple[str, ...]]:
    """Fingerprint and host names of the peer's certificate, which the handshake has verified; empty without one."""
    octets = tls.getpeercert(binary_form=True)
    if not octets:
        return "", ()
    certificate = tls.getpeercert()
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"]
    # RFC 6125 6.4.4: the common name counts where there is no other name.
    subject = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    return hashlib.sha256(octets).hexdigest(), tuple(name.lower() for name in names or subject)


def expiry_of(listener: Listener, *, is_past_allowed: bool = False) -> datetime | None:
    """Until when the certificate of a listener is valid, in UTC; None without one, or when nobody can say.

    Found by a handshake in memory: the standard library shows dates only of a certificate that it has verified.

    Args:
        listener: of the settings.
        is_past_allowed: tell the date also of a certificate that has expired.

    Raises:
        InboundError: the certificate has expired or is not valid yet, or cannot be loaded.
    """
    context = tls_context(listener.model_copy(update={"client_authorities": ""}))
    if context is None:
        return None
    try:
        certificate = _certificate_in_handshake(context, _client_of(listener, is_past_allowed=is_past_allowed))
    except ssl.SSLCertVerificationError as error:
        if is_past_allowed:
            return None
        where = f"listener {listener.address}:{listener.port}"
        raise InboundError(f"{where}: certificate {listener.certificate}: {error.verify_message}") from error
    except OSError:
        # Also a file that was replaced since the context was made.
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)


def _client_of(listener: Listener, *, is_past_allowed: bool) -> ssl.SSLContext:
    """Trusts the certificate of a listener, and nothing else."""
    client = ssl.create_default_context(cafile=listener.certificate)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if is_past_allowed:
        client.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    return client


def expiries(settings: Settings) -> dict[str, str]:
    """Until when the certificates of all listeners are valid, in UTC, by listener.

    Raises:
        InboundError: one has expired or is not valid yet, or cannot be loaded.
    """
    dates = ((f"listener {one.address}:{one.port}", expiry_of(one)) for one in settings.listeners)
    return {where: f"{until:%Y-%m-%d %H:%M:%S} UTC" for where, until in dates if until}


def _certificate_in_handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> dict[str, Any]:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_HANDSHAKE_TURNS):
        for side in (one, other):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    return one.getpeercert() or {}
