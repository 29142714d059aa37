"""From deliveries to answers: understand, process, commit; tell our trouble from a bad message.

Synchronous, so that the daemon's committer thread, `inbound deliver` and the tests run the same code.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, repeat

from inbound import logs, metrics
from inbound.database.engine import Database, describe, transaction
from inbound.errors import DatabaseTrouble
from inbound.intake.understanding import Understood, understand
from inbound.model.mail import Delivery
from inbound.model.outcome import Answer, Committed, Deferral, Deferred
from inbound.pipeline.context import Context
from inbound.pipeline.process import process, quarantine
from inbound.pipeline.steps import Processed

#: So many messages failing one after the other are not the messages' fault.
BROKEN_AFTER = 10
#: pauses between attempts while the trouble is ours; the last one repeats
BACK_OFF_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0)


class Committer:
    """Commits deliveries; used by one thread at a time."""

    def __init__(self, database: Database, context: Context) -> None:
        """Prepare; nothing is opened.

        Args:
            database: where to.
            context: the configuration; assigned anew on reload, a batch keeps the one it began with.
        """
        self._database = database
        self.context = context
        self._failures_in_a_row = 0

    def commit(self, deliveries: Sequence[Delivery], give_up_at: float) -> list[Answer]:
        """Process deliveries, in one transaction if nothing goes wrong.

        Args:
            deliveries: at least one, in the order of arrival.
            give_up_at: `time.monotonic()` until which our own trouble is worth another attempt.

        Returns:
            one answer per delivery. Nothing that a message or PostgreSQL does makes this raise.
        """
        context, began_at = self.context, time.monotonic()
        understood = understand(deliveries, context)
        metrics.parse_seconds.observe(time.monotonic() - began_at)
        return self.commit_understood(understood, give_up_at)

    def commit_understood(self, understood: Sequence[Understood], give_up_at: float) -> list[Answer]:
        """The same for deliveries that have been read already."""
        context = self.context
        answers: dict[int, Answer] = {}
        for group in self._groups(understood):
            answers |= self._settle(group, context, give_up_at)
        _count_received(understood, answers)
        return [answers[one.position] for one in understood]

    def _groups(self, understood: Sequence[Understood]) -> list[list[Understood]]:
        readable = [one for one in understood if one.failure is None]
        alone = [[one] for one in understood if one.failure is not None]
        if self._is_broken:
            # The first is the probe: only if it passes, the others are worth a transaction.
            return [readable[:1], readable[1:], *alone] if readable else alone
        return [readable, *alone]

    @property
    def _is_broken(self) -> bool:
        return self._failures_in_a_row >= BROKEN_AFTER

    def _settle(self, group: list[Understood], context: Context, give_up_at: float) -> dict[int, Answer]:
        """One transaction for the group; when that fails for reasons of a message, one for each half."""
        if not group:
            return {}
        if len(group) > 1 and self._is_broken:
            return _defer(group, Deferral.PIPELINE_BROKEN)
        try:
            return self._commit_group(group, context, give_up_at)
        except DatabaseTrouble as trouble:
            logs.database_unavailable(str(trouble), messages=len(group))
            return _defer(group, Deferral.DATABASE_UNAVAILABLE)
        except Exception as error:  # noqa: BLE001 - whatever a message causes must not reach its neighbours
            if len(group) == 1:
                return self._settle_failing(group, error, context, give_up_at)
        middle = len(group) // 2
        first = self._settle(group[:middle], context, give_up_at)
        return first | self._settle(group[middle:], context, give_up_at)

    def _settle_failing(
        self, group: list[Understood], error: Exception, context: Context, give_up_at: float
    ) -> dict[int, Answer]:
        """A message that failed alone: once more, then into quarantine, unless the pipeline itself is suspected."""
        try:
            return self._commit_group(group, context, give_up_at)
        except DatabaseTrouble as trouble:
            logs.database_unavailable(str(trouble), messages=1)
            return _defer(group, Deferral.DATABASE_UNAVAILABLE)
        except Exception as again:  # noqa: BLE001 - the reason is stored with the message and logged
            error = again
        logs.message_failed(error, mailbox=group[0].received[0].mailbox.name)
        metrics.defects.add("message_failed")
        was_broken = self._is_broken
        self._failures_in_a_row += 1
        if was_broken:
            return _defer(group, Deferral.PIPELINE_BROKEN)
        return self._quarantine(group[0], _explain(error), context, give_up_at)

    def _quarantine(self, one: Understood, error: str, context: Context, give_up_at: float) -> dict[int, Answer]:
        def store() -> list[Processed]:
            with transaction(self._database) as tx:
                return [quarantine(tx, received, error, context) for received in one.received]

        try:
            processed = _attempt(store, give_up_at)
        except Exception as failure:  # noqa: BLE001 - not even the original can be stored: the peer keeps it
            logs.message_failed(failure, mailbox=one.received[0].mailbox.name)
            metrics.defects.add("message_failed")
            return _defer([one], Deferral.DATABASE_UNAVAILABLE)
        return _answers([one], processed)

    def _commit_group(self, group: list[Understood], context: Context, give_up_at: float) -> dict[int, Answer]:
        """All messages of a group in one transaction.

        Raises:
            DatabaseTrouble: ours, and it did not end in time.
            Exception: a message's.
        """
        failure = group[0].failure
        if failure is not None:
            raise RuntimeError(_explain(failure)) from failure
        batch = list(chain.from_iterable(one.received for one in group))

        def run() -> list[Processed]:
            with transaction(self._database) as tx:
                return process(tx, batch, context)

        began_at = time.monotonic()
        processed = _attempt(run, give_up_at)
        metrics.commit_seconds.observe(time.monotonic() - began_at)
        metrics.batch_messages.observe(len(batch))
        answers = _answers(group, processed)
        self._failures_in_a_row = 0
        return answers


def _attempt(run: Callable[[], list[Processed]], give_up_at: float) -> list[Processed]:
    """Run a transaction; again after our own trouble, until it is too late."""
    for pause in _pauses():
        try:
            return run()
        except DatabaseTrouble as trouble:
            metrics.database_trouble.add()
            if time.monotonic() + pause >= give_up_at:
                raise
            logs.database_trouble(str(trouble), pause_seconds=pause)
            time.sleep(pause)
    raise AssertionError("the pauses do not end")


def _pauses() -> Iterator[float]:
    return chain(BACK_OFF_SECONDS, repeat(BACK_OFF_SECONDS[-1]))


def _answers(group: Sequence[Understood], processed: Sequence[Processed]) -> dict[int, Answer]:
    """Distribute the results of a transaction that is committed, and log each message."""
    answers: dict[int, Answer] = {}
    rest = iter(processed)
    for one in group:
        own = [next(rest) for _ in one.received]
        for entry in own:
            metrics.messages.add(entry.result.mailbox, entry.result.outcome, entry.result.reason)
            # A full disk behind the log must not turn what is committed into a failure.
            with contextlib.suppress(OSError):
                _log(entry)
        answers[one.position] = Committed(tuple(entry.result for entry in own))
    return answers


def _count_received(understood: Sequence[Understood], answers: Mapping[int, Answer]) -> None:
    """Count what is answered for good, apart from what became of it: whoever adds up both finds a lost message."""
    octets = 0
    mailboxes: dict[str, int] = {}
    for one in understood:
        if isinstance(answers[one.position], Committed):
            octets += len(one.received[0].delivery.content)
            for received in one.received:
                mailboxes[received.mailbox.name] = mailboxes.get(received.mailbox.name, 0) + 1
    metrics.message_bytes.add(by=octets)
    for name, count in mailboxes.items():
        metrics.received.add(name, by=count)


def _log(processed: Processed) -> None:
    delivery, mail, result = processed.received.delivery, processed.received.mail, processed.result
    logs.message(
        outcome=result.outcome,
        reason=result.reason,
        mailbox=result.mailbox,
        row_id=result.message_id,
        number=result.number,
        message_id=mail.message_id,
        mail_from=delivery.mail_from,
        rcpt_to=processed.received.recipient.address,
        peer=delivery.peer.address,
        size_bytes=len(delivery.content),
        received_at=delivery.received_at,
    )


def _defer(group: Sequence[Understood], why: Deferral) -> dict[int, Answer]:
    return {one.position: Deferred(why) for one in group}


def _explain(error: BaseException) -> str:
    """Type and first line of an error; database errors without their parameters."""
    return f"{type(error).__name__}: {describe(getattr(error, 'orig', None) or error)}"
