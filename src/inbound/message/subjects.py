"""Prefixes that mail programs put before a subject: reply and forward, in every language they speak."""

import re

#: prefixes looked at; more say nothing more
MAX_PREFIXES = 50

# Without ":"; compared case-folded. "Ref:" and "FYI:" are words of people, not of programs. "VS:" forwards in Danish
# and Norwegian and replies in Finnish: `forwarded` looks at the text.
_FORWARD_WORDS = (
    "fwd|fw|fd|forward|forwarded|fwd.|fw.|wg|wtr|weitergeleitet|tr|tr.|rv|reenv|i|inoltra|doorst|enc|pd|vs|vl|vb|vb.|vd|"
    "vd.|vidarebefordrat|videresend|továbbítás|tov|prosl|proslj|redir|redir.|ilt|i̇lt|перенаправлено|пересл|πρθ|προωθ|"
    "edas|edastatud|препр|転送|转发|轉寄|轉發|转寄|전달"
)
_REPLY_WORDS = (
    "re|re.|aw|antw|antwort|antw.|antwoord|sv|svar|sv.|rif|r|res|rép|odp|odpow|odpověď|vá|vá.|ynt|yan|ynt.|yanıt|απ|σχετ|"
    "σχετ.|отв|ответ|відп|отг|atb|ats|bls|balas|vast|răsp|reply|回复|回覆|答复|答覆|回信|返信|답장|회신"
)
_FORWARDS = frozenset(_FORWARD_WORDS.split("|"))
_REPLIES = frozenset(_REPLY_WORDS.split("|"))
# "Re[2]:" (The Bat), "Re(2):" (Notes), "Re^2:" and "AW: AW:"; Chinese writes a wide colon, French a space before it.
_PREFIX = re.compile(r"\s*+(?P<word>[^\W\d_][^\s:：\[\](){}<>^]{0,15})(?:[\[(^ ]{1,2}\d{1,3}[\])]?)?\s?[:：]")
# Lists and desks put a mark in brackets before the prefix: "[Ticket 42] Re: ...".
_MARK = re.compile(r"\s*+\[[^\[\]]{1,60}\]")


def strip_prefixes(subject: str) -> str:
    """The subject without its reply and forward prefixes; a mark in brackets before them stays.

    Args:
        subject: decoded, on one line.
    """
    return _strip(subject, _REPLIES | _FORWARDS)


def strip_replies(subject: str) -> str:
    """The same for its reply prefixes alone, up to one of forwarding.

    Args:
        subject: decoded, on one line.
    """
    return _strip(subject, _REPLIES)


def _strip(subject: str, words: frozenset[str]) -> str:
    if not _may_have_prefix(subject):
        return subject.strip()
    mark = _MARK.match(subject)
    start = mark.end() if mark and _next_prefix(subject, mark.end())[1] in words else 0
    kept = subject[:start].strip()
    for _ in range(MAX_PREFIXES):
        end, word = _next_prefix(subject, start)
        if word not in words:
            break
        start = end
    return f"{kept} {subject[start:].strip()}".strip()


def is_forward(subject: str) -> bool:
    """Is the outermost prefix one of forwarding?"""
    return outermost_prefix(subject) in _FORWARDS


def is_reply(subject: str) -> bool:
    """Is the outermost prefix one of replying?"""
    return outermost_prefix(subject) in _REPLIES


def outermost_prefix(subject: str) -> str:
    """The first prefix, case-folded, without colon; empty without one."""
    if not _may_have_prefix(subject):
        return ""
    mark = _MARK.match(subject)
    return _next_prefix(subject, 0)[1] or (_next_prefix(subject, mark.end())[1] if mark else "")


def _may_have_prefix(subject: str) -> bool:
    return ":" in subject or "：" in subject


def _next_prefix(subject: str, start: int) -> tuple[int, str]:
    """Where the prefix that begins here ends, and its word; the start and nothing when there is none."""
    found = _PREFIX.match(subject, start)
    word = found["word"].casefold() if found else ""
    if found and (word in _FORWARDS or word in _REPLIES):
        return found.end(), word
    return start, ""
