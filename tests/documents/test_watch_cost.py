"""What watches cost grows with what is due, and with what is delivered at once: not with how many there are."""

import gc
import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text

from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import importing, integrations
from frontoffice.documents.models import ExpiryWatch
from frontoffice.documents.watch_import import Watches
from frontoffice.offices.models import Office
from tests.documents.parts import MAIL, deliver, keys, rows, sweep, watches

pytestmark = pytest.mark.usefixtures("office")
DAY = timedelta(days=1)


@pytest.fixture
def end(now: datetime) -> date:
    """Ninety days from now."""
    return now.date() + 90 * DAY


def watch_many(database: Database, number: int) -> None:
    """Watches beside the one there is, whose day is far away."""
    [one] = watches(database)
    columns = {each.key: getattr(one, each.key) for each in ExpiryWatch.__mapper__.column_attrs}
    del columns["id"]
    later = {"next_on": one.ends_on + 900 * DAY, "ends_on": one.ends_on + 990 * DAY}
    with database.write() as session:
        session.execute(
            insert(ExpiryWatch),
            [
                columns | later | {"external": f"far {place}", "recipient": f"somebody {place}"}
                for place in range(number)
            ],
        )
    with database.write() as session:
        session.execute(text("ANALYZE"))


@contextmanager
def explained(database: Database) -> Iterator[list[str]]:
    """The plans of all statements about watches from now on."""
    plans: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "

    def note(_connection: Any, cursor: Any, statement: str, given: Any, _context: Any, many: bool) -> None:
        if "expiry_watch" in statement:
            other = cursor.connection.cursor()
            other.execute(explain + statement, given[0] if many else given)
            plans.append("\n".join(str(row[-1]) for row in other.fetchall()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_run_reads_by_the_index_what_is_due_and_never_the_whole_table(
    database: Database, config: Config, now: datetime, end: date
) -> None:
    deliver(database, config, rows(f"1;residence_permit;{end};{MAIL};de"), now)
    watch_many(database, 6000)
    with explained(database) as plans:
        assert sweep(database, config, now) == 1
        assert sweep(database, config, now) == 0
    assert len(plans) == 4, "what is due, others of the same people, moving on; and nothing the second time"
    for plan in plans:
        assert "Seq Scan" not in plan
        assert "SCAN expiry_watch" not in plan
    assert all("ix_expiry_watch_next_on" in plans[place] for place in (0, 3))
    assert len(keys(database)) == 1


def test_memory_does_not_grow_with_a_delivery(
    database: Database, config: Config, now: datetime, end: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred rows at a time: after the first few the rest brings nothing that stays."""
    monkeypatch.setattr(importing, "AT_ONCE", 100)
    kept = list[int]()

    def clock() -> datetime:  # is asked with each hundred
        gc.collect()
        kept.append(tracemalloc.get_traced_memory()[0])
        return now

    with database.read() as session:
        offices = session.scalars(select(Office)).all()
        target = Watches(integrations.operator(session, offices[0].slug), offices, config.documents)
    tracemalloc.start()
    try:
        report = importing.take(database, Made(1500, end), target, clock)
    finally:
        tracemalloc.stop()
    assert (report.new, len(kept)) == (1500, 16)
    assert kept[-1] - kept[5] < 150 * 1000, "bytes: a row of which anything is kept takes several hundred"


class Made(io.RawIOBase):
    """A file that is made while it is read, and never whole in memory."""

    def __init__(self, number: int, end: date) -> None:
        self._lines = (
            f"id{each};residence_permit;{end};zoe{each}@beispiel.example;de\n" for each in range(number)
        )
        self._rest = rows().encode()

    def read(self, size: int = -1) -> bytes:
        """As a file."""
        while len(self._rest) < size and (line := next(self._lines, "")):
            self._rest += line.encode()
        given, self._rest = self._rest[:size], self._rest[size:]
        return given
