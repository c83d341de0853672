"""Checks of the whole, for `frontoffice doctor`: what no wing can see by itself.

`differences` looks at the database: its keys, rows that point nowhere, sealed fields that no key opens, the numbers of
events. `surroundings` looks at the machine: clock, disk, backups, who may read the files.
"""

import shutil
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Inspector,
    Table,
    UniqueConstraint,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from frontoffice import rotation, schema
from frontoffice import vault as vaults
from frontoffice.config import Config
from frontoffice.db import Base, Database
from frontoffice.events import Event, EventCount
from frontoffice.operations import backup

SAMPLE = 50  # sealed fields that are tried per column: the oldest and the newest
CLOCK_MAY_DIFFER = timedelta(seconds=5)
# Triggers: rebuilding the table on SQLite takes them away silently.
LOCKS_OF_EVENTS = ("event_is_kept", "event_stays")
OLDEST_BACKUP = timedelta(hours=48)
LEAST_FREE = 1 * 1024**3  # bytes
LEAST_FREE_TIMES = 2  # the size of the database: a backup needs room for a copy


def differences(session: Session) -> Iterator[str]:
    """One line for everything in the database as a whole that is not as this version needs it."""
    connection = session.connection()
    yield from _revision(session)
    yield from _keys(inspect(connection))
    yield from _locks_of_events(connection)
    yield from _broken_indexes(connection)
    yield from _orphans(session)
    yield from _sealed(session)
    yield from _uncounted(session)


def _revision(session: Session) -> Iterator[str]:
    present = session.scalar(text("SELECT version_num FROM alembic_version"))
    if present != schema.head():
        yield f"The tables are those of version {present} and not of {schema.head()}."
    if not session.scalar(select(func.count()).select_from(schema.SchemaFloor)):
        yield "It is not noted which versions can work with these tables; run `frontoffice upgrade`."


def _keys(inspector: Inspector) -> Iterator[str]:
    """Unique keys are what keeps a number from being given twice, and a message from leaving twice."""
    for table in Base.metadata.sorted_tables:
        there = {
            tuple[Any, ...](each["column_names"]) for each in inspector.get_unique_constraints(table.name)
        }
        there |= {tuple(each["column_names"]) for each in inspector.get_indexes(table.name) if each["unique"]}
        for names in _unique(table):
            if names not in there:
                yield f"The table {table.name} lacks its unique key of {', '.join(names)}."


def _unique(table: Table) -> Iterator[tuple[str, ...]]:
    for each in (*table.constraints, *table.indexes):
        if isinstance(each, UniqueConstraint) or (isinstance(each, Index) and each.unique):
            yield tuple(column.name for column in each.columns)


def _locks_of_events(connection: Connection) -> Iterator[str]:
    """Without them the record of who saw or changed what could be edited, and would prove nothing."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'event'"
        if connection.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE tgrelid = 'event'::regclass AND tgenabled IN ('O', 'A')"
    )
    there = set(connection.scalars(text(query)))
    for name in LOCKS_OF_EVENTS:
        if name not in there:
            yield f"Events can be changed or deleted: the trigger {name} on the table event is gone or switched off."


def _broken_indexes(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for (line,) in connection.execute(text("PRAGMA quick_check(10)")):
            if line != "ok":
                yield f"The database file is damaged: {line}"
        return
    invalid = (
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisvalid"
    )
    for (name,) in connection.execute(text(invalid)):
        yield f"The index {name} was never finished; drop it and run `frontoffice upgrade`."


def _orphans(session: Session) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            number = _orphans_of(session, table, key)
            if number:
                names = ", ".join(key.column_keys)
                yield f"{number} rows of {table.name} point to a {key.referred_table.name} that is gone ({names})."


def _orphans_of(session: Session, table: Table, key: ForeignKeyConstraint) -> int:
    target = key.referred_table.alias("target")
    pairs = [(element.parent, target.c[element.column.name]) for element in key.elements]
    query = select(func.count()).select_from(table)
    for own, _ in pairs:
        query = query.where(own.is_not(None))
    there = select(1)
    for own, other in pairs:
        there = there.where(own == other)
    return session.scalar(query.where(~there.select_from(target).correlate(table).exists())) or 0


def _sealed(session: Session) -> Iterator[str]:
    """A sample is enough: keys are lost for all or for all that was sealed in a time."""
    vault = vaults.of(session)
    for table, column in rotation.sealed_columns():
        fields = _sample(session, table, column)
        closed = sum(not _opens(vault, each) for each in fields)
        if closed:
            yield (
                f"{closed} of {len(fields)} fields that were tried in {table.name}.{column.name} can be opened "
                "with none of site.secret_keys."
            )


def _sample(session: Session, table: Table, column: Column[bytes]) -> list[bytes]:
    [key] = table.primary_key.columns
    query = select(column).where(column.is_not(None)).limit(SAMPLE)
    return [*session.scalars(query.order_by(key)), *session.scalars(query.order_by(key.desc()))]


def _opens(vault: vaults.Vault, sealed: bytes) -> bool:
    try:
        vault.open(sealed)
    except vaults.InvalidToken:
        return False
    return True


def _uncounted(session: Session) -> Iterator[str]:
    """Offices with events that nobody counts: their numbers would begin anew."""
    query = (
        select(Event.office_id)
        .outerjoin(EventCount, EventCount.office_id == Event.office_id)
        .where(Event.office_id.is_not(None), EventCount.office_id.is_(None))
        .distinct()
    )
    for office_id in session.scalars(query):
        yield f"Office {office_id} has events, but no count of them."


def surroundings(
    config: Config, config_file: Path | None, database: Database, now: datetime
) -> Iterator[str]:
    """One line for everything around the database that will be trouble, with what to do."""
    yield from _clock(database, now)
    if config.demo.enabled:
        yield "demo.enabled is on: everybody can sign in with the sample passwords. Never use this for real."
    if config_file is not None:
        yield from _readable(config_file)
    if database.is_sqlite:
        file = Path(make_url(config.database.url).database or "")
        yield from _readable(file)
        yield from _room(file)
        yield from _backups(file.parent / backup.FOLDER, now)


def _clock(database: Database, now: datetime) -> Iterator[str]:
    with database.read() as session:
        if not database.is_sqlite:
            theirs = session.scalar(select(func.clock_timestamp())) or now
            if abs(theirs - now) > CLOCK_MAY_DIFFER:
                yield f"The clocks of this machine and of PostgreSQL are {abs(theirs - now)} apart; use NTP on both."
        newest = session.scalar(select(func.max(Event.at)))
    if newest is not None and newest > now + CLOCK_MAY_DIFFER:
        yield f"Something happened at {newest.isoformat()}, after now: the clock of this machine is or was wrong."


def _readable(file: Path) -> Iterator[str]:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        yield f"{file} can be read or written by every user of this machine; run: chmod 600 {file}"


def _room(file: Path) -> Iterator[str]:
    free, size = shutil.disk_usage(file.parent).free, file.stat().st_size
    if free < max(LEAST_FREE, LEAST_FREE_TIMES * size):
        yield f"On the disk of {file} only {free // 1024**2} MB are free."


def _backups(folder: Path, now: datetime) -> Iterator[str]:
    """Only where they are made beside the database; what a city's own backup does, nobody here can know."""
    if not folder.is_dir():
        return
    newest = backup.newest(folder)
    if newest is None:
        yield f"There is no backup in {folder}; look at: systemctl status frontoffice-backup.service"
    elif now - newest > OLDEST_BACKUP:
        yield (
            f"The newest backup in {folder} is of {newest:%Y-%m-%d %H:%M} UTC; look at: systemctl list-timers "
            "frontoffice-backup.timer"
        )
