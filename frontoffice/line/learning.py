"""Learning from the office's own days how long people wait: read once a day, and kept in one row."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import Table, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from frontoffice.booking import sheet
from frontoffice.booking.models import Appointment, State
from frontoffice.config import Line
from frontoffice.events import Event
from frontoffice.line import experience, picture, waiting_time
from frontoffice.line.expected import Range
from frontoffice.line.experience import (
    PLANNED_FOR_UNKNOWN,
    UNKNOWN_CONCERN,
    Attendance,
    Experience,
    Served,
    Switch,
)
from frontoffice.line.models import ExpectedWait, LineExperience, Ticket, TicketState
from frontoffice.offices.models import Counter, Office

AT_COUNTERS = {"counter.opened": True, "counter.closed": False, "counter.paused": False}
OVER = (TicketState.DONE, TicketState.NO_SHOW)
MOST_TOLD = 1000
MINUTE = timedelta(minutes=1)

_EXPECTED = cast(Table, ExpectedWait.__table__)


def waiting_offices(session: Session, now: datetime) -> Sequence[Office]:
    """The offices where somebody waits."""
    days = [now.date() + timedelta(days=shift) for shift in (-1, 0, 1)]
    waits = exists().where(
        Ticket.office_id == Office.id, Ticket.day.in_(days), Ticket.state == TicketState.WAITING
    )
    return session.scalars(select(Office).where(waits).order_by(Office.id)).all()


def expected_now(session: Session, office: Office, now: datetime, settings: Line) -> dict[int, Range]:
    """What is to be noted: the wait expected for those for whom nothing is noted yet, by ticket id."""
    plain = waiting_time.of_office(session, office, now, settings).plain
    noted = set(
        session.scalars(select(ExpectedWait.ticket_id).where(ExpectedWait.ticket_id.in_(list(plain))))
    )
    return {ticket: wait for ticket, wait in plain.items() if ticket not in noted}


def note(session: Session, office_id: int, waits: dict[int, Range], now: datetime) -> None:
    """Keep what was expected, to be compared with what will have come of it; what is noted already stays."""
    if not waits:
        return
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(_EXPECTED)
    rows = [
        {"ticket_id": ticket, "office_id": office_id, "at": now}
        | {name: round(getattr(wait, name).total_seconds()) for name in ("low", "middle", "high")}
        for ticket, wait in waits.items()
    ]
    session.execute(insert.on_conflict_do_nothing(index_elements=["ticket_id"]), rows)


def is_due(session: Session, office: Office, now: datetime) -> bool:
    """Whether a day has ended since the last time."""
    row = session.get(LineExperience, office.id)
    zone = office.time_zone
    return row is None or sheet.day_of(row.learned_at, zone) != sheet.day_of(now, zone)


def gather(session: Session, office: Office, now: datetime, settings: Line) -> Experience:
    """What the office's last days teach, without today: `settings.learn_days` of them."""
    today = sheet.day_of(now, office.time_zone)
    first = today - timedelta(days=settings.learn_days)
    since = sheet.midnight(first, office.time_zone)
    used = (Counter.office_id == office.id, Counter.active)
    counters = session.scalar(select(func.count(Counter.id)).where(*used)) or 0
    return experience.learn(
        _served(session, office.id, first, today),
        _switches(session, office, since, now),
        _attendance(session, office, first, today),
        _told(session, office.id, since),
        planned={UNKNOWN_CONCERN: PLANNED_FOR_UNKNOWN, **picture.services_of(session, office.id)},
        counters=counters,
    )


def keep(session: Session, office: Office, learned: Experience, now: datetime, settings: Line) -> None:
    """Keep what was learned, and drop what is too old to learn from."""
    row = session.get(LineExperience, office.id)
    if row is None:
        session.add(LineExperience(office_id=office.id, learned_at=now, data=learned.as_json()))
    else:
        row.learned_at, row.data = now, learned.as_json()
    too_old = now - timedelta(days=settings.learn_days + 1)
    session.execute(
        delete(ExpectedWait).where(ExpectedWait.office_id == office.id, ExpectedWait.at < too_old)
    )
    session.flush()


def _served(session: Session, office_id: int, first: date, today: date) -> list[Served]:
    services = picture.services_of(session, office_id)
    rows = session.execute(
        select(Ticket.counter_id, Ticket.service_id, Ticket.called_at, Ticket.ended_at, Appointment.ticks)
        .outerjoin(Appointment, Appointment.id == Ticket.appointment_id)
        .where(
            Ticket.office_id == office_id,
            Ticket.day >= first,
            Ticket.day < today,
            Ticket.state.in_(OVER),
        )
    )
    return [
        Served(
            counter,
            service or UNKNOWN_CONCERN,
            called_at,
            ended_at,
            picture.share_of(service, ticks, services),
        )
        for counter, service, called_at, ended_at, ticks in rows
        if counter and called_at and ended_at
    ]


def _switches(session: Session, office: Office, since: datetime, now: datetime) -> list[Switch]:
    zone = ZoneInfo(office.time_zone)
    midnight = sheet.midnight(sheet.day_of(now, office.time_zone), office.time_zone)
    rows = session.execute(
        select(Event.at, Event.subject, Event.kind).where(
            Event.office_id == office.id,
            Event.at >= since,
            Event.at < midnight,
            Event.kind.in_(AT_COUNTERS),
        )
    )
    return [
        Switch(at.astimezone(zone), int(subject.rpartition(":")[2]), AT_COUNTERS[kind])
        for at, subject, kind in rows
    ]


def _attendance(session: Session, office: Office, first: date, today: date) -> Attendance:
    came = session.execute(
        select(Ticket.arrived_at, Ticket.due_at).where(
            Ticket.office_id == office.id,
            Ticket.day >= first,
            Ticket.day < today,
        )
    )
    has_ticket = exists().where(Ticket.appointment_id == Appointment.id)
    missed = session.scalar(
        select(func.count(Appointment.id)).where(
            Appointment.office_id == office.id,
            Appointment.start >= sheet.midnight(first, office.time_zone),
            Appointment.start < sheet.midnight(today, office.time_zone),
            Appointment.state.in_((State.CONFIRMED, State.UNCONFIRMED, State.NO_SHOW)),
            ~has_ticket,
        )
    )
    return Attendance([(arrived - due) / MINUTE for arrived, due in came if due], missed or 0)


def _told(session: Session, office_id: int, since: datetime) -> list[tuple[Range, timedelta]]:
    """What was expected and what came of it, where the ticket was called once and not sent elsewhere."""
    rows = session.execute(
        select(ExpectedWait.low, ExpectedWait.middle, ExpectedWait.high, ExpectedWait.at, Ticket.called_at)
        .join(Ticket, Ticket.id == ExpectedWait.ticket_id)
        .where(
            ExpectedWait.office_id == office_id,
            ExpectedWait.at >= since,
            Ticket.state.in_(OVER),
            Ticket.calls == 1,
            Ticket.note.is_(None),
            Ticket.away_at.is_(None),
        )
        .order_by(ExpectedWait.at.desc())
        .limit(MOST_TOLD)
    )
    return [
        (Range(*(timedelta(seconds=each) for each in (low, middle, high))), called_at - at)
        for low, middle, high, at, called_at in rows
        if called_at
    ]
