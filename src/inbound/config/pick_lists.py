"""The pick lists of ``[desk]``: what their entries are, and those that are shipped."""

from inbound.config.section import Section


class Status(Section):
    """An entry of ``desk.statuses``; tickets in a ``complete`` status are done."""

    name: str
    complete: bool = False
    active: bool = True


class Choice(Section):
    """An entry of a pick list; inactive ones stay for what refers to them and are not given any more."""

    name: str
    active: bool = True


class Queue(Section):
    """An entry of ``desk.queues``."""

    name: str
    active: bool = True
    #: addresses of the resources that work on it
    members: tuple[str, ...] = ()


class Category(Section):
    """An entry of ``desk.categories``."""

    name: str
    active: bool = True
    #: that its tickets get, named in ``desk.tags``
    tags: tuple[str, ...] = ()


class Tag(Section):
    """An entry of ``desk.tags``."""

    #: its label
    name: str
    active: bool = True
    #: other words that say the same
    aliases: tuple[str, ...] = ()


class IssueType(Section):
    """An entry of ``desk.issue_types``."""

    name: str
    active: bool = True
    sub_issues: tuple[Choice, ...] = ()


def _choices(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(name=name) for name in names)


STATUSES = (
    *(Status(name=name) for name in ("New", "In Progress", "Waiting Customer", "Waiting Materials", "Escalate")),
    Status(name="Complete", complete=True),
)
PRIORITIES = _choices("Critical", "High", "Medium", "Low")
QUEUES = tuple(
    Queue(name=name) for name in ("Level I Support", "Level II Support", "Monitoring Alert", "Administration")
)
CATEGORIES = (Category(name="Standard"), Category(name="Monitoring Alert"))
TICKET_TYPES = _choices("Service Request", "Incident", "Problem", "Change Request", "Alert")
SOURCES = _choices("Email", "Phone", "Client Portal", "Monitoring Alert", "In Person", "Other")
NOTE_TYPES = _choices("Email", "Duplicate Ticket", "Summary", "Detail")
ISSUE_TYPES = (
    IssueType(name="Computer", sub_issues=_choices("Hardware", "Software", "Printing", "Update")),
    IssueType(name="Email", sub_issues=_choices("Delivery", "Mailbox", "Spam")),
    IssueType(name="Network", sub_issues=_choices("Connectivity", "Firewall", "VPN")),
    IssueType(name="Server", sub_issues=_choices("Backup", "Performance", "Storage")),
    IssueType(name="User", sub_issues=_choices("New User", "Password", "Permissions")),
    IssueType(name="Other"),
)
ROLES = _choices("Help Desk Technician", "Network Engineer", "System Administrator", "Project Manager")
WORK_TYPES = _choices("Remote Support", "On-Site Support", "Maintenance", "Consulting", "Travel")
