"""Following the Event table: one thread per process looks once for all who follow, and keeps the latest.

The table is the truth, the doorbell only a hint: when it rings the thread looks, and every few seconds it looks anyway.
Numbers of an office have no gaps, so whoever lags notices. Who follows, and gets it told, is in `crowd.py`.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import psycopg
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.db import Database
from frontoffice.events import Event, EventCount
from frontoffice.web.doorbell import Doorbell, doorbell

log = structlog.get_logger(__name__)

LOOK_EVERY = 3.0  # seconds
BLIND_AFTER = 15.0  # seconds without a successful look: rather end the streams than seem to be live
KEPT = 1000  # events of an office that followers can be served from without reading the table
AT_ONCE = 500  # events read from the table at once


@dataclass(frozen=True, slots=True)
class Told:
    """An event as followers get it; `text` is empty where it is none of their business."""

    number: int
    text: bytes


class Latest:
    """The latest events of one office. The thread that looks adds to it, others read."""

    def __init__(self, last: int) -> None:
        self.users = 0
        self.last = last
        self._recent: deque[Told] = deque(maxlen=KEPT)
        self._guard = threading.Lock()

    def add(self, told: list[Told]) -> None:
        """Put what is new to the others."""
        with self._guard:
            self._recent.extend(told)
            self.last = told[-1].number

    def after(self, number: int) -> list[Told] | None:
        """What came after `number`; None where that is only in the table."""
        with self._guard:
            missing = self.last - number
            if missing <= 0:
                return []
            return list(self._recent)[-missing:] if missing <= len(self._recent) else None


class Feed:
    """The feed of one process. `tell` puts an event into the text that followers get; `ring` is called after news."""

    def __init__(self, database: Database, tell: Callable[[Event], bytes], ring: Callable[[], None]) -> None:
        self._database = database
        self._tell = tell
        self._ring = ring
        self._guard = threading.Lock()
        self._offices: dict[int, Latest] = {}
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._looked_at = monotonic()

    def open(self, office_id: int) -> Latest:
        """Look after this office until as often `leave` is called."""
        with self._guard:
            office = self._offices.get(office_id)
        if office is None:
            with self._database.read() as session:
                office = Latest(events.last_number(session, office_id))
        with self._guard:
            office = self._offices.setdefault(office_id, office)
            office.users += 1
            # Not before the first follower: a thread started earlier would not live on in a forked process.
            if self._thread is None or not self._thread.is_alive():
                self._looked_at = monotonic()
                self._thread = threading.Thread(target=self._work, name="feed", daemon=True)
                self._thread.start()
        return office

    def leave(self, office_id: int) -> None:
        """One less follows the office."""
        with self._guard:
            office = self._offices[office_id]
            office.users -= 1
            if office.users == 0:
                del self._offices[office_id]

    def read(self, office_id: int, after: int) -> list[Told]:
        """All events after that number, from the table, as they are told."""
        found: list[Told] = []
        with self._database.read() as session:
            while True:
                told = self._read(session, office_id, found[-1].number if found else after)
                found += told
                if len(told) < AT_ONCE:
                    return found

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more: stopped, or the database has been out of reach for long."""
        return self._stopped.is_set() or monotonic() - self._looked_at > BLIND_AFTER

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._ring()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join(LOOK_EVERY + 1)

    def _work(self) -> None:
        bell: Doorbell | None = None
        while not self._stopped.is_set():
            try:
                # The bell first, then a look: what happened before the bell was hung up would not ring it.
                bell = bell or doorbell(self._database)
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
        if news:
            self._ring()
        return any(len(told) == AT_ONCE for told in news.values())

    def _read(self, session: Session, office_id: int, after: int) -> list[Told]:
        found = events.after(session, office_id, after, AT_ONCE)
        return [Told(event.number, self._tell(event)) for event in found]
