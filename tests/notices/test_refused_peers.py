"""Peers that are turned away: counted in bounded memory, told to the operators once per hour."""

import asyncio
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from desk import Desk
from inbound.config import Settings
from inbound.database import outbox, refusals
from inbound.database.engine import open_engine, transaction
from inbound.model.refusal import Refusals, RefusedPeer
from inbound.notices.operators import operator_drafts
from inbound.notices.refused_peers import RefusalTeller
from inbound.notices.sender import Sender
from inbound.rules.refusals import MAX_NAMED, together
from inbound.security.refusals import MAX_NETWORKS, RefusalTally
from running_daemon import Daemon
from sink import Sink

OPERATOR = "root@desk.example"


@pytest.fixture
def sink() -> Iterator[Sink]:
    smart_host = Sink().start()
    yield smart_host
    smart_host.stop()


def settings(port: int = 25, **smart_host: str) -> Settings:
    """A desk with two operators."""
    return Settings.model_validate(
        {
            "smart_host": {"host": "127.0.0.1", "port": port, "tls": "none", **smart_host},
            "desk": {"operators": [OPERATOR, "admin@desk.example"]},
            "mailboxes": [{"name": "support", "address": "support@desk.example"}],
        }
    )


def refused(tally: RefusalTally, address: str, times: int = 1, rcpt_to: str = "support@desk.example") -> None:
    """A peer is turned away."""
    for _ in range(times):
        tally.add(
            ip_address(address),
            address=address,
            helo="mail.other.example",
            mail_from="ann@other.example",
            rcpt_to=rcpt_to,
            detail="no entry lets it in",
        )


def counts(one: Refusals | None) -> dict[str, int]:
    """How often by network."""
    return {peer.network: peer.count for peer in one.peers} if one else {}


@pytest.mark.parametrize(
    ("addresses", "networks"),
    [
        # Neighbours are one, whatever address a provider uses next.
        (["192.0.2.1", "192.0.2.200"], {"192.0.2.0/24": 2}),
        (["192.0.2.1", "192.0.3.1"], {"192.0.2.0/24": 1, "192.0.3.0/24": 1}),
        (["2001:db8::1", "2001:db8::ffff:1"], {"2001:db8::/64": 2}),
        (["2001:db8::1", "2001:db8:0:1::1"], {"2001:db8::/64": 1, "2001:db8:0:1::/64": 1}),
    ],
)
def test_networks_are_counted(addresses: list[str], networks: dict[str, int]) -> None:
    """One entry per IPv4 /24 or IPv6 /64."""
    tally = RefusalTally()
    for address in addresses:
        refused(tally, address)
    assert counts(tally.take()) == networks
    assert tally.take() is None


def test_a_flood_costs_bounded_memory() -> None:
    """However many networks come and whatever they say: so many entries, the others are a number."""
    tally = RefusalTally()
    for number in range(MAX_NETWORKS + 50):
        refused(tally, f"10.{number // 256}.{number % 256}.1", rcpt_to="x" * 10_000 + "@desk.example")
    taken = tally.take()
    assert taken is not None
    assert (len(taken.peers), taken.others) == (MAX_NETWORKS, 50)
    assert max(len(peer.rcpt_to) for peer in taken.peers) <= 200


def test_what_could_not_be_told_is_counted_again() -> None:
    """Also together with what came since, and never beyond the bound."""
    tally = RefusalTally()
    refused(tally, "192.0.2.1", 2)
    taken = tally.take()
    assert taken is not None
    refused(tally, "192.0.2.9")
    for number in range(MAX_NETWORKS - 1):
        refused(tally, f"10.0.{number}.1")
    tally.give_back(replace(taken, peers=(*taken.peers, replace(taken.peers[0], network="198.51.100.0/24"))))
    again = tally.take()
    assert again is not None
    assert counts(again)["192.0.2.0/24"] == 3
    assert len(again.peers) == MAX_NETWORKS
    assert again.others == 1
    assert next(peer for peer in again.peers if peer.network == "192.0.2.0/24").address == "192.0.2.9"


def test_those_that_come_most_often_are_named() -> None:
    """A flood of single attempts does not hide the forgotten mail server."""
    flood = tuple(peer(f"10.0.{number}.0/24") for number in range(MAX_NAMED + 5))
    ours = peer("192.0.2.0/24", 3)
    both = together(Refusals(peers=flood, others=4), Refusals(peers=(ours,), others=1))
    assert both.peers[0] == ours
    assert (len(both.peers), both.others) == (MAX_NAMED, 4 + 1 + 6)


def peer(network: str, count: int = 1) -> RefusedPeer:
    """A refused peer."""
    return RefusedPeer(
        network=network,
        address=network.replace(".0/24", ".1"),
        helo="mx",
        mail_from="",
        rcpt_to="support@desk.example",
        detail="no entry lets it in",
        count=count,
    )


def tell(database: Engine, *peers: RefusedPeer) -> None:
    """One worker says what it has counted."""
    one = settings()
    with transaction(database) as tx:
        refusals.queue(tx, Refusals(peers=peers), operator_drafts(one, "refused_peers"), "UTC")


def test_workers_share_one_notice(desk: Desk) -> None:
    """What several processes count while the notice waits is one notice per operator, with sums."""
    for _ in range(3):
        tell(desk.database, peer("192.0.2.0/24"), peer("198.51.100.0/24", 2))
    rows = desk.rows("SELECT recipient, data->'peers'->0->>'count', data->'peers'->1->>'count' FROM outbox ORDER BY 1")
    assert rows == [("admin@desk.example", "6", "3"), (OPERATOR, "6", "3")]


def test_workers_that_tell_at_the_same_time(desk: Desk) -> None:
    """Whoever comes first makes the notice, the others add to it: none is left out, none is doubled."""
    with ThreadPoolExecutor(4) as workers:
        list(workers.map(lambda _: tell(desk.database, peer("192.0.2.0/24")), range(20)))
    rows = desk.rows("SELECT recipient, data->'peers'->0->>'count' FROM outbox ORDER BY 1")
    assert rows == [("admin@desk.example", "20"), (OPERATOR, "20")]


def test_once_per_hour(desk: Desk) -> None:
    """Once this hour's notice is gone, all that follows is the next hour's; whatever became of the first."""
    tell(desk.database, peer("192.0.2.0/24"))
    for state in ("sent", "failed", "digest", "sending"):
        desk.run("UPDATE outbox SET state = :state WHERE next_attempt_at <= now()", state=state)
        tell(desk.database, peer("192.0.2.0/24"))
    waiting = "SELECT data->'peers'->0->>'count' FROM outbox WHERE next_attempt_at > now() AND state = 'queued'"
    assert desk.rows(waiting) == [("4",), ("4",)]
    assert desk.value("SELECT count(*) FROM outbox") == 4


def test_an_hour_that_comes_twice(desk: Desk) -> None:
    """Where the clock is set back, what comes too soon waits for the next hour, though that is called the same."""
    desk.run("CREATE SCHEMA fake")
    desk.run(
        "CREATE FUNCTION fake.now() RETURNS timestamptz LANGUAGE sql STABLE "
        "AS $$ SELECT timestamptz '2026-10-25 00:30+00' $$"
    )
    with transaction(desk.database) as tx:
        tx.execute(text("SET LOCAL search_path = fake, pg_catalog, public"))
        for _ in range(2):
            outbox.insert(tx, operator_drafts(settings(), "refused_peers")[:1], "Europe/Berlin")
    assert desk.value("SELECT max(next_attempt_at) - min(next_attempt_at) FROM outbox") == timedelta(minutes=30)


def test_the_notice_names_peers_and_the_command(database: Engine, sink: Sink) -> None:
    """Who, how often, with which envelope, and how to find out which entry would let it in."""
    desk, tally, one = Desk(database), RefusalTally(), settings(sink.port)
    refused(tally, "192.0.2.7", 12)
    refused(tally, "2001:db8::1", rcpt_to="vip@desk.example")
    asyncio.run(RefusalTeller(one, database, tally).tell())
    asyncio.run(Sender(one, desk.database, b"secret").send_due())
    assert {taken.rcpt_to for taken in sink.taken} == {OPERATOR, "admin@desk.example"}
    text = sink.taken[0].part("plain")
    assert '"inbound peers test ADDRESS"' in text
    assert (
        "- 192.0.2.7 (mail.other.example), network 192.0.2.0/24: 12 times, "
        "last from <ann@other.example> to <support@desk.example>: no entry lets it in\r\n"
    ) in text
    assert "- 2001:db8::1 (mail.other.example), network 2001:db8::/64: 1 time, " in text
    assert "192.0.2.7" in sink.taken[0].part("html")


def test_database_trouble_loses_nothing(database: Engine, desk: Desk) -> None:
    """What cannot be queued is told when it can."""
    tally = RefusalTally()
    refused(tally, "192.0.2.7", 2)
    away = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    asyncio.run(RefusalTeller(settings(), away, tally).tell())
    refused(tally, "192.0.2.7")
    asyncio.run(RefusalTeller(settings(), database, tally).tell())
    assert desk.rows("SELECT data->'peers'->0->>'count' FROM outbox") == [("3",), ("3",)]


def test_a_defect_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes wrong otherwise is told with its traceback, counts as a defect, and ends nothing."""
    counted: list[str] = []
    monkeypatch.setattr("inbound.metrics.defects.add", counted.append)
    monkeypatch.setattr("inbound.notices.refused_peers.operator_drafts", None)
    tally = RefusalTally()
    refused(tally, "192.0.2.7")
    with capture_logs() as events:
        asyncio.run(RefusalTeller(settings(), open_engine("postgresql://nobody@127.0.0.1:1/nothing"), tally).tell())
    assert [event["event"] for event in events] == counted == ["refusals_failed"]


def test_without_a_smart_host_nothing_is_kept(database: Engine, desk: Desk) -> None:
    """No notices, no rows, and no memory that grows."""
    tally = RefusalTally()
    refused(tally, "192.0.2.7")
    asyncio.run(RefusalTeller(settings(host=""), database, tally).tell())
    assert tally.take() is None
    assert desk.value("SELECT count(*) FROM outbox") == 0


def test_the_daemon_tells(database_url: str, sink: Sink) -> None:
    """A peer that no entry lets in hears 450, and the operator gets one mail about it."""
    more = f'[smart_host]\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "none"\n[desk]\noperators = ["{OPERATOR}"]\n'
    daemon = Daemon(database_url, more=more)
    daemon.config.write_text(daemon.config.read_text().replace("127.0.0.0/8", "192.0.2.0/24"))
    try:
        daemon.start()
        turned_away(daemon, "support@desk.example", "typo@desk.example", "relay@elsewhere.example")
        daemon.wait_for("notice")
        (taken,) = sink.taken
        text = taken.part("plain")
        assert "- 127.0.0.1 (mail.other.example), network 127.0.0.0/24: 2 times, " in text
        assert "elsewhere.example" not in text
    finally:
        daemon.close()


def turned_away(daemon: Daemon, *recipients: str) -> None:
    """A peer tries, in one connection: whichever worker it is, it counts all of them."""
    with smtplib.SMTP("127.0.0.1", daemon.port, local_hostname="mail.other.example", timeout=60) as client:
        client.ehlo()
        client.mail("ann@other.example")
        for recipient in recipients:
            code, text = client.rcpt(recipient)
            assert (code, text[:5]) == (450, b"4.7.1")
