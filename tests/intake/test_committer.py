"""Our trouble or a bad message: what happens when PostgreSQL says no, at the moment of writing or of committing."""

from collections.abc import Sequence

import pytest

from desk import Desk, delivery, mail, results
from inbound.intake.committer import BROKEN_AFTER
from inbound.message.parse import parse_all
from inbound.model.mail import Mail
from inbound.model.outcome import Deferral, Deferred, Outcome, Reason


def refuse(desk: Desk, condition: str, sqlstate: str) -> None:
    """Make PostgreSQL fail whenever a ticket is written for which the condition holds."""
    desk.run(
        "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END IF;"
        " RETURN NEW; END $$"
    )
    desk.run("CREATE OR REPLACE TRIGGER refuse BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION refuse()")


def test_one_bad_message_does_not_touch_its_neighbours(desk: Desk) -> None:
    """The message that fails alone is quarantined with its original and error; all others become tickets."""
    refuse(desk, "NEW.title = 'poison'", "22000")
    contents = [mail(subject="poison" if position == 13 else "fine") for position in range(30)]
    outcomes = [one.outcome for one in results(desk.commit(*map(delivery, contents)))]
    assert outcomes.pop(13) is Outcome.QUARANTINED
    assert set(outcomes) == {Outcome.TICKET_CREATED}
    query = "SELECT reason, error, content FROM messages JOIN blobs USING (sha256) WHERE outcome = 'quarantined'"
    ((reason, error, content),) = desk.rows(query)
    assert reason == Reason.PROCESSING_FAILED
    assert "refused" in error
    assert "22000" in error
    assert bytes(content) == contents[13]


def test_a_defect_of_the_reader_does_not_touch_the_neighbours(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read together, then each alone: the one that cannot be read is quarantined, all others become tickets."""

    def read(contents: Sequence[bytes]) -> list[Mail]:
        if any(b"poison" in content for content in contents):
            raise RecursionError("too deep")
        return parse_all(contents)

    monkeypatch.setattr("inbound.intake.understanding.parse_all", read)
    contents = [mail(subject="poison" if position == 2 else "fine") for position in range(5)]
    outcomes = [one.outcome for one in results(desk.commit(*map(delivery, contents)))]
    assert outcomes.pop(2) is Outcome.QUARANTINED
    assert set(outcomes) == {Outcome.TICKET_CREATED}
    query = "SELECT error, content FROM messages JOIN blobs USING (sha256) WHERE outcome = 'quarantined'"
    ((error, content),) = desk.rows(query)
    assert error == "RuntimeError: RecursionError: too deep"
    assert bytes(content) == contents[2]


def test_a_quarantined_message_is_retried_in_its_row(desk: Desk) -> None:
    """When the cause is gone, a retry makes the ticket; a redelivery in between did not."""
    refuse(desk, "true", "22000")
    content = mail()
    quarantined = desk.receive(content)
    assert desk.receive(content).outcome is Outcome.DUPLICATE
    desk.run("DROP TRIGGER refuse ON tickets")
    (result,) = results([desk.retry(quarantined.message_id, content)])
    assert (result.outcome, result.message_id) == (Outcome.TICKET_CREATED, quarantined.message_id)
    assert desk.rows("SELECT outcome, error, delivery_count FROM messages") == [("ticket_created", None, 2)]


@pytest.mark.parametrize("sqlstate", ["53100", "53200", "40P01", "40001", "57014", "58030", "55P03", "08006"])
def test_our_trouble_quarantines_nothing(desk: Desk, sqlstate: str) -> None:
    """Disk full, out of memory, deadlock, shutdown, lock timeout: the peers keep their mail."""
    refuse(desk, "true", sqlstate)
    answers = desk.commit(delivery(mail()), delivery(mail()), seconds=0.2)
    assert answers == [Deferred(Deferral.DATABASE_UNAVAILABLE)] * 2
    assert desk.value("SELECT count(*) FROM messages") == 0


def test_passing_trouble_is_waited_out(desk: Desk) -> None:
    """A transaction that fails for our reasons is tried again, and its messages are stored once."""
    desk.run("CREATE SEQUENCE attempts")
    refuse(desk, "nextval('attempts') <= 2", "40P01")
    assert results(desk.commit(delivery(mail())))[0].outcome is Outcome.TICKET_CREATED
    assert desk.value("SELECT count(*) FROM tickets") == 1


def test_a_lost_commit_is_tried_again(desk: Desk) -> None:
    """The connection dies inside COMMIT: nothing is doubled, nothing is lost, nothing is quarantined."""
    desk.run("CREATE SEQUENCE attempts")
    desk.run(
        "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('attempts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$"
    )
    desk.run(
        "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON messages DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION die()"
    )
    assert results(desk.commit(delivery(mail())))[0].outcome is Outcome.TICKET_CREATED
    assert desk.rows("SELECT count(*), max(delivery_count) FROM messages") == [(1, 1)]
    assert desk.value("SELECT last_value FROM attempts") == 2


def test_ten_failures_in_a_row_mean_that_the_pipeline_is_broken(desk: Desk) -> None:
    """After ten, mail is deferred instead of quarantined, until one message passes."""
    refuse(desk, "true", "22000")
    answers = desk.commit(*(delivery(mail()) for _ in range(BROKEN_AFTER + 5)))
    assert len(results(answers[:BROKEN_AFTER])) == BROKEN_AFTER
    assert answers[BROKEN_AFTER:] == [Deferred(Deferral.PIPELINE_BROKEN)] * 5
    assert desk.commit(delivery(mail())) == [Deferred(Deferral.PIPELINE_BROKEN)]
    assert desk.value("SELECT count(*) FROM messages") == BROKEN_AFTER
    desk.run("DROP TRIGGER refuse ON tickets")
    outcomes = {one.outcome for one in results(desk.commit(delivery(mail()), delivery(mail()), delivery(mail())))}
    assert outcomes == {Outcome.TICKET_CREATED}


def test_a_ticket_that_vanishes_is_no_disaster(desk: Desk) -> None:
    """The target is deleted between look-up and insert: the second attempt makes a new ticket."""
    number = desk.receive(mail()).number
    desk.run("CREATE SEQUENCE attempts")
    desk.run(
        "CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('attempts') = 1 THEN NEW.ticket_id := -1; END IF; RETURN NEW; END $$"
    )
    desk.run("CREATE TRIGGER vanish BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION vanish()")
    assert desk.receive(mail(subject=f"Re: {number}")).outcome is Outcome.TICKET_NOTE_ADDED


def test_a_message_that_was_retried_elsewhere_is_left_alone(desk: Desk) -> None:
    """Two operators retry the same message: one ticket, and the slower one hears what became of it."""
    refuse(desk, "true", "22000")
    content = mail()
    row_id = desk.receive(content).message_id
    desk.run("DROP TRIGGER refuse ON tickets")
    (first,) = results([desk.retry(row_id, content)])
    (second,) = results([desk.retry(row_id, content)])
    assert (second.outcome, second.number) == (Outcome.DUPLICATE, first.number)
    assert desk.value("SELECT count(*) FROM tickets") == 1
    assert desk.rows("SELECT outcome, delivery_count FROM messages") == [("ticket_created", 1)]


def test_a_missing_table_is_not_the_messages_fault(desk: Desk) -> None:
    """A schema that somebody changed under us defers mail; nothing goes into quarantine."""
    desk.run("ALTER TABLE tickets RENAME TO elsewhere")
    assert desk.commit(delivery(mail()), seconds=0.2) == [Deferred(Deferral.DATABASE_UNAVAILABLE)]
    assert desk.value("SELECT count(*) FROM messages") == 0
