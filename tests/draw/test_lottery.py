"""The lottery: fair by count, the same for everybody who works it out, and checkable."""

import json
from collections import Counter
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.draw import lottery
from frontoffice.draw.lottery import Ticket

SEED = "5eed" * 16
numbers = st.text("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=8, max_size=8)
tickets = st.lists(
    st.builds(Ticket, numbers, st.integers(1, 240)), max_size=30, unique_by=lambda each: each.number
)


def chi_square(counted: Counter[str], expected: dict[str, float]) -> float:
    return sum((counted[name] - many) ** 2 / many for name, many in expected.items())


def test_the_order_is_what_it_always_was() -> None:
    """A change of this would make every published draw uncheckable."""
    drawn = [Ticket(f"AAAA{number:04}", 60 + number) for number in range(6)]
    assert lottery.commitment(SEED) == "bfac4eddfe3751b9615b79bedef738bb57ffe4fe784f696a1a8c8b53530590a8"
    assert lottery.list_digest(drawn) == "b2a589f1accff9eacc1361eb0a2765ac7b382eb2e9dc73c6c375e21e9ba2729c"
    assert lottery.order(SEED, drawn) == [
        "AAAA0003",
        "AAAA0004",
        "AAAA0002",
        "AAAA0001",
        "AAAA0000",
        "AAAA0005",
    ]


@given(tickets, st.randoms())
def test_the_order_has_everybody_once_and_does_not_depend_on_when_they_came(
    drawn: list[Ticket], chance: object
) -> None:
    order = lottery.order(SEED, drawn)
    assert sorted(order) == sorted(each.number for each in drawn)
    shuffled = list(drawn)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert lottery.order(SEED, shuffled) == order


@given(tickets, numbers)
def test_who_adds_a_request_to_the_list_changes_the_whole_draw(drawn: list[Ticket], number: str) -> None:
    if number not in {each.number for each in drawn}:
        assert lottery.list_digest([*drawn, Ticket(number, 60)]) != lottery.list_digest(drawn)


def test_with_equal_weights_every_order_is_as_likely_as_every_other() -> None:
    drawn = [Ticket(name, lottery.EVEN) for name in "ABCD"]
    counted = Counter("".join(lottery.order(f"seed {number}", drawn)) for number in range(4800))
    expected = {"".join(each): 200.0 for each in permutations("ABCD")}
    # 23 degrees of freedom: 1 in 1,000 fair lotteries would be above 49.7.
    assert chi_square(counted, expected) < 49.7


def test_the_first_and_second_place_fall_by_weight() -> None:
    weights = {"A": 60, "B": 120, "C": 240}
    drawn = [Ticket(*each) for each in weights.items()]
    rounds, total = 6000, 420
    counted = Counter("".join(lottery.order(f"seed {number}", drawn)[:2]) for number in range(rounds))
    expected = {
        first + second: rounds * weights[first] / total * weights[second] / (total - weights[first])
        for first, second in permutations(weights, 2)
    }
    # 5 degrees of freedom: 1 in 1,000 is above 20.5.
    assert chi_square(counted, expected) < 20.5


def test_a_lottery_that_forgot_the_weights_would_be_noticed() -> None:
    """The tests above can fail: an even lottery does not pass the one about weights."""
    drawn = [Ticket(name, 60) for name in "ABC"]
    counted = Counter(lottery.order(f"seed {number}", drawn)[0] for number in range(6000))
    assert chi_square(counted, {"A": 6000 / 7, "B": 12000 / 7, "C": 24000 / 7}) > 1000


@pytest.mark.parametrize(
    ("expires_on", "expected"),
    [
        (None, 60),
        (date(2027, 11, 23), 60),
        (date(2027, 5, 22), 60),  # 180 days
        (date(2027, 5, 21), 61),
        (date(2027, 2, 21), 150),  # 90 days
        (date(2026, 11, 24), 239),
        (date(2026, 11, 23), 240),
        (date(2026, 1, 1), 240),  # over already
    ],
)
def test_nearer_expiry_weighs_more_up_to_four_times(expires_on: date | None, expected: int) -> None:
    assert lottery.weight(expires_on, date(2026, 11, 23)) == expected


def published(drawn: list[Ticket]) -> dict[str, object]:
    return lottery.record(
        code="K7M2PXQ4",
        seed=SEED,
        commitment=lottery.commitment(SEED),
        list_digest=lottery.list_digest(drawn),
        tickets=drawn,
        order=lottery.order(SEED, drawn),
    )


@given(tickets)
def test_what_is_published_can_be_checked(drawn: list[Ticket]) -> None:
    assert lottery.check(json.loads(json.dumps(published(drawn)))) == []


DRAWN = [Ticket(f"AAAA{number:04}", 60) for number in range(8)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": "0" * 64}, "seed is not the one"),
        ({"commitment": "0" * 64}, "seed is not the one"),
        ({"order": [each.number for each in DRAWN]}, "order is not the one"),
        ({"requests": [{"number": "AAAA0000", "weight": 60}]}, "list of requests is not the one"),
        ({"requests": [{"number": "AAAA0000", "weight": 0}]}, "no record"),
        ({"requests": "none"}, "no record"),
        ({"requests": [{"number": "AAAA0000", "weight": 60}] * 2}, "twice"),
    ],
)
def test_what_was_tampered_with_is_found(change: dict[str, object], said: str) -> None:
    assert said in " ".join(lottery.check({**published(DRAWN), **change}))


def test_something_else_is_no_record() -> None:
    assert "no record" in lottery.check({})[0]
