"""Templates of notices: the shipped ones, and those that a mailbox puts in their place.

``LANGUAGE/KIND.txt`` begins with a line ``Subject: …`` and an empty one; the HTML part is made of its paragraphs by
``layout.html``. What a template is told is never read as a template, and in HTML it is escaped.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, StrictUndefined, Template
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from inbound.errors import InboundError
from inbound.model.notice import KINDS, LANGUAGES, Language, NoticeKind
from inbound.values import immutable

LAYOUT = "layout.html"
MAX_SUBJECT_CHARS = 250
#: of a part; what a template makes beyond it is cut
MAX_PART_CHARS = 100_000

_SUBJECT = re.compile(r"Subject:[ \t]*([^\n]*)\n")
# What could end a line, or do something to a terminal or a reader (Unicode Cc but for tab, Zl, Zp, bidi controls).
_CONTROL = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


class TemplateMistake(InboundError):
    """A template that cannot be used, and why."""


@immutable
class Rendered:
    """What a notice says."""

    #: one line, without the number in front
    subject: str
    text: str
    html: str


class Templates:
    """The templates of one mailbox."""

    def __init__(self, directory: str = "") -> None:
        """Prepare; each is read when it is needed.

        Args:
            directory: with templates that replace shipped ones; empty: none.
        """
        shipped = PackageLoader("inbound.notices", "templates")
        loader = ChoiceLoader([FileSystemLoader(directory), shipped]) if directory else shipped
        self._environment: Environment = ImmutableSandboxedEnvironment(
            loader=loader,
            undefined=StrictUndefined,
            # Plain text has nothing to escape: no character of it does anything.
            autoescape=lambda name: name is not None and name.endswith(".html"),
            keep_trailing_newline=True,
        )

    def render(self, kind: NoticeKind, language: Language, values: Mapping[str, object]) -> Rendered:
        """Fill a template in.

        Args:
            kind: of the notice.
            language: of its reader.
            values: plain values; texts in them are cleaned of control characters.

        Raises:
            TemplateMistake: the template cannot be used.
        """
        name = f"{language}/{kind}.txt"
        cleaned = {key: clean(value) for key, value in values.items()}
        written = self._fill(name, cleaned)
        found = _SUBJECT.match(written)
        if found is None:
            raise TemplateMistake(f'{name}: must begin with a line like "Subject: {{{{ title }}}}"')
        subject = " ".join(found[1].split())[:MAX_SUBJECT_CHARS]
        text = _BLANK_LINES.sub("\n\n", written[found.end() :]).strip() + "\n"
        about = {"subject": subject, "language": language, "paragraphs": text.strip().split("\n\n")}
        return Rendered(subject=subject, text=text, html=self._fill(LAYOUT, {**cleaned, **about}))

    def _fill(self, name: str, values: Mapping[str, object]) -> str:
        try:
            return _bounded(self._environment.get_template(name), values)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            where = f"{name}:{line}" if line else name
            raise TemplateMistake(f"{where}: {error.message or type(error).__name__}") from error
        except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
            raise TemplateMistake(f"{name}: {type(error).__name__}: {error}") from error


def _bounded(template: Template, values: Mapping[str, object]) -> str:
    pieces, left = [], MAX_PART_CHARS
    for piece in template.generate(values):
        pieces.append(piece[:left])
        left -= len(pieces[-1])
        if not left:
            break
    return "".join(pieces)


def clean(value: object) -> object:
    """A value as templates get it: texts without control characters, line ends as LF."""
    if isinstance(value, str):
        return _CONTROL.sub(" ", value.replace("\r\n", "\n"))
    if isinstance(value, Mapping):
        return {key: clean(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [clean(inner) for inner in value]
    return value


def template_mistakes(directory: str, samples: Mapping[NoticeKind, Mapping[str, object]]) -> list[str]:
    """What is wrong with the templates of a directory: each is filled in with a sample.

    Args:
        directory: of a mailbox.
        samples: values by kind.
    """
    known = {f"{language}/{kind}.txt" for language in LANGUAGES for kind in KINDS} | {LAYOUT}
    there = {
        str(path.relative_to(directory))
        for path in sorted(Path(directory).rglob("*"))
        if path.suffix in {".txt", ".html"} and path.is_file()
    }
    mistakes = [f"{name}: no notice uses it" for name in sorted(there - known)]
    templates = Templates(directory)
    for language in LANGUAGES:
        for kind in KINDS:
            if {f"{language}/{kind}.txt", LAYOUT} & there:
                try:
                    templates.render(kind, language, samples[kind])
                except TemplateMistake as mistake:
                    mistakes.append(str(mistake))
    return list(dict.fromkeys(mistakes))
