"""The mail log as it is written."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from inbound import logs

#: what a peer could send to deceive a terminal or a log reader
HOSTILE = 'a"b\\\x1b[2J\n{"event": "forged"}\r\x00\x85\u202e\ud800'


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


def refuse(rcpt_to: str) -> None:
    logs.recipient_refused(
        peer="192.0.2.1",
        helo="client.example",
        mail_from="",
        rcpt_to=rcpt_to,
        reply="550 5.1.1 No such mailbox",
        reason="unknown_mailbox",
        detail="",
    )


def test_json_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An event is one line of ASCII whose JSON holds the values as they were, with level and time in UTC."""
    logs.configure("info", "json")
    refuse(HOSTILE)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isascii()
    event = json.loads(line)
    assert event["rcpt_to"] == HOSTILE
    assert (event["event"], event["level"], event["reason"]) == ("recipient_refused", "info", "unknown_mailbox")
    assert event["timestamp"].endswith("Z")


def test_text_obeys_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """In text form an event is one line without a control character, whatever a peer sent."""
    logs.configure("info", "text")
    refuse(HOSTILE)
    (line,) = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert line.isprintable()
    assert "unknown_mailbox" in line
    assert "x1b" in line


def test_lists_are_escaped_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Addresses within a list are as harmless as those beside it."""
    logs.configure("info", "text")
    logs.message_interrupted(peer="192.0.2.1", mail_from="", rcpt_to=[HOSTILE])
    assert capsys.readouterr().err.removesuffix("\n").isprintable()


def test_auto_is_json_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error that is no terminal gets JSON."""
    logs.configure("info", "auto")
    refuse("a@desk.example")
    assert json.loads(capsys.readouterr().err)["rcpt_to"] == "a@desk.example"


def test_events_below_the_level_are_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """With level "warning" an information is not written, a warning is."""
    logs.configure("warning", "json")
    refuse("a@desk.example")
    logs.connection_refused(peer="192.0.2.1", reason="too_many_connections")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "connection_refused"


@pytest.mark.parametrize("form", ["json", "text"])
def test_defects_come_with_their_traceback(form: logs.Format, capsys: pytest.CaptureFixture[str]) -> None:
    """A defect is logged with where it happened; what its text holds cannot control a terminal."""
    logs.configure("info", form)
    with pytest.raises(LookupError) as caught:
        raise LookupError("\x1b[2J")
    logs.reception_failed(caught.value, peer="192.0.2.1")
    written = capsys.readouterr().err
    assert "test_defects_come_with_their_traceback" in written
    assert "\x1b" not in written


def test_libraries_log_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning of a library becomes JSON; what aiosmtpd says of every line is not written."""
    logs.configure("info", "json")
    logging.getLogger("asyncio").warning("accept failed: %s", HOSTILE)
    logging.getLogger("mail.log").warning("peer says something")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == f"accept failed: {HOSTILE}"
