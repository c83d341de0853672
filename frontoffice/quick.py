"""Statements on the way that everybody takes: compiled once, and run on the driver's own cursor.

The usual way through SQLAlchemy costs more Python than the database needs for such a statement. Types are converted
as always, errors are SQLAlchemy's; rows are plain tuples.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Dialect, Enum
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.sql import Executable

_CURSORS = "cursors of quick statements"  # in the info of a connection
Convert = Callable[[Any], Any]
T = TypeVar("T", bound=DeclarativeBase)


def made(session: Session, kind: type[T], values: Mapping[str, Any], key: Sequence[str] = ("id",)) -> T:
    """The object of the row with these values, `key` among them; what is not among them is read when asked for.

    As SQLAlchemy's own loading does it, without looking at the columns one by one.
    """
    identity = (kind, tuple(values[name] for name in key), None)
    known: Any = session.identity_map.get(identity)
    if known is not None:
        for name, value in values.items():
            set_committed_value(known, name, value)
        return known  # type: ignore[no-any-return]
    new: T = kind.__mapper__.class_manager.new_instance()
    new.__dict__.update(values)
    state: Any = instance_state(new)
    state.key = identity
    state.session_id = session.hash_key
    state.expired_attributes.update(_others(kind, frozenset(values)))
    session.identity_map.add(state)
    return new


def apart(kind: type[T], values: Mapping[str, Any]) -> T:
    """The same in no session."""
    new: T = kind.__mapper__.class_manager.new_instance()
    new.__dict__.update(values)
    make_transient_to_detached(new)
    return new


@cache
def _others(kind: type[DeclarativeBase], names: frozenset[str]) -> frozenset[str]:
    """The columns of the kind that are not among the names."""
    return frozenset(kind.__mapper__.column_attrs.keys()) - names


class Rider:
    """A statement that gives one value and may ride along with another one, which saves a round trip.

    Where it has, `took` tells the value; where it has not, the statement is still to be run.
    """

    def __init__(self, statement: Any, values: Mapping[str, Any]) -> None:
        self.statement = statement
        self.values = values
        self._took: tuple[Session, Any] | None = None

    def has_ridden(self, session: Session, value: Any) -> None:
        """It was run in this transaction and gave that."""
        self._took = session, value

    def took(self, session: Session) -> Any:
        """What it gave in this transaction; None where it was not run in it."""
        return self._took[1] if self._took is not None and self._took[0] is session else None


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
        self._parameters = [
            (name, _to_word(compiled.binds[name].type) or convert) for name, convert in converts.items()
        ]
        self._names = list(compiled.positiontup or ())
        self._converts = [
            (place, convert)
            for place, column in enumerate(compiled._result_columns)
            if (convert := _from_word(column.type) or column.type._cached_result_processor(dialect, None))
        ]
        # Known from the statement: psycopg works out a cursor's description anew whenever it is looked at.
        self._gives_rows = bool(compiled._result_columns)
        self._dialect = dialect

    def run(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        parameters: Any = {**self._fixed, **values}
        for name, convert in self._parameters:
            parameters[name] = convert(parameters[name])
        if self._names:
            parameters = [parameters[name] for name in self._names]
        # A cursor for each statement: a new one would have to find out again how each value is sent and read.
        cursors: dict[_Ready, Any] = connection.connection.info.setdefault(_CURSORS, {})
        cursor = cursors.get(self)
        if cursor is None:
            cursor = cursors[self] = connection.connection.cursor()
        try:
            cursor.execute(self._text, parameters)
            rows = cast(list[tuple[Any, ...]], cursor.fetchall()) if self._gives_rows else []
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
        if not self._converts or not rows:
            return rows
        # Column by column: a row of many columns needs no function of its own.
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        for place, convert in self._converts:
            columns[place] = map(convert, columns[place])
        return list(zip(*columns, strict=True))


def _to_word(kind: Any) -> Convert | None:
    """For a column of `db.words`: its words by the members; None for other columns. Raises KeyError for others."""
    return _words(kind, lambda member: (member, member.value))


def _from_word(kind: Any) -> Convert | None:
    """The same the other way round."""
    return _words(kind, lambda member: (member.value, member))


def _words(kind: Any, pair: Callable[[Any], tuple[Any, Any]]) -> Convert | None:
    if not isinstance(kind, Enum) or kind.enum_class is None:
        return None
    return {None: None, **dict(map(pair, kind.enum_class))}.__getitem__
