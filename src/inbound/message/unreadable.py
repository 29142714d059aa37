"""The Mail of a message on which the reader itself fails: nothing but an identity, so that it can be quarantined."""

import hashlib

from inbound.message.headers import Header
from inbound.model.kinds import Marks, Protection
from inbound.model.mail import Identity, Mail


def unreadable(content: bytes) -> Mail:
    """An empty mail that is identified by its octets.

    Args:
        content: the whole message as received.
    """
    return Mail(
        subject="",
        from_=(),
        reply_to=(),
        to=(),
        cc=(),
        message_id=None,
        in_reply_to=(),
        references=(),
        date=None,
        text="",
        html=None,
        attachments=(),
        # Version 0 is the identity of the octets themselves.
        identity=Identity(message_id=None, digest=hashlib.sha256(content).digest(), version=0, match_seconds=None),
        over_guard=None,
        fields=Header([]),
        marks=Marks(),
        report=None,
        calendar=None,
        confirmation=None,
        protection=Protection.NONE,
    )
