"""How fast mail is understood, how much memory that takes, and how long it keeps the event loop waiting.

    .venv/bin/python bench/parse.py [ordinary] [attachment] [hostile] [memory]

Prints figures of this machine, next to the limits that they should keep. Nothing is sent and nothing is stored.
"""

import argparse
import base64
import binascii
import email
import email.policy
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from struct import pack

from inbound.message.forwarded import read_forward
from inbound.message.html import html_to_text
from inbound.message.parse import parse
from inbound.message.quoted import split_reply
from mails import FIRST_SERIAL, make_mail

MAILS = 500
ROUNDS = 7
MEGABYTE = 1_000_000

_SIGNATURE = "\r\n\t".join([base64.b64encode(bytes(range(n, n + 48))).decode() for n in range(0, 192, 48)])
#: what relays put in front of a mail that was redirected once
TRACE = (
    "Return-Path: <bounces+{n}@customer.example>\r\nDelivered-To: support@desk.example\r\n"
    "Received: from mail-{n}.relay.example (mail-{n}.relay.example [192.0.2.{m}])\r\n\tby mx.desk.example (Postfix)"
    " with ESMTPS id {n}\r\n\tfor <support@desk.example>; Mon, 12 Jan 2026 09:15:03 +0100 (CET)\r\n"
    "ARC-Seal: i=1; a=rsa-sha256; t=1768205703; cv=none; d=relay.example; s=arc;\r\n\tb=" + _SIGNATURE + "\r\n"
    "ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=relay.example; s=arc;\r\n"
    "\th=to:subject:message-id:date:from:mime-version;\r\n\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n"
    "\tb=" + _SIGNATURE + "\r\n"
    "ARC-Authentication-Results: i=1; mx.relay.example; dkim=pass header.i=@customer.example;\r\n"
    "\tspf=pass smtp.mailfrom=customer.example; dmarc=pass (p=REJECT) header.from=customer.example\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=customer.example; s=2025;\r\n"
    "\th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\tb="
    + _SIGNATURE
    + "\r\n"
    "X-MS-Exchange-Organization-SCL: -1\r\nX-Mailer: Mailer 16.0\r\nThread-Index: AQHa{n}\r\n"
)


def ordinary(count: int = MAILS) -> list[bytes]:
    """Mails of text and HTML as they arrive behind a relay."""
    return [
        TRACE.format(n=serial, m=serial % 250).encode() + make_mail(FIRST_SERIAL + serial).content
        for serial in range(count)
    ]


def seconds(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU time of an action, the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        action()
        best = min(best, time.process_time() - start)
    return best


def each(read: Callable[[bytes], object], mails: list[bytes]) -> None:
    """Read one mail after the other."""
    for one in mails:
        read(one)


def with_standard_library(content: bytes) -> object:
    """The same work with `email` and its modern policy; where it raises, it gets off lightly."""
    message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
    addresses = [
        [(address.display_name, address.addr_spec) for address in message[name].addresses]
        for name in ("from", "reply-to", "to", "cc")
        if message[name]
    ]
    fields = [str(message[name]) for name in ("subject", "message-id", "in-reply-to", "references") if message[name]]
    date = message["date"].datetime
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    files = [(part.get_filename(), part.get_content()) for part in message.iter_attachments()]
    return addresses, fields, date, text and text.get_content(), html and html.get_content(), files


def measure_ordinary() -> None:
    """Ordinary mails, and the standard library beside."""
    bare = [make_mail(FIRST_SERIAL + serial).content for serial in range(MAILS)]
    for name, mails in (("with trace fields", ordinary()), ("without", bare)):
        ours = seconds(partial(each, parse, mails)) / len(mails)
        theirs = seconds(partial(each, with_standard_library, mails), 2) / len(mails)
        size = sum(map(len, mails)) // len(mails)
        report(f"ordinary, {name} ({size} octets)", f"{ours * 1e6:.0f} us, {1 / ours:,.0f} a second", "2,000 a second")
        report("  the standard library", f"{theirs * 1e6:.0f} us, {theirs / ours:.1f} times as long", "5 times")


def with_attachment(octets: int) -> bytes:
    """A mail with text and one file in base64."""
    file = base64.encodebytes(bytes(range(256)) * (octets // 256)).replace(b"\n", b"\r\n")
    head = b'Subject: s\r\nFrom: a@x.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    return head + text + b"Content-Transfer-Encoding: base64\r\n\r\n" + file + b"--b--\r\n"


def measure_attachment() -> None:
    """A file of 1 MB, without what its base64 costs anyway."""
    content = with_attachment(MEGABYTE)
    encoded = content[content.rindex(b"base64") + 10 : content.rindex(b"--b--")]
    base = seconds(lambda: binascii.a2b_base64(encoded))
    report("attachment of 1 MB, beyond base64", f"{(seconds(lambda: parse(content)) - base) * 1e3:.1f} ms", "15 ms")


def _fill(unit: bytes, head: bytes = b"", tail: bytes = b"") -> bytes:
    return head + unit * (MEGABYTE // len(unit)) + tail


def _tnef(attribute: bytes) -> bytes:
    return _fill(attribute, b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\1\0")


def hostile() -> Iterator[tuple[str, bytes]]:
    """A megabyte each of what makes readers slow."""
    multi = b"Content-Type: multipart/mixed; boundary=b\n\n"
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000))
    yield "nested multiparts", nested[:MEGABYTE]
    yield "tiny parts", _fill(b"--b\n\nx\n", multi)
    yield "nested parts around dashes", nested[:3000] + _fill(b"--\n")
    yield "misspelt boundaries", _fill(b"--B\n", multi)
    yield "endless header fields", _fill(b"a:\n")
    yield "one folded field", _fill(b" x\n", b"a: x\n")
    yield "foreign lines in the header", _fill(b"rubbish\n", b"a: b\n", b"c: d\n\nx")
    yield "carriage returns", _fill(b"\r", b"a: b\r\n")
    yield "addresses", _fill(b"a@b,", b"To: ")
    yield "quotes in addresses", _fill(b'"(<', b"To: ")
    yield "at signs in addresses", _fill(b"@", b"To: ")
    yield "many address fields", _fill(b"To: a, b <c@d>\n")
    yield "encoded words", _fill(b"=?utf-8?q?a?= ", b"Subject: ")
    yield "open encoded words", _fill(b"=?utf-8?q?", b"Subject: ")
    yield "parameters", _fill(b';a="', b"Content-Type: a/b")
    yield "segments", _fill(b";a*1*=b", b"Content-Type: a/b")
    yield "references", _fill(b"<a@b> ", b"References: ")
    yield "base64 with rubbish", _fill(b"QUJD!=*", b"Content-Transfer-Encoding: base64\n\n")
    yield "padding", _fill(b"A=", b"Content-Transfer-Encoding: base64\n\n")
    yield "quoted-printable", _fill(b"=20 =\n", b"Content-Transfer-Encoding: quoted-printable\n\n")
    yield from _hostile_text()


def _hostile_text() -> Iterator[tuple[str, bytes]]:
    html, text = b"Content-Type: text/html\n\n", b"Content-Type: text/plain\n\n"
    yield "uuencode begins", _fill(b"begin 644 a\n", text)
    yield "uuencode lines", _fill(b"#0V%T\n", text + b"begin 644 a\n")
    yield "uuencode files", _fill(b"begin 644 a\n#0V%T\n`\nend\n", text)
    yield "clear-signed texts", _fill(b"-----BEGIN PGP SIGNED MESSAGE-----\n\n", text)
    yield "flowed text", _fill(b"> a \n>> b \n", b"Content-Type: text/plain; format=flowed\n\n")
    yield "attributions", _fill(b"On Mon, 1 Jan 2026 at 10:00, X wrote\n", text)
    yield "attributions on one line", _fill(b"On Mon wrote On ", text)
    yield "signature lines", _fill(b"-- \n", text)
    yield "forwarded headers", _fill(b"From: a@b\nSent: x\nTo: y\n", text)
    yield "quote signs", _fill(b">", text)
    yield "quoted lines", _fill(b"> > x\n", text)
    yield "unclosed tags", _fill(b"<b>", html)
    yield "tags closed wrongly", _fill(b"<i></b>", html)
    yield "nested quotations", _fill(b"<blockquote type=cite>x", html)
    yield "nested lists", _fill(b"<ul><li>x", html)
    yield "hidden elements", _fill(b"<p style='display:none'>x", html)
    yield "fonts without size", _fill(b"<i style='font-size:0'>x", html)
    yield "attributes", _fill(b" a='b'", html + b"<p style='font-size:0'", b">x")
    yield "long names of attributes", _fill(b"<p none " + b"a" * 19_000 + b">x", html)
    yield "long numbers in styles", _fill(b"<p style='overflow:hidden;height:" + b"0" * 19_000 + b"x'>x", html)
    yield "less-than signs", _fill(b"<", html)
    yield "comments", _fill(b"<!--", html)
    yield "entities", _fill(b"&#1;&x", html)
    yield "table cells", _fill(b"<td>x", html)
    yield "a name in a calendar", _fill(b"a", b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n")
    yield "TNEF attributes", _tnef(pack("<BHHI", 1, 0x800C, 0, 0) + b"??")
    yield "TNEF files", _tnef(pack("<BHHI", 2, 0x9002, 0, 0) + b"??" + pack("<BHHI", 2, 0x800F, 0, 1) + b"x??")
    rtf = pack("<II4sI", 0, 0, b"LZFu", 0) + _fill(b"\xff" + b"\x0c\xaf" * 8, b"\0abcdefgh")
    properties = pack("<IHHII", 1, 0x0102, 0x1009, 1, len(rtf)) + rtf
    yield "TNEF with an RTF bomb", _tnef(pack("<BHHI", 1, 0x9003, 0, len(properties)) + properties)[: len(rtf) + 100]
    yield "S/MIME in pieces", _signed_pieces()


def _signed_pieces() -> bytes:
    signed, data = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
    head = b"\x30\x80" + signed + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80" + data + b"\xa0\x80\x24\x80"
    return _fill(b"\x04\x01x", b"Content-Type: application/pkcs7-mime\n\n" + head)


def understand(content: bytes) -> None:
    """Parse, and divide the text as the pipeline may have to."""
    mail = parse(content)
    split_reply(mail.text)
    read_forward(mail.text, mail.subject)


def measure_hostile() -> None:
    """The slowest come first."""
    found = sorted(((seconds(partial(understand, one), 2), name) for name, one in hostile()), reverse=True)
    for spent, name in found:
        report(f"hostile, 1 MB: {name}", f"{spent * 1e3:.0f} ms", "500 ms")


def large() -> Iterator[tuple[str, bytes]]:
    """Mails of 30 MB."""
    line = "Guten Tag, der Drucker läuft nicht mehr, seit er umgezogen ist. 🖨\r\n"
    for name, octets in (("ASCII", line.encode("ascii", "ignore")), ("any characters", line.encode())):
        yield f"text, {name}", b"Subject: s\r\n\r\n" + octets * (30 * MEGABYTE // len(octets))
    yield "HTML", b"Content-Type: text/html\r\n\r\n" + b"<p>Guten <b>Tag</b></p>\r\n" * (30 * MEGABYTE // 25)
    yield "one file in base64", with_attachment(21 * MEGABYTE)
    yield "one file in 8 bit", b"Content-Type: application/pdf\r\n\r\n" + bytes(range(256)) * (30 * MEGABYTE // 256)
    qp = b"Content-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield (
        "one file in quoted-printable",
        qp + b"Gr=C3=BC=C3=9Fe an alle, die das hier lesen =\r\n" * (30 * MEGABYTE // 46),
    )
    yield "uuencode in text", b"\r\nbegin 644 a\r\n" + binascii.b2a_uu(bytes(45)) * (30 * MEGABYTE // 62) + b"`\nend\n"


def measure_memory() -> None:
    """Peak of what parsing holds, the mail included; and the longest time it kept another thread from running."""
    for name, content in large():
        tracemalloc.start()
        kept = parse(content)
        peak = tracemalloc.get_traced_memory()[1] + len(content)
        tracemalloc.stop()
        del kept
        spent, longest = _beside_a_clock(content)
        report(f"30 MB: {name}", f"{peak / len(content):.1f} times its size in memory", "4 times")
        report("", f"{spent:.1f} s in its thread; others waited {longest * 1e3:.0f} ms at most", "")


def _beside_a_clock(content: bytes) -> tuple[float, float]:
    """Parse in another thread while this one wants to run every millisecond."""
    thread = threading.Thread(target=parse, args=(content,))
    start = last = time.perf_counter()
    longest = 0.0
    thread.start()
    while thread.is_alive():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return time.perf_counter() - start, longest


def report(what: str, figure: str, limit: str) -> None:
    """One line."""
    print(f"{what:<46} {figure}" + (f"   (limit {limit})" if limit else ""), flush=True)


MEASURES = {
    "ordinary": measure_ordinary,
    "attachment": measure_attachment,
    "hostile": measure_hostile,
    "memory": measure_memory,
}


def main() -> None:
    """Measure what was asked for, or everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    chosen = parser.parse_args().measures or list(MEASURES)
    html_to_text("<p>warm</p>")
    for name in chosen:
        MEASURES[name]()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
