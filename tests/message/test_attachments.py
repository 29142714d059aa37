"""Attachments: content, names, inline or not."""

import pytest

from inbound.message.attachments import MAX_NAME_BYTES, safe_name, type_of_name
from inbound.message.parse import parse
from inbound.model.mail import Attachment


def attachments_of(*parts: bytes, html: bytes = b"<p>x</p>") -> tuple[Attachment, ...]:
    """The attachments of a mail with an HTML text and these parts."""
    joined = b"".join(b"\r\n--b\r\n" + part for part in (b"Content-Type: text/html\r\n\r\n" + html, *parts))
    return parse(b"Content-Type: multipart/mixed; boundary=b\r\n" + joined + b"\r\n--b--\r\n").attachments


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Rechnung 2026.pdf", "Rechnung 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\petra\\Brief.doc", "Brief.doc"),
        ("dir/", "dir"),
        ("a\0b\nc\x1f.txt", "ab c .txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ('a:b*c?"<>|.txt', "a_b_c_____.txt"),
        (" . ", ""),
        ("..", ""),
        ("/", ""),
        (".htaccess", ".htaccess"),
    ],
)
def test_names_are_safe(raw: str, name: str) -> None:
    """No path, no control character, no direction mark and nothing a file system refuses is left in a name."""
    assert safe_name(raw) == name


def test_long_names_keep_their_extension() -> None:
    """A name is cut to what file systems take, between characters, before the extension."""
    name = safe_name("ü" * 300 + ".docx")
    assert len(name.encode()) <= MAX_NAME_BYTES
    assert name.endswith("ü.docx")


def test_content_is_decoded() -> None:
    """base64, quoted-printable and plain octets come out as they were put in."""
    base64, quoted, plain = attachments_of(
        b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=",
        b"Content-Type: text/csv; name=b.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Bb=\r\n;c",
        b"Content-Type: image/png; name=c.png\r\n\r\n\x89PNG\r\n\x00\xff",
    )
    assert [base64.content, quoted.content, plain.content] == [b"%PDF-1.4", b"a;b;c", b"\x89PNG\r\n\x00\xff"]


@pytest.mark.parametrize(
    ("head", "name", "content_type"),
    [
        (b"Content-Type: application/pdf", "attachment-1.pdf", "application/pdf"),
        (b"Content-Type: application/x-nobody", "attachment-1.bin", "application/x-nobody"),
        (b"Content-Disposition: attachment", "attachment-1.txt", "text/plain"),
        (b"Content-Type: IMAGE/PNG; name=x.png\r\nContent-Disposition: inline; filename=y.png", "y.png", "image/png"),
        (b"Content-Type: a/b;\r\n name*0*=utf-8''%C3%9Cber;\r\n name*1=sicht.pdf", "Übersicht.pdf", "a/b"),
        (b"Content-Disposition: attachment; filename==?utf-8?Q?=C3=9C.pdf?=", "Ü.pdf", "text/plain"),
        # parameters of the other field, and one without the value before it
        (b"Content-Type: application/pdf; filename=z.pdf", "z.pdf", "application/pdf"),
        (b"Content-Type: a/b\r\nContent-Disposition: attachment; name=z.pdf", "z.pdf", "a/b"),
        (b"Content-Type: a/b\r\nContent-Disposition: filename=z.pdf", "z.pdf", "a/b"),
        (b'Content-Type: a/b; name="/"', "attachment-1.bin", "a/b"),
    ],
)
def test_every_attachment_has_a_name_and_a_type(head: bytes, name: str, content_type: str) -> None:
    """The declared name in any encoding, otherwise a made-up one with a fitting extension."""
    (attachment,) = attachments_of(head + b"\r\n\r\nx")
    assert (attachment.name, attachment.content_type) == (name, content_type)


def test_a_nested_mail_is_an_attachment_named_after_its_subject() -> None:
    """The octets of the inner mail are untouched; its text is not ours and its parts are not listed."""
    inner = (
        b"Subject: =?utf-8?Q?AW:_Drucker/L=C3=BCfter?=\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
        b"--i\r\nContent-Type: application/pdf\r\n\r\nx\r\n--i--\r\n"
    )
    named, nameless = attachments_of(
        b"Content-Type: message/rfc822\r\n\r\n" + inner, b"Content-Type: message/rfc822\r\n\r\nX-A: b\r\n\r\ntext"
    )
    assert named.name == "AW_ Drucker_Lüfter.eml"
    assert named.content == inner
    assert nameless.name == "attachment-2.eml"


@pytest.mark.parametrize(
    ("head", "content_id", "is_inline"),
    [
        (b"Content-Disposition: inline", None, True),
        (b"Content-Disposition: attachment", None, False),
        (b"Content-ID: <logo@x>", "logo@x", True),
        (b"Content-ID: <Logo@x>\r\nContent-Disposition: attachment", "Logo@x", True),
        (b"Content-ID: <other@x>", "other@x", False),
        (b"Content-ID: <a b>", "a b", True),
        (b"Content-ID: <>", None, False),
    ],
)
def test_inline_is_what_says_so_or_what_the_html_shows(head: bytes, content_id: str | None, *, is_inline: bool) -> None:
    """Disposition inline, or a Content-ID that the HTML uses."""
    html = b'<img src="cid:logo@x"><img src=CID:a%20b>'
    (attachment,) = attachments_of(b"Content-Type: image/png\r\n" + head + b"\r\n\r\nx", html=html)
    assert (attachment.content_id, attachment.is_inline) == (content_id, is_inline)


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.PDF", "application/pdf"),
        ("b.jpeg", "image/jpeg"),
        ("c.txt", "text/plain"),
        ("d", "application/octet-stream"),
    ],
)
def test_types_of_names(name: str, content_type: str) -> None:
    """Files that come without a type get that of their extension."""
    assert type_of_name(name) == content_type
