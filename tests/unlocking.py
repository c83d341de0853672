"""Taking the lock from the record of events, which no part of the program can do."""

from sqlalchemy import text
from sqlalchemy.orm import Session

TRIGGERS = ("event_stays", "event_is_kept")


def unlock_events(session: Session) -> None:
    """Let events be changed and deleted in this database from now on."""
    on_table = "" if session.get_bind().dialect.name == "sqlite" else " ON event"
    for trigger in TRIGGERS:
        session.execute(text(f"DROP TRIGGER IF EXISTS {trigger}{on_table}"))
