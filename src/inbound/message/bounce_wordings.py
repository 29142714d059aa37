"""What mail servers say in other languages than English and German: why a message was not delivered, as statuses.

Whole sentences differ from product to product. So a word for what is meant (mailbox, user) and one for what is wrong
with it have to stand near each other, in this order; only few words say it alone.
"""

# Characters between the two words.
_APART = r"\w{0,12}.{0,40}"

# Subject and detail (RFC 3463) -> pairs of what is meant and what is wrong with it.
_PAIRS: dict[str, tuple[tuple[str, str], ...]] = {
    "2.2": (
        (r"buz[óo]n|correo", r"\bllen[oa]"),
        (r"cuota|cota|quota|espacio|spazio", r"excedid|superad|superat|agotad|esaurit|ultrapass|dépassé|atteint"),
        (r"casella|caixa|correio|boîte", r"pien[ao]|chei[ao]|pleine|saturée"),
        (r"postvak|postbus|brievenbus|quotum", r"\bvol\b|overschreden"),
        (r"ящик|квота|лимит|скриньк", r"переполнен|переповнен|заполнен|превышен|исчерпан"),
        (r"превышен|переполнен|заполнен", r"квот|ящик"),
        (r"skrzynk|schránk", r"pełn|przepełn|zapełn|\bpln|přeplněn"),
        (r"postfiók|posta kutusu|kota", r"megtelt|\btele\b|dolu|aşıl"),
        (r"brevlåda|postlåda|inkorg|postkass|innboks|indbakke", r"full|fuld|fylt"),
        (r"メールボックス|受信箱|容量|ディスク", r"一杯|いっぱい|満杯|超え|超過|オーバー|不足|フル"),
        (r"邮箱|信箱|容量|空间|空間|配额", r"满|滿|不足|超"),
        (r"사서함|메일함|편지함|용량", r"가득|초과|꽉|부족"),
    ),
    "1.2": (
        (r"domaine|hôte|dominio|domínio", r"inconnu|inexist|introuvable|n'existe|desconocid|no existe|desconhecid"),
        (r"dominio|domínio|domein|domena|doména", r"sconosciut|inesist|não existe|onbekend|nie istnieje|neexist"),
        (r"домен", r"не найден|не существует|неизвест"),
        (r"несуществующ", r"домен"),
        (r"ドメイン|도메인", r"見つかり|存在|不明|無効|없"),
        (r"域名|网域|網域", r"不存在|错误|錯誤|无效"),
    ),
    "1.1": (
        (r"usuario|destinatario|direcci[óo]n|cuenta|buz[óo]n", r"desconocid|inexist|no existe|no (?:se ha|fue) encont"),
        (r"utente|destinatario|indirizzo|casella", r"sconosciut|inesist|non esiste|non (?:è stat\w )?trovat"),
        (r"usuário|utilizador|destinatário|endereço", r"desconhecid|inexist|não existe|não (?:foi )?encont"),
        (r"utilisateur|destinataire|adresse|boîte|compte", r"inconnu|inexist|n'existe pas|introuvable"),
        (r"gebruiker|ontvanger|geadresseerde|adres|postvak", r"onbekend|bestaat niet|niet (?:gevonden|bekend)"),
        (r"användare|mottagare|adress", r"okänd|finns inte|hittades inte"),
        (r"bruger|bruker|modtager|mottaker|adress", r"ukendt|ukjent|findes ikke|finnes ikke|ikke fundet"),
        (r"użytkownik|adresat|odbiorca|adres|skrzynk", r"nieznan|nie (?:istnieje|znalezion|został)"),
        (r"uživatel|příjemce|adresa|schránka", r"neznám|neexist|nenalezen"),
        (r"felhasználó|címzett", r"nem található|ismeretlen|nem létez"),
        (r"kullanıcı|alıcı|adres", r"bulunamadı|mevcut değil|bilinmiyor|yok\b"),
        (r"пользовател|получател|адресат|адрес|ящик|учетн", r"не (?:найден|существует|зарегистр)|неизвест|отсутств"),
        (r"неизвестн|несуществующ|нет такого|такого", r"пользовател|получател|адресат|адрес|ящик|нет\b"),
        (r"користувач|одержувач|адрес", r"не (?:знайден|існує)|невідом"),
        (r"ユーザ|宛先|あて先|受信者|アドレス|アカウント", r"見つかり|存在し|不明|ありません|ございません|誤り|無効"),
        (r"用户|用戶|使用者|收件人|邮箱|信箱|地址|帐号|帳號|账号", r"不存在|未找到|找不到|无效|無效|错误|錯誤"),
        (r"사용자|수신자|받는 ?사람|받는 ?이|주소|계정", r"없|존재하지|찾을 수|잘못"),
    ),
    "2.1": (
        (r"ящик|учетн|użytkownik|konto", r"заблокирован|отключен|zablokowan"),
        (r"compte|cuenta|conta|utente", r"bloqué|bloquead|bloccat"),
    ),
    "3.4": ((r"サイズ|邮件|郵件", r"超え|超過|大き|过大|過大|太大"),),
}  # fmt: skip
# Subject and detail -> words that say it alone.
_ALONE: dict[str, tuple[str, ...]] = {
    "1.1": (
        r"(?:onbekende|okänd|ukendt|ukjent|tuntematon|ismeretlen|bilinmeyen|nieznany|neznámý|necunoscut) \w{3,}",
        r"查无此|查無此",
    ),
    "2.1": (
        r"désactivé|suspendu|desactivad|suspendid|deshabilitad|disattivat|sospes|desativad|suspens[ao]|uitgeschakeld",
        r"停用|禁用|休止|停止中",
    ),
    "3.4": (
        r"trop (?:gros|volumineux|grand)|demasiado grande|troppo grande|muito grande|te groot",
        r"слишком большо|zbyt duż",
    ),
    "7.1": (
        r"rejeté|refusé|bloqué|indésirable|rechazad|rechaz[óo]|bloquead|rifiutat|respint|bloccat|rejeitad|recusad",
        r"geweigerd|geblokkeerd|отклонен|отвергн|отказ|спам|блокир|odrzucon|zablokowan|odmítnut|avvisad|afvist|avvist",
        r"拒否|拒絶|ブロック|迷惑メール|拒绝|拒絕|拒收|垃圾邮件|垃圾郵件|거부|차단|스팸|reddedildi|engellendi",
    ),
}  # fmt: skip


def foreign_wordings(status: str) -> tuple[str, ...]:
    """Regular expressions of what means a status.

    Args:
        status: subject and detail, without the class.
    """
    pairs = (rf"(?:{what}){_APART}(?:{wrong})" for what, wrong in _PAIRS.get(status, ()))
    return (*pairs, *_ALONE.get(status, ()))
