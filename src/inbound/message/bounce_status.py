"""Wording of a mail server -> status code (RFC 3463): stated, by SMTP reply code (RFC 5321 4.2), or by its words."""

import re

from inbound.message.bounce_wordings import foreign_wordings

#: characters of a diagnostic that are looked at and kept
MAX_DIAGNOSTIC_CHARS = 1000

# Not a part of an address, a version or a longer number; the lines of a long reply have a hyphen between the codes.
_ENHANCED = re.compile(r"(?:(?<=[245]\d\d-)|(?<![\w./-])(?<!\w:))([245])\.(\d{1,3})\.(\d{1,3})(?![\w/-]|\.\d)")
_REPLY_CODE = re.compile(r"(?<![\w./@-])(?<!\w:)([45][0-5]\d)(?=[ :\-,;)\]<]|\.?(?:\s|\Z)|#)")
_SPACES = re.compile(r"\s+")

_WHO = (
    r"user|recipient|mailbox|address\w*|account|alias|inbox|person|local[- ]part|benutzer|empfänger|adress(?:e|at)"
    r"|postfach|destinataire|utilisateur|usuario|destinatario|utente|usuário|destinatário"
)
# Subject and detail (RFC 3463) by wording, the telling ones first.
_WORDINGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (status, re.compile("|".join((*wordings, *foreign_wordings(status))), re.IGNORECASE))
    for status, wordings in (
        (
            "2.2",
            (
                r"mailbox(?: \S+)? (?:is )?full|full mailbox|inbox is full|mailboxfull",
                r"mail\s?(?:folder|box)\W+(?:\w+\W+){0,3}full",
                r"(?:over|exceed\w*|out of|above)\W+(?:\w+\W+){0,4}quota|quota\W+(?:\w+\W+){0,4}exceed",
                r"quota violation|overquota|exceeded (?:its |the )?storage|over (?:its|the) (?:\w+ )?limit",
                r"mailbox\W+(?:\w+\W+){0,2}exceed|too (?:much mail|many messages)|mailbox (?:size )?limit",
                r"no space left",
                r"(?:account|storage) (?:is )?full|quota\W+(?:\w+\W+){0,2}(?:überschritten|erschöpft)",
                r"(?:disk|mailfile|mail file|mail database) (?:is )?full|insufficient (?:disk|storage|system)",
                r"(?:postfach|mailbox|posteingang)\W+(?:\w+\W+){0,3}(?:voll|überschritten)|postfachgröße|speicherplatz|speicherkontingent",
                r"boîte (?:\S+ ){0,4}pleine|buz[óo]n (?:\S+ )?lleno|casella (?:\S+ ){0,4}piena|caixa (?:\S+ )?cheia",
            ),
        ),
        (
            "1.2",
            (
                r"(?:unknown|illegal|invalid|no such|bad destination|unresolvable) (?:host|domain)",
                r"nxdomain|name service error|name or service not known|domain\w* (?:\S+ ){0,2}existiert nicht",
                r"unrouteable (?:mail )?domain|dns server returned answer with no data",
                r"(?:domain|host)\W+(?:[\w.-]+\W+){0,2}(?:does(?: not|n't) (?:exist|accept)|has no (?:mx|mail))",
                r"(?:host|domain)(?: name)? (?:is )?(?:unknown|not found|lookup fail|unbekannt)|dns lookup fail",
                r"domain(?: name)? (?:does|do)(?: not|n't) exist|non-?existent (?:host|domain)|no mx\b",
                r"(?:could ?n[o']t|can ?n?[o']t|unable to) (?:find any|resolve|look ?up) (?:host|mx|domain)",
            ),
        ),
        (
            "1.1",
            (
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,4}}(?:unknown|doesn't have|is invalid|no longer valid|terminated)",
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,4}}not (?:found|exist|known|recognized|listed|here)",
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,8}}not exist|unavailable or not local",
                rf"(?:{_WHO})\W+(?:\w+\W+){{0,4}}(?:do(?:es)?n['’]t exist|unbekannt|existiert nicht|nicht gefunden)",
                rf"(?:unknown|no such|invalid|bad|nonexistent|unrouteable|no valid)\W+(?:\w+\W+){{0,3}}(?:{_WHO})",
                rf"not a (?:known|valid|registered)\W+(?:\w+\W+){{0,2}}(?:{_WHO})",
                r"unbekannte\w{0,2}\W+(?:benutzer|empfänger|adresse)|nicht im (?:\S+-)?(?:adressbuch|verzeichnis)",
                rf"(?:{_WHO}) (?:\S+ )?(?:inconnu|desconocido|sconosciuto|desconhecido|inexist)",
                r"no mailbox (?:here )?by that name|not our customer|(?:doesn't|does not) have an? \S+ account",
                r"subscriber not found|noemail\b",
            ),
        ),
        ("1.2", (r"(?:host|domain|server)\W+(?:\w+\W+){0,3}(?:unknown|not found|n[o']t exist|unbekannt|lookup fail)",)),
        (
            "4.7",
            (
                r"retry time(?:out exceeded| not reached)|(?:message|delivery(?: time)?|envelope) expired",
                r"multiple retries|(?:too long in|been in) the queue|message too old|not delivered within",
                r"cannot send message (?:for|within)",
                r"(?:un|not )able to deliver .{0,40}after \d|timed out after \d+ (?:hour|day)",
                r"(?:could not be|not) delivered (?:for|after) \d+ (?:hour|day)|failed \d+ attempts",
            ),
        ),
        (
            "4.1",
            (
                r"connection (?:refused|timed? out|reset|time-?out)|no route to host|time[d-]? ?out|unable to connect",
                r"connect(?:ion)? failed|fail\w* to connect|(?:could|can) ?n[o']t connect",
                r"host is down|no (?:answer|response) from",
                r"not (?:responding|reachable|accept our requests to connect)|network (?:error|(?:is )?unreachable)",
            ),
        ),
        (
            "3.4",
            (
                r"(?:message|mail|size|body|too)\W+(?:\w+\W+){0,4}(?:too (?:large|big|long)|exceed\w*)",
                r"too large|messagetoolarge|zu gro(?:ß|ss)",
            ),
        ),
        (
            "4.6",
            (
                r"(?:mail|routing|forwarding) loop|(?:message|mail) (?:is )?looping|loop (?:was )?detected|loops? back",
                r"too many hops|hop count exceeded",
            ),
        ),
        (
            "2.1",
            (
                r"disabled|deactivated|suspended|inactive|not active|discontinued|gesperrt|deaktiviert",
                r"account (?:\S+ ){0,2}(?:locked|expired)",
            ),
        ),
        (
            "7.1",
            (
                r"spam|blacklist|block(?:ed|list)|reject|denied|polic(?:y|ies)|refused|abgelehnt|verweigert|virus",
                r"unsolicited|\b(?:spf|dkim|dmarc)\b",
                r"not (?:allowed|permitted|authori[sz]ed)|(?:isn't|not) in my list of allowed",
            ),
        ),
        # what nobody said of anything else
        (
            "1.1",
            (
                r"does not exist|existiert nicht|not listed in|no longer (?:exist|accept|work|valid|available|in use)",
                r"keine?n? (?:solche\w* )?(?:mailbox|postfach|benutzer|empfänger|nutzer)",
            ),
        ),
    )
)
# What was given up after attempts that all failed for the time being.
_FOR_NOW = re.compile(
    r"retry time(?:out exceeded| not reached)|(?<!not a )(?<!no )\btemporar(?:y|ily)\b|persistent transient"
    r"|vorübergehend",
    re.IGNORECASE,
)


def stated_status(text: str) -> str:
    """The status of class 4 or 5 that is stated with all three numbers; of several the first that says most."""
    found = [f"{kind}.{int(subject)}.{int(detail)}" for kind, subject, detail in _ENHANCED.findall(text) if kind != "2"]
    return max(found, key=status_rank, default="")


def status_rank(status: str) -> int:
    """How much a status says (RFC 3463): nothing, the subject only, that the time was up, or what was wrong."""
    _, _, rest = status.partition(".")
    if rest in {"", "0.0"}:
        return 0
    if rest.startswith("0.") or rest.endswith(".0"):
        return 1
    return 2 if rest == "4.7" else 3


def reply_class(text: str) -> str:
    """The class of the first negative SMTP reply code; empty without one."""
    found = _REPLY_CODE.search(text)
    return found[1][0] if found else ""


def has_code(text: str) -> bool:
    """Does a text state a status or a negative SMTP reply code?"""
    return bool(stated_status(text) or reply_class(text))


def worded_status(kind: str, *texts: str) -> str:
    """What the wording says.

    Args:
        kind: the class as known from elsewhere; empty when it is not.
        texts: what the server said; the first that says something counts.

    Returns:
        always a status.
    """
    kind = kind or ("4" if any(map(_FOR_NOW.search, texts)) else "5")
    return f"{kind}.{next(filter(None, map(_worded, texts)), '0.0')}"


def says_why(text: str) -> bool:
    """Does a text give a reason, by a code or in words?"""
    return has_code(text) or bool(_worded(text))


def _worded(text: str) -> str:
    flat = one_line(text, len(text))
    return next((rest for rest, words in _WORDINGS if words.search(flat)), "")


def one_line(text: str, limit: int = MAX_DIAGNOSTIC_CHARS) -> str:
    """A text on one line.

    Args:
        text: at most four times the limit of it is looked at.
        limit: characters that are kept.
    """
    return _SPACES.sub(" ", text[: 4 * limit]).strip()[:limit]
