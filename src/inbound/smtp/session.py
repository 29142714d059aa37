"""What a connection has agreed on so far, and the answer to every command (RFC 5321 4.1.1, 4.1.4). No I/O but a log."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from inbound import logs
from inbound.smtp import replies, syntax
from inbound.smtp.handler import Client, Handler, Transaction
from inbound.smtp.login import Credentials, Exchange
from inbound.smtp.replies import Reply
from inbound.smtp.syntax import Command

#: RFC 3207 4: what is allowed where TLS is required and not yet there
_ALLOWED_IN_CLEAR = frozenset({"NOOP", "EHLO", "HELO", "STARTTLS", "QUIT", "AUTH"})
#: of other protocols: a page in somebody's browser can make it talk to us, and wrap mail commands in a request
_OF_OTHERS = frozenset({"GET", "POST", "PUT", "CONNECT", "OPTIONS"})
#: why MAIL or RCPT says nothing that could be judged
_UNREADABLE = frozenset(
    {
        replies.TLS_FIRST,
        replies.BAD_ARGUMENT,
        replies.BAD_PARAMETER,
        replies.UNKNOWN_PARAMETER,
        replies.BAD_SENDER,
        replies.BAD_RECIPIENT,
        replies.UTF8_NOT_ANNOUNCED,
    }
)
#: commands that are known and not offered
_NOT_OFFERED = frozenset({"BDAT", "ETRN", "EXPN", "SAML", "SEND", "SOML", "TURN"})


@dataclass(kw_only=True, slots=True)
class Service:
    """What a listener offers to its peers."""

    hostname: str
    handler: Handler
    #: None: STARTTLS is not offered
    tls: ssl.SSLContext | None
    is_tls_required: bool


class Session:
    """The state of one connection."""

    def __init__(self, service: Service, client: Client) -> None:
        self.client = client
        #: None: no MAIL was accepted since the last message, RSET or EHLO
        self.transaction: Transaction | None = None
        #: an AUTH command that waits for its next line
        self.exchange: Exchange | None = None
        #: what the last AUTH command said; the connection finds out whether it is right
        self.credentials: Credentials | None = None
        self._service = service
        self._messages = 0

    def answer(self, command: Command) -> Reply:
        """Obey a command. START_MAIL, READY_FOR_TLS and CHECK_PASSWORD ask the connection to act."""
        if self._service.is_tls_required and not self.client.tls and command.verb not in _ALLOWED_IN_CLEAR:
            return self._noted(command, replies.TLS_FIRST)
        method = _COMMANDS.get(command.verb)
        if method is None and command.verb in _OF_OTHERS:
            return replies.NOT_SMTP
        if method is None:
            return replies.NOT_IMPLEMENTED if command.verb in _NOT_OFFERED else replies.UNKNOWN_COMMAND
        reply = method(self, command.argument)
        return self._noted(command, reply) if reply.code >= 500 else reply

    def _noted(self, command: Command, reply: Reply) -> Reply:
        """Log a refused envelope that names nobody yet; whoever misses that mail finds it only there."""
        if command.verb in {"MAIL", "RCPT"} and reply in _UNREADABLE:
            logs.command_refused(
                peer=self.client.address,
                helo=self.client.helo,
                mail_from=self.transaction.mail_from if self.transaction else "",
                command=f"{command.verb} {command.argument}",
                reply=str(reply),
            )
        return reply

    def end_transaction(self) -> None:
        """Forget the envelope, because its message was received."""
        self.transaction = None
        self._messages += 1

    def begin_tls(self, version: str, fingerprint: str = "", certificate_names: tuple[str, ...] = ()) -> None:
        """Forget what was said in clear text: the peer has to introduce itself again (RFC 3207 4.2).

        Args:
            version: of TLS.
            fingerprint: of the peer's verified certificate; empty without one.
            certificate_names: host names in it.
        """
        self.transaction = None
        self.client = Client(
            address=self.client.address,
            ip=self.client.ip,
            tls=version,
            fingerprint=fingerprint,
            certificate_names=certificate_names,
        )

    def go_on_with_auth(self, line: str | Reply) -> Reply:
        """Read one more line of an AUTH exchange. CHECK_PASSWORD asks the connection to do so.

        Args:
            line: its text, or why it has none; then the exchange is over (RFC 4954 4).
        """
        exchange, self.exchange = self.exchange, None
        if isinstance(line, Reply):
            return replies.AUTH_LINE_TOO_LONG if line is replies.LINE_TOO_LONG else line
        if exchange is None:
            return replies.UNKNOWN_COMMAND
        return self._auth_answer(exchange, exchange.answer(line))

    def _auth_answer(self, exchange: Exchange | None, answer: Reply | Credentials) -> Reply:
        if isinstance(answer, Credentials):
            self.credentials = answer
            return replies.CHECK_PASSWORD
        self.exchange = exchange if answer.code == 334 else None
        return answer

    def _ehlo(self, name: str) -> Reply:
        if not self._introduce(name, is_extended=True):
            return replies.BAD_ARGUMENT
        return replies.ehlo(
            self._service.hostname,
            max_message_bytes=self._service.handler.policy.server.max_message_bytes,
            has_starttls=self._service.tls is not None and self.client.tls is None,
            has_auth=self._has_users and self.client.tls is not None and not self.client.user,
        )

    def _helo(self, name: str) -> Reply:
        if not self._introduce(name, is_extended=False):
            return replies.BAD_ARGUMENT
        return replies.helo(self._service.hostname)

    def _introduce(self, name: str, *, is_extended: bool) -> bool:
        if not syntax.is_helo_name(name):
            return False
        self.client.helo, self.client.is_extended = name, is_extended
        # RFC 5321 4.1.4: EHLO in the middle of a transaction ends it.
        self.transaction = None
        return True

    def _mail(self, argument: str) -> Reply:
        policy = self._service.handler.policy
        if not self.client.helo:
            return replies.HELO_FIRST
        if self.transaction is not None:
            return replies.NESTED_MAIL
        if self._messages >= policy.limits.messages_per_connection:
            return replies.TOO_MANY_MESSAGES
        mail = syntax.parse_mail(argument)
        if isinstance(mail, Reply):
            return mail
        if not self._offers(mail):
            return replies.UNKNOWN_PARAMETER
        return self._begin(mail)

    def _offers(self, mail: syntax.MailCommand) -> bool:
        # RFC 5321 2.2.1: parameters belong to extensions, and after HELO there are none.
        if not self.client.is_extended:
            return not mail.has_parameters
        # RFC 4954 5: this one comes with AUTH, also where nobody has logged in.
        return not mail.has_submitter or (self._has_users and self.client.tls is not None)

    def _begin(self, mail: syntax.MailCommand) -> Reply:
        reply = self._service.handler.mail(self.client, mail.reverse_path, mail.size_bytes)
        if reply is replies.SENDER_ACCEPTED:
            self.transaction = Transaction(mail_from=mail.reverse_path, is_utf8=mail.is_utf8)
        return reply

    def _rcpt(self, argument: str) -> Reply:
        if self.transaction is None:
            return replies.MAIL_FIRST
        address = syntax.parse_rcpt(argument, is_utf8=self.transaction.is_utf8)
        if isinstance(address, Reply):
            return address
        return self._service.handler.rcpt(self.client, self.transaction, address)

    def _data(self, argument: str) -> Reply:
        if self.transaction is None:
            return replies.MAIL_FIRST
        if argument:
            return replies.BAD_ARGUMENT
        return replies.START_MAIL if self.transaction.recipients else replies.RECIPIENT_FIRST

    def _rset(self, argument: str) -> Reply:
        if argument:
            return replies.BAD_ARGUMENT
        self.transaction = None
        return replies.RESET

    def _noop(self, _argument: str) -> Reply:
        return replies.NOOP

    def _quit(self, argument: str) -> Reply:
        return replies.BAD_ARGUMENT if argument else replies.GOODBYE

    def _help(self, _argument: str) -> Reply:
        return replies.HELP

    @property
    def _has_users(self) -> bool:
        return self._service.tls is not None and bool(self._service.handler.policy.peers.users)

    def _auth(self, argument: str) -> Reply:
        if not self._has_users:
            return replies.NOT_IMPLEMENTED
        if not self.client.tls:
            return replies.AUTH_UNDER_TLS
        if not self.client.is_extended:
            return replies.HELO_FIRST
        if self.client.user:
            return replies.AUTH_AGAIN
        if self.transaction is not None:
            return replies.AUTH_IN_MAIL
        return self._auth_answer(*Exchange.begin(argument))

    def _vrfy(self, argument: str) -> Reply:
        # RFC 5321 7.3: the same answer for everybody gives no mailbox away.
        return replies.CANNOT_VERIFY if argument else replies.BAD_ARGUMENT

    def _starttls(self, argument: str) -> Reply:
        if self.client.tls:
            return replies.TLS_ACTIVE
        if self._service.tls is None:
            return replies.NOT_IMPLEMENTED
        return replies.BAD_ARGUMENT if argument else replies.READY_FOR_TLS


_COMMANDS: dict[str, Callable[[Session, str], Reply]] = {
    "EHLO": Session._ehlo,  # noqa: SLF001 - the table belongs to the class
    "HELO": Session._helo,  # noqa: SLF001 - as above
    "MAIL": Session._mail,  # noqa: SLF001 - as above
    "RCPT": Session._rcpt,  # noqa: SLF001 - as above
    "DATA": Session._data,  # noqa: SLF001 - as above
    "RSET": Session._rset,  # noqa: SLF001 - as above
    "NOOP": Session._noop,  # noqa: SLF001 - as above
    "QUIT": Session._quit,  # noqa: SLF001 - as above
    "HELP": Session._help,  # noqa: SLF001 - as above
    "VRFY": Session._vrfy,  # noqa: SLF001 - as above
    "STARTTLS": Session._starttls,  # noqa: SLF001 - as above
    "AUTH": Session._auth,  # noqa: SLF001 - as above
}
