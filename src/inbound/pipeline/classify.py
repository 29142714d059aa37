"""Stage 2: which object it is about, and what it becomes."""

from collections.abc import Sequence
from dataclasses import replace

from inbound.message.quoted import split_reply
from inbound.model.authorship import Authorship
from inbound.model.desk import Contact, Resource
from inbound.model.mail import Address, Reply
from inbound.model.outcome import Reason
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Case, FirstLine, Road, Verdict
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Attributed, Classified
from inbound.rules.attribution import attribute
from inbound.rules.classification import altered_copy, decide, of_nobody
from inbound.rules.first_line import is_complete, read_first_line
from inbound.rules.kinds import decided_with_object
from inbound.rules.nearest import explain_nearest
from inbound.rules.originator import acting_resource
from inbound.rules.proof import standing_of
from inbound.rules.strangers import companions
from inbound.rules.threads import is_passed_on

#: notes that nobody else is drawn into: something about them is not as it should be, or no person wrote them
_ALONE = frozenset(
    {
        Reason.ATTACHED_STRANGER,
        Reason.SENDER_NOT_AUTHENTICATED,
        Reason.INDICATOR_REJECTED,
        Reason.BOUNCE,
        Reason.AUTOMATIC_REPLY,
        Reason.COPY_ALTERED,
    }
)
#: what they say is said again by a copy: those come before it in the order of reasons
_BEFORE_COPIES = frozenset({Reason.BOUNCE, Reason.AUTOMATIC_REPLY})


def classify(batch: Sequence[Attributed], context: Context) -> list[Classified]:
    """Decide about each message; everything that takes was looked up by the first stage."""
    return [_classify(attributed, context) for attributed in batch]


def _classify(attributed: Attributed, context: Context) -> Classified:
    is_reply = attributed.target is not None and attributed.verdict is None
    reply = split_reply(attributed.received.mail.text) if is_reply else None
    verdict = attributed.verdict or _decide(attributed, reply, context)
    if attributed.copied is not None and verdict.kind is not None and verdict.reason not in _BEFORE_COPIES:
        verdict = altered_copy(_case(attributed, context), attributed.copied)
    authorship = _without_target(attributed) if verdict.is_unrelated else attributed.authorship
    # Without the object the same may come out, in the same words.
    again = authorship.steps if authorship.steps != attributed.authorship.steps else ()
    if verdict.is_unrelated and authorship.attribution is None:
        verdict = of_nobody(verdict.steps)
    assigned, assigned_steps = _assigned(attributed, verdict)
    contacts, resources = _companions(attributed, authorship, verdict, assigned, context)
    named = (*(f"contact {one.name}" for one in contacts), *(f"resource {one.name}" for one in resources))
    joined = (hit("classify", "companions", f"To and Cc bring along {', '.join(named)}"),) if named else ()
    return Classified(
        received=attributed.received,
        question=attributed.question,
        authorship=authorship,
        earlier=attributed.earlier,
        aimed=attributed.target,
        alarm=attributed.alarm,
        verdict=verdict,
        reply=reply,
        contacts=contacts,
        resources=resources,
        primary_resource=assigned,
        steps=(*attributed.steps, *verdict.steps, *again, *assigned_steps, *joined),
    )


def _decide(attributed: Attributed, reply: Reply | None, context: Context) -> Verdict:
    received = attributed.received
    case = _case(attributed, context)
    verdict = decided_with_object(case, received.mail, has_null_path=received.has_null_path)
    if verdict is not None:
        return verdict
    if reply is not None:
        case = replace(case, first_line=_first_line(case, attributed, reply, context))
    verdict = decide(case)
    nearest = tuple(explain_nearest(case, verdict, reply.new_text if reply else received.mail.text))
    return replace(verdict, steps=(*verdict.steps, *nearest)) if nearest else verdict


def _case(attributed: Attributed, context: Context) -> Case:
    received, target = attributed.received, attributed.target
    calendar = received.mail.calendar
    return Case(
        mailbox=received.mailbox,
        authorship=attributed.authorship,
        standing=standing_of(attributed.authorship, is_proven=received.is_author_proven),
        received_at=received.delivery.received_at,
        target=target,
        road=attributed.road,
        is_passed_on=attributed.road is not Road.NUMBER and is_passed_on(received.mail),
        is_complete=target is not None and is_complete(target, context.picks),
        is_stranger=attributed.is_stranger,
        is_automated=attributed.question.is_automated,
        is_calendar_reply=calendar is not None and calendar.method == "reply",
    )


def _first_line(case: Case, attributed: Attributed, reply: Reply, context: Context) -> FirstLine:
    # Without a number in the subject the line stays text: nobody logs hours by an unseen header.
    if case.target is None or attributed.road is not Road.NUMBER:
        return FirstLine()
    return read_first_line(
        reply.new_text,
        case.authorship,
        case.standing,
        case.target,
        case.mailbox,
        context.picks,
        is_proven=attributed.received.is_author_proven,
    )


def _without_target(attributed: Attributed) -> Authorship:
    """The named object is somebody else's: it says nothing about whose the new ticket is."""
    return attribute(replace(attributed.question, target=None), attributed.directory)


def _companions(
    attributed: Attributed, authorship: Authorship, verdict: Verdict, assigned: Resource | None, context: Context
) -> tuple[tuple[Contact, ...], tuple[Resource, ...]]:
    """Contacts of the organization and resources in To and Cc, besides those whose object it is."""
    attribution = authorship.attribution
    organization = verdict.target.organization if verdict.target else attribution.organization if attribution else None
    if verdict.kind is None or organization is None or attributed.alarm is not None:
        return (), ()
    if verdict.target is not None and verdict.reason in _ALONE:
        return (), ()
    mail = attributed.received.mail
    contacts, resources = companions(
        (*mail.to, *mail.cc), organization, authorship, attributed.directory, context.own_addresses
    )
    target = verdict.target
    primary_id = target.primary_resource_id if target else assigned.id if assigned else None
    return (
        # Tasks and projects have no additional contacts.
        tuple(one for one in contacts if target is None or (target.kind == "ticket" and one.id != target.contact_id)),
        tuple(one for one in resources if one.id != primary_id),
    )


def _assigned(attributed: Attributed, verdict: Verdict) -> tuple[Resource | None, tuple[Step, ...]]:
    """``ticket.primary_resource``: start does not check that such a resource exists, and people leave."""
    address = attributed.received.mailbox.ticket.primary_resource
    if not address or verdict.kind != "ticket":
        return None, ()
    resource = acting_resource(Address(name="", address=address), attributed.directory)
    if resource is None:
        return None, (miss("classify", "primary_resource", f"no active resource has the address {address}"),)
    return resource, (hit("classify", "primary_resource", f"assigned to resource {resource.id} {resource.name}"),)
