"""Command lines, paths and parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.config import Limits
from inbound.smtp import replies, syntax
from inbound.smtp.replies import Reply
from inbound.smtp.syntax import Command, MailCommand, is_helo_name, parse_mail, parse_rcpt

MAX_LINE_BYTES = Limits().command_line_bytes


def parse_line(line: bytes) -> Command | Reply:
    return syntax.parse_line(line, MAX_LINE_BYTES)


@pytest.mark.parametrize(
    ("line", "verb", "argument"),
    [
        (b"NOOP\r\n", "NOOP", ""),
        (b"mail FROM:<>\r\n", "MAIL", "FROM:<>"),
        (b"RSET  \r\n", "RSET", ""),
        (b"RSET\t \t\r\n", "RSET", ""),
        (b"EHLO   client.example \r\n", "EHLO", "client.example"),
        (b"\r\n", "", ""),
        ("RCPT TO:<bücher@desk.example>\r\n".encode(), "RCPT", "TO:<bücher@desk.example>"),
        (b"NOOP " + b"x" * (MAX_LINE_BYTES - 7) + b"\r\n", "NOOP", "x" * (MAX_LINE_BYTES - 7)),
    ],
)
def test_lines_are_split(line: bytes, verb: str, argument: str) -> None:
    """A line is a verb in any case and an argument without the blanks around it."""
    assert parse_line(line) == Command(verb, argument)


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"NOOP\n", replies.LINE_WITHOUT_CRLF),
        (b"\n", replies.LINE_WITHOUT_CRLF),
        (b"NOOP " + b"x" * (MAX_LINE_BYTES - 6) + b"\r\n", replies.LINE_TOO_LONG),
        (b"MAIL FROM:<j\xfcrgen@client.example>\r\n", replies.BAD_CHARACTERS),
        (b"MAIL FROM:<a\x00b@client.example>\r\n", replies.BAD_CHARACTERS),
        (b"MAIL FROM:<a@client.example>\rRCPT\r\n", replies.BAD_CHARACTERS),
        (b"MAIL\tFROM:<a@client.example>\r\n", replies.BAD_CHARACTERS),
        (b"NOOP \x1b[2J\r\n", replies.BAD_CHARACTERS),
        ("NOOP \x85\r\n".encode(), replies.BAD_CHARACTERS),
        # would be RSET in upper case
        ("r\u017fet\r\n".encode(), replies.BAD_CHARACTERS),
    ],
)
def test_bad_lines_are_refused(line: bytes, reply: Reply) -> None:
    """Other line ends, control characters, octets that are no UTF-8 and too long lines are no commands."""
    assert parse_line(line) is reply


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("<a@client.example>", "a@client.example"),
        ("<A.b-c_d@Client.Example>", "A.b-c_d@Client.Example"),
        # what redirecting servers make of a sender
        ("<SRS0=hhh=TT=orig.example=user@fwd.example>", "SRS0=hhh=TT=orig.example=user@fwd.example"),
        ("<prvs=1234abcd=user@client.example>", "prvs=1234abcd=user@client.example"),
        ("<u+caf_=u=other.example@client.example>", "u+caf_=u=other.example@client.example"),
        ("<!#$%&'*+-/=?^_`{|}~@client.example>", "!#$%&'*+-/=?^_`{|}~@client.example"),
        # RFC 5321 C: source routes are ignored
        ("<@one.example,@two.example:a@client.example>", "a@client.example"),
        # quoted local parts
        ('<"a b"@client.example>', '"a b"@client.example'),
        ('<"a@b>c"@client.example>', '"a@b>c"@client.example'),
        (r'<"a\"b\\"@client.example>', r'"a\"b\\"@client.example'),
        ('<""@client.example>', '""@client.example'),
        # address literals
        ("<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        # outside the grammar, and sent
        (" <a@client.example>", "a@client.example"),
        ("a@client.example", "a@client.example"),
        ("<a..b.@client.example>", "a..b.@client.example"),
        ("<a@my_host.example>", "a@my_host.example"),
        # longer than RFC 5321 4.5.3.1.1 asks us to take
        (f"<{'x' * 200}@client.example>", f"{'x' * 200}@client.example"),
    ],
)
def test_paths_are_read(path: str, address: str) -> None:
    """A path is read without its brackets and its source route, as a sender and as a recipient."""
    assert parse_mail(f"FROM:{path}") == MailCommand(
        reverse_path=address, size_bytes=0, is_utf8=False, has_parameters=False
    )
    assert parse_rcpt(f"To:{path}", is_utf8=False) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "<a@client.example",
        "a@client.example>",
        "<<a@client.example>>",
        "<a>",
        "<a@>",
        "<@client.example>",
        "<a@client.example.>",
        "<a@.example>",
        "<a@b@client.example>",
        "<a b@client.example>",
        '<"a@client.example>',
        '<"a"b@client.example>',
        "<a@[192.0.2.1>",
        "<a@[]>",
        "<@one.example:>",
        "<@one.example a@client.example>",
        "<a,b@client.example>",
        f"<a@{'b' * 256}>",
    ],
)
def test_broken_paths_are_refused(path: str) -> None:
    """What is no path is refused with 501, whoever it should name."""
    assert parse_mail(f"FROM:{path}") is replies.BAD_SENDER
    assert parse_rcpt(f"TO:{path}", is_utf8=False) is replies.BAD_RECIPIENT


def test_the_null_reverse_path_is_a_sender_only() -> None:
    """Notifications come from nobody (RFC 5321 4.5.5), but nothing goes to nobody."""
    mail = parse_mail("FROM:<> BODY=8BITMIME")
    assert isinstance(mail, MailCommand)
    assert mail.reverse_path == ""
    assert parse_rcpt("TO:<>", is_utf8=False) is replies.BAD_RECIPIENT


def test_postmaster_needs_no_domain() -> None:
    """<postmaster> is a recipient (RFC 5321 4.1.1.3) and no sender."""
    assert parse_rcpt("TO:<PostMaster>", is_utf8=False) == "PostMaster"
    assert parse_mail("FROM:<postmaster>") is replies.BAD_SENDER
    assert parse_rcpt("TO:<po\u017ftmaster>", is_utf8=True) is replies.BAD_RECIPIENT


@pytest.mark.parametrize(
    ("parameters", "size_bytes", "is_utf8"),
    [
        ("SIZE=12345", 12_345, False),
        ("size=0 body=8bitmime", 0, False),
        ("BODY=7BIT", 0, False),
        ("SMTPUTF8  SIZE=7", 7, True),
        ("SIZE=" + "9" * 20, int("9" * 20), False),
        ("AUTH=<> SIZE=7", 7, False),
        ("AUTH=e+3Dmc2@client.example", 0, False),
    ],
)
def test_parameters_of_mail(parameters: str, size_bytes: int, is_utf8: bool) -> None:  # noqa: FBT001 - a truth table
    """SIZE, BODY, SMTPUTF8 and AUTH are understood in any case and order."""
    assert parse_mail(f"FROM:<a@client.example> {parameters}") == MailCommand(
        reverse_path="a@client.example",
        size_bytes=size_bytes,
        is_utf8=is_utf8,
        has_parameters=True,
        has_submitter="AUTH" in parameters,
    )


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("<a@client.example>", replies.BAD_ARGUMENT),
        ("FROM <a@client.example>", replies.BAD_ARGUMENT),
        ("FROM:<a@client.example>SIZE=1", replies.BAD_PARAMETER),
        ("FROM:<a@client.example>x", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SIZE", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SIZE=", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SIZE=-1", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SIZE=1k", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SIZE=" + "9" * 21, replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SIZE=1 SIZE=2", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> BODY", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> BODY=BINARYMIME", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> SMTPUTF8=yes", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> =x", replies.BAD_PARAMETER),
        ("FROM:<a@client.example> RET=HDRS", replies.UNKNOWN_PARAMETER),
        ("FROM:<a@client.example> AUTH", replies.BAD_PARAMETER),
        ("FROM:<jürgen@client.example>", replies.UTF8_NOT_ANNOUNCED),
        ("FROM:<a@bücher.example> SIZE=1", replies.UTF8_NOT_ANNOUNCED),
    ],
)
def test_bad_mail_commands(argument: str, reply: Reply) -> None:
    """What MAIL cannot mean is refused with the reply that says why."""
    assert parse_mail(argument) is reply


def test_utf8_addresses_need_the_announcement() -> None:
    """Addresses beyond ASCII are taken after SMTPUTF8 (RFC 6531 3.4) and not without."""
    mail = parse_mail("FROM:<jürgen@bücher.example> SMTPUTF8")
    assert isinstance(mail, MailCommand)
    assert mail.reverse_path == "jürgen@bücher.example"
    assert parse_rcpt("TO:<jürgen@desk.example>", is_utf8=True) == "jürgen@desk.example"
    assert parse_rcpt("TO:<jürgen@desk.example>", is_utf8=False) is replies.UTF8_NOT_ANNOUNCED


@pytest.mark.parametrize(
    ("argument", "reply"),
    [
        ("<a@desk.example>", replies.BAD_ARGUMENT),
        ("TO:<a@desk.example> NOTIFY=NEVER", replies.UNKNOWN_PARAMETER),
        ("TO:<a@desk.example> ORCPT=rfc822;x@y.example", replies.UNKNOWN_PARAMETER),
        ("TO:<postmaster> NOTIFY=NEVER", replies.UNKNOWN_PARAMETER),
        ("TO:<postmaster>x", replies.BAD_PARAMETER),
        ("TO:<a@desk.example> \u00fc", replies.BAD_PARAMETER),
    ],
)
def test_bad_rcpt_commands(argument: str, reply: Reply) -> None:
    """RCPT takes a path and no parameters, because DSN is not announced."""
    assert parse_rcpt(argument, is_utf8=True) is reply


@pytest.mark.parametrize(
    ("name", "is_name"),
    [
        ("client.example", True),
        ("[192.0.2.1]", True),
        ("[IPv6:::1]", True),
        ("my_printer", True),
        ("", False),
        ("two words", False),
        ("bücher.example", False),
        ("x" * 256, False),
    ],
)
def test_helo_names(name: str, is_name: bool) -> None:  # noqa: FBT001 - a truth table
    """A peer may call itself anything that is one printable ASCII word; only syntax can be wrong (RFC 5321 4.1.4)."""
    assert is_helo_name(name) is is_name


@given(st.text(alphabet='<>@,:."\\[] aA1-_=ü\x7f', max_size=60))
def test_any_argument_has_an_answer(text: str) -> None:
    """Whatever stands behind MAIL and RCPT is understood or refused; an accepted path has one local part and domain."""
    mail = parse_mail(f"FROM:{text}")
    if isinstance(mail, MailCommand) and mail.reverse_path:
        local, at, domain = mail.reverse_path.rpartition("@")
        assert local
        assert at
        assert domain
        assert "<" not in domain
        assert ">" not in domain
    rcpt = parse_rcpt(f"TO:{text}", is_utf8=False)
    assert isinstance(rcpt, Reply) or rcpt.isascii()
