"""Reminders of ends of documents: 100,000 due among 700,000 and among 7,000,000 watched; and a delivery of 1 GB.

python -m benchmarks.reminders [--quick] [--delivery] [--folder FOLDER]   (PostgreSQL; full: 15 minutes)

`--delivery` measures the delivery instead: the file is made while it is read, taken in, and given once more.
"""

import argparse
import io
import resource
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from time import perf_counter
from typing import Any, cast

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks import data, servers
from frontoffice import clock
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.documents import importing, integrations, watch_sweep
from frontoffice.documents.contact import Contact
from frontoffice.documents.watch_import import Watches
from frontoffice.offices.models import Office

OFFICES = 549
DUE, QUICK_DUE = 100_000, 10_000
SIZES, QUICK_SIZES = (700_000, 7_000_000), (70_000, 700_000)
BYTES, QUICK_BYTES = 1_000_000_000, 20_000_000
DAY = timedelta(days=1)

NOT_DUE = text("""
INSERT INTO expiry_watch (office_id, kind, expires_on, ends_on, language, contact, recipient, source, external,
                          delivered, state, next_on, created_at, changed_at)
SELECT (SELECT min(id) FROM office) + number % :offices, 'residence_permit', day, day, 'de', :contact,
       md5(number::text) || md5('r' || number), 'import', md5('x' || number) || md5(number::text),
       md5('d' || number) || md5(number::text), 'active', day - 90, now(), now()
FROM (SELECT number, CAST(:today AS date) + 91 + (number * 7919 % 1500)::int AS day
      FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS number) AS numbers
""")
AGAIN = text("UPDATE expiry_watch SET next_on = :today, told_on = NULL WHERE source = 'due'")
WAITING = text("""
EXPLAIN (ANALYZE, BUFFERS, COSTS OFF)
SELECT id, office_id, kind, expires_on, ends_on, language, contact, recipient, next_on FROM expiry_watch
WHERE next_on <= :today ORDER BY next_on, id LIMIT 1000 FOR UPDATE SKIP LOCKED
""")


def main() -> None:
    """Called by `python -m benchmarks.reminders`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--delivery", action="store_true")
    parser.add_argument("--folder")
    chosen = parser.parse_args()
    with servers.disk(chosen.folder) as folder, servers.databases("postgresql", folder) as databases:
        database = databases.make("watches", alone=True)
        print(databases.describe(database), flush=True)
        now = clock.now()
        data.build(database, now)
        if chosen.delivery:
            deliver(database, QUICK_BYTES if chosen.quick else BYTES, now)
        else:
            plan(database, QUICK_DUE if chosen.quick else DUE, QUICK_SIZES if chosen.quick else SIZES, now)
        database.close()


def plan(database: Database, due: int, sizes: tuple[int, ...], now: datetime) -> None:
    """Sweep the same number of due watches among ever more that are not."""
    settings, today = settings_of(database), now.date()
    _more_offices(database)
    _due(database, due, today, now)
    watched = due
    for size in sizes:
        with database.write() as session:
            contact = Contact(phone="+4915123456789").seal(database.vault)
            span = {"first": watched + 1, "last": size, "today": today}
            session.execute(NOT_DUE, span | {"contact": contact, "offices": OFFICES})
            session.execute(AGAIN, {"today": today})
            session.execute(text("DELETE FROM message"))
        watched = size
        _vacuum(database)
        seconds, written = _sweep(database, settings, now)
        print(f"{due:,} due among {size:,} watched: {written:,} messages in {seconds:.1f} s", flush=True)
        with database.write() as session:
            session.execute(AGAIN, {"today": today})
            for line in session.scalars(WAITING, {"today": today}):
                print(f"    {line}")
            session.rollback()
    begin = perf_counter()
    assert _sweep(database, settings, now)[1] == 0
    print(f"a run with nothing due: {(perf_counter() - begin) * 1000:.0f} ms")


def _sweep(database: Database, settings: Config, now: datetime) -> tuple[float, int]:
    begin, written, mark = perf_counter(), 0, None
    while True:
        with database.write() as session:
            swept = watch_sweep.sweep(session, now, settings=settings, after=mark)
        written, mark = written + swept.written, swept.mark
        if mark is None:
            return perf_counter() - begin, written


def _due(database: Database, many: int, today: date, now: datetime) -> None:
    """Watches of as many people, each sealed by itself."""
    end, vault = today + 90 * DAY, database.vault
    with database.write() as session:
        first = session.scalar(text("SELECT min(id) FROM office")) or 0
        with _copy(session) as copy:
            for number in range(many):
                contact = Contact(phone=f"+49151{number:08}")
                copy.write_row(
                    (
                        *(first + number % OFFICES, "residence_permit", end, end, "de", contact.seal(vault)),
                        *(contact.recipients(vault)[0], "due", "active", today, now, now),
                    )
                )


def _copy(session: Session) -> Any:
    columns = "office_id, kind, expires_on, ends_on, language, contact, recipient, source, state, next_on, created_at"
    driver = cast(Any, session.connection().connection.driver_connection)
    return driver.cursor().copy(f"COPY expiry_watch ({columns}, changed_at) FROM STDIN")


def _more_offices(database: Database) -> None:
    with database.write() as session:
        one = session.scalars(select(Office)).one()
        same = ("street", "postal_code", "city", "phone", "mail", "land", "languages")
        values = {name: getattr(one, name) for name in same}
        session.add_all(
            Office(**values, slug=f"office-{number}", name=f"Office {number}") for number in range(1, OFFICES)
        )


def _vacuum(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = off")
        connection.exec_driver_sql("VACUUM ANALYZE expiry_watch")
        connection.exec_driver_sql("VACUUM ANALYZE message")
        connection.exec_driver_sql("CHECKPOINT")
        connection.exec_driver_sql("SET default_transaction_read_only = on")


def deliver(database: Database, size: int, now: datetime) -> None:
    """Take in a file of so many bytes with 1,000 bytes a row, and once more."""
    with database.read() as session:
        offices = session.scalars(select(Office)).all()
        target = Watches(
            integrations.operator(session, offices[0].slug), offices, settings_of(database).documents
        )
    for what in ("taken in", "given again"):
        before, begin = _peak(), perf_counter()
        stream: Any = _Made(size, now.date())
        report = importing.take(database, stream, target, clock.now)
        seconds = perf_counter() - begin
        print(
            f"{size / 1e9:.2f} GB {what}: {report.rows:,} rows in {seconds:.0f} s ({report.rows / seconds:,.0f}/s), "
            f"{report.new:,} new, {report.unchanged:,} unchanged, {report.bad:,} bad; "
            f"memory {before:.0f} MB before, {_peak():.0f} MB at most",
            flush=True,
        )


def settings_of(database: Database) -> Config:
    """The configuration of the measured office."""
    site = {"base_url": "https://termin.example.org", "secret_keys": [servers.KEY]}
    url = database.engine.url.render_as_string(hide_password=False)
    return Config.model_validate({"site": site, "database": {"url": url}})


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Made(io.RawIOBase):
    """A file that is made while it is read, with a column that nobody needs."""

    def __init__(self, size: int, today: date) -> None:
        self._size, self._today = size, today
        self._pieces, self._rest = self._made(), b""

    def _made(self) -> Iterator[bytes]:
        yield b"id;art;gueltig_bis;mobil;sprache;bemerkung\n"
        written, number, note = 0, 0, "x" * 930
        while written < self._size:
            day = self._today + (30 + number % 1500) * DAY
            row = f"AZ-{number:09};Aufenthaltserlaubnis;{day:%d.%m.%Y};0151 {number % 10**8:08};uk;{note}\n".encode()
            written, number = written + len(row), number + 1
            yield row

    def read(self, size: int = -1) -> bytes:
        """As a file."""
        if len(self._rest) < size:
            rows = [self._rest]
            for row in self._pieces:
                rows.append(row)
                if len(rows) * 900 >= size:
                    break
            self._rest = b"".join(rows)
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


if __name__ == "__main__":
    main()
