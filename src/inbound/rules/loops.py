"""Loops: our own notices coming back, mail that went in a circle, and too many of the same in a short time."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from inbound.message.addresses import parse_addresses
from inbound.message.forwarded import read_embedded, read_forward
from inbound.message.subjects import strip_replies
from inbound.message.tokens import BOUNCE_PREFIX, find_token
from inbound.model.earlier import Recent
from inbound.model.kinds import DeliveryReport
from inbound.model.mail import Address, Mail
from inbound.model.mailbox import Mailbox
from inbound.model.outcome import Outcome, Reason
from inbound.model.trace import Step, hit, miss
from inbound.model.verdict import Verdict
from inbound.rules.originator import is_own, needs_blocks
from inbound.values import immutable

#: Received fields (RFC 5321 6.3 wants a limit of at least 100 of relays; who hands over to us is no relay's beginning)
MAX_HOPS: Final = 50
#: of a text whose words are put together at once
PIECE_CHARS: Final = 100_000

_WHITE_SPACE = re.compile(r"\s")
#: white space of ASCII, as `str.split` has it
_AS_SPACE = bytes.maketrans(b"\t\n\v\f\r\x1c\x1d\x1e\x1f", b" " * 9)


@immutable
class LoopLimit:
    """``desk.loops``: so many messages of the same author about the same subject make objects in so long a time."""

    #: 0 = any number
    limit: int = 2
    window: timedelta = timedelta(minutes=5)


def own_notice_sign(mail: Mail, secrets: Sequence[bytes]) -> str:
    """Is it a notice of this desk that came back? Only a token that was signed here says so.

    Args:
        mail: understood.
        secrets: of the desk.

    Returns:
        the sign, or empty.
    """
    if mail.message_id is not None and find_token(mail.message_id, secrets) is not None:
        return "its Message-ID is the token of a notice of ours"
    if any(find_token(value, secrets) is not None for value in mail.marks.inbound_loops):
        return "its X-Inbound-Loop has the token of a notice of ours"
    return ""


def returned_to_us(mail: Mail, secrets: Sequence[bytes]) -> Verdict | None:
    """What has been here, or went in a circle: ``own_notice``, ``hop_limit``; None for anything else."""
    if sign := own_notice_sign(mail, secrets):
        step = hit("classify", Reason.OWN_NOTICE, sign)
        return Verdict(outcome=Outcome.DISCARDED, reason=Reason.OWN_NOTICE, steps=(step,))
    if mail.marks.received_count > MAX_HOPS:
        step = hit("classify", Reason.HOP_LIMIT, f"{mail.marks.received_count} Received fields, over {MAX_HOPS}")
        return Verdict(outcome=Outcome.DISCARDED, reason=Reason.HOP_LIMIT, steps=(step,))
    return None


def loop_key(mail: Mail, mailbox: Mailbox, mail_from: str, rcpt_to: str = "") -> int | None:
    """What two messages have in common that may be of one loop: mailbox, originator, subject.

    The subject loses its reply prefixes, case and space; its ticket numbers stay. A report counts with what it is
    about: what mail systems call their reports is always the same.

    Args:
        mail: understood.
        mailbox: it came to.
        mail_from: reverse-path; stands for an author that the message does not name.
        rcpt_to: of the envelope; tells reports to the addresses of several notices apart.

    Returns:
        64 bits; None for an alerts mailbox, where nothing is counted.
    """
    if mailbox.handler != "desk":
        return None
    report = mail.report if isinstance(mail.report, DeliveryReport) else None
    about = _reported(report, rcpt_to) if report else ""
    parts = (mailbox.name, *_originators(mail, mailbox, mail_from), fold_subject(mail.subject), about)
    framed = b"".join(len(octets := part.encode()).to_bytes(8) + octets for part in parts)
    return _signed(hashlib.blake2b(framed, digest_size=8).digest())


def _reported(report: DeliveryReport, rcpt_to: str) -> str:
    """The message that a report returns; otherwise whom it did not reach, and the notice whose address it came to."""
    if named := report.returned_message_id or report.returned_subject:
        return named
    notice = rcpt_to.casefold() if rcpt_to.casefold().startswith(BOUNCE_PREFIX) else ""
    return " ".join((notice, *(one.address.casefold() for one in report.recipients)))


def fold_subject(subject: str) -> str:
    """A subject without reply prefixes, differences of case and space, and compatibility forms."""
    return " ".join(strip_replies(unicodedata.normalize("NFKC", subject)).casefold().split())


def body_key(mail: Mail) -> int:
    """What two messages have in common that say the same: text, but for its space, and files."""
    digest = hashlib.sha256()
    for words in _words(mail.text):
        digest.update(words + b" ")
    for file in mail.attachments:
        # No line feed is left of the text.
        digest.update(b"\n" + hashlib.sha256(file.content).digest())
    return _signed(digest.digest()[:8])


def _words(text: str) -> Iterator[bytes]:
    """The words of a text, one space between them; in pieces: a list would take ten times its size in memory."""
    start = 0
    while start < len(text):
        white = _WHITE_SPACE.search(text, start + PIECE_CHARS) if len(text) - start > PIECE_CHARS else None
        end = white.start() if white else len(text)
        if words := _spaced(text[start:end]):
            yield words
        start = end


def _spaced(text: str) -> bytes:
    if not text.isascii():
        return " ".join(text.split()).encode()
    # The same without an object for each word, in a quarter of the time.
    octets = text.encode().translate(_AS_SPACE)
    while b"  " in octets:
        octets = octets.replace(b"  ", b" ")
    return octets.strip()


def limit_loops(verdict: Verdict, recent: Recent, body: int, limit: LoopLimit) -> tuple[Verdict, tuple[Step, ...]]:
    """The third and later: a body that was received in the window is discarded, any other waits in quarantine.

    Args:
        verdict: what the message would become.
        recent: what was received in the window.
        body: `body_key` of the message.
        limit: of the desk.

    Returns:
        what it becomes, and the trace.
    """
    if verdict.kind is None or verdict.reason is Reason.COPY_ALTERED or not limit.limit:
        return verdict, ()
    minutes = f"{limit.window.total_seconds() / 60:g} minutes"
    same = f"{recent.count} of this author about this subject in {minutes}"
    if recent.count < limit.limit:
        # What is alone says nothing.
        return verdict, (miss("dedupe", Reason.LOOP_LIMIT, f"{same}; {limit.limit} may be"),) if recent.count else ()
    is_repeated = body in recent.body_keys
    what = "and the text was among them" if is_repeated else "but with another text"
    step = hit("dedupe", Reason.LOOP_LIMIT, f"{same} {what}")
    outcome = Outcome.DISCARDED if is_repeated else Outcome.QUARANTINED
    return Verdict(outcome=outcome, reason=Reason.LOOP_LIMIT), (step,)


def _originators(mail: Mail, mailbox: Mailbox, mail_from: str) -> tuple[str, ...]:
    """Who wrote it, as far as the message alone says; of a forwarded mail also who wrote that."""
    author = _author(mail, mailbox)
    forwarded = _forwarded(mail) if needs_blocks(mail.from_, mail.subject, mailbox) else ""
    return (author.key if author else mail_from.lower(), forwarded)


def _author(mail: Mail, mailbox: Mailbox) -> Address | None:
    """In the order of `rules.originator`."""
    reply_to = _first_foreign(mail.reply_to, mailbox)
    if mailbox.originator == "reply_to" and reply_to is not None:
        return reply_to
    if mail.author is None or not is_own(mail.author, mailbox):
        return mail.author
    fields = (mail.marks.original_from, mail.marks.original_sender)
    named = [address for value in fields if value for address in parse_addresses(value.encode())[:1]]
    return _first_foreign((*named, *mail.reply_to), mailbox) or mail.author


def _first_foreign(addresses: Sequence[Address], mailbox: Mailbox) -> Address | None:
    return next((one for one in addresses if one.address and not is_own(one, mailbox)), None)


def _forwarded(mail: Mail) -> str:
    forward = read_forward(mail.text, mail.subject) or read_embedded(mail.text)
    return forward.author.key if forward else ""


def _signed(octets: bytes) -> int:
    """64 bits with a sign, as PostgreSQL has them."""
    return int.from_bytes(octets, signed=True)
