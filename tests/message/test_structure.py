"""Multiparts whose boundaries are not what they should be."""

import pytest

from inbound.message.parse import parse
from inbound.message.structure import read_structure
from steps import count_calls

HEAD = b"Subject: s\nContent-Type: multipart/mixed"


def body(first: bytes, second: bytes, last: bytes, preamble: bytes = b"") -> bytes:
    parts = b"\nContent-Type: text/plain\n\nGuten Tag\n", b"\nContent-Type: application/pdf\n\n%PDF\n"
    return b"\n\n" + preamble + first + parts[0] + second + parts[1] + last + b"\nepilogue"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize(
    "content",
    [
        # as declared
        b"; boundary=AbC" + body(b"--AbC", b"--AbC", b"--AbC--"),
        b"; boundary=AbC" + body(b"--AbC", b"--AbC", b"--AbC--", b"- a preamble\n-- \nnot a delimiter\n"),
        # another case, also of some of them only
        b"; boundary=AbC" + body(b"--abc", b"--ABC", b"--Abc--"),
        b"; boundary=AbC" + body(b"--abc", b"--AbC", b"--AbC--"),
        # blanks in it or around it
        b'; boundary="A b C"' + body(b"--AbC", b"--AbC", b"--AbC--"),
        b"; boundary=AbC" + body(b"-- AbC", b"-- AbC\t", b"-- AbC --"),
        # another one, and none
        b"; boundary=AbC" + body(b"--xyz", b"--xyz", b"--xyz--", b"preamble\n"),
        b"" + body(b"--xyz", b"--xyz", b"--xyz--"),
        b'; boundary=""' + body(b"--xyz", b"--xyz", b"--xyz--"),
        # dashes of its own
        b"; boundary=----=_Part" + body(b"------=_Part", b"------=_Part", b"------=_Part--", b"preamble\n"),
    ],
)
def test_parts_are_found(content: bytes, line_end: bytes) -> None:
    """Text and attachment are apart, whatever happened to the boundary; the epilogue is nobody's."""
    mail = parse((HEAD + content).replace(b"\n", line_end))
    assert mail.text == "Guten Tag"
    assert [(a.content_type, a.content) for a in mail.attachments] == [("application/pdf", b"%PDF")]


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b"; boundary=a\n\nGuten Tag\n-- \nPetra\n--\nnot: a part\n",
        HEAD + b"\n\nGuten Tag\n-- \nPetra\n--\nnot: a part\n",
    ],
)
def test_a_signature_is_no_boundary(content: bytes) -> None:
    """Lines of dashes in a text divide nothing."""
    assert parse(content).text == "Guten Tag\n-- \nPetra\n--\nnot: a part"


def test_a_boundary_inside_of_another_is_not_mistaken_for_it() -> None:
    """``--a`` does not divide what ``--ab`` divides."""
    inner = b"Content-Type: multipart/mixed; boundary=ab\n\n--ab\n\nx\n--ab--\n"
    structure = read_structure(HEAD + b"; boundary=a\n\n--a\n" + inner + b"--a--\n")
    (child,) = structure.root.children
    assert [part.content() for part in child.children] == [b"x"]


@pytest.mark.parametrize("unit", [b"--\n", b"--x\n", b"--x\nContent-Type: a/b\n", b"\n--a", b"--a b\n", b"\r--", b"--"])
@pytest.mark.parametrize("head", [HEAD, HEAD + b"; boundary=A"])
def test_steps_grow_with_the_length(head: bytes, unit: bytes) -> None:
    """Twice as many lines of dashes take at most 2.5 times the steps."""
    once, twice = (head + b"\n\n" + unit * count for count in (500, 1000))
    assert count_calls(lambda: parse(twice)) <= 2.5 * count_calls(lambda: parse(once)) + 100


def test_text_without_end_is_cut_and_kept_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text over the limit shows its beginning, up to a line's end; the whole of it is an attachment."""
    monkeypatch.setattr("inbound.message.body.MAX_TEXT_BYTES", 20)
    part = b"Content-Type: text/plain\n\n0123456789\nabcdefghijklmnop\nq\n"
    for content in (part, HEAD + b"; boundary=b\n\n--b\n" + part + b"--b--\n"):
        mail = parse(content)
        assert mail.text == "0123456789"
        assert [bytes(a.content).strip() for a in mail.attachments] == [b"0123456789\nabcdefghijklmnop\nq"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        # a gateway decoded it, and left the header as it was
        (b"Guten Tag, der Drucker steht.\r\n\r\nPetra", "Guten Tag, der Drucker steht.\n\nPetra"),
        # blanks within what is encoded, and rubbish, are none of it
        (b"R3V0 ZW4g VGFn LCBQZXRyYQ==", "Guten Tag, Petra"),
        (b"R3V0ZW4!gVGFn*LCBQZXRyYQ==", "Guten Tag, Petra"),
    ],
)
def test_text_that_is_not_encoded_though_its_header_says_so(body: bytes, text: str) -> None:
    """Words and punctuation are no base64."""
    assert parse(b"Content-Transfer-Encoding: base64\r\n\r\n" + body).text == text
