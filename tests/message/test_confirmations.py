"""Forwarding confirmations: the code, and a link that leads to the provider and nowhere else."""

import pytest

from inbound.message.parse import parse
from inbound.model.kinds import ForwardingConfirmation

GMAIL = """\
petra@example.com has requested to automatically forward mail to your email address support@example.net.
Confirmation code: 123456789

To allow petra@example.com to automatically forward mail to your address, please click the link below
to confirm the request:

https://mail-settings.google.com/mail/vf-%5BANGjdJ%5D-abc

If you click the link and it appears to be broken, please copy and paste it into a new browser window.
If you accidentally clicked the link, you may cancel here: https://mail-settings.google.com/mail/uf-%5BANGjdJ%5D-abc
To learn more, visit https://support.google.com/mail/answer/10957.
"""
GMAIL_GERMAN = """\
petra@example.com möchte, dass E-Mails automatisch an Ihre Adresse support@example.net weitergeleitet werden.
Bestätigungscode: 123456789

Klicken Sie zur Bestätigung der Anfrage auf den folgenden Link:

https://mail.google.com/mail/vf-%5BANGjdJ%5D-abc
"""


def confirmation(author: str, subject: str, text: str) -> ForwardingConfirmation | None:
    return parse(f"From: {author}\nTo: support@example.net\nSubject: {subject}\n\n{text}".encode()).confirmation


def test_gmails_confirmation_in_english() -> None:
    """Code from the subject, link from the text."""
    assert confirmation(
        "Gmail Team <forwarding-noreply@google.com>",
        "(#987654321) Gmail Forwarding Confirmation - Receive Mail from petra@example.com",
        GMAIL,
    ) == ForwardingConfirmation(
        provider="gmail",
        domain="google.com",
        code="987654321",
        link="https://mail-settings.google.com/mail/vf-%5BANGjdJ%5D-abc",
    )


def test_gmails_confirmation_in_german() -> None:
    """Without a code in the subject the one in the text counts."""
    assert confirmation(
        "Gmail-Team <forwarding-noreply@google.com>",
        "Gmail-Weiterleitungsbestätigung – E-Mails von petra@example.com empfangen",
        GMAIL_GERMAN,
    ) == ForwardingConfirmation(
        provider="gmail",
        domain="google.com",
        code="123456789",
        link="https://mail.google.com/mail/vf-%5BANGjdJ%5D-abc",
    )


@pytest.mark.parametrize(
    ("author", "subject", "text", "provider", "code", "link"),
    [
        (
            "noreply@zoho.eu", "Confirm email forwarding", "Verification code: 1A2B3C\nto forward mail.",
            "zoho", "1A2B3C", "",
        ),
        (
            "noreply@notify.cloudflare.com", "Verify your Email Routing address",
            "Please verify: https://dash.cloudflare.com/email_fwdr/verify?token=abc",
            "cloudflare", "", "https://dash.cloudflare.com/email_fwdr/verify?token=abc",
        ),
        (
            "service@gmx.net", "Weiterleitung bestätigen", "Bitte bestätigen: https://weiterleitung.gmx.net/confirm?x=1",
            "gmx", "", "https://weiterleitung.gmx.net/confirm?x=1",
        ),
        (
            "no-reply@cc.yahoo-inc.com", "Confirm forwarding", "Verify: https://edit.yahoo.com/verify?x=1",
            "yahoo", "", "https://edit.yahoo.com/verify?x=1",
        ),
    ],
)  # fmt: skip
def test_other_providers(author: str, subject: str, text: str, provider: str, code: str, link: str) -> None:
    """Others ask in the same way."""
    found = confirmation(author, subject, text)
    assert found is not None
    assert (found.provider, found.code, found.link) == (provider, code, link)


@pytest.mark.parametrize(
    ("author", "subject", "text"),
    [
        # somebody else's domain, and one that only looks like it
        ("forwarding-noreply@google.example.com", "Gmail Forwarding Confirmation", GMAIL),
        ("forwarding-noreply@notgoogle.com", "Gmail Forwarding Confirmation", GMAIL),
        # the provider's other mail
        ("no-reply@accounts.google.com", "Security alert", "A new sign-in. Check: https://accounts.google.com/verify"),
        ("no-reply@accounts.google.com", "Verify your address", "Your code: 123456"),
        # a question about forwarding by one of its customers
        ("jane@mail.ru", "Forwarding", "How do I confirm that mail is forwarded?"),
    ],
)
def test_other_mail_is_no_confirmation(author: str, subject: str, text: str) -> None:
    """It has to come from the provider, and to ask for a confirmation of forwarding."""
    assert confirmation(author, subject, text) is None


@pytest.mark.parametrize(
    "link",
    [
        "https://example.net/mail/vf-abc",
        "https://google.com.example.net/mail/vf-abc",
        "https://google.com@example.net/mail/vf-abc",
        "https://notgoogle.com/mail/vf-abc",
        "http://mail.google.com/mail/vf-abc",
        "https://[::1/mail/vf-abc",
        "https://support.google.com/mail/answer/vf-abc",
    ],
)
def test_foreign_links_are_no_links(link: str) -> None:
    """A link that leads elsewhere is not handed on, though the code is."""
    found = confirmation("x@google.com", "(#12345) Gmail Forwarding Confirmation", f"confirm: {link}\n")
    assert found is not None
    assert (found.code, found.link) == ("12345", "")
