"""The four stages, in order, for any number of messages in one transaction."""

from collections.abc import Hashable, Sequence

from inbound.database import locks
from inbound.database.engine import Transaction
from inbound.model.desk import TargetKind
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import hit
from inbound.pipeline.classify import classify
from inbound.pipeline.context import Context
from inbound.pipeline.dedupe import dedupe
from inbound.pipeline.notify import Notices
from inbound.pipeline.persist import persist
from inbound.pipeline.repeats import repeat_keys
from inbound.pipeline.resolve_sender import resolve_sender
from inbound.pipeline.steps import Classified, Decided, Processed, Received
from inbound.rules.conflicts import split
from inbound.rules.originator import possible_authors
from inbound.rules.private import is_private


def process(tx: Transaction, batch: Sequence[Received], context: Context) -> list[Processed]:
    """Run messages through the pipeline; nothing is committed here.

    Messages that could affect each other go one after the other, in waves of one transaction: a later wave sees what
    an earlier one wrote. So no stage has to think about a message's neighbours, and a batch gives what one by one
    would give.

    Args:
        tx: the transaction that the caller commits.
        batch: messages, in the order of their arrival.
        context: the configuration.

    Returns:
        one result per message, in the order of the batch.
    """
    done: dict[int, Processed] = {}
    waiting = list(batch)
    held: set[str] = set()
    notices = Notices(tx, context)
    locks.take_on_arrival(tx, {key for received in batch for key in received.locks})
    while waiting:
        wave, _ = split([(received, received.keys) for received in waiting])
        classified = classify(resolve_sender(tx, wave, context), context)
        unlocked = _take_locks(tx, classified, held)
        decided = dedupe(tx, _ready(classified, unlocked, context), context)
        # A ticket that repeats another turns out to be about that only now.
        ready, _ = split([(one, _objects(one)) for one in decided])
        notices.look_up(key for one in ready for key in _objects(one))
        written = persist(tx, ready, context)
        notices.add(written)
        done |= {id(processed.received): processed for processed in written}
        waiting = [received for received in waiting if id(received) not in done]
    results = [done[id(received)] for received in batch]
    notices.queue(results)
    return results


def _take_locks(tx: Transaction, classified: Sequence[Classified], held: set[str]) -> set[str]:
    """Hold the keys of contacts that are about to be made; those that were not held before."""
    wanted = {key for one in classified if not one.received.salt and (key := _new_contact(one)) is not None} - held
    if wanted:
        locks.take(tx, wanted)
        held |= wanted
    return wanted


def _objects(one: Decided) -> list[tuple[TargetKind, int]]:
    target = one.classified.verdict.target if one.classified and not one.first else None
    return [] if target is None else [(target.kind, target.id)]


def _ready(classified: Sequence[Classified], unlocked: set[str], context: Context) -> list[Classified]:
    """What can be written now; the others look again, after that.

    What makes a contact looks again once nobody else can make the same one; who names that contact, when it is there;
    and of two messages that turn out to be about the same object, the second after the first.
    """
    makes_contacts = any(_new_contact(one) is not None for one in classified)
    ready, _ = split(
        [(one, [*_keys(one), *repeat_keys(one, context)]) for one in classified],
        uses=_named_people if makes_contacts else lambda _: (),
        waits=lambda one: _new_contact(one) in unlocked,
    )
    return ready


def _keys(one: Classified) -> list[Hashable]:
    # Also where a ticket of its own comes out: because the object is complete, or somebody else's, as it is now.
    targets = (one.verdict.target, one.aimed)
    keys: list[Hashable] = [(target.kind, target.id) for target in targets if target is not None]
    if (contact := _new_contact(one)) is not None:
        keys += [contact, *(pair for pair in zip(("name", "address"), _contact_of(one), strict=True) if pair[1])]
    return keys


def _named_people(one: Classified) -> list[Hashable]:
    """Whom a message names: a contact that is made before it is somebody else to it."""
    mail, alert = one.received.mail, one.alarm.alert if one.alarm else None
    named = {author.key for author in possible_authors(one.question)}
    named |= {address.key for address in (*mail.to, *mail.cc) if address.address}
    people: list[Hashable] = [("address", key) for key in named]
    if alert is not None:
        people += [("address", alert.email.lower())] if alert.email else []
        people += [("name", alert.contact.lower())] if alert.contact else []
    return people


def _new_contact(one: Classified) -> str | None:
    """What makes the contact that it would make the same as another's."""
    attribution = one.authorship.attribution
    name, address = _contact_of(one)
    if attribution is None or not name + address:
        return None
    return f"contact {attribution.organization.id} {name or address}"


def _contact_of(one: Classified) -> tuple[str, str]:
    """Name, where an alert gives one, and address of the contact that it would make; nothing if it makes none."""
    attribution, author = one.authorship.attribution, one.authorship.originator.author
    if attribution is None or one.verdict.kind is None:
        return "", ""
    if one.alarm is not None and (new := one.alarm.match.new_contact) is not None:
        return new.name.lower(), new.address.lower()
    return "", author.key if attribution.adds_contact and author else ""


def quarantine(tx: Transaction, received: Received, error: str, context: Context) -> Processed:
    """Store a message that alone makes the pipeline fail: the original, the envelope and the error.

    Private mail leaves nothing behind, not even here: of it only the envelope stays.

    Args:
        tx: the transaction that the caller commits.
        received: the message.
        error: type and text of the failure, without parameters.
        context: the configuration.
    """
    if is_private(received.mail.marks.sensitivity):
        step = hit("receive", Reason.PRIVATE, "marked Sensitivity: Private; nothing of it is kept")
        decided = Decided(received=received, outcome=Outcome.DISCARDED, reason=Reason.PRIVATE, steps=(step,))
    else:
        step = hit("receive", Reason.PROCESSING_FAILED, error)
        decided = Decided(
            received=received,
            outcome=Outcome.QUARANTINED,
            reason=Reason.PROCESSING_FAILED,
            steps=(step,),
            error=error,
        )
    processed = persist(tx, [decided], context)
    Notices(tx, context).queue(processed)
    return processed[0]
