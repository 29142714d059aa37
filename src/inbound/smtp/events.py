"""What happens to connections, besides messages: told to the log, and counted."""

from inbound import logs, metrics
from inbound.smtp.handler import Client, Transaction
from inbound.smtp.replies import Reply


def refused(client: Client, reason: str) -> None:
    """A peer is sent away before its first command."""
    logs.connection_refused(peer=client.address, reason=reason)
    metrics.connections_refused.add(reason)


def ended(client: Client, reply: Reply) -> None:
    """We close a connection that the peer wanted to keep."""
    logs.connection_ended(peer=client.address, helo=client.helo, reply=str(reply))
    metrics.connections_ended.add(reply.codes)


def interrupted(client: Client, transaction: Transaction) -> None:
    """The peer vanished in the middle of a message."""
    logs.message_interrupted(peer=client.address, mail_from=transaction.mail_from, rcpt_to=transaction.addresses)
    metrics.interrupted.add()


def failed(client: Client, error: BaseException) -> None:
    """A defect of ours; the peer only hears that it should try again."""
    logs.reception_failed(error, peer=client.address)
    metrics.defects.add("reception_failed")


def login_failed(client: Client, user: str) -> None:
    """A peer gave a wrong password, or a user that nobody knows."""
    logs.login_failed(peer=client.address, user=user)
    metrics.logins_failed.add()


def tls_failed(client: Client, error: BaseException) -> None:
    """The handshake behind STARTTLS did not succeed."""
    logs.tls_failed(peer=client.address, error=str(error) or type(error).__name__)
    metrics.tls_failures.add()
