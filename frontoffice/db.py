"""The database: one engine, `read()` and `write()`, the same on SQLite and PostgreSQL.

`write()` is `BEGIN IMMEDIATE` on SQLite: `SELECT … FOR UPDATE` is silently dropped there, so a write transaction has to
own the database from its first statement. On PostgreSQL the verbs lock rows.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from time import monotonic
from typing import Any, cast

import psycopg
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
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.types import TypeDecorator

from frontoffice.memory import CHANGES, MEMORY, Memory
from frontoffice.vault import Vault

SQLITE_WAIT_SECONDS = 15
# FULL: what was answered is on the disk. The memory is for reading: pages kept, and the file mapped instead of copied.
SQLITE_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-16384",
    "mmap_size=268435456",
    "wal_autocheckpoint=4000",  # pages: what is written again and again is copied to the file less often
)
# A connection that has been idle for longer is tried before it is used: firewalls and restarts cut them unseen.
IDLE_SECONDS = 30

# On PostgreSQL: what a process that hangs in the middle of a transaction has locked is given back.
FROZEN_SECONDS = 60

_WITHOUT_ZONE = len("2030-05-02 07:40:00.000000")

# 64 bits on PostgreSQL; SQLite numbers rows by itself only for a column that says INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC; a naive one is refused. SQLite has no zones, so they are added on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    # Every row has several of them, so both ways are one step instead of SQLAlchemy's three.
    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """What turns a moment into the driver's value: on SQLite a text."""
        is_text = dialect.name == "sqlite"

        def process(value: datetime | None) -> Any:
            if value is None:
                return None
            if value.tzinfo is None:
                raise ValueError("a moment without a time zone cannot be stored")
            if value.tzinfo is not UTC:
                value = value.astimezone(UTC)
            return value.isoformat(" ", "microseconds")[:_WITHOUT_ZONE] if is_text else value

        return process

    def result_processor(
        self,
        dialect: Dialect,
        coltype: object,  # noqa: ARG002 (as SQLAlchemy has it)
    ) -> Callable[[Any], datetime | None]:
        """What turns the driver's value into a moment in UTC."""
        if dialect.name == "sqlite":
            read = datetime.fromisoformat
            return lambda text: None if text is None else read(f"{text}+00:00")

        def process(value: datetime | None) -> datetime | None:
            return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)

        return process


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


class _Own(Session):
    """A session on a connection of its own, without asking at every statement which one it is."""

    def __init__(self, connection: Connection, info: dict[Any, Any], *, autoflush: bool) -> None:
        super().__init__(connection, info=info, expire_on_commit=False, autoflush=autoflush)
        self._own = connection

    def connection(self, *_: Any, **__: Any) -> Connection:
        """The one it has."""
        return self._own

    def _connection_for_bind(self, *_: Any, **__: Any) -> Connection:  # what the ORM asks
        return self._own

    def get_bind(self, *_: Any, **__: Any) -> Any:
        """The same, whatever it is for."""
        return self._own

    def rollback(self) -> None:
        """Undo everything; nothing more can be done in the transaction."""
        super().rollback()
        self._own.rollback()

    def begin_nested(self) -> SessionTransaction:
        """A savepoint. SQLAlchemy would make it when it asks for the connection, which it does not do here."""
        nested = super().begin_nested()
        nested.connection(None)
        return nested


class Database:
    """One database, whichever kind; made once per process and handed around.

    `pool_size` is how many connections it keeps for reading, and again for writing; on PostgreSQL there are never
    more. The two are apart so that reading can be cheap (no transaction around it) and cannot write by mistake.
    `engine` is the one for reading.
    """

    def __init__(self, url: str, vault: Vault, pool_size: int = 10) -> None:
        self.vault = vault
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        open_engine = _sqlite if self.is_sqlite else _postgresql
        self.engine = open_engine(url, pool_size, writes=False)
        self._writer = open_engine(url, pool_size, writes=True)
        self._snapshot = self.engine if self.is_sqlite else _snapshots(self._writer)
        self._turns: Turns | nullcontext[None] = Turns() if self.is_sqlite else nullcontext()
        self.memory = Memory()

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Session]:
        """A look at what is committed; nothing can be written in it.

        With `snapshot` all statements see the same moment, however long they take. Without it only SQLite promises
        that; on PostgreSQL each statement sees what is committed when it begins.
        """
        info = {"vault": self.vault, MEMORY: self.memory}
        if snapshot:
            with Session(self._snapshot, info=info, expire_on_commit=False, autoflush=False) as session:
                yield session
            return
        with self.engine.connect() as connection, _Own(connection, info, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self, *, may_be_lost: bool = False) -> Iterator[Session]:
        """One transaction: commits at the end of the block, undoes everything if the block raises.

        `may_be_lost`: PostgreSQL need not wait until it is on the disk; a crash of the machine may take back the last
        moments (SQLite waits always). For counts and proofs that are used up, when nothing else is written.
        """
        info = {"vault": self.vault, MEMORY: self.memory}
        with (
            self._turns,
            self._writer.connect() as connection,
            _Own(connection, info, autoflush=True) as session,
        ):
            try:
                with connection.begin():
                    session.begin()
                    if may_be_lost and not self.is_sqlite:
                        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
                    yield session
                    session.flush()
            finally:
                if CHANGES in session.info:
                    self.memory.forget()

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """A connection that is closed afterwards, for what must not stay with one that is used again."""
        with self._writer.connect() as connection:
            try:
                yield connection
            finally:
                connection.invalidate()

    def connections(self) -> tuple[int, int]:
        """How many connections this process has open, and how many of these are in use."""
        pools = [cast(QueuePool, each.pool) for each in (self.engine, self._writer)]
        used = sum(pool.checkedout() for pool in pools)
        return used + sum(pool.checkedin() for pool in pools), used

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()
        self._writer.dispose()


def _sqlite(url: str, pool_size: int, *, writes: bool) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # an error's text goes to the log, and parameters are people
        pool_size=pool_size,
        max_overflow=100,
        pool_use_lifo=True,
        connect_args={"timeout": SQLITE_WAIT_SECONDS, "check_same_thread": False, "cached_statements": 512},
    )
    pragmas = SQLITE_PRAGMAS if writes else (*SQLITE_PRAGMAS, "query_only=ON")
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

    def prepare(connection: Any, _record: object) -> None:
        # The driver must not begin transactions by itself: it would begin deferred ones.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "do_connect", _keep_to_ourselves)
    event.listen(engine, "connect", prepare)

    def do_begin(dbapi_connection: Any) -> None:
        dbapi_connection.execute(begin)

    # Here and not in a listener for "begin", which would cost every statement some time.
    engine.dialect.do_begin = do_begin  # type: ignore[method-assign]
    return engine


def _keep_to_ourselves(_dialect: Dialect, _record: object, place: list[str], _more: object) -> None:
    """Make the file, where there is none yet, so that no other user of the machine can read it."""
    if place[0] != ":memory:":
        with suppress(OSError):  # what is in the way, SQLite says better, as an error of a database
            Path(place[0]).touch(0o600)


def _postgresql(url: str, pool_size: int, *, writes: bool) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    own = address.query.get("options", "")
    # The driver gives moments in the connection's zone: in UTC they need not be put into it one by one.
    ours = f"-c idle_in_transaction_session_timeout={FROZEN_SECONDS}s -c timezone=UTC"
    engine = create_engine(
        address.update_query_dict({"options": f"{own} {ours}".strip()}),
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,
        isolation_level="READ COMMITTED" if writes else "AUTOCOMMIT",
        skip_autocommit_rollback=not writes,
    )

    def prepare(connection: Any, record: ConnectionPoolEntry) -> None:
        connection.prepared_max = 500  # more than there are statements
        if not writes:
            connection.execute("SET default_transaction_read_only = on")
        record.info["used"] = monotonic()

    def look_after(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        idle, record.info["used"] = monotonic() - record.info["used"], monotonic()
        if idle > IDLE_SECONDS:
            try:
                engine.dialect.do_ping(connection)
            except psycopg.Error:
                raise DisconnectionError from None  # the pool opens another one

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", look_after)
    return engine


def _snapshots(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
