"""Bringing a database to the tables this version needs (Alembic)."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

# Every table has to be known here: a module that is not imported would look like a table to be dropped.
import frontoffice.booking.models
import frontoffice.draw.models
import frontoffice.events
import frontoffice.limits
import frontoffice.line.models
import frontoffice.messages.models
import frontoffice.offices.models
import frontoffice.partners.models
import frontoffice.staff.models
import frontoffice.waitlist.models  # noqa: F401
from frontoffice.db import Database
from frontoffice.paths import MIGRATIONS


def settings() -> Config:
    """Alembic's settings: where the numbered migrations are."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(database: Database, to: str = "head") -> None:
    """Run the migrations up to `to`; all of them in one transaction."""
    _run(database, command.upgrade, to)


def downgrade(database: Database, to: str) -> None:
    """Undo migrations down to `to`."""
    _run(database, command.downgrade, to)


def is_current(database: Database) -> bool:
    """Whether the tables are those of this version."""
    with database.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    return present == ScriptDirectory.from_config(settings()).get_current_head()


def _run(database: Database, what: object, to: str) -> None:
    config = settings()
    with database.write() as session:
        # SQLite rebuilds a table to change it, which foreign keys would forbid halfway; PostgreSQL alters in place.
        config.attributes["connection"] = session.connection()
        what(config, to)  # type: ignore[operator]
