"""From octets to what the pipeline takes: each content is read once, for every mailbox it goes to."""

from collections.abc import Sequence

from inbound.message.parse import parse_all
from inbound.message.unreadable import unreadable
from inbound.model.mail import Delivery, Mail, Recipient
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Received
from inbound.rules.duplicates import identity_keys
from inbound.rules.loops import body_key, loop_key
from inbound.rules.private import is_private
from inbound.rules.threads import thread_ids, threads_by_header
from inbound.values import immutable


@immutable(kw_only=False)
class Understood:
    """A delivery that has been read: one entry per mailbox."""

    #: place of its answer
    position: int
    received: tuple[Received, ...]
    #: what the reader failed with, None in all but extraordinary cases
    failure: Exception | None


def understand(
    deliveries: Sequence[Delivery], context: Context, *, row_id: int | None = None, salt: bytes = b""
) -> list[Understood]:
    """Read the contents of deliveries.

    Args:
        deliveries: what came.
        context: knows every mailbox of them.
        row_id: of a stored message that is tried again, alone.
        salt: of a rehearsal.

    Returns:
        one entry per delivery, in their order.
    """
    read = _read([delivery.content for delivery in deliveries])
    bodies = [body_key(mail) for mail, _ in read]
    return [
        Understood(position, _received(delivery, mail, body, context, row_id, salt), failure)
        for position, (delivery, (mail, failure), body) in enumerate(zip(deliveries, read, bodies, strict=True))
    ]


def _read(contents: Sequence[bytes]) -> list[tuple[Mail, Exception | None]]:
    """The mails, with what the reader failed with.

    The reader never raises; should it all the same, one message must not stop the rest.
    """
    try:
        return [(mail, None) for mail in parse_all(contents)]
    except Exception as error:  # noqa: BLE001 - as above
        if len(contents) == 1:
            return [(unreadable(contents[0]), error)]
    return [read for content in contents for read in _read([content])]


def _received(
    delivery: Delivery, mail: Mail, body: int, context: Context, row_id: int | None, salt: bytes
) -> tuple[Received, ...]:
    return tuple(
        Received(
            delivery=delivery,
            recipient=recipient,
            mailbox=context.mailboxes[recipient.mailbox],
            mail=mail,
            identities=identity_keys(mail.identity, delivery.received_at, _key(mail, context)),
            thread_ids=thread_ids(mail) if threads_by_header(context.mailboxes[recipient.mailbox]) else (),
            loop_key=loop_key(mail, context.mailboxes[recipient.mailbox], delivery.mail_from, recipient.address),
            body_key=body,
            is_author_proven=delivery.peer.is_trusted or delivery.proof.is_proven,
            row_id=row_id,
            salt=salt,
        )
        for recipient in _in_file_order(delivery, context)
    )


def _in_file_order(delivery: Delivery, context: Context) -> Sequence[Recipient]:
    """As they came; where the first mailbox is enough, the one that stands first in the file is the first."""
    if not context.is_first_mailbox_enough:
        return delivery.recipients
    order = {name: position for position, name in enumerate(context.mailboxes)}
    return sorted(delivery.recipients, key=lambda recipient: order[recipient.mailbox])


def _key(mail: Mail, context: Context) -> bytes:
    return context.secret if is_private(mail.marks.sensitivity) else b""
