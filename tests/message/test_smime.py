"""Opaque S/MIME signatures: what they are around is read, and nothing else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.message.parse import parse
from inbound.message.smime import signed_content
from inbound.message.structure import MAX_SIGNED

DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
ENVELOPED_DATA = bytes.fromhex("06092a864886f70d010703")
INNER = (
    b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\n"
    b"Die Rechnung liegt bei.\r\n"
    b"--i\r\nContent-Type: application/pdf; name=Rechnung.pdf\r\n\r\n%PDF\r\n--i--\r\n"
)


def der(tag: int, content: bytes) -> bytes:
    """An element with a definite length."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    octets = length.to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 + len(octets)]) + octets + content


def ber(tag: int, content: bytes) -> bytes:
    """An element with an indefinite length."""
    return bytes([tag, 0x80]) + content + b"\0\0"


def signed(content: bytes, kind: bytes = SIGNED_DATA) -> bytes:
    """A SignedData in DER around a content."""
    encapsulated = der(0x30, DATA + der(0xA0, der(0x04, content)))
    algorithms = der(0x31, der(0x30, bytes.fromhex("0609608648016503040201")))
    return der(0x30, kind + der(0xA0, der(0x30, der(0x02, b"\1") + algorithms + encapsulated + der(0x31, b""))))


def streamed(content: bytes) -> bytes:
    """The same in BER, in pieces, as programs write that do not know the length beforehand."""
    pieces = b"".join(der(0x04, content[start : start + 50]) for start in range(0, len(content), 50))
    encapsulated = ber(0x30, DATA + ber(0xA0, ber(0x24, pieces)))
    return ber(0x30, SIGNED_DATA + ber(0xA0, ber(0x30, der(0x02, b"\1") + der(0x31, b"") + encapsulated)))


def mail_of(octets: bytes, content_type: str = "application/pkcs7-mime") -> bytes:
    head = f"Subject: s\r\nContent-Type: {content_type}; smime-type=signed-data; name=smime.p7m\r\n"
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(octets)


@pytest.mark.parametrize("octets", [signed(INNER), streamed(INNER)])
@pytest.mark.parametrize(
    "content_type", ["application/pkcs7-mime", "application/x-pkcs7-mime", "application/octet-stream"]
)
def test_the_signed_mail_is_read(octets: bytes, content_type: str) -> None:
    """Text and attachments come from inside; the signature stays beside them."""
    mail = parse(mail_of(octets, content_type))
    assert mail.text == "Die Rechnung liegt bei."
    assert [a.name for a in mail.attachments] == ["smime.p7m", "Rechnung.pdf"]
    assert mail.attachments[0].content == octets


@pytest.mark.parametrize(
    "octets",
    [
        signed(INNER, ENVELOPED_DATA),
        # detached: no content
        der(0x30, SIGNED_DATA + der(0xA0, der(0x30, der(0x02, b"\1") + der(0x31, b"") + der(0x30, DATA)))),
        b"",
        SIGNED_DATA,
        b"0\x85" + b"\xff" * 5 + SIGNED_DATA,
    ],
)
def test_what_holds_no_content_stays_closed(octets: bytes) -> None:
    """Encrypted, detached and broken objects are attachments and nothing else."""
    assert signed_content(octets) is None
    mail = parse(mail_of(octets))
    assert (mail.text, [a.content for a in mail.attachments]) == ("", [octets])


def test_signatures_around_signatures_end() -> None:
    """Only a few are opened inside of each other: each is a copy of the rest."""
    octets = b"Content-Type: text/plain\r\n\r\ninnermost"
    for _ in range(MAX_SIGNED + 1):
        octets = mail_of(signed(octets))
    mail = parse(octets)
    assert mail.text == ""
    assert len(mail.attachments) == MAX_SIGNED + 1


@given(st.integers(0, 200), st.binary(max_size=4))
def test_any_damage_is_survived(position: int, octets: bytes) -> None:
    """A damaged object gives some content or none."""
    whole = streamed(INNER)
    found = signed_content(whole[:position] + octets + whole[position + len(octets) :])
    assert found is None or len(found) <= len(whole)
