"""Planning days: opening hours less holidays and closures, and nothing booked is ever dropped."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from frontoffice.booking import appointing, holding, planning
from frontoffice.booking.planning import Clash
from frontoffice.booking.refusals import HoldExpired
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.offices.models import Closure, Office, OpeningHours, Service
from tests.booking.conftest import MONDAY
from tests.booking.planned import rule, sheets
from tests.booking.steps import AMIN, OLENA, at, book_it, differences, fill, free_on, hold_it

TUESDAY = date(2026, 11, 24)


def test_a_sheet_is_planned_for_each_open_day(database: Database, planned: Office) -> None:
    days = sorted(sheets(database))
    assert len(days) == 20
    assert {each.weekday() for each in days} == {0, 1, 2, 3, 4}


def test_planning_again_changes_nothing(
    database: Database, config: Config, renewal: Service, now: datetime, replan: Callable[..., list[Clash]]
) -> None:
    hold_it(database, config, renewal, at(24, "09:00"), now)
    before = sheets(database)
    assert replan() == []
    assert sheets(database) == before


def test_public_holidays_of_the_land_are_closed(database: Database, planned: Office, now: datetime) -> None:
    with database.write() as session:
        planning.plan(session, planned, date(2026, 12, 21), 14, now)
    days = sheets(database)
    assert date(2026, 12, 24) in days
    assert date(2026, 12, 25) not in days
    assert date(2027, 1, 1) not in days


def test_a_holiday_on_which_the_office_opens_can_be_booked_and_taken_back(
    database: Database, config: Config, renewal: Service, now: datetime
) -> None:
    holiday = date(2026, 12, 25)
    at_nine = at(25, "09:00", month=12)

    def open_on(*days: str) -> list[Clash]:
        with database.write() as session:
            office = session.get_one(Office, renewal.office_id)
            office.open_on = list(days)
            return planning.plan(session, office, date(2026, 12, 21), 14, now)

    assert open_on("2026-12-25") == []
    assert "09:00" in free_on(database, config, renewal, holiday, now)
    assert date(2027, 1, 1) not in sheets(database)
    _, token = hold_it(database, config, renewal, at_nine, now)
    booked = book_it(database, config, token, now, OLENA)
    assert [each.appointment_id for each in open_on()] == [booked.id]  # listed, and not dropped
    assert free_on(database, config, renewal, holiday, now) == []
    assert differences(database) == []


def test_more_seats_and_hours_keep_what_is_taken(
    database: Database,
    config: Config,
    planned: Office,
    renewal: Service,
    now: datetime,
    replan: Callable[..., list[Clash]],
) -> None:
    fill(database, config, renewal, at(24, "09:00"), now)
    assert replan(rule(planned), rule(planned, opens=time(9), closes=time(10))) == []
    assert free_on(database, config, renewal, TUESDAY, now)[-5:] == [
        "11:30",
        "14:00",
        "14:30",
        "15:00",
        "15:30",
    ]
    assert "09:00" in free_on(database, config, renewal, TUESDAY, now)  # the rules add up
    assert differences(database) == []


def test_a_rule_holds_from_and_until_its_days_and_every_so_many_weeks(
    database: Database,
    config: Config,
    planned: Office,
    renewal: Service,
    now: datetime,
    replan: Callable[..., list[Clash]],
) -> None:
    replan(
        rule(planned, valid_from=date(2026, 11, 12), every_weeks=2),  # a Thursday: its week counts
        rule(planned, opens=time(18), closes=time(19), valid_until=date(2026, 12, 8)),
    )
    evenings = {}
    for day in (TUESDAY, date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 15)):
        evenings[day.day] = [clock for clock in free_on(database, config, renewal, day, now) if clock > "12"]
    assert evenings[24][:1] == ["14:00"]
    assert evenings[1] == ["18:00", "18:30"]
    assert evenings[8][:1] == ["14:00"]
    assert "18:00" not in evenings[8]
    assert evenings[15] == []


def test_a_meeting_closes_every_tick_it_touches(
    database: Database,
    config: Config,
    planned: Office,
    renewal: Service,
    now: datetime,
    replan: Callable[..., list[Clash]],
) -> None:
    meeting = Closure(
        office_id=planned.id, day=TUESDAY, opens=time(9, 58), closes=time(10, 32), reason="Besprechung"
    )
    replan(meeting)
    free = free_on(database, config, renewal, TUESDAY, now)
    assert free == ["08:00", "08:30", "09:00", "10:35", "11:05"]


def test_a_closure_of_another_schedule_closes_nothing_here(
    database: Database, config: Config, planned: Office, renewal: Service, now: datetime
) -> None:
    with database.write() as session:
        from tests.sample import sample_office

        other = sample_office(session, "andernort")
        session.add(
            Closure(office_id=other.id, schedule_id=other.schedules[0].id, day=TUESDAY, reason="Streik")
        )
        session.flush()
        planning.plan(session, planned, MONDAY, 28, now)
        planning.plan(session, other, MONDAY, 28, now)
    assert free_on(database, config, renewal, TUESDAY, now) != []
    assert free_on(database, config, other.services[0], TUESDAY, now) == []


def test_those_who_booked_last_are_the_first_who_no_longer_fit(
    database: Database, config: Config, renewal: Service, now: datetime, replan: Callable[..., list[Clash]]
) -> None:
    tokens = fill(database, config, renewal, at(24, "09:00"), now)
    first = book_it(database, config, tokens[1], now)
    second = book_it(database, config, tokens[0], now, AMIN)

    def one_seat(hours: OpeningHours) -> None:
        hours.seats_online = 1

    found = replan(change=one_seat)
    assert [clash.reference for clash in found] == [second.reference]
    assert found == replan(change=one_seat)
    assert differences(database) == []
    with database.write() as session:
        kept = appointing.find_by_birth(session, second.reference, AMIN.born)
        appointing.cancel(session, kept, now, settings=config)
    assert replan() == []
    with database.read() as session:
        assert appointing.find_by_birth(session, first.reference, OLENA.born).id == first.id


def test_a_closed_day_lists_its_appointments_and_releases_its_holds(
    database: Database,
    config: Config,
    planned: Office,
    renewal: Service,
    now: datetime,
    replan: Callable[..., list[Clash]],
) -> None:
    booked_token, held_token = fill(database, config, renewal, at(24, "09:00"), now)
    booked = book_it(database, config, booked_token, now)
    found = replan(Closure(office_id=planned.id, day=TUESDAY, reason="Streik"))
    assert [(clash.reference, clash.start) for clash in found] == [(booked.reference, at(24, "09:00"))]
    with database.read() as session:
        assert holding.find(session, held_token).released_at == now
    with pytest.raises(HoldExpired):
        book_it(database, config, held_token, now, AMIN)
    assert differences(database) == []


def test_appointments_of_the_past_are_nobodys_concern_any_more(
    database: Database,
    config: Config,
    planned: Office,
    renewal: Service,
    now: datetime,
) -> None:
    _, token = hold_it(database, config, renewal, at(24, "09:00"), now)
    book_it(database, config, token, now)
    with database.write() as session:
        session.add(Closure(office_id=planned.id, day=TUESDAY, reason="Streik"))
        session.flush()
        assert planning.plan(session, planned, MONDAY, 28, now + timedelta(days=2)) == []


def test_an_office_that_works_through_the_nights_of_the_clock_changes(
    database: Database, config: Config, office: Office
) -> None:
    sundays = (date(2026, 10, 25), date(2027, 3, 28))
    early = datetime.fromisoformat("2026-10-01T08:00Z")
    night = rule(office, weekday=6, opens=time(1), closes=time(4), valid_from=date(2026, 10, 1))
    with database.write() as session:
        session.add(night)
        session.flush()
        for sunday in sundays:
            planning.plan(session, office, sunday, 1, early)
    long_rules = config.model_copy(
        update={"booking": config.booking.model_copy(update={"horizon_days": 366})}
    )
    pick_up = office.services[0]
    autumn = free_on(database, long_rules, pick_up, sundays[0], early)
    spring = free_on(database, long_rules, pick_up, sundays[1], early)
    assert autumn == ["01:00", "01:30", "02:00", "02:30", "02:00", "02:30", "03:00", "03:30"]
    assert spring == ["01:00", "01:30", "03:00", "03:30"]
    twice = [datetime.fromisoformat("2026-10-25T00:30Z"), datetime.fromisoformat("2026-10-25T01:30Z")]
    held = [hold_it(database, long_rules, pick_up, start, early)[0].first_tick for start in twice]
    assert held[1] - held[0] == 12
    assert differences(database) == []
