"""Statements on the way that everybody takes: compiled once, and run on the driver's own cursor.

The usual way through SQLAlchemy costs more Python than the database needs for such a statement. Types are converted
as always, errors are SQLAlchemy's; rows are plain tuples.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key
from sqlalchemy.sql import Executable

Convert = Callable[[Any], Any]
T = TypeVar("T", bound=DeclarativeBase)


def made(session: Session, kind: type[T], values: Mapping[str, Any]) -> T:
    """The object of the row with these values, `id` among them; what is not among them is read when asked for."""
    known: Any = session.identity_map.get(identity_key(kind, values["id"]))
    if known is not None:
        for name, value in values.items():
            set_committed_value(known, name, value)
        return known  # type: ignore[no-any-return]
    new = apart(kind, values)
    session.add(new)
    return new


def apart(kind: type[T], values: Mapping[str, Any]) -> T:
    """The same in no session."""
    new: T = kind.__mapper__.class_manager.new_instance()
    new.__dict__.update(values)
    make_transient_to_detached(new)
    return new


class Quick:
    """A statement whose parameters are named, and always the same ones.

    Where lists expand in it, or columns have defaults, it takes the usual way.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows. Pending changes of the session are not written first."""
        connection = session.connection()
        ready = self._ready.get(connection.dialect.name)
        if ready is None:
            ready = self._ready[connection.dialect.name] = _Ready(self._statement, connection.dialect, values)
        if ready.is_usual:
            return [tuple(row) for row in connection.execute(self._statement, values)]
        return ready.run(connection, values)


class _Ready:
    """The statement for one kind of database."""

    def __init__(self, statement: Any, dialect: Dialect, values: Mapping[str, Any]) -> None:
        keys = list(values) if getattr(statement, "is_insert", False) else None
        compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
        self.is_usual = bool(
            compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch
        )
        self._text = str(compiled)
        self._fixed = {name: bind.effective_value for name, bind in compiled.binds.items()}
        converts: dict[str, Convert] = compiled._bind_processors
        names = list(compiled.positiontup or compiled.binds)
        self._parameters = [(name, converts.get(name)) for name in names]
        self._positional = bool(compiled.positiontup)
        self._converts = [
            (place, convert)
            for place, column in enumerate(compiled._result_columns)
            if (convert := column.type._cached_result_processor(dialect, None)) is not None
        ]
        # Known from the statement: psycopg works out a cursor's description anew whenever it is looked at.
        self._gives_rows = bool(compiled._result_columns)
        self._dialect = dialect

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        given = {**self._fixed, **values}
        converted = [
            given[name] if convert is None else convert(given[name]) for name, convert in self._parameters
        ]
        parameters: Any = converted
        if not self._positional:
            parameters = {name: value for (name, _), value in zip(self._parameters, converted, strict=True)}
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, parameters)
            rows: Any = cursor.fetchall() if self._gives_rows else []
        except self._dialect.loaded_dbapi.Error as error:
            if self._dialect.is_disconnect(error, connection.connection, cursor):
                connection.invalidate(error)
            raise DBAPIError.instance(
                self._text,
                None,
                error,
                self._dialect.loaded_dbapi.Error,
                hide_parameters=True,
                dialect=self._dialect,
            ) from error
        finally:
            cursor.close()
        return [self._row(row) for row in rows] if self._converts else rows

    def _row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in self._converts:
            values[place] = convert(values[place])
        return tuple(values)
