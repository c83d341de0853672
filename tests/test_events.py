"""Events are numbered per office without gaps, and no later number can be seen before an earlier one."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import select, text

from frontoffice import events
from frontoffice.db import Database
from frontoffice.events import CHANNEL, Event
from frontoffice.offices.models import Office
from tests.sample import sample_office

DEADLINE = 30  # seconds


def append(
    database: Database, office_id: int, now: datetime, before_commit: Callable[[], object] = lambda: None
) -> int:
    with database.write() as session:
        number = events.append(session, office_id, "test.happened", now, actor="test", subject="test:1")
        before_commit()
    return number


def visible(database: Database, office_id: int, after: int = 0) -> list[int]:
    with database.read() as session:
        return [event.number for event in events.after(session, office_id, after)]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "that did not happen in time"
        time.sleep(0.01)


def test_an_event_is_kept_as_it_was_told(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        data = {"ticket": "A001", "call": 1}
        events.append(
            session, office.id, "ticket.called", now, actor="account:3", subject="ticket:17", data=data
        )
    with database.read() as session:
        [event] = events.after(session, office.id, 0)
        assert events.last_number(session, office.id) == 1
    kept = (event.number, event.at, event.kind, event.actor, event.subject, event.data)
    assert kept == (1, now, "ticket.called", "account:3", "ticket:17", data)


def test_each_office_counts_for_itself(database: Database, office: Office, now: datetime) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    assert [append(database, each.id, now) for each in (office, other, office, other)] == [1, 1, 2, 2]


def test_what_is_undone_leaves_no_gap(database: Database, office: Office, now: datetime) -> None:
    append(database, office.id, now)

    def fail() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        append(database, office.id, now, fail)
    append(database, office.id, now)
    assert visible(database, office.id) == [1, 2]


def test_events_come_in_pieces_when_there_are_many(database: Database, office: Office, now: datetime) -> None:
    for _ in range(5):
        append(database, office.id, now)
    with database.read() as session:
        first = [event.number for event in events.after(session, office.id, 1, limit=2)]
    assert first == [2, 3]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_later_number_is_not_seen_while_an_earlier_one_is_still_being_written(
    database: Database, office: Office, now: datetime
) -> None:
    """Two slow transactions: the first has its number and dawdles, the second would like to overtake."""
    first_has_number, may_commit = threading.Event(), threading.Event()

    def dawdle() -> None:
        first_has_number.set()
        assert may_commit.wait(DEADLINE)

    def second_is_waiting_or_done() -> bool:
        with database.engine.connect() as connection:
            blocked = connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            )
        return bool(blocked) or overtaking.done()

    with ThreadPoolExecutor(2) as threads:
        dawdling = threads.submit(append, database, office.id, now, dawdle)
        assert first_has_number.wait(DEADLINE)
        overtaking = threads.submit(append, database, office.id, now)
        try:
            until(second_is_waiting_or_done)
            seen_early = visible(database, office.id)
        finally:
            may_commit.set()
        numbers = [dawdling.result(DEADLINE), overtaking.result(DEADLINE)]
    assert seen_early == [], "a follower would have gone on from there and never seen the first"
    assert numbers == [1, 2]
    assert visible(database, office.id) == [1, 2]


def test_eight_writers_at_two_offices_leave_no_gap_and_a_follower_misses_nothing(
    database: Database, office: Office, now: datetime
) -> None:
    with database.write() as session:
        other = sample_office(session, "nebenstadt")
    offices = [office.id, other.id]
    each_writes = 20
    done = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(each_writes):
            append(database, chance.choice(offices), now, lambda: time.sleep(chance.random() / 500))

    def follow(office_id: int) -> list[int]:
        seen: list[int] = []
        while True:
            finished = done.is_set()
            seen += visible(database, office_id, after=seen[-1] if seen else 0)
            if finished:
                return seen

    with ThreadPoolExecutor(10) as threads:
        followers = [threads.submit(follow, office_id) for office_id in offices]
        writers = [threads.submit(write, seed) for seed in range(8)]
        for writer in writers:
            writer.result(120)
        done.set()
        followed = [follower.result(DEADLINE) for follower in followers]
    assert sum(len(seen) for seen in followed) == 8 * each_writes
    for office_id, seen in zip(offices, followed, strict=True):
        assert seen == list(range(1, len(seen) + 1))
        with database.read() as session:
            stored = session.scalars(select(Event.number).where(Event.office_id == office_id)).all()
        assert sorted(stored) == seen


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_doorbell_rings_at_the_commit_and_not_before(
    database: Database, office: Office, now: datetime
) -> None:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listening:
        listening.execute(text(f"LISTEN {CHANNEL}"))
        raw = listening.connection.driver_connection
        assert raw is not None

        def rings(seconds: float) -> list[str]:
            return [notification.payload for notification in raw.notifies(timeout=seconds, stop_after=1)]

        before_commit: list[str] = []
        append(database, office.id, now, lambda: before_commit.extend(rings(0.2)))
        assert before_commit == []
        assert rings(DEADLINE) == [str(office.id)]
