"""Signed, encrypted, or neither."""

import base64

import pytest

from inbound.message.parse import parse
from inbound.model.kinds import Protection

SIGNED_DATA = base64.b64encode(bytes.fromhex("3080 0609 2a864886f70d010702 a080")).decode()
ENVELOPED_DATA = base64.b64encode(bytes.fromhex("3080 0609 2a864886f70d010703 a080")).decode()
COMPRESSED_DATA = base64.b64encode(bytes.fromhex("3080 060b 2a864886f70d0109100109 a080")).decode()


def multipart(kind: str, *types: str) -> str:
    parts = "".join(f"--m\nContent-Type: {one}\n\nx\n" for one in types)
    return f'Content-Type: multipart/{kind}; boundary="m"\n\n{parts}--m--\n'


def pkcs7(content: str, parameters: str = "") -> str:
    return f"Content-Type: application/pkcs7-mime{parameters}\nContent-Transfer-Encoding: base64\n\n{content}\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # neither
        ("Subject: x\n\nGuten Tag\n", Protection.NONE),
        (multipart("mixed", "text/plain", "application/pgp-keys"), Protection.NONE),
        (pkcs7(COMPRESSED_DATA), Protection.NONE),
        # RFC 1847, RFC 3156, RFC 8551
        (multipart("signed", "text/plain", "application/pkcs7-signature"), Protection.SIGNED),
        (multipart("signed", "text/plain", "application/pgp-signature"), Protection.SIGNED),
        # a list server's multipart around it
        (multipart("mixed", "text/plain", "application/x-pkcs7-signature"), Protection.SIGNED),
        (multipart("encrypted", "application/pgp-encrypted", "application/octet-stream"), Protection.ENCRYPTED),
        # what Exchange makes of it
        (multipart("mixed", "text/plain", "application/pgp-encrypted"), Protection.ENCRYPTED),
        # opaque: by its parameter, else by its content
        (pkcs7(SIGNED_DATA, "; smime-type=signed-data"), Protection.SIGNED),
        (pkcs7(ENVELOPED_DATA, "; smime-type=enveloped-data"), Protection.ENCRYPTED),
        (pkcs7(ENVELOPED_DATA, "; smime-type=authEnveloped-data"), Protection.ENCRYPTED),
        (pkcs7(SIGNED_DATA), Protection.SIGNED),
        (pkcs7(ENVELOPED_DATA), Protection.ENCRYPTED),
        # without MIME
        ("\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nGuten Tag\n", Protection.SIGNED),
        (
            "\n-----BEGIN PGP SIGNED MESSAGE-----\n\n\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----",
            Protection.SIGNED,
        ),
        ("\nHallo,\n-----BEGIN PGP MESSAGE-----\n\nhQ==\n-----END PGP MESSAGE-----\n", Protection.ENCRYPTED),
        ("\n> -----BEGIN PGP MESSAGE-----\nWhat is this?\n", Protection.NONE),
        ("\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n", Protection.NONE),
    ],
)
def test_protection(content: str, expected: Protection) -> None:
    """What was done to the text is known by types, parameters and first octets."""
    assert parse(content.encode()).protection is expected
