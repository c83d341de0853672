"""Limits hold across connections and end with their window."""

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice import events, limits
from frontoffice.db import Database
from frontoffice.errors import Conflict, TooMany
from frontoffice.limits import Tally
from frontoffice.offices.models import Office

HOUR = timedelta(hours=1)


def hit(database: Database, now: datetime, who: str = "somebody") -> None:
    with database.write() as session:
        limits.hit(session, "guess", who, 3, HOUR, now)


def test_the_fourth_of_three_is_refused_with_the_time_to_wait(database: Database, now: datetime) -> None:
    for minute in range(3):
        hit(database, now + timedelta(minutes=minute))
    with pytest.raises(TooMany) as caught:
        hit(database, now + timedelta(minutes=20))
    assert caught.value.params == {"minutes": 40}


def test_others_are_not_affected(database: Database, now: datetime) -> None:
    for _ in range(3):
        hit(database, now)
    hit(database, now, who="somebody else")


def test_the_next_window_starts_from_nothing(database: Database, now: datetime) -> None:
    for _ in range(3):
        hit(database, now)
    hit(database, now + HOUR)


def held(database: Database, now: datetime, refusal: Exception | None = None) -> None:
    """Something that writes a row and is counted, or refuses after it has."""

    def count(session: Session) -> None:
        limits.hit(session, "hold", "somebody", 3, HOUR, now)

    with limits.counted(database, count) as session:
        session.add(Tally(what="row", who=str(now), until=now, count=1))
        session.flush()
        if refusal:
            raise refusal


def rows(database: Database, what: str) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(Tally.count).where(Tally.what == what)))


def test_what_is_done_and_what_is_refused_both_count_once(database: Database, now: datetime) -> None:
    held(database, now)
    with pytest.raises(Conflict):
        held(database, now + timedelta(minutes=1), Conflict())
    assert rows(database, "row") == [1], "what was refused has been undone"
    assert rows(database, "hold") == [2]


def test_beyond_the_limit_nothing_is_done_any_more(database: Database, now: datetime) -> None:
    for minute in range(3):
        held(database, now + timedelta(minutes=minute))
    for minute, refusal in ((3, None), (4, Conflict()), (5, None)):
        with pytest.raises(TooMany):
            held(database, now + timedelta(minutes=minute), refusal)
    assert len(rows(database, "row")) == 3
    with pytest.raises(ZeroDivisionError):  # a fault of ours is nobody's attempt
        held(database, now + HOUR, ZeroDivisionError())
    assert rows(database, "hold") == [3]


@pytest.mark.parametrize("refusal", [None, Conflict()])
def test_what_rides_along_with_an_event_counts_once(
    database: Database, office: Office, now: datetime, refusal: Conflict | None
) -> None:
    rider = limits.rider("hold", "somebody", HOUR, now)

    def count(session: Session) -> None:
        limits.hit(session, "hold", "somebody", 1, HOUR, now, rider)

    def booked() -> None:
        with limits.counted(database, count) as session:
            events.append(session, office.id, "test.happened", now, actor="a", subject="b:1", rider=rider)
            if refusal:
                raise refusal

    with pytest.raises(Conflict) if refusal else nullcontext():
        booked()
    assert rows(database, "hold") == [1]
    with pytest.raises(TooMany):  # as the second one, or as a refused one
        booked()


def test_windows_that_are_over_are_forgotten(database: Database, now: datetime) -> None:
    hit(database, now)
    hit(database, now + HOUR)
    with database.write() as session:
        limits.forget(session, now + HOUR)
    with database.read() as session:
        assert session.scalars(select(Tally.until)).all() == [now + 2 * HOUR]
