"""What a large mail costs while it is read."""

import base64
import binascii
import tracemalloc

import pytest

from inbound.message.body import MAX_TEXT_BYTES
from inbound.message.parse import TOGETHER_BYTES, parse, parse_all

OCTETS = 6_000_000
FILE = bytes(range(256)) * (OCTETS // 256)
LINE = "Guten Tag, der Drucker läuft nicht mehr. 🖨\r\n".encode()


def encoded(encoding: bytes, body: bytes) -> bytes:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nGuten Tag\r\n"
    return (
        head
        + b"--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: "
        + encoding
        + b"\r\n\r\n"
        + body
        + b"\r\n--b--\r\n"
    )


LARGE = {
    "base64": encoded(b"base64", base64.encodebytes(FILE)),
    "base64 in pieces": encoded(b"base64", base64.encodebytes(FILE[:-2]) * 2),
    "8bit": encoded(b"8bit", FILE),
    "quoted-printable": encoded(b"quoted-printable", b"Gr=C3=BC=C3=9Fe an alle, die das lesen =\r\n" * (OCTETS // 42)),
    "text": b"Subject: s\r\n\r\n" + LINE * (OCTETS // len(LINE)),
    "HTML": b"Content-Type: text/html\r\n\r\n" + b"<p>Guten Tag, der Drucker steht.\r\n" * (OCTETS // 34),
    "uuencode": b"Subject: s\r\n\r\nGuten Tag\r\nbegin 644 a\r\n"
    + binascii.b2a_uu(bytes(45)) * (OCTETS // 62)
    + b"`\nend\n",
}


@pytest.mark.parametrize("content", LARGE.values(), ids=LARGE.keys())
def test_memory_is_bounded(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the peak a mail and all that is made of it take at most three times its size: 30 MB and the limit, by five."""
    monkeypatch.setattr("inbound.message.body.MAX_TEXT_BYTES", MAX_TEXT_BYTES // 5)
    tracemalloc.start()
    try:
        mail = parse(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert mail.text
    assert peak + len(content) <= 3 * len(content)


def peak_of(contents: list[bytes]) -> int:
    tracemalloc.start()
    try:
        parse_all(contents)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_mails_take_little_more_than_one() -> None:
    """Of mails whose headers take many times their size in memory, only a few are held at once while they are read."""
    part = b"--b\r\n" + b"".join(b"%x:\r\n" % number for number in range(900)) + b"\r\n"
    size = TOGETHER_BYTES // 4
    hostile = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * (size // len(part))
    assert peak_of([hostile] * 40) < 8 * peak_of([hostile])
    assert peak_of([hostile * 4] * 10) < 2 * peak_of([hostile * 4])


@pytest.mark.parametrize("name", ["8bit", "text", "HTML"])
def test_what_is_not_encoded_is_not_copied(name: str) -> None:
    """A large part that is as it was sent is a view of the message; it says the same as a copy would."""
    content = LARGE[name]
    [file] = parse(content).attachments
    assert isinstance(file.content, memoryview)
    assert file.content.obj is content
    assert bytes(file.content).strip() in content
