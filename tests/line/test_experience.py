"""What past days teach: how long visits last, when counters open, who comes, how wide ranges must be."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from math import exp, log

import pytest

from frontoffice.line import experience
from frontoffice.line.expected import HALF_HOUR, Duration, Habit, Range
from frontoffice.line.experience import Attendance, Experience, Served, Switch

MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
A, B = 1, 2  # services


def visits(
    *minutes: float, service: int = A, counter: int = 1, gap: float = 2, share: float = 1
) -> list[Served]:
    found, at = [], MONDAY
    for each in minutes:
        found.append(Served(counter, service, at, at + each * MINUTE, share))
        at += (each + gap) * MINUTE
    return found


def middle(duration: Duration) -> float:
    return exp(duration.mean)


def test_a_visit_lasts_until_the_next_call_but_a_break_is_not_part_of_it() -> None:
    busy = experience.durations_of(visits(*[20.0] * 300, gap=2), {A: 30.0})
    assert middle(busy[A]) == pytest.approx(22, abs=0.5)
    idle = experience.durations_of(visits(*[20.0] * 300, gap=25), {A: 30.0})
    assert middle(idle[A]) == pytest.approx(20, abs=0.5)
    # Between visits at different counters lies nothing.
    others = [visits(20.0, counter=number)[0] for number in range(300)]
    assert middle(experience.durations_of(others, {A: 30.0})[A]) == pytest.approx(20, abs=0.5)


def test_each_service_has_its_own_duration_and_an_unmeasured_one_that_of_the_plan() -> None:
    found = experience.durations_of(visits(*[40.0] * 100, service=A), {A: 30.0, B: 10.0})
    assert middle(found[A]) > 35
    assert middle(found[B]) < 10
    assert found[B] == Experience().duration(B, 10.0)
    assert 99 not in experience.durations_of(visits(5, service=99), {A: 30.0})  # no longer offered


def test_a_family_does_not_make_everybody_else_wait_longer() -> None:
    families = experience.durations_of(visits(*[60.0] * 200, gap=30, share=2), {A: 30.0})
    assert middle(families[A]) == pytest.approx(30, rel=0.05)


def test_a_forgotten_button_teaches_nothing() -> None:
    usual, forgotten = [20.0] * 50, [20.0] * 50 + [900.0]
    assert experience.durations_of(visits(*forgotten, gap=30), {A: 30.0}) == experience.durations_of(
        visits(*usual, gap=30), {A: 30.0}
    )


def a_day(number: int, *switches: tuple[float, int, bool]) -> list[Switch]:
    return [Switch(MONDAY + number * DAY + hour * timedelta(hours=1), *rest) for hour, *rest in switches]


def test_counters_open_and_close_as_they_usually_do() -> None:
    # Both open at eight; one of them pauses at twelve, every second day.
    days = [
        a_day(number, (8.1, 1, True), (8.2, 2, True), *([(12.1, 1, False)] if number % 2 else []))
        for number in range(10)
    ]
    [habits] = [rows for kind, rows in experience.habits_of(chain(*days), counters=4).items() if kind == ""]
    assert habits[16] == Habit(opens=0.5, closes=0.0)  # two of four
    assert habits[17] == Habit(0.0, 0.0)
    assert habits[24] == Habit(opens=0.0, closes=0.25)


def test_a_weekday_has_habits_of_its_own_once_it_was_seen_three_times() -> None:
    weeks = [a_day(7 * week, (8.0, 1, True)) for week in range(3)] + [a_day(1, (13.0, 1, True))]
    found = experience.habits_of(chain(*weeks), counters=1)
    assert set(found) == {"", "0"}
    assert found["0"][16].opens == 1
    assert found[""][16].opens == 0.75
    closed = experience.habits_of(
        a_day(5, (9.0, 1, False)), counters=1
    )  # Saturday: only the night's tidying up
    assert closed == {}


def test_what_lies_ahead_is_counted_from_now() -> None:
    rows = [Habit(0, 0)] * 48
    rows[24] = Habit(0, 1)  # everybody closes at noon
    learned = Experience(habits={"": rows})
    noon = MONDAY + timedelta(hours=12)
    assert learned.ahead(noon)[0] == Habit(0, 1)
    assert learned.ahead(noon - 2 * HALF_HOUR)[:4] == [Habit(0, 0), Habit(0, 0), Habit(0, 1), Habit(0, 0)]
    assert [round(each.closes, 6) for each in learned.ahead(noon - 20 * MINUTE)[:3]] == [
        pytest.approx(1 / 3, abs=1e-5),
        pytest.approx(2 / 3, abs=1e-5),
        0,
    ]
    assert Experience().ahead(noon) == []


def test_who_is_long_overdue_is_hardly_expected_any_more() -> None:
    punctual = experience.learn((), (), Attendance([-10.0] * 500, missed=10), (), planned={}, counters=1)
    due = MONDAY + timedelta(hours=10)
    before, about = punctual.comes(due, due - timedelta(hours=1))
    assert before > 0.9
    assert about == pytest.approx(due - 10 * MINUTE, abs=MINUTE)
    assert punctual.comes(due, due + 5 * MINUTE)[0] < 0.7
    assert punctual.comes(due, due + timedelta(hours=1))[0] == 0
    rarely = experience.learn((), (), Attendance([-10.0] * 50, missed=150), (), planned={}, counters=1)
    assert rarely.comes(due, due - timedelta(hours=1))[0] < 0.4


def test_ranges_are_corrected_only_by_many_waits() -> None:
    told = [(Range(9 * MINUTE, 10 * MINUTE, 11 * MINUTE), 14 * MINUTE)]
    few, many = (
        experience.learn((), (), Attendance(), told * number, planned={}, counters=1) for number in (29, 30)
    )
    assert few.widening == 1
    assert many.widening == pytest.approx(4)


def test_what_was_learned_survives_being_stored() -> None:
    learned = experience.learn(
        visits(10, 20, 30),
        a_day(0, (8.0, 1, True), (12.0, 1, False)),
        Attendance([-5.0, 3.0], missed=1),
        (),
        planned={A: 30.0, 0: 15.0},
        counters=2,
    )
    assert Experience.from_json(learned.as_json()) == learned
    assert log(30) > learned.durations[A].mean  # measured ones are shorter
