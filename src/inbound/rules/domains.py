"""Mail domains: which belong to everybody, and how far a domain may be shortened."""

from functools import lru_cache

from publicsuffixlist import PublicSuffixList

#: Providers that give an address to anybody: such a domain says nothing about an organization.
PUBLIC_MAIL_DOMAINS = frozenset(
    # one line per provider
    """
    gmail.com googlemail.com
    outlook.com outlook.de outlook.fr hotmail.com hotmail.de hotmail.fr hotmail.co.uk live.com live.de msn.com
    icloud.com me.com mac.com
    yahoo.com yahoo.de yahoo.fr yahoo.co.uk yahoo.co.jp ymail.com rocketmail.com aol.com aol.de aim.com
    gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.org gmx.info gmx.eu web.de mail.com email.de
    t-online.de magenta.de freenet.de arcor.de vodafone.de vodafonemail.de online.de 1und1.de unitybox.de kabelmail.de
    posteo.de posteo.net mailbox.org
    bluewin.ch sunrise.ch hispeed.ch a1.net aon.at chello.at
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr
    libero.it virgilio.it tiscali.it alice.it
    telenet.be skynet.be ziggo.nl kpnmail.nl xs4all.nl hetnet.nl planet.nl
    btinternet.com virginmedia.com sky.com talktalk.net ntlworld.com
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net
    rogers.com shaw.ca bell.net sympatico.ca telus.net bigpond.com optusnet.com.au
    proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io hey.com fastmail.com fastmail.fm
    zoho.com zohomail.com zohomail.eu hushmail.com
    mail.ru bk.ru inbox.ru list.ru yandex.ru yandex.com ya.ru rambler.ru
    wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz
    qq.com 163.com 126.com sina.com foxmail.com naver.com daum.net hanmail.net rediffmail.com
    uol.com.br bol.com.br terra.com.br
    """.split()  # noqa: SIM905 - a list of a hundred quoted names cannot be read
)

_SUFFIXES = PublicSuffixList()


@lru_cache(maxsize=4096)
def candidate_domains(domain: str) -> tuple[str, ...]:
    """The domain and its parents, longest first, never shorter than the registrable domain.

    ``a.b.example.co.uk`` → itself, ``b.example.co.uk``, ``example.co.uk``. Empty for a public suffix itself. A domain
    with letters outside ASCII is tried in both of its forms (RFC 5890 2.3.2.1): the directory may have either.

    Args:
        domain: lower-case domain of an address.
    """
    # A domain has at most 253 octets (RFC 1035 2.3.4); anything longer is not one.
    registrable = _SUFFIXES.privatesuffix(domain) if 0 < len(domain) <= 253 else None
    if registrable is None:
        return ()
    labels = domain.split(".")
    shortest = registrable.count(".") + 1
    suffixes = (".".join(labels[start:]) for start in range(len(labels) - shortest + 1))
    if domain.isascii() and "xn--" not in domain:
        return tuple(suffixes)
    return tuple(dict.fromkeys(form for suffix in suffixes for form in (suffix, _other_form(suffix))))


def _other_form(domain: str) -> str:
    """``xn--mller-kva.example`` for ``müller.example`` and the other way round (RFC 3492); itself if there is none."""
    try:
        return ".".join(map(_other_label, domain.split(".")))
    except UnicodeError:
        return domain


def _other_label(label: str) -> str:
    if label.startswith("xn--"):
        decoded = label[4:].encode("ascii").decode("punycode").lower()
        # Anything can be encoded, also what is no character.
        return decoded if decoded.isprintable() else label
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"
