"""A time that somebody gives up: for the waiting list first, and public again after a random while."""

import random
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from frontoffice.booking import daybook, freeing, holding, planning
from frontoffice.booking.models import Appointment, Channel, Purpose
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Closure, Office, Schedule, Service
from tests.booking.conftest import MONDAY
from tests.booking.life import booked_on, cancel, freed
from tests.booking.steps import AMIN, at, book_it, differences, free_on, hold_it

THURSDAY = date(2026, 11, 26)
START = at(26, "09:00")


class Loaded(random.Random):
    """A die that shows what it was told, if that is on it."""

    def __init__(self, shown: int) -> None:
        super().__init__()
        self.shown = shown

    def randint(self, a: int, b: int) -> int:
        return min(max(a, self.shown), b)


@pytest.mark.parametrize(("shown", "minutes"), [(0, 5), (17 * 60, 17), (10**6, 60)])
def test_it_is_public_again_when_chance_says_so(
    database: Database, config: Config, renewal: Service, now: datetime, shown: int, minutes: int
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    with database.write() as session:
        found = session.get_one(Appointment, appointment.id)
        page = daybook.locked(session, found.sheet_id)
        page = freeing.give_back_later(session, page, found, now, config.booking, Loaded(shown))
        daybook.write(session, page)
        session.delete(found)
    (back,) = freed(database)
    assert back.expires_at == now + timedelta(minutes=minutes)
    assert (back.purpose, back.items, back.ticks) == (Purpose.FREED, [[renewal.id, 1]], 6)
    assert differences(database) == []


def test_chance_cannot_be_foreseen() -> None:
    drawn = {freeing.CHANCE.randint(0, 10**9) for _ in range(50)}
    assert len(drawn) > 45
    assert isinstance(freeing.CHANCE, random.SystemRandom)


def test_the_time_is_nobodys_until_then(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    booked_on(database, config, renewal, START, now, AMIN)
    cancel(database, config, booked_on(database, config, renewal, START, now), now)
    assert "09:00" not in free_on(database, config, renewal, THURSDAY, now)
    (back,) = freed(database)
    for later, is_free in ((back.expires_at - timedelta(seconds=1), False), (back.expires_at, True)):
        with database.write() as session:
            holding.release_expired(session, later)
        assert ("09:00" in free_on(database, config, renewal, THURSDAY, later)) is is_free
    assert freed(database) == []
    assert differences(database) == []


def test_what_begins_soon_is_public_at_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    soon = at(24, "08:00")
    just = soon - timedelta(hours=config.booking.return_at_once_hours)
    for when, kept in ((just, 1), (just + timedelta(seconds=1), 0)):
        appointment = booked_on(database, config, renewal, soon, when - timedelta(hours=1))
        cancel(database, config, appointment, when)
        assert len(freed(database)) == kept
        with database.write() as session:
            holding.release_expired(session, when + timedelta(hours=2))
    assert differences(database) == []


def test_it_can_be_switched_off(database: Database, config: Config, renewal: Service, now: datetime) -> None:
    rules = config.booking.model_copy(update={"return_minutes": (0, 0)})
    config = config.model_copy(update={"booking": rules})
    cancel(database, config, booked_on(database, config, renewal, START, now), now)
    assert freed(database) == []
    assert differences(database) == []


def test_a_seat_that_the_public_cannot_take_is_back_at_once(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    with database.write() as session:  # what is left does not flow to the public
        session.execute(update(Schedule).values(flow_hours=None))
        planning.plan(session, renewal.office, MONDAY, 28, now)
    _, token = hold_it(database, config, renewal, START, now, channel=Channel.PHONE)
    cancel(database, config, book_it(database, config, token, now), now)
    assert freed(database) == []
    assert differences(database) == []


def test_a_seat_on_a_day_that_was_closed_is_not_kept(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    appointment = booked_on(database, config, renewal, START, now)
    with database.write() as session:
        session.add(Closure(office_id=planned.id, day=THURSDAY, reason="Streik"))
        session.flush()
        assert len(planning.plan(session, planned, MONDAY, 28, now)) == 1
    cancel(database, config, appointment, now)
    assert freed(database) == []
    with database.write() as session:
        assert planning.plan(session, planned, MONDAY, 28, now) == []
    assert differences(database) == []
