"""For whom an alert is: organization, contact, device, ticket and sub-issue, as the token names them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from inbound.model.alert import Alert, AlertFindings, AlertMatch, NewContact, Unmatched
from inbound.model.authorship import Attribution, Authorship, Originator, Source
from inbound.model.desk import Contact, Device, Organization
from inbound.model.mail import Address
from inbound.model.mailbox import Mailbox
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Case, Picks, Standing, Verdict
from inbound.rules.classification import decide
from inbound.rules.first_line import is_complete
from inbound.rules.indicators import find_entry
from inbound.rules.organizations import takes_tickets
from inbound.rules.wording import Language, say

_LINES: dict[Unmatched, tuple[str, str]] = {
    Unmatched.CUSTOMER: (
        'The customer "{value}" was not found.',
        "Der Kunde „{value}“ wurde nicht gefunden.",
    ),
    Unmatched.CUSTOMER_ID: (
        'The customer ID "{value}" was not found.',
        "Die Kundennummer „{value}“ wurde nicht gefunden.",
    ),
    Unmatched.EMAIL: (
        'The e-mail address "{value}" belongs to no contact.',
        "Die E-Mail-Adresse „{value}“ gehört zu keinem Kontakt.",
    ),
    Unmatched.CONTACT: (
        'The contact "{value}" was not found.',
        "Der Kontakt „{value}“ wurde nicht gefunden.",
    ),
    Unmatched.DEVICE_ID: (
        'The device ID "{value}" was not found.',
        "Die Gerätenummer „{value}“ wurde nicht gefunden.",
    ),
    Unmatched.SUB_ISSUE: (
        'The sub-issue "{value}" does not exist.',
        "Den Unterpunkt „{value}“ gibt es nicht.",
    ),
    Unmatched.TICKET_NUMBER: (
        'The ticket "{value}" does not exist.',
        "Das Ticket „{value}“ gibt es nicht.",
    ),
}

_Unmatched = list[tuple[Unmatched, str]]


def match_alert(
    alert: Alert,
    findings: AlertFindings,
    issue_types: Mapping[str, Sequence[str]],
    default_issue_type: str,
) -> tuple[AlertMatch, tuple[Step, ...]]:
    """Decide for whom an alert is.

    Args:
        alert: read from the token.
        findings: what the database knew about its elements.
        issue_types: active issue types with their active sub-issues, in the order of the pick list.
        default_issue_type: of the mailbox: where a sub-issue is looked for first.

    Returns:
        the match, and a trace step for everything that decided or led nowhere.
    """
    unmatched: _Unmatched = []
    organization, contact = _organization(alert, findings, unmatched)
    device = _device(alert, findings, organization, unmatched)
    if organization is None and device is not None and not _names_organization(alert):
        organization = device.organization
    new_contact = None
    if contact is None and alert.contact:
        contact, new_contact = _named_contact(alert, findings, organization, unmatched)
    issue_type, sub_issue_type = _sub_issue(alert.sub_issue, issue_types, default_issue_type, unmatched)
    if alert.ticket_number and findings.target is None:
        unmatched.append((Unmatched.TICKET_NUMBER, alert.ticket_number))
    target = findings.target if alert.ticket_number else None
    # TicketNumber overrides the organization.
    owner = target.organization if target else organization or findings.local
    match = AlertMatch(
        organization=owner,
        contact=_of(owner, contact),
        new_contact=new_contact if owner == organization else None,
        device=device if device and owner and device.organization.id == owner.id else None,
        target=target,
        issue_type=issue_type,
        sub_issue_type=sub_issue_type,
        unmatched=tuple(unmatched),
    )
    return match, _steps(match)


def decide_alert(
    match: AlertMatch, author: Address | None, mailbox: Mailbox, picks: Picks, received_at: datetime
) -> tuple[Authorship, Verdict]:
    """What an alert with the right key becomes: a ticket, or a note on the ticket it names, which never reopens.

    Args:
        match: for whom it is.
        author: in From; kept as text.
        mailbox: it came to.
        picks: the desk's statuses.
        received_at: aware.

    Returns:
        its attribution in the words of every other mail, and the verdict.
    """
    attribution = None
    if match.organization is not None:
        attribution = Attribution(
            organization=match.organization, rule="alert", contact=match.contact, device=match.device
        )
    originator = Originator(author=author, source=Source.FROM)
    authorship = Authorship(originator=originator, attribution=attribution, steps=())
    case = Case(
        mailbox=mailbox,
        authorship=authorship,
        standing=Standing.CUSTOMER,
        received_at=received_at,
        target=match.target,
        is_complete=match.target is not None and is_complete(match.target, picks),
        is_automated=True,
    )
    return authorship, decide(case)


def unmatched_lines(match: AlertMatch, language: Language) -> tuple[str, ...]:
    """The lines of the description that say what did not match."""
    return tuple(say(_LINES[what], language, value=value) for what, value in match.unmatched)


def _organization(
    alert: Alert, findings: AlertFindings, unmatched: _Unmatched
) -> tuple[Organization | None, Contact | None]:
    """CustomerID beats Customer; only without both does Email lead to an organization."""
    if alert.customer_id is None and not alert.customer:
        contact = _by_email(findings, None) if alert.email else None
        if alert.email and contact is None:
            unmatched.append((Unmatched.EMAIL, alert.email))
        return (contact.organization if contact else None), contact
    if alert.customer_id is not None:
        organization = _only(findings.by_customer_id)
        failed = (Unmatched.CUSTOMER_ID, alert.customer_id.name)
    else:
        organization = _only(findings.by_customer)
        failed = (Unmatched.CUSTOMER, alert.customer)
    if organization is None:
        unmatched.append(failed)
        return None, None
    contact = _by_email(findings, organization) if alert.email else None
    # With Contact a new contact may get the address; without, nobody has it.
    if alert.email and contact is None and not alert.contact:
        unmatched.append((Unmatched.EMAIL, alert.email))
    return organization, contact


def _only(organizations: Sequence[Organization]) -> Organization | None:
    """The one that takes tickets; no match and several are the same."""
    usable = {one.id: one for one in organizations if takes_tickets(one)}
    return next(iter(usable.values())) if len(usable) == 1 else None


def _by_email(findings: AlertFindings, organization: Organization | None) -> Contact | None:
    """Address 1, then 2, then 3; several in one organization: the lowest id, in different ones: nobody."""
    usable = [one for one in findings.by_email if one.is_active and takes_tickets(one.organization)]
    if organization is not None:
        usable = [one for one in usable if one.organization.id == organization.id]
    first = min((one.position for one in usable), default=0)
    usable = [one for one in usable if one.position == first]
    if len({one.organization.id for one in usable}) != 1:
        return None
    return min(usable, key=lambda one: one.id)


def _device(
    alert: Alert, findings: AlertFindings, organization: Organization | None, unmatched: _Unmatched
) -> Device | None:
    """By external id; a device of another organization is no match."""
    if alert.device_id is None:
        return None
    usable = {one.id: one for one in findings.by_device_id if one.is_active and takes_tickets(one.organization)}
    owner = organization or findings.local
    fitting = [
        one for one in usable.values() if not _names_organization(alert) or (owner and one.organization.id == owner.id)
    ]
    if len(fitting) == 1:
        return fitting[0]
    unmatched.append((Unmatched.DEVICE_ID, alert.device_id.name))
    return None


def _names_organization(alert: Alert) -> bool:
    """Does anything but a device say whose alert it is?"""
    return alert.customer_id is not None or bool(alert.customer or alert.email)


def _named_contact(
    alert: Alert, findings: AlertFindings, organization: Organization | None, unmatched: _Unmatched
) -> tuple[Contact | None, NewContact | None]:
    """Contact inside the organization; organization found and contact not: it is created."""
    if organization is None:
        unmatched.append((Unmatched.CONTACT, alert.contact))
        return None, None
    found = [one for one in findings.by_contact if one.is_active and one.organization.id == organization.id]
    if not found:
        return None, NewContact(name=alert.contact, address=alert.email)
    if alert.email:
        unmatched.append((Unmatched.EMAIL, alert.email))
    return min(found, key=lambda one: one.id), None


def _of(organization: Organization | None, contact: Contact | None) -> Contact | None:
    """The contact, if it belongs there."""
    if organization is None or contact is None or contact.organization.id != organization.id:
        return None
    return contact


def _sub_issue(
    name: str, issue_types: Mapping[str, Sequence[str]], default: str, unmatched: _Unmatched
) -> tuple[str, str]:
    """The sub-issue with its issue type: the mailbox's if it has it, else the first that does."""
    if not name:
        return "", ""
    order = sorted(issue_types, key=lambda issue_type: issue_type != default)
    for issue_type in order:
        if (found := find_entry(name, tuple(issue_types[issue_type]))) is not None:
            return issue_type, found
    unmatched.append((Unmatched.SUB_ISSUE, name))
    return "", ""


def _steps(match: AlertMatch) -> tuple[Step, ...]:
    steps = [
        miss("resolve_sender", "alert", f"{what.value} {value!r} did not match") for what, value in match.unmatched
    ]
    if match.target is not None:
        steps.append(hit("classify", "alert", f"TicketNumber leads to {match.target.number}"))
    if match.organization is None:
        steps.append(miss("resolve_sender", "alert", "no organization matched, and there is no local one"))
        return tuple(steps)
    parts = [f"organization {match.organization.name}"]
    parts += [f"contact {match.contact.id} {match.contact.name}"] if match.contact else []
    parts += [f"new contact {match.new_contact.name!r}"] if match.new_contact else []
    parts += [f"device {match.device.id} {match.device.name}"] if match.device else []
    steps.append(hit("resolve_sender", "alert", ", ".join(parts)))
    return tuple(steps)
