"""Tags of a new ticket: those of mailbox and category, then those whose label or alias occurs in the text.

The phrases are a tree of tokens that is built once per configuration, so that a text is read once, however many tags
there are.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inbound.values import immutable

#: what a ticket can carry
MAX_TAGS = 30
#: a label or alias must be longer to be searched for
MAX_IGNORED_CHARS = 2

# A word is letters and digits, with the marks that combine with them; everything else is a token of its own.
_TOKEN = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*|.", re.DOTALL)
# What a link leads to, bare or behind its text; the text stays.
_LINK = re.compile(r"(?<![^\W_])(?:(?:https?|ftps?|file|tel|sip|callto)://?|mailto:|www\.)[^\s<>\"]+", re.IGNORECASE)
# No label holds it, so nothing is found across a link that was taken out.
_GAP = "\N{OBJECT REPLACEMENT CHARACTER}"


@immutable
class Tag:
    """An active entry of ``desk.tags``."""

    label: str
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class _Node:
    """After the tokens that lead here."""

    next: dict[str, "_Node"] = field(default_factory=dict)
    #: tags one of whose phrases ends here
    tags: list[int] = field(default_factory=list)


@immutable
class TagIndex:
    """All active tags, ready to be searched for."""

    tags: tuple[Tag, ...]
    root: _Node


@dataclass(slots=True)
class _Hits:
    """How often a tag was found, and by how long a phrase."""

    count: int = 0
    longest: int = 0
    #: where its last phrase ended: one that begins before is part of it
    end: int = -1


def build_index(tags: Iterable[Tag]) -> TagIndex:
    """Prepare the tags of a configuration.

    Args:
        tags: the active ones.
    """
    index = TagIndex(tags=tuple(tags), root=_Node())
    for number, tag in enumerate(index.tags):
        for phrase in (tag.label, *tag.aliases):
            tokens = _tokens(phrase.strip())
            if len(unicodedata.normalize("NFC", phrase.strip())) <= MAX_IGNORED_CHARS:
                continue
            node = index.root
            for token in tokens:
                node = node.next.setdefault(token, _Node())
            if number not in node.tags:
                node.tags.append(number)
    return index


def tags_of(fixed: Iterable[str], texts: Sequence[str], index: TagIndex | None) -> tuple[str, ...]:
    """The tags of a new ticket: at most 30.

    Args:
        fixed: of the mailbox and the category, in this order; they count towards the 30.
        texts: title and description as they were written, without what the system added.
        index: None without ``auto_tag``.

    Returns:
        labels, the fixed ones first; then the hits by occurrences, longest matched phrase, alphabet.
    """
    labels = dict.fromkeys(fixed)
    if index is not None:
        labels |= dict.fromkeys(found_tags(texts, index))
    return tuple(labels)[:MAX_TAGS]


def found_tags(texts: Sequence[str], index: TagIndex) -> list[str]:
    """Labels of the tags that occur as whole words, best first. Linear in the texts.

    Args:
        texts: each is searched by itself.
        index: of `build_index`.
    """
    if not index.root.next:
        return []
    hits: dict[int, _Hits] = {}
    for text in texts:
        _search(_tokens(_LINK.sub(_GAP, text)), index.root, hits)
        for found in hits.values():
            found.end = -1

    def rank(number: int) -> tuple[int, int, str, str]:
        label = index.tags[number].label
        return -hits[number].count, -hits[number].longest, label.casefold(), label

    return [index.tags[number].label for number in sorted(hits, key=rank)]


def _tokens(text: str) -> list[str]:
    """NFC, casefolded, white space folded; words and single other characters."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return _TOKEN.findall(" ".join(folded.split()))


def _search(tokens: list[str], root: _Node, hits: dict[int, _Hits]) -> None:
    first = root.next
    for start in [position for position, token in enumerate(tokens) if token in first]:
        if not (start and _is_word(tokens[start - 1])):
            for number, end, length in _phrases_at(tokens, start, root):
                found = hits.setdefault(number, _Hits())
                if start >= found.end:
                    found.count += 1
                    found.end = end
                    found.longest = max(found.longest, length)


def _phrases_at(tokens: list[str], start: int, root: _Node) -> list[tuple[int, int, int]]:
    """The longest phrase of each tag that begins here: tag, end, length in characters."""
    found: dict[int, tuple[int, int]] = {}
    node, length = root, 0
    for position in range(start, len(tokens)):
        token = tokens[position]
        following = node.next.get(token)
        if following is None:
            break
        node, length = following, length + len(token)
        end = position + 1
        if node.tags and not (end < len(tokens) and _is_word(tokens[end])):
            found.update(dict.fromkeys(node.tags, (end, length)))
    return [(number, end, length) for number, (end, length) in found.items()]


def _is_word(token: str) -> bool:
    """Letters and digits, which no phrase may touch: two words never stand side by side, so this is about signs."""
    return token[0].isalnum()
