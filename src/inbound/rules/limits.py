"""Which attachments of a message are kept, and which of those are listed."""

from collections.abc import Sequence

from inbound.model.mail import Attachment
from inbound.model.mailbox import Mailbox
from inbound.values import immutable


@immutable
class Kept:
    """An attachment that is stored."""

    attachment: Attachment
    #: False: too small an inline image to be one; it stays stored for ``cid:``
    is_listed: bool


@immutable
class Chosen:
    """What becomes of the attachments, in the order of the message."""

    kept: tuple[Kept, ...]
    #: over the limits; the text names them
    left_out: tuple[Attachment, ...]


def choose_attachments(attachments: Sequence[Attachment], mailbox: Mailbox) -> Chosen:
    """Apply the mailbox's limits.

    A file over its limit or not fitting the rest of the total is left out, later smaller ones may still fit. What is
    not listed counts for nothing.

    Args:
        attachments: of the message.
        mailbox: has the limits, in octets.
    """
    kept: list[Kept] = []
    left_out: list[Attachment] = []
    rest = mailbox.max_attachments_bytes
    for attachment in attachments:
        size = len(attachment.content)
        if _is_decoration(attachment, mailbox.image_attachment_min_bytes):
            kept.append(Kept(attachment=attachment, is_listed=False))
        elif size > mailbox.max_attachment_bytes or size > rest:
            left_out.append(attachment)
        else:
            rest -= size
            kept.append(Kept(attachment=attachment, is_listed=True))
    return Chosen(kept=tuple(kept), left_out=tuple(left_out))


def _is_decoration(attachment: Attachment, min_bytes: int) -> bool:
    """An inline image smaller than what a person would have attached: a logo, a line, a pixel."""
    is_image = attachment.content_type.startswith("image/")
    return is_image and attachment.is_inline and len(attachment.content) < min_bytes
