"""A quota is counted by the calendar and under a lock: however many book at once, it is never passed."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from frontoffice.db import Database
from frontoffice.offices.models import Office
from frontoffice.partners import quota
from frontoffice.partners.models import Period
from tests.partners.parts import Program, add_partner, problem_of, somebody

STARTS = [
    f"2026-11-{day}T{hour}:{minute}:00Z"
    for day in (24, 25)
    for hour in ("08", "09")
    for minute in ("00", "30")
]
NEXT_MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "kind", "begins", "renews"),
    [
        (date(2026, 11, 23), Period.WEEK, date(2026, 11, 23), date(2026, 11, 30)),
        (date(2026, 11, 29), Period.WEEK, date(2026, 11, 23), date(2026, 11, 30)),
        (date(2027, 1, 1), Period.WEEK, date(2026, 12, 28), date(2027, 1, 4)),
        (date(2026, 12, 31), Period.MONTH, date(2026, 12, 1), date(2027, 1, 1)),
        (date(2028, 2, 29), Period.MONTH, date(2028, 2, 1), date(2028, 3, 1)),
        (date(2026, 1, 1), Period.MONTH, date(2026, 1, 1), date(2026, 2, 1)),
    ],
)
def test_a_period_is_a_week_from_monday_or_a_month(
    day: date, kind: Period, begins: date, renews: date
) -> None:
    assert quota.period(day, kind) == (begins, renews)


@pytest.fixture
def two_a_week(app: Flask, database: Database, planned: Office, clock: time_machine.Traveller) -> Program:
    return Program(app, add_partner(database, "Zwei pro Woche", quota=2))


def test_beyond_the_quota_it_is_said_when_it_goes_on(
    two_a_week: Program, clock: time_machine.Traveller
) -> None:
    for number in range(2):
        assert two_a_week.book(STARTS[number], person=somebody(number)).status_code == 201
    refused = two_a_week.book(STARTS[2], person=somebody(2))
    detail = problem_of(refused, 409, "quota_reached")["detail"]
    assert "per week" in detail
    assert "30.11.2026" in detail
    agreed = two_a_week.get("/partner").json
    assert (agreed["quota"]["booked"], agreed["quota"]["renews"], agreed["left"]) == (2, "2026-11-30", 0)
    clock.move_to(NEXT_MONDAY, tick=False)
    assert two_a_week.get("/partner").json["left"] == 2
    assert two_a_week.book("2026-12-01T08:00:00Z", person=somebody(2)).status_code == 201


def test_the_week_begins_by_the_clock_of_the_office(
    two_a_week: Program, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 29, 22, 59, tzinfo=UTC), tick=False)  # Sunday, 23:59 in Berlin
    for number in range(2):
        two_a_week.book(f"2026-12-0{number + 1}T08:00:00Z", person=somebody(number))
    assert two_a_week.get("/partner").json["left"] == 0
    clock.shift(timedelta(minutes=1))
    assert two_a_week.get("/partner").json["left"] == 2


def test_what_is_cancelled_can_be_booked_again(two_a_week: Program) -> None:
    first = two_a_week.book(STARTS[0], person=somebody(0)).json["reference"]
    two_a_week.book(STARTS[1], person=somebody(1))
    two_a_week.ask("DELETE", f"/partner/appointments/{first}")
    assert two_a_week.book(STARTS[2], person=somebody(2)).status_code == 201


def test_a_month_has_its_own_sentence(app: Flask, works: Program, database: Database) -> None:
    program = Program(app, add_partner(database, "Eine im Monat", quota=1, period=Period.MONTH))
    program.book(STARTS[0])
    detail = problem_of(program.book(STARTS[1], person=somebody(1)), 409, "quota_reached")["detail"]
    assert "per month" in detail
    assert "01.12.2026" in detail


def test_only_so_many_may_be_still_to_come_at_once(
    app: Flask, works: Program, database: Database, clock: time_machine.Traveller
) -> None:
    program = Program(app, add_partner(database, "Eine offen", most_open=1))
    program.book(STARTS[0])
    refused = problem_of(program.book(STARTS[1], person=somebody(1)), 409, "quota_reached")
    assert "still to come" in refused["detail"]
    clock.move_to(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False)
    assert program.book("2026-11-26T08:00:00Z", person=somebody(1)).status_code == 201
