"""What is said to the database, as the driver hears it, whatever way it takes through the program."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import event

from frontoffice.db import Database
from frontoffice.quick import _CURSORS

_VALUES = re.compile(r"'(?:[^']|'')*'|\b\d+\b")  # SQLite tells statements with their values


@contextmanager
def heard(database: Database) -> Iterator[list[str]]:
    """All statements of this database from now on, without their values."""
    texts: list[str] = []

    class Telling(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **how: Any) -> Any:
            texts.append(str(query))
            return super().execute(query, *given, **how)

    def listen(connection: Any, record: Any, _proxy: object) -> None:
        record.info.pop(_CURSORS, None)  # those that are kept are not ours
        if database.is_sqlite:
            connection.set_trace_callback(lambda text: texts.append(_VALUES.sub("?", text)))
        else:
            connection.cursor_factory = Telling

    def leave(connection: Any, record: Any) -> None:
        record.info.pop(_CURSORS, None)
        if database.is_sqlite:
            connection.set_trace_callback(None)
        else:
            connection.cursor_factory = psycopg.Cursor

    engines = (database.engine, database._writer)
    for engine in engines:
        event.listen(engine, "checkout", listen)
        event.listen(engine, "checkin", leave)
    try:
        yield texts
    finally:
        for engine in engines:
            event.remove(engine, "checkout", listen)
            event.remove(engine, "checkin", leave)
