"""A whole message, understood; and any octets, survived."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.message import addresses, charset, headers
from inbound.message.headers import MAX_FIELDS
from inbound.message.parse import parse, parse_all
from inbound.message.structure import MAX_DEPTH, MAX_PARTS, Part, read_structure
from inbound.model.mail import Address, Mail
from steps import count_calls

GERMAN = """\
Received: from mail.example.com (mail.example.com [192.0.2.1])
\tby mx.example.net; Mon, 12 Jan 2026 09:15:03 +0100
From: =?utf-8?Q?M=C3=BCller=2C_Hans?= <Hans.Mueller@Example.COM>
Reply-To: team@example.com
To: Support <support@example.net>, "Muster, Petra" <petra@example.net>
Cc: Team: a@example.com, b@example.com;
Subject: =?utf-8?Q?AW=3A_Drucker_l=C3=A4uft?=
 =?utf-8?Q?_nicht?=
Date: Mon, 12 Jan 2026 09:15:00 +0100
Message-ID: <ABC@Example.COM>
In-Reply-To: <1@Example.NET>
References: <0@example.net>
 <1@Example.NET>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="m"

--m
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Guten Tag,
der Drucker l=E4uft nicht.
--a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+R3V0ZW4gVGFnPC9wPg==
--a--
--m
Content-Type: application/pdf; name="Foto.pdf"
Content-Transfer-Encoding: base64

JVBERg==
--m--
""".replace("\n", "\r\n").encode()

ENGLISH = (
    b"From: Jane Roe <jane@example.org>\nTo: help@example.net\nSubject: Printer\nDate: 12 Jan 2026 08:15:00 GMT\n"
    b"Message-ID: <1@example.org>\nContent-Type: text/html\n\n<p>Hello,<br>it is <b>broken</b>.</p>\n"
)


def test_an_ordinary_mail_is_understood() -> None:
    """Every field of a German mail with an attachment is as a person would say it."""
    mail = parse(GERMAN)
    assert mail.subject == "AW: Drucker läuft nicht"
    assert mail.from_ == (Address(name="Müller, Hans", address="Hans.Mueller@example.com"),)
    assert mail.author == mail.from_[0]
    assert [address.address for address in mail.reply_to] == ["team@example.com"]
    assert [address.name for address in mail.to] == ["Support", "Muster, Petra"]
    assert [address.address for address in mail.cc] == ["a@example.com", "b@example.com"]
    assert mail.message_id == mail.identity.message_id == "ABC@example.com"
    assert mail.in_reply_to == ("1@example.net",)
    assert mail.references == ("0@example.net", "1@example.net")
    assert mail.date == datetime(2026, 1, 12, 8, 15, tzinfo=UTC)
    assert mail.text == "Guten Tag,\nder Drucker läuft nicht."
    assert mail.html == "<p>Guten Tag</p>"
    assert [(a.name, a.content) for a in mail.attachments] == [("Foto.pdf", b"%PDF")]
    assert mail.over_guard is None


def test_nothing_is_invented() -> None:
    """A message without anything gives absent values, and an identity."""
    mail = parse(b"")
    assert (mail.subject, mail.from_, mail.author, mail.to, mail.message_id, mail.date) == (
        "",
        (),
        None,
        (),
        None,
        None,
    )
    assert (mail.text, mail.html, mail.attachments, mail.references, mail.over_guard) == ("", None, (), (), None)


def test_several_fields_where_one_is_allowed() -> None:
    """The first author, Message-ID and date that say something count; recipients add up."""
    mail = parse(b"From:\nFrom: a@x\nFrom: b@x\nTo: c@x\nTo: d@x\nMessage-ID: <>\nMessage-ID: <1@x>\nSubject: s\n\n")
    assert [address.address for address in mail.from_] == ["a@x"]
    assert [address.address for address in mail.to] == ["c@x", "d@x"]
    assert mail.message_id == "1@x"


def test_a_message_id_behind_a_broken_line_is_found() -> None:
    """Threading reads a broken header; the frozen identity stops where it always stopped."""
    mail = parse(b"Subject: s\nrubbish\nMessage-ID: <1@X>\n\ntext")
    assert mail.message_id == "1@x"
    assert mail.identity.message_id is None


@pytest.mark.parametrize(
    ("charset", "subject", "name"),
    [
        ("koi8-r", "Принтер не работает", "Иван"),
        ("windows-1251", "Принтер не работает", "Иван"),
        ("iso-2022-jp", "プリンターの故障", "山田"),
        ("shift_jis", "表示の故障", "山田"),
        ("gb2312", "打印机坏了", "王伟"),
        ("utf-7", "Drucker läuft nicht", "Müller"),
        ("iso-8859-2", "Drukarka się zacięła", "Łukasz"),
        # declared for the text, while the header is UTF-8
        ("iso-8859-1", "Drucker läuft nicht – wieder", "Müller"),
    ],
)
def test_a_raw_header_is_in_the_charset_of_the_text(charset: str, subject: str, name: str) -> None:
    """Mailers that encode nothing write subject and names as they write the text."""
    written = "utf-8" if charset == "iso-8859-1" else charset
    head = b"Subject: " + subject.encode(written) + b"\nFrom: " + name.encode(written) + b" <a@x.de>\n"
    text = f"Content-Type: text/plain; charset={charset}\n\n".encode() + "x".encode(charset)
    for content in (head + text, head + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + text + b"\n--b--\n"):
        mail = parse(content)
        assert mail.subject == subject
        assert mail.from_ == (Address(name=name, address="a@x.de"),)


def test_file_names_are_in_the_charset_of_the_text() -> None:
    """Raw names of attachments, wherever they stand, are read as subject and text are."""
    name = "отчёт.pdf".encode("koi8-r")
    for field in (b"Content-Type: a/b; name=", b"Content-Disposition: attachment; filename="):
        mail = parse(
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=koi8-r\n\nx\n--b\n"
            + field + b'"' + name + b'"\n\ny\n--b--\n'
        )  # fmt: skip
        assert [a.name for a in mail.attachments] == ["отчёт.pdf"]


@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf", b"\n\n", b"From x Mon Jan 12 2026\n"])
def test_html_that_is_not_declared(head: bytes) -> None:
    """A script's mail without Content-Type, with marks in front of the header, is read as what it is."""
    mail = parse(head + b"Subject: s\n\n\xef\xbb\xbf<!DOCTYPE html>\n<html><body><p>Guten <b>Tag</b></p></body></html>")
    assert (mail.subject, mail.text) == ("s", "Guten Tag")
    assert parse(b"Content-Type: text/plain\n\n<html>").text == "<html>"


def test_undeclared_japanese_is_recognised() -> None:
    """The escape sequences of ISO-2022-JP speak for themselves, in the header and in the text."""
    octets = "プリンター".encode("iso-2022-jp")
    mail = parse(b"Subject: " + octets + b"\nContent-Type: text/plain; charset=us-ascii\n\n" + octets)
    assert (mail.subject, mail.text) == ("プリンター", "プリンター")


def test_resent_by_hand() -> None:
    """Sender and the latest Resent fields are kept apart from the author's."""
    mail = parse(
        b"Resent-From: Petra <p@x>\nResent-To: a@y, b@y\nResent-Message-ID: <2@X>\nResent-From: old@x\n"
        b"From: a@x, b@x\nSender: c@x\n\n"
    )
    assert mail.resent_from == (Address(name="Petra", address="p@x"),)
    assert [address.address for address in mail.resent_to] == ["a@y", "b@y"]
    assert mail.resent_message_id == "2@x"
    assert mail.sender == Address(name="", address="c@x")


def test_a_mail_around_a_mail() -> None:
    """The note is the outer text, the inner mail an attachment; without a note the inner text is shown."""
    inner = b"Content-Type: message/rfc822\n\nSubject: inner\n\nGuten Tag\n"
    head = b"Subject: outer\nContent-Type: multipart/mixed; boundary=b\n\n"
    noted = parse(head + b"--b\n\nSiehe unten.\n--b\n" + inner + b"--b--\n")
    assert (noted.subject, noted.text, [a.name for a in noted.attachments]) == ("outer", "Siehe unten.", ["inner.eml"])
    for content in (head + b"--b\n" + inner + b"--b--\n", b"Subject: outer\n" + inner):
        silent = parse(content)
        assert (silent.subject, silent.text) == ("outer", "Guten Tag")
        assert [a.name for a in silent.attachments] == ["inner.eml"]


def nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(depth)) + b"\nx"


def wide(parts: int) -> bytes:
    return b"Subject: s\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * parts


@pytest.mark.parametrize(
    ("content", "over_guard"),
    [
        (nested(MAX_DEPTH), None),
        (nested(MAX_DEPTH + 1), "depth"),
        (nested(20_000), "depth"),
        (wide(MAX_PARTS - 1), None),
        (wide(MAX_PARTS), "parts"),
        (wide(200_000), "parts"),
        (b"Subject: s\n" * MAX_FIELDS + b"\nx", None),
        (b"Subject: s\n" * (MAX_FIELDS + 1) + b"\nx", "header_count"),
        (b"Subject: s\nX: " + b"x" * 999_900 + b"\n\nx", None),
        (b"Subject: s\nX: " + b"x" * 1_000_000 + b"\n\nx", "header_bytes"),
    ],
)
def test_guards(content: bytes, over_guard: str | None) -> None:
    """Depth, parts, fields and header octets over the limit are named, and what comes before them is still read."""
    mail = parse(content)
    assert mail.over_guard == over_guard
    assert mail.subject == ("" if content.startswith(b"Content-Type") else "s")


def test_no_more_parts_than_allowed_are_read() -> None:
    """The limit counts over all multiparts of a message."""

    def count(part: Part) -> int:
        return 1 + sum(map(count, part.children))

    fan = b"Content-Type: multipart/mixed; boundary=i\n\n" + b"--i\n\nx\n" * 100
    structure = read_structure(b"Content-Type: multipart/mixed; boundary=o\n\n" + (b"--o\n" + fan) * 100)
    assert count(structure.root) == MAX_PARTS
    assert structure.over_guard == "parts"


def strings(value: object) -> Iterator[str]:
    """Every string in a value."""
    match value:
        case str():
            yield value
        case tuple():
            for item in value:
                yield from strings(item)
        case _ if dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                yield from strings(getattr(value, field.name))


def assert_is_sound(content: bytes) -> None:
    """Parsing gives the same storable mail twice."""
    mail = parse(content)
    assert isinstance(mail, Mail)
    for string in strings(mail):
        assert "\0" not in string
        string.encode()
    lines = [mail.subject, *(a.name for a in mail.attachments), *(a.name for a in (*mail.from_, *mail.to, *mail.cc))]
    assert not any(character < " " or character == "\x7f" for line in lines for character in line)
    assert all(attachment.name for attachment in mail.attachments)
    assert "\r" not in mail.text
    assert len(mail.identity.digest) == 32
    assert parse(content) == mail


@given(st.binary(max_size=2000))
@settings(max_examples=300, deadline=None)
def test_any_octets_are_survived(content: bytes) -> None:
    """Whatever arrives gives a sound mail."""
    assert_is_sound(content)


FRAGMENTS = rb"""
Content-Type: multipart/alternative; boundary=a\r\n|Content-Type: text/html; charset=utf-7\r\n|--a\r\n|--a--\r\n|\n\n
Content-Type: message/rfc822; name*0*=utf-16''%00%d8\r\n|Content-Transfer-Encoding: base64\r\n|\r\r\n|\xef\xbb\xbf
Content-Transfer-Encoding: quoted-printable\r\n|Content-Disposition: inline; filename==?utf-16?B?ANg=?=\r\n|\x1b$B
Subject: =?utf-7?Q?+2AA-?= =?utf-8?B?7aCA?=\r\n|From: "\xff\\" (a(b <x@\x00y>,;:\r\n|To: a:b,c;=?x?q?=00?= <d@e>\r\n
Date: 31 Dec 9999 23:59:60 -9999\r\n|Message-ID: <\xed\xa0\x80@\x00X>\r\n|<a href='http://\xff'>&#xD800;&#0;|<p hidden
+2AA-|=00=ED=A0=80|AAAA|Content-ID: <\x01>\r\n|charset=|format=flowed|> > x \r\n|-- \r\n
"""
PIECES = [
    piece.decode("unicode_escape").encode("latin-1") for line in FRAGMENTS.split(b"\n") for piece in line.split(b"|")
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=25).map(b"".join))
@settings(max_examples=500, deadline=None)
def test_any_mixture_of_mail_is_survived(content: bytes) -> None:
    """Pieces of mails, put together in any way, give a sound mail."""
    assert_is_sound(content)


@given(
    st.lists(
        st.sampled_from([GERMAN, ENGLISH]) | st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join), max_size=5
    )
)
@settings(max_examples=200, deadline=None)
def test_mails_read_together_are_the_same_as_alone(contents: list[bytes]) -> None:
    """No mail has anything of another, whatever stands beside it and whatever was read before."""
    together = parse_all(contents)
    for content, mail in zip(contents, together, strict=True):
        for remembered in (headers._common, addresses._common, charset._common_codec):
            remembered.cache_clear()
        assert parse(content) == mail


@given(
    st.sampled_from([GERMAN, ENGLISH]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=6),
)
@settings(max_examples=400, deadline=None)
def test_mutated_mails_are_survived(mail: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    """Real mails with octets removed, replaced and put in give a sound mail."""
    for position, length, octets in cuts:
        mail = mail[:position] + octets + mail[position + length :]
    assert_is_sound(mail)


H = b"From: a@b\nContent-Type: "
HOSTILE: dict[str, Callable[[int], bytes]] = {
    "fields": lambda n: b"a:\n" * n,
    "folded": lambda n: b"a: b\n" + b" c\n" * n,
    "rubbish lines": lambda n: b"a:b\n" + b"rubbish\n" * n + b"c:d\n\nx",
    "blank in front": lambda n: b"\n \t" * n,
    "mbox lines": lambda n: b"From x\n" * n,
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a?= " * n,
    "open encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a" * n,
    "parameters": lambda n: H + b"a/b" + b';a="' * n,
    "segments": lambda n: H + b"a/b" + b";a*1*=b" * n,
    "identifiers": lambda n: b"References: " + b"<" * n,
    "blanks in a date": lambda n: b"Date: " + b"1 " * n,
    "nesting": nested,
    "parts": wide,
    "false delimiters": lambda n: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--bc\n" * n,
    "dashes": lambda n: b"Content-Type: multipart/mixed; boundary=-\n\n" + b"-" * n,
    "padding": lambda n: b"Content-Transfer-Encoding: base64\n\n" + b"A=" * n,
    "equals signs": lambda n: b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * n,
    "soft breaks": lambda n: b"Content-Transfer-Encoding: quoted-printable\n\n" + b" " * n + b"=\n" * n,
    "quotes": lambda n: H + b"text/plain; format=flowed\n\n" + b"> \n>> \n" * n,
    "carriage returns": lambda n: b"a:b\r\n" + b"\r" * n,
    "nul": lambda n: b"\0" * n,
    "addresses": lambda n: b"To: " + b"a@b," * n,
    "quotes in addresses": lambda n: b"To: " + b'"(<' * n,
    "signs in names": lambda n: b"To: " + b"a @ b.c " * n,
    "at signs": lambda n: b"To: " + b"@" * n,
    "a name in a calendar": lambda n: H + b"text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"a" * n,
    "raw octets": lambda n: b"To: " + b"\xff=?" * n + b"\nContent-Type: text/plain; charset=shift_jis\n\nx",
    "escapes": lambda n: b"Subject: " + b"\x1b$B" * n + b"\n\n" + b"\x1b(B" * n,
    "misspelt boundaries": lambda n: b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--B\n" * n,
    "uuencode": lambda n: b"a:b\n\n" + b"begin 644 a\n#0V%T\n" * n,
    "signed texts": lambda n: b"a:b\n\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\n\n" * n,
    "HTML": lambda n: H + b"text/html\n\n" + b"<p style='font-size:0'><a href=x>&" * n,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_steps_grow_with_the_length(make: Callable[[int], bytes]) -> None:
    """Twice the input takes at most 2.5 times the steps."""
    once, twice = make(2000), make(4000)
    parse(once)
    assert count_calls(lambda: parse(twice)) <= 2.5 * count_calls(lambda: parse(once)) + 100


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_messages_end(make: Callable[[int], bytes]) -> None:
    """A megabyte that makes backtracking patterns and recursive parsers run for minutes, or overflow, is read."""
    content = make(1_000_000 // (len(make(2)) - len(make(1))))
    assert len(content) > 900_000
    assert len(parse(content).identity.digest) == 32
