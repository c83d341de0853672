"""Keeping the counts of each day, so that statistics outlive what they were counted from.

The worker does it once a day. A day is worked out anew on each of the three days after it, because receipts and
corrections come late; a day that was missed is caught up. Done twice, it is as if done once.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment
from frontoffice.insight import counting
from frontoffice.insight.models import DayCount, WorkedDay
from frontoffice.line.models import Ticket
from frontoffice.messages.outbox import insert_for
from frontoffice.offices.models import Office

ANEW_DAYS = 3
# Further back nothing is caught up by itself: appointments are counted from rows that stay, but may be changed.
LOOK_BACK_DAYS = 60


def due_days(session: Session, office: Office, now: datetime) -> list[date]:
    """The past days of the office that are to be worked out today, oldest first."""
    zone = office.time_zone
    today = sheet.day_of(now, zone)
    first = _first_day(session, office, today)
    rows = session.execute(
        select(WorkedDay.day, WorkedDay.worked_at).where(
            WorkedDay.office_id == office.id, WorkedDay.day >= first
        )
    )
    worked = {day: worked_at for day, worked_at in rows}  # noqa: C416 (rows are no pairs for mypy)
    days = [first + timedelta(days=number) for number in range((today - first).days)]
    return [day for day in days if _is_due(day, worked.get(day), today, zone)]


def work_out(session: Session, office: Office, day: date, now: datetime) -> None:
    """Count the day and keep the counts in place of what was kept of it. Nothing is kept of a day that is not over."""
    if day >= sheet.day_of(now, office.time_zone):
        return
    _lock(session, office, day, now)
    counts = counting.count(session, office, day, now)
    session.execute(delete(DayCount).where(DayCount.office_id == office.id, DayCount.day == day))
    rows = [
        {
            "office_id": office.id,
            "day": day,
            "figure": figure,
            "about": about,
            "part": part,
            "number": number,
        }
        for (figure, about, part), number in counts.items()
        if number
    ]
    if rows:
        session.execute(insert(DayCount), rows)


def _lock(session: Session, office: Office, day: date, now: datetime) -> None:
    """Note the day as worked out; who works the same one out at the same time waits here until the other is done."""
    session.execute(
        insert_for(session)(WorkedDay)
        .values(office_id=office.id, day=day, worked_at=now)
        .on_conflict_do_update(index_elements=["office_id", "day"], set_={"worked_at": now})
    )


def _first_day(session: Session, office: Office, today: date) -> date:
    """The first day that can be worked out: the office's first one, but not too long ago."""
    earliest = today - timedelta(days=LOOK_BACK_DAYS)
    begins = sheet.midnight(earliest, office.time_zone)
    visited = session.scalar(
        select(func.min(Ticket.day)).where(Ticket.office_id == office.id, Ticket.day >= earliest)
    )
    booked = session.scalar(
        select(func.min(Appointment.start)).where(
            Appointment.office_id == office.id, Appointment.start >= begins
        )
    )
    days = [visited or today, sheet.day_of(booked, office.time_zone) if booked else today]
    return min([*days, today])


def _is_due(day: date, worked_at: datetime | None, today: date, zone: str) -> bool:
    if worked_at is None:
        return True
    worked_on = sheet.day_of(worked_at, zone)
    return worked_on < today and worked_on < day + timedelta(days=1 + ANEW_DAYS)
