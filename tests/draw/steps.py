"""The steps of a draw, each in a transaction of its own, as the edges take them."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from frontoffice.booking.models import Appointment
from frontoffice.booking.person import Person
from frontoffice.booking.visit import visit
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.draw import drawing, entering, making, settling
from frontoffice.draw.making import Plan
from frontoffice.draw.models import Draw, DrawRequest
from frontoffice.offices.models import Office, Service
from frontoffice.waitlist.wish import Wish
from tests.booking.steps import at
from tests.sample import RENEWAL

FIRST, UNTIL = date(2026, 12, 7), date(2026, 12, 9)  # Monday and Tuesday
OPENS, CLOSES = at(24, "08:00"), at(25, "18:00")
WITHIN = at(24, "12:00")


def make(database: Database, now: datetime, **changed: Any) -> Draw:
    """A draw of the sample office for two days, in which everybody has the same chance."""
    with database.write() as session:
        office = session.scalars(select(Office)).one()
        renewal = next(each for each in office.services if each.slug == RENEWAL)
        details: dict[str, Any] = {
            "title": {"de": "Termine im Dezember", "en": "December"},
            "schedules": [each.id for each in office.schedules],
            "services": [renewal.id],
            "first_day": FIRST,
            "until_day": UNTIL,
            "opens_at": OPENS,
            "closes_at": CLOSES,
        }
        return making.create(session, office, Plan(**{**details, **changed}), now, actor="account:1")


def enter(
    database: Database,
    config: Config,
    draw: Draw,
    person: Person,
    now: datetime = WITHIN,
    wanted: Wish | None = None,
    *,
    expires_on: date | None = None,
    service: str = RENEWAL,
) -> DrawRequest:
    """Put a request into a draw."""
    with database.write() as session:
        found = session.get_one(Draw, draw.id)
        offer = session.scalars(select(Service).where(Service.slug == service)).one()
        wish = wanted or Wish(found.first_day, found.until_day)
        return entering.enter(
            session, found, visit([(offer, 1)]), wish, expires_on, person, "en", now, settings=config
        )


def draw_lots(database: Database, now: datetime = CLOSES) -> None:
    """What the worker does when a window has closed, first part."""
    for _ in range(3):
        with database.write() as session:
            if not drawing.draw_next(session, now):
                return


def settle(database: Database, config: Config, now: datetime = CLOSES, most: int = 1000) -> int:
    """The second part, or the first `most` steps of it; says how many steps it took."""
    for step in range(most):
        with database.write() as session:
            if not settling.settle_next(session, now, settings=config):
                return step
    return most


def requests_of(database: Database, draw: Draw) -> list[DrawRequest]:
    """All requests, in the drawn order."""
    with database.read() as session:
        query = select(DrawRequest).where(DrawRequest.draw_id == draw.id)
        return list(session.scalars(query.order_by(DrawRequest.rank, DrawRequest.id)))


def appointments(database: Database) -> list[Appointment]:
    """All appointments by their start."""
    with database.read() as session:
        return list(session.scalars(select(Appointment).order_by(Appointment.start, Appointment.id)))


def people(count: int) -> list[Person]:
    """So many different people."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        Person(
            f"Person {letters[number // 26]}{letters[number % 26]}",
            date(1990, 1, 1) + timedelta(days=number),
            f"person{number}@example.org",
            None,
        )
        for number in range(count)
    ]
