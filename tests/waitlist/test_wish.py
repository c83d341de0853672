"""When somebody would like to come."""

from datetime import date, time

import pytest

from frontoffice.errors import Invalid
from frontoffice.waitlist import wish
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import at

ZONE = "Europe/Berlin"
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 27)
NOW = at(23, "08:00")


def test_a_wish_allows_its_days_and_not_the_one_after() -> None:
    wanted = Wish(date(2026, 11, 24), date(2026, 11, 26))
    assert [wanted.allows(at(day, "09:00"), NOW, ZONE) for day in (23, 24, 25, 26)] == [
        False,
        True,
        True,
        False,
    ]


def test_only_the_weekdays_that_were_chosen_are_wanted() -> None:
    wanted = Wish(MONDAY, date(2026, 12, 31), weekdays=wish.weekday_bits([1, 3]))
    assert [wanted.allows_day(date(2026, 11, day)) for day in (24, 25, 26, 27)] == [True, False, True, False]
    assert wish.each_weekday(wanted.weekdays) == [1, 3]


def test_no_weekday_chosen_means_every_one() -> None:
    assert wish.weekday_bits([]) == wish.ANY_DAY


def test_the_time_of_the_day_is_that_of_the_wall_clock_in_summer_too() -> None:
    wanted = Wish(MONDAY, date(2027, 8, 1), not_before=time(9), before=time(12))
    assert [wanted.allows(at(24, clock), NOW, ZONE) for clock in ("08:55", "09:00", "11:55", "12:00")] == [
        False,
        True,
        True,
        False,
    ]
    summer = at(24, "09:00").replace(year=2027, month=6, hour=7)
    assert wanted.allows(summer, NOW, ZONE)
    assert not wanted.allows(summer.replace(hour=6, minute=55), NOW, ZONE)


def test_who_needs_a_day_of_notice_is_not_asked_for_today() -> None:
    wanted = Wish(MONDAY, FRIDAY, notice_hours=24)
    assert not wanted.allows(at(24, "07:55"), NOW, ZONE)
    assert wanted.allows(at(24, "08:00"), NOW, ZONE)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wish(FRIDAY, FRIDAY), "until"),
        (Wish(date(2026, 11, 1), date(2026, 11, 20)), "until"),
        (Wish(date(2027, 11, 1), date(2027, 11, 20)), "until"),
        (Wish(MONDAY, FRIDAY, not_before=time(12), before=time(9)), "before"),
        (Wish(MONDAY, FRIDAY, notice_hours=400), "notice"),
        (Wish(MONDAY, FRIDAY, weekdays=wish.weekday_bits([5, 6])), "weekdays"),
    ],
)
def test_a_wish_that_nothing_can_meet_is_refused(wanted: Wish, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        wish.checked(wanted, MONDAY, date(2027, 3, 1))
    assert refused.value.field == field


def test_a_wish_is_cut_to_what_can_be_planned() -> None:
    kept = wish.checked(Wish(date(2026, 1, 1), date(2030, 1, 1)), MONDAY, date(2027, 3, 1))
    assert (kept.first_day, kept.until_day) == (MONDAY, date(2027, 3, 1))
