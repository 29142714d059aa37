"""winmail.dat: files and text come out of it, whatever its state."""

import base64
from collections.abc import Callable
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.message.parse import parse
from inbound.message.rtf import MAX_RTF_BYTES, decompress, read_rtf
from inbound.message.tnef import read_tnef
from steps import count_calls


def attribute(number: int, data: bytes, level: int = 1) -> bytes:
    """An attribute with a checksum that is never right."""
    return pack("<BHHI", level, number, 6, len(data)) + data + b"??"


def prop(number: int, kind: int, data: bytes) -> bytes:
    """A property with one value of variable length."""
    return pack("<HHII", kind, number, 1, len(data)) + data + bytes(-len(data) % 4)


def properties(*props: bytes) -> bytes:
    return pack("<I", len(props)) + b"".join(props)


def text(value: str) -> bytes:
    return value.encode("utf-16-le") + b"\0\0"


def file(name: str, content: bytes, *more: bytes) -> bytes:
    """A file with a short name, its content, and further properties."""
    return (
        attribute(0x9002, bytes(14), 2)
        + attribute(0x8010, name.encode("cp1252") + b"\0", 2)
        + attribute(0x800F, content, 2)
        + (attribute(0x9005, properties(*more), 2) if more else b"")
    )


def tnef(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + attribute(0x9006, pack("<I", 0x10000)) + b"".join(attributes)


CODE_PAGE = attribute(0x9007, pack("<II", 1252, 0))
FILES = tnef(
    CODE_PAGE,
    file("ANGEBO~1.PDF", b"%PDF", prop(0x3707, 0x1F, text("Angebot für Müller.pdf"))),
    file("bild.png", b"PNG", prop(0x370E, 0x1E, b"image/png\0"), prop(0x3712, 0x1E, b"logo@x\0")),
    file("Prüfung.txt", b"ok"),
)
HTML = b"<p>Guten Tag,<br>der Drucker steht.</p>"


def mail_of(stream: bytes, note: str = "Siehe Anhang.", content_type: str = "application/ms-tnef") -> bytes:
    return (
        b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        + note.encode()
        + f"\r\n--b\r\nContent-Type: {content_type}; name=winmail.dat\r\n".encode()
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(stream)
        + b"\r\n--b--\r\n"
    )


@pytest.mark.parametrize("content_type", ["application/ms-tnef", "application/vnd.ms-tnef", "application/octet-stream"])
def test_files_are_unpacked(content_type: str) -> None:
    """They stand where winmail.dat stood, with their long names, types and ids; the note is the mail's."""
    mail = parse(mail_of(FILES, content_type=content_type))
    assert [(a.name, a.content_type, a.content, a.content_id) for a in mail.attachments] == [
        ("Angebot für Müller.pdf", "application/pdf", b"%PDF", None),
        ("bild.png", "image/png", b"PNG", "logo@x"),
        ("Prüfung.txt", "text/plain", b"ok", None),
    ]
    assert {a.container for a in mail.attachments} == {"tnef"}
    assert mail.unpacked == ("tnef",)
    assert mail.text == "Siehe Anhang."


RTF = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Guten Tag,\par der Drucker\~steht\'2e}"
WRAPPED = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1{\*\htmltag64 <p>}Guten Tag,\htmlrtf\par\htmlrtf0{\*\htmltag <br>}"
    rb"der Drucker{\*\mhtmltag x} steht.{\*\htmltag </p>}}"
)


def raw(rtf: bytes) -> bytes:
    """RTF as stored without compression."""
    return pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


@pytest.mark.parametrize(
    "message",
    [
        attribute(0x800C, b"Guten Tag,\r\nder Drucker steht.\0"),
        attribute(0x9003, properties(prop(0x1000, 0x1F, text("Guten Tag,\r\nder Drucker steht.")))),
        attribute(0x9003, properties(prop(0x1013, 0x102, HTML))),
        attribute(0x9003, properties(prop(0x1009, 0x102, raw(RTF)))),
        attribute(0x9003, properties(prop(0x1009, 0x102, raw(WRAPPED)))),
        # behind properties of other kinds: a named one, a number, several strings
        attribute(
            0x9003,
            properties(
                pack("<HH", 3, 0x8000) + bytes(16) + pack("<II", 0, 7) + pack("<I", 1),
                pack("<HH", 3, 0x8001) + bytes(16) + pack("<II", 1, 6) + b"a\0b\0\0\0\0\0" + pack("<I", 1),
                pack("<HHI", 0x101E, 0x3000, 2) + pack("<I", 2) + b"a\0\0\0" + pack("<I", 2) + b"b\0\0\0",
                pack("<HHd", 5, 0x3002, 1.0),
                prop(0x1013, 0x102, HTML),
            ),
        ),
    ],
)
def test_the_text_of_a_mail_that_has_no_other(message: bytes) -> None:
    """Plain text, HTML, RTF and RTF around HTML say the same."""
    mail = parse(mail_of(tnef(CODE_PAGE, message), note=""))
    assert mail.text.replace("\xa0", " ") == "Guten Tag,\nder Drucker steht."


def test_a_mail_that_is_nothing_but_winmail() -> None:
    """The whole message may be of type application/ms-tnef."""
    head = b"Subject: s\r\nContent-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    mail = parse(head + base64.encodebytes(tnef(attribute(0x800C, b"hello\0"), file("a.txt", b"a"))))
    assert (mail.text, [a.name for a in mail.attachments]) == ("hello", ["a.txt"])


def test_an_embedded_message_is_a_file() -> None:
    """What stands in it stays in it; its name is what it shows."""
    inner = bytes(16) + tnef(file("secret.txt", b"x"))
    stream = tnef(
        attribute(0x9002, bytes(14), 2)
        + attribute(0x9005, properties(prop(0x3001, 0x1F, text("AW: Termin")), prop(0x3701, 0x0D, inner)), 2)
    )
    (attachment,) = parse(mail_of(stream)).attachments
    assert (attachment.name, attachment.content_type) == ("AW_ Termin", "application/ms-tnef")
    assert attachment.content == inner[16:]


def test_rubbish_behind_the_stream_does_no_harm() -> None:
    """What was read before it counts."""
    stream = read_tnef(FILES + b"\xff" * 1000)
    assert stream is not None
    assert len(stream.files) == 3


def test_what_is_no_tnef_stays_as_it_is() -> None:
    """A file that is only called winmail.dat is an attachment like others."""
    mail = parse(mail_of(b"not TNEF"))
    assert [(a.name, a.content) for a in mail.attachments] == [("winmail.dat", b"not TNEF")]
    assert mail.unpacked == ()


@given(st.integers(0, len(FILES)), st.integers(0, 8), st.binary(max_size=8))
def test_any_damage_is_survived(position: int, length: int, octets: bytes) -> None:
    """A damaged stream gives what could be read."""
    stream = FILES[:position] + octets + FILES[position + length :]
    assert len(parse(mail_of(stream)).attachments) <= 4


@pytest.mark.parametrize(
    "make",
    [
        lambda n: tnef(attribute(0x8010, b"", 2) * n),
        lambda n: tnef(attribute(0x9002, b"", 2) * n),
        lambda n: tnef(attribute(0x9003, pack("<I", 0xFFFFFFFF) + pack("<HHI", 3, 1, 1) * n)),
        lambda n: tnef(attribute(0x9003, pack("<IHHI", 1, 0x1003, 1, 0xFFFFFFFF) + b"abcd" * n)),
    ],
)
def test_steps_grow_with_the_length(make: Callable[[int], bytes]) -> None:
    """Twice as many attributes, properties or values take at most 2.5 times the steps."""
    once, twice = make(1500), make(3000)
    assert count_calls(lambda: read_tnef(twice)) <= 2.5 * count_calls(lambda: read_tnef(once)) + 50


def test_compressed_rtf() -> None:
    """The example of MS-OXRTFCP 3.1.1, and its example of a reference that overlaps what it writes."""
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompress(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompress(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_a_bomb_is_cut() -> None:
    """References upon references end at the limit."""
    data = b"\x00" + b"abcdefgh" + (b"\xff" + b"\x0d\x7f" * 8) * 10_000
    bomb = pack("<II4sI", len(data), 0, b"LZFu", 0) + data
    assert len(decompress(bomb)) <= MAX_RTF_BYTES


@pytest.mark.parametrize(
    ("rtf", "expected"),
    [
        (rb"{\rtf1\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1\uc1 \u8364?5,\u-10179?\u-8704? \{x\}}", "€5,😀 {x}"),
        (rb"{\rtf1{\info{\author A}}{\*\unknown secret}{\pict 0102}a\tab b\line c\emdash d}", "a\tb\nc—d"),
        (rb"{\rtf1 a{\b b}c" + b"\r\n" + rb"d\\e}}}", "abcd\\e"),
        (b"", ""),
        (b"\\", ""),
    ],
)
def test_rtf_says(rtf: bytes, expected: str) -> None:
    """Characters of code pages and of Unicode, groups that are not shown, and broken ends."""
    assert read_rtf(rtf).text == expected
