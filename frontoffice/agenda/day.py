"""What an office has on one day: its appointments by time, and the seats that are left."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from frontoffice.agenda import seats
from frontoffice.agenda.seats import Seats
from frontoffice.booking import references, sheet
from frontoffice.booking.models import OCCUPYING, Appointment, DaySheet
from frontoffice.errors import NotFound
from frontoffice.offices import holidays
from frontoffice.offices.models import Closure, Office, Schedule, Service

# What a list of one day can show; a larger office looks at one team at a time.
MOST = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """An appointment with what it is for: each service, and for how many people."""

    appointment: Appointment
    items: Sequence[tuple[Service, int]]

    @property
    def people(self) -> int:
        """How many come."""
        return max((people for _, people in self.items), default=1)


@dataclass(frozen=True, slots=True)
class Left:
    """A schedule's seats on a day, share by share, as far as there are any."""

    schedule: Schedule
    seats: Sequence[Seats]


def entries(
    session: Session, office: Office, day: date, *, schedule_id: int | None = None, gone: bool = False
) -> list[Entry]:
    """The day's appointments by time; with `gone` also those that were cancelled or lapsed."""
    query = (
        select(Appointment)
        .join(DaySheet, DaySheet.id == Appointment.sheet_id)
        .join(Schedule, Schedule.id == DaySheet.schedule_id)
        .where(Schedule.office_id == office.id, DaySheet.day == day)
        .options(joinedload(Appointment.sheet))
        .order_by(Appointment.start, DaySheet.schedule_id, Appointment.id)
        .limit(MOST)
    )
    if schedule_id is not None:
        query = query.where(DaySheet.schedule_id == schedule_id)
    if not gone:
        query = query.where(Appointment.state.in_(OCCUPYING))
    return with_services(session, office, session.scalars(query).all())


def how_many_gone(session: Session, office: Office, day: date) -> int:
    """How many appointments of the day were cancelled or lapsed."""
    query = (
        select(func.count())
        .select_from(Appointment)
        .join(DaySheet, DaySheet.id == Appointment.sheet_id)
        .where(Appointment.office_id == office.id, DaySheet.day == day)
        .where(Appointment.state.not_in(OCCUPYING))
    )
    return session.scalar(query) or 0


def with_services(session: Session, office: Office, appointments: Iterable[Appointment]) -> list[Entry]:
    """The appointments with what they are for, in the same order."""
    services = {
        each.id: each for each in session.scalars(select(Service).where(Service.office_id == office.id))
    }
    return [
        Entry(each, [(services[number], people) for number, people in each.items if number in services])
        for each in appointments
    ]


def find(session: Session, office: Office, reference: str) -> Entry:
    """The office's appointment with this booking code, typed in any way. Raises NotFound."""
    known = references.tidy(reference)
    found = known and session.scalar(
        select(Appointment)
        .where(Appointment.reference == known, Appointment.office_id == office.id)
        .options(joinedload(Appointment.sheet))
    )
    if not found:
        raise NotFound
    return with_services(session, office, [found])[0]


def schedules(session: Session, office: Office) -> Mapping[int, Schedule]:
    """The office's schedules by id, in their order."""
    query = select(Schedule).where(Schedule.office_id == office.id).order_by(Schedule.id)
    return {each.id: each for each in session.scalars(query)}


def left(session: Session, office: Office, day: date, now: datetime) -> list[Left]:
    """The seats of each schedule that has any on that day; of today only those from now on."""
    rows = session.execute(
        select(DaySheet.schedule_id, DaySheet.capacity, DaySheet.taken)
        .join(Schedule)
        .where(Schedule.office_id == office.id, DaySheet.day == day)
        .order_by(DaySheet.schedule_id)
    ).all()
    known, first = schedules(session, office), sheet.first_tick_from(now, day, office.time_zone)
    found = []
    for schedule_id, capacity, taken in rows:
        counted = [each for each in seats.count(capacity, taken, first) if each.minutes]
        if counted:
            found.append(Left(known[schedule_id], counted))
    return found


def neighbours(session: Session, office: Office, day: date) -> tuple[date, date]:
    """The days before and after on which something is planned; where nothing is, the ones in the calendar."""
    planned = select(DaySheet.day).join(Schedule).where(Schedule.office_id == office.id)
    before = session.scalar(planned.where(DaySheet.day < day).order_by(DaySheet.day.desc()).limit(1))
    after = session.scalar(planned.where(DaySheet.day > day).order_by(DaySheet.day).limit(1))
    return before or day - timedelta(days=1), after or day + timedelta(days=1)


def closed_because(session: Session, office: Office, day: date) -> list[tuple[Closure | None, str]]:
    """Why the office or a part of it is closed on the day: closures, and the name of a public holiday."""
    found: list[tuple[Closure | None, str]] = []
    holiday = holidays.public_holidays(office.land, day.year).get(day)
    if holiday and holidays.closes_on(office, day):
        found.append((None, holiday))
    query = select(Closure).where(Closure.office_id == office.id, Closure.day == day).order_by(Closure.id)
    return found + [(each, each.reason) for each in session.scalars(query)]
