"""The database: one engine, `read()` and `write()`, the same on SQLite and PostgreSQL.

`write()` is `BEGIN IMMEDIATE` on SQLite: `SELECT … FOR UPDATE` is silently dropped there, so a write transaction has to
own the database from its first statement. On PostgreSQL the verbs lock rows.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    create_engine,
    event,
)
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from frontoffice.vault import Vault

WRITES = "frontoffice_writes"
SQLITE_WAIT_SECONDS = 15

# 64 bits on PostgreSQL; SQLite numbers rows by itself only for a column that says INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused. SQLite has no zones, so they are added on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def words(kind: type[StrEnum]) -> Enum:
    """A column type that keeps the words of `kind` as short text, so that a new word needs no migration."""
    return Enum(
        kind, native_enum=False, length=24, values_callable=lambda members: [each.value for each in members]
    )


class Base(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime}  # noqa: RUF012 (SQLAlchemy's own declaration)


class Turns:
    """A lock that is given in the order it was asked for.

    SQLite's own waiting is a lottery: with several writers a single one was seen to wait three seconds.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._queue: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            mine = threading.Lock()
            mine.acquire()
            self._queue.append(mine)
        mine.acquire()

    def __exit__(self, *exc: object) -> None:
        with self._guard:
            if self._queue:
                self._queue.popleft().release()  # handed on while still held: nobody can slip in between
            else:
                self._held = False


class Database:
    """One database, whichever kind; made once per process and handed around."""

    def __init__(self, url: str, vault: Vault, pool_size: int = 10) -> None:
        self.vault = vault
        open_engine = _sqlite if make_url(url).get_backend_name() == "sqlite" else _postgresql
        self.engine = open_engine(url, pool_size)
        self._writer = self.engine.execution_options(**{WRITES: True})
        self._turns: Turns | nullcontext[None] = Turns() if self.is_sqlite else nullcontext()

    @property
    def is_sqlite(self) -> bool:
        """Whether one machine and one writing process at a time is all there is."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent look; whatever is changed in it is thrown away."""
        with Session(
            self.engine, info={"vault": self.vault}, expire_on_commit=False, autoflush=False
        ) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: commits at the end of the block, undoes everything if the block raises."""
        with (
            self._turns,
            Session(self._writer, info={"vault": self.vault}, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _sqlite(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # an error's text goes to the log, and parameters are people
        pool_size=pool_size,
        max_overflow=100,
        connect_args={"timeout": SQLITE_WAIT_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: str, pool_size: int) -> Engine:
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=20,
        pool_pre_ping=True,
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin deferred ones.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
