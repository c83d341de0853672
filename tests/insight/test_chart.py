"""What charts draw is in proportion, and stays on the plane."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from frontoffice.insight import chart

VALUES = st.lists(st.one_of(st.none(), st.integers(0, 5000)), min_size=1, max_size=100)


@given(VALUES, st.one_of(st.none(), st.integers(1, 60)))
def test_bars_are_in_proportion_and_on_the_plane(values: list[int | None], limit: int | None) -> None:
    drawn = chart.bars(values, limit)
    there = [each for each in values if each]
    assert len(drawn.bars) == len(there)
    for bar, value in zip(drawn.bars, there, strict=True):
        assert abs(bar.height * drawn.top - 100 * value) <= drawn.top * 0.01
        assert abs(bar.y + bar.height - 100) < 0.02
        assert 0 <= bar.x <= bar.x + bar.width <= 100.001
    assert all(one.x + one.width <= other.x for one, other in pairwise(drawn.bars))
    assert limit is None or (drawn.limit is not None and 0 < drawn.limit < 100)


def test_what_is_missing_is_as_high_as_the_plane() -> None:
    drawn = chart.bars([3, None], missing=[False, True])
    assert [(each.height, each.missing) for each in drawn.bars] == [(30, False), (100, True)]
    assert chart.top_of(0) == 10
    assert chart.top_of(101) == 150
