"""New text, quoted text, signature."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.message.quoted import split_reply
from steps import count_calls

NEW = "Guten Tag,\n\nder Drucker geht wieder.\n\nDanke, Petra"

# What stands between the new text and an unmarked quote.
SEPARATORS = {
    "Outlook desktop, German": (
        "Von: Hilfe <help@example.com>\nGesendet: Dienstag, 3. Mai 2026 10:15\nAn: Petra Muster <petra@example.com>\n"
        "Betreff: AW: Drucker"
    ),
    "Outlook desktop, English, old": (
        "-----Original Message-----\nFrom: Help [mailto:help@example.com]\nSent: Tuesday, May 3, 2026 10:15 AM\n"
        "To: Petra\nSubject: RE: Printer"
    ),
    "Outlook on the web": (
        "________________________________\nVon: Hilfe <help@example.com>\nGesendet: Dienstag, 3. Mai 2026 10:15\n"
        "An: Petra Muster <petra@example.com>\nBetreff: Drucker"
    ),
    "Outlook for Mac": (
        "Von: Hilfe <help@example.com>\nDatum: Dienstag, 3. Mai 2026 um 10:15\nAn: Petra <petra@example.com>\n"
        "Betreff: Drucker"
    ),
    "Outlook, bold labels": (
        "*From:* Help <help@example.com>\n*Sent:* Tuesday, May 3, 2026 10:15 AM\n*To:* Petra\n*Subject:* Printer"
    ),
    "Outlook, from HTML with a blank line between the fields": (
        "From: Help <help@example.com>\n\nSent: Tuesday, May 3, 2026 10:15 AM\n\nTo: Petra\n\nSubject: Printer"
    ),
    "Outlook, long list of recipients": (
        "From: Help <help@example.com>\nSent: Tuesday, May 3, 2026 10:15 AM\nTo: Petra <petra@example.com>;\n"
        " Max <max@example.com>;\n Eva <eva@example.com>\nCc: Udo\nSubject: Printer"
    ),
    "Gmail, German": "Am Di., 3. Mai 2026 um 10:15 Uhr schrieb Hilfe <help@example.com>:",
    "Gmail, English, wrapped": (
        "On Tue, May 3, 2026 at 10:15 AM Help Desk of the Example Company <\nhelp@example.com> wrote:"
    ),
    "Gmail, old": "2026-05-03 10:15 GMT+02:00 Help <help@example.com>:",
    "Apple Mail, German": "Am 03.05.2026 um 10:15 schrieb Hilfe <help@example.com>:",
    "Apple Mail, English": "On 3 May 2026, at 10:15, Help <help@example.com> wrote:",
    "Thunderbird, German": "Am 03.05.26 um 10:15 schrieb Hilfe:",
    "Thunderbird, English": "On 5/3/26 10:15 AM, Help wrote:",
    "GMX and web.de": (
        "Gesendet: Dienstag, 03. Mai 2026 um 10:15 Uhr\nVon: Hilfe <help@example.com>\nAn: petra@example.com\n"
        "Betreff: Drucker"
    ),
    "GMX, app": "Am 03.05.26, 10:15 schrieb Hilfe <help@example.com>:",
    "Samsung, German": (
        "-------- Ursprüngliche Nachricht --------\nVon: Hilfe <help@example.com>\nDatum: 03.05.26 10:15 (GMT+01:00)\n"
        "An: Petra <petra@example.com>\nBetreff: Drucker"
    ),
    "Samsung, English": (
        "-------- Original message --------\nFrom: Help <help@example.com>\nDate: 03/05/2026 10:15 (GMT+01:00)\n"
        "To: Petra <petra@example.com>\nSubject: Printer"
    ),
    "K-9, German": "Am 3. Mai 2026 10:15:12 MESZ schrieb Hilfe <help@example.com>:",
    "K-9, English": "On May 3, 2026 10:15:12 AM GMT+02:00, Help <help@example.com> wrote:",
    "Lotus Notes, German": (
        "Von:        Hilfe/EXAMPLE\nAn:        Petra/EXAMPLE@EXAMPLE\nDatum:        03.05.2026 10:15\n"
        "Betreff:        Drucker"
    ),
    "Lotus Notes, English": "Help/EXAMPLE wrote on 05/03/2026 10:15:12 AM:",
    "Zimbra": (
        "----- Ursprüngliche Mail -----\nVon: Hilfe <help@example.com>\nAn: petra@example.com\n"
        "Gesendet: Dienstag, 3. Mai 2026 10:15:12\nBetreff: Drucker"
    ),
    "Open-Xchange": "Hilfe <help@example.com> hat am 3. Mai 2026 um 10:15 geschrieben:",
    "Yahoo": "On Tuesday, May 3, 2026, 10:15:12 AM GMT+2, Help <help@example.com> wrote:",
    "BlackBerry": (
        "From: Help [mailto:help@example.com]\nSent: Tuesday, May 03, 2026 10:15 AM\nTo: Petra\nSubject: Printer"
    ),
    "Outlook Express": (
        "----- Original Message -----\nFrom: Help\nTo: Petra\nSent: Tuesday, May 03, 2026 10:15 AM\nSubject: Printer"
    ),
    "Proton": (
        "------- Original Message -------\nOn Tuesday, May 3rd, 2026 at 10:15 AM, Help <help@example.com> wrote:"
    ),
    "Zoho": "---- On Tue, 03 May 2026 10:15:12 +0200 Help <help@example.com> wrote ----",
    "The Bat": "On Tuesday, May 3, 2026, 10:15:12, you wrote:",
    "Horde, German": "Zitat von Hilfe <help@example.com>:",
    "Horde, English": "Quoting Help:",
    "Outlook, in one line": (
        "Von: Hilfe <help@example.com> Gesendet: Dienstag, 3. Mai 2026 10:15"
        " An: Petra <petra@example.com> Betreff: Drucker"
    ),
    "Hotmail, old": (
        "CC: max@example.com\nFrom: help@example.com\nSubject: Re: Printer\nDate: Tue, 3 May 2026 10:15:00 +0200\n"
        "To: petra@example.com"
    ),
    "Claws": "On Tue, 3 May 2026 10:15:12 +0200\nHelp <help@example.com> wrote:",
    "Evolution": "Am Dienstag, den 03.05.2026, 10:15 +0200 schrieb Hilfe:",
    "a service desk": "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein -##",
    "Gmail, older": "2026/5/3 Help <help@example.com>",
    "T-Online, app": "Am 03.05.26 um 10:15 schrieb Hilfe",
    "AOL": "In a message dated 5/3/2026 10:15:12 A.M. Eastern Standard Time, \nhelp@example.com writes:",
    "GroupWise": '>>> "Hilfe" <help@example.com> 03.05.2026 10:15 >>>',
    "Sony": "---- Hilfe schrieb ----",
    "BlackBerry, mark without dashes": (
        "  Originalnachricht  \nVon: Hilfe\nGesendet: Dienstag, 3. Mai 2026 10:15\nAn: Petra\nBetreff: Drucker"
    ),
    "NetEase": (
        "---- Replied Message ----\n| From | Help<help@example.com> |\n| Date | 05/03/2026 10:15 |\n"
        "| To | Petra<petra@example.com> |\n| Subject | Printer |"
    ),
    "Proton, old": (
        "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Tuesday, May 3, 2026 10:15 AM, Help <help@example.com> wrote:"
    ),
    "a date whose label nobody told us about": (
        "From: Help <help@example.com>\nZzzz: Tuesday, May 3, 2026 10:15 AM\nTo: Petra\nSubject: Printer"
    ),
    "a rule above the line": "________________________________\nAm 03.05.2026 um 10:15 schrieb Hilfe:",
}


# These need the marks of the quote below them.
WEAK = ("Horde, German", "Horde, English")


@pytest.mark.parametrize("separator", [text for name, text in SEPARATORS.items() if name not in WEAK])
def test_what_stands_below_a_separator_is_quoted(separator: str) -> None:
    """Of every program the new text is told from the quote below, which carries no marks."""
    quote = f"{separator}\n\nGuten Tag,\n\nist er denn an?\n\nHilfe"
    reply = split_reply(f"{NEW}\n\n{quote}\n")
    assert (reply.new_text, reply.quoted_text, reply.signature) == (NEW, quote, "")


@pytest.mark.parametrize("separator", [text for text in SEPARATORS.values() if not text.startswith(("##", ">>>"))])
def test_answers_below_a_marked_quote_are_new(separator: str) -> None:
    """Bottom-posting survives: quoted lines end where their marks end."""
    reply = split_reply(f"{separator}\n> Ist er denn an?\n>\n> Hilfe\n\n{NEW}\n")
    assert reply.new_text == NEW


@pytest.mark.parametrize(
    "line",
    [
        "Le mar. 3 mai 2026 à 10:15, Petra <petra@example.com> a écrit :",
        "El mar, 3 may 2026 a las 10:15, Petra (<petra@example.com>) escribió:",
        "Il giorno mar 3 mag 2026 alle ore 10:15 Petra <petra@example.com> ha scritto:",
        "Em ter., 3 de mai. de 2026 às 10:15, Petra <petra@example.com> escreveu:",
        "Op di 3 mei 2026 om 10:15 schreef Petra <petra@example.com>:",
        "wt., 3 maj 2026 o 10:15 Petra <petra@example.com> napisał(a):",
        "Den tis 3 maj 2026 kl 10:15 skrev Petra <petra@example.com>:",
        "Den tirs. 3. maj 2026 kl. 10.15 skrev Petra <petra@example.com>:",
        "ti 3. toukok. 2026 klo 10.15 Petra (petra@example.com) kirjoitti:",
        "вт, 3 мая 2026 г. в 10:15, Petra <petra@example.com>:",
        "Вторник, 3 мая 2026, 10:15 +03:00 от Petra <petra@example.com>:",
        "út 3. 5. 2026 v 10:15 odesílatel Petra <petra@example.com> napsal:",
        "Petra <petra@example.com> ezt írta (időpont: 2026. máj. 3., K, 10:15):",
        "Petra <petra@example.com>, 3 May 2026 Sal, 10:15 tarihinde şunu yazdı:",
        "2026年5月3日(火) 10:15 Petra <petra@example.com>:",
        "Petra <petra@example.com> 于2026年5月3日周二 10:15写道：",
        "2026년 5월 3일 (화) 오전 10:15, Petra <petra@example.com>님이 작성:",
        "вт, 3 трав. 2026 р. о 10:15 Petra <petra@example.com> пише:",
        "Στις Τρί, 3 Μαΐ 2026 στις 10:15 π.μ., ο/η Petra <petra@example.com> έγραψε:",
        "În mar., 3 mai 2026 la 10:15, Petra <petra@example.com> a scris:",
        "uto, 3. svi 2026. u 10:15 Petra <petra@example.com> napisao je:",
        "Kuupäev 3. mai 2026 kell 10:15 kirjutas Petra <petra@example.com>:",
        "На вт, 3.05.2026 г. в 10:15 Petra <petra@example.com> написа:",
        "otrd., 2026. g. 3. maijs, plkst. 10:15 — lietotājs Petra (<petra@example.com>) rakstīja:",
        "Vào Th 3, 3 thg 5, 2026 vào lúc 10:15 Petra <petra@example.com> đã viết:",
        "\u202bבתאריך יום ג׳, 3 במאי 2026 ב-10:15 מאת \u202aPetra\u202c <\u202apetra@example.com\u202c\u200f>:\u202c",
        # a language nobody told us about
        "Zzz 3 zzzz 2026 zz 10:15 zzzz Petra <petra@example.com> zzzzz:",
    ],
)
@pytest.mark.parametrize("quote", ["\n> alt\n> alt", "\n\nalt\n\nalt"], ids=["marked", "unmarked"])
def test_attribution_lines_of_many_languages(line: str, quote: str) -> None:
    """A line with a date, an address and a colon at its end opens a quote, whatever else it says."""
    assert split_reply(f"neu\n\n{line}\n{quote}\n").new_text == "neu"
    words = line.split(" ")
    wrapped = " ".join(words[:-2]) + "\n" + " ".join(words[-2:])
    assert split_reply(f"neu\n\n{wrapped}\n{quote}\n").new_text == "neu"


@pytest.mark.parametrize(
    "line",
    [
        "2. mai 2026 kl. 10:15 skrev Petra Muster <petra@example.com>:",
        "02.05.2026 10:15, Petra Muster пишет:",
        "Petra Muster <petra@example.com> schrieb:",
        "Petra Muster <petra@example.com> hat am 3. Mai 2026 um 10:15 geschrieben:",
        "Zitat von Petra Muster <petra@example.com>:",
    ],
)
def test_the_text_right_above_an_attribution_line_is_none_of_it(line: str) -> None:
    """A greeting without a blank line below it does not begin the line that quotes."""
    assert split_reply(f"{NEW}\n{line}\n> alt\n> alt\n").new_text == NEW


@pytest.mark.parametrize(
    "lines",
    [
        "---- On Tue, 03 May 2026 10:15:12 +0200\nPetra <petra@example.com> wrote ----",
        "Petra <petra@example.com> ezt írta (időpont: 2026.\nmáj. 3., K, 10:15):",
        "ma 2. maalisk.\n2026 klo 10.15 Petra (petra@example.com) kirjoitti:",
        "Petra Muster schrieb am\n03.05.2026 10:15:12:",
        "Petra <petra@example.com>, 3 May\n2026 Sal, 10:15 tarihinde şunu yazdı:",
    ],
)
def test_wrapped_attribution_lines(lines: str) -> None:
    """Programs wrap them inside of dates and brackets, too."""
    reply = split_reply(f"neu\n\n{lines}\n\n> alt\n")
    assert (reply.new_text, reply.quoted_text) == ("neu", f"{lines}\n\n> alt")


@pytest.mark.parametrize(
    "line",
    [
        "## Schreiben Sie Ihre Antwort über dieser Zeile ##",
        "--- Reply ABOVE THIS LINE to post a comment ---",
        "##- Veuillez entrer votre réponse au-dessus de cette ligne -##",
        "##- Typ uw antwoord boven deze regel -##",
        "##- Zzz zzzz zz zzz -##",
    ],
)
def test_desks_ask_for_answers_above_a_line(line: str) -> None:
    """What a desk wrote below it comes back with every reply."""
    assert split_reply(f"neu\n\n{line}\n\nalt").new_text == "neu"


@pytest.mark.parametrize(
    "text",
    [
        # header fields in prose
        "Der Zug:\nVon: Berlin\nAn: Hamburg\nDatum: morgen",
        "From: Monday\nTo: Friday\nwe are closed.",
        "Ich habe eine Mail geschickt:\nVon: ich@example.com\nAn: du@example.com\nBetreff: Test\nSie kam nie an.",
        "Betreff: Drucker\n\nEr druckt nicht.",
        # sentences like attribution lines
        "On your server you can run:\n\n    ls\n\nOn Monday it failed with this:\n\n    error 3",
        "Am Montag schrieb mir der Drucker:\n\nPapier ist alle.",
        "Le problème est le suivant :\n\nrien ne marche.",
        "The log of 2026-05-03 10:15:\n\nerror",
        "Am 03.05.2026 um 10:15 schrieb ich Ihnen\n\nund bekam keine Antwort.",
        # signature marks that are none
        "Drei Punkte:\n-- der erste\n-- der zweite",
        "Sent from Hamburg on Monday, the parcel\nnever arrived.",
        "Von meinem Kollegen habe ich gehört, dass das Paket gesendet wurde.",
        "Original message of the printer: paper jam",
        "--- Originaltext ---\nfoo\n\n--- Übersetzung ---\nbar",
        # quote marks that are none
        "x > y\ny >= 3",
        "     > indented, a diagram",
        # rules and dashes that open no signature
        "Zwei Teile:\n\n---\n\nDas ist der erste Teil.\n\n---\n\nDas ist der zweite",
        "Überschrift\n===========\n\nText",
        "Bitte bestellen:\n\n-Toner",
        "```\n// Sent from my iPhone\n-- \nx\n```\n\nstimmt nicht.",
        # a form, a chronicle
        "Name: Petra\nE-Mail: petra@example.com\nDatum: 3.5.2026 10:15\nBetreff: Drucker",
        "03.05.2026 10:15 Anruf\n03.05.2026 11:15 Besuch",
    ],
)
def test_prose_is_left_alone(text: str) -> None:
    """What only looks like a quote or a signature stays."""
    reply = split_reply(f"Hallo,\n\n{text}\n\nGruß")
    assert reply.new_text == f"Hallo,\n\n{text}\n\nGruß"
    assert reply.rest == ""


def test_answers_between_quotes_keep_what_they_answer() -> None:
    """Of a mail answered point by point, each answer stays with the quote above it; the last quote goes."""
    reply = split_reply(
        "Am 03.05.2026 um 10:15 schrieb Hilfe <help@example.com>:\n> Guten Tag,\n>\n> welcher Drucker?\n\n"
        "Der im Flur.\n\n"
        "> Seit wann?\nMontag.\n\n> Gruß\n> Hilfe\n"
    )
    assert reply.new_text == "> Guten Tag,\n>\n> welcher Drucker?\n\nDer im Flur.\n\n> Seit wann?\nMontag."
    assert reply.quoted_text == "Am 03.05.2026 um 10:15 schrieb Hilfe <help@example.com>:\n\n> Gruß\n> Hilfe"


def test_of_a_long_quote_the_last_paragraph_stays() -> None:
    """Three answers do not keep the whole thread."""
    thread = "".join(f"> Zeile {number}\n" for number in range(50))
    answers = f"{thread}>\n> Wo?\n\nHier.\n\n> Wann?\n\nJetzt."
    reply = split_reply(f"Am 3.5.2026 um 10:15 schrieb H. <h@example.com>:\n{answers}")
    assert reply.new_text == "> Wo?\n\nHier.\n\n> Wann?\n\nJetzt."
    assert reply.quoted_text.endswith("> Zeile 49\n>")


def test_the_frame_of_a_signed_text_is_no_text() -> None:
    """PGP puts a line and its hash above, and the signature below."""
    above, below = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256", "-----BEGIN PGP SIGNATURE-----\n\niQEz"
    assert split_reply(f"{above}\n\nneu\n{below}").new_text == "neu"


def test_initials_before_the_mark() -> None:
    """Old mailers quote with the author's initials; a single line like that is text."""
    assert split_reply("neu\n\nPM> alt\nPM> und älter").new_text == "neu"
    assert split_reply("neu\n\nPM> alt").quoted_text == ""


def test_a_rule_below_a_quote_opens_a_signature() -> None:
    """Where the answer stands above or between."""
    assert split_reply("neu\n\n> alt\n\n_______\nPetra, Abteilung 3").signature == "_______\nPetra, Abteilung 3"


def test_a_mail_that_is_only_forwarded_keeps_its_header() -> None:
    """Nothing stands above: the forwarded mail is the text, without what that one quotes in turn."""
    header = SEPARATORS["Outlook desktop, German"]
    reply = split_reply(f"{header}\n\n{NEW}\n\nAm 3.5.2026 um 10:15 schrieb H. <h@example.com>:\n> alt")
    assert reply.new_text == f"{header}\n\n{NEW}"
    assert reply.quoted_text == "Am 3.5.2026 um 10:15 schrieb H. <h@example.com>:\n> alt"


def test_an_attribution_line_above_everything_goes() -> None:
    """An answer below a quote whose marks were lost cannot be found, but the line above is no part of it."""
    line = "Am 3.5.2026 um 10:15 schrieb H. <h@example.com>:"
    reply = split_reply(f"{line}\n\nWelcher?\n\nDer im Flur.")
    assert (reply.new_text, reply.quoted_text) == ("Welcher?\n\nDer im Flur.", line)


def test_a_line_quoted_in_the_middle_stays() -> None:
    """Somebody quotes a sentence by hand and answers it."""
    text = "Hallo,\n\n> Welcher Drucker?\n\nDer im Flur.\n\nGruß"
    assert split_reply(text).new_text == text


def test_torn_off_ends_of_quoted_lines_are_quoted() -> None:
    """A program wrapped long quoted lines and forgot the mark of the rest: that is no answer."""
    long = "> Dieser Satz ist so lang, dass ihn ein altes Programm umbricht, ohne das Zeichen zu"
    reply = split_reply(f"neu\n\nAm 03.05.2026 um 10:15 schrieb Hilfe <h@example.com>:\n{long}\nwiederholen.\n> Ende\n")
    assert reply.new_text == "neu"


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nPetra Muster\nMusterweg 1\n\nTelefon 0123",
        "--\nPetra Muster",
        "Von meinem iPhone gesendet",
        "Gesendet mit der GMX Mail App",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Holen Sie sich Outlook für iOS<https://example.com/x>",
        "Sent from my iPhone",
        "Sent from my Samsung Galaxy, an AT&T LTE smartphone",
        "Get Outlook for Android",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Wysłane z iPhone'a",
        "Skickat från min iPhone",
        "Lähetetty iPhonesta",
        "Отправлено с iPhone",
        "iPhoneから送信",
        "发自我的 iPhone",
        "Sent from Zzzz",
        "Mobil gesendet",
        "发送自我的 iPhone",
        "Get BlueMail for Android",
        "Bitte entschuldigen Sie meine Kürze.",
        "-Petra",
        "-Petra Muster\n\n____________________\nUsers mailing list",
        "ᐧ",
        "Links:\n------\n[1] https://example.com/",
        "____\nPetra Muster\nBeispiel GmbH & Co.\nTelefon 0123 456",
        "—————\nPetra Muster\nLeitung",
        "______________________________\nThis message is confidential. If it is not for you, delete it.",
        "-----BEGIN PGP SIGNATURE-----\niQEz\n-----END PGP SIGNATURE-----",
        "_______________________________________________\nUsers mailing list\nhttps://lists.example.com/listinfo/users",
    ],
)
@pytest.mark.parametrize(
    "quote", ["", "Am 03.05.2026 um 10:15 schrieb Hilfe <h@example.com>:\n> alt"], ids=["", "quote"]
)
def test_signatures_are_told_apart(signature: str, quote: str) -> None:
    """Below the text or between text and quote: the signature is neither."""
    reply = split_reply(f"{NEW}\n\n{signature}\n\n{quote}")
    assert (reply.new_text, reply.signature, reply.quoted_text) == (NEW, signature, quote)
    assert reply.rest == f"{signature}\n\n{quote}".strip()


@pytest.mark.parametrize(
    "text",
    [
        "-- \nPetra",
        "> alt\n> alt",
        "Am 03.05.2026 um 10:15 schrieb Hilfe <h@example.com>:\n\n> alt",
        "",
        "Sent from my iPhone",
    ],
)
def test_something_always_remains(text: str) -> None:
    """If nothing would be new, everything is."""
    reply = split_reply(text)
    assert (reply.new_text, reply.quoted_text, reply.signature, reply.rest) == (text, "", "", "")


LINES = (
    "|neu|> alt|>> älter|-- |--|On Tue, May 3, 2026 at 10:15 AM Petra <petra@example.com> wrote:|"
    "Petra <petra@example.com>|"
    "schrieb:|> wrote:|From: a@example.com|To: b@example.com|Date: 3.5.2026 10:15|Subject: x|________________|"
    "-----Original Message-----|---------- Forwarded message ---------|Sent from my iPhone|Begin forwarded message:|"
    "## reply above this line ##|am 3. Mai 2026 10:15,|\u202b>"
)
TEXTS = st.lists(st.sampled_from(LINES.split("|")) | st.text(max_size=30), max_size=25).map("\n".join)


@given(st.text() | TEXTS)
@example("\n--\n>\nneu")
def test_no_line_is_lost_or_doubled(text: str) -> None:
    """Every line that is not blank is in exactly one part, and nothing raises."""
    reply = split_reply(text)
    parts = (reply.new_text, reply.quoted_text, reply.signature)
    assert _spoken(text) == sum(map(_spoken, parts), Counter())
    assert _spoken(reply.rest) == _spoken(reply.quoted_text) + _spoken(reply.signature)


def _spoken(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.split("\n") if line.strip())


HOSTILE: dict[str, Callable[[int], str]] = {
    "attribution lines": lambda n: "On Tue, May 3, 2026 at 10:15 AM Petra <petra@example.com> wrote:\n" * n,
    "marked attribution lines": lambda n: "> On Tue, May 3, 2026 at 10:15 AM Petra <petra@example.com> wrote:\n" * n,
    "beginnings of attribution lines": lambda n: "On Tue, May 3, 2026\n" * n,
    "ends of attribution lines": lambda n: "schrieb:\n" * n,
    "colons": lambda n: "am 3.5.2026 um 10:15 a@example.com:\n" * n,
    "header fields": lambda n: "From: a@example.com\n" * n,
    "recipients": lambda n: "x\nTo: a@example.com,\n" + "b@example.com,\n" * n,
    "rules": lambda n: "x\n" + "_" * 30 + "\n" * n,
    "marks": lambda n: "-- Forward --\n" * n,
    "quotes": lambda n: "> a\nb\n" * n,
    "quote marks": lambda n: ">" * n,
    "torn lines": lambda n: ("> " + "a" * 70 + "\nb\n") * n,
    "signatures": lambda n: "-- \nSent from my iPhone\n" * n,
    "blank lines": lambda n: "\n" * n,
    "one line": lambda n: "From: a " * n,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_steps_grow_with_the_length(make: Callable[[int], str]) -> None:
    """Twice the input takes at most 2.5 times the steps."""
    once, twice = make(500), make(1000)
    split_reply(once)
    assert count_calls(lambda: split_reply(twice)) <= 2.5 * count_calls(lambda: split_reply(once)) + 100


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_ends(make: Callable[[int], str]) -> None:
    """A megabyte is read, and nothing of it is lost."""
    text = make(1_000_000 // (len(make(2)) - len(make(1))))
    reply = split_reply(text)
    assert len(reply.new_text) + len(reply.rest) >= len(text.strip()) - text.count("\n") - 1
