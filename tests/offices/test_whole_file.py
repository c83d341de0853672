"""Whatever is kept about an office stands in its file: no column can be forgotten when one is added."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from enum import Enum
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from frontoffice.db import Database
from frontoffice.offices import drafting, office_file
from frontoffice.offices.models import Closure, Counter, Office, OpeningHours, Schedule, Service, Slide
from tests.offices.drafts import TODAY
from tests.offices.test_round_trip import EXAMPLE, Undone

TABLES: tuple[Any, ...] = (Office, Service, Schedule, OpeningHours, Closure, Counter, Slide)
# Where another value has to be one that makes sense.
OTHERS: dict[str, Any] = {
    "Office.land": "BY",
    "Office.time_zone": "Europe/Lisbon",
    "Office.open_on": ["2026-12-24"],
    "Office.languages": ["de"],
    "Office.reminder_hours": [5],
    "Office.notes": {"booking": {"de": "Neu"}},
    "Office.keep_days": {"bookings": 3},
    "Office.document_reminders": {"title_days": [90, 30]},
    "Service.reminder_hours": [5],
    "Service.leika": "99010019001005",
    "Service.names": {"de": "Neu"},
    "Service.plain": {"de": "Neu"},
    "Service.documents": {"de": ["Neu"]},
    "OpeningHours.breaks": [["10:00", "10:15"]],
    "OpeningHours.weekday": 5,
    "OpeningHours.bookable_from_days": 60,
    "Slide.titles": {"de": "Neu"},
    "Slide.texts": {"de": "Neu"},
    "Slide.link": "https://neu.example",
    "Counter.languages": ["uk"],
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One engine is enough: what a file says is not decided by the database."""
    return sqlite_url


def columns() -> Iterator[tuple[Any, str]]:
    """All but what numbers rows, or says to what they belong."""
    for table in TABLES:
        for column in table.__table__.columns:
            if not column.primary_key and not column.foreign_keys:
                yield table, column.key


def test_a_change_of_any_column_shows_in_the_file(database: Database) -> None:
    missing = []
    with database.write() as session:
        office = office_file.add(session, office_file.parse(EXAMPLE), TODAY)
        session.add(Slide(office_id=office.id, titles={"de": "Willkommen"}, texts={}, position=1))
        session.add(Closure(office_id=office.id, day=TODAY + timedelta(days=3), reason="Strike"))
        session.flush()
        before = _written(session, office)
        for table, name in columns():
            try:
                with session.begin_nested():
                    row = session.scalars(select(table).order_by(table.id)).first()
                    key = f"{table.__name__}.{name}"
                    setattr(
                        row, name, OTHERS[key] if key in OTHERS else _another(getattr(row, name), table, name)
                    )
                    session.flush()
                    if _written(session, office) == before:
                        missing.append(key)
                    raise Undone
            except (Undone, drafting.Contradiction):  # what is refused is known, too
                session.expire_all()
    assert missing == []


def _written(session: Session, office: Office) -> str:
    session.expire_all()
    return office_file.written(drafting.draft_of(session, office, TODAY))


def _another(value: Any, table: Any, name: str) -> Any:
    """Some other value that the column could have."""
    if isinstance(value, Enum):
        return next(each for each in type(value) if each is not value)
    if isinstance(value, bool):
        return not value
    kind = table.__table__.columns[name].type.python_type
    if kind is time:
        return time(9, 55)
    if kind is date:
        return (value or TODAY) + timedelta(days=1)
    return (value or 0) + 5 if kind is int else f"{value or ''}x"
