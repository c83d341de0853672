"""The journal: numbers that never repeat, and answers that count only for what was really asked."""

import sqlite3
import threading
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.journal import Act, Entry, Journal, Result, Since

MONDAY = date(2026, 11, 23)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Journal:
    """An empty journal."""
    return Journal(path)


def act(day: date = MONDAY, entry_id: str | None = None, series: str = "A", kind: str = "walk_in") -> Act:
    """What a visitor did on a day."""
    return Act(
        id=entry_id or str(uuid.uuid4()),
        at=datetime(day.year, day.month, day.day, 7, tzinfo=UTC),
        date=day,
        office="musterstadt",
        series=series,
        kind=kind,
        language="en",
        code="K7M2PXQW" if kind == "check_in" else None,
        service="pick-up" if kind == "walk_in" else None,
    )


def open_ids(journal: Journal, series: str = "A") -> list[str]:
    """The ids that wait for delivery."""
    return [entry.act.id for entry in journal.open_entries("musterstadt", series, 100)]


def test_numbers_of_a_day_begin_at_one_and_count_on(journal: Journal) -> None:
    tuesday = MONDAY + timedelta(days=1)
    assert [journal.record(act(day)).number for day in (MONDAY, MONDAY, tuesday, MONDAY)] == [1, 2, 1, 3]


def test_each_series_counts_for_itself(journal: Journal) -> None:
    assert [journal.record(act(series=series)).ticket for series in "ABA"] == ["A001", "B001", "A002"]


def test_the_same_id_gives_the_same_entry(journal: Journal) -> None:
    first = journal.record(act(entry_id="one"))
    again = journal.record(act(entry_id="one", kind="check_in"))
    assert again == first
    assert journal.record(act()).number == 2


def test_two_processes_and_many_threads_never_get_the_same_number(path: Path) -> None:
    # Two Journal objects stand for two processes: they share nothing but the file.
    journals = [Journal(path), Journal(path)]
    entries: list[Entry] = []
    start = threading.Barrier(4)

    def draw(journal: Journal) -> None:
        start.wait()
        for _ in range(50):
            entries.append(journal.record(act()))

    threads = [threading.Thread(target=draw, args=(journals[n % 2],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(entry.number for entry in entries) == list(range(1, 201))


def test_an_entry_is_on_the_disk_when_record_returns(journal: Journal, path: Path) -> None:
    entry = journal.record(act())
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT id, number FROM entries").fetchall() == [(entry.act.id, 1)]


def test_a_commit_waits_for_the_disk(journal: Journal) -> None:
    assert journal._connection.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
    assert journal._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_only_this_user_may_read_the_journal(journal: Journal, path: Path) -> None:
    journal.record(act())
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}
    assert modes == dict.fromkeys(["journal.db", "journal.db-wal", "journal.db-shm"], "0o600")


def test_open_entries_come_in_the_order_they_were_written(journal: Journal) -> None:
    ids = [journal.record(act()).act.id for _ in range(5)]
    assert open_ids(journal) == ids


def test_an_answer_closes_the_entry_and_the_code_is_forgotten(journal: Journal, path: Path) -> None:
    entry = journal.record(act(kind="check_in"))
    assert journal.settle(entry, "accepted", Result(ticket="A001", service="renewal"))
    assert open_ids(journal) == []
    found = journal.find(entry.act.id)
    assert found is not None
    assert (found.outcome, found.result.service, found.act.code) == ("accepted", "renewal", None)


def test_a_refusal_does_not_count_once_the_number_was_handed_out(journal: Journal) -> None:
    sent = journal.record(act(kind="check_in"))
    journal.hand_out(sent.act.id)
    assert not journal.settle(sent, "refused", Result(code="unknown_code"))
    assert open_ids(journal) == [sent.act.id]


def test_a_number_is_not_handed_out_over_an_answer(journal: Journal) -> None:
    entry = journal.record(act(kind="check_in"))
    journal.settle(entry, "refused", Result(code="cancelled"))
    assert not journal.hand_out(entry.act.id).has_number


def test_a_number_that_was_shown_stays_whatever_is_answered(journal: Journal) -> None:
    entry = journal.hand_out(journal.record(act()).act.id)
    journal.settle(entry, "accepted", Result(ticket="A099"))
    found = journal.find(entry.act.id)
    assert found is not None
    assert found.ticket == "A001"


def test_an_abandoned_entry_is_not_delivered(journal: Journal) -> None:
    journal.abandon(journal.record(act()).act.id)
    assert open_ids(journal) == []


def test_a_handed_out_entry_cannot_be_abandoned(journal: Journal) -> None:
    entry = journal.record(act())
    journal.hand_out(entry.act.id)
    journal.abandon(entry.act.id)
    assert open_ids(journal) == [entry.act.id]


def test_of_an_earlier_series_the_numbers_that_are_out_are_handed_in_and_nothing_else(
    journal: Journal,
) -> None:
    out = journal.hand_out(journal.record(act(series="A")).act.id)
    journal.record(act(series="A"))
    assert open_ids(journal, series="B") == [out.act.id]
    assert (journal.count_open("musterstadt", "B"), journal.count_open("musterstadt", "A")) == (1, 2)


def test_numbers_of_another_office_are_kept_back_and_counted(journal: Journal) -> None:
    journal.hand_out(journal.record(act()).act.id)
    assert journal.open_entries("nebenstadt", "A", 100) == []
    assert (journal.count_stuck("nebenstadt"), journal.count_stuck("musterstadt")) == (1, 0)


def test_numbers_begin_above_what_the_office_has_of_the_series(journal: Journal) -> None:
    assert journal.record(act(), after=39).number == 40
    assert journal.record(act(), after=2).number == 41


def test_pruning_keeps_what_is_open_and_the_last_numbers(journal: Journal) -> None:
    answered, still_open = journal.record(act()), journal.record(act())
    journal.settle(answered, "accepted", Result())
    assert journal.prune(MONDAY + timedelta(days=8), "musterstadt") == 1
    assert open_ids(journal) == [still_open.act.id]
    assert journal.record(act()).number == 3


def test_a_journal_opens_again_as_it_was(journal: Journal, path: Path) -> None:
    entry = journal.record(act())
    journal.close()
    again = Journal(path)
    assert open_ids(again) == [entry.act.id]
    assert again.record(act()).number == 2


def test_who_left_without_a_number_is_not_delivered_later(journal: Journal) -> None:
    now = datetime(2026, 11, 23, 7, 4, tzinfo=UTC)

    def left(at: datetime, boot: str | None = None, seconds: float = 0, *, out: bool = False) -> Entry:
        entry = journal.record(replace(act(), at=at, since=Since(boot, seconds) if boot else None))
        return journal.hand_out(entry.act.id) if out else entry

    four, two = now - timedelta(minutes=4), now - timedelta(minutes=2)
    gone = [left(four), left(now, "this", 760), left(two, "the one before", 5000)]
    here = [left(two), left(four, "this", 880), left(four, "the one before", out=True)]
    assert journal.abandon_left(now, Since("this", 1000)) == 3
    assert open_ids(journal) == [entry.act.id for entry in here]
    for entry in gone:
        found = journal.find(entry.act.id)
        assert found is not None
        assert found.outcome == "abandoned"
        assert journal.hand_out(entry.act.id).outcome == "abandoned"


def test_what_was_interrupted_is_abandoned_and_taken_up_where_its_visitor_is_there(journal: Journal) -> None:
    asked = act(kind="check_in")
    entry, out = journal.record(asked), journal.hand_out(journal.record(act()).act.id)
    answered = journal.record(act())
    journal.settle(answered, "accepted", Result())
    assert journal.abandon_interrupted() == 1
    assert open_ids(journal) == [out.act.id]
    assert journal.unanswered() == {entry.act.id, out.act.id}, "the office may have taken it all the same"
    left = journal.find(entry.act.id)
    assert left is not None
    assert left.act.code is None
    again = replace(asked, at=asked.at + timedelta(seconds=20), since=Since("this", 30))
    taken_up = journal.take_up(again)
    assert (taken_up.act, taken_up.act.since) == (again, again.since)
    assert (taken_up.number, taken_up.outcome) == (entry.number, None)
    assert open_ids(journal) == [entry.act.id, out.act.id]
    assert journal.take_up(answered.act).outcome == "accepted"


def test_only_numbers_of_the_day_are_stuck(journal: Journal) -> None:
    for day in (MONDAY, MONDAY, MONDAY + timedelta(days=1)):
        entry = journal.hand_out(journal.record(act(day)).act.id)
        assert journal.settle(entry, "unfit", Result())
    counts = [journal.count_stuck("musterstadt", MONDAY + timedelta(days=n)) for n in range(3)]
    assert counts == [2, 1, 0]
    assert journal.count_stuck("musterstadt") == 3


def test_what_is_forgotten_is_gone_from_the_disk(journal: Journal, path: Path) -> None:
    def on_disk() -> list[bool]:
        files = b"".join(each.read_bytes() for each in path.parent.iterdir())
        return [secret in files for secret in (b"K7M2PXQW", b"1977-05-13")]

    entry = journal.record(replace(act(kind="check_in"), born=date(1977, 5, 13)))
    # Rows that are added leave no room, in which only chance would overwrite anything.
    journal.record(act())
    journal.prune(MONDAY, "musterstadt")
    assert on_disk() == [True, True]
    journal.settle(entry, "accepted", Result())
    journal.prune(MONDAY, "musterstadt")
    assert on_disk() == [False, False]


def test_entries_of_days_to_come_go_as_well_and_are_the_latest_no_more(journal: Journal) -> None:
    assert journal.latest() is None
    for day in (MONDAY, date(2035, 1, 1)):
        entry = journal.record(act(day))
        journal.settle(entry, "accepted", Result())
    assert journal.latest() == datetime(2035, 1, 1, 7, tzinfo=UTC)
    journal.prune(MONDAY, "musterstadt", MONDAY + timedelta(days=1))
    assert journal.latest() == datetime(2026, 11, 23, 7, tzinfo=UTC)
