"""The notices that messages cause: wanted when everything is decided, queued when everything is written."""

import json
from collections.abc import Iterable, Iterator, Sequence

from inbound.database import outbox, recipients
from inbound.database.engine import Transaction
from inbound.database.recipients import Roles
from inbound.model.authorship import Source
from inbound.model.desk import TargetKind
from inbound.model.drafts import Drafts
from inbound.model.mailbox import Mailbox
from inbound.model.notice import NoticeDraft, Person
from inbound.model.outcome import Reason
from inbound.model.proof import Method
from inbound.model.trace import Step
from inbound.model.verdict import Standing
from inbound.pipeline.context import Context
from inbound.pipeline.steps import Classified, Decided, Processed
from inbound.rules import wording
from inbound.rules.automated import program_sign, silencing_sign
from inbound.rules.blocking import why_spam
from inbound.rules.notices import Happened, Wanted, wanted_notices
from inbound.rules.originator import without_sub_address
from inbound.rules.proof import standing_of
from inbound.values import immutable

#: roles that only the database knows
_LOOKED_UP = frozenset(
    {"contact", "additional_contacts", "primary_resource", "secondary_resources", "account_manager", "queue"}
)
#: a trusted peer proves its own people, not somebody unknown
_PROVING = frozenset({Method.DKIM, Method.ARC, Method.AUTHENTICATION_RESULTS})
#: as whom the author of a message may hear of it; rules have left these out where nobody may answer
_AS_AUTHOR = frozenset({"originator", "contact"})


@immutable
class Objects:
    """The object that a message made or wrote to; at most one is not None."""

    ticket_id: int | None = None
    task_id: int | None = None
    project_id: int | None = None

    @property
    def key(self) -> tuple[TargetKind, int] | None:
        """Its kind and id."""
        pairs: tuple[tuple[TargetKind, int | None], ...] = (
            ("ticket", self.ticket_id),
            ("task", self.task_id),
            ("project", self.project_id),
        )
        return next(((kind, id_) for kind, id_ in pairs if id_), None)


def plan(decided: Decided, drafts: Drafts, context: Context) -> tuple[tuple[Wanted, ...], tuple[Step, ...]]:
    """Which notices a message causes; nothing where there is no smart host.

    Args:
        decided: no duplicate.
        drafts: what it makes.
        context: the configuration.
    """
    if not context.has_notices:
        return (), ()
    return wanted_notices(_happened(decided, drafts, context))


def _happened(decided: Decided, drafts: Drafts, context: Context) -> Happened:
    received, one = decided.received, decided.classified
    mailbox, mail = received.mailbox, received.mail
    if one is None:
        return Happened(mailbox=mailbox, outcome=decided.outcome, reason=decided.reason)
    author, attribution = one.authorship.originator.author, one.authorship.attribution
    standing = standing_of(one.authorship, is_proven=received.is_author_proven)
    entry = drafts.note or drafts.time_entry
    return Happened(
        mailbox=mailbox,
        outcome=decided.outcome,
        reason=decided.reason,
        kind=one.verdict.kind,
        publish=entry.publish if entry and one.verdict.kind != "ticket" else "all",
        author=author.key if author else "",
        is_known=attribution is not None
        and bool(attribution.contact or attribution.resource or attribution.co_managing_user or attribution.ambiguous),
        # A proof is about the address in From. Whom the message names elsewhere has not written it, for all it says.
        is_authenticated=received.delivery.proof.method in _PROVING and not one.authorship.originator.is_recovered,
        is_by_resource=standing is Standing.PROVEN_RESOURCE,
        is_forwarded=one.authorship.originator.source is Source.FORWARDED_BLOCK,
        is_generated=bool(program_sign(mail, has_null_path=received.has_null_path)),
        silencing_sign=silencing_sign(mail, has_null_path=received.has_null_path, own_lists=own_lists(mailbox)),
        is_spam=why_spam(mail.fields, mailbox.spam_headers) is not None,
        is_own=author is not None and is_own_address(author.key, context),
    )


def own_lists(mailbox: Mailbox) -> frozenset[str]:
    """List-Id values and addresses of lists that lead to a mailbox, in lower case."""
    own = (*mailbox.own_lists, mailbox.address, mailbox.public_address, *mailbox.aliases)
    return frozenset(one.casefold() for one in own if one)


def is_own_address(key: str, context: Context) -> bool:
    """Is it one of the desk's, with or without "+anything"?

    Args:
        key: an address in lower case.
        context: the configuration.
    """
    return key in context.own_addresses or without_sub_address(key) in context.own_addresses


class Notices:
    """What the messages of a transaction cause; whom it concerns is decided by the state after each of them."""

    def __init__(self, tx: Transaction, context: Context) -> None:
        self._tx = tx
        self._context = context
        #: by object, what somebody has to be looked up for as it is now
        self._waiting: dict[tuple[TargetKind, int], list[Processed]] = {}
        self._roles: dict[int, Roles] = {}

    def add(self, processed: Sequence[Processed]) -> None:
        """Note what was written; a rehearsal causes nothing."""
        for one in processed:
            key = _objects(one).key
            names = {name for wanted in one.notices for name in wanted.to}
            if key and _LOOKED_UP & names and not one.received.salt:
                self._waiting.setdefault(key, []).append(one)

    def look_up(self, objects: Iterable[tuple[TargetKind, int]]) -> None:
        """Who has to hear what was written so far, before these objects change: whom they gain does not."""
        asked = self._waiting.keys() & objects
        found = recipients.find(self._tx, asked) if asked else {}
        for key in asked:
            self._roles.update({id(one): found.get(key, {}) for one in self._waiting.pop(key)})

    def queue(self, processed: Sequence[Processed]) -> None:
        """Queue all of it: one look-up for the rest, and one insert.

        Last in the transaction, so that nobody who waits for a name that is given once holds up anything else.

        Args:
            processed: everything that was added, in the order in which it arrived.
        """
        self.look_up(list(self._waiting))
        causing = [one for one in processed if one.notices and not one.received.salt]
        drafts = [draft for one in causing for draft in _drafts(one, self._roles.get(id(one), {}), self._context)]
        # One batch can cause the same operator's notice many times.
        unique = {(draft.once, draft.recipient.casefold()) if draft.once else id(draft): draft for draft in drafts}
        if unique:
            outbox.insert(self._tx, list(unique.values()), self._context.time_zone.key)


def drafted(tx: Transaction, one: Processed, context: Context) -> list[NoticeDraft]:
    """What a message causes, one for each recipient, as it is now.

    Args:
        tx: the transaction that wrote the message.
        one: also that of a rehearsal.
        context: the configuration.
    """
    key = _objects(one).key
    roles = recipients.find(tx, {key}).get(key, {}) if key and one.notices else {}
    return list(_drafts(one, roles, context))


def _objects(one: Processed) -> Objects:
    row = one.message
    return Objects(ticket_id=row.ticket_id, task_id=row.task_id, project_id=row.project_id) if row else Objects()


def _drafts(one: Processed, roles: Roles, context: Context) -> Iterator[NoticeDraft]:
    objects, mailbox = _objects(one), one.received.mailbox
    for wanted in one.notices:
        for person in _people(wanted, one, roles, context):
            yield NoticeDraft(
                mailbox=mailbox.name,
                kind=wanted.kind,
                recipient=person.address,
                recipient_name="" if one.result.reason is Reason.PRIVATE else person.name,
                is_resource=person.is_resource,
                language=mailbox.language,
                ticket_id=objects.ticket_id,
                task_id=objects.task_id,
                project_id=objects.project_id,
                message_row_id=one.result.message_id,
                data=json.dumps(_data(wanted, one), ensure_ascii=False),
                once=f"{wanted.kind} {wanted.about} {person.address.casefold()}" if wanted.about else None,
                is_hourly=wanted.kind == "operator" and wanted.about != Reason.FORWARDED_NOT_REDIRECTED,
            )


def _data(wanted: Wanted, one: Processed) -> dict[str, object]:
    if wanted.about:
        return {"about": wanted.about}
    rejected = one.classified.verdict.rejected if one.classified else None
    if wanted.kind == "indicator_rejected" and rejected is not None:
        language = one.received.mailbox.language
        return {"problems": [wording.wrong_value(wrong, language) for wrong in rejected.wrong]}
    if wanted.kind == "object_created" and one.classified:
        return {"what": one.classified.verdict.kind}
    return {}


def _people(wanted: Wanted, one: Processed, roles: Roles, context: Context) -> list[Person]:
    """Everybody once; never an address of the desk, and the author only as the author."""
    author = _author(one.classified) if one.classified else None
    people: dict[str, Person] = {}
    for name in wanted.to:
        for person in _named(name, roles, author, context):
            if name not in _AS_AUTHOR and _is_author(person, one.classified, author):
                continue
            if not is_own_address(person.address.casefold(), context):
                people.setdefault(person.address.casefold(), person)
    return list(people.values())


def _named(name: str, roles: Roles, author: Person | None, context: Context) -> Iterable[Person]:
    if name == "originator":
        return (author,) if author else ()
    if name == "operators":
        return (Person(address=address, is_resource=True) for address in context.operators)
    if name == "queue":
        queues = [person.name for person in roles.get("queue", ())]
        members = (member for queue in queues for member in context.queue_members.get(queue, ()))
        return (Person(address=address, is_resource=True) for address in members)
    if "@" in name:
        return (Person(address=name, is_resource=True),)
    return roles.get(name, ())


def _author(one: Classified) -> Person | None:
    author, attribution = one.authorship.originator.author, one.authorship.attribution
    if author is None:
        return None
    resource = attribution.resource if attribution else None
    contact = attribution.contact if attribution else None
    known = resource or contact
    name = known.name if known else author.name
    return Person(address=author.address, name=name, is_resource=resource is not None, id=known.id if known else None)


def _is_author(person: Person, one: Classified | None, author: Person | None) -> bool:
    """The author by address, or by another address of the same person."""
    if author is None or one is None:
        return False
    is_same = person.id is not None and (person.id, person.is_resource) == (author.id, author.is_resource)
    return is_same or person.address.casefold() == author.address.casefold()
