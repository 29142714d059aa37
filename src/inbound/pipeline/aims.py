"""What messages are about: numbers they name, messages they answer, messages they repeat."""

from collections.abc import Sequence

from inbound.database import objects, outbox
from inbound.database.earlier import Own, Wanted
from inbound.database.engine import Transaction
from inbound.model.alert import Alert
from inbound.model.desk import Target
from inbound.model.earlier import Earlier, ObjectKey, Stored
from inbound.model.kinds import DeliveryReport
from inbound.model.trace import Step
from inbound.model.verdict import Road, Verdict
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Received
from inbound.rules.numbers import MAX_MERGES, follow_merges, target_of
from inbound.rules.threads import ROOT_DAYS, Lead, Way, thread_target, ways_of
from inbound.values import immutable

#: recipients of one report whose notices are looked up
MAX_REPORTED = 20


@immutable
class Asked:
    """A message with everything that has to be asked about it."""

    received: Received
    #: decided already, by what it is
    verdict: Verdict | None
    #: of an alerts mailbox; a text says why there is no token that counts
    alert: Alert | str | None
    #: of the objects it may be about, in the order in which they are tried
    numbers: tuple[str, ...]
    #: what else may lead to one, in the order in which it is tried
    leads: tuple[Lead, ...]


@immutable
class Aim:
    """What a message is about."""

    target: Target | None
    road: Road
    #: the object of the same message with other octets
    copied: Target | None
    steps: tuple[Step, ...]

    @property
    def named(self) -> Target | None:
        """The target, if it is named: a header says nothing about whose mail it is."""
        return self.target if self.road is Road.NUMBER else None


def questions_of(asked: Sequence[Asked], context: Context) -> Wanted:
    """What is asked about the messages before; a message that is decided already answers nothing."""
    received = [one.received for one in asked]
    threaded = [one for one in asked if one.verdict is None]
    return Wanted(
        identities=[identity for one in received for identity in one.identities],
        own=[
            Own(message_id=one.mail.message_id, author=one.mail.written_by.key, date=one.mail.date)
            for one in received
            if one.mail.message_id is not None
        ],
        referenced=[lead.message_id for one in threaded for lead in one.leads if lead.message_id and not lead.token],
        since=min(one.delivery.received_at for one in received) - ROOT_DAYS,
        loop_keys=[one.loop_key for one in received if one.loop_key is not None],
        window_seconds=context.loops.window.total_seconds(),
        ignored=[identity for one in received if one.salt for identity in one.identities],
    )


def aims_of(tx: Transaction, asked: Sequence[Asked], before: Earlier) -> list[Aim]:
    """What each is about: what it names, else what it answers."""
    ways = [
        ways_of(one.leads, one.received.mail, one.received.mailbox, one.received.delivery.received_at, before)
        if one.verdict is None
        else ()
        for one in asked
    ]
    ways = _with_sole_notices(tx, asked, ways)
    copies = [_copy(one.received, before) for one in asked]
    keys = [
        {way.key for way in own} | ({copy.object} if copy and copy.object else set())
        for own, copy in zip(ways, copies, strict=True)
    ]
    found = _find(tx, asked, keys)
    return [_aim(one, own, copy, found) for one, own, copy in zip(asked, ways, copies, strict=True)]


def _with_sole_notices(
    tx: Transaction, asked: Sequence[Asked], ways: Sequence[tuple[Way, ...]]
) -> list[tuple[Way, ...]]:
    """A report that returns nothing: about the only notice that went to whom it names."""
    addresses = [
        _reported(one) if one.verdict is None and not own and not one.numbers else ()
        for one, own in zip(asked, ways, strict=True)
    ]
    named = {address for own in addresses for address in own}
    sole = outbox.sole_objects(tx, named) if named else {}
    return [
        own
        or tuple(
            Way(key=sole[address], road=Road.TOKEN, how=f"the only notice to {address} of the last days")
            for address in told
            if address in sole
        )
        for own, told in zip(ways, addresses, strict=True)
    ]


def _reported(one: Asked) -> tuple[str, ...]:
    report = one.received.mail.report
    if not isinstance(report, DeliveryReport):
        return ()
    return tuple(recipient.address.lower() for recipient in report.recipients[:MAX_REPORTED] if recipient.address)


def _find(tx: Transaction, asked: Sequence[Asked], keys: Sequence[set[ObjectKey]]) -> objects.Found:
    numbers = {number for one in asked for number in one.numbers}
    wanted = {key for own in keys for key in own}
    if not numbers and not wanted:
        return objects.NOTHING
    live = [(one, own) for one, own in zip(asked, keys, strict=True) if not one.received.salt]
    objects.lock(
        tx,
        {number for one, _ in live for number in one.numbers},
        {key for _, own in live for key in own},
        MAX_MERGES,
    )
    return objects.find(tx, numbers, wanted, MAX_MERGES)


def _copy(received: Received, before: Earlier) -> Stored | None:
    """The same message with other octets; one that is here octet by octet is only redelivered."""
    own = received.mail.message_id
    is_known = any((received.mailbox.name, identity) in before.by_identity for identity in received.identities)
    if own is None or (is_known and not received.salt and received.row_id is None):
        return None
    return before.copied.get((received.mailbox.name, own))


def _aim(one: Asked, ways: Sequence[Way], copy: Stored | None, found: objects.Found) -> Aim:
    tickets = found.tickets
    target, steps = target_of(one.numbers, found.by_number, tickets)
    road = Road.NUMBER
    # What a report returns says more exactly than any subject what it is about.
    if target is None or isinstance(one.received.mail.report, DeliveryReport):
        answered, way, thread_steps = thread_target(ways, found.by_key, tickets, has_leads=bool(one.leads))
        steps = (*steps, *thread_steps)
        target, road = (answered, way) if answered is not None else (target, road)
    copied = found.by_key.get(copy.object) if copy and copy.object else None
    if copied is not None and copied.kind == "ticket":
        copied = follow_merges(copied, tickets)
    return Aim(target=target, road=road, copied=copied, steps=steps)
