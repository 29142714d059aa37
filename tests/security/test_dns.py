"""The resolver: remembered answers, trouble, and questions asked at the same time."""

import asyncio

import pytest

from inbound.security.dns import DnsTrouble, Kind, Resolver
from security.signing import Zone

NAME: tuple[str, Kind] = ("spf.example", "TXT")


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def setting(*records: str) -> tuple[Zone, Clock, Resolver]:
    zone, clock = Zone({NAME: records} if records else {}), Clock()
    return zone, clock, Resolver(zone.lookup, seconds=0.05, clock=clock)


async def test_answers_are_remembered() -> None:
    """Within the time that an answer names nobody is asked again, whatever the case of the name; afterwards once."""
    zone, clock, resolver = setting("v=spf1")
    for name in ("spf.example", "SPF.example."):
        assert await resolver.find(name, "TXT") == ("v=spf1",)
    clock.seconds += 299
    assert await resolver.find(*NAME) == ("v=spf1",)
    assert len(zone.asked) == 1
    clock.seconds += 2
    zone.records[NAME] = ["v=spf1 -all"]
    assert await resolver.find(*NAME) == ("v=spf1 -all",)
    assert len(zone.asked) == 2


async def test_no_record_is_an_answer_too() -> None:
    """That there is nothing is remembered like anything else."""
    zone, _, resolver = setting()
    assert await resolver.find(*NAME) == ()
    assert await resolver.find(*NAME) == ()
    assert len(zone.asked) == 1


async def test_the_last_good_answer_survives_trouble() -> None:
    """While nobody answers, the last answer stands in, for a week; the question is repeated, but not every time."""
    zone, clock, resolver = setting("v=spf1")
    await resolver.find(*NAME)
    zone.trouble = {"*"}
    clock.seconds += 3_600
    assert [await resolver.find(*NAME) for _ in range(3)] == [("v=spf1",)] * 3
    assert len(zone.asked) == 2
    clock.seconds += 31
    await resolver.find(*NAME)
    assert len(zone.asked) == 3
    clock.seconds += 8 * 86_400
    with pytest.raises(DnsTrouble):
        await resolver.find(*NAME)


async def test_trouble_is_not_waited_for_again_at_once() -> None:
    """Half a minute after trouble the next question fails at once, and then is asked again."""
    zone, clock, resolver = setting("v=spf1")
    zone.trouble = {"*"}
    for _ in range(3):
        with pytest.raises(DnsTrouble, match="SERVFAIL"):
            await resolver.find(*NAME)
    assert len(zone.asked) == 1
    zone.trouble = set()
    clock.seconds += 31
    assert await resolver.find(*NAME) == ("v=spf1",)


async def test_time_is_limited() -> None:
    """A server that does not answer is trouble."""

    class Silent(Zone):
        async def lookup(self, name: str, kind: Kind) -> object:  # type: ignore[override]  # it never returns
            await asyncio.Event().wait()
            return name, kind

    resolver = Resolver(Silent().lookup, seconds=0.02)  # type: ignore[arg-type]  # as above
    with pytest.raises(DnsTrouble, match="no answer in time"):
        await resolver.find(*NAME)


async def test_the_same_question_is_asked_once_at_a_time() -> None:
    """Connections that ask together wait for one answer; one that goes away does not take it along."""
    zone, _, resolver = setting("v=spf1")
    first, *others = [asyncio.create_task(resolver.find(*NAME)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    assert await asyncio.gather(*others) == [("v=spf1",)] * 4
    assert len(zone.asked) == 1


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more names than fit the one asked for longest ago is forgotten."""
    monkeypatch.setattr("inbound.security.dns._MAX_ENTRIES", 10)
    zone, _, resolver = setting()
    for number in range(50):
        await resolver.find(f"{number}.example", "TXT")
    assert len(resolver._entries) == 10
    await resolver.find("49.example", "TXT")
    assert len(zone.asked) == 50
