"""Who proves to be the author: really signed mails against a resolver of the test."""

import asyncio
import time
from typing import Any

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from inbound.config import Authentication, PeerRule
from inbound.model.proof import Method, Proof
from inbound.security.dns import Resolver
from inbound.security.proof import Prover
from security.signing import Signer, Zone, ed25519_signer, message

GATEWAY = PeerRule(name="gateway", authserv_ids=("mx.corp.example",))
MICROSOFT = PeerRule(name="m365", preset="microsoft365", results_without_id=True)
PLAIN = PeerRule(name="plain")
OWN = PeerRule(name="own", trusted=True)
OWN_GATEWAY = PeerRule(name="own", trusted=True, authserv_ids=("mx.corp.example",))

ZONE = Zone()
CORP = Signer("corp.example", ZONE)
EVIL = Signer("evil.example", ZONE)
SUB = Signer("mail.corp.example", ZONE)
TESTING = Signer("corp.example", ZONE, flags="t=y; ", selector="testing")
SHORT = Signer("corp.example", ZONE, bits=1_024, selector="short")
SEALER = Signer("sealer.example", ZONE)
SECOND = Signer("second.example", ZONE)


def prove(content: bytes, rule: PeerRule | None = PLAIN, zone: Zone = ZONE, **settings: Any) -> Proof:
    authentication = Authentication(**({"arc_sealers": ("sealer.example", "second.example")} | settings))
    prover = Prover(authentication, Resolver(zone.lookup))
    return asyncio.run(prover.prove(content, rule, now=time.time()))


def with_results(value: str) -> bytes:
    return message(extra=f"Authentication-Results: {value}\r\n")


PASS = "dkim=pass header.d=corp.example"
DMARC = "dmarc=pass action=none header.from=corp.example"


@pytest.mark.parametrize(
    ("content", "rule", "method", "domain"),
    [
        # The operator's own server proves everybody, and nothing is asked.
        (message(), OWN, Method.TRUSTED_PEER, "own"),
        (message(extra=f"Authentication-Results: mx.corp.example; {PASS}\r\n"), OWN, Method.TRUSTED_PEER, "own"),
        # Where it says what it verified, that counts for strangers too; where it says nothing, it is still believed.
        (with_results(f"mx.corp.example; {PASS}"), OWN_GATEWAY, Method.AUTHENTICATION_RESULTS, "mx.corp.example"),
        (with_results("mx.corp.example; dkim=none"), OWN_GATEWAY, Method.TRUSTED_PEER, "own"),
        (message(), OWN_GATEWAY, Method.TRUSTED_PEER, "own"),
        # A signature of the author's domain, of its subdomain, in every form.
        (CORP.sign(message()), PLAIN, Method.DKIM, "corp.example"),
        (SUB.sign(message()), PLAIN, Method.DKIM, "mail.corp.example"),
        (CORP.sign(message(), canonicalize=(b"simple", b"simple")), PLAIN, Method.DKIM, "corp.example"),
        (CORP.sign(message(), canonicalize=(b"relaxed", b"relaxed")), PLAIN, Method.DKIM, "corp.example"),
        (CORP.sign(message(), canonicalize=(b"simple", b"relaxed")), PLAIN, Method.DKIM, "corp.example"),
        (SHORT.sign(message()), PLAIN, Method.DKIM, "corp.example"),
        (CORP.sign(message(body=b"")), PLAIN, Method.DKIM, "corp.example"),
        (CORP.sign(message(body=b"no line end")), PLAIN, Method.DKIM, "corp.example"),
        (
            CORP.sign(message(body=b"x\r\n\r\n\r\n"), canonicalize=(b"relaxed", b"simple")),
            PLAIN,
            Method.DKIM,
            "corp.example",
        ),
        # One that holds is enough, whatever stands above it.
        (EVIL.sign(CORP.sign(message())), PLAIN, Method.DKIM, "corp.example"),
        (CORP.sign(EVIL.sign(message())), None, Method.DKIM, "corp.example"),
        # A chain of believed sealers, one of whom saw proof.
        (SEALER.seal(message(), f"sealer.example; {PASS}"), PLAIN, Method.ARC, "sealer.example"),
        (SEALER.seal(message(), f"sealer.example; {DMARC}"), PLAIN, Method.ARC, "sealer.example"),
        (
            SECOND.seal(SEALER.seal(message(), f"sealer.example; {PASS}"), "second.example; dkim=fail; arc=pass"),
            PLAIN,
            Method.ARC,
            "sealer.example",
        ),
        # What a believed system wrote into the message.
        (with_results(f"mx.corp.example; {PASS}"), GATEWAY, Method.AUTHENTICATION_RESULTS, "mx.corp.example"),
        (with_results(f"MX.corp.example 1; {DMARC}"), GATEWAY, Method.AUTHENTICATION_RESULTS, "mx.corp.example"),
        (
            with_results(f"spf=pass (x) smtp.mailfrom=a.example; {DMARC}"),
            MICROSOFT,
            Method.AUTHENTICATION_RESULTS,
            "m365",
        ),
    ],
)
def test_proven(content: bytes, rule: PeerRule | None, method: Method, domain: str) -> None:
    """What proves an author, and whose word it is."""
    proof = prove(content, rule)
    assert (proof.is_proven, proof.method, proof.domain) == (True, method, domain), proof.detail


def changed(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content
    return content.replace(old, new)


def unsigned_field(content: bytes, field: bytes) -> bytes:
    return field + b"\r\n" + content


@pytest.mark.parametrize(
    ("content", "rule", "word"),
    [
        # No verdict is not a pass.
        (message(), PLAIN, "no signature"),
        (message(), None, "no signature"),
        # Signatures of somebody else, and by somebody who only says so.
        (EVIL.sign(message()), PLAIN, "another domain"),
        (changed(EVIL.sign(message()), b"d=evil.example", b"d=corp.example"), PLAIN, "i= is not"),
        (Signer("co.uk", ZONE).sign(message("a@corp.co.uk")), PLAIN, "another domain"),
        # What was signed was changed afterwards.
        (changed(CORP.sign(message()), b"It burns", b"It freezes"), PLAIN, "text was changed"),
        (changed(CORP.sign(message()), b"0042", b"0043"), PLAIN, "header was changed"),
        (changed(CORP.sign(message()), b"rita@corp", b"boss@corp"), PLAIN, "header was changed"),
        # A second From or Subject, of which readers may take either.
        (unsigned_field(CORP.sign(message()), b"From: boss@corp.example"), PLAIN, "twice"),
        (unsigned_field(CORP.sign(message()), b"Subject: other"), PLAIN, "twice"),
        (CORP.sign(message("rita@corp.example, boss@corp.example")), PLAIN, "several"),
        # Lines that readers may cut in different places.
        (unsigned_field(CORP.sign(message()), b"X: y\rFrom: boss@corp.example"), PLAIN, "more than one way"),
        (unsigned_field(CORP.sign(message()), b"X: y\nFrom: boss@corp.example"), PLAIN, "more than one way"),
        # Signatures that leave out what decides.
        (CORP.sign(message(), include_headers=[b"from", b"to"]), PLAIN, "does not cover Subject"),
        (CORP.sign(message(), length=True), PLAIN, "only the beginning"),
        # Keys that do not count.
        (TESTING.sign(message()), PLAIN, "testing"),
        # Chains: a sealer that is not believed, at any place; no proof seen; changed since; broken by its own word.
        (EVIL.seal(message(), f"evil.example; {PASS}"), PLAIN, "no sealer that is believed"),
        (SEALER.seal(EVIL.seal(message(), f"sealer.example; {PASS}"), "sealer.example; arc=pass"), PLAIN, "no sealer"),
        (SEALER.seal(message(), "sealer.example; dkim=pass header.d=evil.example; spf=pass"), PLAIN, "saw proof"),
        (changed(SEALER.seal(message(), f"sealer.example; {PASS}"), b"It burns", b"It is"), PLAIN, "text was changed"),
        (
            changed(
                SEALER.seal(message(), "sealer.example; dkim=fail header.d=corp.example"), b"dkim=fail", b"dkim=pass"
            ),
            PLAIN,
            "header was changed",
        ),
        (SEALER.seal(message(), f"sealer.example; {PASS}", cv="fail"), PLAIN, "broken"),
        (changed(SEALER.seal(message(), f"x; {PASS}"), b"ARC-Message-Signature:", b"X-Gone:"), PLAIN, "missing"),
        # Results of somebody who is not believed, from a peer that is not, or that say something else.
        (with_results(f"mx.other.example; {PASS}"), GATEWAY, "nobody who is believed"),
        (with_results(f"mx.corp.example; {PASS}"), PLAIN, "nobody who is believed"),
        (with_results(f"mx.corp.example; {PASS}"), None, "nobody who is believed"),
        (with_results(f"{DMARC}"), GATEWAY, "nobody who is believed"),
        (with_results("mx.corp.example; dkim=pass header.d=evil.example"), GATEWAY, "no pass"),
        (with_results("mx.corp.example; dmarc=pass header.from=evil.example"), GATEWAY, "no pass"),
        (with_results("mx.corp.example; spf=pass smtp.mailfrom=corp.example"), GATEWAY, "no pass"),
        (with_results(f"mx.corp.example; {PASS}; dmarc=fail header.from=corp.example"), GATEWAY, "no pass"),
        (with_results(f"mx.corp.example (mx.corp.example; {PASS}); none"), GATEWAY, "no pass"),
        # A field that came with the message stands below the one that was added.
        (
            message(
                extra="Authentication-Results: mx.corp.example; dkim=none\r\n"
                f"Authentication-Results: mx.corp.example; {PASS}\r\n"
            ),
            GATEWAY,
            "no pass",
        ),
    ],
)
def test_not_proven(content: bytes, rule: PeerRule | None, word: str) -> None:
    """What proves nobody, and why in a word."""
    proof = prove(content, rule)
    assert (proof.is_proven, proof.method, proof.domain) == (False, Method.NONE, "")
    assert word in proof.detail


def test_ed25519() -> None:
    """Signatures with the younger algorithm count too (RFC 8463)."""
    key, selector = ed25519_signer("corp.example", ZONE)
    signed = dkim.sign(message(), selector.encode(), b"corp.example", key, signature_algorithm=b"ed25519-sha256")
    assert prove(signed + message()).method is Method.DKIM


def test_sha1_proves_nothing() -> None:
    """RFC 8301 3.1: signatures with SHA-1 count for nothing."""
    assert not prove(CORP.sign(message(), signature_algorithm=b"rsa-sha1")).is_proven


def test_expired_signature() -> None:
    """A signature past its x= proves nothing."""
    content = changed(CORP.sign(message()), b"DKIM-Signature: ", b"DKIM-Signature: x=1000; ")
    assert "expired" in prove(content).detail


@pytest.mark.parametrize("trouble", [{"*"}, {"s1._domainkey.corp.example"}])
def test_trouble_with_dns_is_no_proof(trouble: set[str]) -> None:
    """Without an answer there is no proof, and no error either."""
    zone = Zone(ZONE.records)
    zone.trouble = trouble
    proof = prove(CORP.sign(message()), PLAIN, zone)
    assert not proof.is_proven
    assert "SERVFAIL" in proof.detail


def test_a_withdrawn_key_is_no_proof() -> None:
    """RFC 6376 3.6.1: an empty p= takes the key back; no record at all never gave one."""
    name: tuple[str, Any] = ("s1._domainkey.corp.example", "TXT")
    assert "withdrawn" in prove(CORP.sign(message()), PLAIN, Zone({name: ["v=DKIM1; p="]})).detail
    assert "not published" in prove(CORP.sign(message()), PLAIN, Zone()).detail


def test_time_is_limited() -> None:
    """A resolver that never answers costs the time limit, not the message."""

    class Silent(Zone):
        async def lookup(self, name: str, kind: Any) -> Any:
            self.asked.append((name, kind))
            await asyncio.Event().wait()

    zone = Silent()
    assert "no verdict" in prove(CORP.sign(message()), PLAIN, zone, seconds=0.05).detail
    assert zone.asked


def test_ordinary_mail_asks_nobody() -> None:
    """Neither a mail without signs, nor one of a trusted peer, nor a stranger's signature costs a question."""
    zone = Zone(ZONE.records)
    for content, rule in ((message(), PLAIN), (CORP.sign(message()), OWN), (EVIL.sign(message()), PLAIN)):
        prove(content, rule, zone)
    assert zone.asked == []


def test_a_defect_loses_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong in the check, the message goes on without proof, and the log has the traceback."""

    def broken(*_arguments: object, **_options: object) -> None:
        raise LookupError

    monkeypatch.setattr("inbound.security.proof.read_signature", broken)
    with capture_logs() as events:
        assert not prove(CORP.sign(message())).is_proven
    assert [event["event"] for event in events] == ["proof_failed"]


WORDS = (
    *(b"DKIM-Signature:", b"ARC-Seal:", b"ARC-Message-Signature:", b"Authentication-Results:", b"From: a@corp.example"),
    *(b"v=1;", b"a=rsa-sha256;", b"d=corp.example;", b"s=s1;", b"h=from:subject;", b"bh=AAAA;", b"b=AAAA", b"i=1;"),
    *(b"\r\n", b"\r\n ", b"\r\n\r\n", b"cv=none;", b" ", b"=", b";", b"(", b'"', b"\\", b"dkim=pass", b"\xff"),
)
SOUP = st.lists(st.sampled_from(WORDS), max_size=60)


@given(SOUP)
def test_nothing_of_it_raises(pieces: list[bytes]) -> None:
    """Whatever stands in a header, there is a verdict, and it is no pass; nothing fails on the way."""
    with capture_logs() as events:
        assert not prove(b"From: a@corp.example\r\n" + b"".join(pieces), GATEWAY).is_proven
    assert events == []
