"""A notice as a mail (RFC 5322): what it says, and the marks by which nobody answers it and replies find their way."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from zoneinfo import ZoneInfo

from inbound.config import Settings
from inbound.message.tokens import BOUNCE_PREFIX, Token, mailbox_mark, make_token
from inbound.model.desk import TargetKind
from inbound.model.mailbox import Mailbox
from inbound.model.notice import Notice
from inbound.notices.templates import Templates
from inbound.values import immutable

# Lines of up to 998 characters (RFC 5322 2.1.1): shorter ones would have long Message-IDs encoded, which nobody reads.
_POLICY = SMTP.clone(max_line_length=998)
# msg-id (RFC 5322 3.6.4) without brackets, as far as it is safe to repeat.
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,800}")
_MAX_NAME_CHARS = 100


class Unsendable(Exception):
    """A notice that cannot be written, whatever the smart host says."""


@immutable
class Composed:
    """A notice, ready to be sent."""

    #: reverse-path; empty for the null one
    mail_from: str
    rcpt_to: str
    content: bytes
    token: str


def compose(notice: Notice, mailbox: Mailbox, settings: Settings, secret: bytes, templates: Templates) -> Composed:
    """Write a notice; the same one every time, so that a second delivery is known for what it is.

    Args:
        notice: with everything that its template needs.
        mailbox: that it is sent for.
        settings: checked.
        secret: of the desk, for the token.
        templates: of the mailbox.

    Raises:
        TemplateMistake: a template cannot be used.
        Unsendable: the recipient's address needs what smart hosts need not have.
    """
    token = make_token(_token(notice), secret)
    domain = mailbox.address.rpartition("@")[2]
    public = mailbox.public_address or mailbox.address
    rendered = templates.render(notice.kind, notice.language, values_of(notice, mailbox, settings))
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = _address(settings.desk.name, public)
    mail["To"] = _address(notice.recipient_name, notice.recipient)
    mail["Subject"] = f"[{notice.number}] {rendered.subject}" if notice.number else rendered.subject
    mail["Date"] = notice.created_at.astimezone(ZoneInfo(settings.desk.time_zone))
    mail["Message-ID"] = f"<{token}@{domain}>"
    original = notice.message_id if _MESSAGE_ID.fullmatch(notice.message_id) else ""
    if original:
        mail["In-Reply-To"] = f"<{original}>"
    mail["References"] = f"<{token}@{domain}> <{original}>" if original else f"<{token}@{domain}>"
    mail["Auto-Submitted"] = "auto-replied"  # RFC 3834 5
    mail["X-Auto-Response-Suppress"] = "All"  # [MS-OXCMAIL] 2.1.3.2.19
    mail["X-Inbound-Loop"] = token
    mail.set_content(rendered.text, cte="quoted-printable")
    mail.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{token}")
    mail_from = f"{BOUNCE_PREFIX}{token}@{domain}" if settings.smart_host.reverse_path == "token" else ""
    return Composed(mail_from=mail_from, rcpt_to=notice.recipient, content=bytes(mail), token=token)


def _token(notice: Notice) -> Token:
    objects: tuple[tuple[TargetKind, int | None], ...] = (
        ("ticket", notice.ticket_id),
        ("task", notice.task_id),
        ("project", notice.project_id),
    )
    kind, object_id = next(((kind, id_) for kind, id_ in objects if id_ is not None), (None, 0))
    return Token(kind=kind, object_id=object_id, notice_id=notice.id, mailbox_mark=mailbox_mark(notice.mailbox))


def _address(name: str, address: str) -> Address:
    if not address.isascii():
        raise Unsendable(f"the address {address} has letters outside ASCII (RFC 6531)")
    try:
        return Address(display_name=" ".join(name.split())[:_MAX_NAME_CHARS], addr_spec=address)
    except (ValueError, IndexError) as error:
        raise Unsendable(f"the address {address} cannot be written: {error}") from error


def values_of(notice: Notice, mailbox: Mailbox, settings: Settings) -> dict[str, object]:
    """What a template is told.

    Args:
        notice: with its details.
        mailbox: that it is sent for.
        settings: checked.
    """
    author = notice.author_name or notice.author_address
    return {
        "desk": settings.desk.name,
        "address": mailbox.public_address or mailbox.address,
        "name": notice.recipient_name,
        "is_resource": notice.is_resource,
        "is_author": notice.author_address.casefold() == notice.recipient.casefold(),
        "number": notice.number,
        "title": notice.title,
        "author": author,
        "author_address": notice.author_address,
        "subject": notice.subject,
        "received_at": _local(notice.received_at, settings),
        "text": notice.text.strip(),
        "items": notice.items,
        "total": notice.total,
        "about": "",
        "what": "",
        "problems": (),
        "peers": (),
        "others": 0,
        **notice.data,
    }


def _local(at: datetime | None, settings: Settings) -> str:
    return at.astimezone(ZoneInfo(settings.desk.time_zone)).strftime(settings.desk.date_format) if at else ""
