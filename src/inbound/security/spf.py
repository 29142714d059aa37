"""SPF records (RFC 7208 4, 5): is an address among those that one names?

Only what names addresses lets a peer in: ip4, ip6, a, mx, and include and redirect to such. "all", "ptr", "exists" and
macros say something about a sender, not about a network, and match nothing here.
"""

from dataclasses import dataclass
from ipaddress import ip_network

from inbound.security.addresses import IPAddress, addresses_of
from inbound.security.dns import Resolver
from inbound.values import immutable

#: RFC 7208 4.6.4
_MAX_LOOKUPS, _MAX_MX = 10, 10
_VERSION = "v=spf1"
_QUALIFIERS = "+-~?"


class SpfError(Exception):
    """The record cannot be followed (RFC 7208 2.6.7)."""


@dataclass(slots=True)
class _Search:
    address: IPAddress
    resolver: Resolver
    #: terms that ask DNS, so far
    lookups: int = 0

    def count(self) -> None:
        self.lookups += 1
        if self.lookups > _MAX_LOOKUPS:
            raise SpfError(f"more than {_MAX_LOOKUPS} look-ups")


@immutable(kw_only=False)
class _Match:
    #: the term that matched, with the record it stands in
    term: str
    is_pass: bool


async def find_permission(domain: str, address: IPAddress, resolver: Resolver) -> str | None:
    """The term of a domain's SPF record that names the address, like ``ip4:192.0.2.0/24 of spf.example``; or None.

    Raises:
        SpfError: there is no record, or it cannot be followed.
        DnsTrouble: nobody answers.
    """
    match = await _evaluate(domain, _Search(address, resolver))
    return match.term if match and match.is_pass else None


async def _evaluate(domain: str, search: _Search) -> _Match | None:
    terms = (await _record(domain, search.resolver)).split()[1:]
    for term in terms:
        if "=" in term.partition(":")[0].partition("/")[0]:
            continue
        qualifier = term[0] if term[0] in _QUALIFIERS else "+"
        mechanism = term.lstrip(_QUALIFIERS)
        if mechanism.lower() == "all":
            return None
        found = await _matches(mechanism, domain, search)
        if found:
            return _Match(found, qualifier == "+")
    # RFC 7208 6.1: only where nothing matched, and there was no "all".
    redirect = next((term[9:] for term in terms if term.lower().startswith("redirect=")), "")
    if not redirect or "%" in redirect:
        return None
    search.count()
    return await _evaluate(redirect, search)


async def _record(domain: str, resolver: Resolver) -> str:
    texts = await resolver.find(domain, "TXT")
    records = [text for text in texts if text.lower().split(" ", 1)[0] == _VERSION]
    if len(records) != 1:
        raise SpfError(f"{domain} has {len(records) or 'no'} SPF record{'s' if records else ''}")
    return records[0]


async def _matches(mechanism: str, domain: str, search: _Search) -> str | None:
    """What matched, for people; None when the mechanism does not name the address."""
    name, colon, value = mechanism.partition(":")
    if not colon:
        name, slash, value = mechanism.partition("/")
        value = slash + value
    match name.lower():
        case "ip4" | "ip6":
            is_of_version = (":" in value) == (name.lower() == "ip6")
            return f"{mechanism} of {domain}" if is_of_version and _is_within(search.address, value) else None
        case "include":
            return await _included(value, search)
        case "a" | "mx":
            return await _named(name.lower(), value, mechanism, domain, search)
        case "exists" | "ptr":
            search.count()
            return None
        case _:
            raise SpfError(f"{mechanism!r} of {domain} is unknown")


async def _included(domain: str, search: _Search) -> str | None:
    search.count()
    if "%" in domain:
        return None
    match = await _evaluate(domain, search)
    return match.term if match and match.is_pass else None


async def _named(name: str, value: str, mechanism: str, domain: str, search: _Search) -> str | None:
    search.count()
    target, _, lengths = value.partition("/")
    if "%" in target:
        return None
    prefix = lengths.partition("/")[0] if search.address.version == 4 else lengths.rpartition("/")[2]
    if search.address.version == 6 and "//" not in f"/{lengths}":
        prefix = ""
    hosts = [target or domain]
    if name == "mx":
        hosts = list(await search.resolver.find(hosts[0], "MX"))[:_MAX_MX]
    for host in hosts:
        for found in await addresses_of(host, search.address.version, search.resolver):
            if _is_within(search.address, f"{found}/{prefix}" if prefix else str(found)):
                return f"{mechanism} of {domain}"
    return None


def _is_within(address: IPAddress, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False
