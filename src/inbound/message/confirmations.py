"""Forwarding confirmations: a provider asks whether mail may be forwarded here, and wants a code or a click."""

import re
from urllib.parse import urlsplit

from inbound.model.kinds import ForwardingConfirmation
from inbound.model.mail import Address

# Provider -> domains that ask; the link leads to one of them or below it.
_PROVIDERS: dict[str, tuple[str, ...]] = {
    "gmail": ("google.com",),
    "yahoo": ("yahoo.com", "yahoo-inc.com", "yahooinc.com"),
    "aol": ("aol.com",),
    "outlook": ("microsoft.com", "outlook.com", "live.com"),
    "icloud": ("apple.com", "icloud.com"),
    "gmx": ("gmx.net", "gmx.de", "gmx.com", "gmx.at", "gmx.ch"),
    "web.de": ("web.de",),
    "t-online": ("t-online.de", "telekom.de"),
    "mail.com": ("mail.com",),
    "zoho": ("zoho.com", "zoho.eu", "zoho.in", "zohomail.com", "zohomail.eu", "zohocorp.com"),
    "fastmail": ("fastmail.com", "fastmailteam.com"),
    "proton": ("proton.me", "protonmail.com"),
    "mailbox.org": ("mailbox.org",),
    "yandex": ("yandex.ru", "yandex.com"),
    "mail.ru": ("mail.ru",),
    "cloudflare": ("cloudflare.com",),
    "ionos": ("ionos.com", "ionos.de", "1und1.de"),
    "strato": ("strato.de", "strato.com"),
    "hostinger": ("hostinger.com",),
    "godaddy": ("godaddy.com", "secureserver.net"),
}
_BY_DOMAIN = {domain: provider for provider, domains in _PROVIDERS.items() for domain in domains}

# It has to speak of forwarding and of confirming.
_FORWARDING = re.compile(
    r"forward|weiterleit|umleit|transfert|réacheminement|reenvío|reenviar|encaminhamento|inoltro|doorstur"
    r"|vidarebefordr|videresend|przekazywani|přesměrov|пересылк|переадресац|email routing|yönlendirme"
    r"|転送|转发|轉寄|전달",
    re.IGNORECASE,
)
_CONFIRMING = re.compile(
    r"confirm|bestätig|verif|authori[sz]|freischalt|aktivier|bekräft|bekræft|potwierdz|potvrd|подтвержд|確認|确认|확인|onay",
    re.IGNORECASE,
)
_LINK = re.compile(r"https://[^\s<>\"'()\[\]]+", re.IGNORECASE)
# A link that confirms; others (help, cancel) stand beside it.
_CONFIRMING_LINK = re.compile(r"/vf[-/]|verif|confirm|bestaetig|activat|token|forward", re.IGNORECASE)
_CANCELLING_LINK = re.compile(r"/uf[-/]|cancel|/support|/answer/|help|privacy|unsubscribe", re.IGNORECASE)
_SUBJECT_CODE = re.compile(r"\(?#\s?(\d{5,12})\)?")
_TEXT_CODE = re.compile(
    r"(?:code|kod|código|codice|コード|代码|代碼|код|코드)\b[^\n:：]{0,60}[:：]\s{0,10}([A-Z0-9][A-Z0-9-]{3,15})\b",
    re.IGNORECASE,
)

_SEARCHED_CHARS = 20_000
_MAX_LINKS = 100


def may_be_confirmation(author: Address | None) -> bool:
    """Does it say that it comes from a provider? Cheap; nothing is proven by it."""
    return author is not None and _provider_domain(author.domain) != ""


def read_confirmation(author: Address | None, subject: str, text: str) -> ForwardingConfirmation | None:
    """Read a message as a forwarding confirmation.

    Whether it really comes from the provider has to be proven by whoever acts on it.

    Args:
        author: the first reachable author.
        subject: decoded.
        text: the text a person reads; links of HTML in it.

    Returns:
        what it asks for; None when it is none, or has neither a code nor a link to the provider itself.
    """
    domain = _provider_domain(author.domain) if author is not None else ""
    text = f"{subject}\n{text[:_SEARCHED_CHARS]}"
    words = (_FORWARDING, _CONFIRMING)
    # The subject has to speak of one of them.
    if not domain or not any(word.search(subject) for word in words) or not all(word.search(text) for word in words):
        return None
    code = _SUBJECT_CODE.search(subject) or _TEXT_CODE.search(text)
    provider = _BY_DOMAIN[domain]
    link = _link(text, provider)
    if not (code or link):
        return None
    return ForwardingConfirmation(provider=provider, domain=domain, code=code[1] if code else "", link=link)


def _provider_domain(domain: str) -> str:
    """The provider's domain that a domain is or lies below."""
    while domain and domain not in _BY_DOMAIN:
        domain = domain.partition(".")[2]
    return domain


def _link(text: str, provider: str) -> str:
    """The link that confirms. Its host is the provider's own: a forged mail must not lead anywhere else."""
    links = [found[0].rstrip(".,;:!?") for found, _ in zip(_LINK.finditer(text), range(_MAX_LINKS), strict=False)]
    own = [link for link in links if _provider_of(link) == provider and not _CANCELLING_LINK.search(link)]
    return next((link for link in own if _CONFIRMING_LINK.search(link)), "")


def _provider_of(link: str) -> str:
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return ""
    # "https://google.com@example.net/" shows one host and leads to another; neither is wanted.
    return "" if "@" in parts.netloc else _BY_DOMAIN.get(_provider_domain(host.lower()), "")
