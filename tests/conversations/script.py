"""Reads conversations: what is sent, and what the desk should make of it. The README here describes the format."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: domains that a conversation has for itself; the desk's is everybody's
_OWN_DOMAIN = re.compile(r"(?<=[\w-])(?<!\bdesk)\.example\b")
_PLACEHOLDER = re.compile(r"\{([A-Za-z]\w*(?:\.[a-z]+)?)\}")


@dataclass(kw_only=True)
class Expected:
    """One result of a mail: what it became, and what is true afterwards."""

    where: str
    outcome: str
    reason: str
    #: name of the object that was made, or of one that is known; empty: not looked at
    label: str = ""
    #: as many of several equal mails
    count: int = 1
    #: line, name and value
    facts: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(kw_only=True)
class Step:
    """A mail, or a statement of SQL where `statement` is not empty."""

    where: str
    to: list[str] = field(default_factory=list)
    statement: str = ""
    #: reverse-path; None: the author
    mail_from: str | None = None
    #: from where: `own` is the desk's mail server, `provider` one that is let in and proves nothing
    peer: str = "own"
    #: equal mails at once
    times: int = 1
    #: the mail before, with more header fields on top
    is_again: bool = False
    lines: list[str] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    #: of a mail that is not taken
    reply: str = ""


@dataclass(kw_only=True)
class Conversation:
    """A claim, and the steps that show it."""

    number: int
    claim: str
    where: str
    steps: list[Step] = field(default_factory=list)

    def own(self, text: str) -> str:
        """A text with this conversation's own domains: ``acme.example`` becomes ``acme-7.example``."""
        return _OWN_DOMAIN.sub(f"-{self.number}.example", text)


def read(directory: Path) -> list[Conversation]:
    """All conversations of a directory, numbered from 1."""
    found: list[Conversation] = []
    for path in sorted(directory.glob("*.txt")):
        found += _read_file(path, len(found) + 1)
    return found


def fill(text: str, known: Mapping[str, str]) -> str:
    """A text with every ``{name}`` replaced; KeyError for one that is not known."""
    return _PLACEHOLDER.sub(lambda match: known[match[1]], text)


def _read_file(path: Path, first_number: int) -> Iterator[Conversation]:
    conversation: Conversation | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        where = f"{path.name}:{number}"
        if line.startswith("=== "):
            if conversation:
                yield conversation
                first_number += 1
            conversation = Conversation(number=first_number, claim=line[4:], where=where)
        elif conversation:
            _add(conversation, line, where)
        elif line and not line.startswith("#"):
            raise ValueError(f"{where}: no conversation has begun")
    if conversation:
        yield conversation


def _add(conversation: Conversation, line: str, where: str) -> None:
    steps = conversation.steps
    if line.startswith(">>> "):
        steps.append(_mail(line[4:], where))
    elif line.startswith("*** "):
        steps.append(Step(where=where, statement=line[4:]))
    elif line.startswith("<<< "):
        _expect(steps[-1], line[4:], where)
    elif steps and steps[-1].expected:
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition(":")
            steps[-1].expected[-1].facts.append((where, name.strip(), value.strip()))
    elif steps and not steps[-1].reply and not steps[-1].statement:
        steps[-1].lines.append(line)
    elif line.strip() and not line.startswith("#"):
        raise ValueError(f"{where}: {line!r} belongs to nothing")


def _mail(words: str, where: str) -> Step:
    step = Step(where=where)
    rest = iter(words.split())
    for word in rest:
        match word:
            case "from":
                step.mail_from = next(rest).strip("<>")
            case "by":
                step.peer = next(rest)
            case "times":
                step.times = int(next(rest))
            case "again":
                step.is_again = True
            case _:
                step.to.append(word if "@" in word or "{" in word else f"{word}@desk.example")
    return step


def _expect(step: Step, text: str, where: str) -> None:
    if text[0].isdigit():
        step.reply = text
        return
    words = text.split()
    count = int(words.pop()[1:]) if words[-1].startswith("*") else 1
    outcome, reason, *label = words
    step.expected.append(Expected(where=where, outcome=outcome, reason=reason, label="".join(label), count=count))
