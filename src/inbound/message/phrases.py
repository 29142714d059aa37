"""What mail programs write around quoted and forwarded mail, in the languages they speak.

Tables only, compared case-folded. Labels are the header fields that programs repeat in the text (``Von:``,
``Gesendet:``); stems are the parts of words that stay the same whatever stands around them (``weitergeleitet`` in
"Weitergeleitete Nachricht" and "Anfang der weitergeleiteten Nachricht").
"""

import re

#: field -> labels, divided by ``|``
_LABELS = {
    "from": (
        "from|sender|von|no|absender|de|expéditeur|remitente|remetente|da|mittente|van|afzender|od|nadawca|odesílatel|"
        "odosielateľ|fra|avsender|afsender|från|avsändare|lähettäjä|feladó|de la|expeditor|expeditorul|от|от кого|"
        "отправитель|від|від кого|відправник|подател|изпращач|saatja|kimden|gönderen|šalje|pošiljatelj|pošiljalac|"
        "πρόσωπο|από|αποστολέας|nuo|sūtītājs|frá|dari|từ|người gửi|מאת|من|จาก|"
        "فرستنده|از|daripada|nga|kimdən|प्रेषक|кімнен|од|差出人|送信者|送件者|发件人|發件人|寄件者|寄件人|"
        "보낸 사람|보낸사람|보낸이|보내는 사람"
    ),
    "to": (
        "to|an|empfänger|à|destinataire|pour|a|para|destinatario|destinatário|aan|ontvanger|komu|adresat|adresát|do|"
        "odbiorca|pre|til|mottaker|modtager|till|mottagare|vastaanottaja|címzett|către|la|destinatar|destinatarul|"
        "кому|получатель|одержувач|до|получател|saaja|kellele|kime|alıcı|prima|primatelj|za|προς|παραλήπτης|kam|"
        "per a|adressaat|گیرنده|به|për|kimə|प्रति|кімге|"
        "adresātam|kepada|đến|người nhận|אל|إلى|ถึง|宛先|收件人|收件者|받는 사람|받는사람|받는이"
    ),
    "cc": (
        "cc|c.c.|c/c|kopie|kopie an|in kopie|copie|copie à|copia|con copia|cópia|cópia para|kopia|kópia|kópie|kopi|"
        "kopio|másolat|másolatot kap|dw|do wiadomości|копия|копія|копие|koopia|bilgi|kopija|κοιν.|κοιν|κοινοποίηση|"
        "kp|tembusan|đồng kính gửi|עותק|نسخة|สำเนา|抄送|副本|참조"
    ),
    "bcc": ("bcc|bc|blindkopie|cci|cco|ccn|skrytá kopie|skrytá kópia|udw|hemlig kopia|blindkopi|piilokopio|密送"),
    "date": (
        "date|sent|sent on|sent at|message du|datum|gesendet|gesendet am|datum/uhrzeit|envoyé|envoyé le|date d'envoi|"
        "fecha|enviado|enviado el|"
        "enviado em|enviada em|enviada|enviat|data|inviato|verzonden|verzonden op|verstuurd|odesláno|odoslané|dátum|"
        "dátuma|wysłano|wysłane|data wysłania|dato|sendt|skickat|skickad|skickades|lähetetty|päivämäärä|päiväys|pvm|"
        "elküldve|küldve|küldés ideje|trimis|trimis la|дата|отправлено|дата отправки|надіслано|відправлено|изпратено|"
        "تاریخ|dihantar|dërguar|göndərildi|भेजा गया|жіберілді|послато|"
        "gesendet um|verschickt|kuupäev|saadetud|enviat el|αποστολή|terkirim|تم الإرسال|ส่ง|"
        "kuupäev|saadetud|saatmisaeg|tarih|gönderildi|gönderme tarihi|gönderilme tarihi|poslano|poslato|ημερομηνία|"
        "ημ/νία|εστάλη|στάλθηκε|datums|nosūtīts|išsiųsta|tanggal|dikirim|ngày|đã gửi|תאריך|נשלח|التاريخ|"
        "تاريخ الإرسال|วันที่|送信日時|日付|日時|发送时间|發送時間|发送日期|日期|时间|寄件日期|傳送日期|"
        "보낸 날짜|보낸날짜|날짜|보낸시간|보낸 시간"
    ),
    "subject": (
        "subject|betreff|موضوع|विषय|тақырыбы|paksa|gaia|ogg|rubrik|tēma|mövzu|titulli|betrifft|betr.|objet|sujet|asunto|assunto|oggetto|onderwerp|předmět|predmet|temat|emne|ämne|"
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
        "bilagor|vedlegg|when|where|required attendees|optional attendees|location|wann|wo|ort|quand|où|cuándo|dónde|"
        "fichiers joints|annexes|anexos|bijlage|bilaga|vedhæftede filer|přílohy|prílohy|вложения|添付ファイル|"
        "flag status|local time|utc time|external|delivered-to|return-path|x-mailer|content-type|resent-date"
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
    "yönlendiril|edastat|προωθ|persiųst|pārsūt|áframsen|diteruskan|chuyển tiếp|הועבר|מועברת|معاد توجيه|ส่งต่อ|"
    "posunut|edasisaadet|terusan|прослеђ|проследен|reenviat|転送|转发|"
    "轉寄|轉發|전달"
)
#: parts of "original message", as a regular expression
ORIGINAL = (
    r"original|originale|originalnachricht|ursprüngl|urspr\.|d'origine|d’origine|initial|oorspronkelijk|oprindelig|"
    r"opprinnelig|ursprung|alkuperäinen|eredeti|исходн|оригинал|первоначальн|початков|původní|pôvodn|izvorn|izvirn|"
    r"orijinal|özgün|iletinin aslı|αρχικό|πρωτότυπ|algne|algupära|oryginaln|orjinal|upprunaleg|оригіналь|原邮件|"
    r"sākotnēj|originali|thư gốc|pesan asli|הודעה מקורית|الرسالة الأصلية|原始|元の|オリジナル|원본|antwortnachricht|"
    r"repl(?:y|ied) message|message reply|邮件原件|กเดิม|asal\b"
)
_WROTE_WORDS = (
    "wrote|writes|schrieb|schriebst|schriebt|schrieben|schreibt|geschrieben|écrit|écrivait|escribió|escribio|scritto|scrisse|scrive|"
    "escreveu|schreef|geschreven|skrev|skreiv|kirjoitti|napisał|napisała|pisze|napsal|napsala|napísal|napísala|писал|"
    "писала|написал|написала|пишет|пише|написав|написа|írta|yazdı|έγραψε|έγραψαν|scris|pisao|napisao|napisala|kirjutas|"
    "rakstīja|rašė|parašė|menulis|viết|skrifaði|escriure|escrit|escribiu|idatzi|כתב|כתבה|كتب|كتبت|كتابة|نوشت|"
    "napisana|napisal|napísali|napsali|pisal|pisala|написао|писао|напиша|пишува|напісаў|yazmış|schrijft|skriver|"
    "escribe|escreve|scrie|shkroi|sulat|geskryf|isinulat|aliandika|ysgrifennodd|scríobh|escribíu|yazıb|жазды|бичсэн|"
    "գրել|գրեց|yozdi"
)
#: words for "wrote"
WROTE = frozenset(_WROTE_WORDS.split("|"))
#: words for "quoting", with which such a line may begin instead
QUOTING = frozenset(
    ("quoting", "zitat", "zitiere", "citando", "citation", "citat", "citerar", "citaat", "cytowanie", "excerpts")
)
#: words that go before or behind them
WROTE_AUXILIARIES = frozenset(("a", "ha", "hat", "va", "je", "ezt", "đã", "du", "følgende", "följande"))
#: "wrote" where words are not divided, as a regular expression
WROTE_UNDIVIDED = (
    "写道|寫道|写到|のメール|のメッセージ|書きました|작성|쓰신|쓴 글|썼습니다|เขียน|"
    # words that combining marks divide
    "लिखा|लिहिले|লিখেছেন|লিখেছে|எழுதியது|எழுதினார்|రాసారు|రాశారు|લખ્યું|ಬರೆದಿದ್ದಾರೆ|എഴുതി|لکھا|დაწერა|წერს"
)
#: words that stand for "wrote" where quoted lines follow
SAID = frozenset(("said", "says", "asked", "replied", "responded", "commented", "sagte", "meinte", "spake"))
#: what stands before the date in "On 3 May 2026 Petra wrote", as a regular expression
OPENINGS = (
    r"on|am|le|el|il|em|op|den|d\.|dne|dnia|dňa|w dniu|på|vào|pada|στις|στισ|το|на|la|u|dana|data|no dia|kl|um|a|al|"
    r"ngày|v|в|у|дана|në|בתאריך|في|ב-|เมื่อ|ในวันที่|il giorno|el día|þann|in a message dated|"
    r"wiadomość napisana przez|użytkownik|missatge de"
)

_SENT = (
    r"sent|send|gesendet|versendet|verschickt|geschickt|envoyé|enviad[oa]|enviat|inviato|verzonden|verstuurd|wysłan[eoay]|"
    r"skickat|skickades|skickas|secured|securely sent|nosūtīts|išsiųsta|đã gửi|"
    r"sendt|lähetetty|отправлено|надіслано|изпратено|odesláno|odoslané|poslano|poslato|trimis|"
    r"saadetud|elküldve|στάλθηκε|εστάλη|dikirim|được gửi"
)
_BY = (
    r"from|via|using|with|by|on|von|vom|mit|über|aus|per|auf|depuis|de|du|à partir|avec|desde|con|do|da|dal|dallo|por|"
    r"pelo|vanaf|vanuit|van|des|no|iš|со|met|uit|za|z|ze|från|med|fra|с|из|з|із|от|s|sa|so|iz|pomocí|de pe|din|minu|"
    r"από|dari|từ"
)
_MESSAGE = r"diese (?:nachricht|e-?mail|mail)"
#: "Sent from my iPhone": the whole line, as a regular expression; `DEVICE` has to stand in it too
SENT_FROM = (
    rf"(?:{_SENT})\s(?:{_BY})\b.*|"
    # the verb last, or somewhere
    rf"(?:{_MESSAGE} wurde )?(?:von|vom|mit) .{{2,80}}?(?:gesendet|versendet|geschickt|verschickt|gesandt)\b.{{0,40}}|"
    rf"{_MESSAGE} wurde .{{0,80}}(?:gesendet|versendet|geschickt|verschickt)\b.{{0,40}}|"
    r".{1,40}(?:(?:から|より)送信\w*|에서 (?:보냄|전송됨|보낸 메일)| küldve|'?\w{0,9}d[ae]n gönderildi)\W{0,3}|"
    r"lähetetty\s.*|k[üu]ldve\s.*|.{1,40} ile gönderildi\W?|"
    r"发自.*|發自.*|发送自.*|来自我的.*|從我的.*|从我的.*|傳送自.*|"
    r"נשלח מ.*|(?:أ\u064f?رسلت|م\u064f?رسل|تم الإرسال) من.*|ส่งจาก.*|mobil gesendet\W?|provenance\s?: .*|"
    r"(?:please excuse|excuse|sorry for|bitte entschuldigen sie|veuillez excuser|disculp\w+) .{1,60}|"
    # what a virus scanner adds
    r"<?https?://www\.(?:avast|avg)\.com/.*|[^\W\d]+[ -][^\W\d]+[ -]?[^\W\d]*\W{1,3}(?:www\.)?(?:avast|avg)\.com\b.*|"
    # where to get the program
    r"(?:[^\W\d]+ ){0,4}outlook (?:[^\W\d]+ ){1,2}(?:ios|android)\b.*|"
    r"(?:get|download|try) (?:[^\W\d]+ ){1,3}for (?:ios|android|mac|windows)\b.*|ios için outlook.{1,20}|"
    r".{0,12}outlook.{0,12}を入手\W?"
)
#: a device or a program: what tells "Sent from my phone" from "Sent from Hamburg on Monday"
DEVICE = (
    r"iphon|ipad|ipod|android|phone|telefon|handy|handheld|mobil|móvil|cellulare|portable|celular|tablet|unterwegs|"
    r"outlook|blackberry|samsung|galaxy|htc|nokia|sony|xperia|huawei|xiaomi|redmi|oneplus|pixel|motorola|lg\b|wiko|"
    r"windows|mail|yahoo|gmx|web\.de|k-?9|thunderbird|app\b|mac\b|macbook|device|gerät|lumia|proton|tutanota|telekom|"
    r"t-online|verizon|surface|zimbra|vodafone|airmail|spark|приложени|почт|устройств|телефон|смартфон|palm|on the go|"
    r"from the road|avast|avg|brevity|typos|kürze|tippfehler|brièveté|brevedad|手机|手機|设备|邮件|郵件|メール|휴대|"
    r"스마트폰|메일"
)
#: "Sent from" with the program behind it, as a regular expression
SENT_FROM_PROGRAM = rf"(?:{_SENT})\s(?:{_BY})\s"
#: "my", behind "sent from": what follows is a device, whatever it is called
MY = r"my|mein\w*|mon|ma|mi|mijn|min|mitt|minu|mio|mia|mojego|mého|môjho|моего|мого|моя|meu|minha|μου"

#: parts of "line", one of which is in what follows
LINE_STEMS = ("line", "lini", "zeile", "ligne", "líne", "linha", "riga", "regel", "lijn", "linj", "rad", "wiersz")
#: what a desk writes above what it sends, so that it can cut there
REPLY_ABOVE = re.compile(
    r"\b(?:reply|respond|write|type|answer|response|comment)\w*\b.{0,40}\babove (?:this|the) (?:\w+ )?line|"
    r"\bdo not (?:delete|write|type|reply|edit)\b.{0,40}\bbelow this line|"
    r"\b(?:antwort\w*|schreib\w*)\b.{0,40}\b(?:über|oberhalb) (?:von )?(?:dies\w+|der) (?:zeile|linie)|"
    r"\b(?:répon\w+|écri\w+)\b.{0,40}\bau[- ]dess?us de cette ligne|"
    r"\b(?:respond\w*|respuesta|escrib\w+)\b.{0,40}\b(?:encima|arriba) de esta línea|"
    r"\b(?:respost\w+|respond\w*|digit\w+)\b.{0,40}\bacima desta linha|"
    r"\b(?:rispost\w+|rispond\w*|scriv\w+)\b.{0,40}\bsopra (?:a )?questa (?:riga|linea)|"
    r"\b(?:antwoord\w*|reageer|typ\w*)\b.{0,40}\bboven deze (?:regel|lijn)|"
    r"\b(?:svar\w*|skriv\w*)\b.{0,40}\b(?:ovan\w*|ovenfor|over) (?:den här raden|denne linj[ae]n?|denna rad)|"
    r"\b(?:odpowie\w+|odpowiedź|napisz)\b.{0,40}\bpowyżej te(?:j|go) (?:linii|wiersza)",
    re.IGNORECASE,
)
