"""Tells the operators who was turned away: a task beside reception, which never waits for it."""

import asyncio

from inbound import logs, metrics
from inbound.config import Settings
from inbound.database import refusals
from inbound.database.engine import Database, transaction
from inbound.errors import DatabaseTrouble
from inbound.model.refusal import Refusals
from inbound.notices.operators import operator_drafts
from inbound.security.refusals import RefusalTally

#: how often the tally is looked at; while nobody was turned away, the database is not asked
_PAUSE_SECONDS = 5.0
_ABOUT = "refused_peers"


class RefusalTeller:
    """Queues what a tally has counted, until it is cancelled."""

    def __init__(self, settings: Settings, database: Database, tally: RefusalTally) -> None:
        """Prepare.

        Args:
            settings: checked; put others in their place on reload.
            database: with the outbox.
            tally: that reception counts in.
        """
        self.settings = settings
        self._database = database
        self._tally = tally

    async def run(self) -> None:
        """Look at the tally again and again."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Queue what was counted; what cannot be queued now is counted again."""
        taken = self._tally.take()
        # Without a smart host there are no notices; the log has every refusal.
        if taken is None or not self.settings.smart_host.host or not self.settings.desk.operators:
            return
        try:
            await asyncio.to_thread(self._queue, taken)
        except DatabaseTrouble as trouble:
            self._tally.give_back(taken)
            logs.outbox_unavailable(str(trouble))
        except Exception as error:  # noqa: BLE001 - nothing about refused mail may end the task
            logs.refusals_failed(error)
            metrics.defects.add("refusals_failed")

    def _queue(self, taken: Refusals) -> None:
        drafts = operator_drafts(self.settings, _ABOUT)
        with transaction(self._database) as tx:
            refusals.queue(tx, taken, drafts, self.settings.desk.time_zone)
