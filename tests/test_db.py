"""The database: what `read()` and `write()` promise, on either engine."""

import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from frontoffice.db import Database, Turns
from frontoffice.limits import Tally
from frontoffice.vault import Vault
from tests.conftest import KEY

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def tally(who: str, until: datetime = NOON) -> Tally:
    return Tally(what="test", who=who, until=until, count=0)


def test_what_is_written_is_there_afterwards(database: Database) -> None:
    with database.write() as session:
        session.add(tally("a"))
    with database.read() as session:
        assert session.scalars(select(Tally.who)).all() == ["a"]


def test_a_block_that_raises_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as session:
        session.add(tally("a"))
        session.flush()
        raise RuntimeError
    with database.read() as session:
        assert session.scalars(select(Tally)).all() == []


def test_a_savepoint_takes_back_its_own_part_only(database: Database) -> None:
    with database.write() as session:
        session.add(tally("a"))
        with pytest.raises(RuntimeError), session.begin_nested():
            session.add(tally("b"))
            session.flush()
            raise RuntimeError
        session.add(tally("c"))
    with database.read() as session:
        assert sorted(session.scalars(select(Tally.who))) == ["a", "c"]


def test_what_is_taken_back_is_not_written(database: Database) -> None:
    with database.write() as session:
        session.add(tally("a"))
        session.flush()
        session.rollback()
    with database.read() as session:
        assert session.scalars(select(Tally)).all() == []


def test_only_what_may_be_lost_does_not_wait_for_the_disk(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite waits always")
    waits = text("SHOW synchronous_commit")
    with database.write(may_be_lost=True) as session:
        session.add(tally("a"))
        assert session.scalar(waits) == "off"
    with database.write() as session:  # on the same connection
        assert session.scalar(waits) == "on"
        assert session.scalars(select(Tally.who)).all() == ["a"]


@pytest.mark.parametrize("snapshot", [False, True])
def test_nothing_can_be_written_while_reading(database: Database, snapshot: bool) -> None:
    with (
        pytest.raises(DBAPIError, match=r"(?i)read-?only"),
        database.read(snapshot=snapshot) as session,
    ):
        session.add(tally("a"))
        session.flush()
    with database.read() as session:
        assert session.scalars(select(Tally)).all() == []


def test_what_is_changed_while_reading_is_thrown_away(database: Database) -> None:
    with database.write() as session:
        session.add(tally("a"))
    with database.read() as session:
        session.scalars(select(Tally)).one().who = "b"
    with database.read() as session:
        assert session.scalars(select(Tally.who)).one() == "a"


def test_a_snapshot_sees_one_moment(database: Database) -> None:
    with database.read(snapshot=True) as looking:
        before = looking.scalars(select(Tally.who)).all()
        with database.write() as session:
            session.add(tally("a"))
        assert before == looking.scalars(select(Tally.who)).all() == []
    with database.read(snapshot=True) as looking:
        assert looking.scalars(select(Tally.who)).all() == ["a"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_cut_while_idle_is_replaced_before_it_is_used(
    database: Database, database_url: str, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontoffice.db.IDLE_SECONDS", -1)
    with database.read() as reading, database.write() as writing:
        numbers = [each.scalar(text("SELECT pg_backend_pid()")) for each in (reading, writing)]
    elsewhere = Database(database_url, vault)
    with elsewhere.read() as session:
        for number in numbers:
            session.execute(text("SELECT pg_terminate_backend(:number, 10000)"), {"number": number})
    elsewhere.close()
    with database.read() as reading, database.write() as writing:
        assert [each.scalar(text("SELECT 1")) for each in (reading, writing)] == [1, 1]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_there_are_never_more_connections_than_were_allowed(database_url: str, vault: Vault) -> None:
    small = Database(database_url, vault, pool_size=2)
    most: list[int] = []

    def work(number: int) -> None:
        with small.write() if number % 2 else small.read() as session:
            query = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            most.append(session.scalar(query) or 0)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(64)))
    small.close()
    assert len(most) == 64
    assert max(most) <= 4


def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    summer = datetime(2026, 7, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    with database.write() as session:
        session.add(tally("a", until=summer))
    with database.read() as session:
        found = session.scalars(select(Tally.until)).one()
    assert found == summer
    assert found.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = NOON.replace(tzinfo=None)
    with pytest.raises(Exception, match="without a time zone"), database.write() as session:
        session.add(tally("a", until=naive))


def test_foreign_keys_are_kept(database: Database) -> None:
    with pytest.raises(Exception, match="(?i)foreign key"), database.write() as session:
        session.execute(text("INSERT INTO event_count (office_id, last) VALUES (4711, 1)"))


def test_parameters_stay_out_of_error_texts(database: Database) -> None:
    with pytest.raises(Exception, match=r".") as caught, database.write() as session:
        session.execute(text("INSERT INTO nowhere VALUES (:who)"), {"who": "Amina Diallo"})
    assert "Amina" not in str(caught.value)


def add_up(url: str, times: int) -> None:
    database = Database(url, Vault([KEY]))
    for _ in range(times):
        with database.write() as session:
            row = session.scalars(select(Tally).with_for_update()).one()
            row.count += 1
    database.close()


def test_no_update_is_lost_between_processes(database: Database, database_url: str) -> None:
    """Read, add one, write back: without a lock from the first statement on, updates would be lost."""
    with database.write() as session:
        session.add(tally("a"))
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=add_up, args=(database_url, 25)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    with database.read() as session:
        assert session.scalars(select(Tally.count)).one() == 100


def test_turns_are_given_in_the_order_they_were_asked_for() -> None:
    turns, order, waiting = Turns(), [], []

    def take(number: int) -> None:
        with turns:
            order.append(number)

    with turns:
        for number in range(5):
            thread = threading.Thread(target=take, args=(number,))
            thread.start()
            waiting.append(thread)
            while len(turns._queue) <= number:  # the next one asks only after this one is in the queue
                pass
    for thread in waiting:
        thread.join(10)
    assert order == [0, 1, 2, 3, 4]
