"""Several services, several people: the minutes add up, and one visit has its limits."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking.choosing import BriefOffer
from frontoffice.booking.refusals import NotTogether, TooManyPeople
from frontoffice.booking.visit import Item, Visit, visit
from frontoffice.errors import Invalid


def offer(number: int, minutes: int, **changes: int | bool | None) -> BriefOffer:
    """A service for up to five people that takes so many minutes."""
    values = {
        "minutes_next_person": None,
        "minutes_together": None,
        "most_people": 5,
        "online": True,
        "active": True,
    }
    return BriefOffer(id=number, minutes=minutes, **{**values, **changes})  # type: ignore[arg-type]


RENEWAL = offer(1, 30, minutes_next_person=15, minutes_together=20)
PASSPORT = offer(2, 20, minutes_together=10)
PICK_UP = offer(3, 10, minutes_next_person=0, minutes_together=0)


@pytest.mark.parametrize(
    ("items", "minutes"),
    [
        ([(RENEWAL, 1)], 30),
        ([(RENEWAL, 3)], 60),
        ([(PASSPORT, 2)], 40),  # without a rule of its own, each person takes as long as one
        ([(PICK_UP, 5)], 10),
        ([(RENEWAL, 1), (PASSPORT, 1)], 40),
        ([(PASSPORT, 1), (RENEWAL, 1)], 40),  # the longest counts in full, whichever was chosen first
        ([(PICK_UP, 1), (RENEWAL, 2), (PASSPORT, 2)], 75),
        ([(offer(7, 30), 1), (offer(8, 30, minutes_together=5), 1)], 35),
        ([(offer(7, 30, minutes_together=5), 1), (offer(8, 30, minutes_together=10), 1)], 40),
    ],
)
def test_minutes_add_up_by_the_rules_of_the_services(
    items: list[tuple[BriefOffer, int]], minutes: int
) -> None:
    planned = visit(items)
    assert planned.minutes == minutes
    assert planned.ticks == minutes // 5


def test_a_visit_knows_what_it_is_for() -> None:
    planned = visit([(PASSPORT, 2), (RENEWAL, 4)])
    assert planned.main == PASSPORT
    assert planned.people == 4
    assert planned.service_ids == (2, 1)
    assert planned.stored == [[2, 2], [1, 4]]
    assert planned.items[0] == Item(PASSPORT, 2)


@pytest.mark.parametrize("changes", [{"online": False}, {"active": False}])
def test_a_visit_is_online_only_if_all_of_it_is(changes: dict[str, bool]) -> None:
    assert visit([(RENEWAL, 1), (PASSPORT, 1)]).online
    assert not visit([(RENEWAL, 1), (offer(9, 10, **changes), 1)]).online


def test_more_people_than_the_service_takes_are_refused_with_the_number_it_takes() -> None:
    assert visit([(RENEWAL, 5)]).people == 5
    with pytest.raises(TooManyPeople, match="a party of at most 5") as refused:
        visit([(RENEWAL, 6)])
    assert refused.value.field == "people"


@pytest.mark.parametrize(
    "items",
    [
        [(RENEWAL, 1), (PASSPORT, 1), (RENEWAL, 1)],
        [(offer(number, 5), 1) for number in range(6)],
        [(offer(1, 120), 5)],
    ],
)
def test_what_is_not_one_visit_is_refused(items: list[tuple[BriefOffer, int]]) -> None:
    with pytest.raises(NotTogether):
        visit(items)


def test_five_services_and_eight_hours_are_one_visit() -> None:
    assert visit([(offer(number, 95 if number else 100), 1) for number in range(5)]).minutes == 480


@pytest.mark.parametrize("items", [[], [(RENEWAL, 0)], [(RENEWAL, -1)]])
def test_a_visit_is_for_something_and_for_somebody(items: list[tuple[BriefOffer, int]]) -> None:
    with pytest.raises(Invalid):
        visit(items)


def test_a_stored_visit_stays_one_when_the_office_changes_its_limits() -> None:
    assert Visit((Item(RENEWAL, 12),)).minutes == 30 + 11 * 15


class Drawn(NamedTuple):
    minutes: int
    next_person: int | None
    together: int | None
    people: int


FIVES = st.integers(0, 12).map(lambda number: number * 5)
DRAWN = st.builds(
    Drawn, st.integers(1, 12).map(lambda n: n * 5), st.none() | FIVES, st.none() | FIVES, st.integers(1, 5)
)


@given(st.lists(DRAWN, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_length_does_not_depend_on_the_order_but_for_what_is_equally_long(
    drawn: list[Drawn], chance: object
) -> None:
    lengths = [each.minutes for each in drawn]
    unique = len(set(lengths)) == len(lengths)
    items = [
        (offer(number, each.minutes, minutes_next_person=each.next_person, minutes_together=each.together), each.people)
        for number, each in enumerate(drawn)
    ]  # fmt: skip
    first = Visit(tuple(Item(*each) for each in items)).minutes
    longest = max(range(len(drawn)), key=lambda number: drawn[number].minutes)
    expected = 0
    for number, each in enumerate(drawn):
        together = each.minutes if each.together is None else each.together
        each_more = each.minutes if each.next_person is None else each.next_person
        expected += (each.minutes if number == longest else together) + (each.people - 1) * each_more
    assert first == expected
    assert first > 0
    if unique:
        chance.shuffle(items)  # type: ignore[attr-defined]
        assert Visit(tuple(Item(*each) for each in items)).minutes == first
