"""What must hold in the tables of the line, for `frontoffice doctor`."""

from collections.abc import Iterator

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from frontoffice.booking.models import Appointment, State
from frontoffice.events import Event, EventCount
from frontoffice.line.models import (
    AT_COUNTER,
    IN_HOUSE,
    OVER,
    CounterSession,
    JournalEntry,
    Ticket,
    TicketState,
)
from frontoffice.offices.models import Counter, Service


def differences(session: Session) -> Iterator[str]:
    """A sentence for each row that contradicts another one."""
    yield from _states(session)
    yield from _counters(session)
    yield from _appointments(session)
    yield from _journal(session)
    yield from _events(session)


def _states(session: Session) -> Iterator[str]:
    wrong = select(Ticket).where(
        or_(
            and_(Ticket.state.in_(AT_COUNTER), or_(Ticket.counter_id.is_(None), Ticket.called_at.is_(None))),
            and_(Ticket.state == TicketState.SERVING, Ticket.serving_at.is_(None)),
            and_(Ticket.state == TicketState.WAITING, Ticket.counter_id.is_not(None)),
            Ticket.state.in_(OVER) != Ticket.ended_at.is_not(None),
        )
    )
    for ticket in session.scalars(wrong):
        yield f"Ticket {ticket.id} is {ticket.state}, which its times or its counter contradict."
    foreign = (
        select(Ticket.id)
        .outerjoin(Counter, Counter.id == Ticket.counter_id)
        .outerjoin(Service, Service.id == Ticket.service_id)
        .where(or_(Counter.office_id != Ticket.office_id, Service.office_id != Ticket.office_id))
    )
    for ticket_id in session.scalars(foreign):
        yield f"Ticket {ticket_id} has a counter or a service of another office."


def _counters(session: Session) -> Iterator[str]:
    is_open = select(CounterSession.id).where(
        CounterSession.counter_id == Ticket.counter_id, CounterSession.closed_at.is_(None)
    )
    for ticket in session.scalars(select(Ticket).where(Ticket.state.in_(AT_COUNTER), not_(is_open.exists()))):
        yield f"Ticket {ticket.id} is {ticket.state} at counter {ticket.counter_id}, which nobody has open."


def _appointments(session: Session) -> Iterator[str]:
    has_ticket = select(Ticket.id).where(Ticket.appointment_id == Appointment.id, Ticket.state.in_(IN_HOUSE))
    without = select(Appointment.id).where(Appointment.state == State.CHECKED_IN, not_(has_ticket.exists()))
    for appointment_id in session.scalars(without):
        yield f"Appointment {appointment_id} is checked in, but has no ticket in the line."
    pairs = (
        select(Ticket.id, Ticket.state, Appointment.id, Appointment.state)
        .join(Appointment, Appointment.id == Ticket.appointment_id)
        .where(
            or_(
                and_(Ticket.state.in_(IN_HOUSE), Appointment.state != State.CHECKED_IN),
                and_(Ticket.state == TicketState.DONE, Appointment.state != State.DONE),
                and_(Ticket.state == TicketState.NO_SHOW, Appointment.state != State.NO_SHOW),
                Ticket.office_id != Appointment.office_id,
            )
        )
    )
    for ticket_id, ticket_state, appointment_id, state in session.execute(pairs):
        yield f"Ticket {ticket_id} is {ticket_state}, but its appointment {appointment_id} is {state}."


def _journal(session: Session) -> Iterator[str]:
    wrong = select(JournalEntry.id).where(JournalEntry.accepted != JournalEntry.ticket_id.is_not(None))
    for entry_id in session.scalars(wrong):
        yield f"Journal entry {entry_id} was accepted without a ticket, or refused with one."


def _events(session: Session) -> Iterator[str]:
    counted = (
        select(
            EventCount.office_id,
            EventCount.last,
            func.count(Event.id),
            func.min(Event.number),
            func.max(Event.number),
        )
        .outerjoin(Event, Event.office_id == EventCount.office_id)
        .group_by(EventCount.office_id, EventCount.last)
    )
    for office_id, last, count, first, highest in session.execute(counted):
        # The oldest may have been dropped by now; between the first and the last none may be missing.
        if last != highest or count != highest - first + 1:
            yield f"Office {office_id} has {count} events from {first} to {highest}, but counted {last}."
