"""Ending the days that are over: nobody waits in the line overnight, and no counter stays open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.line.models import CounterSession, Ticket, TicketState
from frontoffice.offices.models import Counter, Office

# How far back is looked for leftovers: further than any break during which nothing runs.
LOOK_BACK = timedelta(days=30)

ENDS = {
    TicketState.WAITING: TicketState.LEFT,
    TicketState.PARKED: TicketState.LEFT,
    TicketState.CALLED: TicketState.NO_SHOW,
    TicketState.SERVING: TicketState.DONE,
}


@dataclass(frozen=True)
class Ended:
    """A ticket or a counter of an earlier day that was ended: the event that tells of it."""

    kind: str
    subject: str
    data: dict[str, Any]


def end_earlier_days(session: Session, office: Office, now: datetime) -> int:
    """End tickets and close counters of the office's earlier days, and say how many; for every night."""
    ended = end_leftovers(session, office, now)
    announce(session, office.id, ended, now)
    return len(ended)


def end_leftovers(session: Session, office: Office, now: datetime) -> Sequence[Ended]:
    """The same for use inside another verb, which announces them last."""
    today = sheet.day_of(now, office.time_zone)
    counters = session.scalars(
        select(CounterSession)
        .join(Counter, Counter.id == CounterSession.counter_id)
        .where(
            Counter.office_id == office.id,
            CounterSession.closed_at.is_(None),
            CounterSession.opened_at < sheet.midnight(today, office.time_zone),
        )
        .order_by(CounterSession.id)
        .with_for_update(of=CounterSession)
    ).all()
    tickets = session.scalars(
        select(Ticket)
        .where(
            Ticket.office_id == office.id,
            Ticket.day < today,
            Ticket.day >= today - LOOK_BACK,
            Ticket.state.in_(ENDS),
        )
        .order_by(Ticket.id)
        .with_for_update()
    ).all()
    for counter in counters:
        counter.closed_at = now
    for ticket in tickets:
        ticket.state, ticket.ended_at = ENDS[ticket.state], now
        end_appointment(session, ticket.appointment_id, ticket.state, now)
    session.flush()
    return [
        *(Ended(f"ticket.{each.state}", f"ticket:{each.id}", {"ticket": each.code}) for each in tickets),
        *(
            Ended("counter.closed", f"counter:{each.counter_id}", {"counter": each.counter.name})
            for each in counters
        ),
    ]


def announce(session: Session, office_id: int, ended: Sequence[Ended], now: datetime) -> None:
    """Append the events of what was ended: the last thing in the transaction."""
    for each in ended:
        events.append(
            session, office_id, each.kind, now, actor="evening", subject=each.subject, data=each.data
        )


def end_appointment(session: Session, appointment_id: int | None, end: TicketState, now: datetime) -> None:
    """Give the appointment of an ended ticket its last state; does nothing without one."""
    if appointment_id is None:
        return
    session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id, Appointment.state == State.CHECKED_IN)
        .values(state=State.DONE if end == TicketState.DONE else State.NO_SHOW, changed_at=now)
        .execution_options(synchronize_session=False)
    )
