"""The identity of a message: frozen digests, and the copies that must share one."""

import base64
import hashlib
import quopri

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reference_identity
from inbound.message.identity import VERSION, WEAK_MATCH_SECONDS, identify, normalize_message_id
from inbound.message.structure import read_structure

TEXT = "Grüße aus Köln,\r\nder Drucker  steht.\r\n".encode()


def message(*, head: bytes = b"", encoding: bytes = b"8bit", body: bytes = TEXT, boundary: bytes = b"outer") -> bytes:
    """A two-part mail as one relay passes it on."""
    return (
        head
        + b"From: Petra Muster <petra@example.com>\r\n"
        + b"Date: Mon, 12 Jan 2026 09:15:00 +0100\r\n"
        + b"Subject: =?utf-8?Q?Drucker_l=C3=A4uft_nicht?=\r\n"
        + b"Message-ID: <Abc.1@Mail.Example.COM>\r\n"
        + b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\npreamble\r\n'
        + b"--" + boundary + b"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding
        + b"\r\n\r\n" + body
        + b"\r\n--" + boundary + b"\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(bytes(range(256))).replace(b"\n", b"\r\n")
        + b"--" + boundary + b"--\r\n"
    )  # fmt: skip


GOLDEN = {
    "two parts": message(),
    "plain": b"From: a@example.com\nSubject: hi\nMessage-ID: <1@x>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\nText\n",
    "nothing at all": b"",
    "no header": b"just words\r\nand more\r\n",
    "without message-id and date": b"Received: from a by b; now\r\nFrom: a@example.com\r\n\r\nx",
    "nested": b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n"
    b"--b\n\none\n--b\n\ntwo\n--a\n\nthree\n--a--\nepilogue",
    "odd base64": b"Content-Transfer-Encoding: BASE64\r\n\r\nSGVs*bG8=\r\nV29ybGQ\r\n-- \r\nlist",
    "odd quoted-printable": b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"a=3Db= \r\nc=zz=\r\nd  \r\n=E4==\r\n\r\n",
    "raw octets": b"From x Thu Jan  1 00:00:00 2026\rSubject: \xe4\rMESSAGE-ID: a b@C\xff\r\r\x00\x80",
}


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("two parts", "a63e6fed8141d0ec1510b5065d505c5ba371d8960ba655e4146b9084c866e045"),
        ("plain", "d946f3f98e679e8009bdfe0533b276a18003812fa6d277c9524f9873753c6eb7"),
        ("nothing at all", "265965de82c601ede7e9a25330a128868ed474fe0b080cc4560b2f46732ef394"),
        ("no header", "9367d8143b40119eda06eadef3fbc1d396df380880ddfb2b150ff32d7cd51f07"),
        ("without message-id and date", "6b3da347ac661b3b9123fd8ba535f8d5b1baf9d66e518c6bc16992d745d69d21"),
        ("nested", "545ed8a273fb99d650a9be203851e323ef3caef1bbe112ead70e08c163b4aed1"),
        ("odd base64", "2d8af0ceb61d24a422e637d7465e13df7a9045eec1e78c1dbbe7947c2fb696d7"),
        ("odd quoted-printable", "873ecdb1b84418955b638cd90fb3d4b8c80beeb2d1d6b8e542449bd7052f2191"),
        ("raw octets", "f70f14d549c79c7447c087f5ea079620ad1e1f7794369d240a1c5b00e358707e"),
    ],
)
def test_digests_never_change(name: str, digest: str) -> None:
    """Version 1 gives these digests for these octets for ever: they are in databases."""
    identity = identify(GOLDEN[name])
    assert VERSION == 1
    assert identity.version == 1
    assert identity.digest.hex() == digest


def test_the_documented_algorithm_is_the_algorithm() -> None:
    """Frames built by hand from the module's documentation give the digest of a simple message."""
    frames = [
        (b"F", b"a@example.com"),
        (b"D", b"Thu, 1 Jan 2026 00:00:00 +0000"),
        (b"S", b"hi"),
        (b"M", b"1@x"),
        (b"L", hashlib.sha256(b"Text").digest()),
    ]
    framed = b"".join(kind + len(octets).to_bytes(8, "big") + octets for kind, octets in frames)
    assert identify(GOLDEN["plain"]).digest == hashlib.sha256(framed).digest()


QUOTED_PRINTABLE = quopri.encodestring(TEXT.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
COPIES = {
    "trace fields in front": message(
        head=b"Return-Path: <x@y>\r\nReceived: by z\r\nDelivered-To: q\r\nARC-Seal: i=1\r\nX-Spam: no\r\n"
    ),
    "re-encoded as quoted-printable": message(encoding=b"quoted-printable", body=QUOTED_PRINTABLE),
    "re-encoded as base64": message(encoding=b"base64", body=base64.encodebytes(TEXT)),
    "another boundary": message(boundary=b"=_relay_42"),
    "line ends LF": message().replace(b"\r\n", b"\n"),
    "line ends CR": message().replace(b"\r\n", b"\r"),
    "blank lines at the end": message() + b"\r\n\r\n",
    "blank lines at the end of the text": message(body=TEXT + b"\r\n \r\n"),
    "header folded anew": message().replace(b"Petra Muster <", b"Petra\r\n Muster\r\n\t<"),
    "other case of field names": message().replace(b"Subject:", b"SUBJECT :"),
    "without closing delimiter": message().replace(b"--outer--\r\n", b""),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES.keys())
def test_redirected_copies_are_the_same_message(copy: bytes) -> None:
    """What relays change on the way does not change the identity."""
    assert identify(copy) == identify(message())


DIFFERENT = {
    "author": message().replace(b"petra@", b"peter@"),
    "date": message().replace(b"09:15", b"09:16"),
    "subject": message().replace(b"Drucker_l", b"Drucker_k"),
    "message-id": message().replace(b"Abc.1", b"Abc.2"),
    "text": message(body=TEXT + b"."),
    "a part more": message().replace(b"--outer--", b"--outer\r\n\r\n--outer--"),
    "moved between fields": message().replace(b"Subject: ", b"Subject: x\r\nSubject: "),
}


@pytest.mark.parametrize("other", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_different_content_is_a_different_message(other: bytes) -> None:
    """Author, date, subject, Message-ID and the content of every part count."""
    assert identify(other).digest != identify(message()).digest


def test_concatenations_do_not_collide() -> None:
    """Octets moved from one element to its neighbour make another digest."""
    one = b"From: ab\n\n"
    two = b"From: a\nFrom: b\n\n"
    assert identify(one).digest != identify(two).digest
    assert identify(b"Subject: ab\nMessage-ID: <x>\n\n").digest != identify(b"Subject: a\nMessage-ID: <bx>\n\n").digest


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (b"Message-ID: <1@x>\r\n", None),
        (b"Date: today\r\n", None),
        (b"Received: from a by b\r\n", None),
        (b"", WEAK_MATCH_SECONDS),
        (b"Date: \r\nMessage-ID: <>\r\n", WEAK_MATCH_SECONDS),
    ],
)
def test_a_digest_without_any_anchor_counts_for_an_hour(head: bytes, seconds: int | None) -> None:
    """Only a message with neither Message-ID nor Date nor Received fields is recognised for an hour only."""
    assert identify(head + b"Subject: x\r\n\r\ntext").match_seconds == seconds


def test_received_fields_join_only_when_nothing_else_anchors() -> None:
    """Two deliveries over different ways differ when there is neither Message-ID nor Date, and only then."""

    def over(way: bytes, head: bytes) -> bytes:
        return identify(b"Received: " + way + b"\r\n" + head + b"\r\ntext").digest

    assert over(b"a", b"Subject: x\r\n") != over(b"b", b"Subject: x\r\n")
    assert over(b"a", b"Date: x\r\n") == over(b"b", b"Date: x\r\n")
    assert over(b"a", b"Message-ID: <x@y>\r\n") == over(b"b", b"Message-ID: <x@y>\r\n")


@pytest.mark.parametrize(
    ("value", "message_id"),
    [
        (b" <Local.Part@Mail.EXAMPLE.com> ", "Local.Part@mail.example.com"),
        (b"bare@Example.COM", "bare@example.com"),
        (b"<folded\r\n .id@x>", "folded.id@x"),
        (b"<a@x> (added by relay <r@y>)", "a@x"),
        (b"<<a@X>>", "<a@x>"),
        (b"<no-domain>", "no-domain"),
        (b"<\xfc@x>", "\\xfc@x"),
        ("<ü@x>".encode(), "ü@x"),
        (b"<a\x00\x07@x>", "a@x"),
        (b"<>", None),
        (b"  ", None),
        (b"<" + b"a" * 998 + b">", "a" * 998),
        (b"<" + b"a" * 999 + b">", None),
    ],
)
def test_message_ids_are_normalised(value: bytes, message_id: str | None) -> None:
    """One pair of brackets goes, the domain is lower-cased, and what no index could hold is none."""
    assert normalize_message_id(value) == message_id


def test_the_first_usable_message_id_counts() -> None:
    """An empty Message-ID field does not hide a later one."""
    assert identify(b"Message-ID: <>\r\nMessage-ID: <b@X>\r\n\r\n").message_id == "b@x"


def test_guards_bound_the_work() -> None:
    """Deeper, longer and wider than the limits still gives an identity, and what differs only behind them does not."""
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(3000))
    wide = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 30_000
    assert identify(deep).digest != identify(wide).digest
    assert identify(wide).digest == identify(wide + b"--x\n\nb\n").digest
    assert identify(b"a:\n" * 400_000).match_seconds == WEAK_MATCH_SECONDS


MIXTURE = [
    *(
        b"From: a@x\r\n",
        b"From : a@x\r\n",
        b"From x\r\n",
        b"subject:\r\n",
        b"Message-ID: <1@X>\r\n",
        b"Received: by x\r\n",
    ),
    *(
        b"Date: 1 Jan 2026 00:00 +0000\r\n",
        b" folded\r\n",
        b"foreign line\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\r\r\n",
        b"x",
        b"=",
    ),
    *(b'Content-Type: multipart/mixed; boundary="b"\r\n', b"Content-Type: multipart/mixed;\r\n boundary=a\r\n"),
    *(
        b"Content-Type: text/plain\r\n",
        b'Content-Type: multipart/x; a=b; boundary="b \r\n c"\r\n',
        b"--b\r\n",
        b"--a\r\n",
    ),
    *(b"--B\r\n", b"--b--\r\n", b"--a--", b"--b \t\r\n", b"--b\r\r\n", b"preamble\r\n", b"\n--b", b"\r--a\r", b"-- "),
    *(
        b"Content-Transfer-Encoding: base64\r\n\r\n",
        b"Content-Transfer-Encoding: Quoted-Printable\r\n\r\n",
        b"QUJD\r\n",
    ),
    *(b"QQ==", b"=4\r\n", b"=41=\r\n", b" \t\r\n", b"=4=\r\n1", b"Content-Type: application/pkcs7-mime\r\n", b"\xff\0"),
]


def assert_same(content: bytes) -> None:
    """The algorithm, with and without the parser's tree, says what its plainest form says."""
    expected = reference_identity.identify(content)
    assert identify(content) == expected
    assert identify(content, read_structure(content)) == expected


@given(st.lists(st.sampled_from(MIXTURE) | st.binary(max_size=4), max_size=30).map(b"".join))
@settings(max_examples=1500, deadline=None)
def test_no_short_cut_changes_it(content: bytes) -> None:
    """Sharing the parser's reading of headers and parts changes no digest."""
    assert_same(content)


@pytest.mark.parametrize("content", GOLDEN.values(), ids=GOLDEN.keys())
def test_known_mails_are_no_exception(content: bytes) -> None:
    """The same for the mails with pinned digests, with every line end."""
    for line_end in (b"\r\n", b"\n", b"\r"):
        assert_same(content.replace(b"\r\n", b"\n").replace(b"\n", line_end))


ENCODINGS = st.sampled_from([b"base64", b"quoted-printable", b"8bit"])
CRUMBS = [
    b"\r\n",
    b"\n",
    b"\r",
    b"=\r\n",
    b"=",
    b" ",
    b"\t",
    b"ab",
    b"A",
    b"41",
    b"=41",
    b"=\n",
    b"xyz\r\n",
    b"abcd\r\n",
    b"abcdEFGH\n",
    b"4=",
    b"\n \n",
]


@given(ENCODINGS, st.lists(st.sampled_from(CRUMBS), max_size=200).map(b"".join), st.integers(3, 40))
@settings(max_examples=1500, deadline=None)
def test_no_cut_changes_it(encoding: bytes, body: bytes, piece_bytes: int) -> None:
    """Large leaves are worked on in pieces; wherever these end, digest and content are those of the whole."""
    content = b"Content-Type: a/b\nContent-Transfer-Encoding: " + encoding + b"\n\n" + body
    whole = read_structure(content).root.content()
    with pytest.MonkeyPatch.context() as patch:
        for module in ("pieces", "identity_leaf", "transfer"):
            patch.setattr(f"inbound.message.{module}.PIECE_BYTES", piece_bytes)
        assert_same(content)
        assert read_structure(content).root.content() == whole
