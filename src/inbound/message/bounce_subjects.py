"""What bounces are called, in the languages of mail servers. Subjects are compared in lower case, which is faster."""

import re

from inbound.message.subjects import outermost_prefix

#: characters of a subject in which it says what it is
MAX_CHARS = 120

# What bounces are called, by language. A reply or forward ("Re:", "WG:") is none: it has to stand in front.
_SUBJECTS = (
    r"ndn:|ndr:|postmaster notif|undeliver|nondeliverable|non-? ?delivery|unable to deliver|could not (?:send|deliver)",
    r"bounce(?:\]|\Z|:| notif)|bounced (?:mail|message|e-?mail)",
    r"return(?:ed|ing)? (?:e?mail|message|to sender)|(?:e-?)?mail returned|rejected(?: mail|: )|automatically rejected",
    r"user unknown|(?:un)?successful (?:mail )?delivery",
    r"(?:mail |message |e-?mail |final |permanent )?deliver\w* (?:status notification|fail(?:ed|ure)|has failed|error)",
    r"(?:mail |message |e-?mail )?deliver\w* (?:problem|report|delay|postponed|warning|incomplete)",
    r"delivery[ -]notification|delivery status|(?:automatic )?(?:mail|delivery) error",
    r"(?:mail|message|e-?mail) (?:(?:could not be|cannot be|not) delivered|could not be)",
    r"(?:mail|message|e-?mail) (?:has|have|was|could|can)(?:n't| ?not) (?:yet )?(?:be |been )?(?:deliver|sent|reach)",
    r"(?:mail|message|e-?mail|your message|your mail) (?:failed|failure|system error|error|status|delivery)",
    r"failed (?:mail|message|delivery)|failure (?:notice|delivery)|postfix smtp server: errors",
    r"(?:message|mail|e-?mail) (?:you sent )?(?:was )?(?:blocked|rejected|refused|not accepted)|notice: mail delivery",
    r"(?:mail|message|e-?mail) (?:is )?still (?:in|on|being|queued)",
    r"(?:warning|notice): (?:message|could not send)|warning: \S+ - user unknown",
    r"(?:delay|wait)(?:ed|s|ing)? (?:mail|message|e-?mail|deliver|in deliver)|(?:there was an )?error sending your",
    r"(?:message|mail|e-?mail) (?:is |was |has been )?(?:delayed|not (?:yet )?deliver(?:ed|able))",
    r"(?:notification|notice|report|warning)(?: of|:)? (?:un|non-?)?deliver\w* (?:fail|error|problem|delay|mail)",
    r"(?:un|non-?)?deliver\w* (?:notification|notice)|(?:problem|error|trouble|difficult)\w* (?:with |in )?deliver",
    r"(?:mail|message|e-?mail)(?: message)? (?:is |was )?(?:(?:could )?not (?:be )?|un|non-?)deliver(?:able|ed)",
    r"message returned|(?:message|mail) bounced|unable to send|delivery unsuccessful",
    r"(?:temporary|transient|smtp|e-?mail|mail) deliver\w* (?:fail|problem|error)",
    r"(?:ihre |die )?(?:nachricht|e-?mail|mail) (?:konnte |wurde |ist )?(?:noch )?nicht (?:zu|aus|über)",
    r"(?:ihre |die )?(?:nachricht|e-?mail|mail) (?:konnte |wurde |ist )?(?:unzustellbar|zurück)",
    r"nicht zugestellt|unzustellbar|nicht zustellbar|zustell(?:ung|fehler|status|bericht)|rückläufer",
    r"übermittlungsfehler",
    r"fehler bei der (?:nachrichten)?(?:zustellung|übermittlung)",
    r"nachricht (?:konnte )?nicht (?:zugestellt|übermittelt)",
    # "Delivery Status Notification"
    r"benachrichtigung (?:zum|über den?) (?:übermittlung|zustell)",
    r"notification d[eu'] ?(?:l'état|état|statut) de (?:la )?remise",
    r"notifica(?:zione)? (?:sull[oa] |di )?stato (?:di |del )?(?:recapito|consegna)",
    r"notificación del estado de (?:la )?entrega",
    r"(?:kennisgeving|melding) (?:over |van )?(?:de )?(?:bezorg|aflever)",
    r"(?:avisering|meddelande) om leverans|leveransstatus",
    r"powiadomienie o (?:stanie )?dostarcz|oznámení o (?:stavu )?doruč|уведомление о (?:состоянии |статусе )?доставк",
    r"(?:配信|配送)(?:状態|状況)|(?:传递|傳遞|送达|投递|傳送)(?:状态|狀態)",
    r"non ?remis|rapport de (?:non-)?remise|[ée]chec d(?:e|'|ans) ?(?:la |l')?(?:remise|distrib|livr|envoi|achemin)",
    r"impossible de (?:remettre|distribuer|livrer)|non distribué",
    r"(?:remise|distribution|livraison) (?:retardée|différée)",
    r"retour (?:à l'expéditeur|de (?:courrier|mail|message))|message non (?:remis|distribué|délivré)|avis de non",
    r"notificación de entrega|no se (?:pu(?:ede|do)|ha podido) entregar|no entrega(?:do|ble)",
    r"(?:error|fallo|falla) (?:de|en) (?:la )?entrega",
    r"entrega (?:retrasada|atrasada|demorada|fallida)|retraso en la entrega|correo devuelto",
    r"(?:mensaje|correo) (?:no entregado|devuelto|rechazado)",
    r"notificação|não (?:é possível entregar|entregue)|(?:falha|erro|atraso) (?:na|de) entrega|entrega retardada",
    r"mensagem (?:não entregue|devolvida)|(?:e-?mail|correio) devolvido",
    r"mancat[oa] (?:recapito|consegna)|(?:recapito|consegna) (?:non riuscit|ritardat|fallit)|non recapitabile",
    r"errore di (?:consegna|recapito)|impossibile (?:recapitare|consegnare)",
    r"(?:messaggio|posta) (?:non (?:recapitat|consegnat)|restituit)",
    r"onbestelbaar|niet (?:bezorgd|afgeleverd)|bezorging (?:is )?(?:vertraagd|mislukt)|bezorgingsfout|aflever\w*fout",
    r"(?:aflevering|bericht) (?:is )?(?:mislukt|vertraagd|niet (?:bezorgd|afgeleverd))",
    r"olevererbar|(?:kan|kunde) (?:inte|ej) leverera|ej levererat|leverans(?:en)? (?:försenad|misslyckades)|uleverlig",
    r"kan ikke leveres|kunne ikke leveres|ikke lever(?:t|et)|levering(?:en)? (?:er )?(?:forsinket|mislyk)",
    r"toimitus (?:epäonnistui|viivästy)|ei voi(?:tu)? toimittaa|ei voida toimittaa",
    r"niedostarcz|nie (?:można|udało się) dostarczyć|nie dostarczono|opóźnion|zwrot (?:wiadomości|poczty)",
    r"błąd (?:dostarcz|doręcz)|chyba doruč|kézbesítési hiba|leverans?(?:fel|hinder)|leveringsfe[ij]l|teslim\w* hata",
    r"nedoručen|nedoručiteln|nelze doručit|kézbesíthetetlen|sikertelen kézbesítés|nelivrabil|nedoručiteľn",
    r"(?:ваше |сообщение |письмо )*не (?:было )?доставлен|недоставлен|не удалось доставить|ошибка доставки",
    r"(?:задержка|сбой) доставки|доставка (?:задерж|отлож|не )|возврат|не може бути доставлен|недоставн",
    r"teslim edilemedi|teslim edilemeyen|iletilemedi|không thể|gửi không thành công|αδυναμία παράδοσης",
    r"(?:メール|メッセージ)?(?:を|の|が)?(?:配信|送信|配送|送達)(?:できません|不能|不可|に失敗|失敗|エラー|の?遅延|遅延|が遅)",
    r"エラー|未送達|未配信|宛先不明|不達|返送|リターンメール",
    r"배달되지|배달할 수|반송|(?:메일 ?)?(?:전송|발송|전달) ?실패",
    r"退信|系统退信|系統退信|退件|被退回|邮件退回|無法(?:傳遞|投遞|寄達)|无法(?:传递|投递|送达)|(?:邮件)?投递失败|未传递|未傳遞",
    r"(?:邮件|郵件)?(?:发送|發送|投递|投遞|傳遞|送达)(?:失败|失敗|延迟|延遲)",
)
_FRONT = r"\W{0,3}(?:\[?postmaster\]? ?|sorry,? |(?:warn(?:ing|ung)|notice|attention|achtung|hinweis)(?:\W{1,3}))?"
_SUBJECT = re.compile(rf"{_FRONT}(?:(?:your|the|a) )?(?:{'|'.join(_SUBJECTS)})")
# What is called so may be one, if a mail system writes it: what is meant, and what is wrong with it.
_MEANT = (
    r"(?:mail|message|deliver|sender|spam|smtp|nachricht|zustell|courrier|courriel|remise|livraison|destinata|correo|mensaje|entrega"
    r"|messaggio|consegna|recapit|mensagem|bericht|bezorg|meddelande|besked|wiadomo|dostarcz|doruč|сообщени|письм|доставк"
    r"|メール|配信|送信|邮件|郵件|投递|投遞|메일)"
)
_WRONG = (
    r"(?:fail|error|\bnot\b|n't\b|unable|undeliver|return|bounc|reject|block|refus|unknown|invalid|full\b|exceed|over\b"
    r"|unavailable|delay|problem|unsuccessful|abandon|nicht|unzustellbar|fehl|unbekannt|zurück"
    r"|chec\b|\bnon?\b|impossib|erreur|retour|fallo|devuelt|mancat|errore|falha|não|devolvid|\bniet\b|fout|\binte\b|ikke"
    r"|\bnie\b|błąd|nepodař|\bне\b|ошибк|возврат|エラー|できま|失敗|失败|退|未|실패|반송)"
)
# Systems have much to say about accounts; few words of it are about mail.
_WHO = r"(?:recipient|address|user|account|quota|mailbox|empfänger|postfach|adresse|benutzer)"
_GONE = (
    r"(?:unknown|invalid|unavailable|full\b|exceed|over\b|no such|not (?:found|exist)|does(?: not|n't) exist|unbekannt"
    r"|voll\b|existiert nicht|nicht gefunden|ungültig)"
)
_HINT = re.compile(
    rf"{_MEANT}.{{0,40}}{_WRONG}|{_WRONG}.{{0,40}}{_MEANT}|{_WHO}.{{0,40}}{_GONE}|{_GONE}.{{0,40}}{_WHO}"
)


def has_bounce_subject(subject: str) -> bool:
    """Is it called like a bounce, and neither a reply nor a forward?"""
    return _SUBJECT.match(subject.lower()) is not None


def hints_at_bounce(subject: str) -> bool:
    """Does a subject that is no reply and no forward name mail, and that something is wrong with it?"""
    return not outermost_prefix(subject) and _HINT.search(subject[:MAX_CHARS].lower()) is not None
