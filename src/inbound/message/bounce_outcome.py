"""Has a mail server delivered, does it still try, or has it given up? By what it calls its mail, and what it says."""

import re

from inbound.message.bounce_status import one_line
from inbound.model.kinds import Action

#: characters of a report that are looked at
MAX_CHARS = 10_000

# What mails about delays are called; "Warning: message not delivered" is another thing.
_SUBJECT = re.compile(
    r"delay|postponed|not yet (?:been )?delivered|still (?:being )?(?:retr|try)|warning: could not send"
    r"|verzögert|verspätet|noch nicht zugestellt|retardée|retrasad|atrasad"
    r"|ritardat|vertraagd|försenad|forsinket|задерж",
    re.IGNORECASE,
)
# Nobody who gave up says this.
_TRYING = re.compile(
    r"warning (?:message )?only|just a warning|advisory-only|has been postponed|still (?:being )?(?:retr|try)"
    r"|(?<!not )(?:be|being) (?:retried|tried again|attempted again)|will (?:be )?(?:try|tried) again"
    r"|(?:will|is|are) (?:keep|continu\w*|still) (?:to )?(?:re)?try|deliver\w* will continue to be (?:attempt|tr)"
    r""
    r"|(?<!further )(?<!more )(?<!further delivery )(?<!more delivery )attempts? (?:will|to) (?:be )?(?:continue|made)"
    r"|temporary failure report|transient non-fatal"
    r"|(?:remains|still|kept) in the queue|no action is required on your part"
    r"|weitere zustellversuche|versuch\w* (?:es |wird )?(?:weiter|erneut|noch)",
    re.IGNORECASE,
)
# And nobody who still tries says this.
_ENDED = re.compile(
    r"giv(?:ing|en) up|gave up|will not (?:be )?(?:re-?tr|try)|not going to try"
    r"|no retry|no (?:further|more) (?:deliver|attempt|retr)"
    r"|(?:removed|deleted) from (?:the |our |its )?queue|(?:finally|ultimately) (?:fail|not|could)"
    r"|has failed|address\W{0,3}(?:es\W{0,3})? failed|failed permanently|permanent (?:fatal )?(?:error|failure)"
    r"|endgültig|aufgegeben",
    re.IGNORECASE,
)
_DELAY = re.compile(r"delay|will retry|not yet been|bisher nicht|noch nicht|verzögert|verspätet", re.IGNORECASE)
_GIVEN_UP = re.compile(
    r"could not be delivered|fail|fehlgeschlagen|undeliver|unzustellbar|will continue to fail", re.IGNORECASE
)


# Reports of success are called so, and nothing else is.
_SUCCESS = re.compile(r"\((?:success|relay)\w*\)|(?<!un)(?<!not )successful (?:mail )?deliver", re.IGNORECASE)


def told_outcome(subject: str, said: str) -> Action:
    """What became of a message.

    Args:
        subject: of the report.
        said: its text, without the returned message.

    Returns:
        what the subject says; else whether a new attempt is promised; else what the text says first.
    """
    if _SUCCESS.search(subject):
        return Action.DELIVERED
    return Action.DELAYED if _is_late(subject, one_line(said, MAX_CHARS)) else Action.FAILED


def _is_late(subject: str, said: str) -> bool:
    if _SUBJECT.search(subject) or _TRYING.search(said):
        return True
    if _ENDED.search(said):
        return False
    delay, given_up = _DELAY.search(said), _GIVEN_UP.search(said)
    return delay is not None and (given_up is None or delay.start() < given_up.start())
