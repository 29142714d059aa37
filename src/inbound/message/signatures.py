"""Where the signature of a text begins."""

import re

from inbound.message.mark_lines import is_rule
from inbound.message.phrases import DEVICE, MY, SENT_FROM, SENT_FROM_PROGRAM
from inbound.message.quote_marks import FENCE, Line, end_of_code, next_spoken

#: lines a signature has at most when its mark has lost the blank that RFC 3676 4.3 asks for
MAX_LINES = 40
#: characters of a line that names what it was sent from
MAX_SENT_FROM_CHARS = 250
#: characters of a rule above the footer of a mailing list
MIN_RULE_CHARS = 20
#: lines of a footer below a rule
MAX_FOOTER_LINES = 8
#: lines of a signature below a rule, with and without an address or number in one of them; characters of each
MAX_CARD_LINES = 20
MAX_NAME_LINES = 3
MAX_CARD_CHARS = 70
#: characters of the last line when it is a program or a name
MAX_LAST_CHARS = 50

_MARK = re.compile(r"(?:- )?--\Z|[—–ᐧ]\Z|-----BEGIN PGP SIGNATURE-----\Z")
_SENT_FROM = re.compile(rf"[\W_]{{0,4}}(?:{SENT_FROM})\Z")
_DEVICE = re.compile(DEVICE)
_OWN_DEVICE = re.compile(rf"[\W_]{{0,4}}(?:\w+ ){{1,3}}(?:{MY})\b")
_PROGRAM = re.compile(SENT_FROM_PROGRAM)
# "-Petra", "/Petra Muster"; "- Drucker" is an item of a list.
_NAME = re.compile(r"(?:--?|[/~]|[–—]\s?)[^\W\d_]{2,20}(?:\s[^\W\d_]{1,20}\.?){0,3}\Z")
_FOOTER = re.compile(
    r"mailing.?list|listinfo|unsubscribe|subscribed to|abmelden|verteiler|liste?\b.*@|https?://.*list|"
    r"confidential|vertraulich|disclaimer|haftung|intended (?:solely|only|for|recipient)|privileged|riservat|"
    r"destinatair|destinatari|geadresseerde|poufn|luottamuksel|konfident",
    re.IGNORECASE,
)
# "This email has been checked for viruses", below three dashes.
_SCANNED = re.compile(r"\bvir(?:us|en|i)|anti-?vir|вирус", re.IGNORECASE)
_CONTACT = re.compile(r"@|www\.|https?://|\d{3}|\d\d[ /-]\d\d")
_SHORT_RULE = re.compile(r"[_—–]{2}\Z")
# Another rule, or an item of a list.
_HEAVY = re.compile(r"[-_=*~—–]{2,}|[-*•]\s|\d{1,2}[.)]\s|```")


def signature_start(lines: list[Line], start: int, end: int) -> int | None:
    """The first line of the signature of what stands between two lines.

    Args:
        lines: of the text.
        start: index of the first line.
        end: index of the line behind the last.

    Returns:
        None without one. ``-- `` (RFC 3676 4.3) and what mailers made of it, "Sent from my phone", the footer of a
        mailing list, a card below a rule, a name behind a dash, the signature of PGP. In fenced code there is none.
    """
    spoken, ruled, code_end = False, False, start
    for index in range(start, end):
        line = lines[index]
        if line.is_blank or index < code_end:
            continue
        if line.text[:3] == FENCE:
            code_end = end_of_code(lines, index, end)
        is_start = _ends_text(lines, index, end, is_ruled=ruled) if spoken else _is_all(lines, index, start, end)
        if is_start or _is_mark(line, end - index) or _is_link_list(lines, index, end):
            return index
        ruled = ruled or (spoken and _is_rule(line))
        spoken = True
    return None


def _ends_text(lines: list[Line], index: int, end: int, *, is_ruled: bool) -> bool:
    """Does a signature begin here, below some text? Below a second rule none does."""
    if is_sent_from(lines[index]) or _is_footer(lines, index, end) or _is_closing(lines, index, end):
        return True
    return not is_ruled and _is_rule(lines[index]) and _is_card(lines, index, end)


def _is_all(lines: list[Line], index: int, start: int, end: int) -> bool:
    """Is what begins here, without text above, nothing but a signature?"""
    if start and _is_short_rest(lines, index, end):
        return True
    return is_sent_from(lines[index]) and next_spoken(lines, index + 1, end) >= end


def is_sent_from(line: Line) -> bool:
    """Is it what a program writes below a mail to say which one it is?"""
    if len(line.text) > MAX_SENT_FROM_CHARS:
        return False
    text = line.text.casefold()
    if not _SENT_FROM.match(text):
        return False
    claim = text.partition(",")[0]
    return bool(_DEVICE.search(claim) or (_OWN_DEVICE.match(text) and text == claim and len(text) < 60))


def _is_link_list(lines: list[Line], index: int, end: int) -> bool:
    """Is it "Links:", above a rule and the targets of the numbers in the text (Roundcube)?"""
    if lines[index].text != "Links:" or index + 2 >= end:
        return False
    return is_rule(lines[index + 1]) and lines[index + 2].text.startswith("[1] ")


def _is_closing(lines: list[Line], index: int, end: int) -> bool:
    """Is the last line, a paragraph of its own, a program that sent the mail, or a name behind a dash?

    The footer of a mailing list may stand below.
    """
    text = lines[index].text
    if len(text) > MAX_LAST_CHARS or not lines[index - 1].is_blank:
        return False
    following = next_spoken(lines, index + 1, end)
    if following < end and not _is_footer(lines, following, end):
        return False
    if _PROGRAM.match(text.casefold()):
        return not text.endswith((".", "!", "?", ":", ","))
    before = lines[index - 2].text if index > 1 else ""
    return bool(_NAME.match(text)) and not before.endswith(":") and not before.startswith("-")


def _is_rule(line: Line) -> bool:
    return is_rule(line) or (len(line.text) == 2 and bool(_SHORT_RULE.match(line.text)))


def _is_card(lines: list[Line], index: int, end: int) -> bool:
    """Is it a rule above the few short lines of a signature? An underlined heading and a table are none."""
    if not lines[index - 1].is_blank:
        return False
    below = _below(lines, index, end)
    texts = [line.text for line in below]
    if not 0 < len(below) <= MAX_CARD_LINES or any(len(text) > MAX_CARD_CHARS or _is_prose(text) for text in texts):
        return False
    return len(below) <= MAX_NAME_LINES or any(_CONTACT.search(text) for text in texts)


def _is_prose(text: str) -> bool:
    # "Example GmbH & Co." ends no sentence.
    is_sentence = text.endswith(".") and (text.count(" ") > 4 or text.rpartition(" ")[2].islower())
    return is_sentence or text.endswith(("!", "?", ":", ",")) or bool(_HEAVY.match(text))


def _is_mark(line: Line, rest: int) -> bool:
    if line.text[:1] not in {"-", "—", "–", "ᐧ"} or not _MARK.match(line.text):
        return False
    return rest <= MAX_LINES or line.raw.rstrip("\r").endswith("-- ")


def _is_footer(lines: list[Line], index: int, end: int) -> bool:
    """Is it the rule above the footer of a mailing list?"""
    if not is_rule(lines[index]):
        return False
    below = _below(lines, index, end)
    if len(lines[index].text) < MIN_RULE_CHARS:
        return 0 < len(below) <= MAX_NAME_LINES and bool(_SCANNED.search(below[0].text[:300]))
    return 0 < len(below) <= MAX_FOOTER_LINES and any(_FOOTER.search(line.text[:300]) for line in below)


def _is_short_rest(lines: list[Line], index: int, end: int) -> bool:
    """Is it a rule, below a quote and above a few lines? Nobody begins an answer like that."""
    return is_rule(lines[index]) and len(_below(lines, index, end)) <= MAX_FOOTER_LINES


def _below(lines: list[Line], index: int, end: int) -> list[Line]:
    return [line for line in lines[index + 1 : min(end, index + 30)] if not line.is_blank]
