"""Address lists."""

import pytest

from inbound.message.addresses import MAX_ADDRESSES, parse_addresses


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # RFC 5322 3.4
        (b"a@example.com", [("", "a@example.com")]),
        (b"Petra Muster <Petra@Example.COM>", [("Petra Muster", "Petra@example.com")]),
        (b'"Muster, Petra" <p@x.de>, b@y.de', [("Muster, Petra", "p@x.de"), ("", "b@y.de")]),
        (b'"A \\"B\\" C" <a@b>', [('A "B" C', "a@b")]),
        (b"<@relay.x,@other.y:a@b>", [("", "a@b")]),
        (b'"john doe"@example.com', [("", '"john doe"@example.com')]),
        (b'<"john doe"@example.com>', [("", '"john doe"@example.com')]),
        (b"a@x (Petra (HR) Muster)", [("Petra (HR) Muster", "a@x")]),
        # groups
        (b"Team: a@x, B <b@y>;, c@z", [("", "a@x"), ("B", "b@y"), ("", "c@z")]),
        (b"undisclosed-recipients:;", [("undisclosed-recipients", "")]),
        (b"Team: a@x, B <b (Office) @y>; (the end)", [("", "a@x"), ("B", "b@y")]),
        # encoded words
        (b"=?utf-8?Q?M=C3=BCller?= <m@x>", [("Müller", "m@x")]),
        (b'"=?utf-8?Q?M=C3=BCller=2C_Hans?=" <m@x>, <n@x>', [("Müller, Hans", "m@x"), ("", "n@x")]),
        (b"=?utf-8?Q?M=C3=BCller,_Hans?= <m@x>", [("Müller, Hans", "m@x")]),
        (b"=?utf-8?Q?Hans_=3Ch=40x=2Ede=3E?=", [("Hans", "h@x.de")]),
        # raw octets
        (b"M\xfcller <m@x>", [("Müller", "m@x")]),
        ("Müller <müller@exämple.de>".encode(), [("Müller", "müller@exämple.de")]),
        # what people and programs write
        (b"a@x; b@y;c@z", [("", "a@x"), ("", "b@y"), ("", "c@z")]),
        (b"Muster, Petra <p@x>, Doe, John <j@x>", [("Muster, Petra", "p@x"), ("Doe, John", "j@x")]),
        (b"info@x.de <info@x.de>", [("info@x.de", "info@x.de")]),
        (b"Petra @ Work <p@x>", [("Petra @ Work", "p@x")]),
        (b"'Petra' <'p@x'>", [("Petra", "p@x")]),
        (b"Petra p@x.de", [("Petra", "p@x.de")]),
        (b"<mailto:p@x.de>", [("", "p@x.de")]),
        (b"mailto:p@x.de", [("", "p@x.de")]),
        (b"p@x.de <>", [("", "p@x.de")]),
        (b"<p@x.de", [("", "p@x.de")]),
        (b"<<p@x.de>>", [("", "p@x.de")]),
        (b"a@x b@y", [("", "a@x"), ("", "b@y")]),
        (b"Sales @ Shop, Inc. <s@x>", [("Sales @ Shop, Inc.", "s@x")]),
        (b"petra @ x.de, b@y", [("", "petra@x.de"), ("", "b@y")]),
        (b"Petra <SMTP:p@x.de>", [("Petra", "p@x.de")]),
        (b"Petra [mailto:p@x.de]", [("Petra", "p@x.de")]),
        # nobody
        (b"", []),
        (b",;,", []),
        (b"Petra Muster", [("Petra Muster", "")]),
        (b"Petra Muster <>", [("Petra Muster", "")]),
        (b"root <root>", [("root", "")]),
        (b"<root>", [("root", "")]),
        (b"@x <a@>", [("@x", "")]),
        (b"<a b@x>", [("a b@x", "")]),
        (b"<" + b"a" * 400 + b"@x>", [("a" * 400 + "@x", "")]),
    ],
)
def test_address_lists(value: bytes, expected: list[tuple[str, str]]) -> None:
    """Names and addresses as meant; nothing is invented, a name without address is kept."""
    assert [(found.name, found.address) for found in parse_addresses(value)] == expected


def test_a_list_is_bounded() -> None:
    """No more addresses than the limit come out of one list, by either way of reading it."""
    assert len(parse_addresses(b"a@b," * 20_000)) == MAX_ADDRESSES
    assert len(parse_addresses(b'"x" a@b;' * 12_000)) == MAX_ADDRESSES


@pytest.mark.parametrize("unit", [b"(", b"((a)", b"<", b'"', b"a,", b"a:;", b"a ", b"=?", b"a@b ", b"\\", b"@"])
def test_hostile_lists_end(unit: bytes) -> None:
    """Unclosed and nested marks are read in one go."""
    assert len(parse_addresses(unit * (1_000_000 // len(unit)))) <= MAX_ADDRESSES
