"""The rules of the line, one test each."""

from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from frontoffice.config import Line
from frontoffice.line import order
from frontoffice.line.order import Rules, Waiting

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
RULES = Rules(late=timedelta(minutes=15), walk_in=timedelta(minutes=20))
ids = count(1)


def at(minutes: float) -> datetime:
    """So many minutes after noon; negative for before."""
    return NOON + timedelta(minutes=minutes)


def walk_in(arrived: float, number: int = 1, series: str = "A") -> Waiting:
    return Waiting(next(ids), series, number, at(arrived))


def due(time: float, arrived: float = -60, number: int = 1) -> Waiting:
    return Waiting(next(ids), "A", number, at(arrived), at(time))


def first(*tickets: Waiting) -> Waiting:
    return order.in_order(tickets, NOON, RULES)[0]


def test_appointments_are_called_by_their_time_not_by_their_arrival() -> None:
    sooner, later = due(-10, arrived=-11), due(-5, arrived=-50)
    assert order.in_order([later, sooner], NOON, RULES) == [sooner, later]


def test_an_appointment_goes_before_a_walk_in_who_came_shortly_before_its_time() -> None:
    booked, unbooked = due(0), walk_in(arrived=-19)
    assert first(unbooked, booked) is booked


def test_a_walk_in_who_has_waited_long_enough_goes_before_an_appointment() -> None:
    booked, unbooked = due(0), walk_in(arrived=-21)
    assert first(booked, unbooked) is unbooked


def test_walk_ins_are_called_in_the_order_of_their_arrival() -> None:
    early, late = walk_in(-30), walk_in(-10)
    assert order.in_order([late, early], NOON, RULES) == [early, late]


def test_who_is_early_lets_a_walk_in_pass_who_has_just_come() -> None:
    early, unbooked = due(30), walk_in(arrived=0)
    assert first(early, unbooked) is unbooked


def test_who_is_early_is_called_at_once_when_nobody_else_waits() -> None:
    early = due(30)
    assert first(early) is early


def test_an_appointment_in_a_few_minutes_counts_as_due() -> None:
    near, unbooked = due(4), walk_in(arrived=0)
    assert first(unbooked, near) is near


def test_who_comes_too_late_waits_like_a_walk_in_from_then_on() -> None:
    late = due(-40, arrived=-10)
    before, after = walk_in(arrived=-11), walk_in(arrived=-9)
    assert order.in_order([after, late, before], NOON, RULES) == [before, late, after]


def test_who_comes_a_little_late_keeps_the_precedence_of_the_appointment() -> None:
    a_little = due(-15, arrived=0)
    assert first(walk_in(arrived=-30), a_little) is a_little


def test_at_the_same_time_the_earlier_arrival_goes_first_and_then_the_lower_number() -> None:
    arrived_later = due(-5, arrived=-20, number=1)
    second, third = due(-5, arrived=-30, number=2), due(-5, arrived=-30, number=3)
    assert order.in_order([arrived_later, third, second], NOON, RULES) == [second, third, arrived_later]


def test_two_kiosks_giving_the_same_number_at_once_are_told_apart_by_their_series() -> None:
    left, right = walk_in(0, series="A"), walk_in(0, series="B")
    assert order.in_order([right, left], NOON, RULES) == [left, right]


def test_the_configuration_sets_the_rules() -> None:
    rules = order.rules_of(Line(late_minutes=5, walk_in_minutes=45))
    assert (rules.late, rules.walk_in) == (timedelta(minutes=5), timedelta(minutes=45))


waiting = st.builds(
    lambda arrived, time, number: (
        due(time, arrived, number) if time is not None else walk_in(arrived, number)
    ),
    st.integers(-120, 0),
    st.none() | st.integers(-120, 120),
    st.integers(1, 999),
)


@given(st.lists(waiting, max_size=30), st.randoms())
def test_the_order_does_not_depend_on_how_the_tickets_come_in(tickets: list[Waiting], chance: object) -> None:
    expected = [each.id for each in order.in_order(tickets, NOON, RULES)]
    shuffled = list(tickets)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    places = {each.id: (order.place(each, NOON, RULES), each.arrived_at, each.number) for each in tickets}
    assert [places[each.id] for each in order.in_order(shuffled, NOON, RULES)] == [
        places[key] for key in expected
    ]
    assert sorted(expected) == sorted(each.id for each in tickets), "nobody is lost or doubled"


@given(st.lists(waiting, min_size=2, max_size=10))
def test_waiting_longer_never_makes_a_walk_in_wait_for_more_walk_ins(tickets: list[Waiting]) -> None:
    def ahead(now: datetime) -> list[int]:
        return [each.id for each in order.in_order(tickets, now, RULES) if each.due_at is None]

    assert ahead(NOON) == ahead(NOON + timedelta(minutes=90))


def test_who_comes_straight_back_goes_before_everybody() -> None:
    back = walk_in(arrived=0)._replace(back_at=NOON)
    assert first(due(-30), walk_in(-90), walk_in(-5)._replace(favoured_at=at(-5)), back) is back


def test_whom_staff_let_go_first_goes_before_all_but_those_who_come_straight_back() -> None:
    favoured = walk_in(arrived=0)._replace(favoured_at=NOON)
    assert first(due(-30), walk_in(-90), favoured) is favoured


def test_of_two_who_go_first_the_one_who_was_let_first_does() -> None:
    sooner, later = (walk_in(0)._replace(favoured_at=at(minute)) for minute in (-2, -1))
    assert order.in_order([later, sooner], NOON, RULES) == [sooner, later]


def test_the_place_of_who_is_early_changes_shortly_before_the_time_and_no_other_by_itself() -> None:
    assert order.changes_at(due(30), NOON, RULES) == at(25)
    assert order.place(due(30), at(25), RULES)[0] is order.Turn.COME
    assert order.changes_at(due(0), NOON, RULES) is None
    assert order.changes_at(walk_in(0), NOON, RULES) is None
