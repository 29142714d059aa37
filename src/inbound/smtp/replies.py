"""The catalogue of every reply we give. Generic on purpose: nothing of our insides, nothing of what the peer sent.

Codes are those of RFC 5321 4.2, enhanced status codes those of RFC 3463; RFC 2034 4 leaves the greeting, the replies to
EHLO and HELO, and 3yz without one.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

from inbound.model.outcome import Answer, Committed, Deferral, Deferred
from inbound.routing import Refusal
from inbound.smtp.stream import Overrun


# Without slots: they leave no room for what is computed once.
@dataclass(frozen=True)
class Reply:
    """One reply; line feeds separate the lines of its text."""

    #: RFC 5321 4.2
    code: int
    #: RFC 3463; empty where RFC 2034 wants none
    enhanced: str
    text: str
    #: the connection is closed behind it
    is_last: bool = False

    @cached_property
    def octets(self) -> bytes:
        """What is sent."""
        # RFC 5321 4.2.1: every line but the last has a hyphen; RFC 2034 4: every line repeats the enhanced code.
        head = f"{self.enhanced} " if self.enhanced else ""
        *first, last = self.text.split("\n")
        lines = [f"{self.code}-{head}{line}\r\n" for line in first]
        return ("".join(lines) + f"{self.code} {head}{last}\r\n").encode("ascii")

    @property
    def codes(self) -> str:
        """Basic and enhanced code, such as ``550 5.1.1``."""
        return f"{self.code} {self.enhanced}".rstrip()

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.text.partition("\n")[0])))

    @property
    def is_error(self) -> bool:
        """Does it count against the errors a connection may make?

        5yz does, and a refused peer. Other 4yz are our own trouble or, like 452 to one recipient too many, an ordinary
        part of delivering (RFC 5321 4.5.3.1.10).
        """
        return self.code >= 500 or self.code == 450


# RFC 5321 4.3.2: what each command may be answered with.
RESET = Reply(250, "2.0.0", "OK")
NOOP = Reply(250, "2.0.0", "OK")
SENDER_ACCEPTED = Reply(250, "2.1.0", "Sender OK")
RECIPIENT_ACCEPTED = Reply(250, "2.1.5", "Recipient OK")
START_MAIL = Reply(354, "", "End data with <CR><LF>.<CR><LF>")
MESSAGE_COMMITTED = Reply(250, "2.0.0", "Message stored")
GOODBYE = Reply(221, "2.0.0", "Goodbye", is_last=True)
HELP = Reply(214, "2.0.0", "Commands: EHLO HELO MAIL RCPT DATA RSET NOOP QUIT VRFY HELP STARTTLS AUTH\nSee RFC 5321")
CANNOT_VERIFY = Reply(252, "2.0.0", "Addresses are verified at RCPT")
READY_FOR_TLS = Reply(220, "2.0.0", "Ready to start TLS")

# AUTH (RFC 4954 6).
AUTH_CONTINUE = Reply(334, "", "")
AUTH_USER = Reply(334, "", "VXNlcm5hbWU6")
AUTH_PASSWORD = Reply(334, "", "UGFzc3dvcmQ6")
AUTH_ACCEPTED = Reply(235, "2.7.0", "Authenticated")
#: asks the connection to compare passwords; never sent itself
CHECK_PASSWORD = Reply(334, "", "")
AUTH_FAILED = Reply(535, "5.7.8", "User or password wrong")
AUTH_CANCELLED = Reply(501, "5.7.0", "Authentication cancelled")
AUTH_UNREADABLE = Reply(501, "5.5.2", "Cannot decode the response")
AUTH_LINE_TOO_LONG = Reply(500, "5.5.6", "Response too long")
AUTH_UNKNOWN = Reply(504, "5.5.4", "Authentication mechanism not offered")
AUTH_UNDER_TLS = Reply(538, "5.7.0", "Send STARTTLS first to authenticate")
AUTH_AGAIN = Reply(503, "5.5.1", "Already authenticated")
AUTH_IN_MAIL = Reply(503, "5.5.1", "No authentication within a transaction")

# Command lines.
LINE_TOO_LONG = Reply(500, "5.5.2", "Command line too long")
LINE_ENDLESS = Reply(500, "5.5.2", "Command line too long, closing connection", is_last=True)
LINE_WITHOUT_CRLF = Reply(500, "5.5.2", "Command lines end with <CR><LF>, closing connection", is_last=True)
BAD_CHARACTERS = Reply(500, "5.5.2", "Characters not allowed in a command")
UNKNOWN_COMMAND = Reply(500, "5.5.1", "Command not recognized")
NOT_IMPLEMENTED = Reply(502, "5.5.1", "Command not implemented")
BAD_ARGUMENT = Reply(501, "5.5.4", "Syntax error in argument")
HELO_FIRST = Reply(503, "5.5.1", "Send EHLO or HELO first")
MAIL_FIRST = Reply(503, "5.5.1", "Send MAIL first")
RECIPIENT_FIRST = Reply(503, "5.5.1", "No valid recipients")
#: RFC 2920 3.1: DATA is the last command of a group, because its reply decides what follows
OUT_OF_STEP = Reply(503, "5.5.1", "No valid recipients for what follows, closing connection", is_last=True)
NESTED_MAIL = Reply(503, "5.5.1", "Sender already given")
TLS_FIRST = Reply(530, "5.7.0", "Send STARTTLS first")
TLS_ACTIVE = Reply(503, "5.5.1", "TLS already active")

# Envelope.
BAD_SENDER = Reply(501, "5.1.7", "Syntax error in sender address")
BAD_RECIPIENT = Reply(501, "5.1.3", "Syntax error in recipient address")
UTF8_NOT_ANNOUNCED = Reply(553, "5.6.7", "Address needs SMTPUTF8")
BAD_PARAMETER = Reply(501, "5.5.4", "Syntax error in parameters")
UNKNOWN_PARAMETER = Reply(555, "5.5.4", "Parameter not recognized")
TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", "Too many recipients")
UNKNOWN_MAILBOX = Reply(550, "5.1.1", "No such mailbox")
INACTIVE_MAILBOX = Reply(550, "5.2.1", "Mailbox not active")
DOMAIN_NOT_SERVED = Reply(550, "5.7.1", "Relaying denied")
PEER_DEFERRED = Reply(450, "4.7.1", "Peer not allowed")
PEER_REJECTED = Reply(550, "5.7.1", "Peer not allowed")

# Message.
MESSAGE_TOO_BIG = Reply(552, "5.3.4", "Message too big")
OVERLOADED = Reply(452, "4.3.1", "Too much mail at the moment, try again later")
TRY_LATER = Reply(451, "4.3.0", "Temporary failure, try again later")

# RFC 5321 3.1: 554 in place of a greeting.
EARLY_TALKER = Reply(554, "", "Wait for the greeting, closing connection", is_last=True)
NOT_SMTP = Reply(500, "5.5.1", "This is SMTP, closing connection", is_last=True)

# The end of a connection. RFC 5321 3.8: 421 says that the channel is about to close.
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0", "Too many connections", is_last=True)
TOO_MANY_ERRORS = Reply(421, "4.7.0", "Too many errors, closing connection", is_last=True)
TOO_MANY_COMMANDS = Reply(421, "4.7.0", "Too many commands, closing connection", is_last=True)
TOO_MANY_MESSAGES = Reply(421, "4.7.0", "Too many messages in one connection", is_last=True)
TIMEOUT = Reply(421, "4.4.2", "Timeout, closing connection", is_last=True)
STOPPING = Reply(421, "4.3.2", "Service stopping, try again later", is_last=True)
BROKEN_OFF = Reply(421, "4.3.0", "Temporary failure, closing connection", is_last=True)


def greeting(hostname: str) -> Reply:
    """The first line of a connection (RFC 5321 4.3.1); names neither product nor version."""
    return Reply(220, "", f"{hostname} ESMTP")


def helo(hostname: str) -> Reply:
    """The reply to HELO (RFC 5321 4.1.1.1)."""
    return Reply(250, "", hostname)


def ehlo(hostname: str, *, max_message_bytes: int, has_starttls: bool, has_auth: bool = False) -> Reply:
    """The reply to EHLO: what we can do now. STARTTLS before TLS (RFC 3207 4.2), AUTH only under it (RFC 4954 4)."""
    keywords = (f"SIZE {max_message_bytes}", "8BITMIME", "SMTPUTF8", "PIPELINING", "ENHANCEDSTATUSCODES")
    now = (*(("STARTTLS",) if has_starttls else ()), *(("AUTH PLAIN LOGIN",) if has_auth else ()))
    return Reply(250, "", "\n".join((hostname, *keywords, *now, "HELP")))


def for_answer(answer: Answer) -> Reply:
    """What the peer hears at the end of DATA: 250 only when everything is in the database."""
    match answer:
        case Committed():
            return MESSAGE_COMMITTED
        case Deferred(why=why):
            return _for_deferral(why)
        case _:
            assert_never(answer)


def _for_deferral(why: Deferral) -> Reply:
    match why:
        case Deferral.DATABASE_UNAVAILABLE | Deferral.DEADLINE | Deferral.PIPELINE_BROKEN:
            return TRY_LATER
        case Deferral.OVERLOADED:
            return OVERLOADED
        case Deferral.STOPPING:
            return STOPPING
        case _:
            assert_never(why)


def for_refusal(refusal: Refusal) -> Reply:
    """What the peer hears about a recipient that leads to no mailbox; never a later bounce."""
    match refusal:
        case Refusal.UNKNOWN_MAILBOX:
            return UNKNOWN_MAILBOX
        case Refusal.INACTIVE_MAILBOX:
            return INACTIVE_MAILBOX
        case Refusal.DOMAIN_NOT_SERVED:
            return DOMAIN_NOT_SERVED
        case _:
            assert_never(refusal)


def for_overrun(overrun: Overrun) -> Reply:
    """What the peer hears about a message that was read but not kept."""
    match overrun:
        case Overrun.TOO_BIG:
            return MESSAGE_TOO_BIG
        case Overrun.NO_ROOM:
            return OVERLOADED
        case _:
            assert_never(overrun)
