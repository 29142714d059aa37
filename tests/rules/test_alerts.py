"""For whom an alert is: the truth table."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from inbound.model.alert import Alert, AlertFindings, AlertMatch, ExternalId, NewContact, Unmatched
from inbound.model.desk import Device, Organization
from inbound.model.outcome import Outcome, Reason
from inbound.model.verdict import Picks
from inbound.rules.alerts import decide_alert, match_alert
from people import ACME, ANN, BETA, GONE, LEAD, LOCAL, MAILBOX, TICKET, contact, device

ISSUE_TYPES = {"Computer": ("Hardware", "Backup"), "Server": ("Backup", "Storage")}
ID = ExternalId(source="RMM", name="4711")
EVERYTHING = AlertFindings(
    by_customer_id=(BETA,),
    by_customer=(ACME,),
    by_email=(contact(1), contact(2, BETA)),
    by_contact=(contact(7), contact(8, BETA)),
    by_device_id=(device(1), device(2, BETA)),
    target=TICKET,
    local=LOCAL,
)
NOTHING = AlertFindings(local=LOCAL)


def match(alert: Alert, findings: AlertFindings = EVERYTHING) -> AlertMatch:
    return match_alert(alert, findings, ISSUE_TYPES, "Server")[0]


CUSTOMER = Alert(customer="Acme")


@pytest.mark.parametrize(
    ("alert", "findings", "organization", "unmatched"),
    [
        # Customer only: the organization of that name
        (CUSTOMER, EVERYTHING, ACME, ()),
        # CustomerID beats Customer, also where it leads nowhere
        (Alert(customer_id=ID), EVERYTHING, BETA, ()),
        (Alert(customer="Acme", customer_id=ID), EVERYTHING, BETA, ()),
        (
            Alert(customer="Acme", customer_id=ID),
            replace(EVERYTHING, by_customer_id=()),
            LOCAL,
            ((Unmatched.CUSTOMER_ID, "4711"),),
        ),
        # no or several matches: the local organization, and a line
        (CUSTOMER, NOTHING, LOCAL, ((Unmatched.CUSTOMER, "Acme"),)),
        (CUSTOMER, replace(NOTHING, by_customer=(ACME, BETA)), LOCAL, ((Unmatched.CUSTOMER, "Acme"),)),
        # inactive ones and those that take no tickets do not count
        (CUSTOMER, replace(NOTHING, by_customer=(GONE,)), LOCAL, ((Unmatched.CUSTOMER, "Acme"),)),
        (CUSTOMER, replace(NOTHING, by_customer=(LEAD, ACME)), ACME, ()),
        # nothing said: the local organization, and nothing that did not match
        (Alert(), EVERYTHING, LOCAL, ()),
        (Alert(), AlertFindings(), None, ()),
        (CUSTOMER, AlertFindings(), None, ((Unmatched.CUSTOMER, "Acme"),)),
    ],
)
def test_organizations(
    alert: Alert,
    findings: AlertFindings,
    organization: Organization | None,
    unmatched: tuple[tuple[Unmatched, str], ...],
) -> None:
    """By external id, by exact name, else the desk's own."""
    found = match(alert, findings)
    assert (found.organization, found.unmatched) == (organization, unmatched)


MAIL = "it@acme.example"
NO_MAIL = ((Unmatched.EMAIL, MAIL),)


@pytest.mark.parametrize(
    ("alert", "findings", "organization", "contact_id", "unmatched"),
    [
        # Email only: address 1, then 2, then 3; several in one organization: the lowest id
        (Alert(email=MAIL), replace(NOTHING, by_email=(contact(1),)), ACME, 1, ()),
        (Alert(email=MAIL), replace(NOTHING, by_email=(contact(1, position=2), contact(2, BETA))), BETA, 2, ()),
        (Alert(email=MAIL), replace(NOTHING, by_email=(contact(9), contact(3))), ACME, 3, ()),
        # in several organizations, or nowhere: the local one, and a line
        (Alert(email=MAIL), EVERYTHING, LOCAL, None, NO_MAIL),
        (Alert(email=MAIL), NOTHING, LOCAL, None, NO_MAIL),
        (Alert(email=MAIL), replace(NOTHING, by_email=(contact(1, active=False),)), LOCAL, None, NO_MAIL),
        (Alert(email=MAIL), replace(NOTHING, by_email=(contact(1, LEAD),)), LOCAL, None, NO_MAIL),
        # both: the organization, then the contact inside it
        (Alert(customer="Acme", email=MAIL), EVERYTHING, ACME, 1, ()),
        (Alert(customer_id=ID, email=MAIL), EVERYTHING, BETA, 2, ()),
        # organization matched but Email not: the organization is kept, and a line
        (Alert(customer="Acme", email=MAIL), replace(EVERYTHING, by_email=(contact(2, BETA),)), ACME, None, NO_MAIL),
        # the organization did not match: Email does not replace it
        (
            Alert(customer="Acme", email=MAIL),
            replace(EVERYTHING, by_customer=()),
            LOCAL,
            None,
            ((Unmatched.CUSTOMER, "Acme"),),
        ),
    ],
)
def test_contacts_by_address(
    alert: Alert,
    findings: AlertFindings,
    organization: Organization,
    contact_id: int | None,
    unmatched: tuple[tuple[Unmatched, str], ...],
) -> None:
    """Email leads to a contact, and without Customer to its organization."""
    found = match(alert, findings)
    assert (found.organization, found.contact.id if found.contact else None) == (organization, contact_id)
    assert found.unmatched == unmatched
    assert found.new_contact is None


@pytest.mark.parametrize(
    ("alert", "findings", "contact_id", "new", "unmatched"),
    [
        # organization found, contact there
        (Alert(customer="Acme", contact="Ann Smith"), EVERYTHING, 7, None, ()),
        # ... not there: created, with the address that the alert names
        (Alert(customer_id=ID, contact="Ann Smith"), replace(EVERYTHING, by_contact=(contact(7),)), None, "", ()),
        (
            Alert(customer="Acme", contact="Ann Smith", email=MAIL),
            replace(NOTHING, by_customer=(ACME,)),
            None,
            MAIL,
            (),
        ),
        # ... only inactive: somebody else of that name
        (
            Alert(customer="Acme", contact="Ann Smith"),
            replace(NOTHING, by_customer=(ACME,), by_contact=(contact(7, active=False),)),
            None,
            "",
            (),
        ),
        # Email finds somebody: that one
        (Alert(customer="Acme", contact="Ann Smith", email=MAIL), EVERYTHING, 1, None, ()),
        # Email finds nobody, Contact does: that one, and a line
        (
            Alert(customer="Acme", contact="Ann Smith", email=MAIL),
            replace(EVERYTHING, by_email=()),
            7,
            None,
            NO_MAIL,
        ),
        # no organization found: nobody is created
        (
            Alert(customer="Acme", contact="Ann Smith"),
            NOTHING,
            None,
            None,
            ((Unmatched.CUSTOMER, "Acme"), (Unmatched.CONTACT, "Ann Smith")),
        ),
        (Alert(contact="Ann Smith"), EVERYTHING, None, None, ((Unmatched.CONTACT, "Ann Smith"),)),
    ],
)
def test_contacts_by_name(
    alert: Alert,
    findings: AlertFindings,
    contact_id: int | None,
    new: str | None,
    unmatched: tuple[tuple[Unmatched, str], ...],
) -> None:
    """Contact: inside the organization, and created there when it is missing."""
    found = match(alert, findings)
    assert (found.contact.id if found.contact else None) == contact_id
    assert found.new_contact == (None if new is None else NewContact(name="Ann Smith", address=new))
    assert found.unmatched == unmatched


LOST_DEVICE = ((Unmatched.DEVICE_ID, "4711"),)


@pytest.mark.parametrize(
    ("alert", "devices", "organization", "device_id", "unmatched"),
    [
        # inside the organization; a device of another one is no match
        (Alert(customer="Acme", device_id=ID), (device(1), device(2, BETA)), ACME, 1, ()),
        (Alert(customer="Acme", device_id=ID), (device(2, BETA),), ACME, None, LOST_DEVICE),
        (Alert(customer="Acme", device_id=ID), (), ACME, None, LOST_DEVICE),
        (Alert(customer="Acme", device_id=ID), (device(1), device(3)), ACME, None, LOST_DEVICE),
        (Alert(customer="Acme", device_id=ID), (device(1, active=False),), ACME, None, LOST_DEVICE),
        # alone it says whose alert it is
        (Alert(device_id=ID), (device(2, BETA),), BETA, 2, ()),
        (Alert(device_id=ID), (device(1), device(2, BETA)), LOCAL, None, LOST_DEVICE),
        (Alert(device_id=ID), (device(2, GONE),), LOCAL, None, LOST_DEVICE),
        # not so when something else should have
        (
            Alert(customer_id=ID, device_id=ID),
            (device(1),),
            LOCAL,
            None,
            ((Unmatched.CUSTOMER_ID, "4711"), *LOST_DEVICE),
        ),
    ],
)
def test_devices(
    alert: Alert,
    devices: tuple[Device, ...],
    organization: Organization,
    device_id: int | None,
    unmatched: tuple[tuple[Unmatched, str], ...],
) -> None:
    """By external id, inside the organization."""
    found = match(alert, replace(NOTHING, by_customer=(ACME,), by_device_id=devices))
    assert (found.organization, found.device.id if found.device else None) == (organization, device_id)
    assert found.unmatched == unmatched


def test_a_ticket_number_overrides_the_organization() -> None:
    """The note belongs to the ticket, and nobody of another organization comes along."""
    found = match(Alert(customer_id=ID, contact="New One", device_id=ID, ticket_number=TICKET.number))
    assert (found.target, found.organization) == (TICKET, ACME)
    assert (found.contact, found.new_contact, found.device) == (None, None, None)
    same = match(Alert(customer="Acme", email=MAIL, device_id=ID, ticket_number=TICKET.number))
    assert same.contact is not None
    assert same.device is not None


def test_a_ticket_number_that_does_not_exist() -> None:
    """A new ticket, with a line; a ticket nobody named is none."""
    found = match(Alert(customer="Acme", ticket_number="T1"), replace(EVERYTHING, target=None))
    assert (found.target, found.organization) == (None, ACME)
    assert found.unmatched == ((Unmatched.TICKET_NUMBER, "T1"),)
    assert match(CUSTOMER).target is None


@pytest.mark.parametrize(
    ("name", "expected", "is_found"),
    [
        # the mailbox's issue type first, then the first that has it; in any case
        ("Backup", ("Server", "Backup"), True),
        ("hardware", ("Computer", "Hardware"), True),
        ("", ("", ""), True),
        ("Coffee", ("", ""), False),
    ],
)
def test_sub_issues(name: str, expected: tuple[str, str], is_found: bool) -> None:  # noqa: FBT001 - a column of the table
    """SubIssue sets the sub-issue, with the issue type it belongs to."""
    found = match(Alert(customer="Acme", sub_issue=name))
    assert (found.issue_type, found.sub_issue_type) == expected
    assert found.unmatched == (() if is_found else ((Unmatched.SUB_ISSUE, name),))


NOW = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
DONE = replace(TICKET, status="Complete", completed_at=NOW)


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        (AlertMatch(organization=ACME), Outcome.TICKET_CREATED, Reason.NEW_TICKET),
        (AlertMatch(organization=None), Outcome.DISCARDED, Reason.SENDER_UNKNOWN),
        # TicketNumber always makes a note, never reopens, and starts no linked ticket
        (AlertMatch(organization=ACME, target=TICKET), Outcome.TICKET_NOTE_ADDED, Reason.SUBJECT_NUMBER),
        (AlertMatch(organization=ACME, target=DONE), Outcome.TICKET_NOTE_ADDED, Reason.SUBJECT_NUMBER),
    ],
)
@pytest.mark.parametrize("when_complete", ["note", "reopen", "new_ticket"])
def test_what_an_alert_becomes(found: AlertMatch, outcome: Outcome, reason: Reason, when_complete: Any) -> None:
    """A ticket of the organization, or a note."""
    note = replace(MAILBOX.ticket_note, when_complete=when_complete, status_after_contact="Answered", reopen_days=0)
    mailbox = replace(MAILBOX, handler="alerts", ticket_note=note)
    picks = Picks(complete_statuses=frozenset({"Complete"}))
    authorship, verdict = decide_alert(found, ANN, mailbox, picks, NOW)
    assert (verdict.outcome, verdict.reason, verdict.status, verdict.linked) == (outcome, reason, "", None)
    assert verdict.target == found.target
    assert (authorship.attribution is None) is (found.organization is None)


def test_the_trace_tells_what_matched_and_what_did_not() -> None:
    """One line for every element that led nowhere, one for the result."""
    _, steps = match_alert(Alert(customer="Acme", email=MAIL), NOTHING, ISSUE_TYPES, "")
    assert [step.is_hit for step in steps] == [False, True]
    _, steps = match_alert(Alert(), AlertFindings(), ISSUE_TYPES, "")
    assert [step.is_hit for step in steps] == [False]
