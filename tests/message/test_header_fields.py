"""Header blocks, parameters, encoded words, identifiers, charsets."""

import pytest

from inbound.message.charset import clean, clean_line, decode
from inbound.message.encoded_words import decode_words
from inbound.message.headers import MAX_REFERENCES, message_ids, read_header
from inbound.message.parameters import parse_parameters
from inbound.message.transfer import decode_base64, decode_quoted_printable


def fields(content: bytes, *, is_message: bool = True) -> tuple[dict[str, str], bytes]:
    """First values by name, and the body."""
    header, body_start = read_header(content, 0, len(content), is_message=is_message)
    names = dict.fromkeys(name.lower() for name, _ in header.fields)
    return {name.decode(): decode(header.first(name)) for name in names}, content[body_start:]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_any_line_end_ends_a_line(end: bytes) -> None:
    """CRLF, LF, CR and CRs doubled by a gateway give the same fields and body."""
    content = end.join([b"Subject: one", b"\ttwo", b"From: a@b", b"", b"text"])
    assert fields(content) == ({"subject": "one two", "from": "a@b"}, b"text")


def test_mixed_line_ends() -> None:
    """Every line may end in its own way."""
    assert fields(b"A: 1\rB: 2\r\nC: 3\n\r\ntext") == ({"a": "1", "b": "2", "c": "3"}, b"text")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"From x@y Thu Jan  1 00:00:00 2026\nSubject: s\n\nt", ({"subject": "s"}, b"t")),
        (b">From x@y Thu Jan  1 00:00:00 2026\r\nSubject: s\r\n\r\nt", ({"subject": "s"}, b"t")),
        (b"\r\n  \r\nSubject: s\r\n\r\nt", ({"subject": "s"}, b"t")),
        (b"Subject: s\n>From x@y\nTo: b\n\nt", ({"subject": "s", "to": "b"}, b"t")),
    ],
)
def test_what_stands_before_a_header_is_skipped(content: bytes, expected: object) -> None:
    """Mbox lines and blank lines in front are no fields and end nothing."""
    assert fields(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # a foreign line between fields is neither a field nor text
        (b"Subject: s\nrubbish\nTo: b\n\nt", ({"subject": "s", "to": "b"}, b"t")),
        # folded without white space: an encoded word, a line broken off, a long line
        (b"Subject: =?x?q?a?=\n=?x?q?b?=\nTo: b\n\nt", ({"subject": "=?x?q?a?= =?x?q?b?=", "to": "b"}, b"t")),
        (b"To: a@b,\nc@d\nX: y\n\nt", ({"to": "a@b, c@d", "x": "y"}, b"t")),
        (b"Subject: " + b"l" * 60 + b"\nong\nX: y\n\nt", ({"subject": "l" * 60 + " ong", "x": "y"}, b"t")),
        # without an empty line the text starts where no field can go on
        (b"Subject: s\nGuten Tag\n\nText", ({"subject": "s"}, b"Guten Tag\n\nText")),
        (b"Subject: s\r\nGuten Tag\r\nText", ({"subject": "s"}, b"Guten Tag\r\nText")),
        (b"Subject:\nGuten Tag", ({"subject": ""}, b"Guten Tag")),
        (b"no header\nat all", ({}, b"no header\nat all")),
        (b"Subject: s", ({"subject": "s"}, b"")),
        (b"", ({}, b"")),
    ],
)  # fmt: skip
def test_broken_headers_lose_no_text(content: bytes, expected: object) -> None:
    """Broken folding and a missing empty line keep fields and text apart."""
    assert fields(content) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\nHello: this is text\n", ({}, b"Hello: this is text\n")),
        (b"Hallo Welt\n\nmehr", ({}, b"Hallo Welt\n\nmehr")),
        (b"Content-Type: text/plain;\ncharset=utf-8\n\nt", ({"content-type": "text/plain; charset=utf-8"}, b"t")),
        (b"Content-Type: text/plain\nHallo\n\nWelt", ({"content-type": "text/plain"}, b"Hallo\n\nWelt")),
    ],
)
def test_the_header_of_a_part_ends_at_the_first_foreign_line(content: bytes, expected: object) -> None:
    """A part without header, and one without the empty line, keep all of their text."""
    assert fields(content, is_message=False) == expected


@pytest.mark.parametrize(
    ("value", "head", "parameters"),
    [
        (b"text/plain", "text/plain", {}),
        (b'Text/HTML; Charset="utf-8" ; x=y z', "text/html", {"charset": "utf-8", "x": "y z"}),
        (b'a; filename="a\\"b;c\\\\d.txt"', "a", {"filename": 'a"b;c\\d.txt'}),
        (b'a; filename="never closed.txt', "a", {"filename": "never closed.txt"}),
        (b'a; filename="=?utf-8?Q?M=C3=BCll?= =?utf-8?Q?er.pdf?="', "a", {"filename": "Müller.pdf"}),
        (b'a; filename="M\xfcller.pdf"', "a", {"filename": "Müller.pdf"}),
        ("a; filename=Müller Brief.pdf".encode(), "a", {"filename": "Müller Brief.pdf"}),
        (b"a; filename*=utf-8'de'M%C3%BCller.pdf; filename=x.pdf", "a", {"filename": "Müller.pdf"}),
        (b"a; name*1=\" b.txt\"; name*0*=iso-8859-1''%E4", "a", {"name": "ä b.txt"}),
        (b"a; name*0=one; name*1=two; name*10=ten; name*2=three", "a", {"name": "onetwothreeten"}),
        (b"a; name*=%C3%A4", "a", {"name": "ä"}),
        (b"a; name*=utf-8%27%27%C3%A4", "a", {"name": "ä"}),
        (b"a; name='one b.txt'; x='", "a", {"name": "one b.txt", "x": "'"}),
        (b"a; name*x*y*z=1; *=2; *0=3", "a", {"name*x*y*z": "1", "*": "2", "*0": "3"}),
    ],
)
def test_parameters(value: bytes, head: str, parameters: dict[str, str]) -> None:
    """RFC 2045, RFC 2231, and the encoded words and raw octets programs send instead."""
    assert parse_parameters(value) == (head, parameters)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?Q?Drucker_l=C3=A4uft?=", "Drucker läuft"),
        (b"=?ISO-8859-1?q?Gr=FC=DFe?= aus =?utf-8?B?S8O2bG4=?=!", "Grüße aus Köln!"),
        (b"=?utf-8?Q?a?=   =?utf-8?Q?b?=", "ab"),
        (b"=?utf-8?Q?a?= x =?utf-8?Q?b?=", "a x b"),
        # one character begun in one word and ended in the next
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=A4?=", "ä"),
        (b"=?utf-8?B?4oI=?= =?UTF-8?b?rA==?=", "€"),
        (b"=?utf-8?B?4o?= =?utf-8?B?Ks?=", "€"),
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?utf-8*de?Q?=C3=A4?=", "ä"),
        (b"Re:=?utf-8?Q?_mit Leerzeichen_und_?_Fragezeichen?=", "Re: mit Leerzeichen und ? Fragezeichen"),
        # a charset nobody knows: UTF-8, then windows-1252
        (b"=?x-nobody?Q?=C3=A4?=", "ä"),
        (b"=?x-nobody?Q?=E4=80?=", "ä€"),
        # raw octets
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        # not encoded words
        (b"=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        (b"what=?", "what=?"),
        (b"=?utf-8?Q?open", "=?utf-8?Q?open"),
        (b"=?utf-8?Q?=ZZ=?=", "=ZZ="),
        (b"=?utf-8?Q??=", ""),
    ],
)
def test_encoded_words(value: bytes, text: str) -> None:
    """RFC 2047, and what mailers make of it."""
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"abc", "", "abc"),
        ("ä".encode(), "", "ä"),
        (b"\xe4\x80", "", "ä€"),
        ("ä".encode(), "us-ascii", "ä"),
        (b"\x93x\x94", "iso-8859-1", "“x”"),
        ("ä".encode("utf-16"), "utf-16", "ä"),
        (b"plain", "utf-16", "plain"),
        # only the mark says what it is
        ("Grüße".encode("utf-16"), "", "Grüße"),
        ("日本①".encode("cp932"), "Windows-31J", "日本①"),
        # characters that vendors added, and half-width letters
        (b"a \x1b$B-!F|K\\-j\x1b(B b\n\x1b(I16\x1b(B", "iso-2022-jp", "a ①日本㈱ b\nｱｶ"),
        (b"+AOQ-", "utf-7", "ä"),
        ("日本".encode("cp932"), "Shift_JIS", "日本"),
        ("中文".encode("gb18030"), "GB2312", "中文"),
        ("привет".encode("koi8-r"), "KOI8-R", "привет"),
        # one octet lost: the rest stays right
        ("Grüße an Österreich".encode() + b"\xc3", "utf-8", "Grüße an Österreich�"),
        # declared wrongly
        (b"sch\xf6n", "utf-8", "schön"),
        # codecs that are no charsets
        (b"abc", "zlib", "abc"),
        (b"abc-", "punycode", "abc-"),
        (b"\\x41", "unicode_escape", "\\x41"),
        (b"abc", "../../etc/passwd\0", "abc"),
        # never fatal
        (b"\x81\x8d", "", "��"),
    ],
)
def test_charsets(octets: bytes, charset: str, text: str) -> None:
    """Declared, then UTF-8, then windows-1252; nothing is fatal and nothing is executed."""
    assert decode(octets, charset) == text


def test_clean_strings_are_storable() -> None:
    """NUL goes, surrogate pairs join, halves become U+FFFD; line strings lose controls and direction marks."""
    assert clean("a\0b") == "ab"
    assert clean("\ud83d\ude00\ud83d") == "😀\ufffd"
    assert clean_line(" a\x07b\r\nc\u202e\x85d\u200b ") == "a b  c d"


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (b"<a@X> <b@Y>\t<c@z>", ("a@x", "b@y", "c@z")),
        (b"<a@x><b@y>", ("a@x", "b@y")),
        (b"a@X, b@y", ("a@x", "b@y")),
        (b"Your message of Monday <a@x>", ("a@x",)),
        (b"Your message of Monday", ()),
        (b"<> < >", ()),
    ],
)
def test_identifier_lists(value: bytes, ids: tuple[str, ...]) -> None:
    """References and In-Reply-To, normalised like a Message-ID."""
    assert message_ids(value) == ids


def test_long_reference_lists_keep_the_first_and_the_latest() -> None:
    """The start of the thread and its end find the ticket; a megabyte between them does not reach the database."""
    ids = message_ids(b" ".join(b"<%d@x>" % number for number in range(5000)))
    assert len(ids) == MAX_REFERENCES
    assert (ids[0], ids[1], ids[-1]) == ("0@x", "4901@x", "4999@x")


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"SGVsbG8=", b"Hello"),
        (b"SGVs\r\nbG8", b"Hello"),
        (b"SG*Vs!bG8=\r\n", b"Hello"),
        (b"SGVsbG8=\r\nV29ybGQ=\r\n", b"HelloWorld"),
        (b"SGVsbG8=\r\n_______\r\nsupport list\r\n", b"Hello"),
        (b"SGVsbG8=A", b"Hello"),
        (b"A", b""),
        (b"====", b""),
        (b"", b""),
    ],
)
def test_base64(octets: bytes, decoded: bytes) -> None:
    """Rubbish is skipped, padding may be missing, a list server's footer is not data."""
    assert decode_base64(octets) == decoded


@pytest.mark.parametrize(
    ("octets", "decoded"),
    [
        (b"a=3Db", b"a=b"),
        (b"a=\r\nb=\nc", b"abc"),
        (b"a=  \r\nb  \r\nc", b"ab\r\nc"),
        (b"100 = 100 =zz =4", b"100 = 100 =zz =4"),
        (b"=c3=A4=", b"\xc3\xa4"),
        (b"a==\nb", b"a=b"),
    ],
)
def test_quoted_printable(octets: bytes, decoded: bytes) -> None:
    """An equals sign that introduces nothing stands for itself; blanks at line ends were added on the way."""
    assert decode_quoted_printable(octets) == decoded
