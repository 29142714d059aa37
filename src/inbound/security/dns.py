"""The only way to DNS: cached, limited in time, with the last good answer when DNS is in trouble."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from inbound import metrics
from inbound.errors import InboundError
from inbound.values import immutable

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]

#: names that are remembered; the one asked for longest ago goes first
_MAX_ENTRIES = 10_000
#: an answer is believed at least and at most so long, whatever its TTL says
_SHORTEST_SECONDS, _LONGEST_SECONDS = 30.0, 86_400.0
#: how long a last good answer stands in for a server that does not answer
_KEEP_SECONDS = 7 * 86_400.0
#: after trouble nobody waits for the same question again so soon
_PAUSE_SECONDS = 30.0


class DnsTrouble(InboundError):
    """No answer, and none is remembered: says nothing about the name."""


@immutable(kw_only=False)
class Answer:
    """What DNS says about a name; no records also is an answer."""

    #: as text: the strings of a TXT record joined, names without the last dot
    records: tuple[str, ...]
    ttl_seconds: float


#: Asks DNS; raises `DnsTrouble` when there is no answer.
Lookup = Callable[[str, Kind], Awaitable[Answer]]


@dataclass(slots=True)
class _Entry:
    #: None: there was only trouble
    records: tuple[str, ...] | None
    fresh_until: float
    good_until: float
    trouble: str = ""


class Resolver:
    """Answers questions about names; belongs to one event loop."""

    def __init__(self, lookup: Lookup, *, seconds: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with an empty memory.

        Args:
            lookup: asks DNS.
            seconds: that one question may take.
            clock: in seconds.
        """
        self._lookup = lookup
        self.seconds = seconds
        self._clock = clock
        self._entries: dict[tuple[str, Kind], _Entry] = {}
        self._asking: dict[tuple[str, Kind], asyncio.Task[_Entry]] = {}

    async def find(self, name: str, kind: Kind) -> tuple[str, ...]:
        """The records of a name; none when there are none.

        Raises:
            DnsTrouble: nobody answered in time, and nobody did lately.
        """
        key = (name.rstrip(".").lower(), kind)
        entry = self._entries.get(key)
        if entry is None or entry.fresh_until <= self._clock():
            # Many connections of one peer ask the same at the same time; one that goes away takes no answer along.
            task = self._asking.get(key)
            if task is None:
                task = self._asking[key] = asyncio.create_task(self._ask(key))
                task.add_done_callback(lambda _: self._asking.pop(key, None))
            entry = await asyncio.shield(task)
        if entry.records is None:
            raise DnsTrouble(f"{kind} of {name}: {entry.trouble}")
        return entry.records

    async def _ask(self, key: tuple[str, Kind]) -> _Entry:
        before = self._entries.pop(key, None)
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._lookup(*key)
        except (DnsTrouble, TimeoutError) as error:
            metrics.dns_failures.add(key[1])
            entry = self._in_trouble(before, str(error) or "no answer in time")
        else:
            now = self._clock()
            ttl = min(max(answer.ttl_seconds, _SHORTEST_SECONDS), _LONGEST_SECONDS)
            entry = _Entry(answer.records, now + ttl, now + ttl + _KEEP_SECONDS)
        self._entries[key] = entry
        if len(self._entries) > _MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        return entry

    def _in_trouble(self, before: _Entry | None, trouble: str) -> _Entry:
        now = self._clock()
        if before is not None and before.good_until > now:
            return _Entry(before.records, now + _PAUSE_SECONDS, before.good_until)
        return _Entry(None, now + _PAUSE_SECONDS, now, trouble)


async def system_lookup(name: str, kind: Kind) -> Answer:
    """Ask the servers that this machine is configured for.

    Raises:
        DnsTrouble: they do not answer, there are none, or the extra `auth` is not installed.
    """
    try:
        from dns import asyncresolver, exception, resolver
        from dns import name as names
    except ImportError as error:
        raise DnsTrouble("dnspython is not installed: pip install 'inbound[auth]'") from error
    try:
        found = await asyncresolver.resolve(f"{name}.", kind, search=False)
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        return Answer((), 2 * _SHORTEST_SECONDS)
    except (names.LabelTooLong, names.NameTooLong, names.EmptyLabel, names.BadEscape, UnicodeError):
        # No name that could exist.
        return Answer((), _LONGEST_SECONDS)
    except (exception.DNSException, OSError) as error:
        raise DnsTrouble(str(error) or type(error).__name__) from error
    return Answer(tuple(_text(record, kind) for record in found), float(found.rrset.ttl if found.rrset else 0))


def _text(record: object, kind: Kind) -> str:
    if kind == "TXT":
        # RFC 7208 3.3, RFC 6376 3.6.2.2: strings are joined without anything between them.
        return b"".join(getattr(record, "strings", ())).decode("utf-8", "replace")
    if kind == "MX":
        return str(getattr(record, "exchange", "")).rstrip(".")
    return str(record).rstrip(".")
