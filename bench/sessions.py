"""SMTP sessions as no honest peer leads them: commands in any order, broken, mutated, dripping, cut off; by chance."""

import random
from dataclasses import dataclass

from mails import FIRST_SERIAL, make_mail

#: stands in much that is sent: nothing of it may come back
MARKER = b"zq9echo"


def _listed(table: bytes) -> tuple[bytes, ...]:
    """The cells of a table, their escapes undone."""
    cells = table.strip(b"\n").replace(b"\n", b"|").split(b"|")
    return tuple(cell.decode("unicode_escape").encode("latin-1") for cell in cells)


_COMMANDS = _listed(rb"""
EHLO mta.example|HELO mta.example|EHLO|EHLO [192.0.2.1]|ehlo zq9echo|HELO \xc3\xa4|AUTH PLAIN AGEAYg==|AUTH LOGIN
MAIL FROM:<a@customer.example>|MAIL FROM:<>|MAIL FROM: <a@b.example> SIZE=10 BODY=8BITMIME SMTPUTF8|MAIL FROM:zq9echo
MAIL FROM:<a@b> SIZE=99999999999|MAIL FROM:<\xc3\xa4@b.example>|MAIL|MAIL FROM:<@a,@b:c@d.example>|AUTH zq9echo|*
MAIL FROM:<"a b\\"c"@d.example> RET=HDRS|mail from:<a@[IPv6:::1]>|RCPT TO:<support@desk.example>|BDAT 10 LAST|.
RCPT TO:<vip@desk.example>|RCPT TO:<Postmaster>|RCPT TO:<>|RCPT TO:<nobody@desk.example>|STARTTLS x|AGEAYg==|RCPT
RCPT TO:<zq9echo@elsewhere.example>|RCPT TO:<support+x@desk.example>|RCPT TO:<bounce+x.y@desk.example>|DATA|DATA x
RCPT TO:<support@desk.example> NOTIFY=NEVER|RSET|NOOP|NOOP zq9echo|VRFY a|EXPN a|HELP|HELP MAIL|QUIT|QUIT x|TURN
GET / HTTP/1.1|\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03|\xff\xf4\xff\xfd|zq9echo||\x20
""")
_TOKENS = _listed(rb"""
\0|\r|\n|\r\n|\r\n.\r\n|\n.\n|\r.\r|\r\n..|\t|\x20|\xff|\xc3|\x1b$B|<|>|@|:|"|\\|(|;|=|=?utf-8?q?|?=|<div>|</b>|<!--
--b\r\n|--b--\r\n|\r\n\r\n|Content-Type: multipart/mixed; boundary=b\r\n|Content-Type: message/rfc822\r\n
Content-Type: text/html; charset=utf-7\r\n|Content-Transfer-Encoding: base64\r\n|#T=1.5 #S=Complete\r\n|Date: x\r\n
Subject: AW: T20260101.0001\r\n|In-Reply-To: <1@x.example>\r\n|From: =?utf-8?b?7aCA?= <a@b.example>\r\n
Auto-Submitted: auto-replied\r\n|Sensitivity: Private\r\n|Message-ID: <1@x.example>\r\n
BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n|\x78\x9f\x3e\x22\1\0\2\x02\x90\x06\0|-----BEGIN PGP MESSAGE-----\r\n
""")
_INVITATION = """\
From: Petra Muster <petra@customer.example>
To: support@desk.example
Subject: Termin
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8

Grüße
> Zitat
--\x20
Petra
--c
Content-Type: text/html

<p style='color:red'>Hallo <a href=https://x.example>x</a></p>
--c--
--b
Content-Type: text/calendar; method=REQUEST

BEGIN:VCALENDAR
BEGIN:VEVENT
SUMMARY:Termin
DTSTART;TZID=Europe/Berlin:20260131T090000
END:VEVENT
END:VCALENDAR
--b
Content-Type: image/png
Content-Disposition: inline; filename*=utf-8''a%C3%A4.png
Content-Transfer-Encoding: base64

iVBORw==
--b--
"""
_BOUNCE = """\
From: MAILER-DAEMON@customer.example
To: support@desk.example
Subject: Undelivered Mail
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

failed
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; x

Final-Recipient: rfc822; a@b.example
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

Subject: x

x
--b--
"""
_STRUCTURED = tuple(mail.replace("\n", "\r\n").encode() for mail in (_INVITATION, _BOUNCE))
_ENVELOPE = b"EHLO mta.example\r\nMAIL FROM:<a@customer.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n"
#: the end of a message that may still be open, and of the session
_ENDING = b"\r\n.\r\nRSET\r\nQUIT\r\n"


@dataclass(frozen=True, slots=True)
class Send:
    """Octets, so many at a time, with a pause before each time."""

    octets: bytes
    at_once: int = 1 << 20
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Await:
    """Wait until a reply with this code was heard, or everything is over."""

    code: int


@dataclass(frozen=True, slots=True)
class Handshake:
    """STARTTLS as it should be, behind a 220."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The end: by RST, or by closing our side."""

    is_reset: bool


Action = Send | Await | Handshake | Cut


def session(serial: int, seed: int) -> list[Action]:
    """What one connection does; always the same for the same numbers."""
    chance = random.Random(seed * 1_000_003 + serial)  # noqa: S311 - chance, not secrets
    actions: list[Action] = [] if chance.random() < 0.05 else [Await(220)]
    if chance.random() < 0.15:
        actions += [Send(b"EHLO mta.example\r\nSTARTTLS\r\n"), *_behind_starttls(chance)]
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        actions += chance.choices((_commands, _message, _noise), (4, 5, 1))[0](chance, serial)
    if chance.random() < 0.3:
        return _cut_off(actions, chance)
    return [*actions, Send(_ENDING)]


def _behind_starttls(chance: random.Random) -> list[Action]:
    match chance.randrange(4):
        case 0:
            # commands injected in clear text (RFC 3207 4.2)
            return [Send(b"EHLO " + MARKER + b"\r\n" + _ENVELOPE)]
        case 1:
            return [Await(250), Send(chance.randbytes(chance.choice((1, 50, 5000))))]
        case _:
            return [Handshake()]


def _commands(chance: random.Random, _serial: int) -> list[Action]:
    """Any commands in any order, some of them broken, pipelined or one by one, now and then in drops."""
    commands = chance.choices(_COMMANDS, k=chance.randrange(1, 14))
    ends = chance.choices((b"\r\n", b"\n", b"\r"), (40, 1, 1), k=len(commands))
    lines = [
        (mutated(command, chance) if chance.random() < 0.4 else command) + end
        for command, end in zip(commands, ends, strict=True)
    ]
    if chance.random() < 0.1:
        return [Send(b"".join(lines)[:40], at_once=1, pause_seconds=0.02), Send(b"\r\n")]
    return [Send(b"".join(lines))] if chance.random() < 0.5 else [Send(line, pause_seconds=0.005) for line in lines]


def _message(chance: random.Random, serial: int) -> list[Action]:
    """An envelope that is taken, and a mail of which only the SMTP is whole; sometimes not even that."""
    mail = chance.choice((*_STRUCTURED, make_mail(FIRST_SERIAL // 2 + serial).content))
    mail += chance.choice((b"", b"", b"x" * 5_000 + b"\r\n", b"a: b\r\n" * 2_000, b"\r\n" + b">" * 70_000))
    content = mutated(mail, chance)
    if chance.random() < 0.8:
        content = content.replace(b"\r\n.", b"\r\n..")
    sizes = Send(content + b"\r\n.\r\n", at_once=chance.choice((1 << 20, 1 << 20, 4096, 700)), pause_seconds=0.001)
    return [Send(_ENVELOPE), Await(354), sizes] if chance.random() < 0.6 else [Send(_ENVELOPE), sizes]


def _noise(chance: random.Random, _serial: int) -> list[Action]:
    unit = chance.choice((b"\0", b"\xff", b"A", b"\r", b"\n", b"\r\n", b"NOOP\r\n", b".\r\n", chance.randbytes(300)))
    return [Send(unit * chance.choice((1, 100, 3_000, 120_000 // len(unit))))]


def _cut_off(actions: list[Action], chance: random.Random) -> list[Action]:
    """End anywhere, also within the octets of one action."""
    kept = actions[: chance.randrange(len(actions)) + 1]
    if isinstance(last := kept[-1], Send):
        kept[-1] = Send(last.octets[: chance.randrange(len(last.octets) + 1)], last.at_once, last.pause_seconds)
    return [*kept, Cut(is_reset=chance.random() < 0.6)]


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """With a few octets gone, doubled, changed or put in."""
    for _ in range(chance.choice((0, 1, 1, 2, 5, 20))):
        at = chance.randrange(len(octets) + 1)
        end = at + chance.choice((0, 0, 1, 4, 40))
        match chance.randrange(4):
            case 0:
                octets = octets[:at] + octets[end:]
            case 1:
                octets = octets[:end] + octets[at:end] * chance.choice((1, 2, 30)) + octets[end:]
            case 2:
                octets = octets[:at] + chance.choice(_TOKENS) + octets[end:]
            case _:
                octets = octets[:at] + chance.randbytes(chance.choice((1, 1, 3, 30))) + octets[end:]
    return octets
