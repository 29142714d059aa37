"""Feedback reports, read receipts, and what Amazon SES tells in JSON."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.message.parse import parse
from inbound.model.kinds import Action, DeliveryReport, FeedbackReport, ReadReceipt
from inbound.model.mail import Mail

RETURNED = "Message-ID: <ticket-42@desk.example.net>\nTo: jane@example.org\nSubject: Ihr Ticket\n"


def feedback(fields: str, *, kind: str = "feedback-report") -> Mail:
    return parse(
        f"From: fbl@example.org\nTo: abuse@example.net\nSubject: FW: Ihr Ticket\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="r"\n\n--r\n\nJemand beschwert sich.\n'
        f"--r\nContent-Type: message/feedback-report\n\n{fields}\n--r\n"
        f"Content-Type: message/rfc822\n\n{RETURNED}\nGuten Tag\n--r--\n".encode()
    )


@pytest.mark.parametrize(
    ("fields", "feedback_type", "recipients"),
    [
        # RFC 5965: with and without the recipient
        ("Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <joe@example.org>", "abuse", ("joe@example.org",)),
        ("Feedback-Type: Fraud\nVersion: 1", "fraud", ("jane@example.org",)),
        # RFC 6591
        ("Feedback-Type: auth-failure\nAuth-Failure: dmarc", "auth-failure", ("jane@example.org",)),
        # several recipients, an empty line in front, no type
        (
            "\nOriginal-Rcpt-To: a@example.org\nOriginal-Rcpt-To: b@example.org",
            "abuse",
            ("a@example.org", "b@example.org"),
        ),
    ],
)
def test_a_complaint_is_read(fields: str, feedback_type: str, recipients: tuple[str, ...]) -> None:
    """Type, original recipients, and which message it is about."""
    assert feedback(fields).report == FeedbackReport(
        feedback_type=feedback_type,
        recipients=recipients,
        returned_message_id="ticket-42@desk.example.net",
        returned_subject="Ihr Ticket",
    )


def test_microsofts_complaints_have_no_report() -> None:
    """Microsoft sends the message alone, with a field that names the recipient."""
    content = (
        'From: staff@hotmail.com\nSubject: complaint\nContent-Type: multipart/mixed; boundary="m"\n\n'
        f"--m\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: joe@example.org\n{RETURNED}\nx\n--m--\n"
    )
    report = parse(content.encode()).report
    assert isinstance(report, FeedbackReport)
    assert report.recipients == ("joe@example.org",)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("complaint about message from 192.0.2.9", True),
        ("Email Feedback Report for IP 192.0.2.9", True),
        ("Email Feedback Report for IP 2001:db8::9", True),
        # people complain too
        ("complaint about message from Petra", False),
        ("Re: complaint about message from 192.0.2.9", False),
    ],
)
def test_complaints_in_a_message_of_no_form(subject: str, expected: bool) -> None:  # noqa: FBT001  # truth table
    """What providers call their complaints, with the message they are about, is a complaint."""
    content = (
        f'From: fbl@example.org\nSubject: {subject}\nContent-Type: multipart/mixed; boundary="m"\n\n'
        f"--m\nContent-Type: message/rfc822\n\n{RETURNED}\nx\n--m--\n"
    )
    assert isinstance(parse(content.encode()).report, FeedbackReport) is expected


RECEIPT = """\
From: Jane Roe <jane@example.org>
To: support@example.net
Subject: {subject}
In-Reply-To: <ticket-42@desk.example.net>
"""
NOTIFICATION = (
    RECEIPT
    + """\
Content-Type: multipart/report; report-type=disposition-notification; boundary="r"

--r

Ihre Nachricht wurde gelesen.
--r
Content-Type: message/disposition-notification

Reporting-UA: mail.example.org
Final-Recipient: rfc822;jane@example.org
Original-Message-ID: <ticket-41@desk.example.net>
Disposition: manual-action/MDN-sent-manually; {disposition}
--r--
"""
)


@pytest.mark.parametrize("disposition", ["displayed", "deleted", "dispatched", "processed"])
def test_a_disposition_notification_is_a_receipt(disposition: str) -> None:
    """RFC 8098: who, what, and about which message."""
    content = NOTIFICATION.format(subject="Gelesen: Ihr Ticket", disposition=disposition)
    assert parse(content.encode()).report == ReadReceipt(
        recipient="jane@example.org",
        disposition=disposition,
        original_message_id="ticket-41@desk.example.net",
    )


@pytest.mark.parametrize(
    ("subject", "text", "disposition"),
    [
        # Outlook's own forms
        ("Read: Printer", "Your message\n\n  To: Jane\n  Subject: Printer\n\nwas read on Monday, 9:15.\n", "displayed"),
        ("Not read: Printer", "Your message\n\n  To: Jane\n\nwas deleted without being read on Monday.\n", "deleted"),
        (
            "Gelesen: Drucker",
            "Ihre Nachricht\n\n  An: Jane\n\nwurde am Montag, 12. Januar 2026 gelesen.\n",
            "displayed",
        ),
        ("Ungelesen: Drucker", "Ihre Nachricht\n\n  An: Jane\n\nwurde am Montag ungelesen gelöscht.\n", "deleted"),
        # and what people write who begin their subjects in the same way
        ("Read: the manual", "I have read the manual, and the printer is still broken.\n", None),
        ("Gelesen: Ihre Nachricht", "Danke, habe ich gelesen. Ihre Nachricht wurde am Montag gelesen.\n", None),
        ("AW: Gelesen: Drucker", "Ihre Nachricht wurde am Montag gelesen.\n", None),
        ("Drucker", "Ihre Nachricht wurde am Montag gelesen.\n", None),
    ],
)
def test_outlooks_receipts(subject: str, text: str, disposition: str | None) -> None:
    """Subject and text together make a receipt, neither does alone."""
    report = parse(f"{RECEIPT.format(subject=subject)}\n{text}".encode()).report
    if disposition is None:
        assert report is None
    else:
        assert report == ReadReceipt(
            recipient="jane@example.org",
            disposition=disposition,
            original_message_id="ticket-42@desk.example.net",
        )


def notification(found: object) -> Mail:
    text = json.dumps(found)
    return parse(
        f"From: no-reply@sns.amazonaws.com\nX-Amz-Sns-Message-Id: 1\nSubject: AWS\n\n{text}\n--\nstop?".encode()
    )


def test_ses_tells_of_bounces() -> None:
    """A bounce in JSON is a bounce."""
    one = {
        "emailAddress": "jane@example.org",
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1",
    }
    found = notification(
        {
            "notificationType": "Bounce",
            "bounce": {"bounceType": "Permanent", "bouncedRecipients": [one]},
            "mail": {"commonHeaders": {"messageId": "<ticket-42@desk.example.net>", "subject": "Ihr Ticket"}},
        }
    ).report
    assert isinstance(found, DeliveryReport)
    assert [(r.address, r.status, r.action) for r in found.recipients] == [("jane@example.org", "5.1.1", Action.FAILED)]
    assert (found.returned_message_id, found.returned_subject) == ("ticket-42@desk.example.net", "Ihr Ticket")


def test_ses_in_a_notification_of_sns() -> None:
    """What is wrapped once more is found as well."""
    inner = {"notificationType": "Bounce", "bounce": {"bouncedRecipients": [{"emailAddress": "jane@example.org"}]}}
    found = notification({"Type": "Notification", "Message": json.dumps(inner)}).report
    assert isinstance(found, DeliveryReport)
    assert [(one.address, one.status) for one in found.recipients] == [("jane@example.org", "5.0.0")]


def test_ses_tells_of_complaints() -> None:
    """A complaint in JSON is a feedback report."""
    found = notification(
        {
            "notificationType": "Complaint",
            "complaint": {
                "complaintFeedbackType": "abuse",
                "complainedRecipients": [{"emailAddress": "jane@example.org"}],
            },
        }
    ).report
    assert found == FeedbackReport(
        feedback_type="abuse", recipients=("jane@example.org",), returned_message_id=None, returned_subject=""
    )


@pytest.mark.parametrize(
    "found",
    [
        # everything else that SNS mails, and what is shaped wrongly
        {"notificationType": "Delivery"},
        {"notificationType": "Bounce"},
        {"notificationType": "Bounce", "bounce": []},
        {"notificationType": "Bounce", "bounce": {"bouncedRecipients": ["x", None]}},
        {"notificationType": ["Bounce"]},
        ["Bounce"],
        "Bounce",
    ],
)
def test_other_notifications_are_no_reports(found: object) -> None:
    """What says nothing about a recipient is no report."""
    assert notification(found).report is None


@settings(max_examples=300)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"Content-Type: multipart/report; boundary=r\n\n--r\nContent-Type: message/feedback-report",
            b"Content-Type: multipart/report; boundary=r\n\n--r\nContent-Type: message/disposition-notification",
            b"X-Amz-Sns-Message-Id: 1",
            b"Subject: Gelesen: x",
        ]
    ),
)
def test_any_octets_are_survived(octets: bytes, head: bytes) -> None:
    """Whatever stands in a report, reading it never raises, and what comes out is clean."""
    repr(parse(b"From: a@b.de\n" + head + b"\n\n" + octets).report).encode()


def test_deep_json_is_survived() -> None:
    """Nesting beyond the interpreter's stack is no report."""
    content = b"X-Amz-Sns-Message-Id: 1\n\n" + b'{"a":[' * 30_000
    assert parse(content).report is None
