"""Following the Event table: one thread per process looks once for all who follow, and wakes them.

The table is the truth. PostgreSQL's NOTIFY and SQLite's data_version are only doorbells: when one rings the thread
looks, and every few seconds it looks anyway. Numbers of an office have no gaps, so a follower that lags notices, and
reads what it missed from the table.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol, Self

import psycopg
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.db import Database
from frontoffice.events import Event, EventCount

log = structlog.get_logger(__name__)

LOOK_EVERY = 3.0  # seconds
BLIND_AFTER = 15.0  # seconds without a successful look: rather end the streams than seem to be live
PEEP_EVERY = 0.05  # seconds between two looks at SQLite's data_version, which cost some microseconds
NOTICE_STOP = 0.5  # seconds until the end of the process is noticed while listening
KEPT = 1000  # events of an office that followers can be served from without reading the table
AT_ONCE = 500  # events read from the table at once


class NoSeatLeft(Exception):
    """As many follow already as this process can serve."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as followers get it; `text` is empty where it is none of their business."""

    number: int
    text: bytes


class Feed:
    """The feed of one process. `tell` puts an event into the text that followers get; `seats` may follow at once."""

    def __init__(self, database: Database, tell: Callable[[Event], bytes], seats: int) -> None:
        self._database = database
        self._tell = tell
        self._seats = seats
        self._guard = threading.Lock()
        self._offices: dict[int, _Office] = {}
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._looked_at = monotonic()

    def follow(self, office_id: int, after: int) -> "Following":
        """Take a seat to follow an office from the event after that number; must be closed. Raises NoSeatLeft."""
        with self._database.read() as session:
            last = events.last_number(session, office_id)
        with self._guard:
            if sum(office.followers for office in self._offices.values()) >= self._seats:
                raise NoSeatLeft
            office = self._offices.setdefault(office_id, _Office(last))
            office.followers += 1
            # Not before the first follower: a thread started earlier would not live on in a forked process.
            if self._thread is None or not self._thread.is_alive():
                self._looked_at = monotonic()
                self._thread = threading.Thread(target=self._work, name="feed", daemon=True)
                self._thread.start()
        return Following(self, office_id, office, after)

    def leave(self, office_id: int) -> None:
        """Give a seat back."""
        with self._guard:
            office = self._offices[office_id]
            office.followers -= 1
            if office.followers == 0:
                del self._offices[office_id]

    def read(self, office_id: int, after: int) -> list[Told]:
        """Events from the table, as they are told."""
        with self._database.read() as session:
            return self._read(session, office_id, after)

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more: stopped, or the database has been out of reach for long."""
        return self._stopped.is_set() or monotonic() - self._looked_at > BLIND_AFTER

    def stop(self) -> None:
        """End the thread and let all who follow come to their end."""
        self._stopped.set()
        with self._guard:
            thread, offices = self._thread, list(self._offices.values())
        for office in offices:
            office.wake()
        if thread is not None:
            thread.join(LOOK_EVERY + 1)

    def _work(self) -> None:
        bell: Doorbell | None = None
        while not self._stopped.is_set():
            try:
                # The bell first, then a look: what happened before the bell was hung up would not ring it.
                bell = bell or _doorbell(self._database)
                while self._look():
                    pass
                bell.wait(LOOK_EVERY, self._stopped)
            except (SQLAlchemyError, psycopg.Error, sqlite3.Error) as error:
                log.warning("the feed cannot look", error=type(error).__name__)
                if bell is not None:
                    bell.close()
                bell = None
                self._stopped.wait(1)
        if bell is not None:
            bell.close()

    def _look(self) -> bool:
        """Hand on what is new; says whether there may be more."""
        with self._guard:
            offices = dict(self._offices)
        news: dict[int, list[Told]] = {}
        if offices:
            with self._database.read() as session:
                counts = select(EventCount.office_id, EventCount.last).where(
                    EventCount.office_id.in_(offices)
                )
                for office_id, last in session.execute(counts).all():
                    if last > offices[office_id].last:
                        news[office_id] = self._read(session, office_id, offices[office_id].last)
        for office_id, told in news.items():
            if told:
                offices[office_id].add(told)
        self._looked_at = monotonic()
        return any(len(told) == AT_ONCE for told in news.values())

    def _read(self, session: Session, office_id: int, after: int) -> list[Told]:
        found = events.after(session, office_id, after, AT_ONCE)
        return [Told(event.number, self._tell(event)) for event in found]


class Following:
    """One follower's place in the feed of an office."""

    def __init__(self, feed: Feed, office_id: int, office: "_Office", after: int) -> None:
        self._feed = feed
        self._office_id = office_id
        self._office = office
        self._closed = False
        # What happened before this seat was taken, or while it was, has rung no bell for it.
        self._behind = True
        self.number = after  # the last event that was taken

    def wait(self, seconds: float) -> bytes | None:
        """The text of what has happened since, waiting for it up to `seconds`: empty without news, None at the end."""
        try:
            told: list[Told] | None = self._catch_up() if self._behind else []
            if not told:
                told = self._office.after(self.number, seconds, lambda: self._feed.is_over)
            if told is None:
                told = self._catch_up()
        except SQLAlchemyError as error:
            log.warning("a follower cannot read", error=type(error).__name__)
            return None
        if self._feed.is_over:
            return None
        if told:
            self.number = told[-1].number
        return b"".join(each.text for each in told)

    def _catch_up(self) -> list[Told]:
        told = self._feed.read(self._office_id, self.number)
        self._behind = len(told) == AT_ONCE
        return told

    def close(self) -> None:
        """Give the seat back; once is enough."""
        if not self._closed:
            self._closed = True
            self._feed.leave(self._office_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Office:
    """The latest events of one office, and those who wait for more."""

    def __init__(self, last: int) -> None:
        self.followers = 0
        self.last = last
        self._recent: deque[Told] = deque(maxlen=KEPT)
        self._news = threading.Condition()

    def add(self, told: list[Told]) -> None:
        with self._news:
            self._recent.extend(told)
            self.last = told[-1].number
            self._news.notify_all()

    def wake(self) -> None:
        with self._news:
            self._news.notify_all()

    def after(self, number: int, seconds: float, is_over: Callable[[], bool]) -> list[Told] | None:
        """What came after `number`, waiting for it; empty when time is up, None where it is only in the table."""
        with self._news:
            self._news.wait_for(lambda: self.last > number or is_over(), seconds)
            missing = self.last - number
            if missing <= 0:
                return []
            if missing > len(self._recent):
                return None
            return list(self._recent)[-missing:]


class Doorbell(Protocol):
    """Says that something may have happened."""

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Return when something may have happened, or when the time is up."""

    def close(self) -> None:
        """Give back what it holds."""


class _Notifications:
    """PostgreSQL: listens on a connection of its own, taken out of the pool."""

    def __init__(self, database: Database) -> None:
        self._connection: psycopg.Connection = _own_connection(database)
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {events.CHANNEL}")

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0 and not stopped.is_set():
            if list(self._connection.notifies(timeout=min(left, NOTICE_STOP), stop_after=1)):
                return

    def close(self) -> None:
        self._connection.close()


class _DataVersion:
    """SQLite: a number that changes whenever another connection has committed."""

    def __init__(self, database: Database) -> None:
        self._connection: sqlite3.Connection = _own_connection(database)
        self._seen = self._version()

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        end = monotonic() + seconds
        while monotonic() < end and not stopped.wait(PEEP_EVERY):
            version = self._version()
            if version != self._seen:
                self._seen = version
                return

    def close(self) -> None:
        self._connection.close()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def _own_connection(database: Database) -> Any:
    pooled = database.engine.raw_connection()
    connection = pooled.driver_connection
    pooled.detach()
    return connection


def _doorbell(database: Database) -> Doorbell:
    return _DataVersion(database) if database.is_sqlite else _Notifications(database)
