"""Days to the next free appointment: worked out, kept, and the alarm where they are too many."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from frontoffice import vault as vaults
from frontoffice.booking import planning, sheet
from frontoffice.booking.models import DaySheet, Share
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.events import Event
from frontoffice.insight import promise
from frontoffice.insight.models import BrokenPromise, PromiseDay
from frontoffice.insight.promise import Alarm
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Message
from frontoffice.offices.models import Office, Schedule
from tests.insight.parts import service
from tests.sample import COUNSELLING, PICK_UP, RENEWAL

MONDAY = date(2026, 11, 23)
EIGHT, NINE = (datetime(2026, 11, 23, hour, 0, tzinfo=UTC) for hour in (7, 8))
DAY = timedelta(days=1)
ALARM = Alarm("leitung@example.org", "de", "http://localhost/staff/statistics/")


@pytest.fixture
def office(database: Database, office: Office) -> Office:
    """Planned for forty days."""
    with database.write() as session:
        planning.plan(session, session.get_one(Office, office.id), MONDAY, 40, EIGHT)
    return office


def fill(database: Database, until: date, *, empty: bool = False) -> None:
    """Take every seat that the public could have before that day, or give them back."""
    with database.write() as session:
        for page in session.scalars(select(DaySheet).where(DaySheet.day < until)):
            taken = page.capacity if not empty else sheet.EMPTY
            page.taken, page.free = taken, sheet.free(page.capacity, taken)


def look(
    database: Database, config: Config, office: Office, now: datetime, alarm: Alarm | None = ALARM
) -> None:
    """As the worker does."""
    with database.read() as session:
        found = promise.look(session, session.get_one(Office, office.id), now, config.booking)
    with database.write() as session:
        promise.note(session, session.get_one(Office, office.id), found, now, alarm)


def days_of(database: Database, config: Config, office: Office, now: datetime) -> dict[str, int | None]:
    with database.read() as session:
        place = session.get_one(Office, office.id)
        return {each.service.slug: each.days for each in promise.look(session, place, now, config.booking)}


def told(database: Database) -> list[tuple[str, str, int | None]]:
    with database.read() as session:
        rows = session.scalars(
            select(Event).where(Event.kind.startswith("promise.")).order_by(Event.number)
        ).all()
    return [(each.kind, each.data["service"], each.data["days"]) for each in rows]


def mails(database: Database) -> list[str]:
    """What their lists of services say."""
    with database.read() as session:
        rows = session.scalars(
            select(Message).where(Message.kind == "promise_alarm").order_by(Message.id)
        ).all()
        envelopes = [unseal(vaults.of(session), each.envelope) for each in rows]
    assert all(each and each.to == ALARM.to for each in envelopes)
    return [each.parameters["service"] for each in envelopes if each]


def test_days_are_those_to_what_the_public_could_book_now(
    database: Database, config: Config, office: Office
) -> None:
    assert days_of(database, config, office, EIGHT) == {
        RENEWAL: 0,
        PICK_UP: 0,
    }  # counselling is not booked online
    fill(database, MONDAY + 18 * DAY)
    assert days_of(database, config, office, EIGHT) == {RENEWAL: 18, PICK_UP: 18}
    with (
        database.write() as session
    ):  # what staff may still give away by phone is no appointment for the public
        for page in session.scalars(select(DaySheet).where(DaySheet.day < MONDAY + 18 * DAY)):
            page.taken = sheet.give_back(page.taken, Share.PHONE, 96, 12)
            page.free = sheet.free(page.capacity, page.taken)
    assert days_of(database, config, office, EIGHT) == {RENEWAL: 18, PICK_UP: 18}
    fill(database, MONDAY + 100 * DAY)
    assert days_of(database, config, office, EIGHT) == {RENEWAL: None, PICK_UP: None}


def test_a_service_that_only_a_separate_place_offers_is_looked_for_there(
    database: Database, config: Config, office: Office
) -> None:
    with database.write() as session:
        main = session.scalars(select(Schedule)).one()
        campus = Schedule(office_id=office.id, slug="campus", name="Campus", pooled=False)
        campus.services = [service(session, PICK_UP)]
        main.services = [service(session, RENEWAL), service(session, COUNSELLING)]
        session.add(campus)
    assert days_of(database, config, office, EIGHT) == {RENEWAL: 0, PICK_UP: None}


def test_a_day_has_one_row_with_the_value_at_nine_and_the_worst(
    database: Database, config: Config, office: Office
) -> None:
    for hours, full_until in ((0, 3), (1, 7), (4, 17), (8, 4)):
        fill(database, MONDAY + 40 * DAY, empty=True)
        fill(database, MONDAY + full_until * DAY)
        look(database, config, office, EIGHT + timedelta(hours=hours))
    look(database, config, office, EIGHT + DAY)
    with database.read() as session:
        rows = promise.history(session, office.id, MONDAY, MONDAY + 2 * DAY)
        renewal = service(session, RENEWAL).id
    assert [
        (each.day, each.days, each.worst, each.promised) for each in rows if each.service_id == renewal
    ] == [
        (MONDAY, 7, 17, 14),
        (MONDAY + DAY, 3, 3, 14),
    ]


def test_nothing_free_is_the_worst(database: Database, config: Config, office: Office) -> None:
    look(database, config, office, NINE)
    fill(database, MONDAY + 100 * DAY)
    look(database, config, office, NINE + timedelta(hours=1))
    fill(database, MONDAY + 100 * DAY, empty=True)
    look(database, config, office, NINE + timedelta(hours=2))
    with database.read() as session:
        row = session.scalars(
            select(PromiseDay).where(PromiseDay.service_id == service(session, RENEWAL).id)
        ).one()
    assert (row.days, row.worst) == (0, None)


def test_fourteen_days_keep_the_promise_and_fifteen_break_it(
    database: Database, config: Config, office: Office
) -> None:
    fill(database, MONDAY + 14 * DAY)
    look(database, config, office, NINE)
    assert told(database) == mails(database) == []
    fill(database, MONDAY + 15 * DAY)
    look(database, config, office, NINE + timedelta(minutes=15))
    assert told(database) == [("promise.broken", RENEWAL, 15), ("promise.broken", PICK_UP, 15)]
    assert mails(database) == ["Aufenthaltserlaubnis verlängern\nKarte abholen"]


def test_the_alarm_is_told_once_and_its_mail_once_a_day(
    database: Database, config: Config, office: Office
) -> None:
    fill(database, MONDAY + 17 * DAY)
    look(database, config, office, EIGHT)
    assert mails(database) == []  # nobody reads it before nine
    for now in (NINE, NINE + timedelta(hours=3), NINE + DAY, NINE + DAY + timedelta(hours=2)):
        look(database, config, office, now)
    assert len(told(database)) == 2
    assert len(mails(database)) == 2
    with database.read() as session:
        assert {each.days for each in promise.broken(session, office.id)} == {16}


def test_it_ends_quietly(database: Database, config: Config, office: Office) -> None:
    fill(database, MONDAY + 17 * DAY)
    look(database, config, office, NINE)
    fill(database, MONDAY + 17 * DAY, empty=True)
    look(database, config, office, NINE + DAY)
    assert [kind for kind, *_ in told(database)] == ["promise.broken"] * 2 + ["promise.kept"] * 2
    assert len(mails(database)) == 1
    with database.read() as session:
        assert session.scalars(select(BrokenPromise)).all() == []


def test_each_service_has_its_own_promise_and_one_taken_off_no_alarm(
    database: Database, config: Config, office: Office
) -> None:
    fill(database, MONDAY + 10 * DAY)
    with database.write() as session:
        service(session, PICK_UP).promise_days = 7
    look(database, config, office, NINE, alarm=None)
    assert told(database) == [("promise.broken", PICK_UP, 10)]
    assert mails(database) == []
    with database.write() as session:
        service(session, PICK_UP).online = False
    look(database, config, office, NINE + DAY)
    with database.read() as session:
        assert session.scalars(select(BrokenPromise)).all() == []
