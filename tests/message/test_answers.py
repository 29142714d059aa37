"""Forms of answers that are rarer than those in `test_quoted`, and text that only looks like them."""

import pytest

from inbound.message.quoted import split_reply

NEW = "Ja, jetzt geht es.\n\nDanke, Jan"
OLD = "Ist der Drucker an?\n\nAnna"
MARKED = "> Ist der Drucker an?\n>\n> Anna"

# What announces a quote that carries no marks.
ANNOUNCEMENTS = {
    "Notes, with a preview": (
        "Anna Muster ---03.03.2026 14:05:11---Guten Tag, ist\n\nVon:\tAnna\nAn:\tJan\nDatum:\t03.03.2026 14:05"
    ),
    "Notes, the preview alone": "Anna Muster ---03/03/2026 02:05:11 PM---Good morning, is",
    "Postbox": "Anna Muster <mailto:anna@example.com>\nMarch 3, 2026 at 2:05 PM",
    "sup": "Excerpts from Anna Muster's message of Tue Mar 03 14:05:11 +0100 2026:",
    "Orange: only the fields are marked": (
        '> Message du 03/03/26 14:05\n> De : "Anna" <anna@example.com>\n> A : jan@example.com\n> Objet : Re: x\n>'
    ),
    "Centrum: the same below a rule": (
        '______________\n> Od: "Anna" <anna@example.com>\n> Komu: jan@example.com\n> Datum: 03.03.2026 14:05\n>'
    ),
    "fields above those that count": (
        "Message-ID: <1@example.com>\nFrom: anna@example.com\nTo: jan@example.com\nSubject: x\n"
        "Date: Tue, 3 Mar 2026 14:05:11 +0100"
    ),
    "a label of two words nobody told us about": (
        "From: Anna <anna@example.com>\nZzzz zz: 3/3/2026 2:05 PM\nTo: Jan\nSubject: x"
    ),
    "a short rule above the line": "---\nOn Tue, Mar 3, 2026 at 2:05 PM Anna <anna@example.com> wrote:",
    "a desk's line with a rule above it": "---\nBitte antworten Sie oberhalb dieser Zeile.",
    "Notes, fields below each other": "Anna Muster <anna@example.com>\n03.03.2026 14:05\n\nAn\nJan\nThema\nDrucker",
    "Outlook's order, without an address": "Von: Anna\nGesendet: Dienstag, 3. März 2026 14:05\nAn: Jan",
    "Persian": "فرستنده: Anna <anna@example.com>\nتاریخ: 03/03/2026 14:05\nگیرنده: Jan\nموضوع: x",
    "Hindi": "मंगल, 3 मार्च 2026 को 14:05 बजे Anna <anna@example.com> ने लिखा:",
}
# What announces one only where its marks follow.
WEAK_ANNOUNCEMENTS = (
    "In article <1@example.com>, anna@example.com says...",
    "Anna Muster said:",
    "On Tue, 3 Mar 2026 14:05:11 +0100, Anna Muster said:",
)


@pytest.mark.parametrize("announcement", ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS.keys())
def test_what_stands_below_an_announcement_is_quoted(announcement: str) -> None:
    """The new text ends where another mail is announced, however that is written."""
    reply = split_reply(f"{NEW}\n\n{announcement}\n\n{OLD}\n")
    assert (reply.new_text, reply.quoted_text) == (NEW, f"{announcement}\n\n{OLD}")


@pytest.mark.parametrize("announcement", [*ANNOUNCEMENTS.values(), *WEAK_ANNOUNCEMENTS])
def test_an_announcement_belongs_to_the_marked_quote_below_it(announcement: str) -> None:
    """It is no new text, either."""
    assert split_reply(f"{NEW}\n\n{announcement}\n{MARKED}\n").new_text == NEW


def test_a_quote_that_says_whose_it_is_goes_as_a_whole() -> None:
    """Phones mark the line above the quote as well; an answer below does not need to keep it."""
    quote = f"> Am 03.03.2026 um 14:05 schrieb Anna <anna@example.com>:\n>\n{MARKED}"
    reply = split_reply(f"Hallo Anna,\n\n{quote}\n\n{NEW}")
    assert (reply.new_text, reply.quoted_text) == (f"Hallo Anna,\n\n{NEW}", quote)


@pytest.mark.parametrize(
    "text",
    [
        # somebody tells of a mail, or of what happened when
        "As I wrote on 3/3/2026 at 2:05 PM:\n\nthe printer is broken.",
        "Wie am 03.03.2026 um 14:05 geschrieben:\n\nder Drucker steht.",
        "Am 03.03.2026 um 14:05 schrieb ich an anna@example.com:\n\nkeine Antwort.",
        "Am 3.3. um 14:05 habe ich an anna@example.com geschickt:\n1. Foto\n2. Rechnung",
        "On 3 March 2026 at 14:05 user anna@example.com got this error:\n\nkernel panic",
        # a log
        "Mar  3 14:05:11 host postfix[1]: from=<anna@example.com>:\nMar  3 14:05:12 host postfix[1]: removed",
        # code, also as the first line
        "```\n> x\nAm 03.03.2026 um 14:05 schrieb Anna:\n-- \n```\n\nWas ist das?",
        # dashes
        "A\tB\n1\t2\n\n-\t-",
        "Messwerte ---3 Stück--- liegen bei.",
        "Sent from warehouse A: 3 boxes\nSent from warehouse B: 4 boxes",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    """Prose, logs and lists are left alone."""
    assert split_reply(f"Hallo,\n\n{text}\n\nGruß").new_text == f"Hallo,\n\n{text}\n\nGruß"


@pytest.mark.parametrize(
    "signature",
    [
        "Sent from a typewriter",
        "--Jan",
        "---\nDiese E-Mail wurde von einem Antivirus-Programm auf Viren geprüft.\nhttps://example.com/scan",
        "<https://www.avast.com/sig-email?utm_medium=email>\nVirus-free. www.avast.com",
        "مُرسل من الـ iPhone",
        "iOS 版 Outlook を入手",
        "Securely sent with a mail program",
        "--~--~---------~--~----~------\nYou received this message because you are subscribed to a list.",
    ],
)
def test_rarer_signatures(signature: str) -> None:
    """What a person or program adds below the text is told apart from it."""
    reply = split_reply(f"{NEW}\n\n{signature}")
    assert (reply.new_text, reply.signature) == (NEW, signature)
