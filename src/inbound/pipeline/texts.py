"""The texts of tickets, notes and time entries: what was written, and the lines that the system adds."""

from inbound.message.calendar_text import event_text
from inbound.message.display import display_html
from inbound.message.forwarded import read_forward
from inbound.model.authorship import Source
from inbound.model.kinds import Action, DeliveryReport, Protection
from inbound.model.mail import Attachment, Forward, Reply
from inbound.pipeline.steps import Classified
from inbound.rules import wording
from inbound.rules.alerts import unmatched_lines
from inbound.rules.limits import Chosen, choose_attachments
from inbound.values import immutable


@immutable
class Texts:
    """What one message says, ready to be stored."""

    #: what was written, without anything the system added: what tags are searched in
    written: str
    #: what is stored: the same with the system's lines
    text: str
    quoted_text: str
    signature: str
    #: what a resource wrote above a mail that it forwarded: for the desk only, so it is not in the others
    comment: str
    #: sanitised; None without HTML, for an alert, whose key would be in it, and where a comment was taken out
    html: str | None
    attachments: Chosen


def texts_of(one: Classified, max_chars: int) -> Texts:
    """Put the texts of a message together.

    Args:
        one: decided.
        max_chars: after which a ticket's description is cut; 0 = never.
    """
    received = one.received
    chosen = choose_attachments(received.mail.attachments, received.mailbox)
    forward = _forward(one)
    comment = forward.comment if forward else ""
    reply = _whole(forward.source) if forward and comment else _reply(one)
    is_cut = one.verdict.kind == "ticket" and max_chars
    written = reply.new_text[:max_chars] if is_cut else reply.new_text
    above = "\n".join(_lines_above(one))
    text = f"{above}\n\n{written}".strip("\n") if above else written
    html = received.mail.html
    return Texts(
        written=written,
        text=wording.with_lines(text, _lines_below(one, chosen.left_out)),
        quoted_text=reply.quoted_text,
        signature=reply.signature,
        comment=comment,
        html=display_html(html) if html is not None and one.alarm is None and not comment else None,
        attachments=chosen,
    )


def _forward(one: Classified) -> Forward | None:
    """The mail that a resource passed on, and for which there is a ticket in its author's name."""
    mail = one.received.mail
    is_passed_on = one.authorship.originator.source is Source.RESOURCE_FORWARD and one.verdict.kind == "ticket"
    return read_forward(mail.text, mail.subject) if is_passed_on else None


def _reply(one: Classified) -> Reply:
    """The new text and what was cut from it; of a new ticket, and where the mailbox says so, nothing is."""
    text, verdict = _text(one), one.verdict
    if one.alarm is not None:
        text = one.alarm.alert.description
    is_whole = verdict.is_whole_mail or verdict.kind == "ticket" or not one.received.mailbox.strip_quotes
    # What is written down of an invitation without words does not stand in its reply.
    is_whole = is_whole or not one.received.mail.text.strip()
    cut = _whole(text) if is_whole or one.reply is None else one.reply
    if verdict.indicated is None:
        return cut
    below = verdict.indicated.text.strip("\n")
    if is_whole and cut.new_text == text and one.reply is not None and one.reply.rest:
        # What is quoted stays where the mailbox wants it: only the line itself goes.
        below = f"{below}\n\n{one.reply.rest}".strip("\n")
    return Reply(new_text=below, quoted_text=cut.quoted_text, signature=cut.signature, rest=cut.rest)


def _whole(text: str) -> Reply:
    return Reply(new_text=text, quoted_text="", signature="", rest="")


def _text(one: Classified) -> str:
    """What the mail says; an invitation without words is written down."""
    mail = one.received.mail
    if mail.calendar is not None and not mail.text.strip():
        return event_text(mail.calendar, one.received.mailbox.language)
    return mail.text


def _lines_above(one: Classified) -> list[str]:
    language = one.received.mailbox.language
    report = one.received.mail.report
    if not isinstance(report, DeliveryReport) or one.verdict.kind is None:
        return []
    return [
        wording.not_delivered(
            recipient.address, recipient.status, language, is_delayed=recipient.action is Action.DELAYED
        )
        for recipient in report.recipients[: wording.MAX_NAMED]
    ]


def _lines_below(one: Classified, left_out: tuple[Attachment, ...]) -> list[str]:
    language = one.received.mailbox.language
    attribution, indicated = one.authorship.attribution, one.verdict.indicated
    lines: list[str] = []
    if indicated is not None and indicated.is_approved is not None and attribution is not None:
        person = attribution.resource or attribution.co_managing_user or attribution.contact
        lines.append(wording.decision(person.name if person else "", language, is_approved=indicated.is_approved))
    if attribution is not None and attribution.ambiguous and one.verdict.kind == "ticket":
        lines.append(wording.ambiguous(attribution.ambiguous, language))
    if one.alarm is not None:
        lines.extend(unmatched_lines(one.alarm.match, language))
    if one.received.mail.protection is Protection.ENCRYPTED:
        lines.append(wording.encrypted(language))
    if left_out:
        lines.append(wording.left_out([(file.name, len(file.content)) for file in left_out], language))
    return lines
