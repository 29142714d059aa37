"""Proof of authorship: signatures, seals and others' results of a message, asked before it goes to the pipeline."""

import asyncio
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from inbound import logs, metrics
from inbound.config import Authentication, PeerRule
from inbound.message.addresses import parse_addresses
from inbound.message.authentication_results import MethodResult, read_results
from inbound.message.headers import Header, read_header
from inbound.model.proof import Method, Proof
from inbound.rules.alignment import is_aligned, proving_domain
from inbound.security.chains import ArcSet, latest_message_signature, read_chain, sealed_octets, sealers
from inbound.security.dns import DnsTrouble, Resolver
from inbound.security.signatures import (
    Key,
    Signature,
    Signed,
    Unusable,
    check,
    check_octets,
    read_key,
    read_signature,
)
from inbound.values import immutable

#: signatures of one message that are verified
_MAX_SIGNATURES = 5
#: fields of others' results that are read
_MAX_RESULTS = 20
_SIGNS = (b"dkim-signature:", b"arc-seal:", b"authentication-results:")
#: at most so many messages are verified at the same time: the rest of the processor is for the others
_THREADS = 2


@immutable(kw_only=False)
class _Author:
    """A message with one author, and the header in which he stands."""

    domain: str
    header: Header
    signed: Signed


class Prover:
    """Asks whether the author in From wrote a message."""

    def __init__(self, settings: Authentication, resolver: Resolver) -> None:
        self._settings = settings
        self._resolver = resolver
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="proof")

    async def prove(self, content: bytes, rule: PeerRule | None, *, now: float) -> Proof:
        """The verdict; whatever goes wrong is no proof, and never a lost message.

        Args:
            content: of the message.
            rule: the entry that let the peer in; None when none did.
            now: seconds since the epoch.
        """
        if rule is not None and rule.trusted:
            return _of_trusted_peer(content, rule)
        if not _has_signs(content):
            return _none("no signature, seal or result in its header")
        try:
            async with asyncio.timeout(self._settings.seconds):
                return await self._ask(content, rule, now)
        except TimeoutError:
            return _none(f"no verdict within {self._settings.seconds:g} seconds")
        except Exception as error:  # noqa: BLE001 - a defect in here must not lose the message
            logs.proof_failed(error)
            metrics.defects.add("proof_failed")
            return _none("the check itself failed; the log says why")

    async def _ask(self, content: bytes, rule: PeerRule | None, now: float) -> Proof:
        author = _read_author(content)
        if isinstance(author, Proof):
            return author
        details: list[str] = []
        for ask in (self._ask_results, self._ask_dkim, self._ask_arc):
            proof = await ask(author, rule, now)
            if proof.is_proven:
                return proof
            details.append(proof.detail)
        return _none("; ".join(filter(None, details)))

    async def _ask_results(self, author: _Author, rule: PeerRule | None, _now: float) -> Proof:
        return _read_verdicts(author, rule)

    async def _ask_dkim(self, author: _Author, _rule: PeerRule | None, now: float) -> Proof:
        """A signature of the author's own domain (RFC 6376)."""
        details: list[str] = []
        tried = 0
        for name, value in author.header.fields:
            if name.lower() != b"dkim-signature" or tried >= _MAX_SIGNATURES:
                continue
            try:
                signature = read_signature(name, value, now=now)
                if not is_aligned(signature.domain, author.domain):
                    details.append(f"DKIM {signature.domain}: another domain than the author's")
                    continue
                tried += 1
                await self._verify(signature, author)
            except (Unusable, DnsTrouble) as error:
                details.append(f"DKIM: {error}")
                continue
            return _proven(Method.DKIM, signature.domain, f"signature of {signature.domain}")
        return _none("; ".join(details[:_MAX_SIGNATURES]))

    async def _ask_arc(self, author: _Author, _rule: PeerRule | None, now: float) -> Proof:
        """A chain of seals in which every sealer is believed, and one of them saw proof (RFC 8617)."""
        try:
            chain = read_chain(author.header.fields)
            if not chain:
                return _none("")
            if strangers := sealers(chain) - set(self._settings.arc_sealers):
                return _none(f"ARC: {', '.join(sorted(strangers)[:3])} is no sealer that is believed")
            proofs = ((one, proving_domain(one.verdicts.results, author.domain)) for one in chain)
            witness, domain = next(((one, domain) for one, domain in proofs if domain), (chain[0], ""))
            if not domain:
                return _none("ARC: no sealer saw proof")
            await self._verify_chain(chain, author, now)
        except (Unusable, DnsTrouble) as error:
            return _none(f"ARC: {error}")
        return _proven(Method.ARC, witness.seal.domain, f"{witness.seal.domain} found {domain} to be the author")

    async def _verify_chain(self, chain: list[ArcSet], author: _Author, now: float) -> None:
        signature = latest_message_signature(chain, now=now)
        if signature.domain not in self._settings.arc_sealers:
            raise Unusable(f"{signature.domain} is no sealer that is believed")
        await self._verify(signature, author)
        for number, one in enumerate(chain, start=1):
            key = await self._key(one.seal)
            await self._in_thread(functools.partial(check_octets, one.seal, key, sealed_octets(chain, number)))

    async def _verify(self, signature: Signature, author: _Author) -> None:
        """A signature over fields and text.

        Raises:
            Unusable: it does not hold, or leaves out what decides about the message.
            DnsTrouble: its key cannot be asked for.
        """
        if author.header.count(b"subject") and b"subject" not in signature.signed:
            raise Unusable("it does not cover Subject")
        key = await self._key(signature)
        await self._in_thread(functools.partial(check, signature, key, author.signed))

    async def _key(self, signature: Signature) -> Key:
        return read_key(await self._resolver.find(signature.key_name, "TXT"), signature)

    async def _in_thread(self, run: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, run)


def _has_signs(content: bytes) -> bool:
    """Is there anything to ask? Costs next to nothing."""
    end = content.find(b"\r\n\r\n")
    header = content[: end if end >= 0 else len(content)].lower()
    return any(sign in header for sign in _SIGNS)


def _read_author(content: bytes) -> _Author | Proof:
    """The one author, or why there is nobody to prove: what two readers may read differently proves nothing."""
    header, body_start = read_header(content, 0, len(content), is_message=True)
    if not header.is_plain:
        return _none("its header can be read in more than one way")
    if header.count(b"from") != 1 or header.count(b"subject") > 1:
        return _none("it has no From, or From or Subject twice")
    authors = parse_addresses(header.values(b"from")[0])
    if len(authors) != 1 or not authors[0].address:
        return _none("From names nobody, or several")
    return _Author(authors[0].domain, header, Signed(header.fields, content, body_start))


def _of_trusted_peer(content: bytes, rule: PeerRule) -> Proof:
    """Believed in any case; where it says what it verified, that is proof of a person nobody knows, too."""
    if (rule.authserv_ids or rule.results_without_id) and _has_signs(content):
        author = _read_author(content)
        if isinstance(author, _Author) and (proof := _read_verdicts(author, rule)).is_proven:
            return proof
    return Proof(is_proven=True, method=Method.TRUSTED_PEER, domain=rule.name, detail=f"peer {rule.name} is trusted")


def _read_verdicts(author: _Author, rule: PeerRule | None) -> Proof:
    """What the peer's own systems wrote (RFC 8601): believed only where the operator says so."""
    values = author.header.values(b"authentication-results")[:_MAX_RESULTS]
    believed = set(rule.authserv_ids) if rule else set()
    by_id: dict[str, list[MethodResult]] = {}
    for verdicts in map(read_results, values):
        # Of each name the topmost field of a method counts: what stands below may have come with the message.
        methods = {result.method for result in by_id.setdefault(verdicts.authserv_id, [])}
        by_id[verdicts.authserv_id] += [one for one in verdicts.results if one.method not in methods]
    for authserv_id, results in by_id.items():
        is_believed = authserv_id in believed if authserv_id else rule is not None and rule.results_without_id
        domain = proving_domain(results, author.domain)
        if is_believed and domain:
            name = authserv_id or (rule.name if rule else "")
            return _proven(Method.AUTHENTICATION_RESULTS, name, f"{name} found {domain} to be the author")
    return _none("Authentication-Results: of nobody who is believed, or no pass" if values else "")


def _proven(method: Method, domain: str, detail: str) -> Proof:
    return Proof(is_proven=True, method=method, domain=domain, detail=detail)


def _none(detail: str) -> Proof:
    return Proof(detail=detail)
