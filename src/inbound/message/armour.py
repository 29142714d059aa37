"""Text that was signed in the open with OpenPGP (RFC 9580 7): what was written, without the armour around it."""

_BEGIN = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_END = "-----END PGP SIGNATURE-----"


def without_armour(text: str) -> str:
    r"""Take the armour off signed texts; what stands around them stays. Nothing is verified.

    Args:
        text: lines ended by ``\n``.
    """
    if _BEGIN not in text:
        return text
    kept: list[str] = []
    done = 0
    while (begin := text.find(_BEGIN, done)) >= 0:
        # Armour headers ("Hash: SHA256") end with an empty line.
        start = text.find("\n\n", begin)
        signature = text.find(_SIGNATURE, start) if start >= 0 else -1
        end = text.find(_END, signature) if signature >= 0 else -1
        if end < 0:
            break
        kept += [text[done:begin], _without_dashes(text[start + 2 : signature])]
        done = end + len(_END)
    kept.append(text[done:])
    return "".join(kept)


def _without_dashes(text: str) -> str:
    """RFC 9580 7.1: lines that begin with a dash were marked."""
    return "\n".join(line.removeprefix("- ") for line in text.split("\n"))
