"""The TOML file: what may stand in it, what it means, and every mistake in it at once."""

from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from inbound.model.mailbox import Mailbox

Port = Annotated[int, Field(ge=0, le=65535)]
Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]


class Section(BaseModel):
    """A table of the file: unknown settings are mistakes, values are never echoed (they may be secrets)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class Server(Section):
    #: name in the greeting and EHLO reply; "" = this machine's host name
    hostname: str = ""
    #: domains whose mailboxes live here
    domains: tuple[str, ...] = ("desk.example",)
    #: name of the mailbox that gets mail to postmaster; "" = the first active one
    postmaster_mailbox: str = ""
    #: larger messages are refused: 552 5.3.4 (RFC 1870)
    max_message_bytes: Annotated[int, Field(ge=100_000, le=1_000_000_000)] = 30_000_000
    #: embedded database, lock file; "" = $STATE_DIRECTORY, else .state beside a checkout, else /var/lib/inbound (root)
    #: or ~/.local/state/inbound
    state_directory: str = ""
    #: what an unknown peer hears at RCPT: "defer" = 450 4.7.1, "reject" = 550 5.7.1
    peer_refusal: Literal["defer", "reject"] = "defer"
    #: seconds that a stop waits for transactions in flight
    stop_seconds: Seconds = 20.0


class Listener(Section):
    address: str = "127.0.0.1"
    port: Port = 8025
    #: "none"; "starttls" offers it; "required" also refuses MAIL in clear text
    tls: Literal["none", "starttls", "required"] = "none"
    #: PEM files; `credential:NAME` reads a systemd credential
    certificate: str = ""
    key: str = ""


class PeerRule(Section):
    name: str
    networks: tuple[IPv4Network | IPv6Network, ...]
    #: the operator's own mail server: what it says about authors is believed
    trusted: bool = False


class Limits(Section):
    connections: Positive = 500
    connections_per_address: Positive = 100
    #: commands without a message in between
    commands: Positive = 1000
    #: errors in one connection before 421
    errors: Positive = 20
    recipients: Annotated[int, Field(ge=100, le=10_000)] = 100
    messages_per_connection: Positive = 10_000
    command_seconds: Seconds = 300.0
    data_seconds: Seconds = 600.0


class IntakeSettings(Section):
    #: messages and octets that may wait or be in progress; beyond that 452
    queue_messages: Positive = 2_000
    queue_bytes: Positive = 256_000_000
    #: the largest batch
    batch_messages: Annotated[int, Field(ge=1, le=1_000)] = 100
    batch_bytes: Positive = 64_000_000
    #: seconds from the final dot to 451 when the database does not answer
    deadline_seconds: Seconds = 60.0


class DatabaseSettings(Section):
    #: postgresql://user@host/database; `credential:NAME` reads a systemd credential; "" = the embedded PostgreSQL
    url: str = ""
    #: directory of postgres and initdb for the embedded one; "" = the wheel, then /usr/lib/postgresql/*/bin
    embedded_binaries: str = ""
    #: start although fsync, full_page_writes or synchronous_commit is off: 250 no longer means stored
    allow_unsafe_durability: bool = False


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    #: "auto" = text on a terminal, JSON elsewhere
    format: Literal["auto", "json", "text"] = "auto"


class Status(Section):
    name: str
    complete: bool = False
    active: bool = True


class Choice(Section):
    name: str
    active: bool = True


class IssueType(Section):
    name: str
    active: bool = True
    sub_issues: tuple[Choice, ...] = ()


class Desk(Section):
    name: str = "Service Desk"
    #: organization that is the desk itself; made at start when missing; "" = none
    local_organization: str = "Service Desk"
    time_zone: str = "UTC"
    #: strftime, for the title of mail without a subject
    date_format: str = "%Y-%m-%d %H:%M"
    #: 0 = not cut
    max_description_chars: Annotated[int, Field(ge=0)] = 0
    #: added to the shipped list of public mail domains
    public_mail_domains: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    priorities: tuple[Choice, ...] = ()
    queues: tuple[Choice, ...] = ()
    categories: tuple[Choice, ...] = ()
    ticket_types: tuple[Choice, ...] = ()
    sources: tuple[Choice, ...] = ()
    note_types: tuple[Choice, ...] = ()
    issue_types: tuple[IssueType, ...] = ()


class Settings(Section):
    server: Server = Server()
    listeners: tuple[Listener, ...] = (Listener(),)
    peers: tuple[PeerRule, ...] = ()
    limits: Limits = Limits()
    intake: IntakeSettings = IntakeSettings()
    database: DatabaseSettings = DatabaseSettings()
    logs: LogSettings = LogSettings()
    desk: Desk = Desk()
    mailboxes: tuple[Mailbox, ...] = ()


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file.

    Raises:
        ConfigurationError: with every mistake of the file, each with its line.
    """
