"""The sender: takes due notices from the outbox, hands them to the smart host, writes down what became of them.

A notice is leased in a transaction of its own before anything is sent, and settled in another as soon as the smart host
has answered. Between that answer and that commit is the only moment in which a crash sends a notice twice; both then
have the same Message-ID.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from inbound import logs, metrics
from inbound.config import Settings
from inbound.database import deliveries, outbox
from inbound.database.deliveries import LEASE, Settlement
from inbound.database.engine import Database, Transaction, transaction
from inbound.errors import DatabaseTrouble
from inbound.model.notice import Notice
from inbound.notices.compose import Unsendable, compose
from inbound.notices.operators import operator_drafts
from inbound.notices.smart_host import Answer, Attempt, Connections, SmartHostTrouble
from inbound.notices.templates import TemplateMistake, Templates
from inbound.rules.retries import is_given_up, pause

T = TypeVar("T")

#: how often the outbox is looked at while nothing is due
POLL_SECONDS = 1.0
#: leases are renewed several times before they end
_RENEW_SECONDS = LEASE.total_seconds() / 4
#: while the smart host cannot be used; doubles up to the second
_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 120.0
#: while the database cannot be used
_DATABASE_PAUSE_SECONDS = 5.0
#: numbers that nobody can guess, and that are not for cryptography
_chance = secrets.SystemRandom().random


class Sender:
    """Sends notices until it is told to stop."""

    def __init__(self, settings: Settings, database: Database, secret: bytes) -> None:
        """Prepare; nothing is sent.

        Args:
            settings: checked.
            database: with the outbox.
            secret: of the desk, for tokens.
        """
        self._database = database
        self._secret = secret
        self._on_their_way: dict[int, asyncio.Task[None]] = {}
        self._silent_until = 0.0
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._connections = Connections(settings)
        self.replace(settings)

    def replace(self, settings: Settings) -> None:
        """Follow new settings with the next notice."""
        self._settings = settings
        # What is open now ends with the notice that it carries.
        self._connections.retire()
        self._connections = Connections(settings)
        self._silent_until = 0.0
        self._mailboxes = {mailbox.name: mailbox for mailbox in settings.mailboxes}
        self._templates = {mailbox.name: Templates(mailbox.templates) for mailbox in settings.mailboxes}

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until the event; then let what is on its way end, for as long as a stop may take."""
        renewing = asyncio.create_task(self._renew())
        try:
            while not stop.is_set():
                await self._turn(stop)
                if renewing.done():
                    # Without renewal others would send the same again: with its error this process ends.
                    renewing.result()
        finally:
            renewing.cancel()
            if self._on_their_way:
                await asyncio.wait(self._on_their_way.values(), timeout=self._settings.server.stop_seconds)
            # What is cut off here may have been taken: its lease ends by itself, and it is sent again.
            for task in list(self._on_their_way.values()):
                task.cancel()
            await self._connections.close()

    async def send_due(self) -> int:
        """Send everything that is due now, and wait for it; for commands and tests.

        Returns:
            how many notices were tried.
        """
        tried = 0
        while leased := await self._take():
            tried += len(leased)
            await asyncio.wait(self._on_their_way.values())
        await self._connections.close()
        return tried

    async def _turn(self, stop: asyncio.Event) -> None:
        """Take what there is room for, then wait until something is done, or for a moment."""
        try:
            await self._take()
        except DatabaseTrouble as trouble:
            logs.outbox_unavailable(str(trouble))
            await _sleep(stop, _DATABASE_PAUSE_SECONDS)
        if not self._on_their_way:
            await self._connections.close()
            await _sleep(stop, POLL_SECONDS)
        else:
            await asyncio.wait(self._on_their_way.values(), timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _take(self) -> Sequence[Notice]:
        """Lease notices, as many as there is room for, and send them on their way."""
        host = self._settings.smart_host
        room = host.at_once - len(self._on_their_way)
        # Half of the places at a time: one transaction for several notices.
        if not host.host or room < (host.at_once + 1) // 2:
            return ()
        await self._in_transaction(deliveries.count)
        if time.monotonic() < self._silent_until:
            return ()
        zone = self._settings.desk.time_zone

        def lease(tx: Transaction) -> list[Notice]:
            return deliveries.lease(tx, room, host.at_once_per_domain, zone)

        leased = await self._in_transaction(lease)
        for notice in leased:
            task = asyncio.create_task(self._deliver(notice))
            self._on_their_way[notice.id] = task
            task.add_done_callback(partial(self._forget, notice.id))
        return leased

    def _forget(self, notice_id: int, _task: asyncio.Task[None]) -> None:
        self._on_their_way.pop(notice_id, None)

    async def _deliver(self, notice: Notice) -> None:
        """One notice, whatever happens; its row always says what did."""
        try:
            settlement = await self._settlement(notice)
            is_ours = await self._in_transaction(lambda tx: self._settle(tx, notice, settlement))
        except DatabaseTrouble as trouble:
            # The lease ends by itself, and the notice is sent again.
            logs.outbox_unavailable(str(trouble))
            return
        except Exception as error:  # noqa: BLE001 - a row that cannot be written must not stop the other notices
            _tell_defect(error, notice)
            return
        if is_ours:
            metrics.notice_attempts.add(notice.kind, settlement.state)
            logs.notice(
                id=notice.id,
                kind=notice.kind,
                mailbox=notice.mailbox,
                recipient=notice.recipient,
                number=notice.number,
                state=settlement.state,
                attempts=notice.attempts,
                error=settlement.error,
            )

    async def _settlement(self, notice: Notice) -> Settlement:
        mailbox = self._mailboxes.get(notice.mailbox)
        if mailbox is None:
            return Settlement(state="failed", error=f"mailbox {notice.mailbox} is gone")
        try:
            mail = compose(notice, mailbox, self._settings, self._secret, self._templates[mailbox.name])
        except (TemplateMistake, Unsendable) as error:
            return Settlement(state="failed", error=str(error))
        except Exception as error:  # noqa: BLE001 - one notice that cannot be written must not stop the others
            _tell_defect(error, notice)
            return Settlement(state="failed", error=f"it cannot be written: {type(error).__name__}")
        try:
            async with asyncio.timeout(self._settings.smart_host.notice_seconds):
                attempt = await self._connections.send(mail)
        except SmartHostTrouble as trouble:
            self._fall_silent(str(trouble))
            return Settlement(state="queued", error=str(trouble), is_released=True)
        except TimeoutError:
            attempt = Attempt(answer=Answer.LATER, error="no answer in time")
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        return self._judge(notice, attempt, mail.token)

    def _judge(self, notice: Notice, attempt: Attempt, token: str) -> Settlement:
        host = self._settings.smart_host
        if attempt.answer is Answer.TAKEN:
            return Settlement(state="sent", token=token)
        age = datetime.now(UTC) - notice.created_at
        is_last = is_given_up(notice.attempts, age, max_attempts=host.max_attempts, give_up_hours=host.give_up_hours)
        if attempt.answer is Answer.NEVER or is_last:
            return Settlement(state="failed", error=attempt.error)
        wait = pause(notice.attempts, host.retry_seconds, _chance())
        return Settlement(state="queued", error=attempt.error, pause=wait)

    def _settle(self, tx: Transaction, notice: Notice, settlement: Settlement) -> bool:
        is_ours = deliveries.settle(tx, notice, settlement)
        # Never about itself: a notice to the operator that fails is in the list, and in the log.
        is_trouble = is_ours and settlement.state == "failed" and notice.kind != "operator"
        if is_trouble and (drafts := operator_drafts(self._settings, "notices_failed", notice.mailbox)):
            outbox.insert(tx, drafts, self._settings.desk.time_zone)
        return is_ours

    def _fall_silent(self, error: str) -> None:
        """Nothing can be sent: wait, longer each time, and say so once."""
        if time.monotonic() < self._silent_until:
            return
        metrics.smart_host_trouble.add()
        logs.smart_host_unavailable(error, pause_seconds=self._pause_seconds)
        self._silent_until = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(self._pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            if self._on_their_way:
                with contextlib.suppress(DatabaseTrouble):
                    await self._in_transaction(partial(deliveries.renew, ids=list(self._on_their_way)))

    async def _in_transaction(self, ask: Callable[[Transaction], T]) -> T:
        def run() -> T:
            with transaction(self._database) as tx:
                return ask(tx)

        return await asyncio.to_thread(run)


def _tell_defect(error: Exception, notice: Notice) -> None:
    logs.notice_failed(error, id=notice.id)
    metrics.defects.add("notice_failed")


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
