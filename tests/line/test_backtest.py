"""The backtest of the expected wait, on one short stretch: the whole one is `python -m benchmarks.waiting`."""

from datetime import timedelta
from statistics import fmean

import pytest

from benchmarks import waiting
from frontoffice.line import expected


def test_what_is_told_is_better_than_the_static_formula_and_holds_mostly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "CALIBRATING_DAYS", 1)
    monkeypatch.setattr(expected, "RUNS", 20)
    told = waiting.backtest(1.0, seed=1)
    assert len(told) > 50
    minute = timedelta(minutes=1)
    static = fmean(abs(each.static - each.actual) / minute for each in told)
    ours = fmean(abs(each.range.middle - each.actual) / minute for each in told)
    assert ours < 0.8 * static
    assert 0.6 <= fmean(each.range.low <= each.actual <= each.range.high for each in told) <= 0.95
