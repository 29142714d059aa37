"""What commands ask about notices: how one would look, and whether they could be sent."""

import asyncio
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path

from inbound.app.secret import secret_of
from inbound.config import Settings
from inbound.config.document import read_document
from inbound.errors import ConfigurationError, NotFound, Problem
from inbound.model.mailbox import Mailbox
from inbound.model.notice import Language, NoticeKind
from inbound.notices.compose import compose
from inbound.notices.samples import sample, sample_values
from inbound.notices.smart_host import why_unreachable
from inbound.notices.templates import Templates, template_mistakes


def preview(kind: NoticeKind, language: Language | None, name: str, settings: Settings, config: Path) -> EmailMessage:
    """A notice about a broken printer, as it would be sent.

    Args:
        kind: of the notice.
        language: None = the mailbox's.
        name: of the mailbox; empty = the first active one.
        settings: checked.
        config: the file.

    Raises:
        NotFound: there is no such mailbox.
        TemplateMistake: a template cannot be used.
    """
    mailbox = _mailbox(name, settings)
    notice = sample(kind, mailbox, language or mailbox.language)
    mail = compose(notice, mailbox, settings, secret_of(settings, config), Templates(mailbox.templates))
    read = BytesParser(policy=default).parsebytes(mail.content)
    assert isinstance(read, EmailMessage)  # noqa: S101 - the default policy makes nothing else
    return read


def _mailbox(name: str, settings: Settings) -> Mailbox:
    for mailbox in settings.mailboxes:
        if mailbox.name == name or (not name and mailbox.active):
            return mailbox
    raise NotFound(f"there is no mailbox {name!r}")


def check_templates(settings: Settings, config: Path) -> None:
    """Try every template of the mailboxes' own directories.

    Raises:
        ConfigurationError: with every template that cannot be used.
    """
    found = list(_template_problems(settings, config))
    if found:
        raise ConfigurationError(found)


def _template_problems(settings: Settings, config: Path) -> Iterator[Problem]:
    own = [(index, mailbox) for index, mailbox in enumerate(settings.mailboxes) if mailbox.templates]
    positions = read_document(config).positions if own else None
    for index, mailbox in own:
        line = positions.line(("mailboxes", index, "templates")) if positions else None
        for mistake in template_mistakes(mailbox.templates, sample_values(mailbox, settings)):
            setting = f"mailboxes[{index}].templates"
            yield Problem(file=str(config), line=line, setting=setting, message=mistake)


def about_notices(settings: Settings) -> str:
    """A line for whoever checks a configuration: are there notices, and does the smart host answer?"""
    host = settings.smart_host
    if not host.host:
        return "notices: off, there is no smart_host.host"
    why_not = asyncio.run(why_unreachable(settings))
    return (
        f"notices: warning: {host.host}:{host.port} {why_not}"
        if why_not
        else f"notices: {host.host}:{host.port} answers"
    )
