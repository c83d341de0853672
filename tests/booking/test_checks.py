"""The doctor finds what does not agree, and says nothing when all agrees."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from frontoffice.booking import planning, sheet
from frontoffice.booking.models import Appointment, DaySheet, Hold, Share, State
from frontoffice.booking.sheet import EMPTY
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Closure, Office, Service
from tests.booking.steps import at, book_it, differences, fill
from tests.sample import sample_office


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


@pytest.mark.parametrize(
    ("gates", "says"),
    [
        (b"\x00" * 46, "gates cannot be read"),
        (b"\x09" + b"\x00" * 46, "gates cannot be read"),
        (
            b"\x03" + b"\x00\x00\x00\x09" * 2 + b"\x01" + b"\x00" * 37,
            "share emergency closes before it opens",
        ),
        (b"\x00" + b"\x00\x00\x00\x09\x00\x00\x00\x0a" + b"\xff" * 38, "share online lies beyond the day"),
    ],
)
def test_gates_that_make_no_sense_are_found(
    database: Database, busy: Appointment, gates: bytes, says: str
) -> None:
    with database.write() as session:
        session.execute(update(DaySheet).where(DaySheet.id == busy.sheet_id).values(gates=gates))
    (found,) = differences(database)
    assert says in found


@pytest.mark.parametrize("table", [Appointment, Hold])
@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([], "not those of one visit"),
        ([[2, 1]], "not those of one visit"),
        ([[1, 1], [1, 2]], "not those of one visit"),
        ([[1, 1], [99, 1]], "a service that its office does not have"),
        ([[1, 0]], "is for nobody"),
        ([1], "cannot be read"),
        (None, "cannot be read"),
    ],
)
def test_items_that_are_no_visit_are_found(
    database: Database, busy: Appointment, table: type[Appointment | Hold], items: object, says: str
) -> None:
    assert busy.service_id == 1
    with database.write() as session:
        session.execute(update(table).values(items=items))
    assert [line for line in differences(database) if says in line]


def test_a_service_of_another_office_is_found(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        other = sample_office(session, "andernort").services[0]
        session.execute(update(Appointment).values(items=[[busy.service_id, 1], [other.id, 1]]))
    (found,) = differences(database)
    assert "is for a service that its office does not have" in found


def test_an_appointment_outside_opening_hours_is_on_the_list_of_conflicts_and_a_hold_must_not_be(
    database: Database, office: Office, busy: Appointment, now: datetime
) -> None:
    with database.write() as session:
        session.add(Closure(office_id=office.id, day=date(2026, 11, 24), reason="Streik"))
        session.flush()
        planning.plan(session, office, date(2026, 11, 24), 1, now)
    assert differences(database) == []
    with database.write() as session:
        page = session.get_one(DaySheet, busy.sheet_id)
        page.taken = sheet.occupy(page.taken, busy.share, busy.first_tick, busy.ticks)
        session.execute(
            update(Hold).where(Hold.token_fingerprint != busy.hold_fingerprint).values(released_at=None)
        )
    (found,) = differences(database)
    assert "more is booked than there are seats or opening hours, and not on the list" in found
    assert "online at 08:00 UTC 0 instead of 1" in found


def test_shares_are_told_apart(database: Database, busy: Appointment) -> None:
    with database.write() as session:
        session.execute(update(Appointment).values(share=Share.EMERGENCY))
    (taken, beyond) = differences(database)
    assert "online at 08:00 UTC 2 instead of 1" in taken
    assert "emergency" in beyond or "emergency" in taken
