"""Who the originator is."""

from dataclasses import replace
from typing import Any

import pytest

from inbound.model.authorship import Authorship, Question, Source
from inbound.model.mail import Address
from inbound.model.mailbox import Mailbox
from inbound.rules.attribution import attribute
from inbound.rules.originator import is_own, needs_blocks, possible_authors
from people import ACME, ANN, BETA, MAILBOX, TECH, TICKET, address, contact, directory

TECH_ADDRESS = address("tech@desk.example")
OWN = address("support@desk.example")
BOB = address("bob@elsewhere.example", "Bob")
FORM = replace(MAILBOX, originator="reply_to")

KNOWN = directory(contacts=(contact(1),), owners=(ACME,))


def ask(question: Question) -> Authorship:
    return attribute(question, KNOWN)


def question(*from_: Address, mailbox: Mailbox = MAILBOX, is_proven: bool = True, **fields: Any) -> Question:
    return Question(mailbox=mailbox, from_=from_, is_proven=is_proven, **fields)


@pytest.mark.parametrize(
    ("asked", "author", "source"),
    [
        # the author in From; the first who can be reached; nobody
        (question(ANN, reply_to=(BOB,), original_from=BOB, forwarded=BOB, block_count=1), ANN, Source.FROM),
        (question(address("", "Ann"), BOB), BOB, Source.FROM),
        (question(), None, Source.FROM),
        # the mailbox takes Reply-To, where it names somebody else
        (question(ANN, reply_to=(BOB,), mailbox=FORM), BOB, Source.REPLY_TO),
        (question(ANN, mailbox=FORM), ANN, Source.FROM),
        (question(ANN, reply_to=(ANN,), mailbox=FORM), ANN, Source.FROM),
        (question(ANN, reply_to=(OWN,), mailbox=FORM), ANN, Source.FROM),
        (question(OWN, reply_to=(BOB,), mailbox=FORM), BOB, Source.REPLY_TO),
        # From is the mailbox itself: X-Original-From, X-Original-Sender, Reply-To, in this order
        (question(OWN, original_from=ANN, original_sender=BOB, reply_to=(BOB,)), ANN, Source.ORIGINAL_FROM),
        (question(OWN, original_sender=ANN, reply_to=(BOB,)), ANN, Source.ORIGINAL_SENDER),
        (question(OWN, reply_to=(ANN,)), ANN, Source.REPLY_TO),
        (question(OWN, reply_to=(OWN, ANN)), ANN, Source.REPLY_TO),
        # what names the mailbox again is no answer
        (question(OWN, original_from=OWN, original_sender=OWN, reply_to=(ANN,)), ANN, Source.REPLY_TO),
        # a header field comes before a block
        (question(OWN, reply_to=(ANN,), forwarded=BOB, block_count=1), ANN, Source.REPLY_TO),
        # one forwarded block: forwarded, not redirected
        (question(OWN, forwarded=ANN, block_count=1), ANN, Source.FORWARDED_BLOCK),
        (question(OWN, reply_to=(OWN,), forwarded=ANN, block_count=1), ANN, Source.FORWARDED_BLOCK),
        # two blocks, a block without an author, a block of the mailbox itself: nobody
        (question(OWN, forwarded=ANN, block_count=2), None, Source.MAILBOX),
        (question(OWN, forwarded=None, block_count=1), None, Source.MAILBOX),
        (question(OWN, forwarded=OWN, block_count=1), None, Source.MAILBOX),
        (question(OWN), None, Source.MAILBOX),
        # all that is the mailbox: aliases, public address, sub-addresses, its list; in any case
        (question(address("HELP@desk.example"), reply_to=(ANN,)), ANN, Source.REPLY_TO),
        (question(address("hilfe@customer-facing.example"), reply_to=(ANN,)), ANN, Source.REPLY_TO),
        (question(address("support+x@desk.example"), reply_to=(ANN,)), ANN, Source.REPLY_TO),
        (question(address("Team@lists.example"), reply_to=(ANN,)), ANN, Source.REPLY_TO),
        # of several authors in From the first counts
        (question(OWN, ANN, reply_to=(BOB,)), BOB, Source.REPLY_TO),
        (question(ANN, OWN, reply_to=(BOB,)), ANN, Source.FROM),
    ],
)
def test_who_the_originator_is(asked: Question, author: Address | None, source: Source) -> None:
    """From, unless Reply-To serves a form or From is the mailbox itself."""
    found = ask(asked).originator
    assert (found.author, found.source) == (author, source)


@pytest.mark.parametrize("source", list(Source))
def test_recovered_authors(source: Source) -> None:
    """Whoever was not read in From is recovered, and never acts as a resource."""
    asked = {
        Source.FROM: question(TECH_ADDRESS),
        Source.REPLY_TO: question(ANN, reply_to=(TECH_ADDRESS,), mailbox=FORM),
        Source.ORIGINAL_FROM: question(OWN, original_from=TECH_ADDRESS),
        Source.ORIGINAL_SENDER: question(OWN, original_sender=TECH_ADDRESS),
        Source.FORWARDED_BLOCK: question(OWN, forwarded=TECH_ADDRESS, block_count=1),
        Source.RESOURCE_FORWARD: question(TECH_ADDRESS, subject="WG: x", forwarded=ANN, block_count=1),
        Source.MAILBOX: question(OWN),
    }[source]
    found = ask(asked).originator
    assert found.source is source
    assert found.is_recovered is (source not in {Source.FROM, Source.MAILBOX})


@pytest.mark.parametrize(
    ("asked", "is_passed_on"),
    [
        # exactly one block whose author is a contact or of a known domain
        (question(TECH_ADDRESS, subject="WG: Drucker", forwarded=ANN, block_count=1), True),
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=address("new@acme.example"), block_count=1), True),
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=address("ANN@ACME.example"), block_count=1), True),
        # nobody known, a resource, the mailbox itself, no author, two blocks, none
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=BOB, block_count=1), False),
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=TECH_ADDRESS, block_count=1), False),
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=OWN, block_count=1), False),
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=None, block_count=1), False),
        (question(TECH_ADDRESS, subject="Fwd: x", forwarded=ANN, block_count=2), False),
        (question(TECH_ADDRESS, subject="Fwd: x"), False),
        # no forward: a reply, a new mail
        (question(TECH_ADDRESS, subject="AW: x", forwarded=ANN, block_count=1), False),
        (question(TECH_ADDRESS, subject="x", forwarded=ANN, block_count=1), False),
        # a number in the subject attaches first
        (question(TECH_ADDRESS, subject="WG: T20260131.0042", forwarded=ANN, block_count=1, target=TICKET), False),
        # who is not proven does not act as a resource
        (question(TECH_ADDRESS, subject="WG: x", forwarded=ANN, block_count=1, is_proven=False), False),
        # the mailbox wants the resource
        (
            question(
                TECH_ADDRESS,
                subject="WG: x",
                forwarded=ANN,
                block_count=1,
                mailbox=replace(MAILBOX, resource_forwards="resource"),
            ),
            False,
        ),
        # a customer's forward is the customer's
        (question(ANN, subject="WG: x", forwarded=BOB, block_count=1), False),
    ],
)
def test_a_resources_own_forward(asked: Question, is_passed_on: bool) -> None:  # noqa: FBT001 - a column of the table
    """A resource's forward is in the author's name, and what the resource wrote above is its comment."""
    found = ask(asked)
    assert (found.originator.source is Source.RESOURCE_FORWARD) is is_passed_on
    assert found.originator.forwarder == (TECH if is_passed_on else None)
    assert found.attribution is not None
    if is_passed_on:
        assert found.attribution.organization == ACME
    elif asked.from_ == (TECH_ADDRESS,):
        assert found.attribution.resource == TECH


def test_an_ambiguous_author_is_not_passed_on() -> None:
    """A contact of two organizations is no known author: the ticket would be in nobody's name."""
    known = directory(contacts=(contact(1), contact(2, BETA)))
    asked = question(TECH_ADDRESS, subject="WG: x", forwarded=ANN, block_count=1)
    assert attribute(asked, known).originator.source is Source.FROM


def test_nobody_recovered_goes_to_the_fallback() -> None:
    """Marked originator_is_mailbox, whoever else is known under the mailbox's address."""
    found = ask(question(OWN))
    assert found.attribution is not None
    assert found.attribution.rule == "fallback_organization"
    assert "originator_is_mailbox" in [step.rule for step in found.steps if step.is_hit]


def test_everybody_who_may_be_the_author_is_looked_up() -> None:
    """The directory is asked once, for all that could turn out."""
    asked = question(ANN, address("", "x"), reply_to=(BOB,), original_sender=OWN, forwarded=TECH_ADDRESS, block_count=1)
    assert possible_authors(asked) == (ANN, BOB, OWN, TECH_ADDRESS)


@pytest.mark.parametrize(
    ("from_", "subject", "expected"),
    [
        (OWN, "Drucker", True),
        (ANN, "WG: Drucker", True),
        (ANN, "[EXTERN] Fwd: Drucker", True),
        (ANN, "AW: WG: Drucker", False),
        (ANN, "Drucker", False),
        (address(""), "WG: Drucker", False),
    ],
)
def test_when_the_text_must_be_searched(from_: Address, subject: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """Forwarded header blocks decide only in forwards, and where From is the mailbox itself."""
    assert needs_blocks((from_,), subject, MAILBOX) is expected


def test_a_list_is_its_mailbox_only_as_a_whole() -> None:
    """lists.example is not the list's address, nor is another local part."""
    assert is_own(address("team@lists.example"), MAILBOX)
    assert not is_own(address("teams@lists.example"), MAILBOX)
    assert not is_own(address("a@team.lists.example"), MAILBOX)
