"""`inbound parse`, as a shell runs it: no configuration, no database."""

import json
import subprocess
import sys
from pathlib import Path

GERMAN = (
    "From: Petra Müller <petra@example.de>\nTo: support@desk.example\nSubject: Drucker läuft nicht\n"
    "Date: Mon, 12 Jan 2026 09:15:00 +0100\nContent-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/html\n\n<p>Guten Tag</p><script>x</script>\n"
    "--b\nContent-Type: text/plain; name=log.txt\nContent-Disposition: attachment\n\nE42\n--b--\n"
).encode()


BOUNCE = b"From: MAILER-DAEMON@example.org\nSubject: failure notice\n\n<jane@example.org>:\n550 5.1.1 unknown\n"
INVITATION = (
    b"From: a@example.com\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
    b"SUMMARY:Termin\nDTSTART:20260131T080000Z\nEND:VEVENT\nEND:VCALENDAR\n"
)


def parse(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "inbound", "parse", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)


def test_parse_shows_what_is_understood(tmp_path: Path) -> None:
    """From a file or standard input, for a person or a program; control characters do not reach the terminal."""
    file = tmp_path / "mail.eml"
    file.write_bytes(GERMAN)
    text = parse(str(file)).stdout.decode()
    assert "From        Petra Müller <petra@example.de>\n" in text
    assert "Attachment  log.txt (text/plain, 3 octets)\n" in text
    assert text.endswith("\n\nGuten Tag\n")
    understood = json.loads(parse("-", "--json", stdin=GERMAN).stdout)
    assert understood["subject"] == "Drucker läuft nicht"
    assert understood["date"] == "2026-01-12T08:15:00+00:00"
    assert understood["text"] == "Guten Tag"
    assert understood["display_html"] == "<p>Guten Tag</p>"
    assert [(one["name"], one["size_bytes"]) for one in understood["attachments"]] == [("log.txt", 3)]
    assert b"\x1b" not in parse("-", stdin=b"Subject: \x1b[1ma\n\n\x1b[2mb").stdout
    assert b"no-such-file" in parse("no-such-file").stderr


def test_parse_shows_what_a_message_is() -> None:
    """A bounce and an invitation are shown as such, for a person and for a program."""
    assert b"Report      failed 5.1.1 jane@example.org\n" in parse("-", stdin=BOUNCE).stdout
    report = json.loads(parse("-", "--json", stdin=BOUNCE).stdout)["report"]
    assert (report["kind"], report["recipients"][0]["status"]) == ("delivery", "5.1.1")
    assert b"Calendar    request Termin\n" in parse("-", stdin=INVITATION).stdout
    event = json.loads(parse("-", "--json", stdin=INVITATION).stdout)["calendar"]
    assert (event["summary"], event["starts_at"]) == ("Termin", "2026-01-31T08:00:00+00:00")


REPLY = (
    "From: a@example.de\nSubject: WG: Drucker\n\nBitte ansehen.\n\n-----Ursprüngliche Nachricht-----\n"
    "Von: Petra Müller <petra@example.de>\nGesendet: Montag, 12. Januar 2026 09:15\nAn: Support <s@desk.example>\n"
    "Betreff: Drucker\n\nEr läuft nicht.\n"
).encode()


def test_parse_shows_who_wrote_what() -> None:
    """New text and quoted text apart, and the mail that was forwarded with its author."""
    understood = json.loads(parse("-", "--json", stdin=REPLY).stdout)
    assert understood["reply"]["new_text"] == "Bitte ansehen."
    assert understood["forward"]["author"] == {"name": "Petra Müller", "address": "petra@example.de"}
    assert understood["forward"]["body"] == "Er läuft nicht."
    text = parse("-", stdin=REPLY).stdout.decode()
    assert "Forwards    Petra Müller <petra@example.de>: Drucker\n" in text
    assert "\n\nBitte ansehen.\n--- quoted\n" in text
