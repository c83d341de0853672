"""Limits hold across connections and end with their window."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice import limits
from frontoffice.db import Database
from frontoffice.errors import TooMany
from frontoffice.limits import Tally

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


def test_windows_that_are_over_are_forgotten(database: Database, now: datetime) -> None:
    hit(database, now)
    hit(database, now + HOUR)
    with database.write() as session:
        limits.forget(session, now + HOUR)
    with database.read() as session:
        assert session.scalars(select(Tally.until)).all() == [now + 2 * HOUR]
