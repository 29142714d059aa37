"""Has a mail server delivered, does it still try, or has it given up? By what it calls its mail, and what it says."""

import re

from inbound.message.bounce_status import one_line
from inbound.model.kinds import Action

#: characters of a report and of its subject that are looked at
MAX_CHARS = 10_000
MAX_SUBJECT_CHARS = 500

# What mails about delays are called; "Warning: message not delivered" is another thing.
_SUBJECT = re.compile(
    r"delay|postponed|not (?:yet (?:been )?delivered|(?:been )?delivered yet)"
    r"|still (?:being )?(?:retr|try)|(?:still|remains) (?:in |on )?(?:the )?queue|warning: could not send"
    r"|waiting (?:mail|message)|verzögert|verzögerung|verspätet|noch nicht zugestellt"
    r"|retardée|différée|retrasad|retraso|demorad|atrasad|atraso|ritardat|ritardo|vertraagd|vertraging"
    r"|försenad|försening|forsinke|viivästy|задерж|отложен|opóźni|zpožd|késleltet|gecik"
    r"|遅延|遅れ|遅く|延迟|延遲|지연",
    re.IGNORECASE,
)
# Nobody who gave up says this.
_TRYING = re.compile(
    r"warning (?:message )?only|just a warning|advisory-only|has been postponed|still (?:being )?(?:retr|try)"
    r"|(?<!not )(?:be|being) (?:retried|tried again|attempted again)|will (?:be )?(?:try|tried) again"
    r"|(?:will|is|are) (?:keep|continu\w*|still) (?:to )?(?:re)?try|deliver\w* will continue to be (?:attempt|tr)"
    r"|keeps (?:on )?trying"
    r"|(?:attempts? to|(?:system|server) will) (?:\w+ ){0,6}continue|will attempt (?:to )?(?:re-?)?deliver"
    r"|this is (?:only )?a (?:temporary|transient)|next (?:delivery )?(?:attempt|retry)"
    r"|(?<!further )(?<!more )(?<!further delivery )(?<!more delivery )attempts? (?:will|to) (?:be )?(?:continue|made)"
    r"|temporary failure report|transient non-fatal"
    r"|(?:remains|still|kept|is) (?:being )?(?:(?:in|on) the (?:\w+ )?queue|queued)|no action is required on your part"
    r"|weitere zustellversuche|versuch\w* (?:es |wird )?(?:weiter|erneut|noch)|(?:weiterhin|wird erneut) versucht"
    r"|continuer\w* (?:à |d')(?:essayer|tenter)|nouvelles? tentatives?|prochaine tentative"
    r"|se (?:seguirá|volverá a) intent|seguir\w* intent|continuará (?:a tent|intent)|tentará (?:novamente|entregar)"
    r"|continuer(?:à|anno) a (?:prov|tent)|riprover|ulteriori tentativi|(?:blijft|blijven) (?:het )?prober"
    r"|fortsätter att försöka|fortsætter med at|fortsetter å prøve|yritetään (?:uudelleen|edelleen)"
    r"|(?:будут|будет) продолж|повторн\w+ попыт|попыт\w+ (?:\w+ ){0,3}(?:продолж|повтор)"
    r"|ponown\w+ (?:prób|dostarcz)|próby (?:\w+ )?będą|bude (?:se )?(?:nadále|znovu|dále)|újrapróbál"
    # to be told from what the reader is asked to do: "please send it again"
    r"|引き続き.{0,12}(?:配信|送信|配送|試)|再(?:送|配信|試行)(?:信)?(?:します|を(?:行い|試み|続け))"
    r"|(?:继续|繼續)(?:尝试|嘗試|投递|投遞|发送)|(?:将|將|会|會).{0,8}(?:再次|重新|继续|重试|重試)"
    r"|계속 ?시도|다시 ?시도(?:합니다|할 ?것|됩니다|될)",
    re.IGNORECASE,
)
# And nobody who still tries says this.
_ENDED = re.compile(
    r"giv(?:ing|en) up|gave up|will not (?:be )?(?:re-?tr|try)|not going to try"
    r"|no retry|no (?:further|more) (?:deliver|attempt|retr)"
    r"|(?:removed|deleted) from (?:the |our |its )?queue|(?:finally|ultimately) (?:fail|not|could)"
    r"|has failed|address\W{0,3}(?:es\W{0,3})? failed|failed permanently|permanent (?:fatal )?(?:error|failure)"
    r"|endgültig|aufgegeben|définitive|abandonn|definitivamente|definitiv|opgegeven|окончательн|ostateczn"
    r"|断念|これ以上|不再|放弃|放棄",
    re.IGNORECASE,
)
# What was called late at first.
_GAVE_UP = re.compile(
    r"giving up|gave up|ha(?:s|ve) given up|finally failed|has been (?:removed|deleted) from|endgültig|aufgegeben",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"delay|will retry|not yet been|bisher nicht|noch nicht|verzöger|verspätet"
    r"|retardée|différée|retrasad|demorad|atrasad|ritardat|vertraagd|försenad|forsinke|viivästy|задерж|opóźni|zpožd"
    r"|遅延|遅れ|延迟|延遲|지연",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"could not be delivered|fail|fehlgeschlagen|undeliver|unzustellbar|will continue to fail", re.IGNORECASE
)


# Reports of success are called so, and nothing else is.
_SUCCESS = re.compile(r"\((?:success|relay)\w*\)|(?<!un)(?<!not )successful (?:mail )?deliver", re.IGNORECASE)
# Without such a subject, where nothing else is told.
_DELIVERED = re.compile(
    r"(?:has|have) been (?:successfully )?(?:delivered|relayed) to"
    r"|(?:was|were) (?:successfully )?(?:delivered|relayed) to"
    r"|successful delivery notification|successfully (?:delivered|relayed)|erfolgreich zugestellt",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"\bnot\b|n't\b|fail|unable|reject|error|undeliver|delay|refus"
    r"|return|bounc|unknown|full\b|nicht|unzustell|[45]\d\d ",
    re.IGNORECASE,
)


def told_outcome(subject: str, said: str) -> Action:
    """What became of a message.

    Args:
        subject: of the report.
        said: its text, without the returned message.

    Returns:
        what the subject says; else whether a new attempt is promised; else what the text says first.
    """
    flat = one_line(said, MAX_CHARS)
    subject = subject[:MAX_SUBJECT_CHARS]
    if _SUCCESS.search(subject) or (_DELIVERED.search(flat) and not _TROUBLE.search(flat)):
        return Action.DELIVERED
    return Action.DELAYED if _is_late(subject, flat) else Action.FAILED


def _is_late(subject: str, said: str) -> bool:
    if _TRYING.search(said) or (_SUBJECT.search(subject) and not _GAVE_UP.search(said)):
        return True
    if _ENDED.search(said):
        return False
    delay, given_up = _DELAY.search(said), _GIVEN_UP.search(said)
    return delay is not None and (given_up is None or delay.start() < given_up.start())
