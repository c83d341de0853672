"""Moving house: everything in a SQLite database into an empty one on PostgreSQL.

So that who began on one machine can go on with several. All of it is one transaction: either everything is there
afterwards, or nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, text, update
from sqlalchemy.orm import Session

from frontoffice import schema
from frontoffice.db import Base, Database
from frontoffice.errors import Conflict

AT_ONCE = 1000
OWN = {schema.SchemaFloor.__tablename__}  # what each database knows of itself


class NotEmpty(Conflict):
    """There is something in the database that was to be moved to."""

    code = "not_empty"


class NotAll(Conflict):
    """Not as many rows came as went. Nothing was kept."""

    code = "not_all"


@dataclass
class Moved:
    """How many rows of which table."""

    rows: dict[str, int] = field(default_factory=dict)


def move(source: Database, target: Database, say: Callable[[str], None] = lambda _line: None) -> Moved:
    """Copy all rows of `source` to `target`, which is brought to this version's tables first and has to be empty.

    Both ends are at this version; nobody may work with either meanwhile. `say` is told each table as it is done.
    Raises NotEmpty and NotAll.
    """
    schema.upgrade(target)
    moved = Moved()
    with source.read(snapshot=True) as reading, target.write() as writing:
        tables = [table for table in Base.metadata.sorted_tables if table.name not in OWN]
        _is_empty(writing, tables)
        for table in tables:
            moved.rows[table.name] = _copy(reading, writing, table)
            say(f"{table.name}: {moved.rows[table.name]}")
        for table in tables:
            _compare(reading, writing, table)
            if not target.is_sqlite:
                _continue_numbers(writing, table)
    return moved


def _is_empty(writing: Session, tables: Sequence[Table]) -> None:
    for table in tables:
        if writing.execute(select(table).limit(1)).first() is not None:
            raise NotEmpty(
                f"The table {table.name} there is not empty. Name a database that nothing is in yet."
            )


def _copy(reading: Session, writing: Session, table: Table) -> int:
    """Rows in the order of their keys. What points to its own table is filled in when all of it is there."""
    to_itself = [
        element.parent.name
        for key in table.foreign_key_constraints
        if key.referred_table is table
        for element in key.elements
    ]
    number = 0
    for rows in _parts(reading, table):
        without = [{**row, **dict.fromkeys(to_itself)} for row in rows] if to_itself else rows
        writing.execute(insert(table), without)
        number += len(rows)
    for name in to_itself:
        _point_back(reading, writing, table, name)
    return number


def _parts(reading: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=AT_ONCE)
    rows = reading.execute(query).mappings()
    while part := [dict(row) for row in islice(rows, AT_ONCE)]:
        yield part


def _point_back(reading: Session, writing: Session, table: Table, name: str) -> None:
    [key] = table.primary_key.columns
    query = select(key.label("row"), table.c[name].label("other")).where(table.c[name].is_not(None))
    pairs = [dict(each) for each in reading.execute(query).mappings()]
    statement = update(table).where(key == bindparam("row")).values({name: bindparam("other")})
    for start in range(0, len(pairs), AT_ONCE):
        writing.connection().execute(statement, pairs[start : start + AT_ONCE])


def _compare(reading: Session, writing: Session, table: Table) -> None:
    here, there = (
        session.scalar(select(func.count()).select_from(table)) or 0 for session in (reading, writing)
    )
    if here != there:
        raise NotAll(
            f"Of {table.name} {here} rows went, but {there} came. Nothing was kept; please try again."
        )


def _continue_numbers(writing: Session, table: Table) -> None:
    """PostgreSQL counts rows in sequences, which know nothing of rows that came with a number."""
    keys = list(table.primary_key.columns)
    if len(keys) != 1:
        return
    name = keys[0].name
    sequence = writing.scalar(select(func.pg_get_serial_sequence(table.name, name)))
    if sequence is not None:
        highest = select(func.max(keys[0])).scalar_subquery()
        writing.execute(
            select(func.setval(text(f"'{sequence}'"), func.coalesce(highest, 1), highest.is_not(None)))
        )
