"""Alignment (RFC 7489 3.1): does a verdict about one domain hold for an author in another?"""

from collections.abc import Iterable

from inbound.message.authentication_results import MethodResult
from inbound.rules.domains import candidate_domains


def is_aligned(domain: str, author_domain: str) -> bool:
    """Do two domains belong to the same organization ("relaxed": RFC 7489 3.1.1)?

    Args:
        domain: of a signature, in any case.
        author_domain: of the address in From, in any case.
    """
    one, other = _ascii(domain), _ascii(author_domain)
    if not one or not other:
        return False
    return one == other or (bool(candidate_domains(one)) and _organization(one) == _organization(other))


def proving_domain(results: Iterable[MethodResult], author_domain: str) -> str:
    """The domain for which results of somebody else's checks prove an author; empty when they prove nothing.

    A DMARC pass for the author's domain does, and so does a DKIM pass of an aligned domain. An SPF pass alone does not:
    whoever shares the provider has it too. Of each method only what a field says first counts; a DMARC failure beats
    everything.

    Args:
        results: of one field.
        author_domain: of the address in From.
    """
    found = ""
    for result in results:
        if result.method == "dmarc":
            if result.result == "fail":
                return ""
            if result.result == "pass" and _ascii(result.properties.get("header.from", "")) == _ascii(author_domain):
                found = found or author_domain
        elif result.method == "dkim" and result.result == "pass":
            signer = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
            if is_aligned(signer, author_domain):
                found = found or signer
    return found


def _organization(domain: str) -> str:
    candidates = candidate_domains(domain)
    return candidates[-1] if candidates else domain


def _ascii(domain: str) -> str:
    # RFC 5890 2.3.2.1: a domain in letters of its language and its xn-- form are one domain.
    lowered = domain.strip().rstrip(".").lower()
    if lowered.isascii() or len(lowered) > 253:
        return lowered
    try:
        return lowered.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
