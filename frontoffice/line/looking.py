"""What is on record about one ticket: its services, and what has happened with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from frontoffice.events import Event
from frontoffice.line import visitor
from frontoffice.line.models import Ticket
from frontoffice.offices.models import Service
from frontoffice.staff.models import Account


@dataclass(frozen=True)
class Step:
    """Something that happened with a ticket: what, when, and at which counter (empty: at none)."""

    kind: str
    at: datetime
    counter: str


def ticket(session: Session, office_id: int, day: date, code: str) -> Ticket | None:
    """The ticket of that day with the number as printed (A001)."""
    if not visitor.is_ticket(code):
        return None
    return session.scalar(
        select(Ticket)
        .where(
            Ticket.office_id == office_id,
            Ticket.day == day,
            Ticket.series == code[0],
            Ticket.number == int(code[1:]),
        )
        .options(
            joinedload(Ticket.service),
            joinedload(Ticket.appointment),
            joinedload(Ticket.counter),
            joinedload(Ticket.for_counter),
            joinedload(Ticket.for_account).lazyload(Account.places),
        )
    )


def services(session: Session, about: Ticket) -> Sequence[tuple[Service, int]]:
    """The services of the visit, each with for how many people; of an appointment all that were booked."""
    if about.appointment is None:
        return [(about.service, 1)] if about.service else []
    people = {item[0]: item[1] for item in about.appointment.items}
    found = session.scalars(select(Service).where(Service.id.in_(people)).order_by(Service.position))
    booked = [(each, people[each.id]) for each in found]
    # It may have been passed on to another concern since it was booked.
    extra = [(about.service, 1)] if about.service and about.service_id not in people else []
    return [*extra, *booked]


def steps(session: Session, about: Ticket) -> Sequence[Step]:
    """What has happened with the ticket, oldest first."""
    rows = session.scalars(select(Event).where(Event.subject == f"ticket:{about.id}").order_by(Event.number))
    return [Step(row.kind, row.at, row.data.get("counter", "")) for row in rows]
