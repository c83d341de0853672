"""What happens to an appointment after it is booked, each step in a transaction of its own."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from frontoffice import events
from frontoffice import vault as vaults
from frontoffice.booking import appointing, confirming, moving
from frontoffice.booking.models import Appointment, Hold, Purpose
from frontoffice.booking.person import Person
from frontoffice.config import Config
from frontoffice.db import Database
from frontoffice.messages.envelope import unseal
from frontoffice.messages.models import Message
from frontoffice.offices.models import Confirmation, Office, Service
from tests.booking.steps import OLENA, book_it, hold_it


def booked_on(
    database: Database,
    config: Config,
    service: Service,
    start: datetime,
    now: datetime,
    person: Person = OLENA,
) -> Appointment:
    """An appointment, booked online."""
    _, token = hold_it(database, config, service, start, now)
    return book_it(database, config, token, now, person)


def asks_for(database: Database, office: Office, confirmation: Confirmation) -> None:
    """From now on the office asks visitors to confirm like this."""
    with database.write() as session:
        session.get_one(Office, office.id).confirmation = confirmation


def act(database: Database, appointment: Appointment, what: Callable[[Any, Appointment], Any]) -> Any:
    """Do something with the appointment as it is now."""
    with database.write() as session:
        return what(session, session.get_one(Appointment, appointment.id))


def move(
    database: Database, config: Config, appointment: Appointment, start: datetime, now: datetime, **more: Any
) -> None:
    """Move it."""
    act(
        database,
        appointment,
        lambda session, found: moving.move(session, found, start, now, settings=config, **more),
    )


def cancel(database: Database, config: Config, appointment: Appointment, now: datetime, **more: Any) -> None:
    """Cancel it."""
    act(
        database,
        appointment,
        lambda session, found: appointing.cancel(session, found, now, settings=config, **more),
    )


def lapse(database: Database, config: Config, now: datetime) -> int:
    """Let lapse what was not confirmed."""
    with database.write() as session:
        return confirming.lapse(session, now, settings=config)


def look(database: Database, appointment: Appointment) -> Appointment:
    """The appointment as it is now."""
    with database.read() as session:
        return session.get_one(Appointment, appointment.id)


def person(database: Database, appointment: Appointment) -> Person:
    """For whom it is now."""
    with database.read() as session:
        return appointing.person_of(session, session.get_one(Appointment, appointment.id))


def messages(database: Database, appointment: Appointment) -> list[tuple[str, str, str]]:
    """Kind, medium and state of the messages about an appointment, in the order of writing."""
    with database.read() as session:
        about = select(Message).where(Message.subject == f"appointment:{appointment.id}").order_by(Message.id)
        return [(each.kind, each.medium.value, each.state.value) for each in session.scalars(about)]


def said(database: Database, appointment: Appointment, kind: str) -> list[tuple[str, dict[str, str]]]:
    """To whom the messages of a kind go, and what they say."""
    with database.read() as session:
        about = (
            select(Message)
            .where(Message.subject == f"appointment:{appointment.id}", Message.kind == kind)
            .order_by(Message.id)
        )
        opened = [unseal(vaults.of(session), each.envelope) for each in session.scalars(about)]
    return [(each.to, each.parameters) for each in opened if each]


def happened(database: Database, office: Office) -> list[str]:
    """The kinds of events, in order."""
    with database.read() as session:
        return [each.kind for each in events.after(session, office.id, 0)]


def freed(database: Database) -> list[Hold]:
    """The times that were given back and are not public yet."""
    with database.read() as session:
        live = select(Hold).where(Hold.purpose == Purpose.FREED, Hold.released_at.is_(None))
        return list(session.scalars(live.order_by(Hold.id)))
