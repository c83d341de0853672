"""The expected wait: what can be said for certain, and how wide the ranges are."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from frontoffice.line import expected
from frontoffice.line.expected import Coming, Desk, Duration, Habit, Range
from frontoffice.line.order import Rules, Waiting

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = Rules(late=timedelta(minutes=15), walk_in=timedelta(minutes=20))
MINUTE = timedelta(minutes=1)
A, B = 1, 2  # services
EXACT = Duration(mean=2.302585092994046, spread=1e-9)  # ten minutes, always
BOTH = Desk(frozenset({A, B}))


def walk_in(number: int, waited: float = 0) -> Waiting:
    return Waiting(number, "A", number, NOW - waited * MINUTE)


def middles(
    line: list[tuple[Waiting, int]], desks: list[Desk], coming: list[Coming] | None = None
) -> dict[int, float]:
    found = expected.waits(line, desks, coming or [], {A: EXACT, B: EXACT}, NOW, RULES, runs=20)
    return {ticket: round(each.middle / MINUTE, 3) for ticket, each in found.items()}


def test_each_waits_for_those_ahead_at_one_counter() -> None:
    line = [(walk_in(number, waited=10 - number), A) for number in (1, 2, 3)]
    assert middles(line, [BOTH]) == {1: 0, 2: 10, 3: 20}


def test_two_counters_call_two_at_a_time() -> None:
    line = [(walk_in(number, waited=10 - number), A) for number in (1, 2, 3)]
    assert middles(line, [BOTH, BOTH]) == {1: 0, 2: 0, 3: 10}


def test_who_needs_another_counter_does_not_wait_for_the_rest() -> None:
    line = [(walk_in(1, waited=9), A), (walk_in(2, waited=8), A), (walk_in(3), B)]
    assert middles(line, [Desk(frozenset({A})), Desk(frozenset({B}))]) == {1: 0, 2: 10, 3: 0}


def test_nothing_is_said_to_whom_no_open_counter_serves() -> None:
    assert middles([(walk_in(1), B)], [Desk(frozenset({A})), Desk(frozenset({B}), open=False)]) == {}


def test_a_visit_that_runs_is_waited_for() -> None:
    assert middles([(walk_in(1), A)], [Desk(frozenset({A}), serving=A, busy_minutes=4)]) == {1: 6}


def test_who_is_expected_with_an_appointment_goes_before_who_has_just_come_without() -> None:
    comes = Coming(Waiting(-1, "A", 1, NOW, NOW), A, likely=1.0)
    stays_away = comes._replace(likely=0.0)
    busy = Desk(frozenset({A}), serving=A, busy_minutes=5)
    assert middles([(walk_in(1), A)], [busy], [comes]) == {1: 15}
    assert middles([(walk_in(1), A)], [busy], [stays_away]) == {1: 5}


def test_who_comes_is_taken_by_a_counter_that_idles() -> None:
    comes = Coming(Waiting(-1, "A", 1, NOW + 5 * MINUTE, NOW), B, likely=1.0)
    busy, idle = Desk(frozenset({A, B}), serving=A, busy_minutes=0), Desk(frozenset({B}))
    assert middles([(walk_in(1), A)], [busy], [comes]) == {1: 20}
    assert middles([(walk_in(1), A)], [busy, idle], [comes]) == {1: 10}


def test_those_who_only_ask_take_nobodys_time() -> None:
    asks = walk_in(-9, waited=60)
    found = expected.waits([(walk_in(1), A)], [BOTH], [], {A: EXACT}, NOW, RULES, probes=[(asks, A)], runs=20)
    assert found[1].middle == found[-9].middle == timedelta()


def test_the_play_calls_in_the_order_of_the_line() -> None:
    early = Waiting(1, "A", 1, NOW - 60 * MINUTE, NOW + 40 * MINUTE)
    favoured = walk_in(3)._replace(favoured_at=NOW)
    assert middles([(early, A), (walk_in(2), A), (favoured, A)], [BOTH]) == {3: 0, 2: 10, 1: 20}


def test_a_counter_that_usually_opens_soon_is_counted_on() -> None:
    closed = Desk(frozenset({A}), open=False)
    found = expected.waits(
        [(walk_in(1), A)], [closed], [], {A: EXACT}, NOW, RULES, ahead=[Habit(opens=1, closes=0)], runs=200
    )
    assert timedelta() < found[1].low < found[1].middle < found[1].high < expected.HALF_HOUR


def test_a_counter_that_always_closes_at_noon_is_not_counted_on() -> None:
    line = [(walk_in(number, waited=10 - number), A) for number in range(1, 8)]
    found = expected.waits(line, [BOTH], [], {A: EXACT}, NOW, RULES, ahead=[Habit(0, 1)], runs=50)
    assert 1 in found
    assert 7 not in found


def test_measured_visits_outweigh_the_plan_little_by_little() -> None:
    few, many = expected.learned([60.0] * 3, planned=20), expected.learned([60.0] * 300, planned=20)
    assert medians(expected.learned([], 20)) < medians(few) < medians(many)
    assert medians(many) == pytest.approx(60, rel=0.1)


def medians(duration: Duration) -> float:
    chance = random.Random(1)
    return sorted(duration.drawn(chance) for _visit in range(999))[500]


def test_what_is_left_of_a_long_visit_is_more_than_nothing() -> None:
    chance = random.Random(1)
    duration = expected.learned([], planned=20)
    assert all(duration.drawn(chance, after=500) > 0 for _visit in range(100))


def test_ranges_that_were_too_narrow_become_wider_until_eight_of_ten_hold() -> None:
    said = Range(8 * MINUTE, 10 * MINUTE, 12 * MINUTE)
    waits = [10 * MINUTE + (number - 50) * MINUTE / 5 for number in range(101)]
    factor = expected.widening((said, wait) for wait in waits)
    wider = expected.widened(said, factor)
    assert 0.75 <= sum(wider.low <= wait <= wider.high for wait in waits) / len(waits) <= 0.85
    assert expected.widened(said, 100).low == timedelta()
    assert expected.widening([]) == 1.0
