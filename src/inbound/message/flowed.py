"""format=flowed (RFC 3676): lines that were broken for the way, joined again."""


def unflow(text: str, *, deletes_space: bool) -> str:
    r"""Join flowed lines to paragraphs (RFC 3676 4); what is quoted stays quoted.

    Args:
        text: lines ended by ``\n``.
        deletes_space: the blank at the end of a flowed line goes too (``delsp=yes``).
    """
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        line_depth = len(line) - len(content)
        content = content.removeprefix(" ")
        # RFC 3676 4.3: the signature line is never flowed, and ends a paragraph.
        is_fixed = not content.endswith(" ") or content == "-- "
        if paragraph and (line_depth != depth or content == "-- "):
            out.append(_quoted("".join(paragraph), depth))
            paragraph = []
        depth = line_depth
        paragraph.append(content[:-1] if deletes_space and not is_fixed else content)
        if is_fixed:
            out.append(_quoted("".join(paragraph), depth))
            paragraph = []
    if paragraph:
        out.append(_quoted("".join(paragraph), depth))
    return "\n".join(out)


def _quoted(line: str, depth: int) -> str:
    return f"{'>' * depth} {line}" if depth else line
