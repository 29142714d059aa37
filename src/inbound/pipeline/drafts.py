"""What a decision looks like as rows: values in, drafts out."""

from datetime import datetime
from decimal import Decimal

from inbound.model.alert import ExternalId
from inbound.model.authorship import Source
from inbound.model.desk import Target
from inbound.model.drafts import Change, ContactDraft, Decision, Drafts, NoteDraft, TicketDraft, TimeEntryDraft
from inbound.model.mail import Address, Mail
from inbound.model.mailbox import DUPLICATE_NOTE_TYPE, Mailbox
from inbound.model.outcome import Reason
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Classified, Received
from inbound.pipeline.texts import Texts
from inbound.rules.alert_tokens import mask_keys
from inbound.rules.indicators import work_time
from inbound.rules.tags import tags_of
from inbound.rules.titles import is_blank, title_of
from inbound.values import immutable

NOTES: frozenset[str | None] = frozenset({"ticket_note", "task_note", "project_note"})
TIME_ENTRIES: frozenset[str | None] = frozenset({"ticket_time_entry", "task_time_entry"})
#: who wrote a message that names nobody
NOBODY = Address(name="", address="")


def originator_of(mail: Mail) -> Address:
    """The author as text: an unreachable one still has a name."""
    return mail.author or next(iter(mail.from_), NOBODY)


@immutable
class Ids:
    """What was allotted for the rows of one message; None and empty where there will be none."""

    ticket_id: int | None = None
    #: of the new ticket
    number: str = ""
    contact_id: int | None = None


def draft(one: Classified, texts: Texts, ids: Ids, local_at: datetime, context: Context) -> Drafts:
    """Everything a message makes.

    Args:
        one: what was decided; something is made.
        texts: of the message.
        ids: allotted before.
        local_at: when it was received, in the desk's time zone.
        context: the configuration.
    """
    title = title_of(masked_subject(one.received.mail.subject, one.received.mailbox), local_at, context.date_format)
    contact_ids = tuple(contact.id for contact in one.contacts)
    resource_ids = tuple(resource.id for resource in one.resources)
    if one.verdict.kind == "ticket":
        ticket = _ticket(one, texts, ids, title)
        return Drafts(
            ticket=ticket,
            tags=_tags(ticket, one.received, texts, context),
            note=_comment(one, ids, title, texts.comment) if has_comment(one) else None,
            contact=_contact(one),
            contact_ids=contact_ids,
            resource_ids=resource_ids,
        )
    is_note = one.verdict.kind in NOTES
    return Drafts(
        note=_note(one, texts, ids, title) if is_note else None,
        time_entry=None if is_note else _time_entry(one, texts),
        contact=_contact(one) if is_note else None,
        change=_change(one, texts, context),
        decision=_decision(one, texts),
        contact_ids=contact_ids,
        resource_ids=resource_ids,
    )


def has_comment(one: Classified) -> bool:
    """Does a resource pass a mail on, so that what it wrote above is a note of its own?"""
    return one.verdict.kind == "ticket" and one.authorship.originator.source is Source.RESOURCE_FORWARD


def makes_contact(one: Classified) -> bool:
    """``add_unknown_contacts``, or what an alert asks for."""
    attribution = one.authorship.attribution
    if attribution is None or one.verdict.kind is None or one.verdict.kind in TIME_ENTRIES:
        return False
    if one.alarm is not None:
        return one.alarm.match.new_contact is not None
    return attribution.adds_contact and one.authorship.originator.author is not None


def masked_subject(subject: str, mailbox: Mailbox) -> str:
    """The subject, without a key that a monitoring tool may have put there."""
    return mask_keys(subject, mailbox.keys) if mailbox.keys else subject


def _ticket(one: Classified, texts: Texts, ids: Ids, title: str) -> TicketDraft:
    """A new ticket with the mailbox's defaults."""
    received, attribution = one.received, one.authorship.attribution
    if attribution is None:
        raise ValueError("a ticket needs an organization")
    defaults, match = received.mailbox.ticket, one.alarm.match if one.alarm else None
    author = _author(one)
    alert_id, ticket_id = _external_ids(one)
    is_resource = attribution.resource or attribution.co_managing_user
    return TicketDraft(
        number=ids.number,
        organization_id=attribution.organization.id,
        contact_id=_contact_id(one, ids),
        originator_resource_id=is_resource.id if is_resource else None,
        originator_name=author.name,
        originator_address=author.address,
        title=title,
        description=texts.text,
        description_html=texts.html,
        category=defaults.category,
        ticket_type=defaults.type,
        status=defaults.status,
        priority=defaults.priority,
        queue=defaults.queue,
        source=defaults.source,
        issue_type=(match.issue_type if match else "") or defaults.issue_type,
        sub_issue_type=(match.sub_issue_type if match else "") or defaults.sub_issue_type,
        primary_resource_id=one.primary_resource.id if one.primary_resource else None,
        role=defaults.role if one.primary_resource else "",
        device_id=attribution.device.id if attribution.device else None,
        alert_source=alert_id.source if alert_id else "",
        alert_id=alert_id.name if alert_id else None,
        external_ticket_source=ticket_id.source if ticket_id else "",
        external_ticket_id=ticket_id.name if ticket_id else None,
        linked_ticket_id=one.verdict.linked.id if one.verdict.linked and one.verdict.linked.kind == "ticket" else None,
        due_at=received.delivery.received_at + defaults.due if defaults.due else None,
        created_at=received.delivery.received_at,
    )


def _external_ids(one: Classified) -> tuple[ExternalId | None, ExternalId | None]:
    return (one.alarm.alert.alert_id, one.alarm.alert.ticket_id) if one.alarm else (None, None)


def _author(one: Classified) -> Address:
    """Who wrote it: where From is the mailbox itself, whoever was found behind it."""
    return one.authorship.originator.author or originator_of(one.received.mail)


def _tags(ticket: TicketDraft, received: Received, texts: Texts, context: Context) -> tuple[str, ...]:
    """The mailbox's; with ``auto_tag`` also the category's and those that occur."""
    mailbox = received.mailbox
    is_searched = mailbox.ticket.auto_tag
    # Without a subject the title is the system's own.
    title = "" if is_blank(received.mail.subject) else ticket.title
    fixed = (*mailbox.ticket.tags, *(context.category_tags.get(ticket.category, ()) if is_searched else ()))
    return tags_of(fixed, (title, texts.written), context.tag_index if is_searched else None)


def _comment(one: Classified, ids: Ids, title: str, comment: str) -> NoteDraft | None:
    """What a resource wrote above a mail that it forwarded: an internal note on the new ticket."""
    forwarder = one.authorship.originator.forwarder
    if forwarder is None or not comment:
        return None
    author = originator_of(one.received.mail)
    return NoteDraft(
        ticket_id=ids.ticket_id,
        task_id=None,
        project_id=None,
        contact_id=None,
        resource_id=forwarder.id,
        originator_name=author.name,
        originator_address=author.address,
        title=title,
        text=comment,
        quoted_text="",
        signature="",
        html=None,
        note_type=one.received.mailbox.ticket_note.note_type,
        publish="internal",
        created_at=one.received.delivery.received_at,
    )


def _target(one: Classified) -> Target:
    if one.verdict.target is None:
        raise ValueError(f"a {one.verdict.kind} needs an object")
    return one.verdict.target


def _contact_id(one: Classified, ids: Ids) -> int | None:
    attribution = one.authorship.attribution
    return ids.contact_id or (attribution.contact.id if attribution and attribution.contact else None)


def _note(one: Classified, texts: Texts, ids: Ids, title: str) -> NoteDraft:
    target, attribution, mailbox = _target(one), one.authorship.attribution, one.received.mailbox
    author = _author(one)
    person = (attribution.resource or attribution.co_managing_user) if attribution else None
    note_types = {
        "ticket": mailbox.ticket_note.note_type,
        "task": mailbox.task_note.note_type,
        "project": mailbox.project_note.note_type,
    }
    return NoteDraft(
        ticket_id=target.id if target.kind == "ticket" else None,
        task_id=target.id if target.kind == "task" else None,
        project_id=target.id if target.kind == "project" else None,
        contact_id=_contact_id(one, ids),
        resource_id=person.id if person else None,
        originator_name=author.name,
        originator_address=author.address,
        title=title,
        text=texts.text,
        quoted_text=texts.quoted_text,
        signature=texts.signature,
        html=texts.html,
        note_type=DUPLICATE_NOTE_TYPE if one.verdict.reason is Reason.TICKET_DUPLICATE else note_types[target.kind],
        publish=one.verdict.publish,
        created_at=one.received.delivery.received_at,
    )


def _time_entry(one: Classified, texts: Texts) -> TimeEntryDraft:
    target, attribution, indicated = _target(one), one.authorship.attribution, one.verdict.indicated
    if attribution is None or attribution.resource is None or indicated is None or indicated.hours is None:
        raise ValueError("a time entry needs a resource and hours")
    received = one.received
    is_ticket = target.kind == "ticket"
    defaults = received.mailbox.ticket_time_entry if is_ticket else received.mailbox.task_time_entry
    worked = work_time(indicated.hours, received.mail.date, received.delivery.received_at)
    return TimeEntryDraft(
        ticket_id=target.id if is_ticket else None,
        task_id=None if is_ticket else target.id,
        resource_id=attribution.resource.id,
        role=indicated.role or defaults.role,
        work_type=defaults.work_type,
        started_at=worked.start_at,
        stopped_at=worked.stop_at,
        hours=Decimal(indicated.hours),
        summary=texts.text,
        quoted_text=texts.quoted_text,
        signature=texts.signature,
        html=texts.html,
        publish=one.verdict.publish,
        append_to_resolution=is_ticket and received.mailbox.ticket_time_entry.append_to_resolution,
        created_at=received.delivery.received_at,
    )


def _change(one: Classified, texts: Texts, context: Context) -> Change | None:
    """What happens to the object itself: its status, and a ticket's resolution."""
    target, verdict = _target(one), one.verdict
    appends = verdict.kind == "ticket_time_entry" and one.received.mailbox.ticket_time_entry.append_to_resolution
    resolution = texts.text if appends else ""
    if not verdict.status and not resolution:
        return None
    return Change(
        kind=target.kind,
        target_id=target.id,
        status=verdict.status,
        is_complete=verdict.status in context.picks.complete_statuses,
        resolution=resolution,
        at=one.received.delivery.received_at,
    )


def _decision(one: Classified, texts: Texts) -> Decision | None:
    indicated, attribution = one.verdict.indicated, one.authorship.attribution
    if indicated is None or indicated.is_approved is None or attribution is None:
        return None
    resource = attribution.resource or attribution.co_managing_user
    return Decision(
        ticket_id=_target(one).id,
        resource_id=resource.id if resource else None,
        contact_id=attribution.contact.id if attribution.contact and not resource else None,
        decision="approved" if indicated.is_approved else "rejected",
        decided_at=one.received.delivery.received_at,
        note=texts.written,
    )


def _contact(one: Classified) -> ContactDraft | None:
    attribution, author = one.authorship.attribution, one.authorship.originator.author
    if attribution is None or not makes_contact(one):
        return None
    if one.alarm is not None and (new := one.alarm.match.new_contact) is not None:
        return ContactDraft(organization_id=attribution.organization.id, name=new.name, address=new.address)
    if author is None:
        return None
    name = author.name or author.address.partition("@")[0]
    return ContactDraft(organization_id=attribution.organization.id, name=name, address=author.address)
