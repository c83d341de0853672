"""What says that something may have happened: PostgreSQL's NOTIFY, or SQLite's data_version."""

import sqlite3
import threading
from time import monotonic
from typing import Any, Protocol

import psycopg

from frontoffice import events
from frontoffice.db import Database

PEEP_EVERY = 0.05  # seconds between two looks at SQLite's data_version, which cost some microseconds
NOTICE_STOP = 0.1  # seconds until the end of the process is noticed while listening


class Doorbell(Protocol):
    """Only a hint: who hears it looks into the table."""

    def wait(self, seconds: float, stopped: threading.Event) -> None:
        """Return when something may have happened, or when the time is up."""

    def close(self) -> None:
        """Give back what it holds."""


def doorbell(database: Database) -> Doorbell:
    """The one of this kind of database, on a connection of its own, taken out of the pool."""
    return _DataVersion(database) if database.is_sqlite else _Notifications(database)


class _Notifications:
    """PostgreSQL: listens."""

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
