"""Wording of a mail server -> status code (RFC 3463): stated, by SMTP reply code (RFC 5321 4.2), or by its words."""

import re

#: characters of a diagnostic that are looked at and kept
MAX_DIAGNOSTIC_CHARS = 1000

# Not a part of an address, a version or a longer number; the lines of a long reply have a hyphen between the codes.
_ENHANCED = re.compile(r"(?:(?<=[245]\d\d-)|(?<![\w./-])(?<!\w:))([245])\.(\d{1,3})\.(\d{1,3})(?![\w/-]|\.\d)")
_REPLY_CODE = re.compile(r"(?<![\w./@-])(?<!\w:)([45][0-5]\d)(?=[ :\-,;)\]<]|\.?(?:\s|\Z)|#)")
_SPACES = re.compile(r"\s+")

_WHO = r"user|recipient|mailbox|address\w*|account|alias|inbox|local part|benutzer|empfänger|adresse"
# Subject and detail (RFC 3463) by wording, the telling ones first.
_WORDINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (status, re.compile("|".join(wordings), re.IGNORECASE))
    for status, wordings in (
        (
            "2.2",
            (
                r"mailbox (?:is )?full|full mailbox|inbox is full|mail\s?(?:folder|box)\W+(?:\w+\W+){0,3}full",
                r"(?:over|exceed\w*|out of|above)\W+(?:\w+\W+){0,4}quota|quota\W+(?:\w+\W+){0,4}exceed|quota violation",
                r"too much mail|mailbox (?:size )?limit|no space left|disk full|insufficient (?:disk|storage|system)",
                r"postfach (?:ist )?voll|speicherplatz",
            ),
        ),
        (
            "1.1",
            (
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,4}}(?:unknown|doesn't have|is invalid|no longer valid)",
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,4}}not (?:found|exist|known|recognized|listed|here)",
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,4}}(?:do(?:es)?n['’]t exist|unbekannt|nicht gefunden|existiert nicht)",
                rf"(?:unknown|no such|invalid|bad|nonexistent|unrouteable|no valid)\W+(?:\w+\W+){{0,3}}(?:{_WHO})",
                r"unbekannte\w{0,2}\W+(?:benutzer|empfänger|adresse)",
                r"no mailbox (?:here )?by that name|not our customer|(?:doesn't|does not) have an? \S+ account",
            ),
        ),
        (
            "1.2",
            (
                r"(?:host|domain|server)\W+(?:\w+\W+){0,3}(?:unknown|not found|n[o']t exist|unbekannt|lookup fail)",
                r"(?:unknown|illegal|invalid|no such|bad destination) (?:host|domain|server)|nxdomain|dns lookup fail",
                r"name service error|(?:couldn't|could not|cannot|can't) find any host",
            ),
        ),
        (
            "4.7",
            (
                r"retry time(?:out exceeded| not reached)|(?:message|delivery time|envelope) expired|multiple retries",
                r"(?:too long in|been in) the queue",
            ),
        ),
        ("4.1", (r"connection (?:refused|timed? out|reset)|no route to host|time[d-]? ?out|unable to connect",)),
        (
            "3.4",
            (
                r"(?:message|mail|size|body|too)\W+(?:\w+\W+){0,4}(?:too (?:large|big|long)|exceed\w*)",
                r"too large|zu gro(?:ß|ss)",
            ),
        ),
        ("4.6", (r"(?:mail|routing|forwarding) loop|message looping|too many hops|hop count exceeded|loops? back",)),
        ("2.1", (r"disabled|deactivated|suspended|inactive|discontinued|gesperrt|deaktiviert",)),
        (
            "7.1",
            (
                r"spam|blacklist|block(?:ed|list)|reject|denied|polic(?:y|ies)|refused|abgelehnt|verweigert",
                r"not (?:allowed|permitted|authori[sz]ed)",
            ),
        ),
    )
)
# What was given up after attempts that all failed for the time being.
_EXPIRED = re.compile(r"retry time(?:out exceeded| not reached)", re.IGNORECASE)


def stated_status(text: str) -> str:
    """The first status of class 4 or 5 that is stated with all three numbers; one that says something is better."""
    found = [f"{kind}.{int(subject)}.{int(detail)}" for kind, subject, detail in _ENHANCED.findall(text) if kind != "2"]
    return next((status for status in found if not is_unspecific(status)), next(iter(found), ""))


def is_unspecific(status: str) -> bool:
    """Does it say nothing but its class (RFC 3463 3.1)?"""
    return status.endswith(".0.0")


def reply_class(text: str) -> str:
    """The class of the first negative SMTP reply code; empty without one."""
    found = _REPLY_CODE.search(text)
    return found[1][0] if found else ""


def worded_status(text: str, kind: str) -> str:
    """What the wording says.

    Args:
        text: what the server said.
        kind: the class as known from elsewhere; empty when it is not.

    Returns:
        always a status.
    """
    kind = kind or ("4" if _EXPIRED.search(text) else "5")
    for rest, words in _WORDINGS:
        if words.search(text):
            return f"{kind}.{rest}"
    return f"{kind}.0.0"


def one_line(text: str) -> str:
    """A diagnostic on one line, at most `MAX_DIAGNOSTIC_CHARS`."""
    return _SPACES.sub(" ", text[: 4 * MAX_DIAGNOSTIC_CHARS]).strip()[:MAX_DIAGNOSTIC_CHARS]
