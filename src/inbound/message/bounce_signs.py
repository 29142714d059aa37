"""Does a mail server tell here that it could not deliver? Asked before anything is read, so that quotations are not."""

import re

from inbound.model.kinds import Marks
from inbound.model.mail import Address

#: characters of a text in which a bounce says what it is
OPENING_CHARS = 3000


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# Names of the account or the program that writes bounces.
_DAEMON = _any_of(r"mail(?:er)?[-_.]?daemon|mdaemon")
_MACHINE_LOCAL = _any_of(r"mail(?:er)?[-_.]?daemon|mdaemon|post[-_.]?master|bounces?-?\Z|mail-?delivery|imss\Z")
_MACHINE_NAME = _any_of(
    r"mail(?:er)?[ -]?(?:delivery|daemon|administrator)",
    r"delivery (?:sub)?system",
    r"postmaster|system administrator|systemadministrator",
    r"mail ?(?:system|server)|microsoft (?:outlook|exchange)",
    r"internet mail (?:delivery|service)",
)
# What bounces are called, by language. A reply or forward ("Re:", "WG:") is none: it has to stand in front.
_SUBJECTS = (
    r"undeliver|nondeliverable|non-? ?delivery|unable to deliver|could not (?:send|deliver)",
    r"bounce(?:\]|\Z)|bounced (?:mail|message|e-?mail)",
    r"return(?:ed|ing) (?:e?mail|message|to sender)|mail returned|rejected(?: mail|: )|automatically rejected",
    r"user unknown|(?:un)?successful (?:mail )?delivery",
    r"(?:mail |message |e-?mail |final |permanent )?deliver\w* (?:status notification|fail(?:ed|ure)|has failed|error)",
    r"(?:mail |message |e-?mail )?deliver\w* (?:problem|report|delay|postponed|warning|incomplete)",
    r"delivery[ -]notification|delivery status|(?:automatic )?(?:mail|delivery) error",
    r"(?:mail|message|e-?mail) (?:(?:could not be|cannot be|not) delivered|could not be)",
    r"(?:mail|message|e-?mail|your message|your mail) (?:failed|failure|system error|error|status|delivery)",
    r"failed (?:mail|message|delivery)|failure (?:notice|delivery)|postfix smtp server: errors",
    r"(?:message|mail|e-?mail) (?:you sent )?(?:was )?(?:blocked|rejected)|notice: mail delivery",
    r"(?:warning|notice): (?:message|could not send)|warning: \S+ - user unknown",
    r"delay(?:ed|s)? (?:mail|deliver|in deliver)|(?:there was an )?error sending your",
    r"(?:message|mail|e-?mail) (?:is |was |has been )?(?:delayed|not (?:yet )?delivered)",
    r"unzustellbar|nicht zustellbar|zustell(?:ung|fehler|status)|übermittlungsfehler",
    r"fehler bei der (?:nachrichten)?(?:zustellung|übermittlung)",
    r"nachricht (?:konnte )?nicht (?:zugestellt|übermittelt)",
    r"non ?remis|rapport de (?:non-)?remise|échec de (?:la )?(?:remise|distribution)",
    r"impossible de remettre|remise retardée",
    r"notificación de entrega|no se pu(?:ede|do) entregar|no entregado|entrega (?:retrasada|atrasada)|error de entrega",
    r"notificação|não (?:é possível entregar|entregue)|falha na entrega|entrega retardada",
    r"mancato recapito|recapito (?:non riuscito|ritardato)|non recapitabile|impossibile recapitare",
    r"onbestelbaar|niet bezorgd|bezorging (?:is )?vertraagd|bezorgingsfout",
    r"olevererbar|kunde inte levereras|uleverlig|kan ikke leveres|ikke lever(?:t|et)",
    r"toimitus epäonnistui|ei voi toimittaa",
    r"niedostarcz|nie można dostarczyć|nedoručiteln|nelze doručit|kézbesíthetetlen|sikertelen kézbesítés|nelivrabil",
    r"не доставлено|ваше сообщение не доставлено|недоставленн|не удалось доставить|teslim edilemedi|không thể",
    r"メッセージを配信できません|配信不能|配信できません|送信できません|配信(?:に失敗|エラー)",
    r"エラー|未送達|배달되지|배달할 수",
    r"退信|系统退信|系統退信|無法(?:傳遞|投遞)|无法(?:传递|投递)|(?:邮件)?投递失败|未传递|未傳遞",
)
_SUBJECT = re.compile(
    rf"\W{{0,3}}(?:\[?postmaster\]? ?|sorry,? )?(?:(?:your|the|a) )?(?:{'|'.join(_SUBJECTS)})", re.IGNORECASE
)
# What the text of a bounce says near its beginning.
_TEXT = _any_of(
    r"(?:could|was|can|were|has)\s?(?:not|n't)\s+(?:be |been |able to )?(?:delivered?|sent|reach(?:ed)?)",
    r"cannot\s+be\s+delivered|(?:un)?able\s+to\s+deliver|undeliver(?:able|ed)|fail\w*\s+to\s+deliver|did\s+not\s+reach",
    r"deliver\w*\s+(?:to\s+.{0,120}?\s)?(?:has\s+)?(?:been\s+)?(?:fail|delay|error|abort|attempt)",
    r"delivery\s+status|non-?delivery|permanent\s+(?:fatal\s+)?(?:error|failure)|transcript\s+of\s+session",
    r"(?:error|problem)s?\s+(?:was|were|has|while|in|when|during|trying|deliver)",
    r"returned\s+to\s+(?:the\s+)?sender|returning\s+(?:your|the)|rejected\s+(?:by|your|for)",
    r"mailbox\s+(?:is\s+)?full|no\s+such\s+user|user\s+unknown|unknown\s+user",
    r"recipients?\s+(?:could|were|was|failed)|addresse?s?\W{0,3}\s+failed|following\s+(?:recipients?|address)",
    r"final-recipient|error[ -]for|rcpt\s+to|failure\s+reasons?|trouble\s+deliver|rejected\s+recipient",
    r"(?:keep|continue|still)\s+trying\s+to\s+deliver|remains\s+in\s+the\s+queue|deliver\w*.{0,80}\spostponed",
    r"not\s+(?:yet\s+)?been\s+delivered|yet\s+to\s+be\s+delivered",
    r"nicht\s+(?:zugestellt|zustell|ausgeliefert|übermittelt|erreicht)|unzustellbar",
    r"送信できません|配信できません|ありません|не\s+(?:может\s+быть|было)\s+(?:доставлено|отправлено)|退信",
    r"(?:n'a pas pu|n'ont pas pu)\s+être\s+(?:remis|distribué|envoyé)|no\s+se\s+(?:pudo|puede)\s+entregar",
    r"non\s+è\s+stato\s+(?:possibile\s+)?(?:recapita|consegna)|não\s+(?:foi|pôde)\s+(?:ser\s+)?entregue",
    r"niet\s+(?:worden\s+)?bezorgd",
)
# The one sentence by which a program gives itself away: a person lists no recipients.
_LISTING = _any_of(
    r"deliver\w*\s+to\s+(?:one\s+or\s+more\s+of\s+)?(?:the|its)\s+(?:following\s+)?(?:recipient|address)",
    r"(?:deliver|fail|reach|reject|receive|error|bounc|send)[^.]{0,120}following\s+(?:recipient|address|user)",
    r"following\s+(?:\w+\s+)?(?:recipient|address)[^.]{0,60}"
    r"(?:fail|error|could|cannot|reject|\bnot|problem|reach|delay|refus)",
    r"deliver\w*\s+to\W{1,5}[^\s@<>]{1,64}@",
    r"folgende\w*\s+(?:empfänger|adresse)",
)


def is_machine(authors: tuple[Address, ...], marks: Marks) -> bool:
    """Is it sent as bounces are: with the null reverse-path (RFC 5321 6.1), or in the name of a mail system?

    Args:
        authors: of ``From: MAILER-DAEMON <>`` only a name is left.
        marks: of the message.
    """
    if marks.return_path == "" or marks.generated_field == "x-failed-recipients":
        return True
    return any(
        _MACHINE_LOCAL.match(one.address.partition("@")[0])
        or _MACHINE_LOCAL.match(one.name)
        or _MACHINE_NAME.search(one.name)
        for one in authors
    )


def is_daemon(authors: tuple[Address, ...], marks: Marks) -> bool:
    """Is it certainly a mail server that writes? Then little more is needed.

    Args:
        authors: of the message.
        marks: of the message.
    """
    names = (name for one in authors for name in (one.address, one.name))
    return marks.generated_field == "x-failed-recipients" or any(map(_DAEMON.match, names))


def has_bounce_subject(subject: str) -> bool:
    """Is it called like a bounce, and neither a reply nor a forward?"""
    return _SUBJECT.match(subject) is not None


def reads_like_bounce(text: str) -> bool:
    """Does the beginning of a text tell of mail that was not delivered?"""
    return _TEXT.search(text, 0, OPENING_CHARS) is not None


def lists_recipients(text: str) -> bool:
    """Does the beginning of a text announce a list of recipients that were not reached?"""
    return reads_like_bounce(text) and _LISTING.search(text, 0, OPENING_CHARS) is not None
