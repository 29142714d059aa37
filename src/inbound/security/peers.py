"""Who may hand us mail: what is known of a connection, judged by the ``[[peers]]`` entries."""

from collections.abc import AsyncIterator, Iterable, Iterator

from inbound.config import PeerRule
from inbound.security.addresses import IPAddress, addresses_of, parse_address
from inbound.security.dns import DnsTrouble, Resolver
from inbound.security.presets import preset_of
from inbound.security.spf import SpfError, find_permission
from inbound.values import immutable

__all__ = ["Evidence", "IPAddress", "Judgement", "Peers", "parse_address"]

#: host names of one address that are looked at
_MAX_NAMES = 10


@immutable
class Evidence:
    """What is known of the other end."""

    address: IPAddress | None
    #: that it logged in as; empty without
    user: str = ""
    #: SHA-256 of its verified certificate, in lower case; empty without one
    fingerprint: str = ""
    #: host names in its verified certificate, in lower case
    certificate_names: tuple[str, ...] = ()
    #: what reverse DNS is supposed to say, forward-confirmed; None = ask
    hostname: str | None = None


@immutable
class Judgement:
    """One way of one entry, asked."""

    #: None: no entry lets the peer in
    rule: PeerRule | None
    is_allowed: bool
    #: what let it in, or why nothing did
    detail: str
    #: DNS did not answer: nobody knows
    is_uncertain: bool = False


class Peers:
    """The peers that may hand us mail, in the order of the file."""

    def __init__(self, rules: Iterable[PeerRule], resolver: Resolver | None = None) -> None:
        """Prepare.

        Args:
            rules: of the settings.
            resolver: for entries that ask DNS; without it they let nobody in.
        """
        self._rules = tuple(rules)
        self._resolver = resolver
        self._networks = tuple(
            (network, rule) for rule in self._rules for network in (*rule.networks, *preset_of(rule).networks)
        )
        #: hash of the password and entry, by user
        self.users = {user.name: user.password for rule in self._rules for user in rule.users}

    def find(self, address: IPAddress | None) -> PeerRule | None:
        """The first rule whose networks hold the address; None when there is none. Asks nobody."""
        if address is None:
            return None
        return next((rule for network, rule in self._networks if address in network), None)

    async def judge(self, evidence: Evidence) -> Judgement:
        """The first entry that lets a peer in.

        What needs no DNS is asked first, so that trouble there never holds up who is known without it.
        """
        is_uncertain = False
        details: list[str] = []
        async for one in self.ways(evidence):
            if one.is_allowed:
                return one
            is_uncertain = is_uncertain or one.is_uncertain
            if one.is_uncertain:
                details.append(one.detail)
        detail = "; ".join(details) or "no entry lets it in"
        return Judgement(rule=None, is_allowed=False, detail=detail, is_uncertain=is_uncertain)

    async def ways(self, evidence: Evidence) -> AsyncIterator[Judgement]:
        """Every way of every entry, in the order in which they are asked, and what came of it."""
        for one in self._certain(evidence):
            yield one
        for rule in self._rules:
            for domain in filter(None, (rule.spf, preset_of(rule).spf)):
                yield await self._by_spf(rule, domain, evidence)
            for pattern in filter(None, (rule.hostname, preset_of(rule).hostname)):
                yield await self._by_hostname(rule, pattern, evidence)

    def _certain(self, evidence: Evidence) -> Iterator[Judgement]:
        for rule in self._rules:
            networks = (*rule.networks, *preset_of(rule).networks)
            if networks and evidence.address is not None:
                hit = next((network for network in networks if evidence.address in network), None)
                detail = f"network {hit}" if hit else f"in none of {len(networks)} networks"
                yield _judged(rule, detail, is_allowed=hit is not None)
            if evidence.user and rule.users:
                is_own = any(user.name == evidence.user for user in rule.users)
                yield _judged(rule, f"user {evidence.user}" if is_own else "user of another entry", is_allowed=is_own)
            if evidence.fingerprint and (rule.certificate_fingerprints or rule.certificate_names):
                yield _by_certificate(rule, evidence)

    async def _by_spf(self, rule: PeerRule, domain: str, evidence: Evidence) -> Judgement:
        if evidence.address is None or self._resolver is None:
            return _refused(rule, f"SPF record of {domain} not asked")
        try:
            term = await find_permission(domain, evidence.address, self._resolver)
        except SpfError as error:
            return _refused(rule, f"SPF record of {domain}: {error}")
        except DnsTrouble as error:
            return _uncertain(rule, f"SPF record of {domain}: {error}")
        return _judged(rule, f"SPF record of {domain}: {term or 'does not name it'}", is_allowed=term is not None)

    async def _by_hostname(self, rule: PeerRule, pattern: str, evidence: Evidence) -> Judgement:
        if evidence.hostname is not None:
            is_hit = _fits(evidence.hostname, pattern)
            detail = f"host name {evidence.hostname} {'is' if is_hit else 'is not'} {pattern}"
            return _judged(rule, detail, is_allowed=is_hit)
        if evidence.address is None or self._resolver is None:
            return _refused(rule, f"host name not asked for {pattern}")
        try:
            names = await self._resolver.find(evidence.address.reverse_pointer, "PTR")
            for name in [name for name in names[:_MAX_NAMES] if _fits(name, pattern)]:
                # Whoever owns an address writes its reverse DNS; only the forward direction confirms it.
                if evidence.address in await addresses_of(name, evidence.address.version, self._resolver):
                    return _allowed(rule, f"host name {name} is {pattern}")
        except DnsTrouble as error:
            return _uncertain(rule, f"host name for {pattern}: {error}")
        return _refused(rule, f"host name {', '.join(names[:3]) or 'none'}: not a confirmed {pattern}")


def _by_certificate(rule: PeerRule, evidence: Evidence) -> Judgement:
    if evidence.fingerprint in rule.certificate_fingerprints:
        return _allowed(rule, f"certificate {evidence.fingerprint}")
    name = next((name for name in evidence.certificate_names if name in rule.certificate_names), None)
    return _judged(rule, f"certificate of {name}" if name else "another certificate", is_allowed=name is not None)


def _fits(name: str, pattern: str) -> bool:
    lowered, wanted = name.rstrip(".").lower(), pattern.lower()
    return lowered.endswith(wanted[1:]) if wanted.startswith("*.") else lowered == wanted


def _judged(rule: PeerRule, detail: str, *, is_allowed: bool) -> Judgement:
    return Judgement(rule=rule, is_allowed=is_allowed, detail=detail)


def _allowed(rule: PeerRule, detail: str) -> Judgement:
    return _judged(rule, detail, is_allowed=True)


def _refused(rule: PeerRule, detail: str) -> Judgement:
    return _judged(rule, detail, is_allowed=False)


def _uncertain(rule: PeerRule, detail: str) -> Judgement:
    return Judgement(rule=rule, is_allowed=False, detail=detail, is_uncertain=True)
