"""What the tests of planning look at and change: the stored sheets, and the rules of the sample office."""

from datetime import date, time

from sqlalchemy import select

from frontoffice.booking.models import DaySheet
from frontoffice.db import Database
from frontoffice.offices.models import Office, OpeningHours


def sheets(database: Database) -> dict[date, tuple[bytes, bytes, bytes]]:
    """What stands in all day sheets."""
    with database.read() as session:
        return {
            each.day: (each.capacity, each.taken, each.free) for each in session.scalars(select(DaySheet))
        }


def gated_sheets(database: Database) -> dict[date, tuple[bytes, bytes, bytes]]:
    """Seats and gates of all day sheets."""
    with database.read() as session:
        return {
            each.day: (each.capacity, each.free, each.gates) for each in session.scalars(select(DaySheet))
        }


def rule(planned: Office, **changes: object) -> OpeningHours:
    """Another opening rule of the sample schedule."""
    values = {
        "schedule_id": planned.schedules[0].id,
        "weekday": 1,
        "opens": time(14),
        "closes": time(16),
        "valid_from": date(2026, 11, 1),
        "seats_online": 1,
    }
    return OpeningHours(**{**values, **changes})
