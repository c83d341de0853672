"""A visitor holds one time at once, and loses it only for another one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice.booking import holding
from frontoffice.booking.models import Hold
from frontoffice.booking.refusals import JustTaken, NotOffered
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Service
from tests.booking.steps import at, book_it, differences, fill, visiting

KEY = "a key that nobody guesses"


def as_visitor(
    database: Database,
    config: Config,
    service: Service,
    start: datetime,
    now: datetime,
    visitor: str = "a browser",
    key: str | None = None,
) -> tuple[Hold, str]:
    """Hold a time as somebody who is known by the browser."""
    with database.write() as session:
        return holding.hold(
            session,
            service.office,
            visiting(service),
            start,
            now,
            rules=config.booking,
            visitor=visitor,
            key=key,
        )


def held_by(database: Database, now: datetime, visitor: str = "a browser") -> list[datetime]:
    """What the visitor holds, as the page asks for it after a reload."""
    with database.read() as session:
        found = holding.of_visitor(session, visitor, now)
        return [found.start] if found else []


def test_a_visitor_holds_one_time_and_the_next_one_replaces_it(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    times = [at(24, "09:00"), at(26, "10:00"), at(26, "10:30"), at(26, "10:30")]
    for start in times:
        as_visitor(database, config, renewal, start, now)
        assert held_by(database, now) == [start]
    as_visitor(database, config, renewal, times[0], now, "another browser")
    assert held_by(database, now) == [times[-1]]
    assert held_by(database, now + timedelta(minutes=10)) == []
    with database.read() as session:
        assert len(session.scalars(select(Hold).where(Hold.released_at.is_(None))).all()) == 2
    assert differences(database) == []


def test_a_visitor_keeps_what_is_held_until_the_new_time_is_certain(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    old, wanted = at(24, "09:00"), at(24, "10:00")
    as_visitor(database, config, renewal, old, now)
    fill(database, config, renewal, wanted, now)
    with pytest.raises(JustTaken):
        as_visitor(database, config, renewal, wanted, now)
    with pytest.raises(NotOffered):
        as_visitor(database, config, renewal, at(24, "09:05"), now)
    assert held_by(database, now) == [old]
    assert differences(database) == []


def test_the_last_seat_does_not_stand_in_the_way_of_who_holds_it(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    start = at(24, "09:00")
    fill(database, config, renewal, start, now, seats=1)
    as_visitor(database, config, renewal, start, now)
    again, _ = as_visitor(database, config, renewal, start, now + timedelta(minutes=5))
    assert again.expires_at == now + timedelta(minutes=15)
    assert differences(database) == []


def test_a_form_sent_twice_by_one_visitor_holds_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    first, token = as_visitor(database, config, renewal, at(24, "09:00"), now, key=KEY)
    again, same = as_visitor(database, config, renewal, at(24, "09:00"), now, key=KEY)
    assert (again.id, same) == (first.id, token)
    as_visitor(database, config, renewal, at(24, "10:00"), now, key=f"{KEY} and another one")
    third, _ = as_visitor(database, config, renewal, at(24, "09:00"), now, key=KEY)  # back to the first
    assert third.id == first.id
    assert held_by(database, now) == [at(24, "09:00")]
    book_it(database, config, token, now)
    booked, _ = as_visitor(database, config, renewal, at(24, "09:00"), now, key=KEY)
    assert booked.id == first.id
    assert held_by(database, now) == []
    assert differences(database) == []
