"""No notice to unproven strangers: a forged author must not make the desk write to somebody (RFC 3834 2)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from desk import PEER, SETTINGS, Desk, delivery, mail, results
from inbound.config import Authentication, PeerRule, Settings
from inbound.model.proof import Method, Proof
from inbound.security.dns import Resolver
from inbound.security.proof import Prover
from security.signing import Signer, Zone

ANN, BOB, EVE = "ann@customer.example", "bob@customer.example", "eve@unknown.example"
TOM, CARL, SCANNER = "tom@desk.example", "carl@customer.example", "scanner@customer.example"
FORWARD = "See below.\r\n\r\n-----Original Message-----\r\nFrom: {author}\r\nSent: today\r\nSubject: x\r\n\r\nHelp."


@pytest.fixture
def desk(database: Engine) -> Desk:
    """Ann is a contact, Carl shares his address, Tom is a resource; Bob is only of their domain, Eve is nobody."""
    settings = Settings.model_validate(
        {
            "peers": SETTINGS.model_dump(mode="json")["peers"],
            "smart_host": {"host": "127.0.0.1"},
            "desk": {"loops": {"limit": 0}},
            "mailboxes": [
                {"name": "support", "address": "support@desk.example"},
                {"name": "open", "address": "open@desk.example", "notify": {"strangers": True}},
                {"name": "forms", "address": "forms@desk.example", "originator": "reply_to"},
            ],
        }
    )
    one = Desk(database, settings)
    customer, other = one.add_organization("Customer Ltd", "customer.example"), one.add_organization("Other Ltd")
    one.add_contact(customer, "Ann", ANN)
    one.add_contact(customer, "Carl", CARL)
    one.add_contact(other, "Carl", CARL)
    one.add_contact(customer, "Former", "former@customer.example", active=False)
    one.add_resource("Tom", TOM)
    one.run(
        "INSERT INTO devices (organization_id, name, address) VALUES (:id, 'Scanner', :address)",
        id=customer,
        address=SCANNER,
    )
    return one


def told(desk: Desk, content: bytes, mailbox: str, method: Method, *, is_trusted: bool) -> list[str]:
    """To whom notices go, of a mail that a peer hands over with a verdict."""
    proof = Proof(is_proven=method is not Method.NONE, method=method, domain="x.example", detail="x")
    one = replace(delivery(content, mailbox), peer=replace(PEER, is_trusted=is_trusted), proof=proof)
    (result,) = results(desk.commit(one))
    rows = desk.rows("SELECT recipient FROM outbox WHERE message_row_id = :id", id=result.message_id)
    return [recipient for (recipient,) in rows]


PROOFS = (Method.DKIM, Method.ARC, Method.AUTHENTICATION_RESULTS)
NO_PROOFS = ((Method.NONE, False), (Method.NONE, True), (Method.TRUSTED_PEER, True))


#: mailbox, author, told without proof, told with one
AUTHORS = (
    # known: whatever proves it, or nothing
    ("support", ANN, True, True),
    ("support", CARL, True, True),
    ("support", TOM, True, True),
    # not known as a person: of the domain, a device, somebody who has left, nobody at all
    ("support", BOB, False, True),
    ("support", SCANNER, False, True),
    ("support", "former@customer.example", False, True),
    ("support", EVE, False, True),
    # where the mailbox answers everybody
    ("open", EVE, True, True),
)


@pytest.mark.parametrize(("method", "is_trusted"), [*((method, False) for method in PROOFS), *NO_PROOFS])
def test_the_author_in_from(desk: Desk, method: Method, *, is_trusted: bool) -> None:
    """DKIM, ARC and Authentication-Results prove a stranger; a trusted peer does not."""
    for mailbox, author, is_told_unproven, is_told_proven in AUTHORS:
        found = told(desk, mail(author=author), mailbox, method, is_trusted=is_trusted)
        is_told = is_told_proven if method in PROOFS else is_told_unproven
        assert found == ([author] if is_told else []), (mailbox, author)


#: mailbox, mail that is signed by the domain of its From, who is told
NAMED_ELSEWHERE: tuple[tuple[str, bytes, list[str]], ...] = (
    # the visitor of a web form: the form's own signature says nothing about him
    ("forms", mail(author="form@site.example", extra=f"Reply-To: {EVE}\r\n"), []),
    ("forms", mail(author="form@site.example", extra=f"Reply-To: {ANN}\r\n"), [ANN]),
    # it is his own mail
    ("forms", mail(author=EVE, extra=f"Reply-To: {EVE}\r\n"), [EVE]),
    # a list in front of the mailbox signs for itself
    ("support", mail(author="support@desk.example", extra=f"X-Original-From: {EVE}\r\n"), []),
    ("support", mail(author="support@desk.example", extra=f"X-Original-From: {ANN}\r\n"), [ANN]),
    ("support", mail(author="support@desk.example", extra=f"Reply-To: {EVE}\r\n"), []),
    # forwarded by the mailbox, or by one of the desk's people
    ("support", mail(author="support@desk.example", subject="FW: x", body=FORWARD.format(author=EVE)), []),
    ("support", mail(author=TOM, subject="FW: x", body=FORWARD.format(author=BOB)), []),
    ("support", mail(author=TOM, subject="FW: x", body=FORWARD.format(author=ANN)), [ANN]),
    # Reply-To means nothing elsewhere
    ("support", mail(author="form@site.example", extra=f"Reply-To: {EVE}\r\n"), ["form@site.example"]),
    # private mail is answered to whom it may be
    ("support", mail(author=EVE, extra="Sensitivity: Private\r\n"), [EVE]),
)


def test_a_proof_is_about_from_alone(desk: Desk) -> None:
    """Whom a signed message names anywhere else is a stranger, unless the directory knows the address."""
    for mailbox, content, expected in NAMED_ELSEWHERE:
        assert told(desk, content, mailbox, Method.DKIM, is_trusted=False) == expected, content


def test_private_mail_of_an_unproven_stranger_is_not_answered(desk: Desk) -> None:
    """A failed notice is a notice."""
    content = mail(author=EVE, extra="Sensitivity: Private\r\n")
    assert told(desk, content, "support", Method.TRUSTED_PEER, is_trusted=True) == []


RESULTS = "Authentication-Results: {name}; dkim={verdict} header.d=unknown.example\r\n"


@pytest.mark.parametrize(
    ("peer", "extra", "is_told"),
    [
        # its word is believed about its own people, and says nothing about Eve
        ({}, "", False),
        ({}, RESULTS.format(name="mx.desk.example", verdict="pass"), False),
        # what its own systems found, where the operator names them
        ({"authserv_ids": ("mx.desk.example",)}, RESULTS.format(name="mx.desk.example", verdict="pass"), True),
        ({"authserv_ids": ("mx.desk.example",)}, RESULTS.format(name="mx.desk.example", verdict="fail"), False),
        ({"authserv_ids": ("mx.desk.example",)}, RESULTS.format(name="mx.other.example", verdict="pass"), False),
        ({"authserv_ids": ("mx.desk.example",)}, "", False),
    ],
)
@pytest.mark.parametrize("is_signed", [False, True])
def test_strangers_through_a_trusted_peer(
    desk: Desk, peer: dict[str, tuple[str, ...]], extra: str, *, is_told: bool, is_signed: bool
) -> None:
    """Its mail is not verified again, so a signature in it is nobody's proof; its Authentication-Results can be."""
    zone = Zone()
    rule = PeerRule(name="own", trusted=True, **peer)  # type: ignore[arg-type]  # all of them are lists of names
    content = mail(author=EVE, extra=extra)
    if is_signed:
        content = Signer("unknown.example", zone).sign(content)
    prover = Prover(Authentication(), Resolver(zone.lookup))
    proof = asyncio.run(prover.prove(content, rule, now=datetime.now(UTC).timestamp()))
    assert proof.is_proven
    assert told(desk, content, "support", proof.method, is_trusted=True) == ([EVE] if is_told else [])
