"""What the page of free times shows: months, the soonest times, parts of the day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking import timetable
from frontoffice.booking.timetable import Look, Part, Timetable
from tests.booking.steps import at

BERLIN = "Europe/Berlin"
TODAY = date(2026, 11, 23)
BOOKABLE = (TODAY, date(2027, 1, 22))
TUESDAY = date(2026, 11, 24)
FREE = {TUESDAY: [at(24, "09:00"), at(24, "13:00")], date(2026, 12, 1): [at(1, "09:00", 12)]}

days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def shown(
    free: timetable.Free = FREE,
    month: date | None = None,
    chosen: date | None = None,
    bookable: tuple[date, date] = BOOKABLE,
    **more: object,
) -> Timetable:
    first = timetable.month_to_show(free, bookable, month, chosen)
    return timetable.timetable(free, bookable, first, chosen=chosen, **more)  # type: ignore[arg-type]


def looks(table: Timetable) -> dict[int, Look]:
    return {each.day.day: each.look for week in table.month.weeks for each in week if each}


def test_a_month_says_what_each_day_is_like() -> None:
    opens = datetime(2026, 11, 25, 7, tzinfo=UTC)
    table = shown(
        open_days={TUESDAY, date(2026, 11, 25), date(2026, 11, 26)}, opening={date(2026, 11, 26): opens}
    )
    assert looks(table) == {
        23: Look.CLOSED, 24: Look.FREE, 25: Look.FULL, 26: Look.LATER, 27: Look.CLOSED, 28: Look.CLOSED,
        29: Look.CLOSED, 30: Look.CLOSED,
    }  # fmt: skip
    by_day = {each.day.day: each for week in table.month.weeks for each in week if each}
    assert (by_day[24].times, by_day[26].opens) == (2, opens)


def test_weeks_that_are_over_are_left_out_but_not_the_days_of_this_one() -> None:
    wednesday = date(2026, 11, 18)
    table = shown({}, bookable=(wednesday, date(2027, 1, 1)))
    assert [[each.day.day for each in week if each] for week in table.month.weeks] == [
        [16, 17, 18, 19, 20, 21, 22],
        [23, 24, 25, 26, 27, 28, 29],
        [30],
    ]
    assert looks(table)[17] is Look.OUTSIDE


def test_turning_over_stops_where_nothing_can_be_booked() -> None:
    table = shown()
    assert (table.month.first, table.month.previous, table.month.next) == (
        date(2026, 11, 1), None, date(2026, 12, 1),
    )  # fmt: skip
    table = shown(month=date(2027, 1, 1))
    assert (table.month.previous, table.month.next) == (date(2026, 12, 1), None)
    assert looks(table)[22] is Look.OUTSIDE  # the horizon is half-open


@pytest.mark.parametrize(
    ("month", "chosen", "first"),
    [
        (None, None, date(2026, 11, 1)),
        (date(2026, 12, 1), None, date(2026, 12, 1)),
        (date(2026, 12, 1), TUESDAY, date(2026, 11, 1)),
        (date(1, 1, 1), None, date(2026, 11, 1)),
        (date(9999, 12, 31), None, date(2027, 1, 1)),
        (None, date(9999, 12, 31), date(2027, 1, 1)),
    ],
)
def test_the_month_is_the_chosen_days_or_the_one_asked_for_within_reach(
    month: date | None, chosen: date | None, first: date
) -> None:
    assert shown(month=month, chosen=chosen).month.first == first


def test_the_month_of_the_first_free_time_is_shown_and_an_empty_one_points_on() -> None:
    december = {date(2026, 12, 8): [at(8, "09:00", 12)]}
    assert shown(december).month.first == date(2026, 12, 1)
    assert shown(december, month=TODAY).next_day == date(2026, 12, 8)
    assert shown(december).next_day is None
    assert shown({}).next_day is None


def test_the_times_of_the_chosen_day() -> None:
    assert shown(chosen=TUESDAY).times == FREE[TUESDAY]
    assert shown(chosen=date(2026, 11, 25)).times == ()
    assert shown().times == ()


def test_at_a_glance_are_a_few_times_of_the_next_days() -> None:
    free = {
        TODAY + timedelta(days=day): [at(23 + day, f"{hour}:00") for hour in range(8, 16)] for day in range(6)
    }
    soonest = shown(free).soonest
    assert [moment.day for moment in soonest] == [23] * 4 + [24] * 4 + [25] * 4
    assert soonest[:4] == [at(23, f"{hour}:00") for hour in (8, 9, 10, 11)]


def test_noon_divides_the_day_by_the_clock_of_the_office() -> None:
    free = {TUESDAY: [at(24, "11:55"), at(24, "12:00")], date(2026, 12, 1): [at(1, "09:00", 12)]}
    assert timetable.in_part(free, Part.MORNING, BERLIN) == {
        TUESDAY: [at(24, "11:55")], date(2026, 12, 1): [at(1, "09:00", 12)],
    }  # fmt: skip
    assert timetable.in_part(free, Part.AFTERNOON, BERLIN) == {TUESDAY: [at(24, "12:00")]}
    assert timetable.in_part(free, None, BERLIN) == free
    assert timetable.in_part(free, Part.AFTERNOON, "UTC") == {}


def test_times_are_grouped_by_the_day_of_the_office() -> None:
    late, early = datetime(2026, 11, 24, 22, 30, tzinfo=UTC), datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    found = timetable.by_day([late, early], BERLIN, "en")
    assert [(each["id"], each["heading"]) for each in found] == [
        ("2026-11-24", "Tuesday, 24 November 2026"),
        ("2026-11-25", "Wednesday, 25 November 2026"),
    ]
    assert found[1]["times"] == [(early.isoformat(), "00:30")]


@given(today=days, ahead=st.integers(1, 400), asked=st.none() | st.dates(), chosen=st.none() | st.dates())
def test_any_month_is_whole_weeks_and_can_be_turned_back_to_today(
    today: date, ahead: int, asked: date | None, chosen: date | None
) -> None:
    bookable = (today, today + timedelta(days=ahead))
    table = shown({}, asked, chosen, bookable)
    for week in table.month.weeks:
        assert len(week) == 7
        assert all(each is None or each.day.weekday() == number for number, each in enumerate(week))
    turned = 0
    while table.month.previous:
        assert turned < 20
        turned += 1
        table = shown({}, table.month.previous, None, bookable)
    assert table.month.first == today.replace(day=1)
    assert today in [each.day for week in table.month.weeks for each in week if each]
