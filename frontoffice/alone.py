"""One at a time, across all processes: for work of many transactions, during which no row can stay locked.

Nothing is left behind by a process that is killed: the lock goes with its connection, or with its open file.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from frontoffice.db import Database

_TRY = text("SELECT pg_try_advisory_lock(:key)")


@contextmanager
def inside(database: Database, what: str) -> Iterator[bool]:
    """Whether nobody else is inside for the same `what`, in no thread and no process, until the block ends.

    On PostgreSQL that takes a connection of its own. On SQLite there is one lock for everything, a file beside the
    database.
    """
    with _by_file(database) if database.is_sqlite else _by_connection(database, what) as is_alone:
        yield is_alone


@contextmanager
def _by_connection(database: Database, what: str) -> Iterator[bool]:
    key = int.from_bytes(hashlib.blake2b(what.encode(), digest_size=8).digest(), signed=True)
    with database.apart() as connection:
        is_alone = bool(connection.execute(_TRY, {"key": key}).scalar())
        connection.commit()  # the lock is the connection's, and no transaction stays open
        yield is_alone


@contextmanager
def _by_file(database: Database) -> Iterator[bool]:
    # To read only: it may have been made by another user of the machine, who runs the commands.
    file = os.open(f"{database.engine.url.database}-alone", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        yield _is_locked_now(file)
    finally:
        os.close(file)


def _is_locked_now(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
