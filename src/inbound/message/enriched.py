"""text/enriched (RFC 1896) and its forerunner text/richtext (RFC 1341 7.1.3): the words without the formatting."""

import re

_PARAMETER = re.compile(r"<param>[^<]*+</param>", re.IGNORECASE)
_NEW_LINE = re.compile(r"<nl>\n?", re.IGNORECASE)
_COMMAND = re.compile(r"</?[a-z0-9-]{1,60}+>", re.IGNORECASE)
_LINE_ENDS = re.compile(r"\n+")


def enriched_text(text: str, *, is_richtext: bool) -> str:
    r"""Take the formatting commands out.

    Args:
        text: lines ended by ``\n``.
        is_richtext: the forerunner, in which only ``<nl>`` ends a line and ``<lt>`` is a less-than sign; else ``<<``
            is, and of several line ends one is dropped.
    """
    if is_richtext:
        lines = _NEW_LINE.sub("\0", text).replace("\n", " ").replace("\0", "\n")
        return "<".join(_COMMAND.sub("", piece) for piece in re.split("<lt>", lines, flags=re.IGNORECASE))
    lines = _LINE_ENDS.sub(lambda found: "\n" * (len(found[0]) - 1) or " ", text)
    return "<".join(_COMMAND.sub("", _PARAMETER.sub("", piece)) for piece in lines.split("<<"))
