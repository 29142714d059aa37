"""Who wrote it, for which organization: mails in, rows out (SPEC of sender attribution)."""

import pytest
from sqlalchemy import Engine

from desk import delivery, mail
from situations import Situation


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


@pytest.mark.parametrize(
    ("author", "mailbox", "expected", "reason"),
    [
        # a resource, by any address, whatever the case; its ticket is the desk's
        ("tech@desk.example", "support", "Service Desk/Tech", "new_ticket"),
        ("TECH@HOME.example", "support", "Service Desk/Tech", "new_ticket"),
        # an inactive one is nobody
        ("otto@desk.example", "support", "Service Desk", "new_ticket"),
        # a contact by address 1, 2, 3
        ("Ann@Acme.example", "support", "Acme/Ann", "new_ticket"),
        ("ann@second.example", "support", "Acme/Ann", "new_ticket"),
        ("ann@third.example", "support", "Acme/Ann", "new_ticket"),
        # a co-managing user counts as a contact, without being one
        ("lena@acme.example", "support", "Acme/Lena", "new_ticket"),
        # the positions are tried in turn: Both has the address first, Ben second
        ("shared@both.example", "support", "Acme/Both", "new_ticket"),
        # an inactive contact of a known domain: its organization alone
        ("left@acme.example", "support", "Acme", "new_ticket"),
        ("left@acme.example", "learning", "Acme", "new_ticket"),
        # contacts of leads and inactive organizations, and their domains, count as no match
        ("gus@gone.example", "support", "Service Desk", "new_ticket"),
        ("lea@lead.example", "support", "Service Desk", "new_ticket"),
        ("who@lead.example", "support", "Service Desk", "new_ticket"),
        # a device
        ("nas@acme.example", "support", "Acme/NAS", "new_ticket"),
        # an unknown address of a known domain, and below it
        ("who@acme.example", "support", "Acme", "new_ticket"),
        ("who@mail.acme.example", "support", "Acme", "new_ticket"),
        # the fallback of the mailbox, else the desk itself
        ("who@gmail.com", "support", "Service Desk", "new_ticket"),
        ("who@unknown.example", "german", "Beta", "new_ticket"),
    ],
)
def test_whose_ticket_it_is(desk: Situation, author: str, mailbox: str, expected: str, reason: str) -> None:
    """First hit wins: resource, contact, device, domain, fallback."""
    result = desk.send(mail(author=author), mailbox)
    assert (result.outcome, result.reason) == ("ticket_created", reason)
    assert desk.person(desk.made(result)) == expected


def test_a_contact_of_two_organizations_belongs_to_the_one_that_owns_the_domain(desk: Situation) -> None:
    """Both has both@acme.example second, and Ben third: the position decides before the domain."""
    desk.run("UPDATE contact_addresses SET position = 3 WHERE address = 'both@acme.example' AND position = 2")
    assert desk.person(desk.made(desk.send(mail(author="both@acme.example")))) == "Acme/Both"


@pytest.mark.parametrize(
    ("mailbox", "owner", "line"),
    [
        ("support", "Service Desk", "The sender's address belongs to several contacts: Ben (Beta), Both (Acme)."),
        ("german", "Beta", "Die Absenderadresse gehört zu mehreren Kontakten: Ben (Beta), Both (Acme)."),
    ],
)
def test_an_ambiguous_contact_is_the_fallbacks(desk: Situation, mailbox: str, owner: str, line: str) -> None:
    """The text names those it could be, in the mailbox's language."""
    desk.run("UPDATE contact_addresses SET position = 3 WHERE address = 'shared@both.example' AND position = 1")
    desk.run("DELETE FROM contact_addresses WHERE address = 'both@acme.example'")
    desk.run("UPDATE contact_addresses SET position = 3 WHERE address = 'shared@both.example'")
    result = desk.send(mail(author="shared@both.example"), mailbox)
    made = desk.made(result)
    assert (result.reason, desk.person(made)) == ("contact_ambiguous", owner)
    assert made["description"] == f"It burns.\n\n{line}"


def test_sharp_s_is_not_ss(desk: Situation) -> None:
    """Addresses compare as PostgreSQL's lower() makes them."""
    desk.add_contact(desk.acme, "Weiß", "weiß@elsewhere.example")
    desk.add_contact(desk.beta, "Weiss", "weiss@elsewhere.example")
    assert desk.person(desk.made(desk.send(mail(author="weiß@elsewhere.example")))) == "Acme/Weiß"
    assert desk.person(desk.made(desk.send(mail(author="weiss@elsewhere.example")))) == "Beta/Weiss"


# From is the mailbox itself, or its public address
OWN = "Support <support@desk.example>"
BLOCK = (
    "\r\nVon: Ann <ann@acme.example>\r\nGesendet: Freitag, 30. Januar 2026 10:00\r\n"
    "An: Support <support@desk.example>\r\nBetreff: Drucker\r\n\r\nEs brennt."
)


@pytest.mark.parametrize(
    ("extra", "body", "expected", "reason"),
    [
        # in this order: X-Original-From, X-Original-Sender, Reply-To
        ("X-Original-From: Ann <ann@acme.example>\r\nReply-To: ben@beta.example\r\n", "x", "Acme/Ann", "new_ticket"),
        ("X-Original-Sender: ann@acme.example\r\nReply-To: ben@beta.example\r\n", "x", "Acme/Ann", "new_ticket"),
        ("Reply-To: support@desk.example, ben@beta.example\r\n", "x", "Beta/Ben", "new_ticket"),
        # then one forwarded header block: forward instead of redirect
        ("", BLOCK, "Acme/Ann", "forwarded_not_redirected"),
        # nobody
        ("", "x", "Service Desk", "originator_is_mailbox"),
        ("", BLOCK + "\r\n\r\n" + BLOCK, "Service Desk", "originator_is_mailbox"),
        # a resource that was recovered acts as none; its ticket says so
        ("Reply-To: tech@desk.example\r\n", "x", "Service Desk/Tech", "sender_not_authenticated"),
    ],
)
def test_from_is_the_mailbox_itself(desk: Situation, extra: str, body: str, expected: str, reason: str) -> None:
    """Others say who wrote it."""
    result = desk.send(mail(author=OWN, extra=extra, body=body))
    assert result.reason == reason
    assert desk.person(desk.made(result)) == expected


def test_web_forms_are_read_in_reply_to(desk: Situation) -> None:
    """``originator = "reply_to"``; without one it is From."""
    form = "Web <www@unknown.example>"
    made = desk.made(desk.send(mail(author=form, extra="Reply-To: Ann <ann@acme.example>\r\n"), "forms"))
    assert desk.person(made) == "Acme/Ann"
    assert (made["originator_name"], made["originator_address"]) == ("Ann", "ann@acme.example")
    assert desk.person(desk.made(desk.send(mail(author=form), "forms"))) == "Service Desk"


FORWARD = (
    "Please look.\r\n\r\n-----Original Message-----\r\nFrom: Ann <ann@acme.example>\r\n"
    "Sent: Friday, January 30, 2026 10:00\r\nTo: Tech <tech@desk.example>\r\nSubject: Printer\r\n\r\nIt burns."
)


@pytest.mark.parametrize(
    ("author", "subject", "mailbox", "trusted", "expected", "reason"),
    [
        ("tech@desk.example", "FW: Printer", "support", True, "Acme/Ann", "new_ticket"),
        ("tech@desk.example", "WG: Drucker", "german", True, "Acme/Ann", "new_ticket"),
        # nothing proves the resource
        ("tech@desk.example", "FW: Printer", "support", False, "Service Desk/Tech", "sender_not_authenticated"),
        # the mailbox wants it to be the resource's
        ("tech@desk.example", "FW: Printer", "forms", True, "Service Desk/Tech", "new_ticket"),
        # no forward by its subject
        ("tech@desk.example", "Printer", "support", True, "Service Desk/Tech", "new_ticket"),
        # not by a resource
        ("ben@beta.example", "FW: Printer", "support", True, "Beta/Ben", "new_ticket"),
    ],
)
def test_a_resource_forwards(
    desk: Situation,
    author: str,
    subject: str,
    mailbox: str,
    trusted: bool,  # noqa: FBT001 - a column of the table
    expected: str,
    reason: str,
) -> None:
    """Ticket in the author's name, the comment above as an internal note and not in the customer's text."""
    result = desk.send(mail(author=author, subject=subject, body=FORWARD), mailbox, trusted=trusted)
    made = desk.made(result)
    assert (desk.person(made), result.reason) == (expected, reason)
    notes = desk.rows("SELECT text, publish, resource_id, contact_id FROM notes WHERE ticket_id = :i", i=made["id"])
    if expected == "Acme/Ann":
        assert notes == [("Please look.", "internal", desk.tech, None)]
        assert "Please look." not in made["description"]
        assert made["description"].endswith("It burns.")
        assert made["originator_address"] == "ann@acme.example"
    else:
        assert notes == []
        assert made["description"].startswith("Please look.")


def test_a_number_attaches_before_a_forward(desk: Situation) -> None:
    """The author is the resource, and the block stays text."""
    result = desk.send(mail(author="tech@desk.example", subject="FW: T20260101.0001 Printer", body=FORWARD))
    made = desk.made(result)
    assert (result.outcome, result.number, desk.person(made)) == ("ticket_note_added", "T20260101.0001", "Tech")
    assert "Please look." in made["text"]


@pytest.mark.parametrize(
    ("author", "mailbox", "name", "is_added"),
    [
        ("New Person <new@acme.example>", "learning", "New Person", True),
        ("new@mail.acme.example", "learning", "new", True),
        # not where the mailbox does not say so, not without an organization, not for whoever left, not for machines
        ("new@acme.example", "support", "new", False),
        ("new@gmail.com", "learning", "new", False),
        ("left@acme.example", "learning", "left", False),
        ("MAILER-DAEMON@acme.example", "learning", "MAILER-DAEMON", False),
    ],
)
def test_unknown_contacts_are_added(desk: Situation, author: str, mailbox: str, name: str, is_added: bool) -> None:  # noqa: FBT001 - a column of the table
    """``add_unknown_contacts``: a contact in the domain's organization, whose ticket it is."""
    made = desk.made(desk.send(mail(author=author), mailbox))
    found = desk.rows("SELECT id, organization_id FROM contacts WHERE name = :n", n=name)
    assert found == ([(made["contact_id"], desk.acme)] if is_added else [])


def test_two_mails_of_one_unknown_author_make_one_contact(desk: Situation) -> None:
    """In one batch too, and whoever names the new contact in it finds it."""
    contents = (
        mail(author="new@acme.example"),
        mail(author="NEW@acme.example"),
        mail(author="bob@acme.example", extra="Cc: new@acme.example\r\n"),
        mail(author="new@acme.example", subject="Re: T20260101.0001"),
    )
    desk.commit(*(delivery(content, "learning") for content in contents))
    (new,) = desk.rows("SELECT id FROM contacts WHERE name = 'new'")
    assert desk.rows("SELECT count(*) FROM tickets WHERE contact_id = :i", i=new[0]) == [(2,)]
    assert desk.rows("SELECT contact_id FROM ticket_contacts") == [new]
    assert desk.rows("SELECT contact_id FROM notes") == [new]


@pytest.mark.parametrize(
    ("author", "extra", "contacts", "resources"),
    [
        # contacts of the same organization and resources, in To and Cc
        ("ann@acme.example", "Cc: bob@acme.example, tech@desk.example\r\n", ["Bob"], ["Tech"]),
        # not of another one, not inactive ones, not co-managing users, not the author's own, not mailboxes
        ("ann@acme.example", "Cc: ben@beta.example, sue@south.example, left@acme.example\r\n", [], []),
        ("ann@acme.example", "Cc: lena@acme.example, otto@desk.example, ann@third.example\r\n", [], []),
        ("ann@acme.example", "Cc: vip@desk.example, support+x@desk.example\r\n", [], []),
        # the author is no companion
        ("tech@desk.example", "Cc: tech@home.example, eve@desk.example\r\n", [], ["Eve"]),
        # nobody known, but of the domain
        ("who@acme.example", "Cc: bob@acme.example\r\n", ["Bob"], []),
    ],
)
def test_whom_a_new_ticket_brings_along(
    desk: Situation, author: str, extra: str, contacts: list[str], resources: list[str]
) -> None:
    """Additional contacts and secondary resources."""
    desk.send(mail(author=author, extra=extra))
    found = desk.rows("SELECT c.name FROM ticket_contacts JOIN contacts c ON c.id = contact_id ORDER BY 1")
    assert [name for (name,) in found] == contacts
    found = desk.rows("SELECT r.name FROM ticket_resources JOIN resources r ON r.id = resource_id ORDER BY 1")
    assert [name for (name,) in found] == resources


def test_whose_object_it_is_joins_no_second_time(desk: Situation) -> None:
    """The ticket's own contact and primary resource are no companions; tasks and projects get resources."""
    desk.run("UPDATE tickets SET primary_resource_id = :t WHERE number = 'T20260101.0001'", t=desk.tech)
    cc = "Cc: ann@acme.example, tech@desk.example, eve@desk.example\r\n"
    for number in ("T20260101.0001", "T20260101.0009", "P20260101.0001"):
        desk.send(mail(author="bob@acme.example", subject=f"Re: {number}", extra=cc))
    assert desk.rows("SELECT contact_id FROM ticket_contacts") == []
    assert desk.rows("SELECT resource_id FROM ticket_resources") == [(desk.eve,)]
    assert sorted(desk.rows("SELECT resource_id FROM task_resources")) == sorted([(desk.tech,), (desk.eve,)])
    assert sorted(desk.rows("SELECT resource_id FROM project_resources")) == sorted([(desk.tech,), (desk.eve,)])
