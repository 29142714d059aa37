"""What mail programs write around quoted and forwarded mail, in the languages they speak.

Tables only, compared case-folded. Labels are the header fields that programs repeat in the text (``Von:``,
``Gesendet:``); stems are the parts of words that stay the same whatever stands around them (``weitergeleitet`` in
"Weitergeleitete Nachricht" and "Anfang der weitergeleiteten Nachricht").
"""

import re

#: field -> labels, divided by ``|``
_LABELS = {
    "from": (
        "from|sender|von|absender|de|expéditeur|remitente|remetente|da|mittente|van|afzender|od|nadawca|odesílatel|"
        "odosielateľ|fra|avsender|afsender|från|avsändare|lähettäjä|feladó|de la|expeditor|expeditorul|от|от кого|"
        "отправитель|від|від кого|відправник|подател|изпращач|saatja|kimden|gönderen|šalje|pošiljatelj|pošiljalac|"
        "πρόσωπο|από|αποστολέας|nuo|sūtītājs|frá|dari|từ|người gửi|מאת|من|จาก|"
        "差出人|送信者|发件人|發件人|寄件者|寄件人|"
        "보낸 사람|보낸사람|보낸이|보내는 사람"
    ),
    "to": (
        "to|an|empfänger|à|destinataire|pour|a|para|destinatario|destinatário|aan|ontvanger|komu|adresat|adresát|do|"
        "odbiorca|pre|til|mottaker|modtager|till|mottagare|vastaanottaja|címzett|către|la|destinatar|destinatarul|"
        "кому|получатель|одержувач|до|получател|saaja|kellele|kime|alıcı|prima|primatelj|za|προς|παραλήπτης|kam|"
        "adresātam|kepada|đến|người nhận|אל|إلى|ถึง|宛先|收件人|收件者|받는 사람|받는사람|받는이"
    ),
    "cc": (
        "cc|c.c.|c/c|kopie|kopie an|in kopie|copie|copie à|copia|con copia|cópia|cópia para|kopia|kópia|kópie|kopi|"
        "kopio|másolat|másolatot kap|dw|do wiadomości|копия|копія|копие|koopia|bilgi|kopija|κοιν.|κοιν|κοινοποίηση|"
        "tembusan|đồng kính gửi|עותק|نسخة|สำเนา|抄送|副本|참조"
    ),
    "bcc": ("bcc|bc|blindkopie|cci|cco|ccn|skrytá kopie|skrytá kópia|udw|hemlig kopia|blindkopi|piilokopio|密送"),
    "date": (
        "date|sent|message du|datum|gesendet|gesendet am|datum/uhrzeit|envoyé|envoyé le|date d'envoi|fecha|"
        "enviado|enviado el|"
        "enviado em|enviada em|enviada|enviat|data|inviato|verzonden|verzonden op|verstuurd|odesláno|odoslané|dátum|"
        "dátuma|wysłano|wysłane|data wysłania|dato|sendt|skickat|skickad|skickades|lähetetty|päivämäärä|päiväys|pvm|"
        "elküldve|küldve|küldés ideje|trimis|trimis la|дата|отправлено|дата отправки|надіслано|відправлено|изпратено|"
        "kuupäev|saadetud|saatmisaeg|tarih|gönderildi|gönderme tarihi|gönderilme tarihi|poslano|poslato|ημερομηνία|"
        "ημ/νία|εστάλη|στάλθηκε|datums|nosūtīts|išsiųsta|tanggal|dikirim|ngày|đã gửi|תאריך|נשלח|التاريخ|"
        "تاريخ الإرسال|วันที่|送信日時|日付|日時|发送时间|發送時間|发送日期|日期|时间|寄件日期|傳送日期|"
        "보낸 날짜|보낸날짜|날짜|보낸시간|보낸 시간"
    ),
    "subject": (
        "subject|betreff|betrifft|betr.|objet|sujet|asunto|assunto|oggetto|onderwerp|předmět|predmet|temat|emne|ämne|"
        "aihe|tárgy|subiect|subiectul|тема|относно|teema|pealkiri|konu|naslov|tema|zadeva|θέμα|temats|efni|perihal|"
        "subjek|chủ đề|tiêu đề|נושא|الموضوع|เรื่อง|หัวเรื่อง|件名|主题|主題|主旨|제목"
    ),
    "reply_to": (
        "reply-to|reply to|antwort an|répondre à|responder a|responder para|rispondi a|risposta|antwoord aan|"
        "svar til|svara till|vastaus|vastaa|vastausosoite|odpowiedź do|odpověď na|odpovědět|odpovedať-pre|odpovedať|"
        "odgovori na|válaszcím|ответ-кому|ответить|відповісти|кому відповісти|yanıt adresi|yanıtla|răspuns la|"
        "răspundeți la|返信先|回复|回覆|회신"
    ),
    "other": (
        "attachments|attachment|anlagen|anlage|anhänge|importance|wichtigkeit|priority|priorität|sensitivity|"
        "categories|kategorien|pièces jointes|importancia|datos adjuntos|allegati|bijlagen|urgentie|organization|"
        "organisation|message-id|resent-from|resent-to|newsgroups|user-agent|list-id|附件|重要性|załączniki|ważność|"
        "bilagor|vedlegg"
    ),
}
#: label -> field
FIELD_OF = {label: field for field, labels in _LABELS.items() for label in labels.split("|")}

#: parts of "forwarded" and "forwarding", as a regular expression
FORWARDED = (
    "forward|weitergeleitet|weiterleitung|réexpédi|transfér|transmis|reenviad|reencaminh|encaminhad|inoltrat|"
    "doorgestuurd|doorgezonden|videresend|vidarebefordra|vidaresend|välitetty|välitetyn|edelleenlähe|przekazan|"
    "przekazyw|przesłan|přeposlan|přeposíl|preposlan|preposiel|proslijeđen|prosleđen|posredovan|továbbít|redirecțion|"
    "redirecţion|redirection|пересыл|пересил|переадрес|перенаправ|пересл|препра|пренасоч|iletil|ileti başlangıcı|"
    "yönlendiril|edastat|προωθ|persiųst|pārsūt|áframsen|diteruskan|chuyển tiếp|הועבר|מועברת|معاد توجيه|ส่งต่อ|転送|转发|"
    "轉寄|轉發|전달"
)
#: parts of "original message", as a regular expression
ORIGINAL = (
    r"original|originale|originalnachricht|ursprüngl|urspr\.|d'origine|d’origine|initial|oorspronkelijk|oprindelig|"
    r"opprinnelig|ursprung|alkuperäinen|eredeti|исходн|оригинал|первоначальн|початков|původní|pôvodn|izvorn|izvirn|"
    r"orijinal|özgün|iletinin aslı|αρχικό|πρωτότυπ|algne|algupära|oryginaln|orjinal|upprunaleg|оригіналь|原邮件|"
    r"sākotnēj|originali|thư gốc|pesan asli|הודעה מקורית|الرسالة الأصلية|原始|元の|オリジナル|원본|antwortnachricht|"
    r"reply message|message reply"
)
_WROTE_WORDS = (
    "wrote|writes|schrieb|schrieben|schreibt|geschrieben|écrit|écrivait|escribió|escribio|scritto|scrisse|scrive|"
    "escreveu|schreef|geschreven|skrev|skreiv|kirjoitti|napisał|napisała|pisze|napsal|napsala|napísal|napísala|писал|"
    "писала|написал|написала|пишет|пише|написав|написа|írta|yazdı|έγραψε|έγραψαν|scris|pisao|napisao|napisala|kirjutas|"
    "rakstīja|rašė|parašė|menulis|viết|skrifaði|escriure|idatzi|כתב|כתבה|كتب|كتبت|كتابة"
)
#: words for "wrote"
WROTE = frozenset(_WROTE_WORDS.split("|"))
#: words for "quoting", with which such a line may begin instead
QUOTING = frozenset(("quoting", "zitat", "zitiere", "citando", "citation", "citat", "citerar", "citaat", "cytowanie"))
#: words that go before or behind them
WROTE_AUXILIARIES = frozenset(("a", "ha", "hat", "va", "je", "ezt", "đã", "du", "følgende", "följande"))
#: "wrote" where words are not divided, as a regular expression
WROTE_UNDIVIDED = "写道|寫道|写到|のメール|のメッセージ|書きました|작성|쓰신|썼습니다|เขียน"
#: what stands before the date in "On 3 May 2026 Petra wrote", as a regular expression
OPENINGS = (
    r"on|am|le|el|il|em|op|den|d\.|dne|dnia|dňa|w dniu|på|vào|pada|στις|στισ|το|на|la|u|dana|data|no dia|kl|um|a|al|"
    r"ngày|в|у|në|בתאריך|في|ב-|เมื่อ|il giorno|el día"
)

_SENT = (
    r"sent|gesendet|versendet|verschickt|geschickt|envoyé|enviad[oa]|enviat|inviato|verzonden|verstuurd|wysłan[eoay]|"
    r"skickat|skickades|sendt|lähetetty|отправлено|надіслано|изпратено|odesláno|odoslané|poslano|poslato|trimis|"
    r"saadetud|k[üu]ldve|elküldve|στάλθηκε|εστάλη|dikirim|được gửi"
)
_BY = (
    r"from|via|using|with|by|on|von|vom|mit|über|aus|per|auf|depuis|de|du|à partir|avec|desde|con|do|da|dal|dallo|por|"
    r"pelo|vanaf|van|met|uit|za|z|ze|från|med|fra|с|из|з|із|от|s|sa|so|iz|pomocí|de pe|din|minu|από|dari|từ"
)
_MESSAGE = r"diese (?:nachricht|e-?mail|mail)"
#: "Sent from my iPhone": the whole line, as a regular expression; `DEVICE` has to stand in it too
SENT_FROM = (
    rf"(?:{_SENT})\s(?:{_BY})\b.*|"
    # the verb last, or somewhere
    rf"(?:{_MESSAGE} wurde )?(?:von|vom|mit) .{{2,80}}?(?:gesendet|versendet|geschickt|verschickt|gesandt)\b.{{0,40}}|"
    rf"{_MESSAGE} wurde .{{0,80}}(?:gesendet|versendet|geschickt|verschickt)\b.{{0,40}}|"
    r".{1,40}(?:(?:から|より)送信\w*|에서 (?:보냄|전송됨|보낸 메일)| küldve|'?\w{0,9}d[ae]n gönderildi)\W{0,3}|"
    r"lähetetty\s.*|发自.*|發自.*|来自我的.*|從我的.*|从我的.*|傳送自.*|"
    # where to get the program
    r"(?:[^\W\d]+ ){0,4}outlook (?:[^\W\d]+ ){1,2}(?:ios|android)\b.*"
)
#: a device or a program: what tells "Sent from my phone" from "Sent from Hamburg on Monday"
DEVICE = (
    r"iphon|ipad|ipod|android|phone|telefon|handy|handheld|mobil|móvil|cellulare|portable|celular|tablet|unterwegs|"
    r"outlook|blackberry|samsung|galaxy|htc|nokia|sony|xperia|huawei|xiaomi|redmi|oneplus|pixel|motorola|lg\b|wiko|"
    r"windows|mail|yahoo|gmx|web\.de|k-?9|thunderbird|app\b|mac\b|macbook|device|gerät|lumia|proton|tutanota|telekom|"
    r"t-online|verizon|surface|zimbra|vodafone|airmail|spark|приложени|почт|устройств|телефон|смартфон"
)
#: "my", behind "sent from": what follows is a device, whatever it is called
MY = r"my|mein\w*|mon|ma|mi|mijn|min|mitt|minu|mio|mia|mojego|mého|môjho|моего|мого|моя|meu|minha|μου"

#: what a desk writes above what it sends, so that it can cut there
REPLY_ABOVE = re.compile(
    r"(?:reply|respond|write|type|answer|response)\w*\b.{0,30}\babove this line|"
    r"(?:antwort\w*|schreib\w*)\b.{0,40}\b(?:über|oberhalb) (?:von )?dies\w+ (?:zeile|linie)|"
    r"répond\w*\b.{0,40}\bau-dessus de cette ligne|respond\w*\b.{0,40}\b(?:encima|arriba) de esta línea",
    re.IGNORECASE,
)
