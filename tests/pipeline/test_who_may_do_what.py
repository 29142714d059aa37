"""Who may do what under which verdict: really signed mails, a resolver of the test, the whole pipeline."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from desk import PEER, delivery, mail, results
from inbound.config import Authentication, PeerRule
from inbound.model.outcome import Result
from inbound.security.dns import Resolver
from inbound.security.proof import Prover
from security.signing import Signer, Zone
from situations import Situation

TECH, ANN = "tech@desk.example", "ann@acme.example"
ZONE = Zone()
SIGNERS = {
    domain: Signer(domain, ZONE) for domain in ("desk.example", "acme.example", "evil.example", "sealer.example")
}
RULES = {
    "plain": PeerRule(name="plain"),
    "gateway": PeerRule(name="gateway", authserv_ids=("mx.desk.example",)),
    "own": PeerRule(name="own", trusted=True),
}
TIME, APPROVAL = ("T20260101.0001", "#T=1"), ("T20260101.0007", "#A=approve")


@pytest.fixture
def desk(database: Engine) -> Situation:
    return Situation(database)


def written(author: str, what: tuple[str, str], proof: str) -> tuple[bytes, str]:
    """A mail with a proof, and the peer that hands it over."""
    subject, body = what
    domain = author.rpartition("@")[2]
    extra = ""
    if proof in {"results", "results from elsewhere"}:
        extra = f"Authentication-Results: mx.desk.example; dkim=pass header.d={domain}\r\n"
    content = mail(author=author, subject=subject, body=body, extra=extra)
    signed = {
        "dkim": lambda: SIGNERS[domain].sign(content),
        "dkim of another": lambda: SIGNERS["evil.example"].sign(content),
        "dkim, changed": lambda: SIGNERS[domain].sign(content) + b"more\r\n",
        "arc": lambda: SIGNERS["sealer.example"].seal(content, f"sealer.example; dkim=pass header.d={domain}"),
        "arc of another": lambda: SIGNERS["evil.example"].seal(content, f"evil.example; dkim=pass header.d={domain}"),
    }
    peer = {"results": "gateway", "trusted peer": "own"}.get(proof, "plain")
    return signed.get(proof, lambda: content)(), peer


def receive(desk: Situation, author: str, what: tuple[str, str], proof: str) -> Result:
    content, peer = written(author, what, proof)
    rule = RULES[peer]
    prover = Prover(Authentication(arc_sealers=("sealer.example",)), Resolver(ZONE.lookup))
    verdict = asyncio.run(prover.prove(content, rule, now=datetime.now(UTC).timestamp()))
    one = replace(delivery(content), peer=replace(PEER, name=peer, is_trusted=rule.trusted), proof=verdict)
    return results(desk.commit(one))[0]


GOOD = ("dkim", "arc", "results", "trusted peer")
BAD = ("nothing", "dkim of another", "dkim, changed", "arc of another", "results from elsewhere")


@pytest.mark.parametrize(
    ("author", "what", "proof", "outcome", "reason"),
    [
        # A resource enters time when proven, and is only heard when not.
        *((TECH, TIME, proof, "ticket_time_entry_added", "subject_number") for proof in GOOD),
        *((TECH, TIME, proof, "ticket_note_added", "sender_not_authenticated") for proof in BAD),
        # So does a listed approver decide; a contact's other mail is the same with and without proof.
        *((ANN, APPROVAL, proof, "ticket_note_added", "subject_number") for proof in GOOD),
        *((ANN, APPROVAL, proof, "ticket_note_added", "sender_not_authenticated") for proof in BAD),
        *((ANN, ("Printer", "It burns."), proof, "ticket_created", "new_ticket") for proof in ("dkim", "nothing")),
    ],
)
def test_who_may_do_what(
    desk: Situation, author: str, what: tuple[str, str], proof: str, outcome: str, reason: str
) -> None:
    """What becomes of a mail under each verdict, and which verdict its trace tells of."""
    result = receive(desk, author, what, proof)
    assert (result.outcome, result.reason) == (outcome, reason)
    query = "SELECT count(*) FROM change_request_approvers WHERE decision = 'approved'"
    assert desk.value(query) == (what == APPROVAL and proof in GOOD)
    (trace,) = desk.rows("SELECT trace->0->>'rule', is_author_proven FROM messages WHERE id = :i", i=result.message_id)
    rules = {"dkim": "dkim", "arc": "arc", "results": "authentication_results", "trusted peer": "trusted_peer"}
    assert trace == (rules.get(proof, "authorship"), proof in GOOD)
