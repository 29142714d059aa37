"""What may stand in the TOML file, what it means, and what holds when it is not written."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import Field

from inbound.config.pick_lists import (
    CATEGORIES,
    ISSUE_TYPES,
    NOTE_TYPES,
    PRIORITIES,
    QUEUES,
    ROLES,
    SOURCES,
    STATUSES,
    TICKET_TYPES,
    WORK_TYPES,
    Category,
    Choice,
    IssueType,
    Queue,
    Status,
    Tag,
)
from inbound.config.reception import Authentication, Limits, Listener, PeerRule
from inbound.config.section import Port, Positive, Seconds, Section
from inbound.model.mailbox import Mailbox


class Server(Section):
    """``[server]``."""

    #: name in the greeting and EHLO reply; "" = this machine's host name
    hostname: str = ""
    #: domains whose mailboxes live here; lower case after loading
    domains: tuple[str, ...] = ("desk.example",)
    #: name of the mailbox that gets mail to postmaster; "" = the first active desk mailbox
    postmaster_mailbox: str = ""
    #: larger messages are refused: 552 5.3.4 (RFC 1870)
    max_message_bytes: Annotated[int, Field(ge=100_000, le=1_000_000_000)] = 30_000_000
    #: embedded database, lock file; "" = $STATE_DIRECTORY, else .state beside a checkout, else /var/lib/inbound (root)
    #: or ~/.local/state/inbound; absolute after loading
    state_directory: str = ""
    #: keys digests that nobody may try out, and signs notices; `credential:NAME` reads a systemd credential; "" = made
    #: in the state directory
    secret: str = Field(default="", repr=False)
    #: secrets before that one, under which notices on their way were signed
    old_secrets: tuple[str, ...] = Field(default=(), repr=False)
    #: what an unknown peer hears at RCPT: "defer" = 450 4.7.1, "reject" = 550 5.7.1
    peer_refusal: Literal["defer", "reject"] = "defer"
    #: processes that take mail; 0 = one per processor that this process may use, at most 4
    workers: Annotated[int, Field(ge=0, le=64)] = 0
    #: seconds that a stop waits for transactions in flight
    stop_seconds: Seconds = 20.0


class IntakeSettings(Section):
    """``[intake]``: what waits between the final dot and COMMIT."""

    #: messages and octets that may wait or be in progress; beyond that 452
    queue_messages: Positive = 2_000
    queue_bytes: Positive = 256_000_000
    #: the largest batch
    batch_messages: Annotated[int, Field(ge=1, le=1_000)] = 100
    batch_bytes: Positive = 64_000_000
    #: seconds from the final dot to 451 when the database does not answer
    deadline_seconds: Seconds = 20.0


class DatabaseSettings(Section):
    """``[database]``."""

    #: postgresql://user@host/database; `credential:NAME` reads a systemd credential; "" = the embedded PostgreSQL
    url: str = Field(default="", repr=False)
    #: directory of postgres and initdb for the embedded one; "" = the wheel, then /usr/lib/postgresql/*/bin;
    #: absolute after loading
    embedded_binaries: str = ""
    #: start although fsync, full_page_writes or synchronous_commit is off: 250 no longer means stored
    allow_unsafe_durability: bool = False


class SmartHost(Section):
    """``[smart_host]``: the mail server that takes our notices; without a host there are none."""

    #: name or address; "" = no notices
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    #: "starttls" insists on it, "implicit" begins with TLS (port 465); both check the certificate
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    #: PEM file of who signed the certificate; "" = those that the system trusts; absolute after loading
    ca_file: str = ""
    #: "" = without login
    username: str = ""
    #: `credential:NAME` reads a systemd credential
    password: str = Field(default="", repr=False)
    #: "token" = bounce+TOKEN@ a served domain: what comes back finds its ticket; "null" = <>: nothing comes back
    reverse_path: Literal["token", "null"] = "token"
    #: for one command, and for one notice from the first command to the last reply
    command_seconds: Seconds = 60.0
    notice_seconds: Seconds = 660.0
    #: notices on their way at once, and those among them to one domain
    at_once: Annotated[int, Field(ge=1, le=100)] = 5
    at_once_per_domain: Annotated[int, Field(ge=1, le=100)] = 2
    #: the first pause after a temporary refusal; it doubles each time, up to four hours
    retry_seconds: Seconds = 60.0
    #: given up after so many refusals, or so much time (RFC 5321 section 4.5.4.1: four to five days)
    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 30
    give_up_hours: Annotated[int, Field(ge=1, le=1_000)] = 120


class LogSettings(Section):
    """``[logs]``."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    #: "auto" = text on a terminal, JSON elsewhere
    format: Literal["auto", "json", "text"] = "auto"


class MetricsSettings(Section):
    """``[metrics]``: where metrics are shown, and to whom."""

    #: an IP address of this machine; "" = nowhere
    address: str = ""
    port: Port = 9825
    #: who may ask; not validated: in a file networks are text
    networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")), validate_default=False
    )


class Duplicates(Section):
    """``[desk.duplicates]``: when a new ticket would repeat one of the same organization, and what then."""

    #: its subject or alert names the number of that one
    ticket_number: bool = True
    #: an alert has the AlertID, or the TicketID, of that one
    alert_id: bool = True
    external_ticket_id: bool = True
    #: same title, same contact, and not older than ``title_window``
    title_and_contact: bool = False
    title_window: timedelta = timedelta(hours=1)
    #: "note" = a note of type "Duplicate Ticket" on that one; "ignore" = nothing
    action: Literal["new_ticket", "note", "note_and_reopen", "ignore"] = "new_ticket"
    #: is a complete ticket repeated as well? "same" = what ``action`` says; asked first
    when_complete: Literal["new_ticket", "same"] = "new_ticket"


class Loops(Section):
    """``[desk.loops]``: so many messages of the same author about the same subject make objects in so long a time."""

    #: 0 = any number
    limit: Annotated[int, Field(ge=0, le=1_000)] = 2
    window: timedelta = timedelta(minutes=5)


class Desk(Section):
    """``[desk]``: the service desk and its pick lists; a list that is written replaces the default list."""

    name: str = "Service Desk"
    #: how many mailboxes there may be, and what they create: see ``config.checks.editions``
    edition: Literal["basic", "advanced", "unlimited"] = "unlimited"
    #: organization that is the desk itself; made at start when missing; "" = none
    local_organization: str = "Service Desk"
    time_zone: str = "UTC"
    #: strftime, for the title of mail without a subject
    date_format: str = "%Y-%m-%d %H:%M"
    #: 0 = not cut
    max_description_chars: Annotated[int, Field(ge=0)] = 0
    #: added to the shipped list of public mail domains; lower case after loading
    public_mail_domains: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = STATUSES
    priorities: tuple[Choice, ...] = PRIORITIES
    queues: tuple[Queue, ...] = QUEUES
    categories: tuple[Category, ...] = CATEGORIES
    ticket_types: tuple[Choice, ...] = TICKET_TYPES
    sources: tuple[Choice, ...] = SOURCES
    note_types: tuple[Choice, ...] = NOTE_TYPES
    issue_types: tuple[IssueType, ...] = ISSUE_TYPES
    roles: tuple[Choice, ...] = ROLES
    work_types: tuple[Choice, ...] = WORK_TYPES
    #: none are shipped: they are words of the desk's own trade
    tags: tuple[Tag, ...] = ()
    #: addresses of those who look after this daemon: they get `operator` notices
    operators: tuple[str, ...] = ()
    #: "first" = what one mailbox made something of makes nothing in another
    same_message_in_two_mailboxes: Literal["each", "first"] = "each"
    duplicates: Duplicates = Duplicates()
    loops: Loops = Loops()


class Settings(Section):
    """The whole file."""

    server: Server = Server()
    listeners: tuple[Listener, ...] = (Listener(),)
    peers: tuple[PeerRule, ...] = ()
    authentication: Authentication = Authentication()
    limits: Limits = Limits()
    intake: IntakeSettings = IntakeSettings()
    database: DatabaseSettings = DatabaseSettings()
    logs: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    smart_host: SmartHost = SmartHost()
    desk: Desk = Desk()
    mailboxes: tuple[Mailbox, ...] = ()
