"""The backtest of the expected wait, on few days: the whole one is `python -m benchmarks.waiting`."""

from datetime import timedelta

import pytest

from benchmarks import waiting
from benchmarks.waiting import Told, Verdict
from frontoffice.line import expected
from frontoffice.line.expected import Range

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer days to learn from and coarser looks ahead than an office has."""
    monkeypatch.setattr(waiting, "CALIBRATING_DAYS", 1)
    monkeypatch.setattr(expected, "RUNS", 20)


def test_what_is_told_is_better_than_the_static_formula_and_holds_mostly() -> None:
    """Two days of each load. From one pair of days to the next the share in the range moves by three points."""
    told = [each for seed in (1, 2) for load in waiting.LOADS for each in waiting.backtest(load, seed)]
    found = waiting.judge(told)
    assert found.people > 300
    assert found.less >= waiting.LEAST_GAIN
    assert waiting.LEAST_COVERED - 0.03 <= found.covered <= waiting.MOST_COVERED + 0.03


def test_the_benchmark_fails_where_the_promise_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["waiting", "--days", "1"])
    monkeypatch.setattr(waiting, "LOADS", (0.75,))
    monkeypatch.setattr(waiting, "LEAST_GAIN", 0.99)
    assert waiting.main() == 1
    assert capsys.readouterr().out.count("| missed |") == 2, "for the load, and for all"


def test_the_promise_is_three_tenths_less_error_and_four_in_five_within_the_range() -> None:
    good = Verdict(100, 10.0, 10.0, 7.0, 0.8)
    assert [good._replace(ours=ours).is_kept for ours in (6.9, 7.1)] == [True, False]
    assert [good._replace(covered=share).is_kept for share in (0.74, 0.75, 0.85, 0.86)] == [
        False,
        True,
        True,
        False,
    ]
    wide = Range(5 * MINUTE, 10 * MINUTE, 15 * MINUTE)
    judged = waiting.judge([Told(wide, 20 * MINUTE, actual * MINUTE) for actual in (4, 5, 15, 16)])
    assert (judged.people, judged.mean, judged.static, judged.ours, judged.covered) == (4, 10, 10, 5.5, 0.5)
