"""One connection: SMTP as RFC 5321 has it, on top of aiosmtpd.

aiosmtpd gives the connection (stream, writer, one task); the conversation is ours, because stock replies name versions
and exceptions, stock limits are missing, and a stock disconnect cancels what is being committed.
"""

import asyncio
import ssl
import weakref

from inbound import metrics
from inbound.security.limits import ConnectionCount
from inbound.security.peers import parse_address
from inbound.smtp import events, login, replies, stream, syntax
from inbound.smtp.bare import BareSMTP
from inbound.smtp.deadline import Deadline
from inbound.smtp.handler import Client, Transaction
from inbound.smtp.replies import Reply
from inbound.smtp.session import Service, Session
from inbound.smtp.tls import client_certificate

#: seconds in which a peer may take our last reply before the connection is cut
_LINGER_SECONDS = 5.0


class Connections:
    """The connections of all listeners of this process."""

    def __init__(self, count: ConnectionCount) -> None:
        self.count = count
        self.open: set[InboundSMTP] = set()
        #: everybody hears 421 next
        self.is_stopping = False


class InboundSMTP(BareSMTP):
    """One connection, and the conversation on it."""

    def __init__(self, service: Service, connections: Connections, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(service.hostname, loop)
        self._service = service
        self._connections = connections
        self._handler = service.handler
        self._conversation = Session(service, Client(address="", ip=None))
        self._deadline = Deadline(loop, self._expire)
        #: said and not sent yet: RFC 2920 3.2 lets the replies to pipelined commands travel together
        self._unsent = bytearray()
        #: between the DATA command and the reply to the message
        self._is_in_data = False
        self._commands = self._errors = 0
        #: when everything up to the next message has to be over
        self._idle_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the conversation, in its own task."""
        self._connections.open.add(self)
        super().connection_made(transport)

    def stop(self) -> None:
        """Say goodbye, unless a message is being received or delivered: then its reply comes first."""
        if not self._is_in_data:
            self._say(replies.STOPPING)
            self._send()
            self._hang_up()

    def abort(self) -> None:
        """Cut the connection, whatever it is doing."""
        self._writer.transport.abort()
        self.task().cancel()

    async def _handle_client(self) -> None:
        name = self._writer.get_extra_info("peername")
        address = str(name[0]) if name else ""
        self._conversation.client = Client(address=address, ip=parse_address(address))
        try:
            await self._admit_and_converse()
        except (OSError, asyncio.IncompleteReadError):
            self._note_interruption()
        finally:
            self._deadline.cancel()
            metrics.commands.add(by=self._commands)
            self._connections.open.discard(self)
            self._hang_up()

    async def _admit_and_converse(self) -> None:
        client = self._conversation.client
        if client.ip is None:
            # The peer was gone before we looked.
            return
        if not self._connections.count.enter(client.ip, self._handler.policy.limits):
            events.refused(client, "too_many_connections")
            self._say(replies.TOO_MANY_CONNECTIONS)
            self._send()
            return
        metrics.connections.add()
        try:
            await self._converse()
        finally:
            self._connections.count.leave(client.ip)

    def _note_interruption(self) -> None:
        transaction = self._conversation.transaction
        if self._is_in_data and transaction is not None:
            events.interrupted(self._conversation.client, transaction)

    def _hang_up(self) -> None:
        transport = self._writer.transport
        # Closed twice, the transport of TLS forgets what it is made of.
        if not transport.is_closing():
            self._writer.close()
        # close() waits for a peer that reads our last reply and, under TLS, says goodbye; one that does not would stay.
        if transport.get_write_buffer_size() or self._conversation.client.tls:
            self.loop.call_later(_LINGER_SECONDS, _abort, weakref.ref(transport))

    async def _converse(self) -> None:
        reply: Reply | None = await self._greet()
        while reply is None or not reply.is_last:
            if reply is not None:
                self._say(reply)
            reply = replies.STOPPING if self._connections.is_stopping else await self._next_reply()
        self._end(reply)

    async def _greet(self) -> Reply:
        limits = self._handler.policy.limits
        self._idle_until = self._deadline.now() + limits.idle_seconds
        if limits.greeting_seconds:
            await asyncio.sleep(limits.greeting_seconds)
        # RFC 5321 3.1: a client waits for the greeting. Who does not is a robot, or a web page with commands in it.
        if stream.has_octets(self._reader):
            events.refused(self._conversation.client, "early_talker")
            stream.discard(self._reader)
            return replies.EARLY_TALKER
        return replies.greeting(self._service.hostname)

    def _say(self, reply: Reply) -> None:
        self._unsent += reply.octets

    def _send(self) -> None:
        # To a peer that is gone nothing is said: asyncio would warn in the log about every time.
        if self._unsent and not self._writer.is_closing():
            self._writer.write(bytes(self._unsent))
        self._unsent.clear()

    def _end(self, reply: Reply) -> None:
        self._say(reply)
        self._send()
        if reply is not replies.GOODBYE:
            events.ended(self._conversation.client, reply)

    def _expire(self) -> None:
        # The connection closes under the conversation, which ends when it notices. Also when the log cannot be written:
        # nobody would close it later.
        try:
            self._end(replies.TIMEOUT)
        finally:
            self._hang_up()

    async def _next_reply(self) -> Reply | None:
        """The reply to the next command line; None when there is nothing to say."""
        limits = self._handler.policy.limits
        # RFC 5321 4.5.3.2. One deadline for taking our reply and sending a whole line: dripping gains nothing.
        self._deadline.within(limits.command_seconds, self._idle_until)
        if not stream.has_line(self._reader):
            self._send()
            await self._writer.drain()
        line = await stream.read_line(self._reader)
        self._commands += 1
        if self._commands > limits.commands:
            return replies.TOO_MANY_COMMANDS
        reply = await self._answer(line)
        if reply is not None and reply.is_error:
            metrics.command_errors.add(reply.codes)
            self._errors += 1
            if self._errors >= limits.errors:
                return replies.TOO_MANY_ERRORS
            if self._errors > limits.soft_errors:
                await self._slow_down(limits.error_delay_seconds)
        return reply

    async def _slow_down(self, seconds: float) -> None:
        """Answer later: guessing costs time."""
        self._send()
        self._deadline.suspend()
        await asyncio.sleep(seconds)

    async def _answer(self, line: bytes | None) -> Reply | None:
        try:
            return await self._obey(line)
        except (OSError, asyncio.IncompleteReadError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it may reach the peer
            events.failed(self._conversation.client, error)
            # Within a message we no longer know where the next command begins.
            return replies.BROKEN_OFF if self._is_in_data else replies.TRY_LATER

    async def _obey(self, line: bytes | None) -> Reply | None:
        if line is None:
            return replies.LINE_ENDLESS
        max_bytes = self._handler.policy.limits.command_line_bytes
        if self._conversation.exchange is not None:
            return await self._act(self._conversation.go_on_with_auth(syntax.read_text(line, max_bytes)))
        command = syntax.parse_line(line, max_bytes)
        if isinstance(command, Reply):
            return command
        if command.verb == "RCPT" and self._conversation.transaction is not None:
            # The question to DNS has its own limits.
            self._deadline.suspend()
            await self._handler.judge(self._conversation.client)
        reply = self._conversation.answer(command)
        if command.verb == "DATA" and reply is not replies.START_MAIL and stream.has_more_than_quit(self._reader):
            return replies.OUT_OF_STEP
        return await self._act(reply)

    async def _act(self, reply: Reply) -> Reply | None:
        """Do what a reply announces."""
        if reply is replies.START_MAIL and self._conversation.transaction is not None:
            return await self._receive(self._conversation.transaction)
        if reply is replies.READY_FOR_TLS and self._service.tls is not None:
            await self._handshake(self._service.tls)
            return None
        if reply is replies.CHECK_PASSWORD:
            return await self._log_in()
        return reply

    async def _log_in(self) -> Reply:
        credentials, client = self._conversation.credentials, self._conversation.client
        self._conversation.credentials = None
        self._deadline.suspend()
        if credentials is None or not await login.is_right(credentials, self._handler.policy.peers.users):
            events.login_failed(client, credentials.user if credentials else "")
            return replies.AUTH_FAILED
        client.user, client.judgement = credentials.user, None
        return replies.AUTH_ACCEPTED

    async def _receive(self, transaction: Transaction) -> Reply:
        self._is_in_data = True
        self._say(replies.START_MAIL)
        self._send()
        with stream.Reservation(self._handler.intake) as reservation:
            reply = await self._read_and_deliver(transaction, reservation)
        self._is_in_data = False
        metrics.commands.add(by=self._commands)
        self._commands = 0
        self._idle_until = self._deadline.now() + self._handler.policy.limits.idle_seconds
        self._conversation.end_transaction()
        return reply

    async def _read_and_deliver(self, transaction: Transaction, reservation: stream.Reservation) -> Reply:
        policy = self._handler.policy
        client = self._conversation.client
        # RFC 5321 4.5.3.2.5 gives 3 minutes to each block; the whole message has a deadline as well.
        latest = self._deadline.now() + policy.limits.data_seconds

        def go_on() -> None:
            self._deadline.within(policy.limits.data_block_seconds, latest)

        go_on()
        await self._writer.drain()
        content = await stream.read_content(
            self._reader, max_bytes=policy.server.max_message_bytes, reservation=reservation, on_piece=go_on
        )
        self._deadline.suspend()
        if isinstance(content, stream.Overrun):
            return self._handler.overrun(client, transaction, content)
        return await self._handler.data(client, transaction, content)

    async def _handshake(self, context: ssl.SSLContext) -> None:
        self._say(replies.READY_FOR_TLS)
        self._send()
        await self._writer.drain()
        # Nothing may be received between this and the handshake: no other wait stands between them.
        stream.discard(self._reader)
        self._over_ssl = True  # asyncio finds out a moment too late that the end is now one for both sides
        seconds = self._handler.policy.limits.tls_seconds
        try:
            await self._writer.start_tls(context, ssl_handshake_timeout=seconds)
        except OSError as error:
            events.tls_failed(self._conversation.client, error)
            raise
        tls = self._writer.get_extra_info("ssl_object")
        self._conversation.begin_tls(tls.version(), *client_certificate(tls))


def _abort(transport: weakref.ref[asyncio.WriteTransport]) -> None:
    """Cut a connection that is still there; whose end is known takes no memory until then."""
    if found := transport():
        found.abort()
