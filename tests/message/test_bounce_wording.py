"""What mail servers of many makes write: who was not reached, why, and whether it is final."""

import pytest

from inbound.message.parse import parse
from inbound.model.kinds import Action, DeliveryReport, ReportedRecipient
from steps import count_calls

COPY = "\n----- Original message follows -----\n\nMessage-ID: <ticket-42@desk.example.net>\nTo: jane@example.org\n"


def read(text: str, *, subject: str, author: str = "MAILER-DAEMON@mx.example.org", fields: str = "") -> object:
    content = (
        f"From: {author}\nTo: support@example.net\nSubject: {subject}\n{fields}"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}"
    )
    return parse(content.encode()).report


def recipients(text: str, *, subject: str = "failure notice", fields: str = "") -> tuple[ReportedRecipient, ...]:
    found = read(text, subject=subject, fields=fields)
    assert isinstance(found, DeliveryReport)
    return found.recipients


def report(groups: str, text: str = "", fields: str = "") -> tuple[ReportedRecipient, ...]:
    """A report in the standard form, with a text for people."""
    content = (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\nSubject: Returned mail\n{fields}"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="r"\n\n'
        f"--r\n\n{text}\n--r\nContent-Type: message/delivery-status\n\n{groups}\n--r--\n"
    )
    found = parse(content.encode()).report
    assert isinstance(found, DeliveryReport)
    return found.recipients


@pytest.mark.parametrize(
    ("said", "status"),
    [
        # nobody there
        ("jane@example.org is not a known user", "5.1.1"),
        ("550 user is terminated", "5.1.1"),
        ("550 not a valid mailbox", "5.1.1"),
        ("Subscriber not found", "5.1.1"),
        ("Dieses Postfach existiert nicht", "5.1.1"),
        ("Benutzer ist nicht im Domino-Verzeichnis aufgeführt", "5.1.1"),
        ("Utilisateur inconnu", "5.1.1"),
        ("Usuario desconocido", "5.1.1"),
        # full
        ("mailbox /var/mail/jane is full", "5.2.2"),
        ("552 mailbox has exceeded the limit", "5.2.2"),
        ("the mailbox is over its limit", "5.2.2"),
        ("user jane has too many messages on the server", "5.2.2"),
        ("Requested mail action aborted: exceeded storage allocation", "5.2.2"),
        ("Das Postfach des Empfängers ist voll", "5.2.2"),
        # no such domain, also where an address follows
        ("No such domain\n    jane@example.org", "5.1.2"),
        ("all relevant MX records point to non-existent hosts", "5.1.2"),
        ("can not resolve MX for example.org", "5.1.2"),
        ("No MX or A records for example.org", "5.1.2"),
        # a server's name in front of what it said is no domain that is unknown
        ("host mx.example.org said: unknown user", "5.1.1"),
        # not reached in time, not reached, loops; wording folded over two lines
        ("delivery expired (message too old)", "5.4.7"),
        ("Delivery failed 20 attempts", "5.4.7"),
        ("connect to mx.example.org: Connection timed\n    out", "5.4.1"),
        ("Network error on destination MXs", "5.4.1"),
        ("Loop detected", "5.4.6"),
        # refused, closed
        ("554 virus found", "5.7.1"),
        ("553 that domain isn't in my list of allowed rcpthosts", "5.7.1"),
        ("Account has been locked", "5.2.1"),
        # the servers' own word for it
        ("The account is temporarily limited", "4.0.0"),
        ("This is not a temporary problem: account disabled", "5.2.1"),
    ],
)
def test_status_by_wording(said: str, status: str) -> None:
    """Without a code the wording tells what is wrong, and whether it was wrong for now."""
    assert [one.status for one in recipients(f"Not delivered:\n\n<jane@example.org>:\n{said}\n")] == [status]


@pytest.mark.parametrize(
    ("field", "diagnostic", "status"),
    [
        # a status that says nothing: the other server's code, of whatever class
        ("5.0.0", "452 4.2.2 over quota", "4.2.2"),
        ("4.0.0", "550 5.1.1 unknown", "5.1.1"),
        # the class of its reply code, and its words
        ("5.0.0", "450 mailbox is full", "4.2.2"),
        ("5.0.0", "550 mailbox is full", "5.0.0"),
        # a status that says something stays of its class
        ("4.4.7", "550 5.7.1 no", "4.4.7"),
        # none at all
        ("", "552 mailbox is full", "5.2.2"),
    ],
)
def test_a_vague_status_is_made_exact(field: str, diagnostic: str, status: str) -> None:
    """Many servers write 5.0.0 whatever happened; what the other server said is better."""
    (one,) = report(
        f"Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: {field}\n"
        f"Diagnostic-Code: smtp; {diagnostic}"
    )
    assert one.status == status


def test_a_delay_keeps_its_class() -> None:
    """What is only late has class 4, even if the other server's code is a final one."""
    (one,) = report(
        "Final-Recipient: rfc822; jane@example.org\nAction: delayed\nStatus: 4.0.0\nDiagnostic-Code: smtp; 550 5.1.1 no"
    )
    assert (one.action, one.status) == (Action.DELAYED, "4.0.0")


def test_several_recipients_of_a_report_are_told_apart_by_its_text() -> None:
    """Groups without a status take it from what the text says about their recipients."""
    found = report(
        "Final-Recipient: rfc822; jane@example.org\nAction: failed\n\n"
        "Final-Recipient: rfc822; joe@example.com\nAction: failed",
        "<jane@example.org>: 550 5.1.1 unbekannt\n\n<joe@example.com>: 552 5.2.2 voll\n",
    )
    assert [(one.address, one.status) for one in found] == [("jane@example.org", "5.1.1"), ("joe@example.com", "5.2.2")]


def test_a_reason_given_once_is_everybodys() -> None:
    """Recipients that are only listed share the reason above the list."""
    found = recipients(
        "Could not be delivered because of\n\n550 5.1.1 User unknown\n\n"
        "The following recipients were affected:\n    jane@example.org\n    joe@example.com\n"
    )
    assert [(one.address, one.status) for one in found] == [("jane@example.org", "5.1.1"), ("joe@example.com", "5.1.1")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # listed, with the reason below the last
        (
            "Delivery failed:\n\n  jane@example.org\n  joe@example.com\n\nDNS error: domain name not found\n",
            {"jane@example.org": "5.1.2", "joe@example.com": "5.1.2"},
        ),
        # listed, with each reason in the dialogue below
        (
            (
                "Failed:\n<jane@example.org>\n<joe@example.com>\n\n<<< 550 5.1.1 <jane@example.org> unknown\n"
                "<<< 552 5.2.2 <joe@example.com> full\n"
            ),
            {"jane@example.org": "5.1.1", "joe@example.com": "5.2.2"},
        ),
        # each with its own, numbered
        (
            "Delivery failed for:\n\n1. jane@example.org (550 user unknown)\n2. joe@example.com (552 mailbox full)\n",
            {"jane@example.org": "5.1.1", "joe@example.com": "5.2.2"},
        ),
    ],
)
def test_lists_of_recipients(text: str, expected: dict[str, str]) -> None:
    """Each recipient of a list has its own reason, or all have the one."""
    assert {one.address: one.status for one in recipients(text)} == expected


def test_the_sender_in_front_is_not_the_recipient() -> None:
    """A sentence that names both means the second."""
    found = recipients("I could not deliver mail from support@example.net to jane@example.net: the user is unknown.\n")
    assert [(one.address, one.status) for one in found] == [("jane@example.net", "5.1.1")]


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("Final-Recipient: x400; /C=DE/S=jane/\nX-Display-Name: Jane", "Not delivered to jane@example.org.\n"),
        ("Final-Recipient: rfc822;", "<jane@example.org>: 550 no\n"),
        ("Remote-MTA: dns; mx.example.org", "<jane@example.org>: 550 no\n"),
    ],
)
def test_fields_without_an_address_are_about_the_one_in_the_text(group: str, text: str) -> None:
    """Where the fields name nobody by address, the text does."""
    (one,) = report(f"{group}\nAction: failed\nStatus: 5.1.1", text)
    assert (one.address, one.status) == ("jane@example.org", "5.1.1")


def test_a_quoted_local_part_is_an_address() -> None:
    """Addresses with quotes, as old phones have them, are read whole (RFC 5321 4.1.2)."""
    (one,) = report('Final-Recipient: rfc822; <"jane..doe."@example.org>\nAction: failed\nStatus: 5.1.1')
    assert one.address == '"jane..doe."@example.org'


def test_a_message_id_is_no_recipient() -> None:
    """A report that describes the message by its fields means the recipient below."""
    found = recipients(
        "This relates to a message with the following header fields:\n\n  Message-id: <ticket-42@desk.example.net>\n"
        "  From: Support <support@example.net>\n  To: jane@example.org\n\n"
        "It cannot be delivered to the following recipients:\n\n"
        "  Recipient address: jane@example.org\n  Reason: unknown user\n"
    )
    assert [(one.address, one.status) for one in found] == [("jane@example.org", "5.1.1")]


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (
            "I will keep trying to deliver it for 6 days.\n\n<jane@example.org>:\nconnection refused\n",
            "delayed delivery",
        ),
        (
            "It remains in the queue. Not delivered so far:\n\n<jane@example.org>: 451 4.3.0 later\n",
            "Mail status report",
        ),
        (
            "Message still undelivered after 4 hours\n<jane@example.org>\nWill\nkeep trying until it is 5 days old\n",
            "Warning",
        ),
        ("<jane@example.org>: cannot connect, the message will be tried again later.\n", "Undelivered mail"),
        ("This is an advisory-only email.\nDelivery to <jane@example.org> has been postponed.\n", "Delivery postponed"),
        (
            "Ihre Nachricht konnte bisher nicht zugestellt werden:\n\n  jane@example.org\n\nEs wird weiter versucht.\n",
            "Zustellstatus",
        ),
        ("Die Zustellung verzögert sich:\n\n  jane@example.org\n", "Zustellung verzögert: Drucker"),
    ],
)
def test_what_is_still_tried_is_late(text: str, subject: str) -> None:
    """A promise to try again makes a delay, whatever the mail is called."""
    (one,) = recipients(text, subject=subject)
    assert (one.address, one.action, one.status_class) == ("jane@example.org", Action.DELAYED, "4")


def test_several_may_be_late() -> None:
    """What is said once in front of the list holds for all of it."""
    found = recipients(
        "The addresses to which the message has not yet been delivered are:\n\n  jane@example.org\n  joe@example.com\n",
        subject="Mail delivery",
    )
    assert [one.action for one in found] == [Action.DELAYED, Action.DELAYED]


@pytest.mark.parametrize(
    "text",
    [
        "Your message was delayed for 5 days and was removed from the queue.\n\n<jane@example.org>: timed out\n",
        "Delivery was delayed for 96 hours, then the following address failed:\n\n  jane@example.org\n",
        "We will not retry. Your message to jane@example.org has failed:\n\n452 4.2.2 full\n",
        "Not delivered to <jane@example.org>: 451 delayed, try again later\nGiving up.\n",
        "Unable to deliver to <jane@example.org>\nNo further delivery attempts will be made.\n",
        "Die Zustellung war verzögert und wurde endgültig aufgegeben:\n\n  jane@example.org\n",
    ],
)
def test_what_is_given_up_has_failed(text: str) -> None:
    """A failure that tells of its delays is a failure."""
    (one,) = recipients(text)
    assert (one.address, one.action) == ("jane@example.org", Action.FAILED)


@pytest.mark.parametrize(
    ("subject", "action"),
    [
        ("Delivery Status Notification (Success)", Action.DELIVERED),
        ("Delivery Status Notification (Relay)", Action.DELIVERED),
        ("Successful Mail Delivery Report", Action.DELIVERED),
        ("Unsuccessful delivery report", Action.FAILED),
        ("Delivery Status Notification (Failure)", Action.FAILED),
    ],
)
def test_success_is_called_so(subject: str, action: Action) -> None:
    """A report of success in words alone is no failure."""
    found = read("Your message reached <jane@example.org>.\n", subject=subject)
    assert isinstance(found, DeliveryReport)
    assert [(one.address, one.action) for one in found.recipients] == [("jane@example.org", action)]
    assert found.is_failure is (action is Action.FAILED)


@pytest.mark.parametrize(
    ("author", "subject", "text", "fields"),
    [
        # a program's own name, and a code, or the message that came back
        ("MAILER-DAEMON@mx.example.org", "Hello", "jane@example.org: 550 no\n", ""),
        ("MAILER-DAEMON@mx.example.org", "Hello", f"jane@example.org is malformed\n{COPY}", ""),
        # the field that only such programs write
        ("info@example.org", "Hello", "The group may not exist.\n", "X-Failed-Recipients: jane@example.org\n"),
        # by what it is called, in the languages of Exchange and others
        ("postmaster@example.org", "[BOUNCE]", "<jane@example.org> does not exist\n", ""),
        ("postmaster@example.org", "ÜBERMITTLUNGSFEHLER: jane", "Nicht übermittelt an: jane@example.org\n", ""),
        ("postmaster@example.org", "Recapito non riuscito: ciao", "jane@example.org non esiste\n", ""),
        ("postmaster@example.org", "Kan ikke leveres: hej", "jane@example.org findes ikke\n", ""),
        ("postmaster@example.org", "Sorry, your message could not be delivered", "jane@example.org\n", ""),
        # with the null reverse-path and the message below
        (
            "postmaster@example.org",
            "Hello",
            f"------- Failure Reasons ---\n\njane@example.org\n{COPY}",
            "Return-Path: <>\n",
        ),
    ],
)
def test_signs_of_a_bounce(author: str, subject: str, text: str, fields: str) -> None:
    """A program that writes bounces is known by its name, its fields, or by what it calls them."""
    found = read(text, subject=subject, author=author, fields=fields)
    assert isinstance(found, DeliveryReport)
    assert [one.address for one in found.recipients] == ["jane@example.org"]


@pytest.mark.parametrize(
    ("author", "subject", "text", "fields"),
    [
        # a vacation reply with the null reverse-path names somebody else
        (
            "Jane <jane@example.org>",
            "Weg",
            "Cannot be reached. Use the following address: b@example.org\n",
            "Return-Path: <>\n",
        ),
        (
            "Jane <jane@example.org>",
            "Eingangsbestätigung",
            "Bei Problemen schreiben Sie an folgende Adresse: hilfe@example.org\n",
            "Return-Path: <>\nAuto-Submitted: auto-replied\n",
        ),
        # postmasters' own mail
        (
            "Postmaster <postmaster@example.org>",
            "Mailbox almost full",
            "Your mailbox a@example.org is 95 % full.\n",
            "",
        ),
        ("postmaster@example.org", "Your mailbox", "Further mail will be rejected. It is full.\n", ""),
        ("postmaster@example.org", "Bounce rates of your newsletter?", "Viele Grüße, Petra\n", ""),
    ],
)
def test_machines_write_other_mail_too(author: str, subject: str, text: str, fields: str) -> None:
    """A null reverse-path or a postmaster's name alone make no bounce."""
    assert not isinstance(read(text, subject=subject, author=author, fields=fields), DeliveryReport)


@pytest.mark.parametrize(
    ("sender", "text", "expected"),
    [
        ("support@example.net", "<jane@example.org>: 550 5.1.1 unbekannt", True),
        # without a code it may be a person's mail that answers ours
        ("support@example.net", "Der Drucker kam nicht an, sagt jane@example.org.", False),
        # somebody shows what came back to him
        ("petra@example.com", "<jane@example.org>: 550 5.1.1 unbekannt", False),
    ],
)
def test_a_gateway_of_any_name_sends_back_what_we_sent(sender: str, text: str, expected: bool) -> None:  # noqa: FBT001  # truth table
    """Who returns a message of ours, with a code and a bounce's subject, need not be called a mail system."""
    copy = f"\n----- Original message follows -----\n\nFrom: <{sender}>\nTo: jane@example.org\nSubject: Drucker\n"
    found = read(f"{text}\n{copy}", subject="Undeliverable: Drucker", author="Gateway Nord <gw@example.org>")
    assert isinstance(found, DeliveryReport) is expected


@pytest.mark.parametrize(
    ("field", "diagnostic", "status"),
    [
        # that the time was up says less than what the last attempt met
        ("4.4.7", "554 4.4.7 expired <421 4.4.2 timed out>", "4.4.2"),
        # of a subject without a detail the exact one
        ("5.1.0", "550 5.1.1 unknown", "5.1.1"),
        ("5.1.1", "550 5.1.0 no", "5.1.1"),
        # of two exact ones the other server's
        ("5.1.1", "550 5.7.1 blocked", "5.7.1"),
    ],
)
def test_of_two_codes_the_more_exact_counts(field: str, diagnostic: str, status: str) -> None:
    """Codes differ in how much they say (RFC 3463)."""
    (one,) = report(
        f"Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: {field}\n"
        f"Diagnostic-Code: smtp; {diagnostic}"
    )
    assert one.status == status


@pytest.mark.parametrize(
    "piece",
    [
        "will be retried ",
        "following address ",
        "mailbox ",
        "attempts ",
        '"',
        "user " + "\n" * 20,
        "delay ",
        "boîte a a a ",
    ],
)
def test_wording_costs_no_more_than_its_length(piece: str) -> None:
    """Twice the text costs at most two and a half times the steps."""
    head = "Return-Path: <>\nFrom: postmaster@x.de\nSubject: hi\n\n"
    small, large = ((head + piece * (length // len(piece))).encode() for length in (20_000, 40_000))
    assert count_calls(lambda: parse(large)) <= 2.5 * count_calls(lambda: parse(small))
