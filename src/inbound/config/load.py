"""Read a configuration file and find every mistake in it."""

from pathlib import Path

from inbound.config.checks import all_mistakes
from inbound.config.checks.editions import within_edition
from inbound.config.document import read_document
from inbound.config.files import with_files
from inbound.config.mistakes import Mistake, dotted
from inbound.config.positions import Positions
from inbound.config.settings import Settings
from inbound.config.structure import check_structure
from inbound.errors import ConfigurationError, Problem


def load_settings(path: Path) -> Settings:
    """Read and check a configuration file.

    Relative paths start at the directory of the file; values ``credential:NAME`` are files of the directory that
    ``$CREDENTIALS_DIRECTORY`` names, as systemd.exec(5) describes it.

    Raises:
        ConfigurationError: with every mistake of the file, each with its line.
    """
    document = read_document(path)
    directory = path.absolute().parent
    structure = check_structure(document.data)
    references = all_mistakes(structure.settings, directory)
    mistakes = [*structure.mistakes, *(mistake for mistake in references if not mistake.is_echo_of(structure.wrong))]
    if mistakes:
        problems = {_problem(mistake, path, document.positions) for mistake in mistakes}
        raise ConfigurationError(sorted(problems, key=_in_order_of_lines))
    return within_edition(with_files(structure.settings, directory))


def _problem(mistake: Mistake, path: Path, positions: Positions) -> Problem:
    line = positions.line(mistake.key)
    other = None if mistake.other is None else positions.line(mistake.other)
    message = mistake.message if other is None else f"{mistake.message} (first in line {other})"
    return Problem(file=str(path), line=line, setting=dotted(mistake.key), message=message)


def _in_order_of_lines(problem: Problem) -> tuple[bool, int, str, str]:
    # What the file lacks altogether comes last.
    return problem.line is None, problem.line or 0, problem.setting, problem.message
