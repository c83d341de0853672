"""The doctor finds what does not agree, and says nothing when all agrees."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from frontoffice.booking.models import Appointment, DaySheet, Hold, State
from frontoffice.booking.sheet import EMPTY
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Service
from tests.booking.steps import at, book_it, differences, fill


@pytest.fixture
def busy(database: Database, config: Config, renewal: Service, now: datetime) -> Appointment:
    """An appointment and a hold at the same time."""
    tokens = fill(database, config, renewal, at(24, "09:00"), now)
    return book_it(database, config, tokens[0], now)


def test_all_agrees_after_holding_and_booking(database: Database, busy: Appointment) -> None:
    assert differences(database) == []


def test_taken_that_nobody_booked_is_found(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        session.execute(update(DaySheet).where(DaySheet.id == busy.sheet_id).values(taken=EMPTY))
    found = differences(database)
    assert len(found) == 2
    assert (
        "(musterstadt/main, 2026-11-24): taken is not what is booked: online at 08:00 UTC 0 instead of 2"
        in found[0]
    )
    assert "free is not what capacity and taken make it" in found[1]


def test_a_cancellation_that_gave_nothing_back_is_found(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        session.execute(update(Appointment).values(state=State.CANCELLED))
    assert len(differences(database)) == 1


def test_an_appointment_at_another_time_than_its_ticks_is_found(
    database: Database, busy: Appointment
) -> None:
    with database.write() as session:
        session.execute(update(Appointment).values(start=busy.start + timedelta(minutes=30)))
    (found,) = differences(database)
    assert busy.reference in found
    assert "but stands at tick 108" in found


def test_a_hold_that_was_booked_but_still_stands_is_found(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        session.execute(update(Hold).values(released_at=None))
    assert any("its hold still stands" in line for line in differences(database))


def test_ticks_beyond_the_day_are_found(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        session.execute(update(Appointment).values(ticks=500))
    assert any("lies beyond the day" in line for line in differences(database))


def test_a_sheet_of_a_wrong_length_is_found(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        session.execute(update(DaySheet).where(DaySheet.id == busy.sheet_id).values(free=b""))
    (found,) = differences(database)
    assert "bytes instead of" in found
