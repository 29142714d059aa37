"""What the operators of the desk are told once per hour, about no message in particular."""

import json

from inbound.config import Settings
from inbound.model.notice import NoticeDraft


def operator_drafts(settings: Settings, about: str, mailbox: str = "") -> list[NoticeDraft]:
    """One notice per operator; none where nobody is named.

    Args:
        settings: checked.
        about: which of the things that operators are told.
        mailbox: that it has to do with; empty, or gone: the one that postmaster's mail goes to.
    """
    named = {one.name: one for one in settings.mailboxes}
    sending = named.get(mailbox) or named.get(settings.server.postmaster_mailbox) or settings.mailboxes[0]
    return [
        NoticeDraft(
            mailbox=sending.name,
            kind="operator",
            recipient=address,
            recipient_name="",
            is_resource=True,
            language=sending.language,
            data=json.dumps({"about": about}),
            once=f"operator {about} {address.casefold()}",
            is_hourly=True,
        )
        for address in settings.desk.operators
    ]
