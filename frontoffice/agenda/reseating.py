"""Giving an appointment another seat at its own time: with another team, so that the visitor notices nothing.

No message leaves, because nothing changes that was said: day, time and place stay. What counts is that the seats
are right again.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from frontoffice.agenda.door import Door
from frontoffice.booking import appointing, choosing, daybook, holding, seating
from frontoffice.booking.models import Appointment
from frontoffice.config import Booking
from frontoffice.offices.models import Schedule


def same_time(
    session: Session, appointment: Appointment, now: datetime, *, rules: Booking, door: Door, actor: str
) -> bool:
    """Seat the appointment anew among the pooled schedules at the same place; says whether that worked."""
    own = appointment.schedule
    if not own.pooled or not _is_awaited(appointment, now):
        return False
    visit = choosing.kept_visit(session, appointment)
    wish = seating.wish(
        appointment.office,
        appointment.start,
        appointment.ticks,
        now,
        rules=rules,
        channel=door.channel,
        shares=door.shares,
    )
    offering, others = holding.lock(session, visit, wish.day, None, [appointment.sheet_id])
    before = (appointment.sheet_id, appointment.sequence)
    appointing.refresh(session, appointment, lock=True)
    if not _is_awaited(appointment, now) or (appointment.sheet_id, appointment.sequence) != before:
        return False
    here = set(session.scalars(select(Schedule.id).where(Schedule.place.is_not_distinct_from(own.place))))
    tried = seating.choices([page for page in offering if page.schedule_id in here], wish, now)
    found = seating.seated([*offering, *others], tried, wish, holding.seat_of(appointment))
    if found is None:
        return False
    for page in sorted(found.changed.values(), key=lambda each: (each.schedule_id, each.day)):
        daybook.write(session, page)
    session.execute(
        update(Appointment)
        .where(Appointment.id == appointment.id)
        .values(**found.seat._asdict(), changed_at=now)
        .execution_options(synchronize_session=False)
    )
    session.expire(appointment, ["sheet", "schedule"])
    appointing.refresh(session, appointment)
    appointing.happened(session, "appointment.reseated", appointment, now, actor)
    return True


def _is_awaited(appointment: Appointment, now: datetime) -> bool:
    return appointment.state in appointing.AWAITED and appointment.start > now
