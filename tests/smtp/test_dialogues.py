"""Plays the conversations of tests/dialogues, described in the README there."""

import asyncio
import re
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from inbound.config import Limits, Listener, PeerRule
from inbound.config.passwords import hash_password
from inbound.model.mail import Delivery

if TYPE_CHECKING:
    from smtp.conftest import Certificate, Stage, StartStage

ROOT = Path(__file__).parents[1] / "dialogues"
DIALOGUES = sorted(ROOT.rglob("*.txt"))
PASSWORD = hash_password("secret")
#: no pauses
QUICK = Limits(soft_errors=20, greeting_seconds=0)
ESCAPE = re.compile(rb"\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4}))")
SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"\\": b"\\"}


class Line(NamedTuple):
    """A connection, and what to believe about its other end."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    certificate: "Certificate"


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


def counted(text: str) -> tuple[int, str]:
    """The number in front of a text, and the text."""
    number, _, rest = text.partition(" ")
    return int(number), rest


async def expect(reader: asyncio.StreamReader, text: str, where: str, *, whole: bool = False) -> None:
    """The next line of the replies is this; the last one of a reply, when the whole reply is read."""
    line = (await reader.readline()).decode("ascii")
    while whole and line[3:4] == "-":
        line = (await reader.readline()).decode("ascii")
    assert line.endswith("\r\n"), where
    expected, dots, _ = text.partition("...")
    assert line.startswith(expected) if dots else line == f"{expected}\r\n", f"{where}: {line}"


async def shake_hands(writer: asyncio.StreamWriter, certificate: "Certificate") -> None:
    context = ssl.create_default_context(cafile=str(certificate.authority))
    await writer.start_tls(context, server_hostname="localhost")


def sending(mark: str, text: str) -> bytes | None:
    """The octets of a step that sends; None for another one."""
    match mark:
        case "->":
            return octets(text) + b"\r\n"
        case "=>":
            return octets(text)
        case "*>":
            times, rest = counted(text)
            return octets(rest) * times
    return None


async def act(mark: str, text: str, where: str, line: "Line") -> None:
    """Do what a step says that neither sends nor looks at messages."""
    match mark:
        case ">|":
            line.writer.write_eof()
        case "~~":
            await shake_hands(line.writer, line.certificate)
        case "<-" | "<*":
            await expect(line.reader, text, where, whole=mark == "<*")
        case "*<":
            times, rest = counted(text)
            for _ in range(times):
                await expect(line.reader, rest, where)
        case "<!":
            assert await line.reader.read() == b"", where
        case _:
            pytest.fail(f"{where}: {mark!r} is no step")


async def play(path: Path, line: "Line", stage: "Stage") -> None:
    delivered: Iterator[Delivery] = iter(stage.intake.deliveries)
    for number, mark, text in steps(path):
        where = f"{path.name}:{number}"
        if (sent := sending(mark, text)) is not None:
            line.writer.write(sent)
        elif mark == "==":
            delivery = next(delivered, None)
            expected_content = None if text == "none" else octets(text)
            assert (delivery.content if delivery else None) == expected_content, where
        else:
            await act(mark, text, where, line)


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.relative_to(ROOT).with_suffix("").as_posix())
async def test_dialogue(
    path: Path, start: "StartStage", certificate: "Certificate", tls_listener: Callable[[str], Listener]
) -> None:
    """The conversation goes as it is written down."""
    stage = await start(limits=QUICK)
    if path.parent != ROOT:
        users = PeerRule.model_validate({"name": "mta", "users": [{"name": "mta", "password": PASSWORD}]})
        stage = await start(
            listeners=(tls_listener(path.parent.name),), peers=(*stage.settings.peers, users), limits=QUICK
        )
    reader, writer = await asyncio.open_connection(*stage.addresses[0])
    try:
        async with asyncio.timeout(20):
            await play(path, Line(reader, writer, certificate), stage)
    finally:
        writer.close()


def test_there_are_dialogues() -> None:
    """The conversations are found, and each begins with its claim."""
    assert len(DIALOGUES) > 80
    assert all(path.read_text(encoding="utf-8").startswith("# ") for path in DIALOGUES)
