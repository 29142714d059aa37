"""Forwarded mail."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.message.forwarded import count_blocks, read_embedded, read_forward
from inbound.message.header_blocks import label_of
from inbound.message.phrases import FIELD_OF
from inbound.model.mail import Address, Forward
from steps import count_calls

BODY = "Guten Tag,\n\nder Drucker druckt nicht.\n\nPetra"
PETRA = Address(name="Petra Muster", address="petra@example.com")
HELP = Address(name="Hilfe", address="help@example.com")
MAX = Address(name="", address="max@example.com")

#: what stands above the body, and the subject of the mail
FORWARDS = {
    "Outlook desktop, German": (
        "WG: Drucker",
        (
            "Von: Petra Muster <petra@example.com>\nGesendet: Dienstag, 3. Mai 2026 10:15\n"
            "An: Hilfe <help@example.com>\n"
            "Cc: max@example.com\nBetreff: Drucker\n\n"
        ),
    ),
    "Outlook desktop, old": (
        "WG: Drucker",
        (
            "-----Ursprüngliche Nachricht-----\nVon: Petra Muster [mailto:petra@example.com]\n"
            "Gesendet: Dienstag, 3. Mai 2026 10:15\nAn: 'Hilfe' <help@example.com>\nCc: max@example.com\n"
            "Betreff: Drucker\n\n"
        ),
    ),
    "Outlook on the web, English": (
        "Fw: Drucker",
        (
            "________________________________\nFrom: Petra Muster <petra@example.com>\n"
            "Sent: Tuesday, May 3, 2026 10:15 AM\n"
            "To: Hilfe <help@example.com>\nCc: max@example.com <max@example.com>\nSubject: Drucker\n\n"
        ),
    ),
    "Outlook for Mac, no blank line": (
        "WG: Drucker",
        (
            "Von: Petra Muster <petra@example.com>\nDatum: Dienstag, 3. Mai 2026 um 10:15\n"
            "An: Hilfe <help@example.com>\n"
            "Cc: max@example.com\nBetreff: Drucker\n"
        ),
    ),
    "Outlook, links behind the addresses": (
        "FW: Drucker",
        (
            "*From:* Petra Muster<mailto:petra@example.com>\n*Sent:* Tuesday, May 3, 2026 10:15 AM\n"
            "*To:* Hilfe <help@example.com<mailto:help@example.com>>\n*Cc:* max@example.com<mailto:max@example.com>\n"
            "*Subject:* Drucker\n\n"
        ),
    ),
    "Gmail": (
        "Fwd: Drucker",
        (
            "---------- Forwarded message ---------\nVon: Petra Muster <petra@example.com>\n"
            "Date: Di., 3. Mai 2026 um 10:15 Uhr\n"
            "Subject: Drucker\nTo: Hilfe <help@example.com>\nCc: <max@example.com>\n\n\n"
        ),
    ),
    "Thunderbird, German": (
        "Fwd: Drucker",
        (
            "-------- Weitergeleitete Nachricht --------\nBetreff: \tDrucker\nDatum: \tTue, 3 May 2026 10:15:00 +0200\n"
            "Von: \tPetra Muster <petra@example.com>\nAn: \tHilfe <help@example.com>\n"
            "Kopie (CC): \tmax@example.com\n\n\n"
        ),
    ),
    "Apple Mail, German": (
        "Fwd: Drucker",
        (
            "Anfang der weitergeleiteten Nachricht:\n\nVon: Petra Muster <petra@example.com>\nBetreff: Drucker\n"
            "Datum: 3. Mai 2026 um 10:15:00 MESZ\nAn: Hilfe <help@example.com>\nKopie: max@example.com\n\n"
        ),
    ),
    "GMX and web.de": (
        "Fwd: Drucker",
        (
            'Gesendet: Dienstag, 03. Mai 2026 um 10:15 Uhr\nVon: "Petra Muster" <petra@example.com>\n'
            "An: Hilfe <help@example.com>\nCc: max@example.com\nBetreff: Drucker\n\n"
        ),
    ),
    "Samsung": (
        "Fwd: Drucker",
        (
            "-------- Ursprüngliche Nachricht --------\nVon: Petra Muster <petra@example.com>\n"
            "Datum: 03.05.26 10:15 (GMT+01:00)\n"
            "An: Hilfe <help@example.com>\nCc: max@example.com\nBetreff: Drucker\n\n"
        ),
    ),
    "Lotus Notes": (
        "WG: Drucker",
        (
            "----- Weitergeleitet von Max/EXAMPLE am 03.05.2026 10:20 -----\n\n"
            "Von:        Petra Muster <petra@example.com>\n"
            "An:        Hilfe <help@example.com>\nKopie:        max@example.com\nDatum:        03.05.2026 10:15\n"
            "Betreff:        Drucker\n\n"
        ),
    ),
    "Yahoo, on one line": (
        "Fw: Drucker",
        (
            "  ----- Weitergeleitete Nachricht ----- Von: Petra Muster <petra@example.com>An: Hilfe <help@example.com>"
            "CC: max@example.comGesendet: Dienstag, 3. Mai 2026, 10:15:00 MESZBetreff: Drucker\n "
        ),
    ),
    "Zoho": (
        "Fwd: Drucker",
        (
            "============ Forwarded message ============\nFrom: Petra Muster <petra@example.com>\n"
            "To: Hilfe <help@example.com>\nCc: max@example.com\nDate: Tue, 03 May 2026 10:15:12 +0200\n"
            "Subject: Drucker\n============ Forwarded message ============\n\n"
        ),
    ),
    "Outlook, some links behind addresses, some behind names": (
        "FW: Drucker",
        (
            "From: Petra Muster<mailto:petra@example.com>\nSent: Tuesday, May 3, 2026 10:15 AM\n"
            "To: Hilfe<mailto:help@example.com>\nCc: max@example.com<mailto:max@example.com>\nSubject: Drucker\n\n"
        ),
    ),
    "labels of the date and the copy in a language nobody told us about": (
        "WG: Drucker",
        (
            "Von: Petra Muster <petra@example.com>\nZzzz: Dienstag, 3. Mai 2026 10:15\nAn: Hilfe <help@example.com>\n"
            "Zz: max@example.com\nBetreff: Drucker\n\n"
        ),
    ),
    "French": (
        "TR: Drucker",
        (
            "De : Petra Muster <petra@example.com>\nEnvoyé : mardi 3 mai 2026 10:15\nÀ : Hilfe <help@example.com>\n"
            "Cc : max@example.com\nObjet : Drucker\n\n"
        ),
    ),
    "Chinese": (
        "转发: Drucker",
        (
            '------------------ 原始邮件 ------------------\n发件人: "Petra Muster" <petra@example.com>\n'
            "发送时间: 2026年5月3日 10:15\n收件人: Hilfe <help@example.com>\n抄送: max@example.com\n主题: Drucker\n\n"
        ),
    ),
    "a language nobody told us about, labels in English": (
        "Fwd: Drucker",
        (
            "---------- Zzzzz zzz ---------\nFrom: Petra Muster <petra@example.com>\nDate: 3 zz 2026\n"
            "To: Hilfe <help@example.com>\nCc: max@example.com\nSubject: Drucker\n\n"
        ),
    ),
}


def _seen(forward: Forward | None) -> tuple[object, ...] | None:
    if forward is None:
        return None
    return forward.author, forward.to, forward.cc, forward.subject, forward.body, forward.comment


@pytest.mark.parametrize("comment", ["", "Kann das wer?\n\nGruß, Max"])
@pytest.mark.parametrize(("subject", "block"), FORWARDS.values(), ids=FORWARDS.keys())
def test_forwards_are_read(subject: str, block: str, comment: str) -> None:
    """Author, recipients, subject, body and the comment above, of every program."""
    text = f"{comment}\n\n{block}{BODY}"
    assert _seen(read_forward(text, subject)) == (PETRA, (HELP,), (MAX,), "Drucker", BODY, comment)
    assert count_blocks(text) == 1


def test_a_quoted_forward_loses_its_marks() -> None:
    """Apple Mail quotes what it forwards; deeper quotes in it keep theirs."""
    text = (
        "> Begin forwarded message:\n>\n> From: Petra Muster <petra@example.com>\n> Subject: Drucker\n"
        "> Date: 3 May 2026 at 10:15:00 CEST\n> To: help@example.com\n>\n> neu\n>\n>> alt\n"
    )
    forward = read_forward(text, "Fwd: Drucker")
    assert forward is not None
    assert (forward.author, forward.body, forward.comment) == (PETRA, "neu\n\n> alt", "")


@pytest.mark.parametrize(
    "line",
    [
        'Am 3/5/2026, 10:15 schrieb "Petra Muster" <petra@example.com>:',
        'On 3/5/2026, 10:15, "Petra Muster" <petra@example.com> wrote:',
        "Le 3/5/2026 10:15, « Petra Muster » <petra@example.com> a écrit :",
        "Petra Muster <petra@example.com> kirjoitti 3.5.2026 klo 10.15:",
        "Op 3/5/2026 10:15 heeft Petra Muster <petra@example.com> geschreven:",
        "3/5/2026, 10:15 időpontban Petra Muster (<petra@example.com>) ezt írta:",
        "Dnia 03.05.2026, 10:15 „Petra Muster” <petra@example.com> napisał:",
        '3/5/2026, 10:15 пользователь "Petra Muster" <petra@example.com> написал:',
        "3/5/2026, 10:15, používateľ Petra Muster (<petra@example.com>) napísal:",
        "Den 2026-05-03 10:15 skrev Petra Muster <petra@example.com> följande:",
        '"Petra Muster" <petra@example.com>, 3.05.2026, 10:15 tarihinde şunu yazdı:',
        "Am Di., 3. Mai 2026 um 10:15 Uhr schrieb Petra Muster <petra@example.com>:",
        "Petra Muster <petra@example.com> hat am 3. Mai 2026 um 10:15 geschrieben:",
    ],
)
def test_an_attribution_line_names_the_author(line: str) -> None:
    """Some programs forward like they quote: one line, told from a reply by the subject."""
    forward = read_forward(f"Bitte\n\n{line}\n\n    {BODY}", "WG: AW: Drucker")
    assert _seen(forward) == (PETRA, (), (), "Drucker", BODY, "Bitte")
    assert read_forward(f"Bitte\n\n{line}\n\n{BODY}", "AW: Drucker") is None


def test_an_attribution_line_may_stand_below_a_mark() -> None:
    """Yandex writes both above what it forwards."""
    mark = '-------- Пересылаемое сообщение --------\n03.05.2026, 10:15, "Petra Muster" <petra@example.com>:'
    assert _seen(read_forward(f"Bitte\n\n{mark}\n\n{BODY}", "Fwd: Drucker")) == (
        PETRA,
        (),
        (),
        "Drucker",
        BODY,
        "Bitte",
    )


@pytest.mark.parametrize(
    ("field", "author"),
    [
        ("petra@example.com", Address(name="", address="petra@example.com")),
        ("petra@example.com <petra@example.com>", Address(name="", address="petra@example.com")),
        ("petra@example.com [mailto:petra@example.com]", Address(name="", address="petra@example.com")),
        ("'Muster, Petra' <petra@example.com>", Address(name="Muster, Petra", address="petra@example.com")),
        ("Muster, Petra <petra@example.com>", Address(name="Muster, Petra", address="petra@example.com")),
        ("Petra Muster", Address(name="Petra Muster", address="")),
        ("Muster, Petra", Address(name="Muster, Petra", address="")),
        ("Petra Muster <petra@example.com> im Auftrag von desk@example.com", PETRA),
        ("Petra Muster <petra@example.com<mailto:petra@example.com>> on behalf of Desk <d@example.com>", PETRA),
    ],
)
def test_authors(field: str, author: Address) -> None:
    """Name and address, whatever Outlook makes of them; who writes for somebody else is the author."""
    text = f"-----Ursprüngliche Nachricht-----\nVon: {field}\nGesendet: Dienstag, 3. Mai 2026 10:15\nBetreff: x\n\ny"
    forward = read_forward(text, "WG: x")
    assert forward is not None
    assert forward.author == author


def test_the_date_is_kept_and_read() -> None:
    """As written, and as a point in time where it can be read."""
    block = "---------- Forwarded message ---------\nFrom: a@example.com\nDate: {}\nSubject: x\nTo: b@example.com\n\ny"
    read = read_forward(block.format("Tue, 3 May 2026 10:15:00 +0200"), "")
    foreign = read_forward(block.format("wtorek"), "")
    assert read is not None
    assert foreign is not None
    assert (read.date_text, read.date) == ("Tue, 3 May 2026 10:15:00 +0200", datetime(2026, 5, 3, 8, 15, tzinfo=UTC))
    assert (foreign.date_text, foreign.date) == ("wtorek", None)


@pytest.mark.parametrize(
    ("recipients", "addresses", "body"),
    [
        ("Hilfe <h@example.com>, Max\n<max@example.com>", ["h@example.com", "max@example.com"], "y"),
        ("Hilfe <h@example.com>,\nmax@example.com", ["h@example.com", "max@example.com"], "y"),
        # nobody is torn off there
        ("h@example.com\n<max@example.com> y", ["h@example.com"], "<max@example.com> y\n\n\ny"),
    ],
)
def test_recipients_may_be_torn(recipients: str, addresses: list[str], body: str) -> None:
    """Programs wrap lists of recipients, also between a name and its address."""
    block = "---------- Forwarded message ---------\nFrom: a@example.com\nDate: 3 May 2026\nSubject: x\nTo: {}\n\n\ny"
    forward = read_forward(block.format(recipients), "")
    assert forward is not None
    assert ([one.address for one in forward.to], forward.body) == (addresses, body)


BLOCK = "Von: Petra <petra@example.com>\nGesendet: Dienstag, 3. Mai 2026 10:15\nAn: Hilfe\nBetreff: Drucker\n\nalt"
GMAIL = (
    "---------- Forwarded message ---------\nFrom: a@example.com\nDate: 3 May 2026\nSubject: x\nTo: b@example.com\n\ny"
)


@pytest.mark.parametrize(
    ("subject", "text", "is_forwarded"),
    [
        ("WG: Drucker", f"x\n\n{BLOCK}", True),
        ("AW: Drucker", f"x\n\n{BLOCK}", False),
        ("Drucker", f"x\n\n{BLOCK}", False),
        # the mark says it without the subject
        ("Drucker", f"x\n\n{GMAIL}", True),
        # in a language nobody told us about: the recipient below the subject, which quoted mails do not have
        ("Drucker", f"x\n\n{GMAIL}".replace("Forwarded message", "Zzzz zzz"), True),
        ("AW: Drucker", "x\n\n-------- Zzzz --------\nFrom: a@example.com\nDate: 3.5.2026\nTo: b\nSubject: x", False),
        # quoted in a reply
        ("AW: Drucker", "x\n\nAm 3.5.2026 um 10:15 schrieb P <p@example.com>:\n\n" + GMAIL, False),
        # no block, or prose
        ("WG: Drucker", "nur Text", False),
        ("Drucker", "Von: Berlin\nAn: Hamburg\nDatum: morgen", False),
        # "VS:" of a Finnish reply
        ("VS: x", "a\n\nLähettäjä: P <p@example.com>\nLähetetty: 3. toukokuuta 2026\nVastaanottaja: Q\nAihe: x", False),
        ("VS: x", "a\n\nFra: P <p@example.com>\nSendt: 3. maj 2026\nTil: Q\nEmne: x", True),
    ],
)
def test_what_counts_as_forwarded(subject: str, text: str, is_forwarded: bool) -> None:  # noqa: FBT001 - a column of the table
    """The subject or a mark decides: a reply carries the same block."""
    assert (read_forward(text, subject) is not None) is is_forwarded


def test_a_block_is_read_without_a_word_from_the_subject() -> None:
    """Where the sender is our own mailbox, whoever stands in the block is the author."""
    embedded = read_embedded(f"x\n\n{BLOCK}")
    assert embedded is not None
    assert embedded.author == Address(name="Petra", address="petra@example.com")
    assert embedded.source == BLOCK
    assert read_embedded("x\n\nAm 3.5.2026 um 10:15 schrieb P <p@example.com>:\n> y") is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("Von: x", 0),
        (BLOCK, 1),
        (f"x\n\n{BLOCK}\n\n{GMAIL}", 2),
        (f"> {BLOCK}\n{BLOCK}".replace("\n", "\n> "), 2),
    ],
)
def test_blocks_are_counted(text: str, count: int) -> None:
    """Each block once, quoted ones included."""
    assert count_blocks(text) == count


def test_a_forwarding_subject_makes_the_first_block_count() -> None:
    """What `read_forward` reads is counted, too."""
    text = "Von: Petra <petra@example.com>\nBetreff: x\n\ny"
    assert read_forward(text, "WG: x") is not None
    assert (count_blocks(text, "WG: x"), count_blocks(text, "x"), count_blocks(f"{text}\n{text}", "WG: x")) == (1, 0, 1)


@pytest.mark.parametrize("label", FIELD_OF)
def test_every_label_is_read_on_a_line_of_its_own_and_among_others(label: str) -> None:
    """Whatever the language does to its letters when their case changes."""
    capitalized = label[:1].upper() + label[1:]
    assert label_of(f"{capitalized}: x") == label_of(f"*{label.upper()}* : x") == (FIELD_OF[label], "x")
    assert count_blocks(f"-- Forward -- From: a@example.com {capitalized}: x Subject: y") == 1


@given(st.text(), st.sampled_from(["", "Fwd: x", "AW: x", "VS: x"]))
def test_nothing_raises(text: str, subject: str) -> None:
    """Whatever the text is; also below the beginning of a block."""
    for start in (
        "",
        "-- Forwarded --\n",
        "From: ",
        "From: a\nTo: b\nDate: 1\nSubject: ",
        "Am 3.5.2026 10:15 schrieb ",
    ):
        read_forward(start + text, subject)
        read_embedded(start + text)
        count_blocks(start + text)


HOSTILE: dict[str, Callable[[int], str]] = {
    "header fields": lambda n: "From: a@example.com\n" * n,
    "two fields": lambda n: "From: a@example.com\nTo: b,\n" * n,
    "blocks": lambda n: GMAIL.replace("\n\n", "\n") * n,
    "labels on one line": lambda n: "-- Forwarded -- " + "From: To: " * n,
    "marks": lambda n: "-- Forward --\n" * n,
    "recipients": lambda n: GMAIL.replace("\n\ny", ",\n" + "c@example.com,\n" * n),
    "links": lambda n: "From: " + "<mailto:" * n + "\nTo: x\nDate: 1\nSubject: y",
    "attribution lines": lambda n: "On Tue, May 3, 2026 at 10:15 AM Petra <petra@example.com>\n" * n + "wrote:",
    "colons": lambda n: "On:\n" * n,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_steps_grow_with_the_length(make: Callable[[int], str]) -> None:
    """Twice the input takes at most 2.5 times the steps."""

    def read(text: str) -> int:
        return count_calls(lambda: (read_forward(text, "Fwd: x"), count_blocks(text)))

    once, twice = make(500), make(1000)
    read(once)
    assert read(twice) <= 2.5 * read(once) + 100
