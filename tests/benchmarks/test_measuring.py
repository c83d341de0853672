"""The measurements measure: their book agrees with itself, their servers answer, their table says what was promised."""

from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from benchmarks import bookings, data, load, measure, messages, planning, servers, slots, table
from benchmarks.measure import TINY, Row
from frontoffice.booking import checks
from frontoffice.db import Database
from tests.conftest import roomy_memory


def test_the_book_has_as_many_bookings_as_wanted_and_agrees_with_itself(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "AHEAD", 4)
    monkeypatch.setattr(data, "MANY", 300)  # so that the indexes are dropped and made again, as for a million
    data.build(database, now)
    for wanted in (50, 120, 900):
        data.fill(database, wanted, now)
        assert data.count(database) == wanted
    with database.read(snapshot=True) as session:
        assert list(checks.differences(session)) == []


@pytest.mark.parametrize("engine", ["sqlite"])
def test_every_measurement_runs_against_real_servers(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "YEAR", 14)
    with ExitStack() as stack:
        bench = measure.open_bench(stack, engine, TINY, roomy_memory() or str(tmp_path))
        for measured in (slots, bookings, planning, messages):
            measured.run(bench)
        assert all(row.engine == engine for row in bench.rows)
        ratios = [row for row in bench.rows if row.ratio is not None]
        with bench.book.read(snapshot=True) as session:
            assert list(checks.differences(session)) == []
    promised = {row.against for row in ratios}
    assert promised == {
        "Flask, one indexed SELECT",
        "empty book (time)",
        "Flask, one INSERT and COMMIT",
        "the same, bare driver",
        "raw durable commits",
    }
    written = table.written(bench.rows, ["a machine"], "a command", 61)
    assert all(row.what in written for row in bench.rows)


def test_a_failing_request_ends_the_measurement() -> None:
    failed = load.Result(1.0, [0.1], failures=1, first_failure=b"HTTP/1.1 500 INTERNAL SERVER ERROR")
    with pytest.raises(RuntimeError, match="500 INTERNAL"):
        measure.in_turns(1, {"anything": lambda: failed})


@pytest.mark.parametrize(
    ("ratio", "at_most", "verdict"),
    [
        (0.3, False, "below"),
        (0.5, False, "floor"),
        (0.8, False, "goal"),
        (1.6, True, "below"),
        (1.5, True, "floor"),
        (1.2, True, "goal"),
    ],
)
def test_a_ratio_is_below_the_floor_at_it_or_at_the_goal(ratio: float, at_most: bool, verdict: str) -> None:
    floor, goal = (1.5, 1.2) if at_most else (0.5, 0.8)
    row = Row("search", "sqlite", "", ratio=ratio, floor=floor, goal=goal, at_most=at_most)
    assert row.verdict == verdict


def test_percentiles_and_rates_are_those_of_all_rounds() -> None:
    total = load.Result()
    total.add(load.Result(1.0, [0.1] * 98))
    total.add(load.Result(1.0, [0.5, 0.9]))
    assert (total.rate, total.percentile(0.5), total.percentile(0.99)) == (50, 0.1, 0.9)


def test_the_table_replaces_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(table, "PAGE", page)
    once = table.page("new")
    page.write_text(once, encoding="utf-8")
    assert table.page("new") == once
    assert ("old" in once, "before" in once, "after" in once) == (False, True, True)


def test_settings_of_the_environment_do_not_reach_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTOFFICE_WEB__THREADS", "2")
    assert not any(name.startswith("FRONTOFFICE_") for name in servers.environment())
