"""Files that stand in a text."""

import binascii

import pytest

from inbound.message.parse import parse
from inbound.message.uuencode import decode_uuencode, split_files
from steps import count_calls

CONTENT = bytes(range(256))


def encoded(name: str = "liste.csv", content: bytes = CONTENT, end: str = "`\nend\n") -> bytes:
    """A file as uuencode writes it."""
    lines = b"".join(binascii.b2a_uu(content[start : start + 45]) for start in range(0, len(content), 45))
    return f"begin 644 {name}\n".encode() + lines + end.encode()


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("end", ["`\nend\n", " \nend\n", "\nend\n", "end\n", "end", "`\n", ""])
def test_a_file_becomes_an_attachment(line_end: bytes, end: str) -> None:
    """With any terminator, also without one at the end of the mail: the file is taken out of the text."""
    mail = parse(
        b"Subject: s\n\nAnbei die Liste.\n\n".replace(b"\n", line_end) + encoded(end=end).replace(b"\n", line_end)
    )
    assert mail.text == "Anbei die Liste."
    assert [(a.name, a.content_type, a.content, a.container) for a in mail.attachments] == [
        ("liste.csv", "text/csv", CONTENT, "uuencode")
    ]
    assert mail.unpacked == ("uuencode",)


def test_text_around_files_stays() -> None:
    """What stands before, between and behind two files is the text; a file without a name gets one."""
    mail = parse(b"Subject: s\n\nOne:\n" + encoded("a.txt") + b"Two:\n" + encoded("") + b"Regards\n")
    assert mail.text == "One:\nTwo:\nRegards"
    assert [a.name for a in mail.attachments] == ["a.txt", "attachment-2.bin"]


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 report.txt\nis how such a file begins, she said.\nend\n",
        b"We begin 644 machines\nend\n",
        b"begin 100 times\n\nend\n",
        b"begin 999 x\nM\n",
    ],
)
def test_prose_stays(text: bytes) -> None:
    """Lines that only look like the beginning of a file are text."""
    assert split_files(text) == (text, [])


def test_lost_blanks_are_supplied() -> None:
    """Mail servers that strip blanks at the ends of lines damage nothing."""
    content = b"x" * 30 + bytes(60)
    spaces = encoded(content=content).replace(b"`", b" ")
    stripped = b"\n".join(line.rstrip() for line in spaces.split(b"\n"))
    (file,) = split_files(stripped)[1]
    assert file.content.startswith(b"x" * 30)


def test_as_a_transfer_encoding() -> None:
    """``x-uuencode`` is undone like base64; what is no uuencode stays."""
    assert decode_uuencode(b"preamble\n" + encoded()) == CONTENT
    assert decode_uuencode(b"plain") == b"plain"
    mail = parse(b"Content-Type: text/csv; name=a.csv\nContent-Transfer-Encoding: x-uuencode\n\n" + encoded())
    assert mail.attachments[0].content == CONTENT


@pytest.mark.parametrize(
    "unit",
    [b"begin 644 a\n", b"begin 644 a\nM\n", b"begin", b"begin 644 a\n#0V%T\n", b"begin 644 a\n#0V%T\n`\nend\n"],
)
def test_steps_grow_with_the_length(unit: bytes) -> None:
    """Twice as many beginnings take at most 2.5 times the steps."""
    assert count_calls(lambda: split_files(unit * 4000)) <= 2.5 * count_calls(lambda: split_files(unit * 2000)) + 50
