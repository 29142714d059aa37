"""Titles, texts, tags, defaults and attachments: mails in, rows out."""

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from desk import NOON, delivery, mail, results
from inbound.config import Settings
from situations import FULL, Situation


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


ANN = "Ann <ann@acme.example>"


def parts(*attached: tuple[str, bytes, str], body: str = "See file.", subject: str = "File") -> bytes:
    """A mail with files: name, content, further fields of the part."""
    head, _, _ = mail(author=ANN, subject=subject).partition(b"\r\n\r\n")
    text = head.decode() + '\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    text += f"--b\r\nContent-Type: text/plain\r\n\r\n{body}\r\n"
    for name, content, fields in attached:
        kind = "image/png" if name.endswith(".png") else "application/octet-stream"
        text += f'--b\r\nContent-Type: {kind}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n{fields}\r\n'
        text += base64.b64encode(content).decode() + "\r\n"
    return (text + "--b--\r\n").encode()


def test_a_ticket_with_the_mailbox_defaults(desk: Situation) -> None:
    """VIP: priority, due date, tags of mailbox and category."""
    made = desk.made(desk.send(mail(author=ANN), "vip"))
    assert (made["priority"], made["category"], made["due_at"]) == ("Critical", "Standard", NOON + timedelta(hours=8))
    assert _tags(desk) == ["Fixed", "Printer", "VPN"]


def _tags(desk: Situation) -> list[str]:
    return sorted(tag for (tag,) in desk.rows("SELECT tag FROM ticket_tags"))


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("Drucker", "kaputt", ["Printer"]),
        ("x", "Der DRUCKER brennt.", ["Printer"]),
        ("x", "Mein Fernzugriff, und (VPN)!", ["VPN"]),
        # not inside of words, next to letters, digits, umlauts
        ("x", "Druckerpapier, VPN2, überVPN, äDrucker", []),
        # not in link targets
        ("x", "see https://vpn.example/VPN/drucker", []),
        # not in what the system added
        ("", "x", []),
        # notes get none
        ("Re: T20260101.0001 Drucker", "VPN", []),
    ],
)
def test_tags(desk: Situation, subject: str, body: str, expected: list[str]) -> None:
    """Labels and aliases as whole words in title and description."""
    utf8 = "Content-Type: text/plain; charset=utf-8\r\n"
    desk.send(mail(author=ANN, subject=subject, body=body, extra=utf8))
    assert _tags(desk) == expected


def test_the_system_s_title_is_not_searched(database: Engine) -> None:
    """What the system puts into a title, like "New Ticket", is nobody's word."""
    tags = {"tags": [{"name": "Ticket"}], "time_zone": "Europe/Berlin", "date_format": "%d.%m.%Y %H:%M"}
    desk = Situation(database, Settings.model_validate(FULL.model_dump() | {"desk": FULL.desk.model_dump() | tags}))
    late = replace(
        delivery(mail(author=ANN, subject=" ", body="x")), received_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    )
    made = desk.made(results(desk.commit(late))[0])
    assert (made["title"], made["number"]) == ("New Ticket - 01.02.2026 00:30", "T20260201.0001")
    assert _tags(desk) == []


def test_long_titles_keep_255_characters(desk: Situation) -> None:
    """Not torn inside of a letter; the message keeps the whole subject."""
    subject = "a" * 254 + "e\u0301 end"
    made = desk.made(desk.send(mail(author=ANN, subject=subject)))
    assert made["title"] in {"a" * 254, "a" * 254 + "é"}
    assert len(made["title"]) <= 255
    assert desk.value("SELECT length(subject) FROM messages") == len(subject)


def test_a_new_ticket_keeps_everything(desk: Situation) -> None:
    """Quote and signature stay in a description; of a note they are cut and kept beside."""
    body = "It burns.\r\n\r\n-- \r\nAnn\r\n\r\nOn Fri, 30 Jan 2026 at 10:00, Tech <tech@desk.example> wrote:\r\n> Hello"
    assert desk.made(desk.send(mail(author=ANN, body=body)))["description"] == body.replace("\r\n", "\n")
    made = desk.made(desk.send(mail(author=ANN, body=body, subject="T20260101.0001")))
    assert made["text"] == "It burns."
    assert "> Hello" in made["quoted_text"]
    assert "Ann" in made["signature"]


@pytest.mark.parametrize(
    ("mailbox", "subject", "line"),
    [
        ("support", "File", "Left out because of its size: big.bin (6.0 MB)"),
        ("german", "File", "Wegen der Größe weggelassen: big.bin (6,0 MB)"),
        ("german", "T20260101.0001", "Wegen der Größe weggelassen: big.bin (6,0 MB)"),
    ],
)
def test_large_attachments_are_named(desk: Situation, mailbox: str, subject: str, line: str) -> None:
    """Over 5 MB: left out, the object is made, and the text ends with a line in the mailbox's language."""
    content = parts(("big.bin", b"x" * 6_000_000, ""), ("small.bin", b"y", ""), subject=subject)
    made = desk.made(desk.send(content, mailbox))
    assert (made.get("text") or made["description"]) == f"See file.\n\n{line}"
    assert desk.rows("SELECT name, is_listed FROM attachments") == [("small.bin", True)]


def test_the_total_has_room_for_later_smaller_ones(desk: Situation) -> None:
    """4 + 4 + 4 MB do not fit into 10; what comes after still does."""
    files = [(f"{n}.bin", bytes([n]) * 4_000_000, "") for n in (1, 2, 3)]
    made = desk.made(desk.send(parts(*files, ("small.bin", b"y" * 100, ""))))
    assert made["description"].endswith("Left out because of its size: 3.bin (4.0 MB)")
    assert sorted(desk.rows("SELECT name FROM attachments")) == [("1.bin",), ("2.bin",), ("small.bin",)]


def test_small_inline_images_are_not_listed(desk: Situation) -> None:
    """A logo stays stored; a large one, or one that is attached, is listed. One blob for the same content."""
    inline = "Content-Disposition: inline\r\nContent-ID: <logo@x>\r\n"
    content = parts(
        ("logo.png", b"a" * 9_999, inline),
        ("photo.png", b"b" * 10_000, inline),
        ("icon.png", b"a" * 9_999, "Content-Disposition: attachment\r\n"),
    )
    desk.send(content)
    found = desk.rows("SELECT name, is_inline, is_listed FROM attachments ORDER BY name")
    assert found == [("icon.png", False, True), ("logo.png", True, False), ("photo.png", True, True)]
    assert desk.rows("SELECT count(*) FROM blobs") == [(3,)]


@pytest.mark.parametrize(
    ("subject", "body", "owner"),
    [
        ("File", "x", "ticket_id"),
        ("T20260101.0001", "x", "note_id"),
        ("T20260101.0009", "x", "note_id"),
        ("T20260101.0009", "#T=1", "time_entry_id"),
    ],
)
def test_whose_attachments(desk: Situation, subject: str, body: str, owner: str) -> None:
    """They hang on what the message made."""
    content = parts(("a.pdf", b"x", ""), subject=subject, body=body).replace(b"ann@acme.example", b"tech@desk.example")
    desk.send(content)
    (row,) = desk.rows("SELECT ticket_id, note_id, time_entry_id FROM attachments")
    made = dict(zip(("ticket_id", "note_id", "time_entry_id"), row, strict=True))
    assert [name for name, id_ in made.items() if id_ is not None] == [owner]


def test_encrypted_mail_says_so(desk: Situation) -> None:
    """A line in the mailbox's language."""
    head, _, _ = mail(author=ANN).partition(b"\r\n\r\n")
    content = head + (
        b'\r\nContent-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n--b\r\n'
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\n"
        b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n"
        b"-----BEGIN PGP MESSAGE-----\r\nx\r\n-----END PGP MESSAGE-----\r\n--b--\r\n"
    )
    assert "The message is encrypted." in desk.made(desk.send(content))["description"]
    changed = content.replace(b"Printer", b"Printer 2")
    assert "Die Nachricht ist verschlüsselt." in desk.made(desk.send(changed, "german"))["description"]


def test_a_primary_resource_is_assigned(database: Engine) -> None:
    """With its role, and not as a secondary one; without an active one nobody is."""
    box = {"name": "support", "address": "support@desk.example"}
    ticket = {"primary_resource": "Tech@Home.example", "role": "Network Engineer"}
    settings = Settings.model_validate(FULL.model_dump() | {"mailboxes": [box | {"ticket": ticket}]})
    desk = Situation(database, settings)
    made = desk.made(desk.send(mail(author=ANN, extra="Cc: tech@desk.example, eve@desk.example\r\n")))
    assert (made["primary_resource_id"], made["role"]) == (desk.tech, "Network Engineer")
    assert desk.rows("SELECT resource_id FROM ticket_resources") == [(desk.eve,)]
    desk.run("UPDATE resources SET active = false WHERE id = :i", i=desk.tech)
    made = desk.made(desk.send(mail(author=ANN)))
    assert (made["primary_resource_id"], made["role"]) == (None, "")


def test_descriptions_are_cut_where_the_desk_says_so(database: Engine) -> None:
    """``max_description_chars``; notes are never."""
    desk_ = FULL.desk.model_dump() | {"max_description_chars": 10}
    desk = Situation(database, Settings.model_validate(FULL.model_dump() | {"desk": desk_}))
    assert desk.made(desk.send(mail(author=ANN, body="x" * 50)))["description"] == "x" * 10
    assert desk.made(desk.send(mail(author=ANN, body="x" * 50, subject="T20260101.0001")))["text"] == "x" * 50
