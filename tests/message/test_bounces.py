"""Delivery status notifications of every form; and mail that only speaks of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.message.parse import parse
from inbound.model.kinds import Action, DeliveryReport, ReportedRecipient
from steps import count_calls

RETURNED = """\
Received: from desk.example.net by mx.example.org; Mon, 12 Jan 2026 09:15:03 +0100
Message-ID: <ticket-42@desk.example.net>
From: Support <support@example.net>
To: jane@example.org
Subject: [T20260112.0042] Drucker
"""

STANDARD = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: support@example.net
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="r"

--r
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

<jane@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1 User unknown
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 12 Jan 2026 09:15:03 +0100

{groups}
--r
Content-Type: message/rfc822

{returned}
Guten Tag
--r--
"""


def report(groups: str) -> DeliveryReport:
    found = parse(STANDARD.format(groups=groups, returned=RETURNED).encode()).report
    assert isinstance(found, DeliveryReport)
    return found


def bounce(
    text: str,
    *,
    subject: str = "failure notice",
    author: str = "MAILER-DAEMON@mx.example.org",
    fields: str = "",
    recipient: str = "support@example.net",
) -> DeliveryReport | None:
    """A bounce as one text."""
    content = f"From: {author}\nTo: {recipient}\nSubject: {subject}\n{fields}\n{text}"
    found = parse(content.encode()).report
    assert found is None or isinstance(found, DeliveryReport)
    return found


def test_a_standard_report_is_read_whole() -> None:
    """Recipient, action, status, diagnostic, and which message came back (RFC 3464)."""
    found = report(
        "Final-Recipient: rfc822; jane@Example.org\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <jane@example.org>:\n  Benutzer unbekannt"
    )
    assert found == DeliveryReport(
        recipients=(
            ReportedRecipient(
                address="jane@example.org",
                action=Action.FAILED,
                status="5.1.1",
                is_status_stated=True,
                diagnostic="smtp; 550 5.1.1 <jane@example.org>: Benutzer unbekannt",
            ),
        ),
        returned_message_id="ticket-42@desk.example.net",
        returned_subject="[T20260112.0042] Drucker",
    )
    assert found.is_failure
    assert not found.is_delay


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        # the recipient as the sender wrote it is whom the sender knows
        (
            (
                "Original-Recipient: rfc822; jane@example.org\nFinal-Recipient: rfc822; box7@example.org\n"
                "Action: failed\nStatus: 5.2.2"
            ),
            [("jane@example.org", "failed", "5.2.2")],
        ),
        # several recipients, delays beside failures
        (
            (
                "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.1.1\n\n"
                "Final-Recipient: rfc822;b@example.org\nAction: delayed\nStatus: 4.4.1"
            ),
            [("a@example.org", "failed", "5.1.1"), ("b@example.org", "delayed", "4.4.1")],
        ),
        # no empty line between groups, empty lines inside of them, any order of fields
        (
            (
                "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.1.1\n"
                "Final-Recipient: rfc822;b@example.org\nAction: failed\nStatus: 5.2.1"
            ),
            [("a@example.org", "failed", "5.1.1"), ("b@example.org", "failed", "5.2.1")],
        ),
        (
            "Action: failed\n\nFinal-Recipient: rfc822;a@example.org\n\nStatus: 5.1.1",
            [("a@example.org", "failed", "5.1.1")],
        ),
        (
            (
                "Action: failed\nStatus: 5.1.1\nFinal-Recipient: rfc822; a@example.org\n"
                "Original-Recipient: rfc822;a@example.org"
            ),
            [("a@example.org", "failed", "5.1.1")],
        ),
        # no type in front, brackets, comments, an X.400 name beside the address
        (
            "Final-Recipient: <a@example.org>\nAction: failed\nStatus: 5.1.1 (bad)",
            [("a@example.org", "failed", "5.1.1")],
        ),
        (
            (
                "Final-Recipient: X400;/CN=Jane/\nX-Actual-Recipient: rfc822; a@example.org\n"
                "Action: Failed (permanent)\nStatus: 5.0.0"
            ),
            [("a@example.org", "failed", "5.1.1")],
        ),
        # the other server's code says more than the one derived from it
        (
            "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 5.2.2",
            [("a@example.org", "failed", "5.2.2")],
        ),
        # but not when it is about something else
        (
            "Final-Recipient: rfc822;a@example.org\nAction: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 550 5.7.1 no",
            [("a@example.org", "failed", "4.4.7")],
        ),
        # no status at all: the one in the text for people
        (
            "Final-Recipient: rfc822;a@example.org\nAction: failed\nDiagnostic-Code: smtp; 550 Adresse unbekannt",
            [("a@example.org", "failed", "5.1.1")],
        ),
        # OpenSMTPD
        ("Final-Recipient: rfc822;a@example.org\nAction: error\nStatus: 5.1.1", [("a@example.org", "failed", "5.1.1")]),
        # success is no failure
        (
            "Final-Recipient: rfc822;a@example.org\nAction: relayed\nStatus: 2.0.0",
            [("a@example.org", "relayed", "2.0.0")],
        ),
    ],
)
def test_groups_of_recipients(groups: str, expected: list[tuple[str, str, str]]) -> None:
    """However the per-recipient fields are laid out, each recipient keeps its own."""
    found = report(groups)
    assert [(one.address, one.action.value, one.status) for one in found.recipients] == expected


def test_success_is_neither_failure_nor_delay() -> None:
    """A report of success is a report, and nothing failed."""
    found = report("Final-Recipient: rfc822;a@example.org\nAction: delivered\nStatus: 2.0.0")
    assert (found.is_failure, found.is_delay) == (False, False)


QMAIL = (
    """\
Hi. This is the qmail-send program at mx.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.

<jane@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 no such mailbox
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

"""
    + RETURNED
)

EXIM = (
    """\
A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  jane@example.org
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<jane@example.org>:
    552 mailbox is full

------ This is a copy of the message, including all the headers. ------

"""
    + RETURNED
)

SENDMAIL = (
    """\
   ----- The following addresses had permanent fatal errors -----
<jane@example.org>
<joe@example.org>

   ----- Transcript of session follows -----
550 5.1.1 <jane@example.org>... User unknown
550 5.1.1 <joe@example.org>... User unknown

   ----- Original message follows -----

"""
    + RETURNED
)

EXCHANGE = """\
Your message

  To:      support@example.net
  Subject: Drucker
  Sent:    Mon, 12 Jan 2026 09:15:00 +0100

did not reach the following recipient(s):

jane@example.org on Mon, 12 Jan 2026 09:15:03 +0100
    The recipient name is not recognized
"""

EXCHANGE_GERMAN = """\
Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Verteilerlisten:

jane@example.org
Die E-Mail-Adresse wurde vom E-Mail-System des Empfängers nicht gefunden.

#550 5.1.10 RESOLVER.ADR.RecipientNotFound; Empfänger nicht gefunden ##
"""

NOTES = (
    """\
------- Failure Reasons  --------

User not listed in public Name & Address Book
jane@example.org

------- Returned Message --------

"""
    + RETURNED
)

MARSHAL = """\
Your message:
   From:    support@example.net
   Subject: Drucker

Could not be delivered because of

550 5.1.1 User unknown

The following recipients were affected:
    jane@example.org

Additional Information
======================
"""

LISTING = """\
We had trouble delivering your message. Full details follow:

The following recipients returned permanent errors: jane@example.org.

Reason: SMTP Server <192.0.2.1> refused, with the following error message: [550 5.1.1 unknown]
"""

ACTIVE_HUNTER = """\
  ----- The following addresses had permanent fatal errors -----

>>> jane@example.org <jane@example.org>

  ----- Transcript of session follows -----
550 sorry, no mailbox here by that name (#5.1.1 - chkusr)
"""

GROUPWISE = (
    """\
The message that you sent was undeliverable to the following:
\tjane@example.org (552 mailbox full)

Possibly truncated original message follows:

"""
    + RETURNED
)

ZOHO = """\
This message was created automatically by mail delivery software.
A message that you sent could not be delivered to one or more of its recipients. This is a permanent error.

jane@example.org Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 <jane@example.org>... User Unknown
"""

MAIL_ENABLE = (
    """\
MailEnable: Message could not be delivered to some recipients.
The following recipient(s) could not be reached:

\tRecipient: [SMTP:jane@example.org]
\tReason: Remote SMTP Server Returned: 550 No such user here

Message headers follow:

"""
    + RETURNED
)

DIALOGUE = (
    """\
   ----- Transcript of session follows -----
While talking to mx.example.org:
>>> RCPT To:<jane@example.org>
<<< 550 <jane@example.org>, User Unknown
550 <jane@example.org>... User unknown
   ----- Unsent message follows -----
"""
    + RETURNED
)

COURIER = """\
This is a delivery status notification from mx.example.net.

The original message was received on Mon, 12 Jan 2026 09:15:03 +0100
from joe@example.com

                           UNDELIVERABLE MAIL

Your message to the following recipients cannot be delivered:

<jane@example.org>:
    mx.example.org [192.0.2.1]:
>>> RCPT TO:<jane@example.org>
<<< 550 5.1.1 <jane@example.org>... User Unknown
"""

IN_THE_TEXT = """\
An error occurred while trying to deliver the mail to the following recipients:
jane@example.org

Technical report:

Final-Recipient: rfc822; jane@example.org
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 full
"""


@pytest.mark.parametrize(
    ("text", "subject", "expected"),
    [
        (QMAIL, "failure notice", {"jane@example.org": "5.1.1"}),
        (EXIM, "Mail delivery failed: returning message to sender", {"jane@example.org": "5.2.2"}),
        (SENDMAIL, "Returned mail: see transcript", {"jane@example.org": "5.1.1", "joe@example.org": "5.1.1"}),
        (EXCHANGE, "Undeliverable: Drucker", {"jane@example.org": "5.1.1"}),
        (EXCHANGE_GERMAN, "Unzustellbar: Drucker", {"jane@example.org": "5.1.10"}),
        (NOTES, "Undeliverable message", {"jane@example.org": "5.1.1"}),
        (MARSHAL, "Undeliverable Mail", {"jane@example.org": "5.1.1"}),
        (LISTING, "There was an error sending your mail", {"jane@example.org": "5.1.1"}),
        (ACTIVE_HUNTER, "FAILURE NOTICE :", {"jane@example.org": "5.1.1"}),
        (GROUPWISE, "Message status - undeliverable", {"jane@example.org": "5.2.2"}),
        (ZOHO, "Undelivered Mail Returned to Sender", {"jane@example.org": "5.1.1"}),
        (MAIL_ENABLE, "Message Delivery Failure", {"jane@example.org": "5.1.1"}),
        (DIALOGUE, "Returned mail: User unknown", {"jane@example.org": "5.1.1"}),
        (COURIER, "NOTICE: mail delivery status.", {"jane@example.org": "5.1.1"}),
        (IN_THE_TEXT, "Delivery Status Notification (Failure)", {"jane@example.org": "5.2.2"}),
    ],
    ids=[
        "qmail", "exim", "sendmail", "exchange", "exchange-german", "notes", "marshal", "listing", "active-hunter",
        "groupwise", "zoho", "mail-enable", "dialogue", "courier", "fields-in-the-text",
    ],
)  # fmt: skip
def test_bounces_for_people(text: str, subject: str, expected: dict[str, str]) -> None:
    """What mail servers write to people names the recipients and what was said about each."""
    found = bounce(text, subject=subject)
    assert found is not None
    assert {one.address: one.status for one in found.recipients} == expected
    assert found.is_failure


@pytest.mark.parametrize(
    ("said", "expected"),
    [("550 5.1.1 unknown", True), ("Host unknown", True), ("552 5.2.2 full", False), ("450 4.1.1 later", False)],
)
def test_wrong_addresses(said: str, expected: bool) -> None:  # noqa: FBT001  # truth table
    """Where there is no such mailbox or domain, the address is wrong; a full mailbox is not."""
    found = bounce(f"Your message could not be delivered.\n\n<jane@example.org>:\n{said}\n")
    assert found is not None
    assert found.recipients[0].is_address_wrong is expected


def test_what_was_said_may_stand_in_front() -> None:
    """A report that gives the reason before the recipient keeps the reason."""
    found = bounce(
        "Error: Invalid user address\n550 - no such user here\n\nMessage details:\nRCPT TO: jane@example.org\n"
    )
    assert found is not None
    assert found.recipients[0].diagnostic.startswith("Error: Invalid user address 550 - no such user here")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        # stated: alone, in brackets, behind a reply code, in a reply of several lines, behind a colon
        ("5.7.1 no", "5.7.1"),
        ("voll (#5.2.2)", "5.2.2"),
        ("550 5.7.26 not authenticated", "5.7.26"),
        ("550-5.7.26 not\n550 authenticated", "5.7.26"),
        ("ERROR_CODE :5.4.6", "5.4.6"),
        # not stated: addresses, versions and dates look alike
        ("host 5.1.1.7 said: 554 Postfach voll", "5.2.2"),
        ("mx-5.1.1 said: 552 quota exceeded", "5.2.2"),
        ("sendmail/5.6.1 said: 550 Benutzer unbekannt", "5.1.1"),
        # by the reply code and the wording, by the wording, by nothing
        ("421 connection timed out", "4.4.1"),
        ("Host unknown (name server)", "5.1.2"),
        ("message too large", "5.3.4"),
        ("Too many hops", "5.4.6"),
        ("rejected as spam", "5.7.1"),
        ("leider", "5.0.0"),
    ],
)
def test_status(said: str, status: str) -> None:
    """A status is the one that is stated, else by the reply code, else by the wording."""
    found = bounce(f"Your message could not be delivered.\n\n<jane@example.org>:\n{said}\n")
    assert found is not None
    assert [one.status for one in found.recipients] == [status]


@pytest.mark.parametrize("text", [QMAIL, EXIM, SENDMAIL, NOTES, GROUPWISE, MAIL_ENABLE, DIALOGUE])
def test_the_returned_message_is_known(text: str) -> None:
    """Behind the text of a bounce stands the header of the message it is about."""
    found = bounce(text)
    assert found is not None
    assert found.returned_message_id == "ticket-42@desk.example.net"
    assert found.returned_subject == "[T20260112.0042] Drucker"


DELAYED = """\
Delivery to the following recipient has been delayed:

  jane@example.org

Message will be retried for 2 more day(s)
"""

WARNING = """\
THIS IS A WARNING MESSAGE ONLY.
Your message to <jane@example.org> could not be delivered for 4 hours.
It will be retried for five days.
"""

ATTEMPTS = """\
Your message could not be delivered to the following recipients:

jane@example.org

Delivery attempts will continue to be made for 5 day(s).
"""


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (DELAYED, "Delivery Status Notification (Delay)"),
        (WARNING, "Warning: could not send message for past 4 hours"),
        ("Die Zustellung an folgende Empfänger wurde verzögert:\n\njane@example.org\n", "Zustellung verzögert"),
        (ATTEMPTS, "Delivery failure notification"),
        ("Your message to:\n\njane@example.org\n\nis late. This is just a warning.\n", "Delivery problem"),
    ],
)
def test_delays_are_no_failures(text: str, subject: str) -> None:
    """Mail that is only late is told from mail that was given up."""
    found = bounce(text, subject=subject)
    assert found is not None
    assert [(one.address, one.action, one.status_class) for one in found.recipients] == [
        ("jane@example.org", Action.DELAYED, "4")
    ]
    assert found.is_delay


def test_given_up_after_delays_is_a_failure() -> None:
    """A retry timeout is final, though every single answer was temporary."""
    text = (
        "could not be delivered. The following address(es) failed:\n\n  jane@example.org\n    retry timeout exceeded\n"
    )
    found = bounce(text, subject="Mail delivery failed")
    assert found is not None
    assert found.recipients[0].action is Action.FAILED
    assert found.recipients[0].status == "4.4.7"


def test_the_field_that_names_the_recipient_is_believed() -> None:
    """X-Failed-Recipients names whom the text calls otherwise."""
    found = bounce("The group you tried to reach may not exist.", fields="X-Failed-Recipients: jane@example.org\n")
    assert found is not None
    assert [one.address for one in found.recipients] == ["jane@example.org"]


def test_somebody_without_a_name_is_still_a_bounce() -> None:
    """A report that names nobody and returns nothing is a report about nobody known."""
    found = bounce("Ihre Nachricht ist nicht angekommen.", subject="Undelivered Mail Returned to Sender")
    assert found is not None
    assert [one.address for one in found.recipients] == [""]


def test_a_report_inside_of_a_gateways_message() -> None:
    """A disclaimer put around a bounce hides it from nobody."""
    inner = STANDARD.format(
        groups="Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: 5.1.1", returned=RETURNED
    )
    content = (
        "From: postmaster@example.org\nTo: support@example.net\nSubject: Delivery Status Notification (Failure)\n"
        'Content-Type: multipart/mixed; boundary="m"\n\n--m\nContent-Type: message/rfc822\n\n'
        f"{inner}\n--m\nContent-Type: text/plain\n\nThis message is confidential.\n--m--\n"
    )
    found = parse(content.encode()).report
    assert isinstance(found, DeliveryReport)
    assert [one.address for one in found.recipients] == ["jane@example.org"]


def test_lost_delimiters_lose_no_recipient() -> None:
    """A report whose boundaries were eaten on the way is read as a text."""
    content = (
        'From: MAILER-DAEMON@mx.example.org\nSubject: Returned mail\nContent-Type: multipart/report; boundary="x"\n\n'
        "Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: 5.5.0\n"
    )
    found = parse(content.encode()).report
    assert isinstance(found, DeliveryReport)
    assert [(one.address, one.status) for one in found.recipients] == [("jane@example.org", "5.5.0")]


def test_sieve_reject_is_a_bounce() -> None:
    """A rejection in the form of a receipt (RFC 5429 2.1.1) says that somebody did not get the message."""
    content = (
        "Return-Path: <>\nFrom: Mail Delivery Subsystem <postmaster@example.org>\nTo: support@example.net\n"
        "Subject: Automatically rejected mail\nAuto-Submitted: auto-replied (rejected)\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="r"\n\n--r\n\n'
        "Your message to <jane@example.org> was automatically rejected:\nQuota exceeded\n--r\n"
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; jane@example.org\n"
        "Disposition: automatic-action/MDN-sent-automatically; deleted\n--r--\n"
    )
    found = parse(content.encode()).report
    assert isinstance(found, DeliveryReport)
    assert [(one.address, one.status) for one in found.recipients] == [("jane@example.org", "5.2.2")]


PERSON = "Petra Muster <petra@example.com>"


@pytest.mark.parametrize(
    ("author", "subject", "text", "fields"),
    [
        # a customer's mail about a bounce: quoted, forwarded, in a subject of its own
        (PERSON, "Hilfe: Mail kommt nicht an", QMAIL, ""),
        (PERSON, "WG: Undelivered Mail Returned to Sender", SENDMAIL, ""),
        (PERSON, "Fwd: failure notice", QMAIL, ""),
        (PERSON, "AW: Unzustellbar: Drucker", EXCHANGE_GERMAN, ""),
        (PERSON, "Undeliverable: Drucker", EXCHANGE, ""),
        # with somebody else's words and the returned message attached
        (
            PERSON,
            "Delivery problem",
            "The parcel could not be delivered to the following address:\nx@example.com\n",
            "",
        ),
        ("petra@example.com", "Delivery failed", "My parcel could not be delivered. Please call me.\n", ""),
        # a postmaster is a person
        (
            "Postmaster <postmaster@example.com>",
            "Zertifikat",
            "Ihr Zertifikat läuft ab. Ich konnte Sie nicht erreichen.",
            "",
        ),
        # a vacation reply has the null reverse-path too
        (
            PERSON,
            "Automatische Antwort: Drucker",
            "I cannot be reached. Your message was not delivered to anybody else; write to joe@example.com.",
            "Return-Path: <>\nAuto-Submitted: auto-replied\n",
        ),
        (
            PERSON,
            "Out of office",
            "I could not be reached until Monday. In urgent cases: joe@example.com",
            "Return-Path: <>\n",
        ),
    ],
)
def test_mail_about_bounces_is_none(author: str, subject: str, text: str, fields: str) -> None:
    """A person's mail that quotes or forwards a bounce is a person's mail."""
    assert bounce(text, subject=subject, author=author, fields=fields) is None


def test_an_attached_report_is_an_attachment() -> None:
    """A customer who attaches the bounce he got asks for help."""
    inner = STANDARD.format(groups="Final-Recipient: rfc822; j@example.org\nAction: failed", returned=RETURNED)
    content = (
        f"From: {PERSON}\nSubject: Delivery problem\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\n"
        f"What is this?\n--m\nContent-Type: message/rfc822\n\n{inner}\n--m--\n"
    )
    assert parse(content.encode()).report is None


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from(["plain", "status", "report"]))
def test_any_octets_are_survived(octets: bytes, place: str) -> None:
    """Whatever stands in a bounce, reading it never raises, and what comes out is clean."""
    if place == "plain":
        content = b"Return-Path: <>\nFrom: MAILER-DAEMON@x\nSubject: failure notice\n\n" + octets
    else:
        kind = b"text/plain" if place == "report" else b"message/delivery-status"
        content = b"Content-Type: multipart/report; boundary=r\n\n--r\nContent-Type: " + kind + b"\n\n" + octets
    found = parse(content).report
    assert isinstance(found, DeliveryReport)
    for one in found.recipients:
        assert "\0" not in one.address + one.diagnostic
        (one.address + one.diagnostic).encode()


@pytest.mark.parametrize(
    "piece",
    ["a@b ", "<a@b>: user unknown\n", "failed a@b.de ", "user over quota ", "550 ", "a@b" + "." * 260, "x" * 70 + "@",
     "Final-Recipient: rfc822; a@b\nAction: failed\n\n", "--- copy of the message\n", "RCPT TO:<a@b> "],
)  # fmt: skip
def test_hostile_bounces_cost_no_more_than_their_length(piece: str) -> None:
    """Twice the text costs at most two and a half times the steps."""
    head = "Return-Path: <>\nFrom: MAILER-DAEMON@x.de\nSubject: failure notice\n\n"
    small, large = ((head + piece * (length // len(piece))).encode() for length in (20_000, 40_000))
    assert count_calls(lambda: parse(large)) <= 2.5 * count_calls(lambda: parse(small))
