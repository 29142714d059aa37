"""Plays the conversations of tests/dialogues, described in the README there."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from inbound.model.mail import Delivery

if TYPE_CHECKING:
    from smtp.conftest import Stage

DIALOGUES = sorted((Path(__file__).parents[1] / "dialogues").glob("*.txt"))
ESCAPE = re.compile(rb"\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4}))")
SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}


def octets(text: str) -> bytes:
    """The octets that a line of a dialogue stands for."""

    def unescape(match: re.Match[bytes]) -> bytes:
        simple, octet, character = match.groups()
        if simple:
            return SIMPLE[simple]
        return bytes([int(octet, 16)]) if octet else chr(int(character, 16)).encode()

    return ESCAPE.sub(unescape, text.encode())


def steps(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, mark and text of every step."""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line and not line.startswith("#"):
            yield number, line[:2], line[3:]


async def play(path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stage: "Stage") -> None:
    delivered: Iterator[Delivery] = iter(stage.intake.deliveries)
    for number, mark, text in steps(path):
        where = f"{path.name}:{number}"
        match mark:
            case "->":
                writer.write(octets(text) + b"\r\n")
            case "=>":
                writer.write(octets(text))
            case "<-":
                line = (await reader.readline()).decode("ascii")
                assert line.endswith("\r\n"), where
                expected, dots, _ = text.partition("...")
                assert line.startswith(expected) if dots else line == f"{expected}\r\n", f"{where}: {line}"
            case "<!":
                assert await reader.read() == b"", where
            case "==":
                delivery = next(delivered, None)
                expected_content = None if text == "none" else octets(text)
                assert (delivery.content if delivery else None) == expected_content, where
            case _:
                pytest.fail(f"{where}: {mark!r} is no step")


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
async def test_dialogue(path: Path, stage: "Stage") -> None:
    """The conversation goes as it is written down."""
    reader, writer = await asyncio.open_connection(*stage.addresses[0])
    try:
        await play(path, reader, writer, stage)
    finally:
        writer.close()


def test_there_are_dialogues() -> None:
    """The conversations are found, and each begins with its claim."""
    assert len(DIALOGUES) > 10
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in DIALOGUES)
