"""What a visitor has chosen and asks for, as it travels in addresses."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.booking import asked, choice
from frontoffice.booking.choice import Choice
from frontoffice.booking.timetable import Part


def test_a_choice_reads_as_it_is_written() -> None:
    chosen = choice.read(["student:2,eat-pick-up"])
    assert chosen.items == (("student", 2), ("eat-pick-up", 1))
    assert str(chosen) == "student:2,eat-pick-up"
    assert (chosen.main, chosen.people, chosen.is_plain) == ("student", 2, False)
    assert str(chosen.without("student")) == "eat-pick-up"


def test_a_form_sends_each_service_by_itself_and_a_change_comes_last() -> None:
    assert choice.read(["a:1", "b:2"]) == choice.read(["a,b:2"])
    assert choice.read(["a:1", "b", "a:4"]).items == (("a", 4), ("b", 1))


@pytest.mark.parametrize(
    ("typed", "people"), [("0", 1), ("-1", 1), ("x", 1), ("", 1), ("999999999999", 21), ("²", 1)]
)
def test_an_odd_number_of_people_does_no_harm(typed: str, people: int) -> None:
    assert choice.read([f"a:{typed}"]).items == (("a", people),)


@given(st.lists(st.text()))
def test_anything_can_be_typed_into_an_address(typed: list[str]) -> None:
    chosen = choice.read(typed)
    assert choice.read([str(chosen)]) == chosen
    assert len(chosen.items) <= choice.MOST_SERVICES + 1


def test_only_what_one_schedule_offers_together_can_be_added() -> None:
    offered = {1: {10, 11, 12}, 2: {10, 20}, 3: {30}}
    assert choice.addable(offered.values(), {10}) == {11, 12, 20}
    assert choice.addable(offered.values(), {10, 11}) == {12}
    assert choice.addable(offered.values(), {10, 30}) == set()
    assert choice.addable([set(range(10))], set(range(5))) == set()
    assert choice.is_offered(offered, {10, 20})
    assert not choice.is_offered(offered, {11, 20})


def test_what_is_asked_for_stands_in_the_address_and_is_read_again() -> None:
    wanted = asked.Asked(choice.read(["a:2"]), "university", Part.MORNING, None, date(2026, 11, 24))
    query = wanted.query()
    assert query == {"with": "a:2", "place": "university", "part": "morning", "day": "2026-11-24"}
    assert asked.read({name: [value] for name, value in query.items()}, "a") == wanted


def test_a_plain_choice_needs_no_more_than_the_service() -> None:
    assert asked.read({}, "a") == asked.Asked(Choice((("a", 1),)))
    assert asked.read({}, "a").query() == {}


@pytest.mark.parametrize(
    "typed", ["", "x", "2026-02-30", "2026-11-24T00:00", "20261124", "\x00", "0000-00-00", "9999-99-99"]
)
def test_a_date_that_is_none_is_told(typed: str) -> None:
    found = asked.read({"day": [typed], "month": [typed]}, "a")
    assert (found.day, found.month, found.wrong_date) == (None, None, typed != "")
