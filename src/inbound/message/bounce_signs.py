"""Does a mail server tell here that it could not deliver? Asked before anything is read, so that quotations are not."""

import re

from inbound.message.bounce_status import has_code
from inbound.message.bounce_subjects import has_bounce_subject, hints_at_bounce
from inbound.model.kinds import Marks
from inbound.model.mail import Address

#: characters of a text in which a bounce says what it is
OPENING_CHARS = 3000


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


def _lower(*patterns: str) -> re.Pattern[str]:
    """For what every message is asked: of a text in lower case, branches are told apart by their first letter."""
    return re.compile("|".join(patterns))


# Names of the account or the program that writes bounces.
_DAEMON = _any_of(r"mail(?:er)?[-_.]?daemon|mdaemon")
_MACHINE_LOCAL = _lower(r"mail(?:er)?[-_.]?daemon|mdaemon|post[-_.]?master|bounces?-?\Z|mail-?delivery|imss\Z")
_MACHINE_NAME = _lower(
    r"mail(?:er)?[ -]?(?:deliver|daemon|administrator|transfer|transport|router|routing|robot)",
    r"delivery (?:sub)?system|message delivery|non-?delivery",
    r"postmaster|system administrator|systemadministrator",
    r"mail ?(?:system|server|gateway)|mail service\Z|microsoft (?:outlook|exchange)",
    r"administrateur système|administrador del? sistema|amministratore (?:di )?sistema|systeembeheerder",
    r"systemadministratör|administrator systemu|системный администратор|почтовая система|系统管理员|システム管理者",
)
# Names of programs that pass mail on; people who look after them may be called so too.
_GATEWAY = _any_of(
    r"(?<![a-z])(?:smtp|mta|mmdf|uucp|x\.?400|imss|imail|cc:mail|groupwise|domino|sieve|daemon|ndr|dsn|bounces?)(?![a-z])",
    r"(?:anti[_ .-]?(?:virus|spam)|virus[_ .-]?(?:scan|wall|filter)|(?:content|spam)[_ .-]?(?:filter|firewall|scan))",
    r"(?:e?mail|message|smtp|mime)[_ .-]?(?:system|server|service|gate|scan|sweep|marshal|guard|relay)",
    r"(?:e?mail|message|smtp|mime)[_ .-]?(?:filter|trans|rout)",
    r"(?:e?mail|message)[_ .-]?(?:deliver|robot|agent|hub|switch)",
    r"inter[_ .-]?scan|virus[_ .-]?wall|symantec|mcafee|sophos|trend micro|barracuda|ironport|forti ?mail|mimecast",
    r"proofpoint|messagelabs|mimesweeper|webshield|spamassassin|amavis|surfcontrol|websense|kaspersky|clamav",
    r"gateway|delivery[_ .-]?(?:agent|service|notif|system)",
)
# What the text of a bounce says near its beginning.
_TEXT = _any_of(
    r"(?:could|was|can|were|has)\s?(?:not|n't)\s+(?:be |been |able to )?(?:deliver|sen[dt]|reach|transmit|transfer)",
    r"cannot\s+be\s+delivered|(?:un)?able\s+to\s+deliver|undeliver(?:able|ed)|fail\w*\s+to\s+deliver|did\s+not\s+reach",
    r"deliver\w*\s+(?:to\s+.{0,120}?\s)?(?:has\s+)?(?:been\s+)?(?:fail|delay|error|abort|attempt)",
    r"delivery\s+status|non-?delivery|permanent\s+(?:fatal\s+)?(?:error|failure)|transcript\s+of\s+session",
    r"(?:error|problem)s?\s+(?:it\s+)?(?:was|were|has|while|in|when|during|trying|deliver|encounter|occurr)",
    r"(?:try|attempt)(?:ing|ed)?\s+to\s+deliver",
    r"returned\s+to\s+(?:the\s+)?sender|returning\s+(?:your|the)|rejected\s+(?:by|your|for)",
    r"mailbox\s+(?:is\s+)?full|no\s+such\s+user|user\s+unknown|unknown\s+user",
    r"recipients?\s+(?:could|were|was|failed)|addresse?s?\W{0,3}\s+failed|following\s+(?:recipients?|address)",
    r"final-recipient|error[ -]for|rcpt\s+to|failure\s+reasons?|trouble\s+deliver|rejected\s+recipient",
    r"(?:keep|continue|still)\s+trying\s+to\s+deliver|remains\s+in\s+the\s+queue|deliver\w*.{0,80}\spostponed",
    r"not\s+(?:be\s+|been\s+)?accept|not\s+(?:yet\s+)?been\s+delivered|yet\s+to\s+be\s+delivered",
    r"warteschlange|nicht\s+(?:zugestellt|zustell|ausgeliefert|übermittelt|erreicht)|unzustellbar",
    r"(?:has|have)\s+been\s+(?:delayed|returned|rejected|blocked)|not\s+been\s+possible\s+to\s+deliver",
    r"(?:sendung|nachricht|e-?mail|zustellung|übermittlung)\w*\s+(?:\S+\s+){0,8}(?:fehlgeschlagen|verzögert|zurück)",
    r"(?:送信|配信|配送|送達|送付|お届け)(?:でき(?:ません|な)|に失敗|不能|が遅)|ありません|宛先|退信|退回|无法|無法|未能|失败|失敗",
    r"не\s+(?:может\s+быть|было|доставлен|удалось)|недоставлен|доставк\w+\s+(?:\w+\s+){0,3}задерж|반송|전송되지|배달",
    r"(?:n'a pas pu|n'ont pas pu|n'a pu|ne peut|ne peuvent)\s+(?:pas\s+)?être\s+(?:remis|distribué|envoyé|délivré)",
    r"n'(?:a|ont)\s+pas\s+été\s+(?:remis|distribué|envoyé|délivré)",
    r"n'est\s+pas\s+parvenu|impossible\s+de\s+(?:joindre|remettre|livrer|distribuer)|non\s+(?:remis|distribué|délivré)",
    r"(?:remise|distribution|livraison)\s+(?:\S+\s+){0,6}(?:retardée|différée|échoué)",
    r"no\s+se\s+(?:pudo|puede|ha\s+podido|pueden)\s+(?:ser\s+)?entregar|no\s+(?:pudo|puede)\s+(?:ser\s+)?entrega",
    r"(?:entrega|mensaje|mensagem)\s+(?:\S+\s+){0,8}(?:retrasad|atrasad|fall|devuelt|devolvid|rejeitad|rechazad)",
    r"non\s+(?:è|e'|ha)\s+(?:stato\s+)?(?:possibile\s+)?(?:recapita|consegna|raggiunt)|impossibile\s+(?:recapit|conseg)",
    r"(?:consegna|recapito)\s+(?:\S+\s+){0,8}(?:ritardat|fallit|non\s+riuscit)",
    r"não\s+(?:foi|pôde|pode)\s+(?:ser\s+|possível\s+)?entreg",
    r"niet\s+(?:\S+\s+){0,2}(?:bezorgd|afgeleverd)|bezorging\s+(?:\S+\s+){0,8}(?:vertraagd|mislukt)",
    r"(?:inte|ikke|ej)\s+lever|leverans\w*\s+(?:\S+\s+){0,4}försenad|ei\s+voi\w*\s+toimittaa",
    r"nie\s+(?:dotar|został\w*\s+dostarcz|można\s+dostarcz|udało)|nepodařilo\s+(?:se\s+)?doruč|nelze\s+doručit"
    r"|nebyla\s+doručen|nem\s+(?:kézbesít|sikerült)|teslim\s+edile|iletileme|nu\s+a\s+putut\s+fi\s+livrat",
)
# What it says besides, where it is certain that a mail system writes.
_TEXT_OF_MACHINE = _any_of(
    _TEXT.pattern,
    r"bounced|(?:has|have|was|were|been|is)\s+(?:\w+\s+)?(?:returned|rejected|refused|blocked|abandoned)|refused\s+by",
    r"not\s+possible\s+to\s+deliver|delivery\s+of\s+.{0,60}\sfailed|failed\s+to\s+reach|not\s+(?:delivered|accepted)",
    r"(?:unknown|no\s+such|invalid|not\s+a\s+valid)\s+(?:\w+\s+)?(?:address|recipient|user|mailbox|account)",
    r"(?:recipient|address\w*|user|account)\s+(?:is\s+|was\s+)?(?:unknown|invalid|not\s+(?:found|known))",
    r"does(?:\s+not|n't)\s+exist|over\s+quota|no\s+mailbox",
    r"nicht\s+(?:\S+\s+){0,6}(?:zugestellt|übermittelt|ausgeliefert|weitergeleitet)|abgewiesen|zurückgewiesen|abgelehnt",
    r"(?:empfänger|adresse|benutzer|postfach)\s+(?:\S+\s+){0,3}(?:unbekannt|voll|existiert\s+nicht|nicht\s+gefunden)",
)
# How such programs introduce themselves, before anything else.
_INTRODUCTION = re.compile(
    r"[\s*#|=-]{0,80}(?>hi[.!]|hallo\.|hello,)?\s{0,9}(?:this is (?:the|an) (?:\S+ ){0,3}?"
    r"(?:qmail|postfix|mail|mta|mailer|message delivery|deliver|e-?mail|smtp|haraka|sendmail|exim|automatic)"
    r"|this (?:e-?mail |mail )?(?:message|report|mail|e-?mail) (?:was|is|has been) (?:created |generated )?automatic"
    r"|this is an automatic\w*[ -]generated|diese (?:nachricht|e-?mail|mail) wurde automatisch"
    r"|i'm sorry to have to inform you that|your (?:message|mail) did not reach some or all of the intended"
    r"|delivery has failed to these recipients|the following addresses had|transcript of session|failure reasons)",
    re.IGNORECASE,
)
# The one sentence by which a program gives itself away: a person lists no recipients.
_LISTING = _any_of(
    r"deliver\w*\s+to\s+(?:one\s+or\s+more\s+of\s+)?(?:the|its)\s+(?:following\s+)?(?:recipient|address)",
    r"(?:deliver|fail|reach|reject|receive|error|bounc|send)[^.]{0,120}following\s+(?:recipient|address|user)",
    r"following\s+(?:\w+\s+)?(?:recipient|address)[^.]{0,60}"
    r"(?:fail|error|could|cannot|reject|\bnot|problem|reach|delay|refus)",
    r"deliver\w*\s+to\W{1,5}[^\s@<>]{1,64}@",
    r"folgende\w*(?:\(\w+\))?\s+(?:empfänger|adresse)",
    r"(?:destinataires?|destinatari\w*|destinatários?|adresatów|odbiorców|příjemc\w+|получател\w+|адресат\w+)"
    r"\W+(?:\w+\W+){0,3}(?:suivant|siguiente|seguent|seguinte|następując|následujíc|следующ)",
    r"(?:suivants?|siguientes?|seguent[ei]|seguintes?|volgende|följande|følgende|następując\w+|následujíc\w+|следующ\w+)"
    r"\s+(?:destinatair|destinatari|destinatári|ontvanger|geadresseerde|mottagar|modtager|adresat|odbiorc|příjemc|получател)",
    r"(?:次の|以下の)(?:受信者|宛先|あて先|メールアドレス)|(?:以下|下列)(?:收件人|地址)",
    r"(?:收件人|宛先|받는 사람)\s*[:：]",
)


def is_machine(authors: tuple[Address, ...], marks: Marks) -> bool:
    """Is it sent as bounces are: with the null reverse-path (RFC 5321 6.1), or in the name of a mail system?

    Args:
        authors: of ``From: MAILER-DAEMON <>`` only a name is left.
        marks: of the message.
    """
    if marks.return_path == "" or marks.generated_field == "x-failed-recipients":
        return True
    names = ((one.address.partition("@")[0].lower(), one.name.lower()) for one in authors)
    return any(
        _MACHINE_LOCAL.match(local) or _MACHINE_LOCAL.match(name) or _MACHINE_NAME.search(name) for local, name in names
    )


def _is_daemon(authors: tuple[Address, ...], marks: Marks) -> bool:
    """Is it certainly a mail server that writes? Then little more is needed.

    Args:
        authors: of the message.
        marks: of the message.
    """
    names = (name for one in authors for name in (one.address, one.name))
    return marks.generated_field == "x-failed-recipients" or any(map(_DAEMON.match, names))


def _writes_only_bounces(authors: tuple[Address, ...]) -> bool:
    """Is it the account in whose name nothing else is sent? MDaemon's tells of quotas and attachments too.

    Args:
        authors: of the message.
    """
    return any(_DAEMON.match(one.address) and one.address[:2].lower() != "md" for one in authors)


def _is_gateway(authors: tuple[Address, ...]) -> bool:
    """Is it called as programs are that pass mail on? Weaker than `is_machine`.

    Args:
        authors: of the message.
    """
    return any(_GATEWAY.search(one.address.partition("@")[0]) or _GATEWAY.search(one.name) for one in authors)


def _tells(text: str) -> bool:
    return _TEXT_OF_MACHINE.search(text, 0, OPENING_CHARS) is not None


def _reads_like_bounce(text: str) -> bool:
    """Does the beginning of a text tell of mail that was not delivered?"""
    return _TEXT.search(text, 0, OPENING_CHARS) is not None


def _lists_recipients(text: str) -> bool:
    """Does the beginning of a text announce a list of recipients that were not reached?"""
    return _reads_like_bounce(text) and _LISTING.search(text, 0, OPENING_CHARS) is not None


def is_bounce(
    said: str,
    subject: str,
    marks: Marks,
    authors: tuple[Address, ...],
    *,
    is_returned: bool,
    names_others: bool,
) -> bool:
    """Without the form of a report: is it sent, called and worded like one?

    Args:
        said: the text without the message that came back.
        subject: decoded.
        marks: of the message.
        authors: of the message.
        is_returned: is there a message that came back?
        names_others: does the text name addresses that it does not go to?
    """
    if not is_machine(authors, marks):
        return has_bounce_subject(subject) and _is_of_gateway(said, authors, is_returned=is_returned)
    if has_bounce_subject(subject):
        return True
    if _is_daemon(authors, marks):
        return has_code(said) or is_returned or _reads_like_bounce(said) or _writes_only_bounces(authors)
    is_named = is_machine(authors, Marks())
    if is_named and names_others and hints_at_bounce(subject) and (has_code(said) or _tells(said)):
        return True
    # The null reverse-path has vacation replies too, and postmasters are people.
    is_answer = marks.auto_submitted == "auto-replied" or bool(marks.auto_reply_field)
    has_sign = has_code(said) or _lists_recipients(said) or (is_returned and marks.return_path == "")
    return _reads_like_bounce(said) and has_sign and (is_named or not is_answer)


def _is_of_gateway(said: str, authors: tuple[Address, ...], *, is_returned: bool) -> bool:
    """Does a program write in its own name? What people write begins with their own words, or returns nothing."""
    is_sure = has_code(said) or is_returned
    if _INTRODUCTION.match(said) and "@" in said:
        return is_sure or _lists_recipients(said)
    if _is_gateway(authors):
        return _lists_recipients(said) or (is_sure and _reads_like_bounce(said))
    return is_returned and not any(one.name for one in authors) and _lists_recipients(said)
