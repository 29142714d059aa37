"""Blocked senders and subjects, spam marks, private mail."""

from dataclasses import replace

import pytest

from inbound.model.mailbox import SPAM_HEADERS, SpamHeader
from inbound.rules.blocking import spam_outcome, why_blocked, why_spam
from inbound.rules.private import is_private
from people import MAILBOX, address
from steps import count_calls


@pytest.mark.parametrize(
    ("entry", "sender", "is_blocked"),
    [
        # an address, in any case
        ("spam@evil.example", "Spam@EVIL.example", True),
        ("SPAM@evil.example", "spam@evil.example", True),
        ("spam@evil.example", "xspam@evil.example", False),
        # a domain
        ("@evil.example", "anybody@evil.example", True),
        ("@evil.example", "anybody@sub.evil.example", False),
        ("@evil.example", "anybody@evil.example.com", False),
        # any text
        ("*@evil.example", "anybody@evil.example", True),
        ("*@*.evil.example", "a@sub.evil.example", True),
        ("news*@evil.example", "newsletter@evil.example", True),
        ("news*@evil.example", "oldnews@evil.example", False),
        ("*", "a@b.example", True),
        # a star is no letter of a pattern, and nothing else is one
        ("a.b@evil.example", "axb@evil.example", False),
        ("ab*ba@x.example", "aba@x.example", False),
    ],
)
def test_blocked_senders(entry: str, sender: str, is_blocked: bool) -> None:  # noqa: FBT001 - a column of the table
    """Addresses, with "*" for any text and "@domain" for a whole domain."""
    mailbox = replace(MAILBOX, blocked_senders=("nobody@nowhere.example", entry))
    step = why_blocked([address(sender)], "x", mailbox)
    assert (step is not None) is is_blocked
    assert step is None or entry in step.detail


@pytest.mark.parametrize(
    ("entry", "subject", "is_blocked"),
    [
        ("free money", "Get FREE  Money now", True),
        ("free money", "free my money", False),
        ("free*money", "Get free and easy money now", True),
        ("free*money", "money is free", False),
        ("[ADV]", "[adv] x", True),
        ("Größe", "GRÖSSE", True),
        ("a", "", False),
    ],
)
def test_blocked_subjects(entry: str, subject: str, is_blocked: bool) -> None:  # noqa: FBT001 - a column of the table
    """A text that occurs anywhere in the subject."""
    mailbox = replace(MAILBOX, blocked_subjects=(entry,))
    assert (why_blocked([], subject, mailbox) is not None) is is_blocked


class Header(dict[str, tuple[str, ...]]):
    """A header as the rule sees it."""

    def texts(self, name: str) -> tuple[str, ...]:
        return self.get(name.lower(), ())


def test_nothing_is_blocked_by_default() -> None:
    """A mailbox without entries takes everybody, also who has no address."""
    assert why_blocked([address("a@b.example"), address("")], "x", MAILBOX) is None
    assert why_blocked([address("")], "x", replace(MAILBOX, blocked_senders=("",))) is None


def test_many_stars_cost_no_more_than_one() -> None:
    """No subject makes a pattern search long."""
    mailbox = replace(MAILBOX, blocked_subjects=("*".join("abababab"),))
    few = count_calls(lambda: why_blocked([], "a" * 1_000, mailbox))
    assert count_calls(lambda: why_blocked([], "a" * 100_000, mailbox)) <= few + 5


@pytest.mark.parametrize(
    ("name", "value", "is_spam"),
    [
        # SpamAssassin
        ("x-spam-flag", "YES", True),
        ("x-spam-flag", " yes ", True),
        ("x-spam-flag", "YES, score=9", True),
        ("x-spam-flag", "NO", False),
        ("x-spam-flag", "YESTERDAY", False),
        # Exchange's spam confidence level from 5 on
        ("x-ms-exchange-organization-scl", "5", True),
        ("x-ms-exchange-organization-scl", "9", True),
        ("x-ms-exchange-organization-scl", "4", False),
        ("x-ms-exchange-organization-scl", "-1", False),
        ("x-ms-exchange-organization-scl", "", False),
        ("x-ms-exchange-organization-scl", "high", False),
        ("x-forefront-antispam-report", "CIP:192.0.2.1;CTRY:DE;SCL:6;SFV:SPM;", True),
        ("x-forefront-antispam-report", "CIP:192.0.2.1; scl: 5", True),
        ("x-forefront-antispam-report", "CIP:192.0.2.1;SCL:1;SFV:NSPM", False),
        ("x-forefront-antispam-report", "CIP:192.0.2.1;XSCL:9", False),
        ("x-forefront-antispam-report", "9", False),
        # other fields say nothing
        ("x-spam-status", "YES", False),
    ],
)
def test_spam_marks(name: str, value: str, is_spam: bool) -> None:  # noqa: FBT001 - a column of the table
    """The marks of the filters that the mailbox believes."""
    assert (why_spam(Header({name: (value,)}), SPAM_HEADERS) is not None) is is_spam
    assert (why_spam(Header({name: ("NO", value)}), SPAM_HEADERS) is not None) is is_spam


def test_a_mailbox_names_its_own_marks() -> None:
    """Another filter, another field."""
    marks = (SpamHeader(header="X-Verdict", parameter="score", at_least=7),)
    assert why_spam(Header({"x-verdict": ("Score:7.5;x:1",)}), marks) is not None
    assert why_spam(Header({"x-spam-flag": ("YES",)}), marks) is None
    assert why_spam(Header(), SPAM_HEADERS) is None


def test_what_spam_becomes() -> None:
    """Silence processes it, the others do not."""
    assert spam_outcome(True, "silence") is None  # noqa: FBT003 - the first thing that is asked
    assert spam_outcome(True, "quarantine") == "quarantine"  # noqa: FBT003 - as above
    assert spam_outcome(True, "discard") == "discard"  # noqa: FBT003 - as above
    assert spam_outcome(False, "discard") is None  # noqa: FBT003 - as above


@pytest.mark.parametrize(
    ("sensitivity", "expected"),
    [
        *((value, True) for value in ("Private", "private", "PRIVATE", " Private ", "Private (do not tell)")),
        *((value, False) for value in ("Personal", "Company-Confidential", "Normal", "", "Private-ish", "not private")),
    ],
)
def test_private(sensitivity: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """Private in any case; not Personal, not Company-Confidential."""
    assert is_private(sensitivity) is expected
