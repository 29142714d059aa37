"""What monitoring tools write to the alerts mailbox: mails in, rows out."""

from xml.sax.saxutils import escape

import pytest
from sqlalchemy import Engine

from desk import delivery, mail
from situations import KEY, Situation


@pytest.fixture
def desk(database: Engine) -> Situation:
    found = Situation(database)
    found.add_device(found.acme, "SRV1", external_id="D-1")
    found.add_device(found.beta, "SRV2", external_id="D-2")
    found.run(
        "INSERT INTO organization_external_ids VALUES (:a, 'rmm', 'C-1'), (:b, '', 'C-2')", a=found.acme, b=found.beta
    )
    return found


def token(elements: str, key: str = KEY) -> str:
    """A token as tools write it."""
    return f'<Autotask><ID name="x"/><PW name="{escape(key)}"/>{elements}</Autotask>'


def alert(
    elements: str, *, body: str = "Disk is full.", key: str = KEY, subject: str = "Alert", author: str = ""
) -> bytes:
    """A mail of a monitoring tool."""
    author = author or "rmm@tools.example"
    return mail(author=author, subject=subject, body=f"{body}\r\n\r\n{token(elements, key)}\r\n-- \r\nSent by RMM")


@pytest.mark.parametrize(
    ("elements", "owner", "lines"),
    [
        # nothing named: the local organization
        ("", "Service Desk", []),
        # Customer: the exact name, trimmed
        ('<Customer name="Acme"/>', "Acme", []),
        ('<Customer name="  Acme "/>', "Acme", []),
        ('<Customer name="acme"/>', "Service Desk", ["Der Kunde „acme“ wurde nicht gefunden."]),
        ('<Customer name="Lead"/>', "Service Desk", ["Der Kunde „Lead“ wurde nicht gefunden."]),
        ('<Customer name="Gone"/>', "Service Desk", ["Der Kunde „Gone“ wurde nicht gefunden."]),
        # Email: address 1, 2, 3
        ('<Email name="ANN@second.example"/>', "Acme/Ann", []),
        (
            '<Email name="who@gmail.com"/>',
            "Service Desk",
            ["Die E-Mail-Adresse „who@gmail.com“ gehört zu keinem Kontakt."],
        ),
        # both: the organization, then the contact inside it
        ('<Customer name="Acme"/><Email name="bob@acme.example"/>', "Acme/Bob", []),
        (
            '<Customer name="Acme"/><Email name="ben@beta.example"/>',
            "Acme",
            ["Die E-Mail-Adresse „ben@beta.example“ gehört zu keinem Kontakt."],
        ),
        (
            '<Customer name="Nobody"/><Email name="bob@acme.example"/>',
            "Service Desk",
            ["Der Kunde „Nobody“ wurde nicht gefunden."],
        ),
        # CustomerID beats Customer; a source in the directory must fit, without one any does
        ('<CustomerID source="rmm" name="C-1"/><Customer name="Beta"/>', "Acme", []),
        ('<CustomerID source="" name="C-1"/>', "Acme", []),
        ('<CustomerID source="rmm" name="C-2"/>', "Beta", []),
        (
            '<CustomerID source="crm" name="C-1"/><Customer name="Acme"/>',
            "Service Desk",
            ["Die Kundennummer „C-1“ wurde nicht gefunden."],
        ),
        # DeviceID: alone it says whose alert it is; of another organization it is no match
        ('<DeviceID source="rmm" name="D-1"/>', "Acme/SRV1", []),
        ('<Customer name="Acme"/><DeviceID source="rmm" name="D-1"/>', "Acme/SRV1", []),
        (
            '<Customer name="Acme"/><DeviceID source="rmm" name="D-2"/>',
            "Acme",
            ["Die Gerätenummer „D-2“ wurde nicht gefunden."],
        ),
        # Contact: found by name inside the organization, whatever the case
        ('<Customer name="Acme"/><Contact name="ann"/>', "Acme/Ann", []),
        ('<Contact name="Ann"/>', "Service Desk", ["Der Kontakt „Ann“ wurde nicht gefunden."]),
        # SubIssue
        ('<Customer name="Acme"/><SubIssue name="nonsense"/>', "Acme", ["Den Unterpunkt „nonsense“ gibt es nicht."]),
        # a number that does not exist
        (
            '<Customer name="Acme"/><TicketNumber>T20269999.0001</TicketNumber>',
            "Acme",
            ["Das Ticket „T20269999.0001“ gibt es nicht."],
        ),
        # a task is no ticket
        (
            '<Customer name="Acme"/><TicketNumber>T20260101.0009</TicketNumber>',
            "Acme",
            ["Das Ticket „T20260101.0009“ gibt es nicht."],
        ),
    ],
)
def test_whose_alert_it_is(desk: Situation, elements: str, owner: str, lines: list[str]) -> None:
    """The description is the body above the token; what did not match is said below it."""
    result = desk.send(alert(elements), "alerts")
    assert (result.outcome, result.reason) == ("ticket_created", "new_ticket")
    made = desk.made(result)
    assert desk.person(made) == owner
    assert made["description"] == "\n\n".join(["Disk is full.", *(["\n".join(lines)] if lines else [])])
    assert (made["source"], made["category"], made["description_html"]) == ("Monitoring Alert", "Monitoring", None)


def test_several_organizations_of_one_name_are_none(desk: Situation) -> None:
    """As without a match."""
    desk.add_organization("Acme")
    assert desk.person(desk.made(desk.send(alert('<Customer name="Acme"/>'), "alerts"))) == "Service Desk"


def test_a_contact_is_created_once(desk: Situation) -> None:
    """With the address of the alert; the next alert finds it by its name, umlauts and all."""
    elements = '<Customer name="Acme"/><Contact name="Jörg  Weiß"/><Email name="joerg@acme.example"/>'
    made = [desk.made(desk.send(alert(elements), "alerts")) for _ in range(2)]
    found = desk.rows("SELECT id, organization_id FROM contacts WHERE name = 'Jörg Weiß'")
    assert found == [(made[0]["contact_id"], desk.acme)]
    assert made[1]["contact_id"] == made[0]["contact_id"]
    assert desk.rows("SELECT position, address FROM contact_addresses WHERE contact_id = :i", i=found[0][0]) == [
        (1, "joerg@acme.example")
    ]
    desk.commit(*(delivery(alert('<Customer name="Acme"/><Contact name="Li Na"/>'), "alerts") for _ in range(3)))
    assert desk.rows("SELECT count(*) FROM contacts WHERE name = 'Li Na'") == [(1,)]
    assert desk.send(alert('<Contact name="No Where"/>'), "alerts").outcome == "ticket_created"
    assert desk.rows("SELECT count(*) FROM contacts WHERE name = 'No Where'") == [(0,)]


@pytest.mark.parametrize("number", ["T20260101.0001", "t20260101.0001", "T20260101.0006"])
def test_a_ticket_number_makes_a_note(desk: Situation, number: str) -> None:
    """On that ticket or where it was merged to, whatever organization the alert names."""
    elements = f'<Customer name="Beta"/><TicketNumber>{number}</TicketNumber>'
    result = desk.send(alert(elements), "alerts")
    assert (result.outcome, result.number) == ("ticket_note_added", "T20260101.0001")
    assert desk.made(result)["text"] == "Disk is full."


def test_a_ticket_number_never_reopens(desk: Situation) -> None:
    """A note on a complete ticket, however old."""
    for number in ("T20260101.0002", "T20260101.0003"):
        result = desk.send(alert(f"<TicketNumber>{number}</TicketNumber>"), "alerts")
        assert (result.outcome, result.number) == ("ticket_note_added", number)
        assert desk.ticket(number)["status"] == "Complete"


def test_ids_and_sub_issue_are_kept(desk: Situation) -> None:
    """AlertID and TicketID with their sources; the sub-issue brings its issue type."""
    elements = (
        '<AlertID source="rmm" name="A-1"/><TicketID source="crm" name="X-9"/><SubIssue name="vpn"/>'
        '<Customer name="Acme"/>'
    )
    made = desk.made(desk.send(alert(elements), "alerts"))
    assert (made["alert_source"], made["alert_id"]) == ("rmm", "A-1")
    assert (made["external_ticket_source"], made["external_ticket_id"]) == ("crm", "X-9")
    assert (made["issue_type"], made["sub_issue_type"]) == ("Network", "VPN")
    assert desk.made(desk.send(alert('<SubIssue name="Backup"/>'), "alerts"))["issue_type"] == "Server"


@pytest.mark.parametrize(
    "body",
    [
        "No token at all.",
        token('<Customer name="Acme"/>', "wrong-key-of-somebody"),
        token('<Customer name="Acme"/>', KEY[:-1]),
        token('<Customer name="Acme"/>', ""),
        '<Autotask><Customer name="Acme"/></Autotask>',
        f'<Autotask><PW name="{KEY}"/><Customer name="Acme"',
        f'<Autotask><PW name="{KEY}"/><Customer></Autotask>',
        f'<!DOCTYPE x [<!ENTITY e "y">]>{token("")}',
        # the last token counts
        token("") + "\r\n" + token("", "wrong-key-of-somebody"),
    ],
)
def test_a_wrong_key_is_quarantined(desk: Situation, body: str) -> None:
    """Wrong, missing, unreadable, with a document type; and no key is in any row but the original."""
    result = desk.send(mail(author="rmm@tools.example", body=f"x\r\n{body}"), "alerts")
    assert (result.outcome, result.reason) == ("quarantined", "alert_key_wrong")
    assert desk.rows("SELECT count(*) FROM tickets WHERE created_at = '2026-01-31 12:00+00'") == [(0,)]
    (row,) = desk.rows("SELECT m::text FROM messages AS m")
    assert KEY[:-1] not in row[0]
    assert "wrong-key" not in row[0]


def test_keys_are_masked_everywhere(desk: Situation) -> None:
    """In description, title, subject, names and trace, as it is and as XML writes it."""
    second = "second & <key> of tools"
    content = alert(
        f'<Customer name="Cust {KEY}"/><AlertID source="s" name="a"/>',
        key=second,
        body=f"Tool says {KEY} and {second} and {escape(second)}",
        subject=f"Alert {KEY}",
    )
    result = desk.send(content, "alerts")
    made = desk.made(result)
    assert (made["title"], result.outcome) == ("Alert ***", "ticket_created")
    assert made["description"].startswith("Tool says *** and *** and ***\n\n")
    for table in ("messages", "tickets", "notes", "contacts", "attachments", "ticket_tags"):
        for (row,) in desk.rows(f"SELECT t::text FROM {table} AS t"):  # noqa: S608 - names of our own tables
            assert KEY not in row, table
            assert second not in row, table
            assert escape(second) not in row, table


def test_the_last_of_several_tokens_counts(desk: Situation) -> None:
    """An alert may quote another; what stands above the last is the description."""
    body = f"Old:\r\n{token('', 'old-key-of-the-tool')}\r\nNew:"
    made = desk.made(desk.send(alert('<Customer name="Beta"/>', body=body), "alerts"))
    assert desk.person(made) == "Beta"
    assert "old-key" not in made["description"]
    assert made["description"].endswith("New:")


def test_one_element_per_line(desk: Situation) -> None:
    """With the XML entities, and text between."""
    desk.add_organization("Smith & Sons <Ltd>")
    body = (
        f'Full.\r\n\r\n<Autotask>\r\n<ID name=""/>\r\n<PW name="{KEY}"/>\r\n'
        '<Customer name="Smith &amp; Sons &lt;Ltd&gt;"/>\r\n<Email name=""/>\r\n</Autotask>\r\nFooter\r\n'
    )
    made = desk.made(desk.send(mail(author="rmm@tools.example", body=body), "alerts"))
    assert (desk.person(made), made["description"]) == ("Smith & Sons <Ltd>", "Full.")


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("Sensitivity: Private\r\n", "private"),
        ("Auto-Submitted: auto-replied\r\n", "automatic_reply"),
        ("", "alert_key_wrong"),
    ],
)
def test_what_comes_before_the_key(desk: Situation, extra: str, reason: str) -> None:
    """Private mail and automatic replies are no alerts."""
    assert desk.send(mail(author="ann@acme.example", extra=extra), "alerts").reason == reason
    assert desk.send(mail(author="ann@acme.example", extra=extra + "X-Spam-Flag: YES\r\n"), "alerts").reason == reason


def test_generated_alerts_are_alerts(desk: Situation) -> None:
    """What says that a program made it is what the mailbox is for."""
    head, _, body = alert('<Customer name="Acme"/>').partition(b"\r\n\r\n")
    content = head + b"\r\nAuto-Submitted: auto-generated\r\nPrecedence: bulk\r\n\r\n" + body
    assert desk.send(content, "alerts").outcome == "ticket_created"
