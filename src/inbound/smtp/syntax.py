"""Command lines, paths and parameters: the grammar of RFC 5321 4.1, as strict as safety asks and no stricter.

Every expression is linear: alternatives under a repetition never begin with the same character.
"""

import re

from inbound.smtp import replies
from inbound.smtp.replies import Reply
from inbound.values import immutable

#: RFC 5321 4.5.3.1.2
_MAX_DOMAIN_CHARS = 255

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# RFC 5321 4.1.2 and, for characters beyond ASCII, RFC 6531 3.3. More liberal in two places, because real senders need
# it: dots may stand anywhere in a local part (Japanese mobile carriers), and names may hold "_" (Windows hosts).
_BEYOND = "\u00a0-\U0010ffff"
_DOT_STRING = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.{_BEYOND}-]+"
_QUOTED_STRING = rf'"(?:[ !#-\[\]-~{_BEYOND}]|\\[ -~])*"'
_LABEL = rf"[A-Za-z0-9_{_BEYOND}-]+"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_ADDRESS_LITERAL = r"\[[!-Z^-~]+\]"
_MAILBOX = rf"(?P<local>{_DOT_STRING}|{_QUOTED_STRING})@(?P<domain>{_DOMAIN}|{_ADDRESS_LITERAL})"
# RFC 5321 C: source routes are accepted and ignored.
_SOURCE_ROUTE = rf"(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"
_PATH = re.compile(rf"<{_SOURCE_ROUTE}{_MAILBOX}>")
# Devices leave the brackets out; nothing else can be meant.
_BARE_PATH = re.compile(_MAILBOX + "(?![^ ])")
_POSTMASTER = re.compile("<postmaster>", re.IGNORECASE | re.ASCII)
# RFC 5321 4.1.2: esmtp-keyword ["=" esmtp-value]
_PARAMETER = re.compile(r"(?P<keyword>[A-Za-z0-9][A-Za-z0-9-]*)(?:=(?P<value>[!-<>-~]+))?")
# RFC 5321 4.1.1.1 wants a domain or an address literal; 4.1.4 forbids refusing a mail because the name is wrong.
_HELO_NAME = re.compile(r"[!-~]{1,255}")


@immutable(kw_only=False)
class Command:
    #: in upper case
    verb: str
    #: without surrounding spaces; empty when there is none
    argument: str


@immutable(kw_only=False)
class MailCommand:
    """MAIL, understood (RFC 5321 4.1.1.2)."""

    #: without brackets and source route; empty for the null reverse-path
    reverse_path: str
    #: RFC 1870; 0 when the peer says nothing
    size_bytes: int
    #: RFC 6531 3.4
    is_utf8: bool
    has_parameters: bool
    #: RFC 4954 5; who submitted the message says nothing about who may deliver it
    has_submitter: bool = False


def read_text(line: bytes, max_bytes: int) -> str | Reply:
    """The text of a line.

    Args:
        line: CRLF included.
        max_bytes: RFC 5321 4.5.3.1.4; generous, because a refused line is lost mail.
    """
    # RFC 5321 2.3.8: only CRLF ends a line. Whoever ends one otherwise may see other commands than we do.
    if not line.endswith(b"\r\n"):
        return replies.LINE_WITHOUT_CRLF
    if len(line) > max_bytes:
        return replies.LINE_TOO_LONG
    try:
        # RFC 5321 4.1.1: blanks in front of the line's end are tolerated.
        text = line[:-2].rstrip(b" \t").decode("utf-8")
    except UnicodeDecodeError:
        return replies.BAD_CHARACTERS
    return replies.BAD_CHARACTERS if _CONTROL.search(text) else text


def parse_line(line: bytes, max_bytes: int) -> Command | Reply:
    """Split a command line, CRLF included, into verb and argument."""
    text = read_text(line, max_bytes)
    if isinstance(text, Reply):
        return text
    verb, _, argument = text.partition(" ")
    if not verb.isascii():
        return replies.BAD_CHARACTERS
    return Command(verb.upper(), argument.lstrip(" "))


def is_helo_name(argument: str) -> bool:
    """May a peer call itself this in HELO or EHLO?"""
    return _HELO_NAME.fullmatch(argument) is not None


def parse_mail(argument: str) -> MailCommand | Reply:
    """Read the argument of MAIL: ``FROM:<reverse-path> [parameters]``."""
    path = _after_keyword("FROM:", argument)
    if path is None:
        return replies.BAD_ARGUMENT
    # RFC 5321 4.5.5: notifications come with the null reverse-path.
    address, rest = ("", path[2:]) if path.startswith("<>") else _split_path(path)
    if address is None:
        return replies.BAD_SENDER
    parameters = _parse_parameters(rest)
    if parameters is None:
        return replies.BAD_PARAMETER
    command = _with_parameters(address, parameters)
    if isinstance(command, MailCommand) and not command.is_utf8 and not address.isascii():
        return replies.UTF8_NOT_ANNOUNCED
    return command


def parse_rcpt(argument: str, *, is_utf8: bool) -> str | Reply:
    """Read the argument of RCPT, ``TO:<forward-path>``, and return the path without brackets and source route.

    Args:
        argument: what stands behind RCPT.
        is_utf8: did MAIL announce SMTPUTF8 (RFC 6531 3.4)?
    """
    path = _after_keyword("TO:", argument)
    if path is None:
        return replies.BAD_ARGUMENT
    postmaster = _POSTMASTER.match(path)
    address, rest = (path[1:11], path[12:]) if postmaster else _split_path(path)
    if address is None:
        return replies.BAD_RECIPIENT
    if not address.isascii() and not is_utf8:
        return replies.UTF8_NOT_ANNOUNCED
    parameters = _parse_parameters(rest)
    if parameters is None:
        return replies.BAD_PARAMETER
    return replies.UNKNOWN_PARAMETER if parameters else address


def _after_keyword(keyword: str, argument: str) -> str | None:
    # Blanks behind the colon are outside the grammar, and common.
    if argument[: len(keyword)].upper() != keyword:
        return None
    return argument[len(keyword) :].lstrip(" ")


def _split_path(path: str) -> tuple[str | None, str]:
    match = _PATH.match(path) or _BARE_PATH.match(path)
    if match is None or len(match["domain"]) > _MAX_DOMAIN_CHARS:
        return None, ""
    return f"{match['local']}@{match['domain']}", path[match.end() :]


def _parse_parameters(rest: str) -> dict[str, str | None] | None:
    """Keywords in upper case with their values; None when the syntax is wrong or a keyword is repeated."""
    if not rest:
        return {}
    if not rest.startswith(" "):
        return None
    matches = [_PARAMETER.fullmatch(word) for word in rest.split()]
    parameters = {match["keyword"].upper(): match["value"] for match in matches if match}
    return parameters if len(parameters) == len(matches) else None


def _with_parameters(address: str, parameters: dict[str, str | None]) -> MailCommand | Reply:
    if parameters.keys() - {"SIZE", "BODY", "SMTPUTF8", "AUTH"}:
        return replies.UNKNOWN_PARAMETER
    # RFC 1870 6.1: up to twenty digits. RFC 6152 2 and RFC 6531 3.4 for the others.
    size = parameters.get("SIZE", "0")
    if size is None or not size.isdecimal() or len(size) > 20:
        return replies.BAD_PARAMETER
    if (parameters.get("BODY", "7BIT") or "").upper() not in {"7BIT", "8BITMIME"}:
        return replies.BAD_PARAMETER
    if parameters.get("SMTPUTF8") is not None or not parameters.get("AUTH", "<>"):
        return replies.BAD_PARAMETER
    return MailCommand(
        reverse_path=address,
        size_bytes=int(size),
        is_utf8="SMTPUTF8" in parameters,
        has_parameters=bool(parameters),
        has_submitter="AUTH" in parameters,
    )
