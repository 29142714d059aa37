"""What the stages know besides the messages: the configuration in the form they need it."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from inbound.config import Settings
from inbound.database.numbers import DayBases
from inbound.model.mailbox import Mailbox


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """Replaced as a whole on reload."""

    mailboxes: Mapping[str, Mailbox]
    time_zone: ZoneInfo
    date_format: str
    #: 0 = not cut
    max_description_chars: int
    public_mail_domains: frozenset[str]
    day_bases: DayBases


def build_context(settings: Settings, day_bases: DayBases, previous: Context | None = None) -> Context:
    """Derive the context from the settings.

    Args:
        settings: checked.
        day_bases: kept over reloads.
        previous: of the settings before; its mailboxes stay known, because mail for them may be on its way.
    """
    desk = settings.desk
    known = previous.mailboxes if previous else {}
    return Context(
        mailboxes={**known, **{mailbox.name: mailbox for mailbox in settings.mailboxes}},
        time_zone=ZoneInfo(desk.time_zone),
        date_format=desk.date_format,
        max_description_chars=desk.max_description_chars,
        public_mail_domains=frozenset(domain.lower() for domain in desk.public_mail_domains),
        day_bases=day_bases,
    )
