"""What the stages know besides the messages: the configuration in the form they need it."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from inbound.config import Desk, Settings
from inbound.database.numbers import DayBases
from inbound.model.mailbox import Mailbox
from inbound.model.verdict import Picks
from inbound.rules.duplicates import DuplicateRules
from inbound.rules.loops import LoopLimit
from inbound.rules.tags import Tag, TagIndex, build_index
from inbound.values import immutable


@immutable
class Context:
    """Replaced as a whole on reload."""

    mailboxes: Mapping[str, Mailbox]
    #: lower-case addresses of all mailboxes: nobody's who could be a contact
    own_addresses: frozenset[str]
    time_zone: ZoneInfo
    date_format: str
    #: 0 = not cut
    max_description_chars: int
    public_mail_domains: frozenset[str]
    picks: Picks
    #: active issue types with their active sub-issues
    issue_types: Mapping[str, tuple[str, ...]]
    #: tags by category
    category_tags: Mapping[str, tuple[str, ...]]
    tag_index: TagIndex
    loops: LoopLimit
    duplicates: DuplicateRules
    #: is what one mailbox made of a message enough for all of them?
    is_first_mailbox_enough: bool
    #: keys the digests of private mail, so that nobody can try out what was in it
    secret: bytes
    #: sign tokens: the secret, and those before it
    token_secrets: tuple[bytes, ...]
    day_bases: DayBases
    #: is there a smart host that takes them?
    has_notices: bool
    #: addresses of those who look after the daemon
    operators: tuple[str, ...]
    #: addresses of resources by queue
    queue_members: Mapping[str, tuple[str, ...]]


def build_context(settings: Settings, day_bases: DayBases, secret: bytes, previous: Context | None = None) -> Context:
    """Derive the context from the settings.

    Args:
        settings: checked.
        day_bases: kept over reloads.
        secret: of the desk; see `app.secret`.
        previous: of the settings before; its mailboxes stay known, because mail for them may be on its way.
    """
    desk = settings.desk
    known = previous.mailboxes if previous else {}
    mailboxes = {**known, **{mailbox.name: mailbox for mailbox in settings.mailboxes}}
    return Context(
        mailboxes=mailboxes,
        own_addresses=frozenset(
            address.lower()
            for mailbox in mailboxes.values()
            for address in (mailbox.address, mailbox.public_address, *mailbox.aliases)
            if address
        ),
        time_zone=ZoneInfo(desk.time_zone),
        date_format=desk.date_format,
        max_description_chars=desk.max_description_chars,
        public_mail_domains=frozenset(domain.lower() for domain in desk.public_mail_domains),
        picks=_picks(desk),
        issue_types={
            one.name: tuple(sub_issue.name for sub_issue in one.sub_issues if sub_issue.active)
            for one in desk.issue_types
            if one.active
        },
        category_tags={category.name: category.tags for category in desk.categories},
        tag_index=build_index(Tag(label=tag.name, aliases=tag.aliases) for tag in desk.tags if tag.active),
        loops=LoopLimit(limit=desk.loops.limit, window=desk.loops.window),
        duplicates=DuplicateRules(**desk.duplicates.model_dump()),
        is_first_mailbox_enough=desk.same_message_in_two_mailboxes == "first",
        secret=secret,
        token_secrets=(secret, *(old.encode() for old in settings.server.old_secrets)),
        day_bases=day_bases,
        has_notices=bool(settings.smart_host.host),
        operators=desk.operators,
        queue_members={queue.name: queue.members for queue in desk.queues if queue.active},
    )


def _picks(desk: Desk) -> Picks:
    return Picks(
        statuses=tuple(status.name for status in desk.statuses if status.active),
        complete_statuses=frozenset(status.name for status in desk.statuses if status.complete),
        roles=tuple(role.name for role in desk.roles if role.active),
    )
