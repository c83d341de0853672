"""What is said about a thousand followers is true: nothing lost goes unnoticed, delays are those of the connected."""

from array import array

import pytest

from benchmarks import followers
from benchmarks.followers import Heard


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ([3, 5, 6], 0),
        ([3, 6], 1),  # lost
        ([3, 5, 5, 6], 1),  # doubled
        ([3, 6, 5], 1),  # out of order
        ([1, 3, 5, 6], 1),  # from before it followed
        ([], 3),
    ],
)
def test_every_event_after_the_start_is_expected_once_and_in_order(numbers: list[int], wrong: int) -> None:
    heard = Heard(1, False, start=2, numbers=array("q", numbers))
    assert followers._differences(heard, [1, 3, 5, 6]) == wrong


def test_a_delay_is_from_the_click_and_only_where_the_follower_was_connected() -> None:
    heard = Heard(
        1,
        False,
        start=0,
        numbers=array("q", [1, 2, 3, 4]),
        times=array("d", [10.5, 20.0, 20.5, 30.0]),
        connected=[9.0, 20.0],
    )
    clicks = {(1, 1): 10.0, (1, 2): 15.0, (1, 3): 20.25, (2, 4): 29.0}
    assert list(followers._delays(heard, clicks)) == [0.5, 0.25], (
        "2 was clicked while it was away, 4 elsewhere"
    )
