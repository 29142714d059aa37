"""The text of a message: which parts are it, and what they say."""

import pytest

from inbound.message.body import read_body
from inbound.message.structure import read_structure

PLAIN = b"Content-Type: text/plain; charset=utf-8\r\n\r\nGuten Tag,\r\nder Drucker steht.\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>Guten Tag,<br>der <b>Drucker</b> steht.</p>\r\n"
PDF = b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n'
TEXT = "Guten Tag,\nder Drucker steht."


def multi(subtype: str, *parts: bytes, boundary: str = "b") -> bytes:
    """A multipart of these parts."""
    delimiter = b"--" + boundary.encode()
    head = f"Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n".encode()
    return head + b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"


def text_of(content: bytes) -> str:
    return read_body(read_structure(content).root).text


def others_of(content: bytes) -> list[str]:
    return [part.content_type for part in read_body(read_structure(content).root).others]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        HTML,
        multi("alternative", PLAIN, HTML),
        multi("alternative", HTML, PLAIN),
        multi("alternative", b"Content-Type: text/plain\r\n\r\n \r\n", HTML),
        multi("mixed", PLAIN, PDF),
        multi("mixed", PDF, HTML),
        multi("related", HTML, b"Content-Type: image/png\r\nContent-ID: <i>\r\n\r\nPNG"),
        multi("mixed", multi("alternative", PLAIN, multi("related", HTML, PDF, boundary="d"), boundary="c"), PDF),
        multi("signed", PLAIN, b"Content-Type: application/pgp-signature\r\n\r\nsig"),
        # where the text is named and nothing else speaks
        multi("mixed", PLAIN.replace(b"utf-8", b"utf-8; name=text.txt"), PDF),
    ],
)
def test_the_text_is_found_wherever_it_is(content: bytes) -> None:
    """Plain, HTML, alternative, mixed, related, signed and nested mails say the same."""
    assert text_of(content) == TEXT


def test_several_texts_are_joined() -> None:
    """Text, HTML and a list's footer stand below each other, and the HTML for display shows all of them."""
    body = read_body(read_structure(multi("mixed", PLAIN, HTML, b"\r\n<footer> & more")).root)
    assert body.text == f"{TEXT}\n\n{TEXT}\n\n<footer> & more"
    assert body.html is not None
    assert body.html.count("Drucker") == 2
    assert "&lt;footer&gt; &amp; more" in body.html


def test_plain_mail_has_no_html() -> None:
    """HTML is what was sent, not what could be made."""
    assert read_body(read_structure(PLAIN).root).html is None


@pytest.mark.parametrize(
    ("content", "types"),
    [
        (multi("alternative", PLAIN, HTML), []),
        (multi("alternative", PLAIN, b"Content-Type: text/x-amp-html\r\n\r\n<html>", HTML), []),
        (multi("alternative", PLAIN, HTML, b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR"), ["text/calendar"]),
        (multi("mixed", PLAIN, PDF, b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny"),
         ["application/pdf", "message/rfc822"]),
        (multi("mixed", PLAIN, PLAIN.replace(b"utf-8", b"utf-8; name=log.txt")), ["text/plain"]),
        (multi("digest", b"\r\nSubject: x\r\n\r\ny"), ["message/rfc822"]),
        (PDF, ["application/pdf"]),
    ],
)  # fmt: skip
def test_what_is_not_the_text_is_an_attachment(content: bytes, types: list[str]) -> None:
    """Files, mails, calendar entries and named texts are; other forms of the same text are not."""
    assert others_of(content) == types


@pytest.mark.parametrize(
    ("head", "octets", "text"),
    [
        (b"charset=iso-8859-1", b"Gr\xfc\xdfe \x80", "Grüße €"),
        (b"charset=utf-8", b"Gr\xfc\xdfe", "Grüße"),
        (b"charset=us-ascii", "Grüße".encode(), "Grüße"),
        (b"charset=nonsense", "Grüße".encode(), "Grüße"),
        (b"charset=utf-8\r\nContent-Transfer-Encoding: base64", b"R3LDvMOf\r\nZQ", "Grüße"),
        (b"charset=utf-8\r\nContent-Transfer-Encoding: QUOTED-PRINTABLE (x)", b"Gr=C3=BC=C3=9F=\r\ne", "Grüße"),
        (b"charset=utf-8\r\nContent-Transfer-Encoding: quoted printable", b"Gr=C3=BC=C3=9Fe", "Grüße"),
        (b"charset=utf-8\r\nContent-Transfer-Encoding: (x) Base_64", b"R3LDvMOfZQ==", "Grüße"),
        (b"charset=utf-8\r\nContent-Transfer-Encoding: (x) 7bit", b"R3LDvMOfZQ==", "R3LDvMOfZQ=="),
        (b"charset=utf-8\r\nContent-Transfer-Encoding: 42bit", b"x", "x"),
        (b"x=y", b"a\rb\r\nc\nd", "a\nb\nc\nd"),
        (b"x=y", b"\r\n\r\n  a\0b \r\n\r\n", "  ab"),
    ],
)
def test_characters_are_repaired(head: bytes, octets: bytes, text: str) -> None:
    """Transfer-encoding, charset and line ends are undone; what fits nowhere is replaced."""
    assert text_of(b"Content-Type: text/plain; " + head + b"\r\n\r\n" + octets) == text


def test_html_names_its_charset_itself() -> None:
    """Where the header declares none, the meta element counts."""
    html = b'<html><head><meta http-equiv=x content="text/html; charset=koi8-r"></head>' + "привет".encode("koi8-r")
    assert text_of(b"Content-Type: text/html\r\n\r\n" + html) == "привет"


FLOWED = b"Content-Type: text/plain; format=flowed; delsp=%s\r\n\r\n"


@pytest.mark.parametrize(
    ("delsp", "octets", "text"),
    [
        (b"no", b"one \r\ntwo\r\nthree", "one two\nthree"),
        (b"yes", b"Donaudampf \r\nschiff", "Donaudampfschiff"),
        (b"no", b" From here\r\n >no quote", "From here\n>no quote"),
        (b"no", b"> one \r\n> two\r\n>> three \r\nfour", "> one two\n>> three \nfour"),
        (b"no", b"Gru\xdf \r\n-- \r\nPetra", "Gruß \n-- \nPetra"),
    ],
)
def test_flowed_text_becomes_paragraphs(delsp: bytes, octets: bytes, text: str) -> None:
    """RFC 3676: soft line breaks go, quote depths and the signature line stay apart."""
    assert text_of(FLOWED % delsp + octets) == text


@pytest.mark.parametrize(
    "content",
    [
        b"Content-Type: multipart/mixed\r\n\r\nGuten Tag,\r\nder Drucker steht.",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\nGuten Tag,\r\nder Drucker steht.",
        b"Content-Type: nonsense\r\n\r\nGuten Tag,\r\nder Drucker steht.",
        b"Guten Tag,\r\nder Drucker steht.",
        # never closed, and the part without header
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nGuten Tag,\r\nder Drucker steht.",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nGuten Tag,\r\nder Drucker steht.\r\n--b--",
        # an inner part that is never closed ends with the one around it
        multi("mixed", multi("alternative", PLAIN, boundary="c").replace(b"--c--\r\n", b""), PDF),
        # a line that only begins like a delimiter
        multi("mixed", PLAIN, PDF).replace(b"--b\r\n", b"--b \t\r\n"),
    ],
)
def test_broken_structure_loses_no_text(content: bytes) -> None:
    """Missing boundaries, types, headers and ends leave the text readable."""
    assert text_of(content) == TEXT
