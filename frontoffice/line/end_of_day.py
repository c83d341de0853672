"""The end of the office's day: when it closes, who may not be reached before, and telling those who were not.

An office does not stop at the minute: whoever is in the room is often still called. So those who wait are sent home
some minutes after it has closed, and only once nobody is being called any more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from frontoffice import events
from frontoffice.booking import sheet
from frontoffice.events import Event
from frontoffice.line import board, evening, next_up, numbers
from frontoffice.line.expected import Range
from frontoffice.line.models import AT_COUNTER, STANDING, CounterSession, Ticket, TicketState
from frontoffice.offices.models import Counter, Office

ACTOR = "closing"
AFTER = timedelta(minutes=15)
# An open counter that has called nobody for so long was left open.
STILL_CALLS = timedelta(minutes=30)


def closes_at(session: Session, office: Office, now: datetime) -> datetime | None:
    """When the office closes today: as staff have said, else by its hours; None where it has none today."""
    today = sheet.day_of(now, office.time_zone)
    said = board.closing_early(session, office.id, today)
    return said or usually_closes_at(session, office, now)


def usually_closes_at(session: Session, office: Office, now: datetime) -> datetime | None:
    """The same, whatever staff have said."""
    hours = numbers.hours_of(session, office, sheet.day_of(now, office.time_zone))
    return hours[1] if hours is not None and hours[0] < hours[1] else None


def may_be_too_late(wait: Range | None, closing: datetime | None, now: datetime) -> bool:
    """Whether the office may have closed before it is somebody's turn."""
    return wait is not None and closing is not None and now + wait.high > closing


def is_due(session: Session, office: Office, now: datetime) -> bool:
    """Whether the office has closed a while ago, somebody still waits, and nobody is being called any more."""
    closing = closes_at(session, office, now)
    if closing is None or now < closing + AFTER:
        return False
    waits = select(Ticket.id).where(*_standing(office, now), Ticket.arrived_at < closing)
    return session.scalar(waits.limit(1)) is not None and not _is_calling(session, office, now)


def send_home(session: Session, office: Office, now: datetime) -> int:
    """End the visits of those who still wait after the office has closed, and say how many.

    Who came after it closed was let in by somebody, and stays.
    """
    if not is_due(session, office, now):
        return 0
    # From here on the time of closing stands, and what was just seen is looked at again.
    session.execute(select(Office.id).where(Office.id == office.id).with_for_update(key_share=True))
    closing = closes_at(session, office, now)
    if closing is None or not is_due(session, office, now):
        return 0
    left = session.scalars(
        select(Ticket)
        .where(*_standing(office, now), Ticket.arrived_at < closing)
        .order_by(Ticket.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    next_up.tell_closed(session, left, closing, now)
    for ticket in left:
        ticket.state, ticket.ended_at, ticket.phone = TicketState.LEFT, now, None
        ticket.step_at = ticket.step_counter_id = ticket.before = None
        evening.end_appointment(session, ticket.appointment_id, ticket.state, now)
    session.flush()
    _tell(session, left, now)
    return len(left)


def was_sent_home(session: Session, ticket: Ticket) -> bool:
    """Whether the visit was ended because the office has closed."""
    ended = select(Event.id).where(
        Event.subject == f"ticket:{ticket.id}", Event.kind == "ticket.left", Event.actor == ACTOR
    )
    return ticket.state is TicketState.LEFT and session.scalar(ended.limit(1)) is not None


def _is_calling(session: Session, office: Office, now: datetime) -> bool:
    of_today = (Ticket.office_id == office.id, Ticket.day == sheet.day_of(now, office.time_zone))
    at_counter = select(Ticket.id).where(*of_today, Ticket.state.in_(AT_COUNTER))
    if session.scalar(at_counter.limit(1)) is not None:
        return True
    opened = session.scalar(
        select(func.max(CounterSession.opened_at))
        .join(Counter, Counter.id == CounterSession.counter_id)
        .where(Counter.office_id == office.id, CounterSession.closed_at.is_(None))
    )
    if opened is None:
        return False
    ended = session.scalar(select(func.max(Ticket.ended_at)).where(*of_today, Ticket.counter_id.is_not(None)))
    return now - max(opened, ended or opened) < STILL_CALLS


def _standing(office: Office, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Ticket.office_id == office.id,
        Ticket.day == sheet.day_of(now, office.time_zone),
        Ticket.state.in_(STANDING),
    )


def _tell(session: Session, left: Sequence[Ticket], now: datetime) -> None:
    for ticket in left:
        data, subject = {"ticket": ticket.code}, f"ticket:{ticket.id}"
        events.append(session, ticket.office_id, "ticket.left", now, actor=ACTOR, subject=subject, data=data)
