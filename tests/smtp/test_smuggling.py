"""Look-alikes of the end of data, in every combination: what one server takes for the end must not hide a message."""

from itertools import product
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from smtp.conftest import Stage, Talk

#: what somebody might take for the end of a line, in front of the dot and behind it
BEFORE = (
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\r",
    b"\n\n",
    b"\r\r",
    b"\r\r\n",
    b"\r\n\x00",
    b"\x00\r\n",
    b"\x00",
    b"\x0b",
    b"\xc2\x85",
)
DOTS = (b".", b"..", b"\x00.", b".\x00", b" .", b". ", b"\xe3\x80\x82")
BEHIND = (b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r", b"\r\r\n", b"\r\x00\n", b"\x00\r\n", b"\x00\n", b"\t\r\n", b"\x0b")
END = b"\r\n.\r\n"
LOOK_ALIKES = [look_alike for parts in product(BEFORE, DOTS, BEHIND) if END not in (look_alike := b"".join(parts))] + [
    parts[0] + parts[1] for parts in product((b".", b".."), (b"\n", b"\r", b"\r\r\n", b"\x00\r\n"))
]
#: a message of somebody else, should it be taken for one
EVIL = b"MAIL FROM:<evil@client.example>\r\nRCPT TO:<vip@desk.example>\r\nDATA\r\nSubject: evil\r\n\r\nevil\r\n"


def unstuffed(sent: bytes) -> bytes:
    """What RFC 5321 4.5.2 makes of the lines, which CRLF and nothing else separates."""
    return b"\r\n".join(line[1:] if line.startswith(b".") else line for line in sent.split(b"\r\n"))


async def send_all(talk: "Talk", contents: list[bytes]) -> list[str]:
    """Send one message after the other and a NOOP behind each; returns what was answered to the dots."""
    answers = []
    for content in contents:
        await talk.send(b"MAIL FROM:<a@client.example>\r\nRCPT TO:<support@desk.example>\r\nDATA\r\n")
        assert [(await talk.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        await talk.send(content + b".\r\nNOOP\r\n")
        answers.append(await talk.reply())
        assert await talk.reply() == "250 2.0.0 OK"
    return answers


@pytest.mark.parametrize("start_of_message", [b"", b"Subject: first\r\n\r\nfirst"])
async def test_one_message_in_is_one_message_stored(stage: "Stage", start_of_message: bytes) -> None:
    """Each look-alike is content of the message it stands in, to the octet."""
    talk = await stage.connect()
    await talk.reply()
    await talk.say("EHLO client.example")
    sent = [start_of_message + look_alike + EVIL for look_alike in LOOK_ALIKES if not look_alike.startswith(b".\r\n")]
    assert set(await send_all(talk, sent)) == {"250 2.0.0 Message stored"}
    assert [delivery.content for delivery in stage.intake.deliveries] == [unstuffed(content) for content in sent]
    assert {delivery.mail_from for delivery in stage.intake.deliveries} == {"a@client.example"}
    assert len(sent) > 800


async def test_nothing_hides_in_what_is_too_big(stage: "Stage") -> None:
    """Nor do look-alikes end a message that is only read to be refused."""
    talk = await stage.connect()
    await talk.reply()
    await talk.say("EHLO client.example")
    sent = [b"x" * 100_001 + look_alike + EVIL for look_alike in LOOK_ALIKES[::100]]
    assert set(await send_all(talk, sent)) == {"552 5.3.4 Message too big"}
    assert stage.intake.deliveries == []
