"""Bringing a database to the tables this version needs (Alembic), while the version before it still serves.

That works because a migration adds, and takes away only what no version that may still run looks at: see
docs/operations.md, “Upgrade”. One that takes away says `contracts = True`, and from then on older versions refuse to
start: the lowest revision that a version must know to work with these tables stands in `schema_floor`.
"""

import time
from collections.abc import Sequence

from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, String, column, delete, insert, inspect, select, table, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column

# Every table has to be known here: a module that is not imported would look like a table to be dropped.
import frontoffice.booking.models
import frontoffice.documents.card_models
import frontoffice.documents.models
import frontoffice.draw.models
import frontoffice.events
import frontoffice.insight.models
import frontoffice.limits
import frontoffice.line.models
import frontoffice.messages.models
import frontoffice.offices.models
import frontoffice.partners.models
import frontoffice.pulse
import frontoffice.staff.models
import frontoffice.waitlist.models  # noqa: F401
from frontoffice.db import Base, Database
from frontoffice.paths import MIGRATIONS

# On PostgreSQL: whoever waits for a table longer than this gives up, because all others queue up behind it …
LOCK_SECONDS = 3
# … and tries again after a pause, so often.
TRIES = 10
PAUSE_SECONDS = 2.0
ONE_AT_A_TIME = 4_770_210_113  # the advisory lock of `upgrade`: any number that nobody else uses


class SchemaFloor(Base):
    """One row: the oldest revision whose version can still work with these tables."""

    __tablename__ = "schema_floor"

    revision: Mapped[str] = mapped_column(String(32), primary_key=True)


_FLOOR = table(SchemaFloor.__tablename__, column("revision"))


def settings() -> Config:
    """Alembic's settings: where the numbered migrations are."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(database: Database, to: str = "head") -> None:
    """Run the migrations up to `to`. Two at once do not meet: the second waits, and finds nothing left to do.

    On SQLite all of them are one transaction. On PostgreSQL each is one, so that tables are locked for moments only;
    one that cannot get its lock in time is tried again. Raises OperationalError when it never got it.
    """
    _run(database, command.upgrade, to)


def downgrade(database: Database, to: str) -> None:
    """Undo migrations down to `to`."""
    _run(database, command.downgrade, to)


def head() -> str:
    """The revision of this version."""
    return ScriptDirectory.from_config(settings()).get_current_head() or ""


def revision(database: Database) -> str | None:
    """The revision of the database's tables; None where there are none yet."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_current(database: Database) -> bool:
    """Whether the tables are exactly those of this version."""
    return revision(database) == head()


def is_usable(database: Database) -> bool:
    """Whether this version can work with the tables: they are its own, or newer ones that still have all it needs."""
    present, own = revision(database), head()
    if present == own:
        return True
    if present is None or present in _known():
        return False  # older: what this version needs is missing
    with database.engine.connect() as connection:
        floor = connection.scalar(select(_FLOOR.c.revision))
    return floor is not None and floor in _known()


def add_index(name: str, table_name: str, columns: Sequence[str], *, unique: bool = False) -> None:
    """For migrations: make an index of a big table without stopping those who write to it.

    PostgreSQL builds it CONCURRENTLY, outside of the migration's transaction, so it has to come first or last in a
    migration that can be run again. What a broken attempt left behind is dropped and made anew.
    """
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table_name, columns, unique=unique)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table_name, postgresql_concurrently=True, if_exists=True)
        op.create_index(name, table_name, columns, unique=unique, postgresql_concurrently=True)


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(settings()).walk_revisions()}


def _run(database: Database, what: object, to: str) -> None:
    if database.is_sqlite:
        with database.apart() as connection:
            # SQLite rebuilds a table to change it. With foreign keys on, dropping the old one fails where other rows
            # point at it. They are switched only outside of a transaction, so past SQLAlchemy, which would begin one.
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                _migrate(connection, what, to)
                _check_foreign_keys(connection)
        return
    with database.apart() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
        connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
        connection.commit()
        _try_again(connection, what, to)


def _check_foreign_keys(connection: Connection) -> None:
    """Raise IntegrityError where a row points at one that is not there."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise IntegrityError(
            f"a row of {broken[0]} points at none of {broken[2]}", None, ValueError("foreign key")
        )


def _try_again(connection: Connection, what: object, to: str) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            _migrate(connection, what, to)
            connection.commit()
        except OperationalError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) != "55P03" or attempt == TRIES:  # lock_not_available
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _migrate(connection: Connection, what: object, to: str) -> None:
    config = settings()
    config.attributes["connection"] = connection
    what(config, to)  # type: ignore[operator]
    _note_floor(connection)


def _note_floor(connection: Connection) -> None:
    """The newest migration that took something away is the floor; the first one where none has."""
    if not inspect(connection).has_table(SchemaFloor.__tablename__):
        return
    present = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(settings())
    floor = next(
        script.revision
        for script in scripts.walk_revisions("base", present or "base")
        if script.down_revision is None or getattr(script.module, "contracts", False)
    )
    connection.execute(delete(_FLOOR))
    connection.execute(insert(_FLOOR).values(revision=floor))
