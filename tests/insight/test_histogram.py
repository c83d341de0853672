"""Medians from steps against the exact definition over the minutes themselves."""

from collections import Counter
from datetime import timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontoffice.insight import histogram
from frontoffice.insight.histogram import LONGEST, STEPS, share_below, step_of

SPANS = st.lists(st.integers(0, 400 * 60).map(lambda seconds: timedelta(seconds=seconds)), min_size=1)


def exact(spans: list[timedelta], share: float) -> timedelta:
    """The value of the nearest rank: the smallest that at least that share of all do not exceed."""
    return sorted(spans)[max(1, ceil(share * len(spans) - 1e-9)) - 1]


@given(SPANS, st.sampled_from([0.1, 0.5, 0.9, 1.0]))
def test_a_share_lies_in_the_step_of_the_exact_value(spans: list[timedelta], share: float) -> None:
    found = share_below(Counter(map(step_of, spans)), share)
    value = exact(spans, share) / timedelta(minutes=1)
    assert found is not None
    if found > LONGEST:
        assert value >= LONGEST
    else:
        assert STEPS[STEPS.index(found) - 1] <= value < found
        assert sum(each < timedelta(minutes=found) for each in spans) >= share * len(spans) - 1e-9


@given(SPANS, SPANS)
def test_days_put_together_are_as_if_counted_at_once(
    monday: list[timedelta], tuesday: list[timedelta]
) -> None:
    both = Counter(map(step_of, monday)) + Counter(map(step_of, tuesday))
    assert both == Counter(map(step_of, monday + tuesday))


@pytest.mark.parametrize(
    ("minutes", "step"),
    [(-5, 0), (0, 0), (0.99, 0), (59, 59), (60, 60), (64.9, 60), (239, 225), (240, 240), (9999, 240)],
)
def test_a_step_holds_its_first_minute_and_not_the_next_steps(minutes: float, step: int) -> None:
    assert step_of(timedelta(minutes=minutes)) == step


def test_there_is_no_median_of_nothing() -> None:
    assert share_below({}, 0.5) is None
    assert share_below({3: 0}, 0.5) is None
    assert tuple(sorted(set(STEPS))) == histogram.STEPS
