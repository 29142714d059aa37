"""The forms that are signed: the same as another implementation's, in time that grows with the length."""

import dkim
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.message.authentication_results import read_results, read_sealed_results
from inbound.security.canonical import canonical_body, canonical_field, select

PIECES = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"  \r\n", b"\r\n\r\n", b"\r\n \t", b"."]), max_size=30)


@given(PIECES)
def test_bodies(pieces: list[bytes]) -> None:
    """RFC 6376 3.4.3 and 3.4.4, whatever blanks and empty lines there are."""
    body = b"".join(pieces)
    assert canonical_body(body, "simple") == dkim.canonicalization.Simple.canonicalize_body(body)
    # dkimpy strips a blank only in front of CRLF; the RFC speaks of lines, and the last one needs no CRLF.
    ended = body if not body or body.endswith(b"\r\n") else body + b"\r\n"
    assert canonical_body(ended, "relaxed") == dkim.canonicalization.Relaxed.canonicalize_body(ended)


@given(st.lists(st.sampled_from([b"a", b"B", b" ", b"\t", b"\r\n ", b"\r\n\t", b";", b"="]), max_size=20))
def test_fields(pieces: list[bytes]) -> None:
    """RFC 6376 3.4.1 and 3.4.2, folded as they may be."""
    value = b"".join(pieces)
    ((name, relaxed),) = dkim.canonicalization.Relaxed.canonicalize_headers([(b"Subject", value + b"\r\n")])
    assert canonical_field(b"Subject", value + b"\r", "relaxed") == name + b":" + relaxed
    assert canonical_field(b"Subject", value + b"\r", "simple") == b"Subject:" + value + b"\r\n"


@given(
    st.lists(st.sampled_from([b"a", b"b", b"c"]), max_size=8), st.lists(st.sampled_from([b"a", b"b", b"d"]), max_size=8)
)
def test_selection(fields: list[bytes], names: list[bytes]) -> None:
    """Of several fields with a name the last one is signed first (RFC 6376 5.4.2)."""
    numbered = [(name, b"%d" % number) for number, name in enumerate(fields)]
    assert select(numbered, names) == dkim.select_headers(numbered, names)


@given(st.text(st.sampled_from('abi=;.:/()"\\ \t\r\n19@'), max_size=60))
@example('"1;"=1')  # no method is called like that
@example('a=b ";" c=d "=" e')  # marks in quotes are none
def test_results_never_raise(text: str) -> None:
    """Whatever stands in a field of results, it is read, and names hold none of the marks."""
    for verdicts in (read_results(text.encode()), read_sealed_results(text.encode())[1]):
        assert all(not {"=", ";"} & set(result.method) for result in verdicts.results)


def test_results_as_they_are_written() -> None:
    """Comments, quotes, versions, folded lines, several results of one method, Microsoft's missing id."""
    google = read_results(
        b' mx.google.com;\r\n       dkim=pass header.i=@corp.example header.s=s1 header.b="a=b";\r\n'
        b"       spf=pass (google.com: domain of a@corp.example (x) designates) smtp.mailfrom=a@corp.example;\r\n"
        b"       dmarc/1=pass (p=NONE sp=NONE dis=NONE) header.from=corp.example"
    )
    assert google.authserv_id == "mx.google.com"
    assert [(one.method, one.result) for one in google.results] == [
        ("dkim", "pass"),
        ("spf", "pass"),
        ("dmarc", "pass"),
    ]
    assert google.results[0].properties == {"header.i": "@corp.example", "header.s": "s1", "header.b": "a=b"}
    microsoft = read_results(
        b"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=corp.example; dkim=fail (body hash did not verify)"
        b" header.d=corp.example;dmarc=bestguesspass action=none header.from=corp.example;compauth=pass reason=109"
    )
    assert microsoft.authserv_id == ""
    assert [(one.method, one.result) for one in microsoft.results] == [
        ("spf", "pass"),
        ("dkim", "fail"),
        ("dmarc", "bestguesspass"),
        ("compauth", "pass"),
    ]
    assert read_sealed_results(b" i=2; mx.example; dkim=pass header.d=a")[0] == 2
