"""The queue between reception and the committer: bounds, deadlines, peers that hang up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from desk import Desk, delivery, mail
from inbound.config import IntakeSettings
from inbound.intake import Intake
from inbound.model.outcome import Committed, Deferral, Deferred
from inbound.smtp.stream import Reservation


@asynccontextmanager
async def running(desk: Desk, **settings: float) -> AsyncIterator[Intake]:
    """An intake on the desk's database."""
    intake = Intake(desk.committer, IntakeSettings.model_validate(settings))
    intake.start()
    try:
        yield intake
    finally:
        await intake.stop(10)


@asynccontextmanager
async def locked_tickets(desk: Desk) -> AsyncIterator[None]:
    """Nothing can be committed while the block runs."""
    with desk.database.connect() as holder:
        holder.execute(text("LOCK TABLE tickets IN ACCESS EXCLUSIVE MODE"))
        yield
        holder.rollback()


async def test_what_arrives_meanwhile_is_one_batch(desk: Desk) -> None:
    """Messages that come while one commits go together in the next transaction."""
    async with running(desk) as intake:
        async with locked_tickets(desk):
            first = asyncio.create_task(intake.deliver(delivery(mail())))
            await asyncio.sleep(0.3)
            rest = [asyncio.create_task(intake.deliver(delivery(mail()))) for _ in range(20)]
            await asyncio.sleep(0.1)
        answers = await asyncio.gather(first, *rest)
    assert all(isinstance(answer, Committed) for answer in answers)
    assert desk.rows("SELECT count(*), count(DISTINCT xmin::text) FROM tickets") == [(21, 2)]


async def test_a_peer_that_hangs_up_does_not_stop_its_message(desk: Desk) -> None:
    """Cancelling the wait leaves the transaction alone; its octets count until it ends."""
    async with running(desk, queue_bytes=1000) as intake, locked_tickets(desk):
        content = mail(body="x" * 500)
        assert intake.reserve(len(content))
        task = asyncio.create_task(intake.deliver(delivery(content)))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.wait({task})
        intake.release(len(content))
        assert not intake.reserve(600)
    assert desk.value("SELECT count(*) FROM tickets") == 1
    assert intake.reserve(1000)


async def test_a_database_that_hangs_is_451_at_the_deadline(desk: Desk) -> None:
    """The peer hears in time; the queue has room again once the database goes on."""
    async with running(desk, deadline_seconds=0.3) as intake:
        async with locked_tickets(desk):
            assert await intake.deliver(delivery(mail())) == Deferred(Deferral.DEADLINE)
            late = await intake.deliver(delivery(mail()))
        assert late == Deferred(Deferral.DEADLINE)
        for _ in range(100):
            if isinstance(await intake.deliver(delivery(mail())), Committed):
                break
    # The first was in its transaction already: it is there, and its peer's next attempt is recognised.
    assert desk.value("SELECT count(*) FROM tickets") >= 2


async def test_the_queue_is_bounded(desk: Desk) -> None:
    """One message too many is told to come back; octets beyond the bound get no room."""
    async with running(desk, queue_messages=2, queue_bytes=100) as intake:
        assert intake.reserve(60)
        assert not intake.reserve(60)
        intake.release(60)
        assert intake.reserve(60)
        async with locked_tickets(desk):
            waiting = [asyncio.create_task(intake.deliver(delivery(mail()))) for _ in range(2)]
            await asyncio.sleep(0.2)
            assert await intake.deliver(delivery(mail())) == Deferred(Deferral.OVERLOADED)
        answers = await asyncio.gather(*waiting)
        assert all(isinstance(answer, Committed) for answer in answers)


async def test_a_hang_of_any_length_holds_no_more_than_the_bound(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that come again and again while the database hangs find the room full; afterwards there is room again."""
    monkeypatch.setattr("inbound.intake.queue.GRACE_SECONDS", 0.02)
    octets = len(mail())
    async with running(desk, deadline_seconds=0.02, queue_bytes=5 * octets + 50) as intake:
        answers = []
        async with locked_tickets(desk):
            for _ in range(12):
                with Reservation(intake) as reservation:
                    has_room = reservation.grow(octets)
                    answers.append(await intake.deliver(delivery(mail())) if has_room else None)
            # One is in a transaction, the others wait for their turn, and none is forgotten.
            assert answers == [Deferred(Deferral.DEADLINE)] * 5 + [None] * 7
            assert not intake.has_room(octets)
        async with asyncio.timeout(20):
            while not intake.has_room(5 * octets):  # noqa: ASYNC110 - the intake sets no event for a test
                await asyncio.sleep(0.01)


async def test_stopping_finishes_what_waits_and_takes_no_more(desk: Desk) -> None:
    """What was handed over before the stop is committed; what comes after is told to try again."""
    async with running(desk) as intake:
        tasks = [asyncio.create_task(intake.deliver(delivery(mail()))) for _ in range(5)]
        await asyncio.sleep(0)
        await intake.stop(10)
        assert await intake.deliver(delivery(mail())) == Deferred(Deferral.STOPPING)
        answers = await asyncio.gather(*tasks)
        assert all(isinstance(answer, Committed) for answer in answers)
    assert desk.value("SELECT count(*) FROM tickets") == 5
