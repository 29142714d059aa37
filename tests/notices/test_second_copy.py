"""Two daemons that know each other as customers, with a database and a secret each: they come to rest."""

import email
import email.policy
import signal
import smtplib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest

from desk import mail
from running_daemon import Daemon
from sink import Sink, Taken

OURS, THEIRS = "support@desk.example", "support@other-desk.example"
SMART_HOST = '[smart_host]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\n'
#: everything that can be told to the author of a message, is
TALKATIVE = """
[mailboxes.notify]
ticket_created = ["originator", "contact", "additional_contacts"]
note_added = ["originator", "contact", "additional_contacts", "primary_resource", "secondary_resources"]
strangers = true
"""
#: what could tell that a program wrote a notice, or which notice it was
MARKS = ("Auto-Submitted", "X-Auto-Response-Suppress", "X-Inbound-Loop", "References", "In-Reply-To")
PEOPLE = """
INSERT INTO organizations (name) VALUES ('The other desk');
INSERT INTO contacts (organization_id, name) VALUES (1, 'The other desk');
INSERT INTO contact_addresses VALUES (1, 1, '{address}');
"""
_STATE = """
SELECT (SELECT count(*) FROM messages),
       (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending') AND next_attempt_at < now() + '1 minute')
"""


@dataclass
class Side:
    """One of the two."""

    address: str
    daemon: Daemon
    url: str

    def value(self, query: str) -> int:
        """Ask its database."""
        return int(self.rows(query)[0][0])

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The same, all of it."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()


@dataclass
class Pair:
    """Both."""

    ours: Side
    theirs: Side

    def begin(self) -> None:
        """Somebody of the other desk writes to us."""
        self.ours.daemon.send(mail(author=THEIRS))

    def come_to_rest(self) -> int:
        """Wait until nobody has anything to say, three looks long; how many notices were sent."""
        quiet, before = 0, (-1, -1)
        for _ in range(400):
            states = [self.ours.rows(_STATE)[0], self.theirs.rows(_STATE)[0]]
            messages, waiting = (sum(state[place] for state in states) for place in (0, 1))
            quiet = quiet + 1 if (messages, waiting) == before and waiting == 0 else 0
            if quiet == 3:
                return sum(side.value("SELECT count(*) FROM outbox WHERE state = 'sent'") for side in self.both)
            before = (messages, waiting)
            assert messages < 40, "they do not come to rest"
            time.sleep(0.2)
        raise AssertionError("notices are still waiting")

    @property
    def both(self) -> tuple[Side, Side]:
        """Each."""
        return self.ours, self.theirs


def side(url: str, address: str, other: str, port: int) -> Side:
    """A daemon that knows the other desk; its notices go to a port, 0 = nowhere."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PEOPLE.format(address=other).encode())
    one = Daemon(url, more=SMART_HOST.format(port=port) if port else "")
    text = one.config.read_text().replace("desk.example", address.partition("@")[2])
    one.config.write_text(text.replace("workers = 2", "workers = 1") + TALKATIVE)
    one.start()
    return Side(address, one, url)


MakePair = Callable[[int], Pair]


@pytest.fixture
def make_pair(database_url: str, other_database_url: str) -> Iterator[MakePair]:
    """Starts both; their smart host is at the given port, or they are each other's with 0."""
    sides: list[Side] = []

    def make(port: int) -> Pair:
        sides.append(side(database_url, OURS, THEIRS, port))
        ours = sides[0].daemon
        sides.append(side(other_database_url, THEIRS, OURS, port or ours.port))
        if not port:
            host = SMART_HOST.format(port=sides[1].daemon.port)
            ours.config.write_text(ours.config.read_text().replace("[[mailboxes]]", f"{host}[[mailboxes]]"))
            ours.send_signal(signal.SIGHUP)
            ours.wait_for("sender_started")
        return Pair(*sides)

    yield make
    for one in sides:
        one.daemon.close()


def test_each_the_others_smart_host(make_pair: MakePair) -> None:
    """The first notice says what it is: the other desk makes nothing of it, and nobody says a word more."""
    pair = make_pair(0)
    pair.begin()
    assert pair.come_to_rest() == 1
    assert pair.theirs.rows("SELECT outcome, reason FROM messages") == [("discarded", "automatic_reply")]
    assert pair.ours.value("SELECT count(*) FROM tickets") == 1


def test_a_relay_that_takes_every_mark_away(make_pair: MakePair) -> None:
    """Nothing tells that programs are talking, both answer everything: one ticket each, and a handful of notices."""
    relay = Sink().start()
    try:
        pair = make_pair(relay.port)
        relay.on_mail = lambda taken: pass_on(taken, pair)
        pair.begin()
        assert 2 <= pair.come_to_rest() <= 6
        assert [one.value("SELECT count(*) FROM tickets") for one in pair.both] == [1, 1]
        assert all(one.value("SELECT count(*) FROM notes") <= 2 for one in pair.both)
    finally:
        relay.stop()


def pass_on(taken: Taken, pair: Pair) -> None:
    """Hand a notice over to the other side, without its marks, under a Message-ID of the relay's own."""
    changed = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert isinstance(changed, EmailMessage)
    for name in (*MARKS, "Message-ID"):
        del changed[name]
    changed["Message-ID"] = f"<{time.monotonic_ns()}@relay.example>"
    to = next(one for one in pair.both if one.address == taken.rcpt_to)
    with smtplib.SMTP("127.0.0.1", to.daemon.port, timeout=60) as client:
        client.sendmail(taken.mail_from, [taken.rcpt_to], bytes(changed))
